/* test_cap.c: the derivation list. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

#define SLOTS 8

static struct slot slot[SLOTS];

static int setup(void **state)
{
	fake_reset();
	memset(slot, 0, sizeof(slot));
	return 0;
}

static struct cap page(uint64_t base)
{
	return (struct cap){
		.type = OBJECT_RAW_PAGE, .rights = RIGHT_ALL, .base = base};
}

/* The list is exactly these slots, at these depths. */
static void expect(const int *index, const int *depth, int count)
{
	const struct slot *s = kernel.caps.next;

	for (int i = 0; i < count; i++, s = s->next) {
		assert_ptr_equal(s, &slot[index[i]]);
		assert_int_equal(s->depth, depth[i]);
		assert_ptr_equal(s->next->prev, s);
	}
	assert_ptr_equal(s, &kernel.caps);
}

static void test_children_follow_their_parent_before_its_siblings(void **state)
{
	struct cap cap = page(PAGE_SIZE), other = page(2 * PAGE_SIZE);

	cap_root(&kernel.caps, &slot[0], &cap);
	cap_root(&kernel.caps, &slot[1], &other);
	cap_copy(&slot[0], &slot[2]);
	cap_copy(&slot[0], &slot[3]);
	cap_copy(&slot[2], &slot[4]);
	expect((int[]){0, 3, 2, 4, 1}, (int[]){0, 1, 1, 2, 0}, 5);
}

static void test_a_moved_slot_keeps_its_place(void **state)
{
	struct cap cap = page(PAGE_SIZE);

	cap_root(&kernel.caps, &slot[0], &cap);
	cap_copy(&slot[0], &slot[1]);
	cap_copy(&slot[1], &slot[2]);
	cap_move(&slot[1], &slot[5]);
	assert_true(slot_empty(&slot[1]));
	expect((int[]){0, 5, 2}, (int[]){0, 1, 2}, 3);
}

static void test_a_removed_leaf_leaves_no_trace(void **state)
{
	struct cap cap = page(PAGE_SIZE);
	const struct slot none = {0};

	cap_root(&kernel.caps, &slot[0], &cap);
	cap_copy(&slot[0], &slot[1]);
	cap_copy(&slot[0], &slot[2]);
	cap_remove(&slot[1]);
	assert_memory_equal(&slot[1], &none, sizeof(none));
	expect((int[]){0, 2}, (int[]){0, 1}, 2);
}

static void test_the_copy_of_a_frame_is_mapped_nowhere(void **state)
{
	struct cap cap = page(PAGE_SIZE);

	cap.map.table = 5 * PAGE_SIZE;
	cap.map.va = 0x400000;
	cap.rights = RIGHT_READ | RIGHT_GRANT;
	cap_root(&kernel.caps, &slot[0], &cap);
	cap_copy(&slot[0], &slot[1]);
	assert_int_equal(slot[1].cap.map.table, 0);
	assert_int_equal(slot[1].cap.rights, cap.rights);
	assert_int_equal(slot[0].cap.map.table, 5 * PAGE_SIZE);
}

static void test_the_copy_of_an_untyped_takes_what_is_left(void **state)
{
	struct cap cap = {.type = OBJECT_UNTYPED,
			  .base = 16 * PAGE_SIZE,
			  .untyped = {.size = 8 * PAGE_SIZE, .used = 64}};

	cap_root(&kernel.caps, &slot[0], &cap);
	cap_copy(&slot[0], &slot[1]);
	assert_int_equal(slot[0].cap.untyped.used, 8 * PAGE_SIZE);
	assert_int_equal(slot[1].cap.untyped.used, 64);
}

static void test_a_page_table_that_hangs_nowhere_has_no_copy(void **state)
{
	static const uint8_t types[] = {OBJECT_PDPT, OBJECT_PD, OBJECT_PT};

	for (unsigned i = 0; i < sizeof(types); i++) {
		struct slot s = {.cap = {.type = types[i]}};

		assert_int_equal(cap_may_copy(&s), ERR_NOT_MAPPED);
		s.cap.map.table = PAGE_SIZE;
		assert_int_equal(cap_may_copy(&s), ERR_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_children_follow_their_parent_before_its_siblings,
			setup),
		cmocka_unit_test_setup(test_a_moved_slot_keeps_its_place,
				       setup),
		cmocka_unit_test_setup(test_a_removed_leaf_leaves_no_trace,
				       setup),
		cmocka_unit_test_setup(
			test_the_copy_of_a_frame_is_mapped_nowhere, setup),
		cmocka_unit_test_setup(
			test_the_copy_of_an_untyped_takes_what_is_left, setup),
		cmocka_unit_test(
			test_a_page_table_that_hangs_nowhere_has_no_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
