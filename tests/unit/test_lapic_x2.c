/* The local APIC in x2APIC mode, where its registers are MSRs. */
#include "tests/unit/lapic.h"

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

#define T0(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TX(name) cmocka_unit_test_setup_teardown(name, setup_x2, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_mode_changes),	   T0(test_x2apic_ids),
		TX(test_x2apic_registers), TX(test_x2apic_icr_is_one_register),
		TX(test_x2apic_self_ipi),  TX(test_x2apic_destinations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
