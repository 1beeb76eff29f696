/*
 * panic.c: how a program ends that cannot go on. A panic of another task ends
 * that task; one of the init program fails the run. panic.sh reads the log, and
 * has it symbolized.
 */
#include "tests/kernel/check.h"

/* Its frame is that of middle(): only DWARF knows that it was there. */
static inline __attribute__((always_inline)) void deep(uint64_t argument)
{
	rt_panic("in a task, with %llu", (unsigned long long)argument);
}

static __attribute__((noinline)) void middle(uint64_t argument)
{
	deep(argument);
}

static volatile uint64_t began;

static void begin(uint64_t argument)
{
	began = 1;
	middle(argument);
}

int user_main(const struct boot_info *info)
{
	thread_start(begin, 42);
	await(&began, 1);
	yield_often();
	check(true, "the others go on");
	free((void *)0x1000); /* nothing that malloc() gave */
	return check_done();
}
