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
bt 1
#= triple_fault
continue
#= exited|terminated
