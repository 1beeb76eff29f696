/*
 * test_refill.c: budgets of scheduling contexts. The promise is that no
 * window of one period holds more than one budget of running; it is checked
 * on random schedules, to the nanosecond.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "guest-kernel/kernel/refill.h"

#define BUDGET 10
#define PERIOD 50
#define TIME   20000

static void check_ring(const struct refills *r)
{
	uint64_t total = 0, end = 0;

	assert_in_range(r->count, 1, REFILLS);
	for (uint32_t i = 0; i < r->count; i++) {
		const struct refill *f = &r->ring[(r->first + i) % REFILLS];

		assert_true(f->amount > 0);
		assert_true(i == 0 || f->when > end);
		end = f->when + f->amount;
		total += f->amount;
	}
	assert_int_equal(total, r->budget);
	assert_true(r->count == 1 || r->ring[r->first].amount >= r->budget / 4);
}

static void test_a_full_budget_is_there_at_once(void **state)
{
	struct refills r;

	refills_init(&r, BUDGET, PERIOD, 7);
	check_ring(&r);
	assert_int_equal(refills_when(&r), 7);
	assert_int_equal(refills_amount(&r), BUDGET);
}

static void test_what_was_used_comes_back_a_period_later(void **state)
{
	struct refills r;

	refills_init(&r, BUDGET, PERIOD, 0);
	refills_begin(&r, 100);
	refills_charge(&r, BUDGET);
	check_ring(&r);
	assert_int_equal(refills_when(&r), 100 + PERIOD);
	assert_int_equal(refills_amount(&r), BUDGET);
}

static void test_what_was_not_used_is_not_saved_up(void **state)
{
	struct refills r;

	refills_init(&r, BUDGET, PERIOD, 0);
	refills_begin(&r, 1000 * PERIOD);
	assert_int_equal(refills_amount(&r), BUDGET);
	refills_charge(&r, 4);
	check_ring(&r);
	assert_int_equal(refills_amount(&r), BUDGET - 4);
}

static void test_a_debt_is_paid_by_later_refills(void **state)
{
	struct refills r;

	refills_init(&r, BUDGET, PERIOD, 0);
	refills_begin(&r, 0);
	refills_charge(&r, BUDGET + 3);
	check_ring(&r);
	assert_true(refills_when(&r) >= PERIOD + 3);
}

/* Runs or not in each nanosecond, as chance and the budget have it. */
static void run_schedule(uint8_t *ran, unsigned seed)
{
	struct refills r;
	uint64_t now = 0;

	srandom(seed);
	refills_init(&r, BUDGET, PERIOD, 0);
	while (now < TIME) {
		uint64_t run;

		now += random() % (seed % 3 ? 7 : 40);
		if (refills_when(&r) > now)
			now = refills_when(&r);
		refills_begin(&r, now);
		run = 1 + random() % refills_amount(&r);
		for (uint64_t i = 0; i < run && now + i < TIME; i++)
			ran[now + i] = 1;
		now += run;
		refills_charge(&r, run);
		check_ring(&r);
	}
}

static void test_no_window_holds_more_than_the_budget(void **state)
{
	static uint8_t ran[TIME];

	for (unsigned seed = 0; seed < 50; seed++) {
		unsigned inside = 0;

		for (unsigned i = 0; i < TIME; i++)
			ran[i] = 0;
		run_schedule(ran, seed);
		for (unsigned i = 0; i < TIME; i++) {
			inside += ran[i];
			if (i >= PERIOD)
				inside -= ran[i - PERIOD];
			assert_true(inside <= BUDGET);
		}
	}
}

static void test_all_of_the_time_can_be_had(void **state)
{
	struct refills r;
	uint64_t now = 0;

	/* Budget equal to the period: never throttled. */
	refills_init(&r, PERIOD, PERIOD, 0);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t run = 1 + i % PERIOD;

		assert_true(refills_when(&r) <= now);
		if (run > refills_amount(&r))
			run = refills_amount(&r);
		refills_charge(&r, run);
		check_ring(&r);
		now += run;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_budget_is_there_at_once),
		cmocka_unit_test(test_what_was_used_comes_back_a_period_later),
		cmocka_unit_test(test_what_was_not_used_is_not_saved_up),
		cmocka_unit_test(test_a_debt_is_paid_by_later_refills),
		cmocka_unit_test(test_no_window_holds_more_than_the_budget),
		cmocka_unit_test(test_all_of_the_time_can_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
