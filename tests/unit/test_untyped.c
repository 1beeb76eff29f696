/* test_untyped.c: objects from memory, to the byte. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

static struct caller c;

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	return 0;
}

static const struct cap *untyped(void)
{
	return &c.pool->slot[2].cap;
}

static void test_objects_take_their_size_and_alignment(void **state)
{
	static const struct {
		unsigned type, bits;
		uint64_t used; /* afterwards, each behind the other */
	} rows[] = {
		{OBJECT_TASK, 0, TASK_BYTES},
		{OBJECT_CHANNEL, 0, TASK_BYTES + 1280},
		{OBJECT_RAW_PAGE, 0, 2 * 4096},
		{OBJECT_CHANNEL, 8, 2 * 4096 + 128 + 256 * 1152},
		{OBJECT_CPOOL, 0, 2 * 4096 + 256 + 256 * 1152 + 16384},
		{OBJECT_PML4, 0, 80 * 4096},
		{OBJECT_UNTYPED, 64, 80 * 4096 + 64},
		{OBJECT_UNTYPED, 8192, 83 * 4096},
		{0},
	};

	for (unsigned i = 0; rows[i].used; i++) {
		assert_int_equal(caller_retype(&c, rows[i].type, rows[i].bits,
					       1, 10 + i),
				 ERR_OK);
		assert_int_equal(untyped()->untyped.used, rows[i].used);
		assert_int_equal(c.task->regs.rdx,
				 CALLER_UNTYPED_BYTES - rows[i].used);
		assert_null(verify());
	}
}

static void test_retype_refuses_and_changes_nothing(void **state)
{
	static const struct {
		uint64_t type, bits, count, dest;
		unsigned words, depth;
		enum error error;
	} rows[] = {
		{OBJECT_TASK, 0, 1, 9, 3, 1, ERR_TRUNCATED},
		{OBJECT_NULL, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_UNTYPED, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_UNTYPED, 63, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_UNTYPED, UINT64_MAX - 63, 1, 9, 4, 1, ERR_NO_MEMORY},
		{OBJECT_UNTYPED, CALLER_UNTYPED_BYTES + 64, 1, 9, 4, 1,
		 ERR_NO_MEMORY},
		{OBJECT_ZOMBIE, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_ENDPOINT + 100, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_IO_PORT, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_COUNT, 0, 1, 9, 4, 1, ERR_RANGE},
		{UINT64_C(1) << 32 | OBJECT_TASK, 0, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 1, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_CHANNEL, 9, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_CHANNEL, UINT64_C(1) << 32, 1, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 0, 0, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 0, 257, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 0, UINT64_MAX, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 0, 250, 9, 4, 1, ERR_RANGE},
		{OBJECT_TASK, 0, 1, 2, 4, 1, ERR_SLOT_TAKEN},
		{OBJECT_TASK, 0, 3, 0xff00, 4, 1, ERR_BAD_ADDRESS},
		{OBJECT_TASK, 0, 1, 9, 4, 0, ERR_BAD_ADDRESS},
		{OBJECT_TASK, 0, 1, 0x0109, 4, 2, ERR_BAD_ADDRESS},
		{OBJECT_CHANNEL, 8, 15, 9, 4, 1, ERR_NO_MEMORY},
		{OBJECT_CPOOL, 0, 245, 9, 4, 1, ERR_OK},
		{OBJECT_CPOOL, 0, 1, 9, 4, 1, ERR_SLOT_TAKEN},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cap before = *untyped();
		const struct slot *child = c.pool->slot[2].child;
		uint64_t word[4] = {rows[i].type, rows[i].bits, rows[i].count,
				    rows[i].dest};

		assert_int_equal(caller_invoke(&c, UNTYPED_RETYPE, 2,
					       rows[i].words, word,
					       rows[i].depth),
				 rows[i].error);
		assert_null(verify());
		if (rows[i].error) {
			assert_memory_equal(untyped(), &before, sizeof(before));
			assert_ptr_equal(c.pool->slot[2].child, child);
		}
	}
}

