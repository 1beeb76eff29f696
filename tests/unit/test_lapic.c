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
static struct interrupt_message sent;
static unsigned sent_count;

static void note_eoi(void *ctx, uint8_t vector)
{
	eoi_vector = vector;
}

static bool note_message(void *ctx, const struct interrupt_message *msg)
{
	sent = *msg;
	sent_count++;
	return true;
}

static int setup(void **state)
{
	struct interrupt_bus bus = {note_message, NULL};

	time_init(&now);
	memset(&sent, 0, sizeof(sent));
	sent_count = 0;
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

/* ---- x2APIC mode ---- */

#define BASE   UINT64_C(0xfee00000)
#define BSP    UINT64_C(0x100)
#define EXTD   UINT64_C(0x400)
#define EN     UINT64_C(0x800)
#define MSR(r) (0x800u + (r) / 16)

static bool set(unsigned reg, uint64_t val)
{
	return lapic_write_msr(lapic, MSR(reg), val);
}

static uint64_t get(unsigned reg)
{
	uint64_t val = ~UINT64_C(0);

	assert_true(lapic_read_msr(lapic, MSR(reg), &val));
	return val;
}

static int setup_x2(void **state)
{
	setup_on(state);
	return !lapic_set_base(lapic, BASE | EN | EXTD);
}

/* SDM 3 figure 10-27, all of it: from each mode to each. */
static void test_mode_changes(void **state)
{
	static const struct {
		uint64_t from, to;
		bool ok;
	} rows[] = {
		{EN, EN, true},
		{EN, 0, true},
		{EN, EN | EXTD, true},
		{EN, EXTD, false},
		{0, 0, true},
		{0, EN, true},
		{0, EXTD, false},
		{0, EN | EXTD, false},
		{EN | EXTD, EN, false},
		{EN | EXTD, 0, true},
		{EN | EXTD, EXTD, false},
		{EN | EXTD, EN | EXTD, true},
	};
	uint64_t val;

	for (unsigned i = 0; i < COUNT(rows); i++) {
		uint64_t now_at = rows[i].ok ? rows[i].to : rows[i].from;

		lapic->ops->reset(lapic);
		assert_true(lapic_set_base(lapic, BASE | rows[i].from));
		assert_int_equal(lapic_set_base(lapic, BASE | rows[i].to),
				 rows[i].ok);
		assert_int_equal(rd32(lapic, VERSION),
				 now_at == EN ? 0x50014 : 0xffffffff);
		assert_int_equal(lapic_read_msr(lapic, MSR(VERSION), &val),
				 now_at == (EN | EXTD));
	}
	lapic->ops->reset(lapic);
	assert_true(lapic_set_base(lapic, BASE | BSP | EN));
	assert_false(lapic_set_base(lapic, 0xfed00000 | EN)); /* a move */
	assert_int_equal(rd32(lapic, VERSION), 0x50014);
}

static void test_x2apic_ids(void **state)
{
	static const struct {
		unsigned id;
		uint32_t ldr;
	} rows[] = {{0, 1}, {3, 8}, {15, 0x8000}, {16, 0x10001}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		lapic->ops->destroy(lapic);
		lapic = lapic_create(&now.clock, rows[i].id);
		wr32(lapic, ID, 0x77000000);
		assert_true(lapic_set_base(lapic, BASE | EN | EXTD));
		assert_int_equal(get(ID), rows[i].id);
		assert_int_equal(get(LDR), rows[i].ldr);
	}
	lapic_init(lapic);
	assert_int_equal(get(ID), 16); /* the mode outlives INIT */
}

/* What may be read and written, and the bits that must be zero. */
static void test_x2apic_registers(void **state)
{
	static const struct {
		unsigned reg;
		bool read;
		bool write;
		uint64_t bits; /* that a write may set */
	} rows[] = {
		{0x000, false, false, 0},      {ID, true, false, 0},
		{VERSION, true, false, 0},     {TPR, true, true, 0xff},
		{0x090, false, false, 0},      {PPR, true, false, 0},
		{EOI, false, true, 0},	       {0x0c0, false, false, 0},
		{LDR, true, false, 0},	       {DFR, false, false, 0},
		{SVR, true, true, 0x3ff},      {ISR, true, false, 0},
		{TMR, true, false, 0},	       {IRR + 0x70, true, false, 0},
		{ESR, true, true, 0},	       {ICR2, false, false, 0},
		{LVTT, true, true, 0x750ff},   {LINT0, true, true, 0x1f7ff},
		{LVTERR, true, true, 0x150ff}, {TICR, true, true, 0xffffffff},
		{TCCR, true, false, 0},	       {TDCR, true, true, 0xb},
		{0x3f0, false, true, 0xff},    {0x400, false, false, 0},
		{0xff0, false, false, 0},
	};
	uint64_t val;

	for (unsigned i = 0; i < COUNT(rows); i++) {
		assert_int_equal(lapic_read_msr(lapic, MSR(rows[i].reg), &val),
				 rows[i].read);
		assert_int_equal(set(rows[i].reg, 0), rows[i].write);
		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t one = UINT64_C(1) << bit;

			assert_int_equal(set(rows[i].reg, one),
					 !!(rows[i].bits & one));
		}
	}
}

static void test_x2apic_icr_is_one_register(void **state)
{
	assert_true(set(ICR, UINT64_C(0x1234567800000841)));
	assert_int_equal(sent.dest, 0x12345678);
	assert_true(sent.logical);
	assert_int_equal(sent.vector, 0x41);
	assert_true(get(ICR) == UINT64_C(0x1234567800000841));
	assert_false(set(ICR, 0x1041)); /* there is no delivery status */
	assert_false(set(ICR, 0x100041));
	assert_int_equal(sent_count, 1);
}

static void test_x2apic_self_ipi(void **state)
{
	assert_true(set(0x3f0, 0x41));
	assert_int_equal(lapic_acknowledge(lapic), 0x41);
	assert_true(set(EOI, 0));
	assert_true(set(0x3f0, 0x0f));
	assert_true(set(ESR, 0));
	assert_int_equal(get(ESR), 0x20);
}

static void test_x2apic_destinations(void **state)
{
	static const struct {
		uint32_t dest;
		bool logical, matches;
	} rows[] = {{3, false, true},	      {0x103, false, false},
		    {0xff, false, false},     {UINT32_MAX, false, true},
		    {UINT32_MAX, true, true}, {8, true, true},
		    {0xc, true, true},	      {4, true, false},
		    {0x10008, true, false}};

	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			lapic_matches(lapic, rows[i].dest, rows[i].logical),
			rows[i].matches);
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

#define T(name)	 cmocka_unit_test_setup_teardown(name, setup_on, teardown)
#define T0(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TX(name) cmocka_unit_test_setup_teardown(name, setup_x2, teardown)

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
		T(test_mode_changes),
		T0(test_x2apic_ids),
		TX(test_x2apic_registers),
		TX(test_x2apic_icr_is_one_register),
		TX(test_x2apic_self_ipi),
		TX(test_x2apic_destinations),
		T(test_deadline_fires_once_at_its_time),
		T(test_deadline_in_the_past_fires_at_once),
		T(test_deadline_ends_with_its_mode),
		T(test_signals_wait_until_taken),
		T(test_init_forgets_all_but_the_id),
		T(test_init_deassert_is_no_message),
		T(test_lint_pins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
