/* test_acpi_pm.c: ACPI's timer, its event, and its interrupt. */
#include "tests/unit/chip.h"

enum { EVENTS = 0, ENABLE = 2, TIMER = 8 };

#define HZ   3579545u
#define HALF (UINT64_C(1) << 31) /* ticks after which the upper bit changes */

static struct test_time now;
static struct device *pm;
static struct wire sci;

static int setup(void **state)
{
	time_init(&now);
	sci = (struct wire){0};
	pm = pm_create(&now.clock);
	pm->irq = line_to(&sci);
	return 0;
}

static int teardown(void **state)
{
	pm->ops->destroy(pm);
	return 0;
}

static uint64_t get(unsigned reg, unsigned size)
{
	return reg_read(pm, reg, size) & (UINT64_MAX >> (64 - 8 * size));
}

static void put(unsigned reg, unsigned size, uint64_t val)
{
	pm->ops->write(pm, reg, size, val);
}

static uint64_t at_tick(uint64_t ticks)
{
	return clock_ticks_ns(ticks, HZ);
}

static void test_the_timer_counts(void **state)
{
	static const struct {
		uint64_t ns;
		uint32_t ticks;
	} rows[] = {{0, 0},
		    {279, 0},
		    {280, 1},
		    {1000000000, HZ},
		    {UINT64_C(1200000000000), (uint32_t)(1200 * (uint64_t)HZ)}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		now.ns = rows[i].ns;
		assert_int_equal(get(TIMER, 4), rows[i].ticks);
		assert_int_equal(get(TIMER + 1, 1), rows[i].ticks >> 8 & 0xff);
	}
}

static void test_the_event_comes_with_the_upper_bit(void **state)
{
	for (uint64_t change = 1; change < 4; change++) {
		now.ns = at_tick(change * HALF) - 1;
		assert_int_equal(get(EVENTS, 2), 0);
		now.ns++;
		assert_int_equal(get(EVENTS, 2), 1);
		put(EVENTS, 2, 0xfffe); /* other bits: nothing */
		assert_int_equal(get(EVENTS, 2), 1);
		put(EVENTS, 2, 1);
		assert_int_equal(get(EVENTS, 2), 0);
	}
	assert_int_equal(sci.rises, 0);
}

static void test_an_enabled_event_interrupts(void **state)
{
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	put(ENABLE, 2, 1);
	assert_int_equal(clock_next(&now.clock), at_tick(HALF));
	time_to(&now, at_tick(HALF) - 1);
	assert_false(sci.level);
	time_to(&now, at_tick(HALF));
	assert_true(sci.level);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	put(EVENTS, 4, 0x10001); /* both halves: cleared, still enabled */
	assert_false(sci.level);
	assert_int_equal(clock_next(&now.clock), at_tick(2 * HALF));
	put(ENABLE, 1, 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	time_to(&now, at_tick(2 * HALF));
	assert_false(sci.level);
	put(ENABLE, 2, 1); /* it had come meanwhile */
	assert_true(sci.level);
}

static void test_only_the_bits_there_are_stay(void **state)
{
	put(ENABLE, 2, 0xffff);
	assert_int_equal(get(ENABLE, 2), 0x0721);
	put(ENABLE + 1, 1, 0);
	assert_int_equal(get(EVENTS, 4), 0x00210000);
	put(TIMER, 4, 0x1234);
	assert_int_equal(get(TIMER, 4), 0);
	pm->ops->reset(pm);
	assert_int_equal(get(EVENTS, 4), 0);
}

static void test_a_reset_forgets_what_had_come(void **state)
{
	now.ns = at_tick(HALF);
	assert_int_equal(get(EVENTS, 2), 1);
	pm->ops->reset(pm);
	assert_int_equal(get(EVENTS, 2), 0);
	now.ns = at_tick(2 * HALF);
	assert_int_equal(get(EVENTS, 2), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_the_timer_counts),
		T(test_the_event_comes_with_the_upper_bit),
		T(test_an_enabled_event_interrupts),
		T(test_only_the_bits_there_are_stay),
		T(test_a_reset_forgets_what_had_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
