/*
 * panic.c: the end of a task that cannot go on: what is wrong, and a backtrace
 * as a token (abi/backtrace.h), each a line of the log.
 */
#include "guest-kernel/user/backtrace.h"
#include "guest-kernel/user/rt.h"

#define LINE_MAX 512
#define PAGE	 UINT64_C(4096)
#define NOTE_ID	 16 /* where the ID begins in its note, behind "GNU" */

/* By user.ld: the note that the linker has made, if it was asked to. */
extern const uint8_t build_id_note[], build_id_end[];

static const uint8_t *build_id(void)
{
	static const uint8_t none[4];

	return build_id_end - build_id_note >= NOTE_ID + 4
		       ? build_id_note + NOTE_ID
		       : none;
}

/* Of a stack that is not the task's own, no more than this page is known. */
static void walk(struct backtrace *trace, uint64_t frame)
{
	const struct rt_task *self = rt_self();

	if (frame >= self->stack && frame < self->stack_end)
		backtrace_walk(trace, frame, self->stack, self->stack_end);
	else
		backtrace_walk(trace, frame, frame & -PAGE,
			       (frame & -PAGE) + PAGE);
}

static void print_backtrace(const void *frame)
{
	char line[sizeof(BACKTRACE_WORD) + BACKTRACE_TOKEN_SIZE] =
		BACKTRACE_WORD;
	size_t len = strlen(line);
	struct backtrace trace;

	walk(&trace, (uintptr_t)frame);
	len += backtrace_token(line + len, &trace, build_id());
	sys_print(line, len);
}

void rt_panic(const char *fmt, ...)
{
	char line[LINE_MAX] = "panic: ";
	size_t len = strlen(line);
	va_list args;

	va_start(args, fmt);
	rt_vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);
	sys_print(line, strlen(line));
	print_backtrace(__builtin_frame_address(0));
	if (rt_self()->first && !rt_self()->done.depth)
		sys_test_fail();
	rt_exit(RT_PANICKED);
}

void __assert_fail(const char *what, const char *file, unsigned line,
		   const char *function)
{
	rt_panic("%s:%u: %s: %s", file, line, function, what);
}
