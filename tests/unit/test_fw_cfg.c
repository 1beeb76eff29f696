/* QEMU's configuration device: what kernels without a firmware ask of it. */
#include "tests/unit/chip.h"

static struct device *dev;

static int setup(void **state)
{
	dev = fw_cfg_create(0x123456000, 3);
	assert_non_null(dev);
	dev->ops->reset(dev);
	return 0;
}

static int teardown(void **state)
{
	dev->ops->destroy(dev);
	return 0;
}

static uint64_t item(unsigned key, unsigned bytes)
{
	uint64_t val = 0;

	dev->ops->write(dev, 0, 2, key);
	for (unsigned i = 0; i < bytes; i++)
		val |= dev->ops->read(dev, 1, 1) << 8 * i;
	return val;
}

static void test_items(void **state)
{
	static const struct {
		unsigned key, bytes;
		uint64_t val;
	} rows[] = {
		{0x00, 4, 0x554d4551},		      /* "QEMU" */
		{0x01, 4, 1},			      /* no DMA */
		{0x03, 8, 0x123456000},		      /* memory */
		{0x05, 2, 3},			      /* CPUs */
		{0x0f, 2, 3},		{0x19, 4, 0}, /* files: none */
		{0x02, 8, 0},			      /* nothing there */
		{0xffff, 8, 0},
	};

	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(item(rows[i].key, rows[i].bytes), rows[i].val);
}

static void test_zeros_behind_the_end(void **state)
{
	assert_int_equal(item(0x03, 8), 0x123456000);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(dev->ops->read(dev, 1, 1), 0);
}

static void test_selecting_begins_at_the_first_byte(void **state)
{
	assert_int_equal(item(0x00, 2), 0x4551);
	assert_int_equal(item(0x00, 4), 0x554d4551);
}

static void test_only_a_whole_selector_selects(void **state)
{
	assert_int_equal(item(0x05, 0), 0);
	dev->ops->write(dev, 0, 1, 0);
	dev->ops->write(dev, 1, 1, 0);
	assert_int_equal(dev->ops->read(dev, 1, 1), 3);
	assert_int_equal(dev->ops->read(dev, 0, 2) & 0xffff, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_items, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zeros_behind_the_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_selecting_begins_at_the_first_byte, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_only_a_whole_selector_selects, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
