/*
 * SSE to SSE4.2 of the simulated CPU: what holds on any host. (On x86-64
 * test_simd_native.c compares every instruction with the processor as well.)
 */
#include <math.h>
#include <string.h>

#include "tests/unit/native_simd.h"
#include "tests/unit/simd_operands.h"
#include "tests/unit/unit.h"
#include "vmm/sim/ieee.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALL_MASKS    0x1f80u

/* ---- Approximations: any value within the bound is right ---- */

#define BOUND	     (1.5 / 4096)

static float single(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static const struct simd_row *row_of(enum simd_prefix prefix, uint8_t opcode)
{
	return simd_find(prefix, opcode, 0xc1);
}

/* One lane of rcpps or rsqrtps. */
static uint32_t approximation(uint8_t opcode, uint32_t a)
{
	struct simd_ctx ctx = {.mxcsr = 0};
	union xmm x = {.u32 = {0, 0, a, 0}};

	assert_true(row_of(SIMD_NP, opcode)->fn(&ctx, &x, &x));
	assert_int_equal(ctx.mxcsr, 0); /* all unmasked, and nothing raised */
	return x.u32[2];
}

static void test_approximations_are_within_their_bound(void **state)
{
	random_state = 2;
	for (unsigned i = 0; i < 40000; i++) {
		uint32_t a = (random64() & 0x7fffff) | (1 + below(251)) << 23;
		double exact_rcp = 1 / (double)single(a);
		double exact_rsqrt = 1 / sqrt(single(a));
		double rcp = single(approximation(0x53, a));
		double rsqrt = single(approximation(0x52, a));

		assert_true(fabs(rcp / exact_rcp - 1) <= BOUND);
		assert_true(fabs(rsqrt / exact_rsqrt - 1) <= BOUND);
	}
}

#define ORDINARY 1 /* a normal number: bounded, but silicon differs */

static const struct {
	uint32_t in, rcp, rsqrt;
} special[] = {
	{0x00000000, 0x7f800000, 0x7f800000},
	{0x80000000, 0xff800000, 0xff800000},
	{0x007fffff, 0x7f800000, 0x7f800000}, /* denormals count as zero */
	{0x807fffff, 0xff800000, 0xff800000},
	{0x7f800000, 0x00000000, 0x00000000},
	{0xff800000, 0x80000000, 0xffc00000},
	{0x7f000000, 0x00000000, ORDINARY}, /* 2^-127 is tiny: flushed */
	{0xff7fffff, 0x80000000, 0xffc00000},
	{0x7fc12345, 0x7fc12345, 0x7fc12345},
	{0xff812345, 0xffc12345, 0xffc12345}, /* signaling: quiet, no fault */
};

static void test_approximations_of_special_values(void **state)
{
	for (size_t i = 0; i < COUNT(special); i++) {
		assert_int_equal(approximation(0x53, special[i].in),
				 special[i].rcp);
		if (special[i].rsqrt != ORDINARY)
			assert_int_equal(approximation(0x52, special[i].in),
					 special[i].rsqrt);
	}
}

static void test_special_approximations_are_those_of_the_host(void **state)
{
	if (native_init())
		skip();
	for (uint8_t opcode = 0x52; opcode <= 0x53; opcode++) {
		native_compile(row_of(SIMD_F3, opcode), false, 4, 0);
		for (size_t i = 0; i < COUNT(special); i++) {
			struct native n = {.mxcsr = 0,
					   .xmm1.u32 = {special[i].in}};
			uint32_t expected = opcode == 0x53 ? special[i].rcp
							   : special[i].rsqrt;

			native_run(&n);
			if (expected != ORDINARY)
				assert_int_equal(n.xmm2.u32[0], expected);
			assert_int_equal(n.mxcsr, 0);
		}
	}
}

/* ---- The table ---- */

/* The core may pass the same register as dst and src. */
static void test_dst_and_src_may_be_the_same_object(void **state)
{
	const struct simd_row *row;

	random_state = 3;
	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		for (unsigned n = 0; n < 64 * OPERANDS; n++) {
			struct simd_ctx one = {.mxcsr = ALL_MASKS,
					       .imm = random64() & 0xff,
					       .general = 8};
			struct simd_ctx two = one;
			union xmm a = operand(n % OPERANDS), b = a, src = a;

			assert_true(row->fn(&one, &a, &src));
			assert_memory_equal(&src, &b, sizeof(b));
			assert_true(row->fn(&two, &b, &b));
			assert_memory_equal(&a, &b, sizeof(b));
			assert_memory_equal(&one, &two, sizeof(one));
		}
	}
}

