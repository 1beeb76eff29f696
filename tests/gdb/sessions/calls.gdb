# Stepping over, into and out of calls.
# run: {guests}/subject.elf
hbreak count
continue
#= Breakpoint 1, count
next
next
p counter
#= = [01]$
finish
#= test_main
break fib if n == 3
continue
#= Breakpoint 2, fib \(n=3\)
bt 3
#= ^#0 +fib \(n=3\)
#= ^#1 .* fib \(n=4\)
#= ^#2 .* fib \(n=5\)
delete 2
finish
#= Value returned is .* = 2
tbreak add
continue
#= add \(a=
step
p sum
#= = [0-9]+$
return
frame
#= ^#0 .* fib
p add(20, 22)
#= = 42
call pair_of(3, 4)
#= = \{first = 3, second = 4\}
delete
break *$pc
jump *$pc
#= Breakpoint [0-9]+, .*fib \(n=2\)
continue
#= Breakpoint [0-9]+, .*fib \(n=4\)
delete
python
next_pc = gdb.selected_frame().architecture().disassemble(
    gdb.selected_frame().pc(), count=2)[1]["addr"]
gdb.execute("break *%#x" % next_pc)
end
set breakpoint always-inserted on
stepi
jump *$pc
#= Breakpoint [0-9]+, .*fib \(n=4\)
continue
#= Breakpoint [0-9]+, .*fib
