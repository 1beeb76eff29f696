# Registers that only the system has, and writing to memory and registers.
# run: {guests}/subject.elf
hbreak test_main
continue
info registers cr3 efer gdtr_base idtr_limit tr tr_limit apic_base lstar
#= ^cr3 +0x[1-9a-f]
#= ^efer +0xd0
#= ^gdtr_base +0x[1-9a-f]
#= ^idtr_limit +0xfff
#= ^tr +0x30
#= ^apic_base +0xfee00900
set var counter = 77
p counter
#= = 77
set $rax = 0x123456789abcdef0
p/x $rax
#= = 0x123456789abcdef0
monitor translate 0xffffffffffffffff
#= ^0xffffffffffffffff is not mapped
set $cr3 = 0xffffffffffffffff
#= Could not write register "cr3"
