/*
 * system.c: ends, and what is asked of an operating system by the suite's
 * programs. There is none: nothing sleeps, and no signal ever comes.
 */
#include "tests/gdb/suite/libc.h"

int errno_value;

int *__errno_location(void)
{
	return &errno_value;
}

/* The debugger is told the value's upper bits: 0x31 is success. */
__attribute__((noreturn)) void _exit(int status)
{
	outb(DEBUG_EXIT, status ? 0x30 : 0x31);
	for (;;)
		__asm__ volatile("cli; hlt");
}

__attribute__((noreturn)) void exit(int status)
{
	_exit(status);
}

__attribute__((noreturn)) void abort(void)
{
	_exit(1);
}

__attribute__((noreturn)) void __assert_fail(const char *what, const char *file,
					     unsigned int line,
					     const char *function)
{
	(void)what;
	(void)file;
	(void)line;
	(void)function;
	abort();
}

int atexit(void (*function)(void))
{
	(void)function;
	return 0;
}

char *getenv(const char *name)
{
	(void)name;
	return 0;
}

int getpid(void)
{
	return 1;
}

int getppid(void)
{
	return 1;
}

int getpagesize(void)
{
	return 4096;
}

long time(long *to)
{
	if (to)
		*to = 0;
	return 0;
}

unsigned int sleep(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

int usleep(unsigned int microseconds)
{
	(void)microseconds;
	return 0;
}

unsigned int alarm(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

void *signal(int number, void *handler)
{
	(void)number;
	(void)handler;
	return 0;
}
