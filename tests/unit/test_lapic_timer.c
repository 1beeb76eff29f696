/* The local APIC's timer, to the nanosecond, and its TSC deadline. */
#include "tests/unit/lapic.h"

static void test_one_shot_to_the_nanosecond(void **state)
{
	static const struct {
		uint32_t tdcr;
		unsigned divider;
	} rows[] = {{0, 2},  {1, 4},  {2, 8},	  {3, 16},
		    {8, 32}, {9, 64}, {0xa, 128}, {0xb, 1}};

	wr32(lapic, LVTT, 0x40);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t start = now.ns, ns = 1000 * rows[i].divider;

		wr32(lapic, TDCR, rows[i].tdcr);
		wr32(lapic, TICR, 1000);
		assert_int_equal(rd32(lapic, TCCR), 1000);
		time_to(&now, start + ns / 2);
		assert_int_equal(rd32(lapic, TCCR), 500);
		time_to(&now, start + ns - 1);
		assert_false(lapic_pending(lapic));
		assert_int_equal(rd32(lapic, TCCR), 1);
		time_to(&now, start + ns);
		assert_int_equal(lapic_acknowledge(lapic), 0x40);
		wr32(lapic, EOI, 0);
		assert_int_equal(rd32(lapic, TCCR), 0);
		assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	}
}

static void test_periodic_keeps_its_phase(void **state)
{
	wr32(lapic, LVTT, 0x20040);
	wr32(lapic, TICR, 1000);
	for (unsigned n = 1; n <= 5; n++) {
		time_to(&now, n * 1000 - 1);
		assert_int_equal(rd32(lapic, TCCR), 1);
		assert_false(lapic_pending(lapic));
		time_to(&now, n * 1000);
		assert_int_equal(rd32(lapic, TCCR), 1000);
		assert_int_equal(lapic_acknowledge(lapic), 0x40);
		wr32(lapic, EOI, 0);
	}
	wr32(lapic, TICR, 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
}

/* A late monitor makes one interrupt of many periods, and re-arms ahead. */
static void test_periods_missed_count_once(void **state)
{
	wr32(lapic, LVTT, 0x20040);
	wr32(lapic, TICR, 1);
	now.ns = 1000000;
	clock_run(&now.clock);
	assert_int_equal(clock_next(&now.clock), 1000001);
	assert_int_equal(lapic_acknowledge(lapic), 0x40);
	wr32(lapic, EOI, 0);
	assert_false(lapic_pending(lapic));
}

static void test_masked_timer_counts_but_arms_nothing(void **state)
{
	wr32(lapic, LVTT, 0x30040);
	wr32(lapic, TICR, 1000);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	time_to(&now, 2500);
	assert_int_equal(rd32(lapic, TCCR), 500);
	wr32(lapic, LVTT, 0x20040);
	assert_false(lapic_pending(lapic)); /* those are lost */
	assert_int_equal(clock_next(&now.clock), 3000);
}

/* The guest may be quicker at the register than the clock's callback. */
static void test_expiry_is_not_lost_to_a_write(void **state)
{
	wr32(lapic, LVTT, 0x40);
	wr32(lapic, TICR, 1000);
	now.ns = 1001;
	wr32(lapic, TICR, 1000);
	assert_int_equal(lapic_acknowledge(lapic), 0x40);
	assert_int_equal(clock_next(&now.clock), 2001);
}

static void test_divider_change_keeps_the_count(void **state)
{
	wr32(lapic, LVTT, 0x40);
	wr32(lapic, TICR, 1000);
	time_to(&now, 400);
	wr32(lapic, TDCR, 0xa); /* 128 */
	assert_int_equal(rd32(lapic, TCCR), 600);
	assert_int_equal(clock_next(&now.clock), 400 + 600 * 128);
}

static void test_hostile_timer_values(void **state)
{
	wr32(lapic, LVTT, 0x20040);
	wr32(lapic, TDCR, 0xa);
	wr32(lapic, TICR, 0xffffffff);
	assert_int_equal(clock_next(&now.clock), UINT64_C(0xffffffff) * 128);
	wr32(lapic, LVTT, 0x40040); /* TSC deadline: disarms */
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	wr32(lapic, LVTT, 0x60040);
	assert_int_equal(rd32(lapic, TCCR), 0);
	wr32(lapic, LVTT, 0x05); /* vector 5 */
	wr32(lapic, TICR, 1);
	time_to(&now, now.ns + 1000);
	assert_false(lapic_pending(lapic));
}

static void test_state_copies_with_its_timer(void **state)
{
	char copy[2048], *at = (char *)lapic + lapic->ops->state_offset;

	assert_true(lapic->ops->state_size <= sizeof(copy));
	wr32(lapic, LVTT, 0x40);
	wr32(lapic, TICR, 1000);
	memcpy(copy, at, lapic->ops->state_size);
	lapic->ops->reset(lapic);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	memcpy(at, copy, lapic->ops->state_size);
	lapic->ops->restored(lapic);
	assert_int_equal(clock_next(&now.clock), 1000);
}

/* ---- The TSC deadline ---- */

static void test_deadline_fires_once_at_its_time(void **state)
{
	lapic_set_deadline(lapic, 500);
	assert_int_equal(lapic_get_deadline(lapic), 0); /* another mode */
	wr32(lapic, LVTT, 0x40040);
	lapic_set_deadline(lapic, 1000);
	assert_int_equal(lapic_get_deadline(lapic), 1000);
	assert_int_equal(clock_next(&now.clock), 1000);
	wr32(lapic, TICR, 10); /* not in this mode */
	assert_int_equal(rd32(lapic, TICR), 0);
	assert_int_equal(rd32(lapic, TCCR), 0);
	time_to(&now, 999);
	assert_false(lapic_pending(lapic));
	time_to(&now, 1000);
	assert_int_equal(lapic_acknowledge(lapic), 0x40);
	wr32(lapic, EOI, 0);
	assert_int_equal(lapic_get_deadline(lapic), 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
}

static void test_deadline_in_the_past_fires_at_once(void **state)
{
	wr32(lapic, LVTT, 0x40040);
	time_to(&now, 2000);
	lapic_set_deadline(lapic, 2000);
	assert_int_equal(lapic_acknowledge(lapic), 0x40);
	assert_int_equal(lapic_get_deadline(lapic), 0);
}

static void test_deadline_ends_with_its_mode(void **state)
{
	wr32(lapic, LVTT, 0x40040);
	lapic_set_deadline(lapic, 1000);
	lapic_set_deadline(lapic, 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	lapic_set_deadline(lapic, 1000);
	wr32(lapic, LVTT, 0x50040); /* masked: it passes unheard */
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	time_to(&now, 1500);
	assert_int_equal(lapic_get_deadline(lapic), 0);
	wr32(lapic, LVTT, 0x40040);
	lapic_set_deadline(lapic, 2000);
	wr32(lapic, LVTT, 0x40);
	assert_int_equal(lapic_get_deadline(lapic), 0);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	assert_false(lapic_pending(lapic));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_shot_to_the_nanosecond),
		T(test_periodic_keeps_its_phase),
		T(test_periods_missed_count_once),
		T(test_masked_timer_counts_but_arms_nothing),
		T(test_expiry_is_not_lost_to_a_write),
		T(test_divider_change_keeps_the_count),
		T(test_hostile_timer_values),
		T(test_state_copies_with_its_timer),
		T(test_deadline_fires_once_at_its_time),
		T(test_deadline_in_the_past_fires_at_once),
		T(test_deadline_ends_with_its_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
