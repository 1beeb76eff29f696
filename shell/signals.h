/*
 * signals.h: signals as one more descriptor of the loop.
 *
 * SIGINT, SIGTERM and SIGHUP end the run with their verdict; stopping and
 * going on put the terminal right; a changed window is told to whoever draws.
 * SIGPIPE and SIGXFSZ are ignored: writers see EPIPE or EFBIG and say so.
 */
#ifndef SHELL_SIGNALS_H
#define SHELL_SIGNALS_H

#include "vmm/machine.h"

struct signals {
	struct machine *m;
	int fd;
	/* All may be NULL. After SIGCONT, SIGWINCH; before a stop; and instead
	 * of ending the run by SIGINT. */
	void (*redraw)(void *ctx);
	void (*suspend)(void *ctx);
	void (*interrupt)(void *ctx);
	void *redraw_ctx; /* of all three */
};

/*
 * Before the first thread starts: blocks the signals, in all of them, and
 * catches those that would kill so that they restore the terminal first.
 */
void signals_block(void);

/* 0 or -errno, said. */
int signals_init(struct signals *s, struct machine *m);
/* Those that came: for who is long away from the loop. */
void signals_take(struct signals *s);

void signals_fini(struct signals *s);

#endif
