/* test_sched.c: round robin, and who is counted. */
#include "tests/unit/unit.h"

#include "tests/unit/fake_arch.h"

static struct task *task[3];

static int setup(void **state)
{
	fake_reset();
	for (unsigned i = 0; i < 3; i++) {
		task[i] = arch_ptr(fake_pages(1));
		task_init(task[i]);
	}
	return 0;
}

static void test_nobody_runs_when_nobody_is_ready(void **state)
{
	assert_null(sched_current());
	sched_rotate();
	assert_null(sched_current());
	assert_false(sched_contended());
}

static void test_each_gets_its_turn(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		sched_ready(task[i]);
	for (unsigned i = 0; i < 7; i++) {
		assert_ptr_equal(sched_current(), task[i % 3]);
		sched_rotate();
	}
}

static void test_a_tick_is_needed_only_for_two(void **state)
{
	sched_ready(task[0]);
	assert_false(sched_contended());
	sched_ready(task[1]);
	assert_true(sched_contended());
	sched_unready(task[0]);
	assert_false(sched_contended());
	assert_ptr_equal(sched_current(), task[1]);
}

static void test_any_task_can_leave_the_queue(void **state)
{
	for (unsigned leaver = 0; leaver < 3; leaver++) {
		for (unsigned i = 0; i < 3; i++)
			sched_ready(task[i]);
		task_stop(task[leaver]);
		assert_int_equal(task[leaver]->state, TASK_INACTIVE);
		assert_int_equal(kernel.ready_count, 2);
		for (unsigned i = 0; i < 3; i++) {
			if (i == leaver)
				continue;
			assert_ptr_equal(sched_current(), task[i]);
			task_stop(task[i]);
		}
		assert_null(sched_current());
		assert_null(kernel.ready.tail);
	}
}

static void test_tasks_are_numbered_from_one(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(task[i]->number, i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nobody_runs_when_nobody_is_ready,
				       setup),
		cmocka_unit_test_setup(test_each_gets_its_turn, setup),
		cmocka_unit_test_setup(test_a_tick_is_needed_only_for_two,
				       setup),
		cmocka_unit_test_setup(test_any_task_can_leave_the_queue,
				       setup),
		cmocka_unit_test_setup(test_tasks_are_numbered_from_one, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
