/*
 * backtrace.h: who called whom in a stopped program, from its registers and
 * its stack.
 *
 * By the call frame information of its ELF file; where that says nothing, by
 * the frame pointer; where neither finds a caller, by what on the stack looks
 * like a return address. The guest's memory may hold anything: each step is
 * bounded and goes up the stack.
 */
#ifndef SHELL_BACKTRACE_H
#define SHELL_BACKTRACE_H

#include "shell/source.h"
#include "shell/symbols.h"
#include "vmm/machine.h"

#define BACKTRACE_MAX 24

/* What is looked at. */
struct backtrace_target {
	struct source_memory memory;
	const struct symbols *symbols;
	struct source *source; /* for call frame information; may be NULL */
};

enum backtrace_how { BACKTRACE_CFI, BACKTRACE_FRAME, BACKTRACE_SCAN };

struct backtrace {
	uint64_t ip[BACKTRACE_MAX]; /* where each call returns to */
	bool exact[BACKTRACE_MAX];  /* no: it was interrupted there */
	enum backtrace_how how[BACKTRACE_MAX];
	unsigned count;
	bool guessed; /* by a scan: any of them may be an old one */
};

/* The registers as DWARF numbers them. */
void backtrace_regs(const struct x86_state *state, struct source_regs *regs);

void backtrace_of(const struct backtrace_target *target,
		  const struct source_regs *regs, struct backtrace *b);

/* Of a CPU in 64-bit mode; else nothing. `source` may be NULL. */
void backtrace_walk(struct machine *m, unsigned cpu,
		    const struct symbols *symbols, struct source *source,
		    struct backtrace *b);

/* A CPU's memory, by its own page tables. */
struct backtrace_cpu {
	struct machine *m;
	struct vcpu *cpu;
};
bool backtrace_read(void *cpu, uint64_t va, uint64_t *word);

#endif
