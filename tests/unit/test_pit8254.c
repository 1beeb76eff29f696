/* The 8254 at chosen ticks: counts, outputs, and edges when heard. */
#include "tests/unit/chip.h"

#include <string.h>

enum { CH0, CH1, CH2, CONTROL, PORT61 };

#define HZ 1193182

static struct test_time now;
static struct device *pit;
static struct wire irq;
static bool heard;

static bool listening(void *ctx)
{
	return heard;
}

static int setup(void **state)
{
	time_init(&now);
	irq = (struct wire){0};
	heard = true;
	pit = pit_create(&now.clock, listening, NULL);
	pit->irq = line_to(&irq);
	return 0;
}

static int teardown(void **state)
{
	pit->ops->destroy(pit);
	return 0;
}

static void to_tick(uint64_t tick)
{
	time_to(&now, clock_ticks_ns(tick, HZ));
}

static void program(unsigned ch, unsigned mode, uint16_t count)
{
	wr(pit, CONTROL, ch << 6 | 0x30 | mode << 1);
	wr(pit, ch, count);
	wr(pit, ch, count >> 8);
}

static uint16_t count_of(unsigned ch)
{
	uint8_t low;

	wr(pit, CONTROL, ch << 6);
	low = rd(pit, ch);
	return low | rd(pit, ch) << 8;
}

static bool out_of(unsigned ch)
{
	wr(pit, CONTROL, 0xe0 | 2 << ch);
	return rd(pit, ch) & 0x80;
}

/* Loaded at tick 1: after n more ticks, what is read and put out. */
static void test_counts_and_outputs(void **state)
{
	static const struct {
		uint8_t mode;
		uint16_t count;
		unsigned ticks;
		uint16_t reads;
		bool out;
	} rows[] = {
		{0, 10, 0, 10, false},	   {0, 10, 9, 1, false},
		{0, 10, 10, 0, true},	   {0, 10, 11, 0xffff, true},
		{2, 10, 0, 10, true},	   {2, 10, 8, 2, true},
		{2, 10, 9, 1, false},	   {2, 10, 10, 10, true},
		{2, 0, 0, 0, true},	   {2, 0, 1, 0xffff, true},
		{2, 0, 65535, 1, false},   {2, 0, 65536, 0, true},
		{3, 10, 0, 10, true},	   {3, 10, 4, 2, true},
		{3, 10, 5, 10, false},	   {3, 10, 9, 2, false},
		{3, 10, 10, 10, true},	   {3, 5, 0, 4, true},
		{3, 5, 2, 0, true},	   {3, 5, 3, 4, false},
		{3, 5, 4, 2, false},	   {3, 5, 5, 4, true},
		{4, 10, 9, 1, true},	   {4, 10, 10, 0, false},
		{4, 10, 11, 0xffff, true},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t base = clock_ticks(now.ns, HZ) + 5;

		to_tick(base);
		program(CH0, rows[i].mode, rows[i].count);
		to_tick(base + 1 + rows[i].ticks);
		assert_int_equal(count_of(CH0), rows[i].reads);
		assert_int_equal(out_of(CH0), rows[i].out);
	}
}

static void test_bcd(void **state)
{
	wr(pit, CONTROL, 0x35);
	wr(pit, CH0, 0x00);
	wr(pit, CH0, 0x10); /* a thousand */
	to_tick(1 + 1);
	assert_int_equal(count_of(CH0), 0x0999);
	wr(pit, CONTROL, 0x31);
	wr(pit, CH0, 0);
	wr(pit, CH0, 0); /* ten thousand */
	to_tick(2 + 1 + 1);
	assert_int_equal(count_of(CH0), 0x9999);
	wr(pit, CONTROL, 0x31);
	wr(pit, CH0, 0xff); /* no BCD: anything, but no harm */
	wr(pit, CH0, 0xff);
	to_tick(100);
	count_of(CH0);
}

