/* test_memory.c: sets of physical ranges. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

#define K UINT64_C(0x1000)

static void expect(const struct range_set *set, unsigned count,
		   const struct range *range)
{
	assert_int_equal(set->count, count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(set->range[i].base, range[i].base * K);
		assert_int_equal(set->range[i].end, range[i].end * K);
	}
}

static void test_only_whole_pages_are_added(void **state)
{
	struct range_set set = {0};

	ranges_add(&set, 1, 2 * K - 1);
	ranges_add(&set, 5 * K, 5 * K);
	ranges_add(&set, 6 * K, 5 * K);
	assert_int_equal(set.count, 0);
	ranges_add(&set, 1, 2 * K);
	expect(&set, 1, (struct range[]){{1, 2}});
	ranges_add(&set, DIRECT_MAP_SIZE - K, UINT64_MAX);
	ranges_add(&set, DIRECT_MAP_SIZE, UINT64_MAX);
	expect(&set, 2,
	       (struct range[]){
		       {1, 2}, {DIRECT_MAP_SIZE / K - 1, DIRECT_MAP_SIZE / K}});
}

static void test_ranges_stay_sorted_and_merged(void **state)
{
	struct range_set set = {0};

	ranges_add(&set, 20 * K, 30 * K);
	ranges_add(&set, 1 * K, 5 * K);
	ranges_add(&set, 40 * K, 50 * K);
	ranges_add(&set, 10 * K, 15 * K);
	expect(&set, 4, (struct range[]){{1, 5}, {10, 15}, {20, 30}, {40, 50}});
	ranges_add(&set, 5 * K, 6 * K);	  /* touches */
	ranges_add(&set, 12 * K, 25 * K); /* overlaps two */
	expect(&set, 3, (struct range[]){{1, 6}, {10, 30}, {40, 50}});
	ranges_add(&set, 0, 60 * K);
	expect(&set, 1, (struct range[]){{0, 60}});
}

static void test_removing_splits_and_cuts(void **state)
{
	struct range_set set = {0};

	ranges_add(&set, 10 * K, 20 * K);
	ranges_add(&set, 30 * K, 40 * K);
	ranges_remove(&set, 5 * K, 10 * K);
	ranges_remove(&set, 20 * K, 30 * K);
	expect(&set, 2, (struct range[]){{10, 20}, {30, 40}});
	ranges_remove(&set, 12 * K + 1, 12 * K + 2); /* one byte: its page */
	expect(&set, 3, (struct range[]){{10, 12}, {13, 20}, {30, 40}});
	ranges_remove(&set, 15 * K, 35 * K);
	expect(&set, 3, (struct range[]){{10, 12}, {13, 15}, {35, 40}});
	ranges_remove(&set, 0, UINT64_MAX);
	assert_int_equal(set.count, 0);
}

static void test_a_full_set_loses_memory_and_nothing_else(void **state)
{
	struct range_set set = {0};

	for (unsigned i = 0; i < RANGES + 5; i++)
		ranges_add(&set, 2 * i * K, (2 * i + 1) * K);
	assert_int_equal(set.count, RANGES);
	ranges_remove(&set, 0, K);
	assert_int_equal(set.count, RANGES - 1);
}

static void test_the_largest_is_found_below_a_limit(void **state)
{
	struct range_set set = {0};

	assert_null(ranges_largest(&set, UINT64_MAX));
	ranges_add(&set, 1 * K, 5 * K);
	ranges_add(&set, 10 * K, 30 * K);
	assert_ptr_equal(ranges_largest(&set, UINT64_MAX), &set.range[1]);
	assert_ptr_equal(ranges_largest(&set, 30 * K - 1), &set.range[0]);
	assert_null(ranges_largest(&set, 4 * K));
}

static void test_the_arena_gives_pages_until_it_is_empty(void **state)
{
	static struct boot boot;
	volatile unsigned pages = 0;

	fake_reset();
	ranges_add(&boot.memory, 8 * K, 12 * K);
	ranges_add(&boot.memory, 2 * K, 3 * K);
	arena_init(&boot, UINT64_MAX);
	expect(&boot.memory, 1, (struct range[]){{2, 3}});
	if (setjmp(fake.exit) == 0) {
		for (;;) {
			uint64_t pa = arena_pages(&boot, 1);

			assert_int_equal(pa, (8 + pages) * K);
			pages++;
		}
	}
	assert_int_equal(pages, 4);
	assert_non_null(strstr(fake.log, "out of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_whole_pages_are_added),
		cmocka_unit_test(test_ranges_stay_sorted_and_merged),
		cmocka_unit_test(test_removing_splits_and_cuts),
		cmocka_unit_test(test_a_full_set_loses_memory_and_nothing_else),
		cmocka_unit_test(test_the_largest_is_found_below_a_limit),
		cmocka_unit_test(test_the_arena_gives_pages_until_it_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
