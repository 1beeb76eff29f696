/* test_back.c: how a CPU is brought back out of its guest: kicks, deadlines. */
#include "tests/kvm/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

GUEST(spin);

static uint64_t ms_since(uint64_t start)
{
	return (kvm_host_ns() - start) / 1000000;
}

static void *kick_soon(void *ctx)
{
	struct fixture *f = ctx;
	struct timespec ms = {0, 5000000};

	nanosleep(&ms, NULL);
	f->cpu->ops->kick(f->cpu);
	return NULL;
}

static void test_another_thread_kicks(void **state)
{
	struct fixture *f = *state;
	uint64_t start = kvm_host_ns();
	pthread_t thread;

	LOAD(f, spin);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, kick_soon, f),
				 0);
		run(f, EXIT_KICK);
		pthread_join(thread, NULL);
	}
	assert_true(gpr(f, GPR_RAX) > 0);
	assert_true(ms_since(start) < 2000);
}

#define STORM 300

static void *kick_many(void *ctx)
{
	struct fixture *f = ctx;

	for (unsigned i = 1; i <= STORM; i++) {
		f->cpu->ops->kick(f->cpu);
		while (__atomic_load_n(&f->came, __ATOMIC_SEQ_CST) < i)
			sched_yield();
	}
	return NULL;
}

/* Whenever it comes, before, in or after KVM_RUN: a lost one would hang. */
static void test_no_kick_is_lost(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	LOAD(f, spin);
	assert_int_equal(pthread_create(&thread, NULL, kick_many, f), 0);
	for (unsigned i = 0; i < STORM; i++) {
		f->deadline = now_of(f) + LONG_NS; /* for this kick alone */
		run(f, EXIT_KICK);
		__atomic_add_fetch(&f->came, 1, __ATOMIC_SEQ_CST);
	}
	pthread_join(thread, NULL);
}

static void test_a_kick_before_the_run_counts(void **state)
{
	struct fixture *f = *state;

	LOAD(f, spin);
	f->cpu->ops->kick(f->cpu);
	f->cpu->ops->kick(f->cpu);
	run(f, EXIT_KICK);
	assert_int_equal(gpr(f, GPR_RAX), 0);
	f->deadline = now_of(f) + 1000000;
	run(f, EXIT_DEADLINE); /* two kicks are one */
}

static void test_the_deadline_ends_a_run(void **state)
{
	struct fixture *f = *state;
	uint64_t start = kvm_host_ns();

	LOAD(f, spin);
	for (int i = 1; i <= 5; i++) {
		f->deadline = now_of(f) + 2000000;
		run(f, EXIT_DEADLINE);
		assert_true(now_of(f) >= f->deadline);
	}
	run(f, EXIT_DEADLINE); /* past: at once */
	assert_true(ms_since(start) < 2000);
}

/* A signal that is not ours, and a timer of an older deadline. */
static void test_what_wakes_it_too_early_changes_nothing(void **state)
{
	struct fixture *f = *state;

	LOAD(f, spin);
	f->deadline = now_of(f) + 3000000;
	run(f, EXIT_DEADLINE);
	raise(SIGUSR1);
	f->deadline = now_of(f) + 5000000;
	run(f, EXIT_DEADLINE);
	assert_true(now_of(f) >= f->deadline);
}

static void *run_there(void *ctx)
{
	struct fixture *f = ctx;

	f->deadline = now_of(f) + 2000000;
	f->cpu->ops->run(f->cpu, &f->exit);
	return NULL;
}

static void test_another_thread_may_run_it(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	LOAD(f, spin);
	f->deadline = now_of(f) + 2000000;
	run(f, EXIT_DEADLINE);
	assert_int_equal(pthread_create(&thread, NULL, run_there, f), 0);
	pthread_join(thread, NULL);
	assert_int_equal(f->exit.reason, EXIT_DEADLINE);
}

static const struct CMUnitTest tests[] = {
	CASE(test_another_thread_kicks),
	CASE(test_no_kick_is_lost),
	CASE(test_a_kick_before_the_run_counts),
	CASE(test_the_deadline_ends_a_run),
	CASE(test_what_wakes_it_too_early_changes_nothing),
	CASE(test_another_thread_may_run_it),
};

int back_group(void)
{
	return cmocka_run_group_tests_name("back", tests, NULL, NULL);
}
