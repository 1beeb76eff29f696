/*
 * sched_context.h: processor time as an object. One task is bound to it; a
 * server without one of its own runs on its caller's. At most one task that
 * can run runs on it.
 */
#ifndef KERNEL_SCHED_CONTEXT_H
#define KERNEL_SCHED_CONTEXT_H

#include "guest-kernel/kernel/object.h"
#include "guest-kernel/kernel/refill.h"
#include "guest-kernel/kernel/timeout.h"

struct sched_context {
	struct object object;
	struct refills refills; /* budget 0: none was given yet */
	struct timeout timeout; /* of the next refill, while a task is parked */
	struct task *parked;
	struct task *bound;
	uint64_t consumed; /* ns, ever */
	uint32_t lent;	   /* along how many calls, CHAIN_LENGTH at most */
	uint32_t zero;
} __attribute__((aligned(64)));

struct reply;

void sched_context_init(struct sched_context *sc);
void sched_context_bind(struct sched_context *sc, struct task *task);
void sched_context_unbind(struct sched_context *sc);
/* From the caller of a call to its server, and back from all it went on to. */
void sched_context_lend(struct reply *reply);
void sched_context_return(struct reply *reply);

#define BUDGET_MIN UINT64_C(10000) /* ns: two switches and some work */
#define PERIOD_MAX (UINT64_C(1) << 40)

#endif
