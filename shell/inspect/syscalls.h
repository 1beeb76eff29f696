/* syscalls.h: system calls of our kernel in words, from registers. */
#ifndef SHELL_INSPECT_SYSCALLS_H
#define SHELL_INSPECT_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

struct call_text {
	char text[160];
};

/* "untyped_retype(2, type=TASK, size=0, count=1, destination=249)" */
struct call_text call_text(const uint64_t gpr[16]);

/* "OK"; "?" for a number that is none. */
const char *error_name(uint64_t error);

/* Could it make, move or take away capabilities? */
bool call_may_change(const uint64_t gpr[16]);

#endif
