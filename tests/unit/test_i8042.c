/* The keyboard controller's commands, and what becomes of keys. */
#include "tests/unit/chip.h"

#include <string.h>

enum { DATA = 0, CMD = 4 };

static struct device *kbd;
static struct wire irq, aux;
static unsigned resets;

static void reset(void *ctx)
{
	resets++;
}

static int setup(void **state)
{
	struct irq_line line = line_to(&aux);

	kbd = i8042_create(reset, NULL);
	irq = aux = (struct wire){0};
	resets = 0;
	kbd->irq = line_to(&irq);
	i8042_set_aux_irq(kbd, &line);
	return 0;
}

static int teardown(void **state)
{
	kbd->ops->destroy(kbd);
	return 0;
}

/* As a BIOS leaves it: IRQ 1 on, translation on. */
static int setup_bios(void **state)
{
	setup(state);
	wr(kbd, CMD, 0x60);
	wr(kbd, DATA, 0x61);
	return 0;
}

static void expect(unsigned count, const uint8_t *bytes)
{
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(rd(kbd, CMD) & 1, 1);
		assert_int_equal(rd(kbd, DATA), bytes[i]);
	}
	assert_int_equal(rd(kbd, CMD) & 1, 0);
}

#define EXPECT(...) \
	expect(sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static void test_status_before_and_after_self_test(void **state)
{
	assert_int_equal(rd(kbd, CMD), 0x18);
	wr(kbd, CMD, 0xaa);
	assert_int_equal(rd(kbd, CMD), 0x1d);
	assert_int_equal(rd(kbd, DATA), 0x55);
	assert_int_equal(rd(kbd, CMD), 0x1c);
	assert_int_equal(rd(kbd, DATA), 0x55); /* empty: the last one */
}

static void test_commands_answer(void **state)
{
	static const uint8_t rows[][2] = {
		{0xab, 0x00}, {0xa9, 0x00}, {0xc0, 0x80},
		{0x20, 0x61}, {0xd0, 0xcf},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr(kbd, CMD, rows[i][0]);
		assert_int_equal(rd(kbd, DATA), rows[i][1]);
	}
}

static void test_port_switches_show_in_command_byte(void **state)
{
	static const uint8_t rows[][2] = {
		{0xad, 0x71}, {0xae, 0x61}, {0xa7, 0x61}, {0xa8, 0x41}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr(kbd, CMD, rows[i][0]);
		wr(kbd, CMD, 0x20);
		assert_int_equal(rd(kbd, DATA), rows[i][1]);
	}
}

static void test_key_comes_as_set_1_and_raises_irq1(void **state)
{
	assert_true(i8042_key(kbd, 0x1e, true));
	assert_true(irq.level);
	assert_false(i8042_idle(kbd));
	assert_int_equal(rd(kbd, DATA), 0x1e);
	assert_false(irq.level);
	assert_true(i8042_key(kbd, 0x1e, false));
	assert_int_equal(rd(kbd, DATA), 0x9e);
	assert_true(i8042_idle(kbd));
}

/* One byte at a time: the line drops and rises again for each. */
static void test_irq1_rises_for_each_byte(void **state)
{
	i8042_key(kbd, 0xe048, true);
	i8042_key(kbd, 0xe048, false);
	assert_int_equal(irq.rises, 1);
	EXPECT(0xe0, 0x48, 0xe0, 0xc8);
	assert_int_equal(irq.rises, 4);
	assert_false(irq.level);
}

static void test_every_set_1_code_survives_translation(void **state)
{
	for (unsigned key = 1; key < 0x60; key++) {
		assert_true(i8042_key(kbd, key, true));
		assert_true(i8042_key(kbd, key, false));
		EXPECT(key, key | 0x80);
	}
}

static void test_what_is_no_key_is_lost(void **state)
{
	static const uint16_t none[] = {0,	0x60,	0x80,	0xff,
					0xe000, 0xe060, 0xe11e, 0x1234};

	for (unsigned i = 0; i < COUNT(none); i++)
		assert_true(i8042_key(kbd, none[i], true));
	assert_true(i8042_idle(kbd));
}

static void test_untranslated_keys_are_set_2(void **state)
{
	wr(kbd, CMD, 0x60);
	wr(kbd, DATA, 0x01);
	i8042_key(kbd, 0x1e, true);
	i8042_key(kbd, 0x1e, false);
	EXPECT(0x1c, 0xf0, 0x1c);
	i8042_key(kbd, 0x41, true); /* F7 */
	EXPECT(0x83);
	i8042_key(kbd, 0xe048, false);
	EXPECT(0xe0, 0xf0, 0x75);
	i8042_key(kbd, I8042_PAUSE, true);
	EXPECT(0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
}

static void test_long_keys(void **state)
{
	i8042_key(kbd, I8042_PAUSE, true);
	i8042_key(kbd, I8042_PAUSE, false);
	EXPECT(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
	i8042_key(kbd, I8042_PRINT, true);
	EXPECT(0xe0, 0x2a, 0xe0, 0x37);
	i8042_key(kbd, I8042_PRINT, false);
	EXPECT(0xe0, 0xb7, 0xe0, 0xaa);
}

/* An event that does not fit leaves no half of it behind. */
static void test_full_queue_takes_nothing(void **state)
{
	unsigned taken = 0;

	while (i8042_key(kbd, 0x1e, true))
		taken++;
	assert_int_equal(taken, 17); /* sixteen, and one in the buffer */
	rd(kbd, DATA);
	assert_false(i8042_key(kbd, 0xe048, true));
	assert_true(i8042_key(kbd, 0x30, true));
	for (unsigned i = 1; i < taken; i++)
		assert_int_equal(rd(kbd, DATA), 0x1e);
	EXPECT(0x30);
}

static void test_closed_port_keeps_keys(void **state)
{
	wr(kbd, CMD, 0xad);
	i8042_key(kbd, 0x1e, true);
	assert_int_equal(rd(kbd, CMD) & 1, 0);
	wr(kbd, CMD, 0xae);
	EXPECT(0x1e);
	wr(kbd, CMD, 0xad);
	i8042_key(kbd, 0x1f, true);
	wr(kbd, DATA, 0xee); /* a byte for the keyboard opens it */
	EXPECT(0xee, 0x1f);
}

static void test_keyboard_commands(void **state)
{
	wr(kbd, DATA, 0xf2);
	EXPECT(0xfa, 0xab, 0x41); /* translated */
	wr(kbd, DATA, 0xff);
	EXPECT(0xfa, 0xaa);
	wr(kbd, DATA, 0xed);
	EXPECT(0xfa);
	wr(kbd, DATA, 0x07);
	EXPECT(0xfa);
	wr(kbd, DATA, 0xf3);
	EXPECT(0xfa);
	wr(kbd, DATA, 0xf4); /* a command instead of the rate */
	EXPECT(0xfa);
	wr(kbd, DATA, 0x12);
	EXPECT(0xfe);
	wr(kbd, DATA, 0xee);
	EXPECT(0xee);
	wr(kbd, DATA, 0xfe);
	EXPECT(0xee);
}

static void test_scan_code_sets(void **state)
{
	static const uint8_t rows[][3] = {
		{1, 1, 0xfa}, {2, 2, 0xfa}, {3, 2, 0xfe}, {4, 2, 0xfe}};

	wr(kbd, CMD, 0x60);
	wr(kbd, DATA, 0x01); /* no translation */
	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr(kbd, DATA, 0xf0);
		EXPECT(0xfa);
		wr(kbd, DATA, rows[i][0]);
		EXPECT(rows[i][2]);
		wr(kbd, DATA, 0xf0);
		EXPECT(0xfa);
		wr(kbd, DATA, 0);
		EXPECT(0xfa, rows[i][1]);
	}
	wr(kbd, DATA, 0xf0);
	EXPECT(0xfa);
	wr(kbd, DATA, 1);
	EXPECT(0xfa);
	i8042_key(kbd, 0xe048, false);
	EXPECT(0xe0, 0xc8);
}

static void test_scanning_off_loses_keys(void **state)
{
	wr(kbd, DATA, 0xf5);
	EXPECT(0xfa);
	assert_true(i8042_key(kbd, 0x1e, true));
	assert_true(i8042_idle(kbd));
	wr(kbd, DATA, 0xf4);
	EXPECT(0xfa);
	i8042_key(kbd, 0x1e, true);
	EXPECT(0x1e);
}

static void test_aux_port(void **state)
{
	wr(kbd, CMD, 0x60);
	wr(kbd, DATA, 0x03);
	wr(kbd, CMD, 0xd3);
	wr(kbd, DATA, 0x5a);
	assert_int_equal(rd(kbd, CMD) & 0x21, 0x21);
	assert_true(aux.level);
	assert_false(irq.level);
	assert_int_equal(rd(kbd, DATA), 0x5a);
	assert_false(aux.level);
	wr(kbd, CMD, 0xd4); /* no mouse: a timeout and FE */
	wr(kbd, DATA, 0xf4);
	assert_int_equal(rd(kbd, CMD) & 0x61, 0x61);
	assert_int_equal(rd(kbd, DATA), 0xfe);
	wr(kbd, CMD, 0xd2);
	wr(kbd, DATA, 0x77);
	assert_true(irq.level);
	EXPECT(0x77);
}

static void test_ways_to_reset(void **state)
{
	wr(kbd, CMD, 0xff); /* pulses nothing */
	wr(kbd, CMD, 0xd1);
	wr(kbd, DATA, 0xdf); /* A20 on, still running */
	assert_int_equal(resets, 0);
	wr(kbd, CMD, 0xfe);
	assert_int_equal(resets, 1);
	wr(kbd, CMD, 0xf0);
	assert_int_equal(resets, 2);
	wr(kbd, CMD, 0xd1);
	wr(kbd, DATA, 0xde);
	assert_int_equal(resets, 3);
}

static void test_knows_when_the_guest_waits_for_a_key(void **state)
{
	for (unsigned i = 0; i < 64; i++) {
		rd(kbd, CMD); /* may a command be written? */
		wr(kbd, CMD, 0xae);
	}
	for (unsigned i = 0; i < 16; i++) {
		assert_false(i8042_polled(kbd));
		rd(kbd, CMD);
	}
	assert_true(i8042_polled(kbd));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_bios, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_status_before_and_after_self_test, setup,
			teardown),
		T(test_commands_answer),
		T(test_port_switches_show_in_command_byte),
		T(test_key_comes_as_set_1_and_raises_irq1),
		T(test_irq1_rises_for_each_byte),
		T(test_every_set_1_code_survives_translation),
		T(test_what_is_no_key_is_lost),
		T(test_untranslated_keys_are_set_2),
		T(test_long_keys),
		T(test_full_queue_takes_nothing),
		T(test_closed_port_keeps_keys),
		T(test_keyboard_commands),
		T(test_scan_code_sets),
		T(test_scanning_off_loses_keys),
		T(test_aux_port),
		T(test_ways_to_reset),
		T(test_knows_when_the_guest_waits_for_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
