# Backwards: steps, calls, breakpoints, watchpoints, and forward again.
# run: {guests}/subject.elf
hbreak count
continue
#= Breakpoint 1, count
tbreak touch
continue
#= touch
p counter
#= = 13
watch counter
reverse-continue
#= Hardware watchpoint 3: counter
#= Old value = 13
#= New value = 100
bt
#= ^#0 .* test_main
reverse-continue
#= Old value = 100
#= New value = 99
#= count
delete 3
reverse-continue
#= Breakpoint 1, count
reverse-stepi
reverse-stepi
continue
#= Breakpoint 1, count
reverse-continue
#= No more reverse-execution history
monitor present
#= present
info registers rip
#= touch
tbreak fib
continue
#= exited
