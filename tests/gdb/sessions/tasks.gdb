# The kernel's tasks as threads, and an address space as an inferior.
# run: {images}/kernel.elf --init {images}/rinit.elf
continue
#= >>> vmm: stall
info threads
#= "cpu0"
#= "task#1 \(rinit\)" \(waiting\)
thread apply 2 bt 1
#= sys_channel_take|invoke
vmm spaces
#= ^ +2 +cr3=0x[0-9a-f]+ +task#1
vmm tasks
#= task#1
vmm list
#= CPOOL +cpool@
p kernel.caps
python
try:
    gdb.execute("vmm space 99")
except gdb.error as e:
    print("refused:", e)
end
#= refused: no address space 99
vmm space 2
#= Switching to inferior 3
info threads
#= 3.1 .*"task#1
bt 2
#= sys_channel_take|invoke
inferior 1
p *(struct slot *)&kernel.caps
