/* test_task.c: settings, and what a task needs to start. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

enum { TASK = 9, TOP = 10, BUFFER = 11 };

static struct caller c;
static struct task *task;

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	if (caller_retype(&c, OBJECT_TASK, 0, 1, TASK) ||
	    caller_retype(&c, OBJECT_PML4, 0, 1, TOP) ||
	    caller_retype(&c, OBJECT_TASK_BUFFER, 0, 1, BUFFER))
		return -1;
	task = task_of(&c.pool->slot[TASK].cap);
	return 0;
}

static enum error set(unsigned label, uint64_t value)
{
	return caller_invoke(&c, label, TASK, 1, (uint64_t[4]){value}, 0);
}

static enum error set_cap(unsigned label, unsigned slot)
{
	return caller_invoke(&c, label, TASK, 1, (uint64_t[4]){slot}, 1);
}

static void test_words_are_kept_within_user_space(void **state)
{
	static const unsigned labels[] = {TASK_SET_IP, TASK_SET_SP,
					  TASK_SET_FS_BASE};

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(set(labels[i], USER_END - 1), ERR_OK);
		assert_int_equal(set(labels[i], USER_END), ERR_RANGE);
		assert_int_equal(set(labels[i], UINT64_C(1) << 47), ERR_RANGE);
		assert_int_equal(set(labels[i], UINT64_MAX), ERR_RANGE);
	}
	assert_int_equal(set(TASK_SET_ARG, UINT64_MAX), ERR_OK);
	assert_int_equal(task->regs.rip, USER_END - 1);
	assert_int_equal(task->regs.rsp, USER_END - 1);
	assert_int_equal(task->arch.fs_base, USER_END - 1);
	assert_int_equal(task->regs.rdi, UINT64_MAX);
	assert_int_equal(
		caller_invoke(&c, TASK_SET_IP, TASK, 0, (uint64_t[4]){0}, 0),
		ERR_TRUNCATED);
}

static void test_a_start_needs_pool_table_ip_and_sp(void **state)
{
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_INCOMPLETE);
	set(TASK_SET_IP, 0x1000);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_INCOMPLETE);
	set(TASK_SET_SP, 0x2000);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_INCOMPLETE);
	set_cap(TASK_SET_CPOOL, 0);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_INCOMPLETE);
	set_cap(TASK_SET_TABLE, TOP);
	assert_int_equal(set(TASK_SET_ACTIVE, 2), ERR_RANGE);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_OK);
	assert_int_equal(task->state, TASK_READY);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_OK);
	assert_null(verify());
	assert_int_equal(set(TASK_SET_IP, 0x1000), ERR_BAD_STATE);
	assert_int_equal(set_cap(TASK_SET_CPOOL, 0), ERR_BAD_STATE);
	assert_int_equal(set(TASK_SET_ACTIVE, 0), ERR_OK);
	assert_int_equal(set(TASK_SET_ACTIVE, 0), ERR_OK);
	assert_int_equal(set(TASK_SET_IP, 0x1000), ERR_OK);
	assert_null(verify());
}

static void test_capabilities_are_of_the_right_type_and_replaced(void **state)
{
	static const struct {
		unsigned label, right, wrong;
	} rows[] = {
		{TASK_SET_CPOOL, 0, TOP},
		{TASK_SET_TABLE, TOP, BUFFER},
		{TASK_SET_BUFFER, BUFFER, 0},
	};

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(set_cap(rows[i].label, rows[i].wrong),
				 ERR_WRONG_TYPE);
		assert_int_equal(set_cap(rows[i].label, 200), ERR_EMPTY_SLOT);
		assert_int_equal(set_cap(rows[i].label, rows[i].right), ERR_OK);
		assert_null(verify());
		assert_int_equal(set_cap(rows[i].label, rows[i].right), ERR_OK);
		assert_null(verify());
	}
	assert_ptr_equal(task_buffer(task),
			 arch_ptr(c.pool->slot[BUFFER].cap.base));
}

static void test_a_faulted_ip_does_not_resume(void **state)
{
	set_cap(TASK_SET_CPOOL, 0);
	set_cap(TASK_SET_TABLE, TOP);
	set(TASK_SET_SP, 0x2000);
	task->regs.rip = UINT64_C(0x800000000000);
	assert_int_equal(set(TASK_SET_ACTIVE, 1), ERR_INCOMPLETE);
}

static void test_a_task_may_stop_itself(void **state)
{
	cap_copy(&c.pool->slot[0], &task->cpool);
	assert_int_equal(c.task->state, TASK_READY);
	/* The caller through its own capability. */
	c.pool->slot[TASK].cap.base = (uint64_t)c.task - DIRECT_MAP;
	assert_int_equal(set(TASK_SET_ACTIVE, 0), ERR_OK);
	assert_int_equal(c.task->state, TASK_INACTIVE);
	assert_null(sched_current());
}

static void test_a_fault_stops_the_task_and_says_where(void **state)
{
	set_cap(TASK_SET_CPOOL, 0);
	set_cap(TASK_SET_TABLE, TOP);
	set(TASK_SET_IP, 0x1234);
	set(TASK_SET_SP, 0x2000);
	set(TASK_SET_ACTIVE, 1);
	task->regs.rbp = UINT64_MAX; /* a chain that leads nowhere */
	fault_user(task, FAULT_PAGE, 0xdead);
	assert_int_equal(task->state, TASK_INACTIVE);
	assert_string_equal(fake.log, "[kernel] fault: task 2 is suspended\n"
				      "[kernel]   fault, error 0x0, address "
				      "0xdead\n"
				      "[kernel]   rip 0x1234, rsp 0x2000\n"
				      "[kernel]   backtrace: 0x1234\n");
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_words_are_kept_within_user_space),
		T(test_a_start_needs_pool_table_ip_and_sp),
		T(test_capabilities_are_of_the_right_type_and_replaced),
		T(test_a_faulted_ip_does_not_resume),
		T(test_a_task_may_stop_itself),
		T(test_a_fault_stops_the_task_and_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
