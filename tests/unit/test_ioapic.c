/* The IOAPIC: edges, levels and their ends, and what its registers keep. */
#include "tests/unit/chip.h"

#include <string.h>

enum { SELECT = 0x00, WINDOW = 0x10, EOI = 0x40 };

static struct device *io;
static struct {
	uint8_t dest, mode, vector;
	bool logical, level;
	unsigned count;
} got;
static bool taken;

static bool deliver(void *ctx, const struct interrupt_message *msg)
{
	got.dest = msg->dest;
	got.logical = msg->logical;
	got.mode = msg->mode;
	got.vector = msg->vector;
	got.level = msg->level;
	got.count++;
	return taken;
}

static int setup(void **state)
{
	struct interrupt_bus bus = {deliver, NULL};

	memset(&got, 0, sizeof(got));
	taken = true;
	io = ioapic_create(&bus);
	return 0;
}

static int teardown(void **state)
{
	io->ops->destroy(io);
	return 0;
}

static uint32_t get(unsigned reg)
{
	wr(io, SELECT, reg);
	return rd32(io, WINDOW);
}

static void set(unsigned reg, uint32_t val)
{
	wr(io, SELECT, reg);
	wr32(io, WINDOW, val);
}

static void set_rte(unsigned pin, uint64_t rte)
{
	set(0x11 + 2 * pin, rte >> 32);
	set(0x10 + 2 * pin, rte);
}

static void test_registers(void **state)
{
	assert_int_equal(get(0x00), 0);
	assert_int_equal(get(0x01), 0x00170020);
	set(0x00, 0xffffffff);
	assert_int_equal(get(0x00), 0x0f000000);
	for (unsigned pin = 0; pin < 24; pin++) {
		assert_int_equal(get(0x10 + 2 * pin), 0x10000);
		assert_int_equal(get(0x11 + 2 * pin), 0);
		set_rte(pin, UINT64_MAX);
		assert_int_equal(get(0x10 + 2 * pin), 0x1afff);
		assert_int_equal(get(0x11 + 2 * pin), 0xff000000);
	}
	for (unsigned reg = 0x40; reg <= 0xff; reg++) {
		set(reg, 0);
		assert_int_equal(get(reg), 0xffffffff);
	}
	assert_int_equal(rd32(io, 0x20), 0xffffffff);
	io->ops->write(io, WINDOW, 1, 0);
}

static void test_edge(void **state)
{
	set_rte(4, 0x0500000000000831);
	ioapic_set(io, 4, true);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.vector, 0x31);
	assert_int_equal(got.dest, 5);
	assert_true(got.logical);
	assert_false(got.level);
	ioapic_set(io, 4, true);
	assert_int_equal(got.count, 1);
	ioapic_set(io, 4, false);
	ioapic_set(io, 4, true);
	assert_int_equal(got.count, 2);
}

static void test_edge_behind_the_mask_is_lost(void **state)
{
	set_rte(4, 0x10031);
	assert_false(ioapic_open(io, 4));
	ioapic_set(io, 4, true);
	set_rte(4, 0x31);
	assert_true(ioapic_open(io, 4));
	assert_int_equal(got.count, 0);
}

static void test_level_is_served_until_it_drops(void **state)
{
	set_rte(9, 0x8032);
	ioapic_set(io, 9, true);
	assert_true(got.level);
	assert_int_equal(get(0x10 + 18), 0xc032); /* remote IRR */
	ioapic_set(io, 9, true);
	assert_int_equal(got.count, 1);
	ioapic_eoi(io, 0x33); /* another's */
	assert_int_equal(got.count, 1);
	ioapic_eoi(io, 0x32);
	assert_int_equal(got.count, 2);
	ioapic_set(io, 9, false);
	wr32(io, EOI, 0x32);
	assert_int_equal(got.count, 2);
	assert_int_equal(get(0x10 + 18), 0x8032);
}

static void test_level_waits_behind_the_mask(void **state)
{
	set_rte(9, 0x18032);
	ioapic_set(io, 9, true);
	assert_int_equal(got.count, 0);
	set_rte(9, 0x8032);
	assert_int_equal(got.count, 1);
}

/* What no local APIC took does not count as being served. */
static void test_level_nobody_took_is_tried_again(void **state)
{
	taken = false;
	set_rte(9, 0x8032);
	ioapic_set(io, 9, true);
	assert_int_equal(get(0x10 + 18), 0x8032);
	taken = true;
	set_rte(9, 0x8032);
	assert_int_equal(get(0x10 + 18), 0xc032);
}

/* Drivers for chips without an EOI register do it so. */
static void test_edge_mode_ends_a_level(void **state)
{
	set_rte(9, 0x8032);
	ioapic_set(io, 9, true);
	ioapic_set(io, 9, false);
	set_rte(9, 0x10032);
	assert_int_equal(get(0x10 + 18), 0x10032);
	set_rte(9, 0x8032);
	assert_int_equal(get(0x10 + 18), 0x8032);
}

static void test_pins_outside_are_ignored(void **state)
{
	ioapic_set(io, 24, true);
	ioapic_set(io, 0xffffffff, true);
	assert_false(ioapic_open(io, 24));
	assert_int_equal(got.count, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_registers),
		T(test_edge),
		T(test_edge_behind_the_mask_is_lost),
		T(test_level_is_served_until_it_drops),
		T(test_level_waits_behind_the_mask),
		T(test_level_nobody_took_is_tried_again),
		T(test_edge_mode_ends_a_level),
		T(test_pins_outside_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
