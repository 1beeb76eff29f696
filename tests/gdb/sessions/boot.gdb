# From 32-bit boot code into the kernel: breakpoints that are set before there
# is paging hold after.
# run: {images}/kernel.elf --init {images}/rinit.elf
#= ^start_pvh \(\)
break start_high
info threads
#= Thread 1.1 "cpu0" \(32-bit
stepi
stepi
info registers rip cs cr0 efer
#= ^cs +0x8
#= ^cr0 +0x11 
#= ^efer +0x0 
continue
#= Breakpoint 1, .*start_high
info registers cr0 efer cs_attr
#= ^cr0 +0x800
#= ^efer +0x[0-9a-f]*[5d]0[01]
#= ^cs_attr +0xa09b
tbreak kernel_start
continue
#= Temporary breakpoint 2, kernel_start \(boot=
bt
#= ^#0 +kernel_start
#= ^#1 .* arch_start
advance elf_parse
#= elf_parse \(
up
#= ^#1 .*kernel_start
finish
#= arch_start \(
until
set breakpoint always-inserted on
kill
run
#= Breakpoint 1, .*start_high
monitor points
#= break +0xffffffff
