/* The local APIC: priorities, the timer to the nanosecond, destinations. */
#include "tests/unit/chip.h"

#include <string.h>

enum {
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	PPR = 0xa0,
	EOI = 0xb0,
	LDR = 0xd0,
	DFR = 0xe0,
	SVR = 0xf0,
	ISR = 0x100,
	TMR = 0x180,
	IRR = 0x200,
	ESR = 0x280,
	ICR = 0x300,
	ICR2 = 0x310,
	LVTT = 0x320,
	LINT0 = 0x350,
	LVTERR = 0x370,
	TICR = 0x380,
	TCCR = 0x390,
	TDCR = 0x3e0,
};

#define DIV1 0xb

static struct test_time now;
static struct device *lapic;
static int eoi_vector;
static struct {
	uint8_t dest, mode, vector;
	bool logical;
	unsigned count;
} sent;

static void note_eoi(void *ctx, uint8_t vector)
{
	eoi_vector = vector;
}

static bool note_message(void *ctx, uint8_t dest, bool logical, uint8_t mode,
			 uint8_t vector, bool level)
{
	sent.dest = dest;
	sent.logical = logical;
	sent.mode = mode;
	sent.vector = vector;
	sent.count++;
	return true;
}

static int setup(void **state)
{
	struct interrupt_bus bus = {note_message, NULL};

	time_init(&now);
	memset(&sent, 0, sizeof(sent));
	eoi_vector = -1;
	lapic = lapic_create(&now.clock, 3);
	lapic_set_eoi(lapic, note_eoi, NULL);
	lapic_set_bus(lapic, &bus);
	return 0;
}

static int setup_on(void **state)
{
	setup(state);
	wr32(lapic, SVR, 0x1ff);
	wr32(lapic, TDCR, DIV1);
	return 0;
}

static int teardown(void **state)
{
	lapic->ops->destroy(lapic);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	return 0;
}

static void test_reset_values(void **state)
{
	static const struct {
		unsigned reg;
		uint32_t val;
	} rows[] = {
		{ID, 3 << 24},	   {VERSION, 0x50014}, {TPR, 0},
		{PPR, 0},	   {LDR, 0},	       {DFR, 0xffffffff},
		{SVR, 0xff},	   {ISR, 0},	       {IRR, 0},
		{ESR, 0},	   {LVTT, 0x10000},    {LINT0, 0x10000},
		{0x330, 0x10000},  {0x340, 0x10000},   {0x360, 0x10000},
		{LVTERR, 0x10000}, {TICR, 0},	       {TCCR, 0},
		{TDCR, 0},
	};

	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(rd32(lapic, rows[i].reg), rows[i].val);
}

/* What is kept of all ones, switched on. */
static void test_writable_bits(void **state)
{
	static const struct {
		unsigned reg;
		uint32_t val;
	} rows[] = {
		{ID, 0xff000000},   {VERSION, 0x50014}, {TPR, 0xff},
		{LDR, 0xff000000},  {SVR, 0x3ff},	{LVTT, 0x700ff},
		{LINT0, 0x1a7ff},   {LVTERR, 0x100ff},	{TDCR, 0xb},
		{ICR2, 0xff000000},
	};

	wr32(lapic, DFR, 0);
	assert_int_equal(rd32(lapic, DFR), 0x0fffffff);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr32(lapic, rows[i].reg, 0xffffffff);
		assert_int_equal(rd32(lapic, rows[i].reg), rows[i].val);
	}
}

static void test_odd_accesses_are_harmless(void **state)
{
	lapic->ops->write(lapic, TPR, 1, 0xff);
	lapic->ops->write(lapic, TPR + 4, 4, 0xff);
	assert_int_equal(rd32(lapic, TPR), 0);
	assert_int_equal(rd(lapic, VERSION + 2), 5);
	assert_int_equal(rd32(lapic, VERSION + 4), 0);
	assert_int_equal(rd32(lapic, 0xffc), 0);
	wr32(lapic, 0xff0, 1);
}

static void test_switched_off_takes_nothing(void **state)
{
	assert_false(lapic_deliver(lapic, 0x40, false));
	assert_false(lapic_pending(lapic));
	assert_int_equal(lapic_acknowledge(lapic), -1);
	wr32(lapic, LVTT, 0x40); /* off: the mask stays */
	assert_int_equal(rd32(lapic, LVTT), 0x10040);
	wr32(lapic, SVR, 0x1ff);
	wr32(lapic, LVTT, 0x40);
	assert_int_equal(rd32(lapic, LVTT), 0x40);
	wr32(lapic, SVR, 0xff);
	assert_int_equal(rd32(lapic, LVTT), 0x10040);
}

