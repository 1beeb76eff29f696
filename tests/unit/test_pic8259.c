/* The 8259 pair: priorities, ends of interrupts, spurious ones, polling. */
#include "tests/unit/chip.h"

static struct device *pic;
static struct wire intr;

enum { MCMD, MDATA, SCMD, SDATA, ELCR1, ELCR2 };

/* Vectors 20h and 28h, all lines open. */
static void init(uint8_t icw4)
{
	static const uint8_t base[] = {0x20, 0x28}, wired[] = {4, 2};

	for (unsigned i = 0; i < 2; i++) {
		wr(pic, i * 2, 0x11);
		wr(pic, i * 2 + 1, base[i]);
		wr(pic, i * 2 + 1, wired[i]);
		wr(pic, i * 2 + 1, icw4);
		wr(pic, i * 2 + 1, 0x00);
	}
}

static int setup(void **state)
{
	struct irq_line line = line_to(&intr);

	intr = (struct wire){0};
	pic = pic_create(&line);
	init(0x01);
	return 0;
}

static int teardown(void **state)
{
	pic->ops->destroy(pic);
	return 0;
}

static void pulse(unsigned pin)
{
	pic_set(pic, pin, false);
	pic_set(pic, pin, true);
}

static uint8_t isr(unsigned chip)
{
	wr(pic, chip * 2, 0x0b);
	return rd(pic, chip * 2);
}

static uint8_t irr(unsigned chip)
{
	wr(pic, chip * 2, 0x0a);
	return rd(pic, chip * 2);
}

static void test_each_line_has_its_vector(void **state)
{
	for (unsigned pin = 0; pin < 16; pin++) {
		if (pin == 2)
			continue;
		pulse(pin);
		assert_true(intr.level);
		assert_int_equal(pic_acknowledge(pic), 0x20 + pin);
		assert_false(intr.level);
		assert_int_equal(isr(pin >> 3), 1u << (pin & 7));
		if (pin > 7) {
			assert_int_equal(isr(0), 4);
			wr(pic, SCMD, 0x20);
		}
		wr(pic, MCMD, 0x20);
		assert_int_equal(isr(0), 0);
	}
}

static void test_lines_outside_are_ignored(void **state)
{
	pic_set(pic, 2, true);
	pic_set(pic, 16, true);
	pic_set(pic, 0xffffffff, true);
	assert_false(intr.level);
	assert_false(pic_open(pic, 16));
}

static void test_priority_nests(void **state)
{
	pulse(4);
	assert_int_equal(pic_acknowledge(pic), 0x24);
	pulse(5);
	assert_false(intr.level);
	pulse(1);
	assert_true(intr.level);
	assert_int_equal(pic_acknowledge(pic), 0x21);
	wr(pic, MCMD, 0x20); /* ends line 1 */
	assert_int_equal(isr(0), 0x10);
	assert_false(intr.level);
	wr(pic, MCMD, 0x64); /* ends line 4 by name */
	assert_true(intr.level);
	assert_int_equal(pic_acknowledge(pic), 0x25);
}

/* The slave's lines come between the master's 1 and 3. */
static void test_slave_keeps_its_place(void **state)
{
	pulse(3);
	pulse(12);
	assert_int_equal(pic_acknowledge(pic), 0x2c);
	assert_false(intr.level);
	pulse(8); /* higher on the slave, but the master's line 2 serves */
	assert_false(intr.level);
	wr(pic, SCMD, 0x20);
	wr(pic, MCMD, 0x20);
	assert_int_equal(pic_acknowledge(pic), 0x28);
}

static void test_special_fully_nested_lets_the_slave_nest(void **state)
{
	init(0x11);
	pulse(12);
	assert_int_equal(pic_acknowledge(pic), 0x2c);
	pulse(8);
	assert_true(intr.level);
	assert_int_equal(pic_acknowledge(pic), 0x28);
}

static void test_masks(void **state)
{
	wr(pic, MDATA, 0xfb);
	wr(pic, SDATA, 0xfe);
	for (unsigned pin = 0; pin < 16; pin++)
		assert_int_equal(pic_open(pic, pin), pin == 2 || pin == 8);
	pulse(1);
	assert_false(intr.level);
	assert_int_equal(irr(0), 0x02); /* latched behind the mask */
	wr(pic, MDATA, 0xf9);
	assert_true(intr.level);
	assert_int_equal(rd(pic, MDATA), 0xf9);
	wr(pic, MDATA, 0x04); /* closes the slave as a whole */
	assert_false(pic_open(pic, 8));
}

static void test_edge_needs_a_new_edge(void **state)
{
	pulse(1);
	pic_acknowledge(pic);
	wr(pic, MCMD, 0x20);
	assert_false(intr.level); /* still high */
	pic_set(pic, 1, true);
	assert_false(intr.level);
	pulse(1);
	assert_true(intr.level);
}

