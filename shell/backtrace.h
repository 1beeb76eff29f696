/*
 * backtrace.h: who called whom in a stopped guest, from its stack.
 *
 * By the chain of frame pointers; where that leads nowhere, by what on the
 * stack looks like a return address, which is marked with a '?'. The guest's
 * memory may hold anything: each step is bounded and goes up the stack.
 */
#ifndef SHELL_BACKTRACE_H
#define SHELL_BACKTRACE_H

#include "shell/symbols.h"
#include "vmm/machine.h"

#define BACKTRACE_MAX 24

struct backtrace {
	uint64_t ip[BACKTRACE_MAX]; /* where each call returns to */
	unsigned count;
	bool guessed;
};

/* Of a CPU in 64-bit mode; else nothing. */
void backtrace_walk(struct machine *m, unsigned cpu,
		    const struct symbols *symbols, struct backtrace *b);

#endif