static void test_latch_keeps_until_read(void **state)
{
	program(CH0, 2, 1000);
	to_tick(1 + 100);
	wr(pit, CONTROL, 0x00);
	to_tick(1 + 200);
	wr(pit, CONTROL, 0x00); /* the first stays */
	assert_int_equal(rd(pit, CH0), 900 & 0xff);
	assert_int_equal(rd(pit, CH0), 900 >> 8);
	assert_int_equal(rd(pit, CH0), 800 & 0xff); /* live again */
	assert_int_equal(rd(pit, CH0), 800 >> 8);
}

static void test_one_byte_counts(void **state)
{
	wr(pit, CONTROL, 0x14); /* low only */
	wr(pit, CH0, 200);
	to_tick(1 + 50);
	assert_int_equal(rd(pit, CH0), 150);
	wr(pit, CONTROL, 0x24); /* high only */
	wr(pit, CH0, 2);
	assert_int_equal(rd(pit, CH0), 2);
}

static void test_read_back(void **state)
{
	wr(pit, CONTROL, 0x34);
	wr(pit, CONTROL, 0xe2); /* status of 0: no count yet */
	assert_int_equal(rd(pit, CH0), 0xf4);
	program(CH0, 2, 1000);
	to_tick(1 + 1);
	wr(pit, CONTROL, 0xc2); /* both: status comes first */
	assert_int_equal(rd(pit, CH0), 0xb4);
	assert_int_equal(rd(pit, CH0), 999 & 0xff);
	assert_int_equal(rd(pit, CH0), 999 >> 8);
}

/* A count written while one runs takes over when the period ends. */
static void test_new_count_waits_for_the_period(void **state)
{
	program(CH0, 2, 100);
	to_tick(1 + 30);
	wr(pit, CH0, 50);
	wr(pit, CH0, 0);
	to_tick(1 + 99);
	assert_int_equal(count_of(CH0), 1);
	assert_int_equal(irq.rises, 1); /* by the control word */
	to_tick(1 + 100);
	assert_int_equal(irq.rises, 2);
	assert_int_equal(count_of(CH0), 50);
	to_tick(1 + 150);
	assert_int_equal(irq.rises, 3);
}

/* 18.2065 Hz and 1000 Hz, over one second of the guest's. */
static void test_rate_is_exact(void **state)
{
	static const struct {
		uint16_t count;
		unsigned rises;
	} rows[] = {{0, 18}, {1193, 1000}, {11932, 99}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t start = now.ns;

		program(CH0, 2, rows[i].count);
		irq.rises = 0;
		time_to(&now, start + 1000000000);
		assert_int_equal(irq.rises, rows[i].rises);
	}
}

static void test_edges_come_at_their_tick(void **state)
{
	program(CH0, 3, 1000);
	irq.rises = 0;
	for (unsigned n = 1; n < 20; n++) {
		uint64_t at = clock_ticks_ns(1 + n * 1000, HZ);

		time_to(&now, at - 1);
		assert_int_equal(irq.rises, n - 1);
		time_to(&now, at);
		assert_int_equal(irq.rises, n);
	}
}

static void test_terminal_count_rises_once(void **state)
{
	program(CH0, 2, 100);
	assert_true(irq.level);
	program(CH0, 0, 100);
	assert_false(irq.level);
	irq.rises = 0;
	to_tick(1 + 99);
	assert_false(irq.level);
	to_tick(1 + 100);
	assert_true(irq.level);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	to_tick(1000000);
	assert_int_equal(irq.rises, 1);
}

static void test_unheard_arms_no_timer(void **state)
{
	heard = false;
	program(CH0, 2, 100);
	irq.rises = 0;
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	to_tick(1 + 99);
	pit_sync(pit);
	assert_int_equal(irq.rises, 0);
	to_tick(1 + 5050);
	assert_int_equal(irq.rises, 0);
	heard = true;
	pit_sync(pit);
	pit_listen(pit);
	assert_int_equal(irq.rises, 1); /* once for fifty */
	assert_int_equal(clock_next(&now.clock), clock_ticks_ns(1 + 5100, HZ));
	pit_sync(pit);
	assert_int_equal(irq.rises, 1);
}

