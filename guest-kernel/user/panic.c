/*
 * panic.c: the end of a task that cannot go on: what is wrong, and a backtrace
 * as a token (abi/backtrace.h), each a line of the log.
 */
#include "guest-kernel/user/backtrace.h"
#include "guest-kernel/user/rt.h"

#define LINE_MAX 512
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

static void print_backtrace(const void *frame)
{
	uint64_t base = (uintptr_t)frame & -BOOT_STACK_BYTES;
	char line[sizeof(BACKTRACE_WORD) + BACKTRACE_TOKEN_SIZE] =
		BACKTRACE_WORD;
	size_t len = strlen(line);
	struct backtrace trace;

	backtrace_walk(&trace, (uintptr_t)frame, base, base + BOOT_STACK_BYTES);
	len += backtrace_token(line + len, &trace, build_id());
	sys_print(line, len);
}

static bool on_boot_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (here & -BOOT_STACK_BYTES) == BOOT_STACK;
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
	if (on_boot_stack())
		sys_test_fail();
	sys_exit();
}
