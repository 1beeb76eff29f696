/*
 * lock.h: one at a time. Who finds a lock taken waits in the kernel, first
 * come first served; taking and leaving a free one makes no system call.
 */
#ifndef USER_LOCK_H
#define USER_LOCK_H

#include "guest-kernel/user/rt.h"

/*
 * `tokens` is a Channel with room for one entry: who leaves a lock that others
 * wait for puts a token there, for the first of them.
 */
struct lock {
	struct caddr tokens;
	uint32_t users; /* who has it and who waits */
};

void lock_take(struct lock *lock);
void lock_leave(struct lock *lock);

/*
 * The runtime's own lock, for the heap and all memory. Until threads are made
 * it does nothing. It may be taken by who has it already.
 */
void rt_lock(void);
void rt_unlock(void);

/* Before the first thread; more often does no harm. */
enum error rt_lock_begin(void);

#endif
