/* test_hpet.c: the HPET's counter, comparators, messages and pins. */
#include "tests/unit/chip.h"

#include <string.h>

enum { CAPS = 0, CONFIG = 0x10, STATUS = 0x20, COUNTER = 0xf0 };

#define CONF(n)	   (0x100 + 0x20 * (n))
#define COMP(n)	   (0x108 + 0x20 * (n))
#define MESSAGE(n) (0x110 + 0x20 * (n))

#define LEVEL	   0x2u
#define ENABLE	   0x4u
#define PERIODIC   0x8u
#define SET_VALUE  0x40u
#define MODE_32	   0x100u
#define PIN(n)	   ((n) << 9)
#define BY_MESSAGE 0x4000u

#define TICK	   10 /* ns */

static struct test_time now;
static struct device *hpet;
static struct wire pins[32];
static struct interrupt_message last;
static unsigned messages;

static void set_pin(void *ctx, unsigned pin, bool level)
{
	wire_set(&pins[pin], pin, level);
}

static bool take(void *ctx, const struct interrupt_message *msg)
{
	last = *msg;
	messages++;
	return true;
}

static int setup(void **state)
{
	struct interrupt_bus bus = {take, NULL};

	time_init(&now);
	memset(pins, 0, sizeof(pins));
	messages = 0;
	hpet = hpet_create(&now.clock, &bus);
	hpet->irq = (struct irq_line){set_pin, NULL, 0};
	return 0;
}

static int teardown(void **state)
{
	hpet->ops->destroy(hpet);
	return 0;
}

static uint64_t get(unsigned reg)
{
	return reg_read(hpet, reg, 8);
}

static void set(unsigned reg, uint64_t val)
{
	hpet->ops->write(hpet, reg, 8, val);
}

static void to_message(unsigned n, uint8_t vector)
{
	set(MESSAGE(n), UINT64_C(0xfee03000) << 32 | vector);
	set(CONF(n), ENABLE | BY_MESSAGE);
}

static void test_says_what_it_is(void **state)
{
	assert_int_equal(get(CAPS) >> 32, 10000000); /* fs */
	assert_int_equal(get(CAPS) & 0xffffffff, 0x80862201);
	assert_int_equal(get(CONF(0)) & 0xffff, 0x8030);
	assert_int_equal(get(CONF(1)) & 0xffff, 0x8020); /* not periodic */
	assert_int_equal(get(CONF(2)) >> 32, 0x00f00000);
	assert_int_equal(get(COMP(2)), UINT64_MAX);
	assert_int_equal(get(CONF(3)), 0); /* there is none */
}

static void test_counts_while_it_is_on(void **state)
{
	time_to(&now, 1000);
	assert_int_equal(get(COUNTER), 0);
	set(CONFIG, 1);
	time_to(&now, 2000);
	assert_int_equal(get(COUNTER), 100);
	set(COUNTER, 7); /* not while it counts */
	set(CONFIG, 0);
	time_to(&now, 9000);
	assert_int_equal(get(COUNTER), 100);
	set(COUNTER, 0xfffffffffffffff0);
	set(CONFIG, 1);
	time_to(&now, 9000 + 32 * TICK);
	assert_int_equal(get(COUNTER), 16);
}

static void test_registers_have_halves(void **state)
{
	wr32(hpet, COMP(0) + 4, 0x11223344);
	wr32(hpet, COMP(0), 0x55667788);
	assert_int_equal(get(COMP(0)), 0x1122334455667788);
	assert_int_equal(rd32(hpet, COMP(0) + 4), 0x11223344);
	assert_int_equal(rd32(hpet, CAPS + 4), 10000000);
	wr32(hpet, CONF(1), 0xffffffff);
	assert_int_equal(rd32(hpet, CONF(1)), 0xff26);
}

static void test_a_message_at_its_time(void **state)
{
	to_message(1, 0x45);
	set(COMP(1), 50);
	set(CONFIG, 1);
	time_to(&now, 50 * TICK - 1);
	assert_int_equal(messages, 0);
	time_to(&now, 50 * TICK);
	assert_int_equal(messages, 1);
	assert_int_equal(last.vector, 0x45);
	assert_int_equal(last.dest, 3);
	assert_int_equal(last.mode, MODE_FIXED);
	assert_false(last.logical);
	assert_int_equal(last.from, -1);
	assert_int_equal(get(STATUS), 0);
	/* Once; nothing is armed any more. */
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	set(COMP(1), 60);
	time_to(&now, 1000 * TICK);
	assert_int_equal(messages, 2);
}

/* What has been passed when it is written comes no more. */
static void test_a_match_in_the_past(void **state)
{
	set(CONFIG, 1);
	time_to(&now, 100 * TICK);
	to_message(0, 0x45);
	set(COMP(0), 100);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	set(COMP(0), 101);
	assert_int_equal(clock_next(&now.clock), 101 * TICK);
	/* Due, and nobody has run the clock: a write does not lose it. */
	now.ns = 200 * TICK;
	set(COMP(0), 300);
	assert_int_equal(messages, 1);
	time_to(&now, 300 * TICK);
	assert_int_equal(messages, 2);
}

