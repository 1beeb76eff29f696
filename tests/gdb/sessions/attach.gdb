# What needs no debug exits from the processor, on any: boot code by steps,
# registers, memory, our kernel's tasks and spaces, running anew, the end.
# Breakpoints stop, or are refused where KVM does not report them.
# run: --accel {accel} {images}/kernel.elf --init {images}/rinit.elf
#= ^start_pvh \(\)
python
import gdb, os
on_sim = os.environ.get("ACCEL", "sim") == "sim"
def attempt(command):
    try:
        return gdb.execute(command, False, True)
    except gdb.error as e:
        return str(e)
end
stepi 2
info registers rip cs cr0 efer cs_attr
#= ^cs +0x8
#= ^cr0 +0x11 
#= ^efer +0x0 
#= ^cs_attr +0xc09b
print $si = 0x1234
#= = 4660
print $esi & 0xffff
#= = 4660
set var *(long *)0x9000 = 0x1122334455667788
x/8xb 0x9000
#= 0x88.*0x77.*0x66.*0x55.*0x44.*0x33.*0x22.*0x11
find /b 0x8f00, +0x200, 0x55, 0x44
#= ^0x9003
tbreak kernel_start
python
said = attempt("continue")
there = gdb.selected_frame().name()
print("break", there == "kernel_start" or not on_sim and "E28" in said)
end
#= break True
delete
python print("back", ("does not support" in attempt("reverse-stepi")) != on_sim)
#= back True
python
said = attempt("monitor catch exception ud,pf")
print("catch", ("#ud #pf" in said) == on_sim, "breakpoint" in said)
said = attempt("monitor catch exception none")
print("none", said.strip())
end
#= catch True (False|True)
#= none stops before these exceptions:$
continue
#= >>> vmm: stall
monitor why
#= idle|stall
info threads
#= "cpu0" \(ring 0
#= "task#1 \(rinit\)" \(waiting\)
thread apply 2 bt 1
#= sys_channel_take|invoke
vmm tasks
#= task#1
vmm list
#= CPOOL +cpool@
vmm tree
#= cpool@
vmm maps
#= 70000000 .* stack
vmm caps --dot
#= digraph
vmm spaces
#= ^ +2 +cr3=0x[0-9a-f]+ +task#1
vmm space 2
#= Switching to inferior 2
info threads
#= 2.1 .*"task#1
bt 2
#= sys_channel_take|invoke
inferior 1
p kernel.caps
thread 1
info registers rip efer cr3
#= ^efer +0xd01
disconnect
#! internal-error