static void test_disabled_by_msr_answers_nothing(void **state)
{
	assert_false(lapic_accepts_extint(lapic));
	lapic_enable(lapic, false);
	assert_int_equal(rd32(lapic, VERSION), 0xffffffff);
	assert_true(lapic_accepts_extint(lapic));
	assert_false(lapic_deliver(lapic, 0x40, false));
	lapic_enable(lapic, true);
	assert_int_equal(rd32(lapic, VERSION), 0x50014);
}

static void test_extint_through_lint0(void **state)
{
	static const struct {
		uint32_t lvt;
		bool accepts;
	} rows[] = {{0x8700, true},
		    {0x700, true},
		    {0x18700, false},
		    {0x8600, false},
		    {0x400, false}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr32(lapic, LINT0, rows[i].lvt);
		assert_int_equal(lapic_accepts_extint(lapic), rows[i].accepts);
	}
}

static void test_highest_first_and_nesting(void **state)
{
	lapic_deliver(lapic, 0x41, false);
	lapic_deliver(lapic, 0xfe, false);
	lapic_deliver(lapic, 0x42, false);
	assert_int_equal(rd32(lapic, IRR + 0x70), 1u << 30);
	assert_int_equal(lapic_acknowledge(lapic), 0xfe);
	assert_int_equal(rd32(lapic, ISR + 0x70), 1u << 30);
	assert_int_equal(rd32(lapic, PPR), 0xf0);
	assert_int_equal(lapic_acknowledge(lapic), -1);
	wr32(lapic, EOI, 0);
	assert_int_equal(lapic_acknowledge(lapic), 0x42);
	assert_false(lapic_pending(lapic)); /* 41h: the same class */
	wr32(lapic, EOI, 0);
	assert_int_equal(lapic_acknowledge(lapic), 0x41);
	wr32(lapic, EOI, 0);
	wr32(lapic, EOI, 0); /* nothing in service: nothing happens */
	assert_int_equal(eoi_vector, -1);
}

static void test_task_priority(void **state)
{
	static const struct {
		uint8_t tpr;
		bool passes;
	} rows[] = {{0x00, true}, {0x3f, true}, {0x40, false}, {0xf0, false}};

	lapic_deliver(lapic, 0x45, false);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		lapic_set_tpr(lapic, rows[i].tpr);
		assert_int_equal(lapic_pending(lapic), rows[i].passes);
		assert_int_equal(rd32(lapic, TPR), rows[i].tpr);
		assert_int_equal(rd32(lapic, PPR), rows[i].tpr);
		assert_int_equal(lapic_get_tpr(lapic), rows[i].tpr);
	}
}

static void test_level_tells_its_end(void **state)
{
	lapic_deliver(lapic, 0x50, true);
	assert_int_equal(rd32(lapic, TMR + 0x20), 1u << 16);
	lapic_acknowledge(lapic);
	wr32(lapic, EOI, 0);
	assert_int_equal(eoi_vector, 0x50);
	eoi_vector = -1;
	lapic_deliver(lapic, 0x50, false);
	assert_int_equal(rd32(lapic, TMR + 0x20), 0);
	lapic_acknowledge(lapic);
	wr32(lapic, EOI, 0);
	assert_int_equal(eoi_vector, -1);
}

static void test_vectors_below_16_are_errors(void **state)
{
	wr32(lapic, LVTERR, 0x33);
	assert_true(lapic_deliver(lapic, 15, false));
	assert_int_equal(rd32(lapic, ESR), 0); /* until it is written */
	wr32(lapic, ESR, 0);
	assert_int_equal(rd32(lapic, ESR), 0x40);
	assert_int_equal(lapic_acknowledge(lapic), 0x33);
	wr32(lapic, ICR, 0x4000f); /* to itself */
	wr32(lapic, ESR, 0);
	assert_int_equal(rd32(lapic, ESR), 0x20);
	wr32(lapic, ESR, 0);
	assert_int_equal(rd32(lapic, ESR), 0);
	assert_true(lapic_deliver(lapic, 16, false));
	assert_int_equal(rd32(lapic, IRR), 1u << 16);
}

