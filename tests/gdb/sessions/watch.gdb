# Watchpoints of all kinds and any length; conditions.
# run: {guests}/subject.elf
hbreak touch
continue
#= Breakpoint 1, touch
watch bytes[3]
#= Hardware watchpoint 2
rwatch bytes[5]
#= Hardware read watchpoint 3
continue
#= Hardware watchpoint 2: bytes\[3\]
#= Old value = 0
#= New value = 1
awatch *(char (*)[16])&bytes[32]
#= Hardware access \(read/write\) watchpoint 4
continue
#= watchpoint 4
continue
#= Hardware watchpoint 2: bytes\[3\]
#= Old value = 1
#= New value = 7
info registers rcx
#= rcx +0x3c
delete 4
continue
#= Hardware read watchpoint 3: bytes\[5\]
#= Value = 7
delete
tbreak with_timer
continue
watch ticks if ticks == 4
continue
#= Hardware watchpoint [0-9]+: ticks
#= New value = 4
bt
#= ^#0 .* tick
#= ^#1