/* A monitor that comes late gives one edge and arms for the future. */
static void test_tiny_period_costs_one_callback(void **state)
{
	program(CH0, 2, 2);
	irq.rises = 0;
	now.ns = 1000000000;
	clock_run(&now.clock);
	assert_int_equal(irq.rises, 1);
	assert_true(clock_next(&now.clock) > now.ns);
	program(CH0, 2, 1); /* not allowed: no edges at all */
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	program(CH0, 3, 1);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
}

/* Channel 2 as calibration loops use it. */
static void test_gate_and_port_61(void **state)
{
	program(CH2, 0, 1000);
	to_tick(500);
	assert_int_equal(count_of(CH2), 1000); /* the gate is closed */
	assert_int_equal(rd(pit, PORT61) & 0x2f, 0);
	wr(pit, PORT61, 0x01);
	to_tick(500 + 400);
	assert_int_equal(count_of(CH2), 600);
	wr(pit, PORT61, 0x00);
	to_tick(2000);
	assert_int_equal(count_of(CH2), 600);
	wr(pit, PORT61, 0xfd);
	assert_int_equal(rd(pit, PORT61) & 0xcf, 0x0d);
	to_tick(2000 + 599);
	assert_int_equal(rd(pit, PORT61) & 0x20, 0);
	to_tick(2000 + 600);
	assert_int_equal(rd(pit, PORT61) & 0x20, 0x20);
}

static void test_gate_triggers_modes_1_and_5(void **state)
{
	program(CH2, 1, 100);
	assert_true(out_of(CH2));
	wr(pit, PORT61, 1);
	to_tick(1 + 99);
	assert_false(out_of(CH2));
	to_tick(1 + 100);
	assert_true(out_of(CH2));
	wr(pit, PORT61, 0);
	program(CH2, 5, 100);
	to_tick(1000);
	wr(pit, PORT61, 1);
	to_tick(1000 + 1 + 100);
	assert_false(out_of(CH2));
	to_tick(1000 + 1 + 101);
	assert_true(out_of(CH2));
}

static void test_gate_restarts_mode_3(void **state)
{
	wr(pit, PORT61, 1);
	program(CH2, 3, 100);
	to_tick(1 + 60);
	assert_false(out_of(CH2));
	wr(pit, PORT61, 0);
	assert_true(out_of(CH2));
	to_tick(200);
	wr(pit, PORT61, 1);
	to_tick(200 + 1 + 49);
	assert_true(out_of(CH2));
	to_tick(200 + 1 + 50);
	assert_false(out_of(CH2));
}

static void test_refresh_toggles_with_time(void **state)
{
	unsigned toggles = 0;
	uint8_t last = rd(pit, PORT61) & 0x10;

	for (unsigned us = 0; us < 1000; us++) {
		uint8_t bit;

		now.ns += 1000;
		bit = rd(pit, PORT61) & 0x10;
		toggles += bit != last;
		last = bit;
	}
	assert_int_equal(toggles, 66);
}

static void test_restored_arms_again(void **state)
{
	char copy[256], *at = (char *)pit + pit->ops->state_offset;
	uint64_t next;

	assert_true(pit->ops->state_size <= sizeof(copy));
	program(CH0, 2, 1000);
	next = clock_next(&now.clock);
	memcpy(copy, at, pit->ops->state_size);
	pit->ops->reset(pit);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	memcpy(at, copy, pit->ops->state_size);
	pit->ops->restored(pit);
	assert_int_equal(clock_next(&now.clock), next);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_counts_and_outputs),
		T(test_bcd),
		T(test_latch_keeps_until_read),
		T(test_one_byte_counts),
		T(test_read_back),
		T(test_new_count_waits_for_the_period),
		T(test_rate_is_exact),
		T(test_edges_come_at_their_tick),
		T(test_terminal_count_rises_once),
		T(test_unheard_arms_no_timer),
		T(test_tiny_period_costs_one_callback),
		T(test_gate_and_port_61),
		T(test_gate_triggers_modes_1_and_5),
		T(test_gate_restarts_mode_3),
		T(test_refresh_toggles_with_time),
		T(test_restored_arms_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
