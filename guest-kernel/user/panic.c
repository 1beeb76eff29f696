/*
 * panic.c: the end of a task that cannot go on.
 *
 * The backtrace is one line of return addresses, innermost first, for the
 * host to symbolize. It follows the frame pointers, which the guest's build
 * keeps, and believes none that leaves the stack or does not go up.
 */
#include "guest-kernel/user/rt.h"

#define FRAMES_MAX 16
#define LINE_MAX   512

struct frame {
	const struct frame *caller;
	uint64_t return_address;
};

static bool on_stack(const struct frame *f, uintptr_t base)
{
	uintptr_t at = (uintptr_t)f;

	return at % 8 == 0 && at >= base &&
	       at - base <= BOOT_STACK_BYTES - sizeof(*f);
}

static void print_backtrace(void)
{
	const struct frame *f = __builtin_frame_address(0);
	uintptr_t base = (uintptr_t)f & -BOOT_STACK_BYTES;
	char line[FRAMES_MAX * 20 + 16];
	size_t len = rt_snprintf(line, sizeof(line), "backtrace:");

	for (int i = 0; i < FRAMES_MAX && on_stack(f, base); i++) {
		len += rt_snprintf(line + len, sizeof(line) - len, " 0x%llx",
				   (unsigned long long)f->return_address);
		if (f->caller <= f)
			break;
		f = f->caller;
	}
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
	print_backtrace();
	if (on_boot_stack())
		sys_test_fail();
	sys_exit();
}
