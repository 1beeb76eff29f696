# Ring 3, its int3 (which is the guest's own), and across the boundary.
# run: {guests}/subject.elf
hbreak *user_first
continue
#= Breakpoint 1, .*user_first
info threads
#= ring 3
stepi
#= user_second
p/x $cs & 3
#= = 0x3
stepi
p $eax
#= = 2
stepi
p/x $cs & 3
#= = 0x0
monitor catch exception ud,pf
#= #ud #pf
continue
#= SIGILL
monitor why
#= exception
#= #ud
monitor catch exception none