static void test_the_last_byte_can_be_used_and_no_more(void **state)
{
	unsigned pages = CALLER_UNTYPED_BYTES / PAGE_SIZE;

	/* 1024 pages: four pools of 256 pages fit, but for the pools. */
	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 5, 10), ERR_OK);
	pages -= 5 * 4 + 1;
	for (unsigned pool = 10; pages > 0; pool++) {
		unsigned n = pages < 256 ? pages : 256;
		uint64_t word[4] = {OBJECT_RAW_PAGE, 0, n, pool << 8};

		assert_int_equal(
			caller_invoke(&c, UNTYPED_RETYPE, 2, 4, word, 2),
			ERR_OK);
		pages -= n;
	}
	assert_int_equal(c.task->regs.rdx, 0);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 1, 20),
			 ERR_NO_MEMORY);
	assert_null(verify());
}

static void test_memory_is_zeroed(void **state)
{
	const struct cap *cap = untyped();
	const uint8_t *page = arch_ptr(cap->base);

	memset(arch_ptr(cap->base), 0xa5, 4096 * 8);
	assert_int_equal(caller_retype(&c, OBJECT_RAW_PAGE, 0, 1, 10), ERR_OK);
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(page[i], 0);
	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 11), ERR_OK);
	for (unsigned i = 0; i < 256; i++)
		assert_true(
			slot_empty(&cpool_of(&c.pool->slot[11].cap)->slot[i]));
}

static void test_slots_are_filled_in_order_of_address(void **state)
{
	const struct slot *slot = c.pool->slot;

	assert_int_equal(caller_retype(&c, OBJECT_RAW_PAGE, 0, 3, 10), ERR_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(slot[10 + i].cap.base,
				 untyped()->base + i * PAGE_SIZE);
	assert_ptr_equal(slot[2].child, &slot[12]);
}

static enum error drop(unsigned index)
{
	return caller_invoke(&c, CPOOL_DELETE, 0, 1, (uint64_t[4]){index}, 0);
}

static void test_without_children_all_memory_is_back(void **state)
{
	uint8_t *page = arch_ptr(untyped()->base);

	assert_int_equal(caller_retype(&c, OBJECT_RAW_PAGE, 0, 2, 10), ERR_OK);
	memset(page, 0x5a, PAGE_SIZE);
	assert_int_equal(drop(10), ERR_OK);
	assert_int_equal(untyped()->untyped.used, 2 * PAGE_SIZE);
	assert_int_equal(drop(11), ERR_OK);
	caller_invoke(&c, UNTYPED_INFO, 2, 0, (uint64_t[4]){0}, 0);
	assert_int_equal(c.task->regs.r10, CALLER_UNTYPED_BYTES);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 1, 10), ERR_OK);
	assert_int_equal(c.pool->slot[10].cap.base, untyped()->base);
	assert_int_equal(caller_retype(&c, OBJECT_RAW_PAGE, 0, 1, 11), ERR_OK);
	assert_int_equal(page[100], 0); /* cleared anew */
	assert_null(verify());
}

static void test_an_untyped_splits_and_its_parts_come_together(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_UNTYPED, 1 << 20, 3, 10),
			 ERR_OK);
	assert_int_equal(
		caller_invoke(&c, UNTYPED_RETYPE, 11, 4,
			      (uint64_t[4]){OBJECT_RAW_PAGE, 0, 200, 20}, 1),
		ERR_OK);
	assert_null(verify());
	/* The middle part goes; what was made from it has its memory still. */
	assert_int_equal(drop(11), ERR_OK);
	assert_null(verify());
	assert_int_equal(
		caller_invoke(&c, CPOOL_REVOKE, 0, 1, (uint64_t[4]){2}, 0),
		ERR_OK);
	assert_null(c.pool->slot[2].child);
	for (unsigned i = 10; i < 220; i++)
		assert_true(slot_empty(&c.pool->slot[i]));
	assert_int_equal(
		caller_retype(&c, OBJECT_UNTYPED, CALLER_UNTYPED_BYTES, 1, 10),
		ERR_OK);
	assert_null(verify());
}

static void test_a_copy_has_all_once_the_children_are_gone(void **state)
{
	const uint64_t copy[4] = {20, 2}, revoke[4] = {2};

	assert_int_equal(caller_retype(&c, OBJECT_RAW_PAGE, 0, 9, 10), ERR_OK);
	assert_int_equal(caller_invoke(&c, CPOOL_REVOKE, 0, 1, revoke, 0),
			 ERR_OK);
	assert_int_equal(caller_invoke(&c, CPOOL_COPY, 0, 2, copy, 1), ERR_OK);
	assert_int_equal(c.pool->slot[20].cap.base, untyped()->base);
	assert_int_equal(c.pool->slot[20].cap.untyped.size,
			 CALLER_UNTYPED_BYTES);
	assert_null(verify());
}