/* Registers that are not there are errors; read-only ones are not. */
static void test_reserved_registers_are_errors(void **state)
{
	static const struct {
		unsigned reg;
		bool write;
		uint32_t esr;
	} rows[] = {
		{VERSION, true, 0},  {PPR, true, 0},	   {IRR, true, 0},
		{TCCR, true, 0},     {EOI, false, 0},	   {ICR, false, 0},
		{0x70, true, 0x80},  {0x70, false, 0x80},  {0x00, false, 0x80},
		{0x2f0, true, 0x80}, {0x3f0, false, 0x80}, {0x400, true, 0x80},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		if (rows[i].write)
			wr32(lapic, rows[i].reg, 0);
		else
			assert_int_equal(rd32(lapic, rows[i].reg), 0);
		wr32(lapic, ESR, 0);
		assert_int_equal(rd32(lapic, ESR), rows[i].esr);
	}
}

static void test_error_with_an_illegal_error_vector_ends(void **state)
{
	wr32(lapic, LVTERR, 0x05);
	lapic_deliver(lapic, 3, false);
	lapic_deliver(lapic, 3, false);
	assert_false(lapic_pending(lapic));
}

static void test_destinations(void **state)
{
	static const struct {
		uint32_t ldr, dfr;
		uint8_t dest;
		bool logical, matches;
	} rows[] = {
		{0, 0xffffffff, 3, false, true},
		{0, 0xffffffff, 2, false, false},
		{0, 0xffffffff, 0xff, false, true},
		{0x01000000, 0xffffffff, 0x01, true, true},
		{0x01000000, 0xffffffff, 0x81, true, true},
		{0x01000000, 0xffffffff, 0x02, true, false},
		{0x12000000, 0x0fffffff, 0x12, true, true},
		{0x12000000, 0x0fffffff, 0x13, true, true},
		{0x12000000, 0x0fffffff, 0x11, true, false},
		{0x12000000, 0x0fffffff, 0x22, true, false},
		{0x12000000, 0x0fffffff, 0xff, true, true},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr32(lapic, LDR, rows[i].ldr);
		wr32(lapic, DFR, rows[i].dfr);
		assert_int_equal(
			lapic_matches(lapic, rows[i].dest, rows[i].logical),
			rows[i].matches);
	}
}

static void test_interprocessor_messages(void **state)
{
	wr32(lapic, ICR, 0x40041); /* self */
	assert_int_equal(lapic_acknowledge(lapic), 0x41);
	assert_int_equal(sent.count, 0);
	wr32(lapic, ICR2, 0x05000000);
	wr32(lapic, ICR, 0x00841); /* logical 5 */
	assert_int_equal(sent.count, 1);
	assert_int_equal(sent.dest, 5);
	assert_true(sent.logical);
	wr32(lapic, ICR, 0x80042); /* all */
	assert_int_equal(sent.dest, 0xff);
	assert_int_equal(sent.vector, 0x42);
	wr32(lapic, ICR, 0xc0042); /* the others: nobody */
	assert_int_equal(sent.count, 2);
	assert_int_equal(rd32(lapic, ICR) & 0x1000, 0); /* delivered */
}

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
	wr32(lapic, LVTT, 0x40040); /* TSC deadline: not offered */
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

#define T(name)	 cmocka_unit_test_setup_teardown(name, setup_on, teardown)
#define T0(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T0(test_reset_values),
		T0(test_switched_off_takes_nothing),
		T0(test_disabled_by_msr_answers_nothing),
		T(test_writable_bits),
		T(test_odd_accesses_are_harmless),
		T(test_extint_through_lint0),
		T(test_highest_first_and_nesting),
		T(test_task_priority),
		T(test_level_tells_its_end),
		T(test_vectors_below_16_are_errors),
		T(test_reserved_registers_are_errors),
		T(test_error_with_an_illegal_error_vector_ends),
		T(test_destinations),
		T(test_interprocessor_messages),
		T(test_one_shot_to_the_nanosecond),
		T(test_periodic_keeps_its_phase),
		T(test_periods_missed_count_once),
		T(test_masked_timer_counts_but_arms_nothing),
		T(test_expiry_is_not_lost_to_a_write),
		T(test_divider_change_keeps_the_count),
		T(test_hostile_timer_values),
		T(test_state_copies_with_its_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
