/* Bytes from a file become a device's state only if it could be in it. */
#include "tests/unit/chip.h"

#include <stdlib.h>
#include <string.h>

#include "devices/lapic.h"

#define NOW UINT64_C(1000000000)

static struct machine *m;
static struct board board;

static int setup(void **state)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH,
				      .bios_state = true};

	m = machine_create(1 << 20);
	assert_non_null(m);
	m->clock.skipped_ns = NOW;
	return board_build(&board, m, &config);
}

static int teardown(void **state)
{
	machine_destroy(m);
	return 0;
}

static uint8_t *state_of(struct device *dev)
{
	return (uint8_t *)dev + dev->ops->state_offset;
}

/* Is its own state, with one byte changed, still one? */
static bool ok_with(struct device *dev, size_t at, uint8_t val)
{
	uint8_t *bytes = malloc(dev->ops->state_size + 1);
	bool ok;

	memcpy(bytes + 1, state_of(dev), dev->ops->state_size);
	bytes[1 + at] = val;
	ok = device_state_ok(dev, bytes + 1, NOW); /* not aligned */
	free(bytes);
	return ok;
}

static void test_what_a_board_is_in_is_taken(void **state)
{
	for (struct device *dev = m->devices; dev; dev = dev->next)
		assert_true(device_state_ok(dev, state_of(dev), NOW));
}

/* The high byte of a field, one bit further than it may go. */
static void test_no_field_goes_beyond_its_range(void **state)
{
	unsigned tried = 0;

	for (struct device *dev = m->devices; dev; dev = dev->next)
		for (const struct state_field *f = dev->ops->fields;
		     f && f->size; f++) {
			size_t high = f->offset + f->size - 1;

			assert_true(f->offset + f->size <=
				    dev->ops->state_size);
			assert_true(f->size <= 8);
			if (f->max < 0x80 || !(f->bits >> (8 * f->size - 1)))
				assert_false(ok_with(dev, high, 0x80));
			if (f->max == 1)
				assert_false(ok_with(dev, f->offset, 2));
			tried++;
		}
	assert_true(tried > 80);
}

/* What no field alone tells. */
static void test_fields_agree(void **state)
{
	struct lapic *l = to_lapic(board.lapic[0]);
	struct device *dev = &l->dev;

	assert_false(ok_with(dev, offsetof(struct lapic_state, enabled), 0) &&
		     l->s.x2apic);
	l->s.enabled = false;
	assert_true(device_state_ok(dev, &l->s, NOW));
	l->s.x2apic = true;
	assert_false(device_state_ok(dev, &l->s, NOW));
	l->s.enabled = true;
	assert_true(device_state_ok(dev, &l->s, NOW));
	l->s.reg[LAPIC_ID] = 1;
	assert_false(device_state_ok(dev, &l->s, NOW));
	l->s.reg[LAPIC_ID] = 0;
	l->s.reg[LAPIC_IRR] = 1 << 15; /* a vector below 16 */
	assert_false(device_state_ok(dev, &l->s, NOW));
	l->s.reg[LAPIC_IRR] = 1 << 16;
	assert_true(device_state_ok(dev, &l->s, NOW));
}

static void test_nothing_began_in_the_future(void **state)
{
	struct lapic *l = to_lapic(board.lapic[0]);

	l->s.timer_base_ns = NOW;
	assert_true(device_state_ok(&l->dev, &l->s, NOW));
	assert_false(device_state_ok(&l->dev, &l->s, NOW - 1));
	/* The BIOS has started the PIT, the RTC always runs. */
	assert_true(device_state_ok(board.pit, state_of(board.pit), NOW));
	assert_false(device_state_ok(board.pit, state_of(board.pit), 0));
	assert_true(device_state_ok(board.rtc, state_of(board.rtc), NOW));
	assert_false(device_state_ok(board.rtc, state_of(board.rtc), NOW - 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_a_board_is_in_is_taken),
		TEST(test_no_field_goes_beyond_its_range),
		TEST(test_fields_agree),
		TEST(test_nothing_began_in_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
