# A kernel of 32-bit code, by its source.
# run: {images}/tests/guest/paging32.elf
#= left out.*vmm arch i386
vmm arch i386
python import os
python gdb.execute("symbol-file %s/tests/guest/paging32.elf" % os.environ["IMAGES"])
tbreak test_main
continue
#= test_main \(\)
bt
#= ^#0 +test_main
#= ^#1 .* _start .*bare32.S
break print
continue
#= Breakpoint 2.*, print \(
up
#= ^#1 
down
finish
p $sp == $esp
#= = 1
reverse-stepi
#= print
