/* Who answers where, at both sides of every edge. */
#include "tests/unit/unit.h"

#include "vmm/bus.h"

/* A device whose registers read as their own number, and note writes. */
struct fake {
	struct device dev;
	uint64_t reg[8], val[8];
	unsigned size[8], writes;
};

static uint64_t fake_read(struct device *dev, uint64_t reg, unsigned size)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < size; i++)
		val |= ((reg + i) & 0xff) << i * 8;
	return val;
}

static void fake_write(struct device *dev, uint64_t reg, unsigned size,
		       uint64_t val)
{
	struct fake *f = container_of(dev, struct fake, dev);

	f->reg[f->writes] = reg;
	f->val[f->writes] = val;
	f->size[f->writes++] = size;
}

static const struct device_ops byte_ops = {
	.width = 1, .read = fake_read, .write = fake_write};
static const struct device_ops dword_ops = {
	.width = 4, .read = fake_read, .write = fake_write};

static void test_reads_of_nothing_are_ones(void **state)
{
	struct bus bus = {0};

	assert_int_equal(bus_read(&bus, 0, 1), 0xff);
	assert_int_equal(bus_read(&bus, 0xffff, 4), 0xffffffff);
	assert_true(bus_read(&bus, ~UINT64_C(0), 8) == ~UINT64_C(0));
	bus_write(&bus, 5, 8, 0);
}

static void test_both_sides_of_every_edge(void **state)
{
	struct fake a = {.dev.ops = &byte_ops}, b = {.dev.ops = &byte_ops};
	struct bus bus = {0};

	bus_map(&bus, 0x100, 8, &a.dev, 0);
	bus_map(&bus, 0x108, 4, &b.dev, 0x40);
	bus_map(&bus, 0xf0, 2, &a.dev, 0x20);
	assert_int_equal(bus_read(&bus, 0xff, 1), 0xff);
	assert_int_equal(bus_read(&bus, 0x100, 1), 0);
	assert_int_equal(bus_read(&bus, 0x107, 1), 7);
	assert_int_equal(bus_read(&bus, 0x108, 1), 0x40);
	assert_int_equal(bus_read(&bus, 0x10b, 1), 0x43);
	assert_int_equal(bus_read(&bus, 0x10c, 1), 0xff);
	assert_int_equal(bus_read(&bus, 0xf1, 1), 0x21);
	assert_int_equal(bus_read(&bus, 0xf2, 1), 0xff);
}

static void test_wide_accesses_are_cut(void **state)
{
	struct fake a = {.dev.ops = &byte_ops}, b = {.dev.ops = &dword_ops};
	struct bus bus = {0};

	bus_map(&bus, 0x3d4, 2, &a.dev, 0);
	bus_map(&bus, 0x400, 6, &b.dev, 0);
	bus_write(&bus, 0x3d4, 2, 0x0c0e);
	assert_int_equal(a.writes, 2);
	assert_int_equal(a.reg[1], 1);
	assert_int_equal(a.val[0], 0x0e);
	assert_int_equal(a.val[1], 0x0c);

	bus_write(&bus, 0x400, 8, UINT64_C(0x8877665544332211));
	assert_int_equal(b.writes, 2);
	assert_int_equal(b.size[0], 4);
	assert_int_equal(b.val[0], 0x44332211);
	assert_int_equal(b.size[1], 2);
	assert_int_equal(b.val[1], 0x6655);
	assert_true(bus_read(&bus, 0x404, 4) == 0xffff0504);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_of_nothing_are_ones),
		cmocka_unit_test(test_both_sides_of_every_edge),
		cmocka_unit_test(test_wide_accesses_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
