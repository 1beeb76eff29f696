/*
 * test_sched.c: priorities, turns, budgets, timeouts and who the timer is set
 * for; time stands still but for what a test says.
 */
#include "tests/unit/unit.h"

#include "tests/unit/fake_arch.h"

#define TASKS 4

static struct task *task[TASKS];
static struct sched_context *context;

static int setup(void **state)
{
	fake_reset();
	for (unsigned i = 0; i < TASKS; i++) {
		task[i] = arch_ptr(fake_pages(1));
		task_init(task[i]);
	}
	context = arch_ptr(fake_pages(1));
	sched_context_init(context);
	fake.now = 1000;
	return 0;
}

static void ready(unsigned i, unsigned priority)
{
	task[i]->priority = task[i]->own_priority = priority;
	sched_ready(task[i]);
}

static struct task *at(uint64_t now)
{
	fake.now = now;
	sched_timer();
	return sched_pick();
}

static void test_nobody_runs_when_nobody_is_ready(void **state)
{
	assert_null(sched_pick());
	sched_yield();
	assert_null(sched_pick());
	assert_int_equal(fake.timer, ARCH_NEVER);
}

static void test_a_task_alone_has_no_slice(void **state)
{
	ready(0, 5);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, ARCH_NEVER);
}

static void test_peers_take_turns_when_they_yield(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		ready(i, 5);
	for (unsigned i = 0; i < 7; i++) {
		assert_ptr_equal(sched_pick(), task[i % 3]);
		sched_yield();
	}
}

static void test_peers_take_turns_when_slices_end(void **state)
{
	uint64_t now = fake.now;

	ready(0, 5);
	ready(1, 5);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, now + SLICE_NS);
	assert_ptr_equal(at(now + SLICE_NS - 1), task[0]);
	assert_ptr_equal(at(now + SLICE_NS), task[1]);
	assert_int_equal(fake.timer, now + 2 * SLICE_NS);
}

static void test_a_new_peer_begins_a_slice(void **state)
{
	ready(0, 5);
	sched_pick();
	fake.now = 5000;
	ready(1, 5);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, 5000 + SLICE_NS);
}

static void test_the_highest_runs_and_the_preempted_goes_on_first(void **state)
{
	ready(0, 5);
	ready(1, 5);
	assert_ptr_equal(sched_pick(), task[0]);
	ready(2, 255);
	assert_ptr_equal(sched_pick(), task[2]);
	sched_unready(task[2]);
	assert_ptr_equal(sched_pick(), task[0]);
}

static void test_a_lower_one_waits_for_ever(void **state)
{
	ready(0, 5);
	ready(1, 0);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, ARCH_NEVER);
	sched_yield();
	assert_ptr_equal(sched_pick(), task[0]);
	sched_unready(task[0]);
	assert_ptr_equal(sched_pick(), task[1]);
}

static void test_a_changed_priority_counts_at_once(void **state)
{
	ready(0, 5);
	ready(1, 4);
	assert_ptr_equal(sched_pick(), task[0]);
	sched_priority(task[1], 6);
	assert_ptr_equal(sched_pick(), task[1]);
	sched_priority(task[1], 4);
	assert_ptr_equal(sched_pick(), task[0]);
}

static void test_handover_skips_the_queues(void **state)
{
	ready(0, 5);
	sched_pick();
	fake.timer = 77; /* nothing sets it anew */
	sched_unready(task[0]);
	task[1]->priority = 3;
	sched_handover(task[1]);
	assert_ptr_equal(sched_pick(), task[1]);
	assert_int_equal(fake.timer, 77);
}

static void test_handover_yields_to_a_higher_one(void **state)
{
	ready(0, 5);
	sched_pick();
	ready(2, 4);
	sched_unready(task[0]);
	task[1]->priority = 3;
	sched_handover(task[1]);
	assert_ptr_equal(sched_pick(), task[2]);
}

static void give(uint64_t budget, uint64_t period)
{
	sched_refill(context, budget, period);
	sched_context_bind(context, task[0]);
}

static void test_a_budget_ends_a_turn(void **state)
{
	uint64_t now = fake.now;

	give(10000, 50000);
	ready(0, 5);
	ready(1, 4);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, now + 10000);
	assert_ptr_equal(at(now + 10000), task[1]);
	assert_int_equal(task[0]->state, TASK_PARKED);
	assert_int_equal(fake.timer, now + 50000);
	assert_ptr_equal(at(now + 50000), task[0]);
	assert_int_equal(sched_consumed(context), 10000);
}

static void test_without_a_budget_a_context_lets_nobody_run(void **state)
{
	sched_context_bind(context, task[0]);
	ready(0, 5);
	assert_null(sched_pick());
	assert_int_equal(fake.timer, ARCH_NEVER);
	sched_refill(context, 10000, 10000);
	assert_ptr_equal(sched_pick(), task[0]);
}

static void test_a_parked_task_can_be_stopped(void **state)
{
	sched_context_bind(context, task[0]);
	ready(0, 5);
	sched_unready(task[0]);
	assert_int_equal(task[0]->state, TASK_INACTIVE);
	assert_null(context->parked);
	sched_refill(context, 10000, 10000);
	assert_null(sched_pick());
}

static void test_an_unbound_task_runs_without_limit(void **state)
{
	give(10000, 50000);
	ready(0, 5);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_null(at(fake.now + 10000));
	sched_context_unbind(context);
	assert_ptr_equal(sched_pick(), task[0]);
	assert_int_equal(fake.timer, ARCH_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nobody_runs_when_nobody_is_ready,
				       setup),
		cmocka_unit_test_setup(test_a_task_alone_has_no_slice, setup),
		cmocka_unit_test_setup(test_peers_take_turns_when_they_yield,
				       setup),
		cmocka_unit_test_setup(test_peers_take_turns_when_slices_end,
				       setup),
		cmocka_unit_test_setup(test_a_new_peer_begins_a_slice, setup),
		cmocka_unit_test_setup(
			test_the_highest_runs_and_the_preempted_goes_on_first,
			setup),
		cmocka_unit_test_setup(test_a_lower_one_waits_for_ever, setup),
		cmocka_unit_test_setup(test_a_changed_priority_counts_at_once,
				       setup),
		cmocka_unit_test_setup(test_handover_skips_the_queues, setup),
		cmocka_unit_test_setup(test_handover_yields_to_a_higher_one,
				       setup),
		cmocka_unit_test_setup(test_a_budget_ends_a_turn, setup),
		cmocka_unit_test_setup(
			test_without_a_budget_a_context_lets_nobody_run, setup),
		cmocka_unit_test_setup(test_a_parked_task_can_be_stopped,
				       setup),
		cmocka_unit_test_setup(test_an_unbound_task_runs_without_limit,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
