/*
 * calls.h: the system calls that a run may make once its guest runs: read by
 * make_filter.c when vmm is built.
 *
 * What is not here ends the process with SIGSYS: no exec, no new process, no
 * socket, no file by name unless an option asked for one that is written
 * later.
 */
CALL(SANDBOX_BASE, read)
CALL(SANDBOX_BASE, pread64)
CALL(SANDBOX_BASE, readv)
CALL(SANDBOX_BASE, write)
CALL(SANDBOX_BASE, writev)
CALL(SANDBOX_BASE, sendto) /* without blocking, to a socket we have */
CALL(SANDBOX_BASE, lseek)
CALL(SANDBOX_BASE, close)
CALL(SANDBOX_BASE, fcntl)
CALL(SANDBOX_BASE, fstat)
CALL(SANDBOX_BASE, newfstatat)
CALL(SANDBOX_BASE, poll)
CALL(SANDBOX_BASE, ppoll)
CALL(SANDBOX_BASE, futex)
CALL(SANDBOX_BASE, mmap)
CALL(SANDBOX_BASE, mremap)
CALL(SANDBOX_BASE, munmap)
CALL(SANDBOX_BASE, mprotect)
CALL(SANDBOX_BASE, madvise)
CALL(SANDBOX_BASE, brk)
CALL(SANDBOX_BASE, sysinfo) /* qsort asks how much memory there is */
/* For a backtrace: libdw asks for its file's name, we for the folder. */
CALL(SANDBOX_BASE, readlink)
CALL(SANDBOX_BASE, readlinkat)
CALL(SANDBOX_BASE, getcwd)
CALL(SANDBOX_BASE, getrandom)
CALL(SANDBOX_BASE, clock_gettime)
CALL(SANDBOX_BASE, clock_nanosleep)
CALL(SANDBOX_BASE, sched_yield)
CALL(SANDBOX_BASE, getpid)
CALL(SANDBOX_BASE, gettid)
CALL(SANDBOX_BASE, getpgrp)
CALL(SANDBOX_BASE, getpgid)
CALL(SANDBOX_BASE, tgkill)
CALL(SANDBOX_BASE, rt_sigaction)
CALL(SANDBOX_BASE, rt_sigprocmask)
CALL(SANDBOX_BASE, rt_sigreturn)
CALL(SANDBOX_BASE, restart_syscall)
CALL(SANDBOX_BASE, rseq)
CALL(SANDBOX_BASE, set_robust_list) /* a thread begins */
CALL(SANDBOX_BASE, exit)
CALL(SANDBOX_BASE, exit_group)
/* The terminal's size and modes. */
IOCTL(SANDBOX_BASE, TCGETS)
IOCTL(SANDBOX_BASE, TCSETS)
IOCTL(SANDBOX_BASE, TIOCGWINSZ)
IOCTL(SANDBOX_BASE, TIOCGPGRP)
/* --screenshot, --snapshot: written when the time has come. */
CALL(SANDBOX_FILES, openat)
CALL(SANDBOX_FILES, fsync)
CALL(SANDBOX_FILES, fchmod)
CALL(SANDBOX_FILES, ftruncate)
CALL(SANDBOX_FILES, pwrite64)
CALL(SANDBOX_FILES, umask)
CALL(SANDBOX_FILES, rename)
CALL(SANDBOX_FILES, renameat)
CALL(SANDBOX_FILES, renameat2)
CALL(SANDBOX_FILES, unlink)
CALL(SANDBOX_FILES, unlinkat)
/* KVM's own requests, and the timer that bounds its runs. */
CALL(SANDBOX_KVM, ioctl)
CALL(SANDBOX_KVM, timer_create)
CALL(SANDBOX_KVM, timer_settime)
CALL(SANDBOX_KVM, timer_delete)
/* Serial lines that others connect to. */
CALL(SANDBOX_NET, accept4)
CALL(SANDBOX_NET, shutdown)
CALL(SANDBOX_NET, unlink) /* the name they knew it by */
CALL(SANDBOX_NET, unlinkat)
/* A window: what X11's and Wayland's libraries ask of their server. */
CALL(SANDBOX_WINDOW, recvmsg)
CALL(SANDBOX_WINDOW, recvfrom)
CALL(SANDBOX_WINDOW, sendmsg)
CALL(SANDBOX_WINDOW, shmget) /* its pixels, again after each resizing */
CALL(SANDBOX_WINDOW, shmat)
CALL(SANDBOX_WINDOW, shmdt)
CALL(SANDBOX_WINDOW, shmctl)
CALL(SANDBOX_WINDOW, memfd_create)
CALL(SANDBOX_WINDOW, ftruncate)
CALL(SANDBOX_WINDOW, fallocate)
CALL(SANDBOX_WINDOW, select)
CALL(SANDBOX_WINDOW, pselect6)
CALL(SANDBOX_WINDOW, epoll_wait)
CALL(SANDBOX_WINDOW, shutdown)
IOCTL(SANDBOX_WINDOW, FIONREAD)
