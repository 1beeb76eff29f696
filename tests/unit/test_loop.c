/* The loop calls what is ready, and the watcher kicks once for it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

#include "vmm/loop.h"

struct fixture {
	struct loop *loop;
	int pipe[2];
	unsigned ready, fired;
	sem_t kicked;
};

static void on_kick(void *ctx)
{
	struct fixture *f = ctx;

	sem_post(&f->kicked);
}

static void on_ready(void *ctx)
{
	struct fixture *f = ctx;

	f->ready++;
}

static void on_ready_remove(void *ctx)
{
	struct fixture *f = ctx;

	f->ready++;
	loop_remove(f->loop, f->pipe[0]);
}

static void on_fire(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	sem_init(&f.kicked, 0, 0);
	f.loop = loop_create(on_kick, &f);
	*state = &f;
	return !f.loop || pipe(f.pipe);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	loop_destroy(f->loop);
	close(f->pipe[0]);
	close(f->pipe[1]);
	return 0;
}

static void test_calls_what_is_readable_until_removed(void **state)
{
	struct fixture *f = *state;

	loop_add(f->loop, f->pipe[0], on_ready, f);
	assert_int_equal(loop_poll(f->loop, 0), 0);
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	assert_int_equal(loop_poll(f->loop, UINT64_MAX), 1);
	assert_int_equal(loop_poll(f->loop, UINT64_MAX), 1);
	loop_remove(f->loop, f->pipe[0]);
	loop_remove(f->loop, 12345);
	assert_int_equal(loop_poll(f->loop, 0), 0);
	assert_int_equal(f->ready, 2);
}

static void test_a_callback_may_remove_itself(void **state)
{
	struct fixture *f = *state;

	loop_add(f->loop, f->pipe[0], on_ready_remove, f);
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	loop_poll(f->loop, UINT64_MAX);
	loop_poll(f->loop, 0);
	assert_int_equal(f->ready, 1);
}

static void test_end_of_file_is_readable(void **state)
{
	struct fixture *f = *state;

	loop_add(f->loop, f->pipe[0], on_ready, f);
	close(f->pipe[1]);
	f->pipe[1] = -1;
	assert_int_equal(loop_poll(f->loop, UINT64_MAX), 1);
}

static void test_the_watcher_kicks_for_a_descriptor(void **state)
{
	struct fixture *f = *state;

	loop_add(f->loop, f->pipe[0], on_ready, f);
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	sem_wait(&f->kicked);
	assert_int_equal(f->ready, 0);
	assert_int_equal(loop_poll(f->loop, 0), 1);
	/* Still not drained: armed again, it kicks again. */
	sem_wait(&f->kicked);
}

static void test_the_watcher_kicks_for_a_timer(void **state)
{
	struct fixture *f = *state;

	loop_timer(f->loop, loop_now_ns() + 1000, on_fire, f);
	sem_wait(&f->kicked);
	assert_int_equal(loop_poll(f->loop, 0), 1);
	assert_int_equal(f->fired, 1);
	assert_int_equal(loop_poll(f->loop, 0), 0);
}

static void test_a_timer_can_be_moved_and_removed(void **state)
{
	struct fixture *f = *state;

	loop_timer(f->loop, 1, on_fire, f);
	loop_timer(f->loop, UINT64_MAX - 1, on_fire, f);
	assert_int_equal(loop_poll(f->loop, 0), 0);
	loop_timer(f->loop, 1, on_fire, f);
	loop_timer(f->loop, 0, on_fire, f);
	assert_int_equal(loop_poll(f->loop, 0), 0);
	assert_int_equal(f->fired, 0);
}

static void test_too_many_descriptors_are_refused(void **state)
{
	struct fixture *f = *state;
	int err = 0;

	for (int i = 0; i < 17; i++)
		err = loop_add(f->loop, f->pipe[0], on_ready, f);
	assert_int_equal(err, -ENOSPC);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_calls_what_is_readable_until_removed),
		LOOP_TEST(test_a_callback_may_remove_itself),
		LOOP_TEST(test_end_of_file_is_readable),
		LOOP_TEST(test_the_watcher_kicks_for_a_descriptor),
		LOOP_TEST(test_the_watcher_kicks_for_a_timer),
		LOOP_TEST(test_a_timer_can_be_moved_and_removed),
		LOOP_TEST(test_too_many_descriptors_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
