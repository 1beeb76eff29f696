# Some hundred tasks and 65536 slots: each stop looks at the kernel once, and
# not for each task and thread anew, which took minutes.
# run: {images}/kernel.elf --init {images}/tests/kernel/cost.elf
hbreak syscall_handle
python
import gdb
gdb.execute("ignore 1 300", False, True)
gdb.execute("continue", False, True)
threads = gdb.selected_inferior().threads()
print("a crowd", len(threads) > 200, len({t.ptid for t in threads}) == len(threads))
print("named", sum(t.name.startswith("task#") for t in threads) == len(threads) - 1)
end
#= a crowd True True
#= named True
kill