static void test_level_asks_again_while_high(void **state)
{
	wr(pic, ELCR1, 0xff);
	wr(pic, ELCR2, 0xff);
	assert_int_equal(rd(pic, ELCR1), 0xf8);
	assert_int_equal(rd(pic, ELCR2), 0xde);
	pic_set(pic, 5, true);
	assert_int_equal(pic_acknowledge(pic), 0x25);
	wr(pic, MCMD, 0x20);
	assert_int_equal(pic_acknowledge(pic), 0x25);
	pic_set(pic, 5, false);
	wr(pic, MCMD, 0x20);
	assert_false(intr.level);
}

static void test_request_that_went_away_is_spurious(void **state)
{
	pulse(3);
	pic_set(pic, 3, false);
	assert_false(intr.level);
	assert_int_equal(pic_acknowledge(pic), 0x27);
	assert_int_equal(isr(0), 0);
}

/* What was latched behind the slave's mask comes when it opens. */
static void test_slave_mask_hides_and_keeps(void **state)
{
	pulse(10);
	wr(pic, SDATA, 0xff);
	assert_false(intr.level);
	wr(pic, SDATA, 0x00);
	assert_true(intr.level);
	assert_int_equal(pic_acknowledge(pic), 0x2a);
	assert_int_equal(isr(0), 0x04);
	assert_int_equal(isr(1), 0x04);
}

static void test_automatic_end(void **state)
{
	init(0x03);
	pulse(4);
	assert_int_equal(pic_acknowledge(pic), 0x24);
	assert_int_equal(isr(0), 0);
	wr(pic, MCMD, 0x80); /* rotate at each */
	pulse(4);
	pulse(3);
	assert_int_equal(pic_acknowledge(pic), 0x23);
	pulse(3);
	assert_int_equal(pic_acknowledge(pic), 0x24);
}

static void test_rotation(void **state)
{
	wr(pic, MCMD, 0xc3); /* line 3 lowest, 4 highest */
	pulse(3);
	pulse(4);
	assert_int_equal(pic_acknowledge(pic), 0x24);
	wr(pic, MCMD, 0xa0); /* end, and 4 becomes the lowest */
	pulse(4);
	assert_int_equal(pic_acknowledge(pic), 0x23);
	wr(pic, MCMD, 0xe3);
	assert_int_equal(pic_acknowledge(pic), 0x24);
}

static void test_special_mask_lets_lower_ones_in(void **state)
{
	pulse(1);
	pic_acknowledge(pic);
	pulse(6);
	assert_false(intr.level);
	wr(pic, MDATA, 0x02);
	assert_false(intr.level);
	wr(pic, MCMD, 0x68);
	assert_true(intr.level);
	wr(pic, MCMD, 0x48);
	assert_false(intr.level);
}

static void test_poll(void **state)
{
	wr(pic, MCMD, 0x0c);
	assert_int_equal(rd(pic, MCMD) & 0x80, 0);
	pulse(6);
	wr(pic, MCMD, 0x0c);
	assert_int_equal(rd(pic, MCMD), 0x86);
	assert_int_equal(isr(0), 0x40);
	assert_false(intr.level);
}

static void test_icw1_clears_masks_and_latches(void **state)
{
	wr(pic, MDATA, 0xaa);
	pulse(0);
	wr(pic, MCMD, 0x11);
	assert_int_equal(rd(pic, MDATA), 0x00);
	assert_int_equal(irr(0), 0);
	wr(pic, MCMD, 0x13);  /* single, with ICW4: no ICW3 */
	wr(pic, MDATA, 0x47); /* only bits 7:3 count */
	wr(pic, MDATA, 0x01);
	wr(pic, MDATA, 0x55);
	assert_int_equal(rd(pic, MDATA), 0x55);
	wr(pic, MDATA, 0x00);
	pulse(0);
	assert_int_equal(pic_acknowledge(pic), 0x40);
}

static void test_after_power_on_all_is_closed(void **state)
{
	pic->ops->reset(pic);
	pulse(1);
	assert_false(intr.level);
	assert_false(pic_open(pic, 1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_each_line_has_its_vector),
		T(test_lines_outside_are_ignored),
		T(test_priority_nests),
		T(test_slave_keeps_its_place),
		T(test_special_fully_nested_lets_the_slave_nest),
		T(test_masks),
		T(test_edge_needs_a_new_edge),
		T(test_level_asks_again_while_high),
		T(test_request_that_went_away_is_spurious),
		T(test_slave_mask_hides_and_keeps),
		T(test_automatic_end),
		T(test_rotation),
		T(test_special_mask_lets_lower_ones_in),
		T(test_poll),
		T(test_icw1_clears_masks_and_latches),
		T(test_after_power_on_all_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
