# Several processors: a thread each, stepped alone or with the others.
# run: {guests}/subject.elf --smp 3
tbreak count
continue
#= count
info threads
#= ^\* 1 +Thread 1.1 "cpu0" \(ring 0
#= Thread 1.2 "cpu1" .*not started
#= Thread 1.3 "cpu2" .*not started
thread 3
#= Switching to thread 3
info registers rip
#= 0xfff0
thread 1
set scheduler-locking on
next
next
p counter
#= = 1
set scheduler-locking off
next
#= ^[0-9]+\s+(counter|for)
reverse-stepi
p $_thread
#= = 1
