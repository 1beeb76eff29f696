/*
 * mutex.c: mutexes that pass priorities on. Threads of low and high priority
 * share one while another of a priority in between never lets the processor
 * go.
 */
#include "guest-kernel/user/services/mutex.h"
#include "guest-kernel/user/thread.h"
#include "tests/kernel/check.h"

#define MS UINT64_C(1000000)

static struct mutex_keeper keeper;
static struct mutex first_mutex, second_mutex;
static struct caddr ready; /* Notification: who runs so far */
static volatile bool stop, spinner_ended;

static int serve_mutexes(void *argument)
{
	mutex_keep(argument);
	return 0;
}

/* Leaves the processor to nobody below until it is told, or 200 ms are up. */
static int spin(void *argument)
{
	uint64_t end = sys_clock() + 200 * MS;

	while (!stop && sys_clock() < end)
		;
	spinner_ended = true;
	return stop;
}

/* Holds the mutex until someone waits for it. */
static int hold(void *argument)
{
	struct mutex *mutex = argument;
	enum error err = mutex_take(mutex);

	notify(ready, 1);
	while (!(__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) & 1))
		sys_yield();
	for (volatile int i = 0; i < 20000; i++)
		;
	mutex_leave(mutex);
	return err;
}

/* Holds the second one and waits for the first. */
static int hold_and_wait(void *argument)
{
	enum error err = mutex_take(&second_mutex);

	notify(ready, 2);
	err = err ? err : mutex_take(&first_mutex);
	mutex_leave(&first_mutex);
	mutex_leave(&second_mutex);
	return err;
}

/* 1: it had the mutex while the one who spins did so. */
static int take_urgently(void *argument)
{
	bool right = mutex_take(argument) == ERR_OK && !spinner_ended;

	mutex_leave(argument);
	return right;
}

static void start_at(struct rt_thread *t, unsigned priority, int (*run)(void *),
		     void *argument)
{
	if (rt_thread_make(t, run, argument) != ERR_OK ||
	    sys_task_set_priority(t->task, priority, priority) != ERR_OK ||
	    rt_thread_go(t) != ERR_OK)
		rt_panic("a thread of priority %u", priority);
}

static void await_ready(void)
{
	uint64_t bits;

	notification_wait(ready, NO_DEADLINE, &bits);
}

static void test_inheritance(void)
{
	struct rt_thread low, middle, high;
	uint64_t priority = 0;
	int result = 0;

	start_at(&low, 50, hold, &first_mutex);
	await_ready();
	start_at(&middle, 60, spin, NULL);
	start_at(&high, 70, take_urgently, &first_mutex);
	check(rt_thread_join(&high, &result) && result == 1,
	      "who waits is not held up by one in between");
	sys_task_info(low.task, NULL, &priority, NULL);
	check_equal(priority, 50, "then the owner is as it was");
	stop = true;
	check(rt_thread_join(&middle, &result) && result == 1,
	      "the one in between did not have to end");
	check(rt_thread_join(&low, &result) && result == ERR_OK, "all end");
	stop = spinner_ended = false;
}

static void test_inheritance_by_a_chain(void)
{
	struct rt_thread low, next, middle, high;
	int result = 0;

	start_at(&low, 40, hold, &first_mutex);
	await_ready();
	start_at(&next, 50, hold_and_wait, NULL);
	await_ready();
	start_at(&middle, 60, spin, NULL);
	start_at(&high, 70, take_urgently, &second_mutex);
	check(rt_thread_join(&high, &result) && result == 1,
	      "nor when an owner waits for another one");
	stop = true;
	check(rt_thread_join(&middle, NULL) && rt_thread_join(&next, &result) &&
		      result == ERR_OK && rt_thread_join(&low, NULL),
	      "all end");
	stop = spinner_ended = false;
}

static volatile unsigned shared;

static int count_under_mutex(void *argument)
{
	for (int i = 0; i < 50; i++) {
		unsigned seen;

		if (mutex_take(&first_mutex) != ERR_OK)
			return 1;
		seen = shared;
		if (i % 4 == 0)
			sys_yield();
		shared = seen + 1;
		mutex_leave(&first_mutex);
	}
	return 0;
}

static void test_exclusion(void)
{
	struct rt_thread thread[5];
	bool right = true;
	int result;

	check(mutex_try(&first_mutex) && !mutex_try(&first_mutex),
	      "a mutex is taken once");
	check_error(mutex_take(&first_mutex), ERR_BAD_STATE,
		    "not even by its owner");
	mutex_leave(&first_mutex);
	for (unsigned i = 0; i < 5; i++)
		start_at(&thread[i], 80 + i % 2, count_under_mutex, NULL);
	for (unsigned i = 0; i < 5; i++)
		right &= rt_thread_join(&thread[i], &result) && result == 0;
	check(right, "five threads");
	check_equal(shared, 250, "count under it");
	check_equal(first_mutex.owner, 0, "which is free then");
}

int user_main(const struct boot_info *info)
{
	struct rt_thread thread;

	keeper = (struct mutex_keeper){
		.endpoint = make(OBJECT_ENDPOINT, 0),
		.replies = make(OBJECT_CPOOL, 0),
	};
	ready = make(OBJECT_NOTIFICATION, 0);
	first_mutex.keeper = second_mutex.keeper = &keeper;
	check_error(sys_untyped_retype(UNTYPED, OBJECT_REPLY, 0,
				       MUTEX_WAITERS + 1,
				       caddr_in(keeper.replies, 0), NULL),
		    ERR_OK, "replies");
	check_error(rt_thread_start(&thread, serve_mutexes, &keeper), ERR_OK,
		    "the keeper of mutexes");
	test_exclusion();
	test_inheritance();
	test_inheritance_by_a_chain();
	sys_cpool_revoke(ROOT, keeper.endpoint.path);
	sys_cpool_delete(ROOT, keeper.endpoint.path);
	check(rt_thread_join(&thread, NULL), "ends with its Endpoint");
	return check_done();
}
