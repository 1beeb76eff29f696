# Single steps keep out of interrupt handlers, unless asked.
# run: {guests}/subject.elf
tbreak wait_for_ticks
continue
#= wait_for_ticks
python
import gdb
def step(count):
    names = set()
    for i in range(count):
        gdb.execute("stepi", False, True)
        names.add(gdb.selected_frame().name())
    return names
before = int(gdb.parse_and_eval("ticks"))
print("in", sorted(step(400)))
print("ticks more", int(gdb.parse_and_eval("ticks")) - before)
gdb.execute("monitor step irq on")
print("with handler", "tick" in step(400))
gdb.execute("monitor step irq off")
gdb.execute("tbreak tick")
gdb.execute("continue")
print("in handler", sorted(step(5)))
end
#= in \['wait_for_ticks'\]
#= ticks more 0
#= with handler True
#= in handler \['tick'\]
finish
#= wait_for_ticks
until stop_timer
#= with_timer
advance stop_timer
#= stop_timer
