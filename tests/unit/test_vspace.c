/* test_vspace.c: page tables are written right, or not at all. */
#include "tests/unit/unit.h"

#include "tests/unit/fake_arch.h"

#define VA UINT64_C(0x123456789000)

enum { TOP = 10, PDPT, PD, PT, PAGE, PAGE2, TOP2 };

static struct caller c;

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	return caller_retype(&c, OBJECT_PML4, 0, 1, TOP) ||
	       caller_retype(&c, OBJECT_PDPT, 0, 1, PDPT) ||
	       caller_retype(&c, OBJECT_PD, 0, 1, PD) ||
	       caller_retype(&c, OBJECT_PT, 0, 1, PT) ||
	       caller_retype(&c, OBJECT_RAW_PAGE, 0, 2, PAGE) ||
	       caller_retype(&c, OBJECT_PML4, 0, 1, TOP2);
}

static enum error map_table(unsigned slot, uint64_t va)
{
	return caller_invoke(&c, TABLE_MAP, slot, 2, (uint64_t[4]){va, TOP}, 1);
}

static enum error map_page(unsigned slot, uint64_t va, uint64_t rights)
{
	return caller_invoke(&c, PAGE_MAP, slot, 3,
			     (uint64_t[4]){va, rights, TOP}, 1);
}

static enum error unmap(unsigned slot)
{
	return caller_invoke(&c, PAGE_UNMAP, slot, 0, (uint64_t[4]){0}, 0);
}

static int setup_tables(void **state)
{
	return setup(state) || map_table(PDPT, VA) || map_table(PD, VA) ||
	       map_table(PT, VA);
}

static uint64_t entry(uint64_t va)
{
	uint64_t *e;

	assert_int_equal(vspace_walk(c.pool->slot[TOP].cap.base, va, 1, &e),
			 ERR_OK);
	return *e;
}

static void test_tables_hang_in_order_and_once(void **state)
{
	assert_int_equal(map_table(PT, VA), ERR_NO_TABLE);
	assert_int_equal(map_table(PD, VA), ERR_NO_TABLE);
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_NO_TABLE);
	assert_int_equal(map_table(PDPT, USER_END), ERR_RANGE);
	assert_int_equal(map_table(PDPT, UINT64_MAX), ERR_RANGE);
	assert_int_equal(map_table(PDPT, VA), ERR_OK);
	assert_int_equal(map_table(PDPT, 0), ERR_BAD_STATE);
	assert_int_equal(caller_retype(&c, OBJECT_PDPT, 0, 1, 20), ERR_OK);
	assert_int_equal(map_table(20, VA), ERR_MAPPED);
	assert_int_equal(map_table(PD, VA), ERR_OK);
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_NO_TABLE);
	assert_int_equal(map_table(PT, VA), ERR_OK);
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(map_table(TOP, VA), ERR_WRONG_TYPE);
}

static void test_entries_say_what_was_asked(void **state)
{
	static const struct {
		unsigned rights;
		uint64_t flags;
	} rows[] = {
		{RIGHT_READ, PTE_P | PTE_U | PTE_NX},
		{RIGHT_READ | RIGHT_WRITE, PTE_P | PTE_U | PTE_W | PTE_NX},
		{RIGHT_READ | RIGHT_EXEC, PTE_P | PTE_U},
		{RIGHT_READ | RIGHT_GRANT, PTE_P | PTE_U | PTE_NX},
	};
	uint64_t base = c.pool->slot[PAGE].cap.base;

	/* The same capability at the same place: the rights change. */
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake.flushed = 0;
		assert_int_equal(map_page(PAGE, VA, rows[i].rights), ERR_OK);
		assert_int_equal(entry(VA), base | rows[i].flags);
		assert_int_equal(fake.flushed, VA);
	}
}