static void test_a_fault_changes_flags_only(void **state)
{
	struct simd_ctx ctx = {.mxcsr = ALL_MASKS & ~(MXCSR_ZE << 7)};
	union xmm dst = {.u32 = {0x3f800000, 0x00000001, 0x7f800001, 7}};
	const union xmm before = dst, src = {.u32 = {0, 0x3f800000, 0, 7}};

	assert_false(row_of(SIMD_NP, 0x5e)->fn(&ctx, &dst, &src));
	assert_memory_equal(&dst, &before, sizeof(dst));
	/* the other lanes' operands count, their results do not */
	assert_int_equal(ctx.mxcsr, (ALL_MASKS & ~(MXCSR_ZE << 7)) | MXCSR_IE |
					    MXCSR_DE | MXCSR_ZE);
}

/* The check value of CRC-32C, and no bytes. */
static void test_crc32_of_known_data(void **state)
{
	uint32_t crc = ~0u;

	for (const char *p = "123456789"; *p; p++)
		crc = simd_crc32(crc, *p, 1);
	assert_int_equal(~crc, 0xe3069283);
	assert_int_equal(simd_crc32(5, 0, 0), 5);
	assert_int_equal(
		simd_crc32(~0u, 0x3837363534333231, 8),
		simd_crc32(simd_crc32(~0u, 0x34333231, 4), 0x38373635, 4));
}

static void test_every_row_is_found_in_the_forms_it_has(void **state)
{
	const struct simd_row *row;

	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		uint8_t reg = row->select == SIMD_ANY ? 5 : row->select;
		const struct simd_row *memory =
			simd_find(row->prefix, row->opcode, reg << 3 | 0x85);
		const struct simd_row *regs =
			simd_find(row->prefix, row->opcode, reg << 3 | 0xc5);

		assert_true((memory == row) == !(row->props & SIMD_REG_ONLY));
		assert_true((regs == row) == !(row->props & SIMD_MEM_ONLY));
	}
}

static void test_other_opcodes_are_not_found(void **state)
{
	static const struct {
		uint8_t prefix;
		uint16_t opcode;
		uint8_t modrm;
	} none[] = {
		{SIMD_NP, 0x13, 0xc1}, /* movlps to a register */
		{SIMD_66, 0x12, 0xc1}, /* movlpd from a register */
		{SIMD_66, 0x50, 0x01}, /* movmskpd from memory */
		{SIMD_66, 0x71, 0x10}, /* psrlw of memory */
		{SIMD_66, 0x71, 0xc0}, /* group 12 /0 */
		{SIMD_66, 0x72, 0xd8}, /* group 13 /3 */
		{SIMD_66, 0x73, 0xe0}, /* group 14 /4 */
		{SIMD_66, 0xf7, 0x01}, /* maskmovdqu from memory */
		{SIMD_NP, 0xfe, 0xc1}, /* paddd on MMX registers */
		{SIMD_NP, 0xae, 0x10}, /* ldmxcsr: the core's */
		{SIMD_NP, 0x00, 0xc1},
		{SIMD_F2, 0xff, 0xc1},
		{SIMD_NP, SIMD_0F38, 0xc1},	   /* pshufb on MMX registers */
		{SIMD_66, SIMD_0F38 | 0x2a, 0xc1}, /* movntdqa of a register */
		{SIMD_66, SIMD_0F38 | 0xff, 0xc1},
		{SIMD_66, SIMD_0F3A | 0x00, 0xc1},
		{SIMD_66, SIMD_0F3A | 0x80, 0xc1},
	};

	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(simd_find(none[i].prefix, none[i].opcode,
				      none[i].modrm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approximations_are_within_their_bound),
		cmocka_unit_test(test_approximations_of_special_values),
		cmocka_unit_test(
			test_special_approximations_are_those_of_the_host),
		cmocka_unit_test(test_dst_and_src_may_be_the_same_object),
		cmocka_unit_test(test_a_fault_changes_flags_only),
		cmocka_unit_test(test_crc32_of_known_data),
		cmocka_unit_test(test_every_row_is_found_in_the_forms_it_has),
		cmocka_unit_test(test_other_opcodes_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
