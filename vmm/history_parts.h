/* history_parts.h: what the files of the history share. */
#ifndef VMM_HISTORY_PARTS_H
#define VMM_HISTORY_PARTS_H

#include "vmm/history.h"
#include "vmm/moment.h"

#define MOMENTS_MAX 2048

struct history {
	struct machine *m;
	uint64_t limit; /* bytes */
	struct moment_memory memory;

	/* By count; the first one is where all began. */
	struct moment *moment[MOMENTS_MAX];
	unsigned moments;
	size_t bytes; /* of these without their pages */
	uint64_t taken, pages;

	struct mark tick; /* live: when the next one is due */

	/* In the past: */
	struct moment *present; /* NULL: live */
	struct mark arrival;	/* at it */
	bool recorded; /* by a log that is not ours: cannot be forked */

	struct debug_stop stop;	  /* what the last call came to */
	struct history_hit hit;	  /* of the last `last-write' */
	bool (*asked)(void *ctx); /* to be interrupted */
	void *asked_ctx;
};

/* The last moment that is not after `count`. */
unsigned history_find(const struct history *h, uint64_t count);

/* Be in the past, wherever; 0 or -errno, said. */
int history_leave_present(struct history *h);

/* No CPU stops at points until the debugger goes on. */
void history_disarm(struct history *h);

/* The machine is at a moment of the past, without a verdict. */
void history_restore(struct history *h, const struct moment *mo);

/*
 * In the past, from here to a later instant; as history_goto(). `keep`: have
 * moments on the way.
 */
int history_run_to(struct history *h, uint64_t count, bool keep);

#endif
