/* The local APIC: vectors and signals, their priorities and destinations. */
#include "tests/unit/lapic.h"

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
	assert_int_equal(sent_count, 0);
	wr32(lapic, ICR2, 0x05000000);
	wr32(lapic, ICR, 0x00841); /* logical 5 */
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent.dest, 5);
	assert_true(sent.logical);
	wr32(lapic, ICR, 0x80042); /* all */
	assert_int_equal(sent.dest, UINT32_MAX);
	assert_int_equal(sent.from, -1);
	assert_int_equal(sent.vector, 0x42);
	wr32(lapic, ICR, 0xc0042); /* the others */
	assert_int_equal(sent_count, 3);
	assert_int_equal(sent.dest, UINT32_MAX);
	assert_int_equal(sent.from, 3);
	assert_int_equal(rd32(lapic, ICR) & 0x1000, 0); /* delivered */
}

/* ---- What is no vector ---- */

static void test_signals_wait_until_taken(void **state)
{
	wr32(lapic, SVR, 0xff); /* switched off it takes them still */
	assert_true(lapic_signal(lapic, SIGNAL_NMI, 0));
	assert_true(lapic_signal(lapic, SIGNAL_STARTUP, 0x9a));
	assert_int_equal(lapic_signals(lapic), SIGNAL_NMI | SIGNAL_STARTUP);
	assert_int_equal(lapic_take_signal(lapic, SIGNAL_STARTUP), 0x9a);
	assert_int_equal(lapic_signals(lapic), SIGNAL_NMI);
	lapic_take_signal(lapic, SIGNAL_NMI);
	assert_int_equal(lapic_signals(lapic), 0);
	lapic_enable(lapic, false);
	assert_false(lapic_signal(lapic, SIGNAL_NMI, 0));
}

static void test_init_forgets_all_but_the_id(void **state)
{
	wr32(lapic, ID, 0x42000000);
	wr32(lapic, LVTT, 0x20040);
	wr32(lapic, TICR, 1000);
	lapic_deliver(lapic, 0x50, false);
	lapic_signal(lapic, SIGNAL_NMI, 0);
	lapic_signal(lapic, SIGNAL_STARTUP, 0x10);
	assert_true(lapic_signal(lapic, SIGNAL_INIT, 0));
	assert_int_equal(lapic_signals(lapic), SIGNAL_INIT);
	assert_false(lapic_pending(lapic));
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	assert_int_equal(rd32(lapic, SVR), 0xff);
	assert_int_equal(rd32(lapic, ID), 0x42000000);
}

static void test_init_deassert_is_no_message(void **state)
{
	wr32(lapic, ICR, 0xc8500); /* level, not asserted */
	assert_int_equal(sent_count, 0);
	wr32(lapic, ICR, 0xcc500);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent.mode, MODE_INIT);
	wr32(lapic, ICR, 0xc4605); /* vectors under 16 are a SIPI's right */
	assert_int_equal(sent.mode, MODE_STARTUP);
	assert_int_equal(sent.vector, 5);
}

static void test_lint_pins(void **state)
{
	static const struct {
		uint32_t lvt;
		unsigned signals;
		int vector;
	} rows[] = {{0x400, SIGNAL_NMI, -1}, {0x10400, 0, -1}, {0x045, 0, 0x45},
		    {0x10045, 0, -1},	     {0x700, 0, -1},   {0x200, 0, -1}};

	for (unsigned pin = 0; pin < 2; pin++)
		for (unsigned i = 0; i < COUNT(rows); i++) {
			wr32(lapic, LINT0 + 16 * pin, rows[i].lvt);
			lapic_lint(lapic, pin, true);
			assert_int_equal(lapic_signals(lapic), rows[i].signals);
			lapic_take_signal(lapic, SIGNAL_NMI);
			lapic_lint(lapic, pin, true); /* no new edge */
			assert_int_equal(lapic_signals(lapic), 0);
			assert_int_equal(lapic_acknowledge(lapic),
					 rows[i].vector);
			wr32(lapic, EOI, 0);
			lapic_lint(lapic, pin, false);
		}
	lapic_enable(lapic, false); /* then LINT1 is the NMI pin */
	lapic_lint(lapic, 0, true);
	assert_int_equal(lapic_signals(lapic), 0);
	lapic_lint(lapic, 1, true);
	assert_int_equal(lapic_signals(lapic), SIGNAL_NMI);
}

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
		T(test_signals_wait_until_taken),
		T(test_init_forgets_all_but_the_id),
		T(test_init_deassert_is_no_message),
		T(test_lint_pins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