static void test_bad_mappings_are_refused(void **state)
{
	static const struct {
		uint64_t va, rights;
		enum error error;
	} rows[] = {
		{VA + 1, RIGHT_READ, ERR_ALIGNMENT},
		{USER_END, RIGHT_READ, ERR_RANGE},
		{UINT64_C(0xffff800000000000), RIGHT_READ, ERR_RANGE},
		{UINT64_C(1) << 63, RIGHT_READ, ERR_RANGE},
		{VA, 0, ERR_RANGE},
		{VA, RIGHT_WRITE, ERR_RANGE},
		{VA, RIGHT_ALL + 1, ERR_RANGE},
		{VA, RIGHT_READ | RIGHT_WRITE, ERR_NO_RIGHT},
		{VA, RIGHT_READ | RIGHT_EXEC, ERR_NO_RIGHT},
		{VA + (1 << 21), RIGHT_READ, ERR_NO_TABLE},
		{VA, RIGHT_READ, ERR_OK},
		{VA + PAGE_SIZE, RIGHT_READ, ERR_BAD_STATE},
	};

	c.pool->slot[PAGE].cap.rights = RIGHT_READ;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(map_page(PAGE, rows[i].va, rows[i].rights),
				 rows[i].error);
	assert_int_equal(map_page(PAGE2, VA, RIGHT_READ), ERR_MAPPED);
	assert_int_equal(caller_invoke(&c, PAGE_MAP, PAGE2, 3,
				       (uint64_t[4]){VA, 1, PT}, 1),
			 ERR_WRONG_TYPE);
	assert_int_equal(caller_invoke(&c, PAGE_MAP, PAGE2, 2,
				       (uint64_t[4]){VA, 1, TOP}, 1),
			 ERR_TRUNCATED);
}

