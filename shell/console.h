/*
 * console.h: standard input to the guest.
 *
 * A regular file is read as the guest takes it, so that the run depends on
 * its bytes alone. A pipe or terminal is read when the loop says so, and only
 * while what was read before is gone. In a terminal Ctrl-] ends the run; all
 * other keys are the guest's.
 */
#ifndef SHELL_CONSOLE_H
#define SHELL_CONSOLE_H

#include "shell/feeder.h"

struct console {
	struct machine *m;
	struct feeder *feeder;
	int fd;
	bool tty;
	bool keys;	/* bytes are a terminal's keys, for the keyboard */
	bool open;	/* more may come */
	bool watched;	/* in the loop */
	bool quit;	/* the escape key was seen */
	uint8_t escape; /* its byte */
	size_t ahead_len;
	uint8_t ahead[512]; /* keys read while the output waited */
};

/* Is standard input a terminal? */
bool console_interactive(void);

/*
 * Start reading for `feeder`. `keys` as above. 0 or -errno, said.
 */
int console_init(struct console *c, struct machine *m, struct feeder *feeder,
		 bool keys, uint8_t escape);

/* Could more ever come? */
bool console_open(const struct console *c);

/* No input, but what the feeder types. */
void console_init_none(struct console *c, struct machine *m,
		       struct feeder *feeder);

/*
 * Look for Ctrl-] while the guest cannot go on (a struct console is given);
 * the other keys are kept. True when the run is to end, or no keys can come.
 */
bool console_look(void *ctx);

void console_fini(struct console *c);

#endif
