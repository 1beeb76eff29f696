/*
 * postmortem.h: why a run ended badly, as far as the machine can tell:
 * registers, who called whom, the last interrupts and branches, the last
 * lines of serial and the screen. It looks and changes nothing, after the
 * sandbox was entered: no file is opened.
 */
#ifndef SHELL_POSTMORTEM_H
#define SHELL_POSTMORTEM_H

#include "devices/devices.h"
#include "shell/backtrace.h"
#include "shell/source.h"
#include "shell/symbols.h"
#include "shell/tail.h"

/* A program of the guest's; all zero: not known. */
struct postmortem_program {
	int fd; /* its ELF file; -1: none */
	const char *path;
	struct source *source; /* NULL: no ELF file */
};

struct postmortem {
	struct machine *m;
	const struct board *board;
	struct postmortem_program kernel, init;
	const struct tail *tail; /* BOARD_COMS of them; their lines are said
				  * where `hidden` has their bit */
	unsigned hidden;
	bool branches; /* were asked for */
};

/* On stderr, all of it. */
void postmortem_say(struct postmortem *p);

/* The parts: postmortem_*.c. */
void postmortem_cpu(struct postmortem *p);
void postmortem_past(struct postmortem *p);
void postmortem_screen(struct postmortem *p);

/* A line for a place in a program, and for those it is inlined into. */
void postmortem_place(const struct postmortem_program *of, uint64_t ip,
		      bool behind_call, const char *mark);
void postmortem_backtrace(const struct postmortem_program *of, uint64_t rip,
			  const struct backtrace *b);

/* Whose code is it at this ring? */
struct postmortem_program *postmortem_program(struct postmortem *p,
					      unsigned ring);

/* Of NULL, none. */
const struct symbols *postmortem_symbols(const struct postmortem_program *of);

/* " <name+0x12>" or "". */
void postmortem_name(const struct postmortem_program *of, uint64_t va,
		     char *text, size_t size);

#endif
