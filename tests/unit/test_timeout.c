/*
 * test_timeout.c: the heap of timeouts against a plain array, with the
 * heap's own rules checked after every step.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "guest-kernel/kernel/timeout.h"

#define NODES 100

static struct timeouts heap;
static struct timeout node[NODES];

static int setup(void **state)
{
	heap = (struct timeouts){0};
	for (unsigned i = 0; i < NODES; i++)
		node[i] = (struct timeout){0};
	return 0;
}

static uint32_t rank(const struct timeout *t)
{
	return t ? t->rank : 0;
}

static unsigned check_heap(const struct timeout *t)
{
	const struct timeout *child[2] = {t->left, t->right};
	unsigned nodes = 1;

	for (unsigned i = 0; i < 2; i++) {
		if (!child[i])
			continue;
		assert_ptr_equal(child[i]->parent, t);
		assert_true(child[i]->when >= t->when);
		nodes += check_heap(child[i]);
	}
	assert_true(rank(t->left) >= rank(t->right));
	assert_int_equal(t->rank, 1 + rank(t->right));
	return nodes;
}

static void check_same(void)
{
	uint64_t first = UINT64_MAX;
	unsigned armed = 0;

	for (unsigned i = 0; i < NODES; i++) {
		if (!node[i].when)
			continue;
		armed++;
		if (node[i].when < first)
			first = node[i].when;
	}
	assert_int_equal(timeout_next(&heap), first);
	assert_int_equal(heap.first ? check_heap(heap.first) : 0, armed);
	if (heap.first)
		assert_null(heap.first->parent);
}

static void test_an_empty_heap_is_never_due(void **state)
{
	assert_int_equal(timeout_next(&heap), UINT64_MAX);
	assert_null(timeout_due(&heap, UINT64_MAX));
}

static void test_due_is_at_its_time_and_not_before(void **state)
{
	timeout_arm(&heap, &node[0], 10);
	assert_null(timeout_due(&heap, 9));
	assert_ptr_equal(timeout_due(&heap, 10), &node[0]);
	assert_int_equal(node[0].when, 0);
	assert_null(timeout_due(&heap, 10));
}

static void test_cancelling_what_is_not_armed_does_nothing(void **state)
{
	timeout_arm(&heap, &node[0], 10);
	timeout_cancel(&heap, &node[1]);
	check_same();
}

static void test_random_steps_keep_order_and_shape(void **state)
{
	srandom(1);
	for (unsigned step = 0; step < 20000; step++) {
		struct timeout *t = &node[random() % NODES];

		if (t->when)
			timeout_cancel(&heap, t);
		else
			timeout_arm(&heap, t, 1 + random() % 50);
		check_same();
	}
}

static void test_ascending_and_descending_times_stay_shallow(void **state)
{
	for (unsigned i = 0; i < NODES; i++)
		timeout_arm(&heap, &node[i], i % 2 ? 1000 - i : 1000 + i);
	assert_true(heap.first->rank <= 7); /* log2(101) */
	for (uint64_t last = 0; heap.first;) {
		struct timeout *t = heap.first;

		assert_true(t->when >= last);
		last = t->when;
		timeout_cancel(&heap, t);
		check_same();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_empty_heap_is_never_due, setup),
		cmocka_unit_test_setup(test_due_is_at_its_time_and_not_before,
				       setup),
		cmocka_unit_test_setup(
			test_cancelling_what_is_not_armed_does_nothing, setup),
		cmocka_unit_test_setup(test_random_steps_keep_order_and_shape,
				       setup),
		cmocka_unit_test_setup(
			test_ascending_and_descending_times_stay_shallow,
			setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
