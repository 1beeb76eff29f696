# Backtraces from the kernel through its entries into who came in.
# run: {images}/kernel.elf --init {images}/rinit.elf
hbreak syscall_handle
continue
bt
#= #0  syscall_handle
#= #1  <signal handler called>
#= #2  .*sys_set_fs_base
#= #3  .*start_task
#= #4  .*_start .*crt0.S
#! #5
delete
hbreak syscall_entry
continue
bt 2
#= #0  syscall_entry
#= #1  .*(calls|syscall)\.c
stepi 3
bt 2
#= #1  .*(calls|syscall)\.c
stepi 15
bt 2
#= #1  .*(calls|syscall)\.c
delete
hbreak resume_user
continue
stepi 4
bt 2
#= #1  .*(calls|syscall)\.c
