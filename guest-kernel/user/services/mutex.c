/*
 * mutex.c: see mutex.h. A thread that finds a mutex taken sets the word's bit
 * 0 and calls the keeper, which answers when the mutex is the caller's. Only
 * the keeper takes the bit away, so a mutex with waiters is left through it.
 *
 * The keeper notes a thread's own priority when it first raises it. After
 * every change it works all priorities out anew, from those and from who
 * waits for whom: the waiters are few.
 */
#include "guest-kernel/user/services/mutex.h"

#define WAITED UINT64_C(1)

enum { TAKE = 1, LEAVE };

/* ---- threads ---- */

static uint64_t own_word(void)
{
	return (uintptr_t)rt_self();
}

bool mutex_try(struct mutex *mutex)
{
	uint64_t nobody = 0;

	return __atomic_compare_exchange_n(&mutex->owner, &nobody, own_word(),
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static enum error ask(struct mutex *mutex, uint32_t label)
{
	struct message m = {
		MESSAGE_INFO(label, 0, 2), {(uintptr_t)mutex, own_word()}, 0};
	enum error err = message_ask(mutex->keeper->endpoint, &m);

	return err ? err : MESSAGE_LABEL_OF(m.info);
}

enum error mutex_take(struct mutex *mutex)
{
	if (mutex_try(mutex))
		return ERR_OK;
	if ((mutex->owner & ~WAITED) == own_word())
		return ERR_BAD_STATE;
	return ask(mutex, TAKE);
}

void mutex_leave(struct mutex *mutex)
{
	uint64_t mine = own_word();

	if (__atomic_compare_exchange_n(&mutex->owner, &mine, 0, false,
					__ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return;
	if (ask(mutex, LEAVE) != ERR_OK)
		rt_panic("mutex %p: left by who does not have it",
			 (void *)mutex);
}

/* ---- the keeper ---- */

/* In the order in which they came. */
struct waiter {
	struct mutex *mutex; /* NULL: free */
	struct rt_task *task;
	uint64_t turn;
};

struct known {
	struct rt_task *task; /* NULL: free */
	uint64_t own, now;    /* priorities */
};

/* Waiters, and those that have what they wait for. */
#define KNOWN_MAX (2 * MUTEX_WAITERS)

struct state {
	const struct mutex_keeper *keeper;
	struct waiter waiter[MUTEX_WAITERS];
	struct known known[KNOWN_MAX];
	uint64_t turns;
	uint64_t maximum; /* the keeper's priority */
};

static struct rt_task *owner_of(const struct mutex *mutex)
{
	return (struct rt_task *)(mutex->owner & ~WAITED);
}

static struct known *find_known(struct state *s, const struct rt_task *task)
{
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		if (s->known[i].task == task)
			return &s->known[i];
	return NULL;
}

/* NULL: no room, and then this thread's priority stays as it is. */
static struct known *know(struct state *s, struct rt_task *task)
{
	struct known *k = find_known(s, task);
	uint64_t priority;

	if (k)
		return k;
	k = find_known(s, NULL);
	if (!k || sys_task_info(task->task, NULL, &priority, NULL) != ERR_OK)
		return NULL;
	*k = (struct known){task, priority, priority};
	return k;
}

static void set_priority(const struct state *s, struct known *k,
			 uint64_t priority)
{
	if (k->now != priority && sys_task_set_priority(k->task->task, priority,
							s->maximum) == ERR_OK)
		k->now = priority;
}

static bool involved(const struct state *s, const struct rt_task *task)
{
	for (unsigned i = 0; i < MUTEX_WAITERS; i++) {
		const struct waiter *w = &s->waiter[i];

		if (w->mutex && (w->task == task || owner_of(w->mutex) == task))
			return true;
	}
	return false;
}

/* Raises owners to their waiters, until nothing changes: a chain at a time. */
static void raise(struct state *s, uint64_t wanted[KNOWN_MAX])
{
	bool changed = true;

	for (unsigned round = 0; changed && round < MUTEX_WAITERS; round++) {
		changed = false;
		for (unsigned i = 0; i < MUTEX_WAITERS; i++) {
			struct waiter *w = &s->waiter[i];
			struct known *from, *to;

			if (!w->mutex)
				continue;
			from = know(s, w->task);
			to = know(s, owner_of(w->mutex));
			if (!from || !to ||
			    wanted[from - s->known] <= wanted[to - s->known])
				continue;
			wanted[to - s->known] = wanted[from - s->known];
			changed = true;
		}
	}
}

static void work_out(struct state *s)
{
	uint64_t wanted[KNOWN_MAX];

	for (unsigned i = 0; i < MUTEX_WAITERS; i++)
		if (s->waiter[i].mutex) {
			know(s, s->waiter[i].task);
			know(s, owner_of(s->waiter[i].mutex));
		}
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		wanted[i] = s->known[i].own;
	raise(s, wanted);
	for (unsigned i = 0; i < KNOWN_MAX; i++) {
		struct known *k = &s->known[i];

		if (!k->task)
			continue;
		set_priority(s, k, wanted[i]);
		if (!involved(s, k->task))
			k->task = NULL;
	}
}

/* False: who asked is not there any more. */
static bool answer(const struct state *s, unsigned i, enum error error)
{
	return message_send(caddr_in(s->keeper->replies, i),
			    (struct message){.info = MESSAGE_INFO(
						     error, 0, 0)}) == ERR_OK;
}

/* True: it was left meanwhile, and is the caller's now. */
static bool take_or_mark(struct mutex *mutex, uint64_t caller)
{
	uint64_t seen = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED), to;

	do
		to = seen & ~WAITED ? seen | WAITED : caller;
	while (!__atomic_compare_exchange_n(&mutex->owner, &seen, to, false,
					    __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED));
	return to == caller;
}

/* Of those that wait, the first of the highest priority; and how many. */
static struct waiter *best_waiter(struct state *s, const struct mutex *mutex,
				  unsigned *count)
{
	struct waiter *best = NULL;

	*count = 0;
	for (unsigned i = 0; i < MUTEX_WAITERS; i++) {
		struct waiter *w = &s->waiter[i];
		const struct known *k, *b;

		if (w->mutex != mutex)
			continue;
		++*count;
		k = find_known(s, w->task);
		b = best ? find_known(s, best->task) : NULL;
		if (!best || (k && b && k->now > b->now) ||
		    (k && b && k->now == b->now && w->turn < best->turn))
			best = w;
	}
	return best;
}

static enum error leave(struct state *s, struct mutex *mutex, uint64_t caller)
{
	struct waiter *next;
	unsigned count;

	if ((mutex->owner & ~WAITED) != caller)
		return ERR_BAD_STATE;
	do {
		next = best_waiter(s, mutex, &count);
		__atomic_store_n(&mutex->owner,
				 next ? (uintptr_t)next->task |
						 (count > 1 ? WAITED : 0)
				      : 0,
				 __ATOMIC_RELEASE);
		if (next)
			next->mutex = NULL;
	} while (next && !answer(s, next - s->waiter, ERR_OK));
	work_out(s);
	return ERR_OK;
}

/* A request that came with Reply i; MUTEX_WAITERS: nobody more can wait. */
static void handle(struct state *s, unsigned i, const struct message *m)
{
	struct mutex *mutex = (struct mutex *)m->word[0];

	if (MESSAGE_LABEL_OF(m->info) == LEAVE) {
		answer(s, i, leave(s, mutex, m->word[1]));
	} else if (i == MUTEX_WAITERS) {
		answer(s, i, ERR_NO_SLOT);
	} else if (take_or_mark(mutex, m->word[1])) {
		answer(s, i, ERR_OK);
	} else {
		s->waiter[i] = (struct waiter){
			mutex, (struct rt_task *)m->word[1], s->turns++};
		work_out(s);
	}
}

void mutex_keep(const struct mutex_keeper *keeper)
{
	struct state *s = calloc(1, sizeof(*s));
	struct message m;
	unsigned i;

	if (!s)
		rt_panic("mutex keeper: no memory");
	s->keeper = keeper;
	sys_task_info(rt_self()->task, NULL, &s->maximum, NULL);
	for (;;) {
		for (i = 0; i < MUTEX_WAITERS && s->waiter[i].mutex;)
			i++;
		m = (struct message){0};
		if (message_receive(keeper->endpoint,
				    caddr_in(keeper->replies, i), &m) != ERR_OK)
			break;
		handle(s, i, &m);
	}
	free(s);
}
