# Across `syscall' into the kernel and back; the step of a task that waits.
# run: {images}/kernel.elf --init {images}/rinit.elf --type x\n
break sys_channel_take_entry
continue
#= sys_channel_take_entry
python
import gdb
def ring():
    return int(gdb.parse_and_eval("$cs")) & 3
def step_until(want):
    for i in range(3000):
        gdb.execute("stepi", False, True)
        if ring() == want:
            return i
    return -1
print("into the kernel", step_until(0) > 0, gdb.selected_frame().name())
print("out again", step_until(3) > 0, gdb.selected_frame().name())
end
#= into the kernel True syscall_entry
#= out again True
bt 1
delete
info threads
#= task#2
python
for t in gdb.selected_inferior().threads():
    if t.name and t.name.startswith("task#2"):
        t.switch()
end
stepi
#= task|[0-9a-f]+
info threads
#= ^\* .*task#2
