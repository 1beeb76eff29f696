/* The clock chip: the date, the three interrupts, what the BIOS wrote. */
#include "tests/unit/chip.h"

#include <string.h>

enum { INDEX, DATA };

#define S  UINT64_C(1000000000)
#define MB (UINT64_C(1) << 20)
#define GB (UINT64_C(1) << 30)

static struct test_time now;
static struct device *rtc;
static struct wire irq;

static int setup(void **state)
{
	time_init(&now);
	irq = (struct wire){0};
	rtc = rtc_create(&now.clock, BOARD_EPOCH, 64 * MB);
	rtc->irq = line_to(&irq);
	return 0;
}

static int teardown(void **state)
{
	rtc->ops->destroy(rtc);
	return 0;
}

static uint8_t get(uint8_t index)
{
	wr(rtc, INDEX, index);
	return rd(rtc, DATA);
}

static void set(uint8_t index, uint8_t val)
{
	wr(rtc, INDEX, index);
	wr(rtc, DATA, val);
}

/* Seconds, minutes, hours, weekday, day, month, year, century. */
static void expect_time(uint8_t s, uint8_t m, uint8_t h, uint8_t wd, uint8_t d,
			uint8_t mon, uint8_t y, uint8_t c)
{
	assert_int_equal(get(0x00), s);
	assert_int_equal(get(0x02), m);
	assert_int_equal(get(0x04), h);
	assert_int_equal(get(0x06), wd);
	assert_int_equal(get(0x07), d);
	assert_int_equal(get(0x08), mon);
	assert_int_equal(get(0x09), y);
	assert_int_equal(get(0x32), c);
}

static void test_begins_at_the_epoch(void **state)
{
	expect_time(0, 0, 0, 7, 1, 1, 0, 0x20); /* a Saturday */
	assert_int_equal(get(0x0a), 0x26);
	assert_int_equal(get(0x0b), 0x02);
	assert_int_equal(get(0x0c), 0x00);
	assert_int_equal(get(0x0d), 0x80);
	assert_int_equal(rd(rtc, INDEX), 0xff);
	assert_int_equal(get(0x80 | 0x0d), 0x80); /* NMI mask: no index bit */
}

static void test_time_passes_with_the_clock(void **state)
{
	now.ns = S - 1;
	expect_time(0, 0, 0, 7, 1, 1, 0, 0x20);
	now.ns = S;
	expect_time(1, 0, 0, 7, 1, 1, 0, 0x20);
	now.ns = (59 + 59 * 60 + 23 * 3600) * S;
	expect_time(0x59, 0x59, 0x23, 7, 1, 1, 0, 0x20);
	now.ns += S;
	expect_time(0, 0, 0, 1, 2, 1, 0, 0x20);
	now.ns = 59 * 86400 * S; /* 2000 is a leap year */
	expect_time(0, 0, 0, 3, 0x29, 2, 0, 0x20);
}

static void test_formats(void **state)
{
	now.ns = (13 * 3600 + 45 * 60 + 30) * S;
	set(0x0b, 0x06); /* binary, 24 h */
	expect_time(30, 45, 13, 7, 1, 1, 0, 20);
	set(0x0b, 0x04); /* binary, 12 h */
	assert_int_equal(get(0x04), 0x81);
	set(0x0b, 0x00); /* BCD, 12 h */
	assert_int_equal(get(0x04), 0x81);
	now.ns = 0;
	assert_int_equal(get(0x04), 0x12); /* midnight */
	now.ns = 12 * 3600 * S;
	assert_int_equal(get(0x04), 0x92); /* noon */
}

static void test_setting_while_stopped(void **state)
{
	static const uint8_t row[][2] = {
		{0x00, 0x58}, {0x02, 0x59}, {0x04, 0x23}, {0x07, 0x31},
		{0x08, 0x12}, {0x09, 0x99}, {0x32, 0x19}};

	now.ns = 5 * S + S / 2;
	set(0x0b, 0x92);
	assert_int_equal(get(0x0b), 0x82); /* SET clears the update irq */
	for (unsigned i = 0; i < COUNT(row); i++)
		set(row[i][0], row[i][1]);
	now.ns = 100 * S + S / 2;
	assert_int_equal(get(0x00), 0x58); /* stands still */
	set(0x0b, 0x02);
	expect_time(0x58, 0x59, 0x23, 6, 0x31, 0x12, 0x99, 0x19);
	now.ns += 2 * S;
	expect_time(0, 0, 0, 7, 1, 1, 0, 0x20);
}

static void test_setting_while_running(void **state)
{
	now.ns = 7 * S;
	set(0x04, 0x15);
	expect_time(0x07, 0, 0x15, 7, 1, 1, 0, 0x20);
}

/* Nonsense is carried over or kept, never trusted. */
static void test_hostile_dates(void **state)
{
	for (unsigned b = 0; b < 8; b += 2)
		for (unsigned val = 0; val < 256; val += 17) {
			set(0x0b, 0x80 | b);
			for (unsigned i = 0; i < 10; i++)
				set(i, val);
			set(0x32, val);
			set(0x0b, 0x70 | b);
			now.ns += 3 * S;
			get(0x0c);
			for (unsigned i = 0; i < 0x80; i++)
				get(i);
		}
}

static void test_update_in_progress(void **state)
{
	now.ns = S - 244001;
	assert_int_equal(get(0x0a), 0x26);
	now.ns = S - 244000;
	assert_int_equal(get(0x0a), 0xa6);
	now.ns = S;
	assert_int_equal(get(0x0a), 0x26);
	set(0x0a, 0xff);
	assert_int_equal(get(0x0a), 0x7f);
	now.ns = 2 * S - 1;
	set(0x0b, 0x82);
	assert_int_equal(get(0x0a), 0x7f); /* stopped: no update */
}

