/*
 * history.h: going back and forward in a run.
 *
 * While it is on, the machine is kept every few million instructions, and
 * what enters it is logged (vmm/input.h); so any instant of the run is
 * reached again, by going back to what was kept before it and running to it
 * by the log. An instant is a count of instructions, of all CPUs together:
 * the machine right when that many have retired, as a mark sees it
 * (vmm/machine.h), before what enters there.
 *
 * The run has a present: as far as it ever came. Before it everything is
 * fixed: what the machine does has been done, its output is not shown again
 * (machine.past), inputs come from the log and new ones wait. Who lets the
 * machine run on in the past, by machine_run(), comes to the present and goes
 * on live, with those that waited. history_fork() makes a past instant the
 * present: what came after it is forgotten.
 *
 * Nothing of it changes what the guest sees. Only for CPUs that count.
 * Call from outside machine_run(); from inside a loop callback is fine.
 */
#ifndef VMM_HISTORY_H
#define VMM_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/debug.h"
#include "vmm/machine.h"

#define HISTORY_MEM (UINT64_C(256) << 20) /* bytes, unless said otherwise */

struct history;

/*
 * Begin here, with no more than `mem` bytes, but for one instant that is
 * always kept. NULL, said: "needs --accel sim", or no memory. It goes before
 * the machine does.
 */
struct history *history_create(struct machine *m, uint64_t mem);
void history_destroy(struct history *h); /* accepts NULL */

/*
 * The machine is another one (reset, restored): begin anew, here. Not of a
 * recording. -ENOMEM, said: the run was stopped.
 */
int history_again(struct history *h);

/*
 * Asked now and then while a call below runs the machine; true ends it with
 * -EINTR where it stands, or where it began. NULL: nobody asks.
 */
void history_interrupt(struct history *h, bool (*asked)(void *ctx), void *ctx);

/* The first instant, the present, and where the machine is. */
uint64_t history_first(const struct history *h);
uint64_t history_last(const struct history *h);
uint64_t history_now(const struct history *h);
bool history_live(const struct history *h); /* in the present */

/*
 * Go to an instant, back or forward. To history_last(): to the present
 * itself. 0; -ERANGE, said, when it is outside the run; -EINTR; -EIO, said,
 * when the host failed. The verdict of a run that had ended is taken back
 * (m->stop is STOP_NONE) until the machine comes to its end again. Points of
 * a debugger are not asked on the way, and not set on the CPUs any more until
 * it goes on.
 */
int history_goto(struct history *h, uint64_t count);

/* Before the last instruction; -ERANGE, not said, at the first instant. */
int history_step_back(struct history *h);

/* To the present, as it was left. */
int history_present(struct history *h);

/*
 * Forget what comes after now: it is the present. -EBUSY, not said, while the
 * run is being recorded or is a recording that is replayed.
 */
int history_fork(struct history *h);
bool history_recorded(const struct history *h); /* so it is for ever */

/*
 * The first instant is the present, without what a debugger set there. -EBUSY
 * as above; else as history_goto().
 */
int history_restart(struct history *h);

/* What made a search stop: before the instruction that did it. */
struct history_hit {
	uint64_t count; /* the instant before it */
	unsigned cpu;
};

/*
 * Who wrote last, before now, to `len` bytes of RAM at `gpa`, by whatever
 * address, page tables' A and D bits included? 0: *hit says it, and the
 * machine is where it was; -ENOENT: nobody since the first instant, and
 * -EFAULT: not RAM, both not said; else as history_goto().
 */
int history_last_write(struct history *h, uint64_t gpa, uint64_t len,
		       struct history_hit *hit);

/*
 * Go back to the last instant before now at which a point of the debugger's
 * (vmm/debug.h) was met: before the instruction at a breakpoint, before the
 * one that touched what is watched. 0, and the machine is there, or at the
 * first instant when there is none: history_stop() tells; else as
 * history_goto(). Without a debugger, -ENOTSUP, not said.
 */
int history_reverse_continue(struct history *h);

/*
 * What the last call came to, as a debugger tells it: POINT or WATCH with the
 * point; STEP; BEGIN at the first instant; END with its verdict in the present
 * of a run that is over. For debug_hold(), without which a machine that a
 * debugger holds does not know that it was moved.
 */
const struct debug_stop *history_stop(const struct history *h);

/*
 * A word for a prompt and gdb's `monitor`: when, back [N], goto N, present,
 * fork, rcont, last-write ADDR [LEN] (an address as the current CPU sees it).
 * The answer, of one line or more, or what was wrong, is in *text, without a
 * last newline. 0 or -errno; -EINVAL: wrong words; -ENOSYS: not one of these
 * words, nothing was done.
 */
int history_command(struct history *h, const char *line, char *text,
		    unsigned size);

/* What the last `last-write' that was answered had found. */
const struct history_hit *history_hit(const struct history *h);

/* How much it took, for --stats and tests. */
struct history_stats {
	uint64_t moments, bytes, taken, pages;
};

void history_get_stats(const struct history *h, struct history_stats *stats);

#endif
