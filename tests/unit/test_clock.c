/* Timers fire in order, once, and never before their time. */
#include "tests/unit/unit.h"

#include "vmm/clock.h"

static uint64_t elapsed;
static char order[16];
static unsigned fired;

static uint64_t read_elapsed(void *ctx)
{
	return elapsed;
}

static void note(void *ctx)
{
	order[fired++] = *(const char *)ctx;
}

static struct clock clock_at_zero(void)
{
	elapsed = 0;
	fired = 0;
	return (struct clock){.elapsed_ns = read_elapsed};
}

static void test_fires_in_order_of_deadline_then_of_making(void **state)
{
	struct clock clock = clock_at_zero();
	struct timer a, b, c;

	timer_init(&a, &clock, note, "a");
	timer_init(&b, &clock, note, "b");
	timer_init(&c, &clock, note, "c");
	clock_set(&clock, &c, 20); /* before a: it makes no difference */
	clock_set(&clock, &b, 10);
	clock_set(&clock, &a, 20);
	elapsed = 9;
	clock_run(&clock);
	assert_int_equal(fired, 0);
	elapsed = 20;
	clock_run(&clock);
	assert_int_equal(fired, 3);
	assert_memory_equal(order, "bac", 3);
	assert_int_equal(clock_next(&clock), CLOCK_NEVER);
}

static void test_rearming_and_disarming(void **state)
{
	struct clock clock = clock_at_zero();
	struct timer a;

	timer_init(&a, &clock, note, "a");
	clock_set(&clock, &a, CLOCK_NEVER);
	clock_set(&clock, &a, 5);
	clock_set(&clock, &a, 7);
	assert_int_equal(clock_next(&clock), 7);
	clock_set(&clock, &a, CLOCK_NEVER);
	elapsed = 100;
	clock_run(&clock);
	assert_int_equal(fired, 0);
}

static void test_skipping_never_goes_back(void **state)
{
	struct clock clock = clock_at_zero();

	elapsed = 50;
	clock_skip_to(&clock, 40);
	assert_int_equal(clock_now(&clock), 50);
	clock_skip_to(&clock, 80);
	assert_int_equal(clock_now(&clock), 80);
	clock_skip_to(&clock, CLOCK_NEVER);
	assert_int_equal(clock_now(&clock), 80);
	elapsed = 51;
	assert_int_equal(clock_now(&clock), 81);
}

/* The instant given for a tick is the first at which it has passed. */
static void test_ticks_and_instants_agree(void **state)
{
	static const uint64_t hz[] = {1,       32768,	   1193182,
				      3579545, 1000000000, 4000000000};

	for (unsigned i = 0; i < sizeof(hz) / sizeof(hz[0]); i++)
		for (uint64_t n = 1; n < (UINT64_C(1) << 32); n = n * 3 + 1) {
			uint64_t at = clock_ticks_ns(n, hz[i]);

			assert_true(clock_ticks(at, hz[i]) >= n);
			assert_true(clock_ticks(at - 1, hz[i]) < n);
		}
	assert_int_equal(clock_ticks_ns(UINT64_MAX, 1), CLOCK_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_fires_in_order_of_deadline_then_of_making),
		cmocka_unit_test(test_rearming_and_disarming),
		cmocka_unit_test(test_skipping_never_goes_back),
		cmocka_unit_test(test_ticks_and_instants_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
