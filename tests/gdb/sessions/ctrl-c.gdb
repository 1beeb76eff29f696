# Ctrl-C, as a person types it, in a loop that never looks up; on again.
# run: --accel {accel} {images}/tests/guest/hang.elf
#= _start
python
import gdb, os, signal, threading
def press(event):
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
gdb.events.cont.connect(press)
def typed(command):
    try:
        gdb.execute(command)
    except KeyboardInterrupt:
        pass
    print("stopped at", gdb.selected_frame().name())
typed("continue")
typed("continue")
gdb.events.cont.disconnect(press)
end
#= received signal SIGINT
#= stopped at _start
#= received signal SIGINT
#= stopped at _start
stepi 3
info registers rip eflags
#= ^rip
kill
