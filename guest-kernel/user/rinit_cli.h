/*
 * rinit_cli.h: the commands of rinit, with Rux's spellings. A command works
 * with rinit's own capabilities, through system calls and nothing else.
 */
#ifndef USER_RINIT_CLI_H
#define USER_RINIT_CLI_H

#include "guest-kernel/user/console.h"

/* Where `start child` starts it. */
struct child_start {
	unsigned long long entry, stack;
};

/* Carries out one line (which it cuts into words) and answers on `out`. */
void cli_execute(struct console *out, const struct child_start *child,
		 char *line);

#endif
