/*
 * verdict.h: how a run ended, as an exit status and in words.
 *
 *	  0  success	  3  guest panic	    5  stall
 *	  1  failure	  4  triple fault, reset    6  no verdict
 *	 71  the host	124  timeout		  125  vmm cannot go on
 *	130  Ctrl-]	128 + n  signal n	    7  --break-at
 *
 * Only what the guest says itself is a success.
 */
#ifndef SHELL_VERDICT_H
#define SHELL_VERDICT_H

#include "shell/options.h"
#include "vmm/machine.h"

#define EXIT_USAGE 2
#define EXIT_HOST  71

struct verdict {
	int status;
	const char *line; /* for standard output, no newline; NULL: none */
	char text[320];	  /* for the person; empty: nothing to say */
	bool registers;	  /* they help to see why */
};

/* `m` after machine_run(). */
void verdict_of(const struct machine *m, const struct options *options,
		struct verdict *verdict);

/*
 * The guest has said that it panicked, in `line`: that counts more than how
 * it ended then, unless the end was not its own.
 */
void verdict_panic(const struct machine *m, const struct options *options,
		   const char *line, struct verdict *verdict);

/* A word for the exit status of a run: "success", "panic" ... */
const char *verdict_word(int status);
bool verdict_of_word(const char *word, int *status);

/* The exit status for an error that came up as -errno before the run. */
int verdict_status(int err);

#endif
