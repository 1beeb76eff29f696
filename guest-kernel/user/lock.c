/* lock.c: see lock.h. */
#include "guest-kernel/user/lock.h"

#include "guest-kernel/user/grain.h"

void lock_take(struct lock *lock)
{
	struct taken token;
	enum error err;

	if (__atomic_fetch_add(&lock->users, 1, __ATOMIC_ACQUIRE) == 0)
		return;
	err = sys_channel_take(lock->tokens, 0, CADDR_ANY, &token);
	if (err != ERR_OK)
		rt_panic("lock: take: %s", error_name(err));
}

void lock_leave(struct lock *lock)
{
	enum error err;

	if (__atomic_fetch_sub(&lock->users, 1, __ATOMIC_RELEASE) == 1)
		return;
	err = sys_channel_put_raw(lock->tokens, 0, CHANNEL_TRY);
	if (err != ERR_OK)
		rt_panic("lock: put: %s", error_name(err));
}

/* ---- the runtime's own ---- */

static struct {
	struct lock lock; /* tokens.depth 0: there are no threads */
	const struct rt_task *owner;
	unsigned depth;
} own;

enum error rt_lock_begin(void)
{
	if (own.lock.tokens.depth)
		return ERR_OK;
	return memory_keep(MEMORY_LOCK, OBJECT_CHANNEL, &own.lock.tokens);
}

/* Only its owner finds itself in `owner`, so this look needs no lock. */
void rt_lock(void)
{
	if (!own.lock.tokens.depth)
		return;
	if (__atomic_load_n(&own.owner, __ATOMIC_RELAXED) != rt_self()) {
		lock_take(&own.lock);
		__atomic_store_n(&own.owner, rt_self(), __ATOMIC_RELAXED);
	}
	own.depth++;
}

void rt_unlock(void)
{
	if (!own.lock.tokens.depth || --own.depth > 0)
		return;
	__atomic_store_n(&own.owner, NULL, __ATOMIC_RELAXED);
	lock_leave(&own.lock);
}
