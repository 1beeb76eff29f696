/*
 * Memory-type ranges keep what may be written to them; the edges of what may
 * are SDM 3 section 12.11's, for 46 bits of physical address. And another MSR.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

#define RDMSR	    0x0f, 0x32, 0xf4 /* and hlt */
#define WRMSR	    0x0f, 0x30, 0xf4
#define PHYSTOP	    (UINT64_C(1) << 46)
#define EVERY(type) (UINT64_C(0x0101010101010101) * (type))

/* Run these three bytes; true when it was not #GP(0). */
static bool passes(struct guest *g, const uint8_t code[3], uint32_t msr)
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, code, 3);
	g->deadline = UINT64_MAX;
	s->halted = HALT_NONE;
	s->rip = GUEST_CODE;
	s->gpr[GPR_RSP] = GUEST_STACK;
	s->gpr[GPR_RCX] = msr;
	assert_int_equal(guest_run(g), EXIT_HALT);
	if (s->rip == GUEST_CODE + 3)
		return true;
	assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_GP + 1);
	assert_int_equal(guest_get64(g, s->gpr[GPR_RSP]), 0);
	return false;
}

static bool writes(struct guest *g, uint32_t msr, uint64_t val)
{
	g->state.gpr[GPR_RAX] = (uint32_t)val;
	g->state.gpr[GPR_RDX] = val >> 32;
	return passes(g, (const uint8_t[]){WRMSR}, msr);
}

static uint64_t reads(struct guest *g, uint32_t msr)
{
	assert_true(passes(g, (const uint8_t[]){RDMSR}, msr));
	return g->state.gpr[GPR_RDX] << 32 | g->state.gpr[GPR_RAX];
}

static const uint16_t registers[] = {
	0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x208, 0x209,
	0x20a, 0x20b, 0x20c, 0x20d, 0x20e, 0x20f, 0x250, 0x258, 0x259, 0x268,
	0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f, 0x2ff,
};

#define REGISTERS (sizeof(registers) / sizeof(registers[0]))

/* Different ones, which each kind of register takes. */
static uint64_t some_value(unsigned i)
{
	if (registers[i] == 0x2ff)
		return 0xc06;
	if (registers[i] < 0x250)
		return UINT64_C(0x1000) * (i + 1);
	return EVERY(4) + i % 3 + ((i / 3 % 3) << 8) + ((i / 9) << 16);
}

static void test_capabilities_are_eight_ranges_fixed_ones_and_wc(void **state)
{
	struct guest *g = *state;

	assert_int_equal(reads(g, 0xfe), 0x508);
	assert_false(writes(g, 0xfe, 0x508));
}

static void test_cpuid_tells_of_them(void **state)
{
	struct guest *g = *state;

	g->state.gpr[GPR_RAX] = 1;
	assert_true(passes(g, (const uint8_t[]){0x0f, 0xa2, 0xf4}, 0));
	assert_int_equal(g->state.gpr[GPR_RDX] >> 12 & 1, 1);
}

static void test_they_start_disabled_and_keep_what_is_written(void **state)
{
	struct guest *g = *state;

	for (unsigned i = 0; i < REGISTERS; i++)
		assert_int_equal(reads(g, registers[i]), 0);
	for (unsigned i = 0; i < REGISTERS; i++)
		assert_true(writes(g, registers[i], some_value(i)));
	for (unsigned i = 0; i < REGISTERS; i++)
		assert_int_equal(reads(g, registers[i]), some_value(i));
}

static void test_init_leaves_them(void **state)
{
	struct guest *g = *state;

	for (unsigned i = 0; i < REGISTERS; i++)
		assert_true(writes(g, registers[i], some_value(i)));
	x86_state_init(&g->state);
	assert_int_equal(g->state.mtrr_def_type, 0xc06);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(g->state.mtrr_variable[i], some_value(i));
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(g->state.mtrr_fixed[i], some_value(16 + i));
}

static void test_their_neighbours_are_not_there(void **state)
{
	static const uint16_t rows[] = {0x1ff, 0x210, 0x24f, 0x251, 0x257,
					0x25a, 0x267, 0x270, 0x2fe, 0x300};
	struct guest *g = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(passes(g, (const uint8_t[]){RDMSR}, rows[i]));
		assert_false(writes(g, rows[i], 0));
	}
}

static void test_reserved_bits_and_types_are_refused(void **state)
{
	static const struct {
		uint16_t msr;
		bool ok;
		uint64_t val;
	} rows[] = {
		{0x2ff, true, 0xc06},
		{0x2ff, true, 1 << 10},
		{0x2ff, true, 1 << 11},
		{0x2ff, false, 1 << 8},
		{0x2ff, false, 1 << 9},
		{0x2ff, false, 1 << 12},
		{0x2ff, false, UINT64_C(1) << 63},
		{0x2ff, false, 0xc02},
		{0x2ff, false, 0x10}, /* the type has eight bits */
		{0x200, true, (PHYSTOP - 0x1000) | 6},
		{0x200, false, PHYSTOP | 6},
		{0x200, false, UINT64_C(1) << 63},
		{0x200, false, 1 << 8},
		{0x200, false, 1 << 11},
		{0x20e, false, 0x1002},
		{0x20e, false, 0x1086},
		{0x201, true, (PHYSTOP - 0x1000) | 1 << 11},
		{0x201, true, 0x5000}, /* with a hole */
		{0x201, false, PHYSTOP},
		{0x20f, true, 1 << 11},
		{0x20f, false, 1 << 10},
		{0x20f, false, 1},
		{0x250, true, UINT64_C(0x0001040506000105)},
		{0x250, false, 7},
		{0x26f, false, UINT64_C(2) << 56},
		{0x268, false, UINT64_C(3) << 24},
		{0x268, false, UINT64_C(8) << 32},
	};
	struct guest *g = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t kept;

		assert_true(writes(g, rows[i].msr, 0));
		kept = rows[i].ok ? rows[i].val : 0;
		if (writes(g, rows[i].msr, rows[i].val) != rows[i].ok)
			fail_msg("row %u", i);
		assert_int_equal(reads(g, rows[i].msr), kept);
	}
}

static void test_types_are_uc_wc_wt_wp_and_wb(void **state)
{
	static const bool ok[16] = {
		[0] = true, [1] = true, [4] = true, [5] = true, [6] = true};
	struct guest *g = *state;

	for (unsigned type = 0; type < 16; type++) {
		assert_int_equal(writes(g, 0x2ff, type), ok[type]);
		assert_int_equal(writes(g, 0x202, type), ok[type]);
		assert_int_equal(writes(g, 0x259, EVERY(type)), ok[type]);
	}
}

/* The TSC's 1 GHz as a multiple of 100 MHz. */
static void test_platform_info_can_be_read_alone(void **state)
{
	struct guest *g = *state;

	assert_int_equal(reads(g, 0xce), 0xa00);
	assert_false(writes(g, 0xce, 0xa00));
}

int main(void)
{
#define TEST(name) GUEST_TEST(name, guest_setup)
	const struct CMUnitTest tests[] = {
		TEST(test_capabilities_are_eight_ranges_fixed_ones_and_wc),
		TEST(test_cpuid_tells_of_them),
		TEST(test_they_start_disabled_and_keep_what_is_written),
		TEST(test_init_leaves_them),
		TEST(test_their_neighbours_are_not_there),
		TEST(test_reserved_bits_and_types_are_refused),
		TEST(test_types_are_uc_wc_wt_wp_and_wb),
		TEST(test_platform_info_can_be_read_alone),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