static void test_unmapping_makes_room(void **state)
{
	assert_int_equal(unmap(PAGE), ERR_NOT_MAPPED);
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	fake.flushed = 0;
	assert_int_equal(unmap(PAGE), ERR_OK);
	assert_int_equal(fake.flushed, VA);
	assert_int_equal(entry(VA), 0);
	assert_int_equal(unmap(PAGE), ERR_NOT_MAPPED);
	assert_int_equal(map_page(PAGE2, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(map_page(PAGE, VA + PAGE_SIZE, RIGHT_READ), ERR_OK);
}

static void test_a_copy_maps_a_second_time(void **state)
{
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	cap_copy(&c.pool->slot[PAGE], &c.pool->slot[30]);
	assert_int_equal(map_page(30, VA + PAGE_SIZE, RIGHT_READ), ERR_OK);
	assert_int_equal(unmap(PAGE), ERR_OK);
	assert_int_equal(
		entry(VA + PAGE_SIZE),
		vspace_page_entry(&c.pool->slot[PAGE].cap, RIGHT_READ));
}

static enum error drop(unsigned slot)
{
	return caller_invoke(&c, CPOOL_DELETE, 0, 1, (uint64_t[4]){slot}, 0);
}

/* A deleted frame is unmapped wherever it was, and only that one. */
static void test_a_deleted_frame_is_unmapped(void **state)
{
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(map_page(PAGE2, VA + PAGE_SIZE, RIGHT_READ), ERR_OK);
	assert_null(verify());
	fake.flushed = 0;
	assert_int_equal(drop(PAGE), ERR_OK);
	assert_int_equal(fake.flushed, VA);
	assert_int_equal(fake.flushed_space, c.pool->slot[TOP].cap.space);
	assert_int_equal(entry(VA), 0);
	assert_int_not_equal(entry(VA + PAGE_SIZE), 0);
	assert_null(verify());
}

static void test_revoking_unmaps_every_copy(void **state)
{
	static const struct way none;

	for (unsigned i = 0; i < 8; i++) {
		cap_copy(&c.pool->slot[PAGE + i % 2], &c.pool->slot[30 + i]);
		assert_int_equal(map_page(30 + i, VA + i * PAGE_SIZE,
					  RIGHT_READ | RIGHT_WRITE),
				 ERR_OK);
	}
	assert_null(verify());
	assert_true(object_revoke(&c.pool->slot[PAGE], &none));
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(!entry(VA + i * PAGE_SIZE), i % 2 == 0);
	assert_null(verify());
}

static enum error map_large(unsigned slot, uint64_t va)
{
	return map_page(slot, va, RIGHT_READ | RIGHT_WRITE);
}

static void test_large_frames_take_the_place_of_a_table(void **state)
{
	uint64_t va = VA & -LARGE_PAGE_BYTES, other = va + LARGE_PAGE_BYTES;
	uint64_t *e, word;

	assert_int_equal(caller_retype(&c, OBJECT_LARGE_PAGE, 0, 1, 20),
			 ERR_OK);
	assert_int_equal(c.pool->slot[20].cap.base % LARGE_PAGE_BYTES, 0);
	assert_int_equal(map_large(20, other + PAGE_SIZE), ERR_ALIGNMENT);
	assert_int_equal(map_large(20, va), ERR_MAPPED); /* the table is */
	assert_int_equal(map_large(20, va + (UINT64_C(1) << 30)), ERR_NO_TABLE);
	assert_int_equal(map_large(20, other), ERR_OK);
	assert_null(verify());
	assert_int_equal(vspace_walk(c.pool->slot[TOP].cap.base, other, 2, &e),
			 ERR_OK);
	assert_int_equal(*e, c.pool->slot[20].cap.base | PTE_P | PTE_U | PTE_W |
				     PTE_NX | PTE_PS);
	/* Nothing smaller there, neither frame nor table. */
	assert_int_equal(map_page(PAGE, other, RIGHT_READ), ERR_MAPPED);
	assert_int_equal(caller_retype(&c, OBJECT_PT, 0, 1, 21), ERR_OK);
	assert_int_equal(map_table(21, other), ERR_MAPPED);
	((uint64_t *)arch_ptr(c.pool->slot[20].cap.base))[600] = 0x1234;
	assert_true(vspace_read_word(c.pool->slot[TOP].cap.base, other + 4800,
				     &word));
	assert_int_equal(word, 0x1234);
	assert_int_equal(drop(20), ERR_OK);
	assert_int_equal(*e, 0);
	assert_int_equal(map_table(21, other), ERR_OK);
	assert_null(verify());
}

/* Without their table frames are mapped nowhere, and know it. */
static void test_a_table_takes_its_mappings_along(void **state)
{
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(
		caller_invoke(&c, TABLE_UNMAP, PT, 0, (uint64_t[4]){0}, 0),
		ERR_OK);
	assert_int_equal(fake.flushed_tables, c.pool->slot[TOP].cap.space);
	assert_null(verify());
	assert_int_equal(
		caller_invoke(&c, TABLE_UNMAP, PT, 0, (uint64_t[4]){0}, 0),
		ERR_NOT_MAPPED);
	assert_int_equal(unmap(PAGE), ERR_NOT_MAPPED);
	assert_int_equal(map_table(PT, VA), ERR_OK);
	assert_int_equal(entry(VA), 0);
	assert_int_equal(map_page(PAGE, VA + PAGE_SIZE, RIGHT_READ), ERR_OK);
	assert_null(verify());
}

/* A table below one that goes hangs nowhere; hung in again, it is empty. */
static void test_tables_below_a_deleted_one_begin_anew(void **state)
{
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(drop(PD), ERR_OK);
	assert_null(verify());
	assert_int_equal(unmap(PAGE), ERR_NOT_MAPPED);
	assert_int_equal(caller_retype(&c, OBJECT_PD, 0, 1, PD), ERR_OK);
	assert_int_equal(map_table(PD, VA), ERR_OK);
	assert_int_equal(map_table(PT, VA), ERR_OK);
	assert_int_equal(entry(VA), 0);
	assert_null(verify());
}

/* The space is gone and its identifier another's: nothing is unmapped there. */
static void test_what_was_mapped_in_a_space_that_is_gone(void **state)
{
	unsigned space = c.pool->slot[TOP].cap.space;

	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(drop(TOP), ERR_OK);
	assert_int_equal(fake.space_gone, space);
	assert_null(verify());
	assert_int_equal(unmap(PAGE), ERR_NOT_MAPPED);
	assert_int_equal(caller_retype(&c, OBJECT_PML4, 0, 1, TOP), ERR_OK);
	assert_int_equal(c.pool->slot[TOP].cap.space, space);
	assert_int_equal(map_table(PDPT, VA), ERR_OK);
	assert_int_equal(map_table(PD, VA), ERR_OK);
	assert_int_equal(map_table(PT, VA), ERR_OK);
	assert_int_equal(entry(VA), 0);
	assert_int_equal(map_page(PAGE2, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(drop(PAGE), ERR_OK); /* not PAGE2's */
	assert_int_not_equal(entry(VA), 0);
	assert_null(verify());
}

static void test_identifiers_run_out_and_come_back(void **state)
{
	unsigned made = 0;

	kernel.spaces_begun = kernel.spaces_used = SPACES - 3;
	assert_int_equal(caller_retype(&c, OBJECT_PML4, 0, 3, 30),
			 ERR_NO_SPACE);
	assert_int_equal(caller_retype(&c, OBJECT_PML4, 0, 2, 30), ERR_OK);
	assert_int_equal(caller_retype(&c, OBJECT_PML4, 0, 1, 32),
			 ERR_NO_SPACE);
	for (; made < 100; made++) {
		assert_int_equal(drop(30), ERR_OK);
		assert_int_equal(caller_retype(&c, OBJECT_PML4, 0, 1, 30),
				 ERR_OK);
	}
	assert_int_equal(c.pool->slot[30].cap.space, SPACES - 2);
}

static void test_device_memory_is_never_cached_nor_read(void **state)
{
	struct cap device = {.type = OBJECT_RAW_PAGE,
			     .rights = RIGHT_ALL,
			     .flags = CAP_DEVICE,
			     .base = UINT64_C(0xfd000000)};
	uint64_t word;

	cap_root(&c.pool->slot[30], &device);
	assert_int_equal(map_page(30, VA, RIGHT_READ), ERR_OK);
	assert_int_equal(entry(VA), device.base | PTE_P | PTE_U | PTE_NX |
					    PTE_PCD | PTE_PWT);
	assert_false(vspace_read_word(c.pool->slot[TOP].cap.base, VA, &word));
	assert_null(verify());
}

static void test_every_top_table_has_the_kernel_half(void **state)
{
	const uint64_t *top = arch_ptr(c.pool->slot[TOP2].cap.base);
	const uint64_t *kernel_top = arch_ptr(kernel.top_table);

	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		assert_int_equal(top[i], i < KERNEL_HALF ? 0 : kernel_top[i]);
	assert_true(top[KERNEL_HALF] & PTE_P);
}

static void test_user_words_are_read_where_they_are(void **state)
{
	uint64_t top = c.pool->slot[TOP].cap.base, word;
	uint64_t *page = arch_ptr(c.pool->slot[PAGE].cap.base);

	page[511] = 0xabcd;
	assert_false(vspace_read_word(top, VA, &word));
	assert_int_equal(map_page(PAGE, VA, RIGHT_READ), ERR_OK);
	assert_true(vspace_read_word(top, VA + 4088, &word));
	assert_int_equal(word, 0xabcd);
	assert_false(vspace_read_word(top, VA + 4089, &word));
	assert_false(vspace_read_word(top, VA + 4096, &word));
	assert_false(vspace_read_word(top, USER_END, &word));
	assert_false(vspace_read_word(top, UINT64_MAX - 7, &word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tables_hang_in_order_and_once,
				       setup),
		cmocka_unit_test_setup(test_entries_say_what_was_asked,
				       setup_tables),
		cmocka_unit_test_setup(test_bad_mappings_are_refused,
				       setup_tables),
		cmocka_unit_test_setup(test_unmapping_makes_room, setup_tables),
		cmocka_unit_test_setup(test_a_copy_maps_a_second_time,
				       setup_tables),
		cmocka_unit_test_setup(test_a_deleted_frame_is_unmapped,
				       setup_tables),
		cmocka_unit_test_setup(test_revoking_unmaps_every_copy,
				       setup_tables),
		cmocka_unit_test_setup(
			test_large_frames_take_the_place_of_a_table,
			setup_tables),
		cmocka_unit_test_setup(test_a_table_takes_its_mappings_along,
				       setup_tables),
		cmocka_unit_test_setup(
			test_tables_below_a_deleted_one_begin_anew,
			setup_tables),
		cmocka_unit_test_setup(
			test_what_was_mapped_in_a_space_that_is_gone,
			setup_tables),
		cmocka_unit_test_setup(test_identifiers_run_out_and_come_back,
				       setup),
		cmocka_unit_test_setup(
			test_device_memory_is_never_cached_nor_read,
			setup_tables),
		cmocka_unit_test_setup(test_every_top_table_has_the_kernel_half,
				       setup),
		cmocka_unit_test_setup(test_user_words_are_read_where_they_are,
				       setup_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
