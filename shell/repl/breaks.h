/* breaks.h: the prompt's breakpoints and watchpoints, by number. */
#ifndef SHELL_REPL_BREAKS_H
#define SHELL_REPL_BREAKS_H

#include "vmm/debug.h"

#define BREAKS_MAX 32

struct repl;

struct break_point {
	unsigned number; /* 0: none */
	struct debug_point point;
	char text[96];	    /* as it was asked for */
	char condition[96]; /* ""; none */
	struct repl *repl;
};

struct breaks {
	struct break_point row[BREAKS_MAX];
	unsigned last; /* number given */
	struct debug_listener listener;
	struct debug_stop stop; /* the last one that was told */
};

/* `delete break [NUMBER]`; NULL: all. */
int breaks_delete(struct repl *r, const char *which);

/* Why the machine stands where it does, in words. */
void breaks_say(struct repl *r, char *text, size_t size);

/* Where it stands: an answer's lines and fields. */
void breaks_answer(struct repl *r);

#endif
