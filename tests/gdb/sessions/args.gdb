# What is behind `run' is the kernel's command line; without it --append's is.
# run: --accel {accel} {images}/tests/guest/exit.elf --append first
starti
#= _start
x/s *(char **)($rbx + 24)
#= "first"
starti second 'with  two' "words that are longer than the first"
#= _start
x/s *(char **)($rbx + 24)
#= "second with  two words that are longer than the first"
continue
#= exited normally
set args third
starti
x/s *(char **)($rbx + 24)
#= "third"
kill
python
try:
    gdb.execute("show args")
    gdb.execute("set args " + "x" * 4096)
    gdb.execute("starti")
except gdb.error as e:
    print("refused:", str(e)[:40])
end
#= command line has 4096 bytes
#= refused: Running the default executable
set args
set remote exec-file other.elf
python
try:
    gdb.execute("starti")
except gdb.error as e:
    print("refused:", str(e)[:20])
end
#= there is no 'other.elf' here
#= refused: Running "other.elf"
set remote exec-file exit.elf
starti
#= _start
x/s *(char **)($rbx + 24)
#= "first"
continue
#= exited normally