/* Broken off at every page, the call goes on where it was. */
static void test_clearing_can_be_interrupted(void **state)
{
	struct regs *r = &c.task->regs;
	unsigned calls = 0;

	memset(arch_ptr(untyped()->base), 0x5a, 64 * PAGE_SIZE);
	fake.interrupt_in = 1;
	do {
		r->rip = 0x1002;
		calls++;
		caller_retype(&c, OBJECT_RAW_PAGE, 0, 64, 10);
		assert_null(verify());
		assert_true(calls <= 64);
	} while (r->rip == 0x1000);
	assert_int_equal(calls, 64);
	assert_int_equal(r->rax, ERR_OK);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(
			*(uint8_t *)arch_ptr(c.pool->slot[10 + i].cap.base), 0);
}

static void test_device_memory_is_frames_and_left_alone(void **state)
{
	static const struct {
		uint64_t type, size;
		enum error error;
	} rows[] = {
		{OBJECT_TASK, 0, ERR_RANGE},
		{OBJECT_CPOOL, 0, ERR_RANGE},
		{OBJECT_PT, 0, ERR_RANGE},
		{OBJECT_PML4, 0, ERR_RANGE},
		{OBJECT_CHANNEL, 0, ERR_RANGE},
		{OBJECT_TASK_BUFFER, 0, ERR_RANGE},
		{OBJECT_RAW_PAGE, 0, ERR_OK},
		{OBJECT_UNTYPED, 4096, ERR_OK},
	};
	/* No memory there at all. */
	struct cap device = {.type = OBJECT_UNTYPED,
			     .rights = RIGHT_ALL,
			     .flags = CAP_DEVICE,
			     .base = UINT64_C(0xfd000000),
			     .untyped = {.size = 1 << 24}};

	cap_root(&c.pool->slot[9], &device);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t word[4] = {rows[i].type, rows[i].size, 1, 10 + i};

		assert_int_equal(
			caller_invoke(&c, UNTYPED_RETYPE, 9, 4, word, 1),
			rows[i].error);
		if (!rows[i].error)
			assert_int_equal(c.pool->slot[10 + i].cap.flags,
					 CAP_DEVICE);
	}
	assert_null(verify());
	caller_invoke(&c, UNTYPED_INFO, 9, 0, (uint64_t[4]){0}, 0);
	assert_int_equal(c.task->regs.r8, UNTYPED_DEVICE);
	assert_int_equal(c.task->regs.r10, (1 << 24) - 8192);
}

static void test_info_tells_size_and_rest(void **state)
{
	caller_retype(&c, OBJECT_TASK, 0, 1, 10);
	assert_int_equal(
		caller_invoke(&c, UNTYPED_INFO, 2, 0, (uint64_t[4]){0}, 0),
		ERR_OK);
	assert_int_equal(c.task->regs.rdx, CALLER_UNTYPED_BYTES);
	assert_int_equal(c.task->regs.r10, CALLER_UNTYPED_BYTES - TASK_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_objects_take_their_size_and_alignment, setup),
		cmocka_unit_test_setup(test_retype_refuses_and_changes_nothing,
				       setup),
		cmocka_unit_test_setup(
			test_the_last_byte_can_be_used_and_no_more, setup),
		cmocka_unit_test_setup(test_memory_is_zeroed, setup),
		cmocka_unit_test_setup(
			test_slots_are_filled_in_order_of_address, setup),
		cmocka_unit_test_setup(test_info_tells_size_and_rest, setup),
		cmocka_unit_test_setup(test_without_children_all_memory_is_back,
				       setup),
		cmocka_unit_test_setup(
			test_an_untyped_splits_and_its_parts_come_together,
			setup),
		cmocka_unit_test_setup(
			test_a_copy_has_all_once_the_children_are_gone, setup),
		cmocka_unit_test_setup(test_clearing_can_be_interrupted, setup),
		cmocka_unit_test_setup(
			test_device_memory_is_frames_and_left_alone, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
