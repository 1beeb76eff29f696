/*
 * thread.c: threads and children, as a program has them: that they run, that
 * they are apart, that they end, and that nothing of them is left.
 */
#include "guest-kernel/user/child.h"
#include "guest-kernel/user/lock.h"
#include "guest-kernel/user/thread.h"
#include "tests/kernel/check.h"

static __thread int own = 3;

static struct rt_thread threads[THREADS_MAX + 1];

/* ---- threads ---- */

static int add_own(void *argument)
{
	own += *(int *)argument;
	sys_yield();
	return own;
}

static void test_threads_return_results(void)
{
	static int numbers[8] = {0, 1, 2, 3, 4, 5, 6, -7};
	bool right = true;
	int result;

	for (int i = 0; i < 8; i++)
		right &= rt_thread_start(&threads[i], add_own, &numbers[i]) ==
			 ERR_OK;
	check(right, "eight threads");
	for (int i = 0; i < 8; i++)
		right &= rt_thread_join(&threads[i], &result) &&
			 result == 3 + numbers[i];
	check(right, "each has its own variables and result");
	check(own == 3, "and leaves ours alone");
}

static int deep(void *argument)
{
	volatile uint8_t large[40000];

	for (unsigned i = 0; i < sizeof(large); i += 512)
		large[i] = i;
	rt_thread_exit(large[512] == 0 && rt_thread_self() == argument ? 11
								       : 12);
}

static void test_stacks_are_large_and_guarded(void)
{
	struct rt_thread *t = &threads[0];
	int result;

	check_error(rt_thread_start(t, deep, t), ERR_OK,
		    "a thread that uses 40 KB");
	check(rt_thread_join(t, &result) && result == 11, "ends in the middle");
}

static int panics(void *argument)
{
	rt_panic("in a thread");
}

static void test_a_panic_is_seen_by_who_joins(void)
{
	check_error(rt_thread_start(&threads[0], panics, NULL), ERR_OK,
		    "a thread that panics");
	check(!rt_thread_join(&threads[0], NULL), "is told from others");
}

/* Uses its stack up to the page below, where nothing is. */
static int overflow(void *argument)
{
	volatile uint8_t *below = (uint8_t *)rt_self()->stack;

	below[0] = 1;
	below[-1] = 1;
	return 0;
}

static void test_a_fault_is_seen_by_who_joins(void)
{
	check_error(rt_thread_start(&threads[0], overflow, NULL), ERR_OK,
		    "a thread that runs over its stack");
	check(!rt_thread_join(&threads[0], NULL), "faults, and is joined");
}

/* Free memory, once every pool and table that stays is there. */
static uint64_t memory_left(void)
{
	uint64_t left = 0;

	malloc_trim();
	check_error(sys_untyped_info(UNTYPED, NULL, &left, NULL), ERR_OK,
		    "memory left");
	return left;
}

static void test_threads_leave_nothing_behind(void)
{
	static int zero;
	uint64_t before = memory_left();
	bool right = true;

	for (int i = 0; i < 300; i++)
		right &= rt_thread_start(&threads[0], add_own, &zero) ==
				 ERR_OK &&
			 rt_thread_join(&threads[0], NULL);
	check(right, "300 threads, one after the other");
	check_equal(memory_left(), before, "cost no memory");
}

static void test_too_many_threads_are_refused(void)
{
	static int zero;
	unsigned count = 0;
	enum error err;

	while ((err = rt_thread_make(&threads[count], add_own, &zero)) ==
	       ERR_OK)
		count++;
	check_equal(count, THREADS_MAX, "as many threads as there is room for");
	check_error(err, ERR_NO_SPACE, "and no more");
	for (unsigned i = 0; i < count; i++) {
		rt_thread_go(&threads[i]);
		rt_thread_join(&threads[i], NULL);
	}
	check_error(rt_thread_start(&threads[0], add_own, &zero), ERR_OK,
		    "then there is room again");
	rt_thread_join(&threads[0], NULL);
}

/* ---- locks, the heap from many threads ---- */

static struct lock lock;
static volatile unsigned counter;

static int count_up(void *argument)
{
	for (int i = 0; i < 100; i++) {
		unsigned seen;

		lock_take(&lock);
		seen = counter;
		if (i % 8 == 0)
			sys_yield();
		counter = seen + 1;
		lock_leave(&lock);
	}
	return 0;
}

static void test_a_lock_lets_one_in(void)
{
	lock.tokens = make(OBJECT_CHANNEL, 0);
	for (int i = 0; i < 6; i++)
		rt_thread_start(&threads[i], count_up, NULL);
	for (int i = 0; i < 6; i++)
		rt_thread_join(&threads[i], NULL);
	check_equal(counter, 600, "six threads count under a lock");
}

static int use_heap(void *argument)
{
	uint64_t seed = 1 + (uintptr_t)argument;
	uint8_t *p[16] = {0};
	size_t size[16] = {0};
	bool right = true;

	for (int i = 0; i < 500; i++) {
		unsigned n = next_random(&seed) % 16;

		for (size_t k = 0; k < size[n]; k += 7)
			right &= p[n][k] == (uint8_t)(seed ? n : 0);
		size[n] = next_random(&seed) % 3000;
		p[n] = realloc(p[n], size[n]);
		memset(p[n], n, size[n]);
		if (i % 16 == 0)
			sys_yield();
	}
	for (int n = 0; n < 16; n++)
		free(p[n]);
	return right;
}

static void test_the_heap_is_for_all(void)
{
	bool right = true;
	int result;

	for (uintptr_t i = 0; i < 5; i++)
		rt_thread_start(&threads[i], use_heap, (void *)i);
	for (int i = 0; i < 5; i++)
		right &= rt_thread_join(&threads[i], &result) && result == 1;
	check(right, "five threads use one heap");
}

int user_main(const struct boot_info *info)
{
	test_threads_return_results();
	test_stacks_are_large_and_guarded();
	test_a_panic_is_seen_by_who_joins();
	test_a_fault_is_seen_by_who_joins();
	test_threads_leave_nothing_behind();
	test_too_many_threads_are_refused();
	test_a_lock_lets_one_in();
	test_the_heap_is_for_all();
	return check_done();
}
