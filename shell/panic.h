/*
 * panic.h: a guest's panic, seen in what it writes to a serial line.
 *
 * A line that matches makes the verdict a panic, whatever the guest does
 * then. It may go on for PANIC_NS of its time, to say where it was.
 */
#ifndef SHELL_PANIC_H
#define SHELL_PANIC_H

#include <regex.h>
#include <stdbool.h>

#include "devices/devices.h"
#include "vmm/machine.h"

#define PANIC_NS   UINT64_C(20000000)
#define PANIC_LINE 512
#define PANIC_OURS "^\\[kernel\\] panic: "

struct panic {
	struct machine *m;
	regex_t regex;
	bool compiled, seen;
	char text[200];	   /* the line; nothing of it acts on a terminal */
	uint64_t count;	   /* of instructions, when it was seen */
	uint64_t limit_ns; /* the machine's before that */

	struct panic_line {
		struct panic *panic;
		struct byte_sink next;
		char text[PANIC_LINE];
		size_t len;
	} line[4]; /* one for each serial line */
};

/* Is it a POSIX extended regular expression? 0 or -EINVAL, said. */
int panic_check(const char *regex);

/* `regex` NULL: our kernel's. 0 or -errno, said. */
int panic_init(struct panic *p, struct machine *m, const char *regex);

/* What goes through it on the way to `next` is looked at. */
struct byte_sink panic_sink(struct panic *p, unsigned which,
			    struct byte_sink next);

/* A past instant has become the present: what was seen after it is not true. */
void panic_forked(struct panic *p);

void panic_fini(struct panic *p);

#endif
