/* test_cpool.c: paths through pools, and what a pool tells of itself. */
#include "tests/unit/unit.h"

#include "tests/unit/fake_arch.h"

static struct caller c;

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	/* Slot 5 holds a pool, whose slot 7 holds a page. */
	if (caller_retype(&c, OBJECT_CPOOL, 0, 1, 5))
		return -1;
	return caller_invoke(&c, UNTYPED_RETYPE, 2, 4,
			     (uint64_t[4]){OBJECT_RAW_PAGE, 0, 1, 0x0507}, 2);
}

static void test_paths_lead_through_pools_only(void **state)
{
	static const struct {
		uint64_t path;
		unsigned depth;
		enum error error;
	} rows[] = {
		{0x05, 1, ERR_OK},
		{0x0507, 2, ERR_OK},
		{0x000507, 3, ERR_OK},
		{0x0000000000000507, 8, ERR_OK},
		{0x0508, 2, ERR_OK}, /* though empty */
		{0x06, 1, ERR_OK},
		{0x0607, 2, ERR_BAD_ADDRESS},	/* through an empty slot */
		{0x0107, 2, ERR_BAD_ADDRESS},	/* through a task buffer */
		{0x050700, 3, ERR_BAD_ADDRESS}, /* through a page */
		{0x05, 0, ERR_BAD_ADDRESS},
		{0x05, 9, ERR_BAD_ADDRESS},
		{0x105, 1, ERR_BAD_ADDRESS}, /* bits above the depth */
		{UINT64_C(1) << 56 | 0x507, 7, ERR_BAD_ADDRESS},
	};
	struct slot *slot;
	unsigned found;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(cpool_walk(&c.task->cpool, rows[i].path,
					    rows[i].depth, 0, &slot, &found),
				 rows[i].error);
}

static void test_pools_ask_for_rights(void **state)
{
	static const struct {
		unsigned root, inner, want;
		enum error error;
	} rows[] = {
		{RIGHT_READ, 0, 0, ERR_OK},
		{0, RIGHT_ALL, 0, ERR_NO_RIGHT}, /* to look through */
		{RIGHT_ALL & ~RIGHT_READ, RIGHT_ALL, 0, ERR_NO_RIGHT},
		{RIGHT_READ, RIGHT_READ, RIGHT_WRITE, ERR_NO_RIGHT},
		{RIGHT_READ, RIGHT_WRITE, RIGHT_WRITE, ERR_OK},
		{RIGHT_READ, RIGHT_WRITE, RIGHT_READ | RIGHT_WRITE,
		 ERR_NO_RIGHT},
	};
	struct slot *slot;
	unsigned found;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.task->cpool.cap.rights = rows[i].root;
		c.pool->slot[5].cap.rights = rows[i].inner;
		assert_int_equal(cpool_walk(&c.task->cpool, 0x0507, 2,
					    rows[i].want, &slot, &found),
				 rows[i].error);
	}
}

static void test_a_task_without_a_pool_reaches_nothing(void **state)
{
	struct slot none = {0}, *slot;
	unsigned found = 77;

	assert_int_equal(cpool_walk(&none, 0, 1, 0, &slot, &found),
			 ERR_BAD_ADDRESS);
	assert_int_equal(found, OBJECT_NULL);
}

static void test_the_lowest_free_slot_is_found(void **state)
{
	assert_int_equal(
		caller_invoke(&c, CPOOL_FREE_SLOT, 0, 0, (uint64_t[4]){0}, 0),
		ERR_OK);
	assert_int_equal(c.task->regs.rdx, 3);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 2, 3), ERR_OK);
	assert_int_equal(cpool_lowest_free(c.pool), 6);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 248, 6), ERR_OK);
	assert_int_equal(cpool_lowest_free(c.pool), -1);
	assert_int_equal(
		caller_invoke(&c, CPOOL_FREE_SLOT, 0, 0, (uint64_t[4]){0}, 0),
		ERR_NO_SLOT);
}

static void test_types_are_told_within_range(void **state)
{
	static const struct {
		uint64_t index;
		enum error error;
		unsigned type; /* or what the error is about */
	} rows[] = {
		{0, ERR_OK, OBJECT_CPOOL},
		{2, ERR_OK, OBJECT_UNTYPED},
		{253, ERR_OK, OBJECT_NULL},
		{255, ERR_OK, OBJECT_TASK},
		{256, ERR_RANGE, DETAIL(1u, 0u, 0u)},
		{UINT64_MAX, ERR_RANGE, DETAIL(1u, 0u, 0u)},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(caller_invoke(&c, CPOOL_TYPE, 0, 1,
					       (uint64_t[4]){rows[i].index}, 0),
				 rows[i].error);
		assert_int_equal(c.task->regs.rdx, rows[i].type);
	}
	assert_int_equal(
		caller_invoke(&c, CPOOL_TYPE, 0, 0, (uint64_t[4]){0}, 0),
		ERR_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_paths_lead_through_pools_only,
				       setup),
		cmocka_unit_test_setup(test_pools_ask_for_rights, setup),
		cmocka_unit_test_setup(
			test_a_task_without_a_pool_reaches_nothing, setup),
		cmocka_unit_test_setup(test_the_lowest_free_slot_is_found,
				       setup),
		cmocka_unit_test_setup(test_types_are_told_within_range, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