static void test_flags_come_without_interrupts(void **state)
{
	now.ns = S;
	assert_int_equal(get(0x0c), 0x50); /* update and period */
	assert_int_equal(get(0x0c), 0x00);
	assert_int_equal(irq.rises, 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
}

static void test_periodic_rates(void **state)
{
	static const struct {
		uint8_t rate;
		unsigned hz;
	} rows[] = {{1, 256}, {2, 128}, {3, 8192}, {6, 1024}, {15, 2}};

	set(0x0b, 0x42);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t start = (2 * i + 2) * S, end = start + S;

		set(0x0a, 0x20);
		assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
		now.ns = start;
		get(0x0c);
		set(0x0a, 0x20 | rows[i].rate);
		irq.rises = 0;
		while (clock_next(&now.clock) <= end) {
			time_to(&now, clock_next(&now.clock));
			assert_int_equal(get(0x0c) & 0xc0, 0xc0);
		}
		assert_int_equal(irq.rises, rows[i].hz);
		now.ns = end;
	}
}

/* The line stays up, and nothing is armed, until C is read. */
static void test_unread_interrupt_arms_nothing(void **state)
{
	set(0x0b, 0x12);
	assert_int_equal(clock_next(&now.clock), S);
	time_to(&now, S);
	assert_true(irq.level);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	time_to(&now, 5 * S);
	assert_int_equal(irq.rises, 1);
	assert_int_equal(get(0x0c), 0xd0);
	assert_false(irq.level);
	assert_int_equal(clock_next(&now.clock), 6 * S);
}

static void test_alarms(void **state)
{
	static const struct {
		uint8_t s, m, h;
		uint64_t at; /* seconds after 12:00:00 */
	} rows[] = {
		{0x30, 0x00, 0x12, 30},	   {0x00, 0x00, 0x12, 86400},
		{0x00, 0x00, 0x11, 82800}, {0x59, 0x59, 0x23, 43199},
		{0x05, 0xff, 0xff, 5},	   {0x00, 0xff, 0xff, 60},
		{0xc0, 0xc0, 0xc0, 1},	   {0xff, 0x01, 0xff, 60},
		{0x00, 0x00, 0xff, 3600},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t noon = (i * 10 * 86400 + 43200) * S;

		set(0x0b, 0x02);
		now.ns = noon;
		set(0x01, rows[i].s);
		set(0x03, rows[i].m);
		set(0x05, rows[i].h);
		get(0x0c);
		set(0x0b, 0x22);
		assert_int_equal(clock_next(&now.clock), noon + rows[i].at * S);
		irq.rises = 0;
		time_to(&now, noon + rows[i].at * S);
		assert_int_equal(irq.rises, 1);
		assert_int_equal(get(0x0c) & 0xa0, 0xa0);
	}
}

static void test_alarms_that_never_come(void **state)
{
	static const uint8_t rows[][3] = {{0x60, 0x00, 0x00},
					  {0x0a, 0xff, 0xff},
					  {0x00, 0x7f, 0xff},
					  {0x00, 0x00, 0x24},
					  {0x00, 0x00, 0x93}};

	set(0x0b, 0x22);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		set(0x01, rows[i][0]);
		set(0x03, rows[i][1]);
		set(0x05, rows[i][2]);
		assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	}
}

static void test_memory_sizes(void **state)
{
	static const struct {
		uint64_t ram;
		unsigned ext_kib, high_64k, above_64k;
	} rows[] = {
		{MB, 0, 0, 0},
		{16 * MB, 15 * 1024, 0, 0},
		{64 * MB, 63 * 1024, 768, 0},
		{128 * MB, 0xffff, 1792, 0},
		{3 * GB, 0xffff, 48896, 0},
		{4 * GB, 0xffff, 48896, 16384},
		{64 * GB, 0xffff, 48896, 999424},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		rtc->ops->destroy(rtc);
		rtc = rtc_create(&now.clock, 0, rows[i].ram);
		assert_int_equal(get(0x15) | get(0x16) << 8, 640);
		assert_int_equal(get(0x17) | get(0x18) << 8, rows[i].ext_kib);
		assert_int_equal(get(0x30) | get(0x31) << 8, rows[i].ext_kib);
		assert_int_equal(get(0x34) | get(0x35) << 8, rows[i].high_64k);
		assert_int_equal(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16,
				 rows[i].above_64k);
	}
}

static void test_checksum_and_scratch(void **state)
{
	unsigned sum = 0;

	for (unsigned i = 0x10; i <= 0x2d; i++)
		sum += get(i);
	assert_int_equal(get(0x2e) << 8 | get(0x2f), sum);
	set(0x7f, 0xa5);
	assert_int_equal(get(0x7f), 0xa5);
	set(0x0d, 0);
	assert_int_equal(get(0x0d), 0x80);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_begins_at_the_epoch),
		T(test_time_passes_with_the_clock),
		T(test_formats),
		T(test_setting_while_stopped),
		T(test_setting_while_running),
		T(test_hostile_dates),
		T(test_update_in_progress),
		T(test_flags_come_without_interrupts),
		T(test_periodic_rates),
		T(test_unread_interrupt_arms_nothing),
		T(test_alarms),
		T(test_alarms_that_never_come),
		T(test_memory_sizes),
		T(test_checksum_and_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
