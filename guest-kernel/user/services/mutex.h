/*
 * mutex.h: mutual exclusion for the threads of one address space, with
 * priority inheritance: who holds a mutex runs with the highest priority of
 * those that wait for it, directly or by way of other mutexes, so that a
 * thread in between cannot hold them all up.
 *
 * Taking a free mutex and leaving one that nobody waits for is one atomic
 * operation. All else is up to the keeper, a thread that should have the
 * highest priority of all: those it raises may then give as much to others.
 */
#ifndef SERVICES_MUTEX_H
#define SERVICES_MUTEX_H

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

#define MUTEX_WAITERS 32 /* at a time; beyond that a wait is refused */

struct mutex_keeper {
	struct caddr endpoint;
	struct caddr replies; /* a pool: Replys in slots 0..MUTEX_WAITERS */
};

struct mutex {
	uint64_t owner; /* its struct rt_task; bit 0: somebody waits */
	const struct mutex_keeper *keeper;
};

/* ERR_NO_SLOT: too many wait. Of a mutex it holds: BAD_STATE. */
enum error mutex_take(struct mutex *mutex);
/* By its owner alone. */
void mutex_leave(struct mutex *mutex);
bool mutex_try(struct mutex *mutex);

/* The keeper: serves until its Endpoint is gone. */
void mutex_keep(const struct mutex_keeper *keeper);

#endif
