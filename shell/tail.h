/* tail.h: the last lines that went over a serial line, for a report. */
#ifndef SHELL_TAIL_H
#define SHELL_TAIL_H

#include "devices/devices.h"

#define TAIL_LINES 12
#define TAIL_LINE  160

struct tail {
	struct byte_sink next;
	char line[TAIL_LINES]
		 [TAIL_LINE]; /* a ring; nothing acts on a terminal */
	unsigned count;	      /* ever begun */
	size_t len;	      /* of the last one */
	bool open;	      /* it may still grow */
};

/* What goes through it on the way to `next` is kept; zeroed before. */
struct byte_sink tail_sink(struct tail *tail, struct byte_sink next);

/* On stderr, under `title`; nothing, if there is nothing. */
void tail_say(const struct tail *tail, const char *title);

#endif
