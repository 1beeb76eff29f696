# 32-bit boot code as what it is, and back to x86-64 before it is no more.
# run: {images}/kernel.elf --init {images}/rinit.elf
x/60i start_multiboot
#= cmp +\$0x800,%r9d
vmm arch i386
#= ^#0 +start_pvh
x/60i start_multiboot
#= inc +%ecx
p/x $cr0
#= = 0x11
set var $eax = 0x12345678
stepi
info registers eax eip
#= ^eax +0x0 
#= ^eip +0x100022 +0x100022 <start_multiboot>
set var $esi = 0x77
vmm arch i8086
x/4i $pc
#= mov +%ax,%si
vmm arch x86-64
#= ^#0 +start_multiboot
p/x $rsi
#= = 0x77
break start_high
continue
#= Breakpoint 1, .*start_high
vmm arch i386
stepi
#= long mode.*vmm arch x86-64
vmm arch auto
p $rip
#= start_high
bt 1
#= ^#0 .*start_high
