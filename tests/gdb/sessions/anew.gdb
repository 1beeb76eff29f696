# The run begun anew, an end while gdb is there, and another run after it.
# run: --accel {accel} {images}/tests/guest/exit.elf
#= _start
stepi 2
starti
#= _start
info registers rip
#= ^rip
continue
#= exited normally
starti
#= _start
stepi
monitor reset
continue
#= exited normally
kill
