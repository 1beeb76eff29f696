# A thousand breakpoints; all hold, none is seen in memory.
# run: {guests}/subject.elf
python
import gdb
where = int(gdb.parse_and_eval("(long)&stubs"))
before = bytes(gdb.selected_inferior().read_memory(where, 1000))
for i in range(1000):
    gdb.execute("break *%d" % (where + i), False, True)
gdb.execute("break fib", False, True)
gdb.execute("set breakpoint always-inserted on")
for i in range(5):
    gdb.execute("continue", False, True)
print("now in", gdb.selected_frame().name())
after = bytes(gdb.selected_inferior().read_memory(where, 1000))
print("memory", "same" if before == after else "changed")
print("points", gdb.execute("monitor points", False, True).count("break "))
gdb.execute("clear fib", False, True)
gdb.execute("continue", False, True)
print("at", hex(int(gdb.parse_and_eval("(long)$pc")) - where))
end
#= now in fib
#= memory same
#= points 1001
#= at 0x30
compare-sections .text
#= Section .text, range .*: matched
find /b &stubs, +1000, 0xcc
#= not found
