/* No address and no length reaches outside RAM. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/guestmem.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static void test_refuses_odd_sizes(void **state)
{
	static const uint64_t bad[] = {0, MIB - 4096, MIB + 1, 65 * GIB,
				       UINT64_MAX};
	struct guestmem gm;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(guestmem_init(&gm, bad[i]), -EINVAL);
	guestmem_fini(&gm);
}

static void test_edges_of_one_region(void **state)
{
	struct guestmem gm;
	uint8_t byte = 7, buf[2];

	assert_int_equal(guestmem_init(&gm, MIB), 0);
	assert_non_null(guestmem_ptr(&gm, 0, MIB));
	assert_null(guestmem_ptr(&gm, 0, MIB + 1));
	assert_null(guestmem_ptr(&gm, 1, MIB));
	assert_null(guestmem_ptr(&gm, MIB - 1, UINT64_MAX));
	assert_null(guestmem_ptr(&gm, MIB, 0));
	assert_null(guestmem_ptr(&gm, UINT64_MAX, 2));
	assert_true(guestmem_write(&gm, MIB - 1, &byte, 1));
	assert_false(guestmem_write(&gm, MIB - 1, buf, 2));
	assert_true(guestmem_read(&gm, MIB - 2, buf, 2));
	assert_int_equal(buf[1], 7);
	guestmem_fini(&gm);
}

static void test_large_memory_leaves_a_hole(void **state)
{
	struct guestmem gm;

	assert_int_equal(guestmem_init(&gm, 4 * GIB), 0);
	assert_int_equal(guestmem_size(&gm), 4 * GIB);
	assert_null(guestmem_ptr(&gm, GUESTMEM_LOW_MAX, 1));
	assert_null(guestmem_ptr(&gm, GUESTMEM_HIGH_BASE - 1, 1));
	assert_null(guestmem_ptr(&gm, GUESTMEM_LOW_MAX - 1, 2));
	assert_non_null(guestmem_ptr(&gm, GUESTMEM_HIGH_BASE, GIB));
	assert_null(guestmem_ptr(&gm, GUESTMEM_HIGH_BASE, GIB + 1));
	guestmem_fini(&gm);
	guestmem_fini(&gm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses_odd_sizes),
		cmocka_unit_test(test_edges_of_one_region),
		cmocka_unit_test(test_large_memory_leaves_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
