/*
 * debugger.h: --gdb: what gdb's stub gets from the rest of the program: the
 * tasks of our kernel, its commands, and a machine that can begin anew.
 */
#ifndef SHELL_DEBUGGER_H
#define SHELL_DEBUGGER_H

#include <time.h>

#include "gdbstub/gdbstub.h"
#include "shell/feeder.h"
#include "shell/inspect/inspect.h"
#include "shell/options.h"
#include "shell/lines.h"
#include "shell/output.h"
#include "shell/panic.h"
#include "shell/postmortem.h"
#include "vmm/history.h"
#include "vmm/snapshot.h"

struct debugger {
	const struct options *options;
	struct machine *m;
	struct feeder *feeder;
	struct panic *panic;
	/* What the guest said is seen before a stop. */
	struct output *stdout_;
	struct lines *lines;
	struct gdb *gdb; /* NULL: not asked for */
	struct inspect *inspect;
	struct history *history; /* the session's; NULL: none */
	/* Without one: the machine before its first instruction, and what it
	 * was going to be given. */
	struct snapshot first;
	uint8_t *input;
	size_t input_len;
	char *kernel, *init;	       /* full paths; either may be NULL */
	struct postmortem *postmortem; /* the session's; NULL: not open yet */
	time_t began;		       /* when files were read */
};

/*
 * After all else is connected, before the process confines itself: listen,
 * and hold the machine for a gdb to come. Nothing happens without --gdb. 0 or
 * -errno, said.
 */
int debugger_begin(struct debugger *d, const struct options *options,
		   struct machine *m, struct feeder *feeder,
		   struct panic *panic, struct output *stdout_,
		   struct lines *lines, struct history *history);

/* gdb would take the machine for a 32-bit one, and fail at 64-bit code. */
bool debugger_is_elf32(const char *path);

/* The run has ended with `status`; accepts a zeroed or ended one. */
void debugger_end(struct debugger *d, int status);

#endif