static void test_messages_elsewhere_are_lost(void **state)
{
	set(MESSAGE(0), UINT64_C(0x12345000) << 32 | 0x45);
	set(CONF(0), ENABLE | BY_MESSAGE);
	set(COMP(0), 5);
	set(CONFIG, 1);
	time_to(&now, 1000);
	assert_int_equal(messages, 0);
}

static void test_edges_on_a_pin(void **state)
{
	set(CONF(2), ENABLE | PIN(21));
	set(COMP(2), 5);
	set(CONFIG, 1);
	time_to(&now, 1000);
	assert_int_equal(pins[21].rises, 1);
	assert_false(pins[21].level);
	assert_int_equal(messages, 0);
	/* A pin that it is not wired to. */
	set(CONF(2), ENABLE | PIN(3));
	set(COMP(2), 200);
	time_to(&now, 10000);
	assert_int_equal(pins[3].rises, 0);
}

static void test_a_level_until_it_is_cleared(void **state)
{
	set(CONF(1), ENABLE | LEVEL | PIN(20));
	set(COMP(1), 5);
	set(CONFIG, 1);
	time_to(&now, 1000);
	assert_true(pins[20].level);
	assert_int_equal(get(STATUS), 2);
	wr32(hpet, STATUS, 1); /* another's */
	assert_true(pins[20].level);
	wr32(hpet, STATUS, 2);
	assert_false(pins[20].level);
	assert_int_equal(get(STATUS), 0);
	set(COMP(1), 200);
	time_to(&now, 5000);
	assert_true(pins[20].level);
	hpet->ops->reset(hpet);
	assert_false(pins[20].level);
}

static void test_periods(void **state)
{
	set(CONF(0), ENABLE | BY_MESSAGE | PERIODIC | SET_VALUE);
	set(MESSAGE(0), UINT64_C(0xfee00000) << 32 | 0x45);
	set(COMP(0), 10);
	set(COMP(0), 20); /* the period */
	set(CONFIG, 1);
	time_to(&now, 9 * TICK);
	assert_int_equal(messages, 0);
	time_to(&now, 10 * TICK);
	assert_int_equal(messages, 1);
	time_to(&now, 70 * TICK);
	assert_int_equal(messages, 4);
	assert_int_equal(get(COMP(0)), 90);
	/* Late: one for all of them, and then in step again. */
	now.ns = 195 * TICK;
	clock_run(&now.clock);
	assert_int_equal(messages, 5);
	assert_int_equal(clock_next(&now.clock), 210 * TICK);
	/* The others have no such thing. */
	set(CONF(1), PERIODIC);
	assert_int_equal(get(CONF(1)) & PERIODIC, 0);
}

static void test_32_bits_wrap(void **state)
{
	to_message(1, 0x45);
	set(CONF(1), ENABLE | BY_MESSAGE | MODE_32);
	set(COUNTER, 0xfffffff0);
	set(COMP(1), UINT64_C(0x700000010));
	assert_int_equal(get(COMP(1)), 0x10);
	set(CONFIG, 1);
	time_to(&now, 31 * TICK);
	assert_int_equal(messages, 0);
	time_to(&now, 32 * TICK);
	assert_int_equal(messages, 1);
	assert_int_equal(clock_next(&now.clock),
			 (32 + (UINT64_C(1) << 32)) * TICK);
}

static void test_nothing_is_armed_without_need(void **state)
{
	set(COMP(0), 50);
	set(CONFIG, 1);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	set(CONF(0), ENABLE | BY_MESSAGE);
	assert_int_equal(clock_next(&now.clock), 50 * TICK);
	set(CONFIG, 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	set(CONFIG, 1);
	set(COMP(0), UINT64_MAX); /* after the end of time */
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
}

static void test_a_state_goes_on(void **state)
{
	const struct device_ops *ops = hpet->ops;
	uint8_t *s = (uint8_t *)hpet + ops->state_offset, copy[256];

	assert_true(ops->state_size <= sizeof(copy));
	to_message(0, 0x45);
	set(COMP(0), 50);
	set(CONFIG, 1);
	time_to(&now, 20 * TICK);
	assert_int_equal(get(COUNTER), 20);
	memcpy(copy, s, ops->state_size);
	assert_true(device_state_ok(hpet, copy, now.ns));
	ops->reset(hpet);
	memcpy(s, copy, ops->state_size);
	ops->restored(hpet);
	assert_int_equal(clock_next(&now.clock), 50 * TICK);
	copy[0] = 2; /* a bit of its configuration that is none */
	assert_false(device_state_ok(hpet, copy, now.ns));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_says_what_it_is),
		T(test_counts_while_it_is_on),
		T(test_registers_have_halves),
		T(test_a_message_at_its_time),
		T(test_a_match_in_the_past),
		T(test_messages_elsewhere_are_lost),
		T(test_edges_on_a_pin),
		T(test_a_level_until_it_is_cleared),
		T(test_periods),
		T(test_32_bits_wrap),
		T(test_nothing_is_armed_without_need),
		T(test_a_state_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
