# The ends of runs: success, triple fault, and running anew after each.
# run: {guests}/subject.elf
continue
#= exited
tbreak test_main
run
#= test_main
set var ending = 1
continue
#= triple fault
#= SIGSEGV
monitor why
#= triple fault
#= rip .* <triple_fault\+
#= cr2
#= backtrace
#= 0x.* <triple_fault\+.* at .*subject.c:
#= last interrupts
#= #UD
#= last instructions
#= 0x.* <test_main\+
#= 0x.* <triple_fault
monitor why
#= last instructions
#= 0x.* <triple_fault
bt 1
#= triple_fault
continue
#= exited|terminated
