/*
 * postmortem.h: why a run ended badly, as far as the machine can tell:
 * registers, who called whom, the tasks of our kernel, the last interrupts
 * and branches, the last lines of serial and the screen. It looks and changes
 * nothing. Files are opened before the run, since the sandbox lets none be
 * opened after it, and read when they are needed.
 */
#ifndef SHELL_POSTMORTEM_H
#define SHELL_POSTMORTEM_H

#include "devices/devices.h"
#include "shell/backtrace.h"
#include "shell/inspect/inspect.h"
#include "shell/inspect/programs.h"
#include "shell/options.h"
#include "shell/tail.h"
#include "vmm/history.h"

/* A program of the guest's. */
struct postmortem_program {
	struct program file;
	const char *path;
	bool tried;
	struct source *source; /* NULL: no ELF file; after the first asking */
};

struct postmortem {
	struct machine *m;
	const struct board *board;
	struct inspect *inspect;
	struct postmortem_program kernel, module[BOOT_MODULES];
	unsigned modules;
	const struct tail *tail; /* BOARD_COMS of them; their lines are said
				  * where `hidden` has their bit */
	unsigned hidden;
	bool branches; /* were asked for */
};

/* Before the run: opens what may be needed. 0 or -errno, said. */
int postmortem_open(struct postmortem *p, struct machine *m,
		    const struct board *board, const struct options *options);
/* Accepts a zeroed one. */
void postmortem_close(struct postmortem *p);

/* On stderr, all of it. */
void postmortem_say(struct postmortem *p);

/* The parts: postmortem_*.c. */
void postmortem_cpu(struct postmortem *p);
void postmortem_tasks(struct postmortem *p);
void postmortem_past(struct postmortem *p);
void postmortem_screen(struct postmortem *p);

/*
 * The last instructions before now, by going back to them and coming again,
 * which nobody else may notice. False, said: the host failed, and the machine
 * is somewhere else.
 */
bool postmortem_trail(struct postmortem *p, struct history *h);

/* A line for a place in a program, and for those it is inlined into. */
void postmortem_place(struct postmortem_program *of, uint64_t ip,
		      bool behind_call, const char *mark);
void postmortem_backtrace(struct postmortem_program *of, uint64_t rip,
			  const struct backtrace *b);

/* Whose code is it at this ring, with these page tables? */
struct postmortem_program *postmortem_program(struct postmortem *p,
					      unsigned ring, uint64_t cr3);

struct source *postmortem_source(struct postmortem_program *of);
const struct symbols *postmortem_symbols(struct postmortem_program *of);

/* " <name+0x12>" or "". */
void postmortem_name(struct postmortem_program *of, uint64_t va, char *text,
		     size_t size);

#endif
