/*
 * sched.h: who runs, on one processor.
 *
 * 256 priorities, the highest first, round robin inside each. The running
 * task is on no queue, so that a switch from a caller to the server that
 * waits for it touches none. Ready tasks are on the queue of their priority;
 * a task whose scheduling context is used up is parked at that context until
 * its next refill.
 *
 * What a system call or an interrupt does here takes effect on the way out
 * of the kernel, in sched_pick(). Time is looked at there and only if
 * something asked for it: a call that wakes nobody reads no clock. For a
 * processor:
 *
 *	bit p of `ready_bits` is set if and only if queue p has a task, and
 *	`ready_end` is 1 + the highest such p, or 0
 *	nobody runs, or `reschedule` is set, or: the running task's priority
 *	is the highest of all that are ready, and the timer is set for the end
 *	of its slice, of its budget, or for the first timeout, whichever comes
 *	first
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-kernel/kernel/timeout.h"

struct task;
struct sched_context;

#define PRIORITIES	 256
#define PRIORITY_DEFAULT 100
#define SLICE_NS	 UINT64_C(1000000)

struct task_queue {
	struct task *head, *tail;
};

struct sched {
	struct task *running; /* NULL: nobody, or it can run no longer */
	bool reschedule;
	uint32_t ready_end; /* 1 + the highest priority ready; 0: none */
	uint64_t ready_bits[PRIORITIES / 64];
	struct task_queue ready[PRIORITIES];
	uint64_t slice_end; /* UINT64_MAX: it has no peer */
	/* Whose time runs, and since when it was not charged; NULL: nobody's */
	struct sched_context *context;
	uint64_t since;
	struct timeouts timeouts;
};

/* An inactive or waiting task can run: behind its peers. */
void sched_ready(struct task *task);
/* A task that could run cannot any longer; its state is the caller's to set. */
void sched_unready(struct task *task);
/*
 * The running task gave up the processor by waiting (sched_unready) for what
 * `task` will do: run that one at once, if nobody has a higher priority.
 */
void sched_handover(struct task *task);
/* The running task goes behind its peers. */
void sched_yield(void);
/* Its priority (inherited or own) is another from now on. */
void sched_priority(struct task *task, unsigned priority);
/* Its context changed, or that context's budget did. */
void sched_context_set(struct task *task, struct sched_context *context);

/* A new budget, from now on; and what was used so far, in ns. */
void sched_refill(struct sched_context *context, uint64_t budget,
		  uint64_t period);
uint64_t sched_consumed(struct sched_context *context);

/* The timer fired, or may have. */
void sched_timer(void);
/* On the way out: who runs now; NULL: nobody can. Sets the timer. */
struct task *sched_pick(void);
/* Who runs or, if something happened, would run next. */
struct task *sched_current(void);

#endif
