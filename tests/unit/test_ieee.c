/*
 * Arithmetic under MXCSR on any host: known results and flags. (On x86-64
 * test_simd.c compares every instruction with the processor as well.)
 */
#include <stdio.h>

#include "tests/unit/unit.h"
#include "vmm/sim/ieee.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MASKED	     0x1f80u
#define DOWN	     (MASKED | IEEE_DOWN << MXCSR_RC_SHIFT)
#define UP	     (MASKED | IEEE_UP << MXCSR_RC_SHIFT)
#define CHOP	     (MASKED | IEEE_ZERO << MXCSR_RC_SHIFT)
#define UNMASK_UE    (MASKED & ~(MXCSR_UE << MXCSR_MASK_SHIFT))
#define UNMASK_OE    (MASKED & ~(MXCSR_OE << MXCSR_MASK_SHIFT))

#define S	     &ieee_single
#define D	     &ieee_double

static uint64_t sqrt_of(struct ieee *e, const struct ieee_format *f, uint64_t a,
			uint64_t b)
{
	return ieee_sqrt(e, f, a);
}

struct row {
	ieee_binary *op;
	const struct ieee_format *f;
	uint32_t mxcsr;
	uint64_t a, b, result;
	unsigned raised;
};

static const struct row rows[] = {
	/* 1 + 2^-53: a tie, then just above it, then each direction */
	{ieee_add, D, MASKED, 0x3ff0000000000000, 0x3ca0000000000000,
	 0x3ff0000000000000, MXCSR_PE},
	{ieee_add, D, MASKED, 0x3ff0000000000000, 0x3ca0000000000001,
	 0x3ff0000000000001, MXCSR_PE},
	{ieee_add, D, UP, 0x3ff0000000000000, 0x0010000000000000,
	 0x3ff0000000000001, MXCSR_PE},
	{ieee_add, D, DOWN, 0xbff0000000000000, 0x8010000000000000,
	 0xbff0000000000001, MXCSR_PE},
	{ieee_add, D, CHOP, 0x3ff0000000000000, 0x3cafffffffffffff,
	 0x3ff0000000000000, MXCSR_PE},
	{ieee_sub, D, CHOP, 0x3ff0000000000000, 0x0010000000000000,
	 0x3fefffffffffffff, MXCSR_PE},
	/* zeros: the sign of x - x */
	{ieee_sub, S, MASKED, 0x3f800000, 0x3f800000, 0, 0},
	{ieee_sub, S, DOWN, 0x3f800000, 0x3f800000, 0x80000000, 0},
	{ieee_add, S, DOWN, 0x80000000, 0x80000000, 0x80000000, 0},
	{ieee_add, S, DOWN, 0x00000000, 0x80000000, 0x80000000, 0},
	{ieee_add, S, UP, 0x00000000, 0x80000000, 0x00000000, 0},
	/* overflow, each way */
	{ieee_mul, S, MASKED, 0x7f7fffff, 0x40000000, 0x7f800000,
	 MXCSR_OE | MXCSR_PE},
	{ieee_mul, S, CHOP, 0x7f7fffff, 0x40000000, 0x7f7fffff,
	 MXCSR_OE | MXCSR_PE},
	{ieee_mul, S, DOWN, 0xff7fffff, 0x40000000, 0xff800000,
	 MXCSR_OE | MXCSR_PE},
	{ieee_mul, S, UNMASK_OE, 0x7f000000, 0x40000000, 0x7f800000, MXCSR_OE},
	/* underflow: exact, inexact, unmasked, flushed */
	{ieee_mul, S, MASKED, 0x00800000, 0x3f000000, 0x00400000, 0},
	{ieee_mul, S, MASKED, 0x00800001, 0x3f000000, 0x00400000,
	 MXCSR_UE | MXCSR_PE},
	{ieee_mul, S, UNMASK_UE, 0x00800000, 0x3f000000, 0, MXCSR_UE},
	{ieee_mul, S, MASKED | MXCSR_FTZ, 0x80800000, 0x3f000000, 0x80000000,
	 MXCSR_UE | MXCSR_PE},
	/* tininess is found after rounding to 24 bits */
	{ieee_mul, S, MASKED, 0x00800000, 0x3f7fffff, 0x00800000,
	 MXCSR_UE | MXCSR_PE},
	{ieee_mul, S, MASKED, 0x00800001, 0x3f7ffffe, 0x00800000, MXCSR_PE},
	/* denormal operands */
	{ieee_add, S, MASKED, 0x00000001, 0x00000001, 0x00000002, MXCSR_DE},
	{ieee_add, S, MASKED | MXCSR_DAZ, 0x80000001, 0x80000001, 0x80000000,
	 0},
	{ieee_div, S, MASKED, 0x00000001, 0, 0x7f800000, MXCSR_ZE},
	{sqrt_of, D, MASKED, 1, 0, 0x1e60000000000000, MXCSR_DE},
	/* NaNs: the first, quiet; the indefinite one */
	{ieee_add, S, MASKED, 0x7fc00001, 0xffc00002, 0x7fc00001, 0},
	{ieee_add, S, MASKED, 0x7fc00001, 0xff800002, 0x7fc00001, MXCSR_IE},
	{ieee_add, S, MASKED, 0xff800002, 0x7fc00001, 0xffc00002, MXCSR_IE},
	{ieee_sub, S, MASKED, 0x7f800000, 0x7f800000, 0xffc00000, MXCSR_IE},
	{ieee_mul, D, MASKED, 0, 0xfff0000000000000, 0xfff8000000000000,
	 MXCSR_IE},
	{sqrt_of, D, MASKED, 0xbff0000000000000, 0, 0xfff8000000000000,
	 MXCSR_IE},
	{sqrt_of, D, MASKED, 0x8000000000000000, 0, 0x8000000000000000, 0},
	/* x86's min and max give the second operand */
	{ieee_min, S, MASKED, 0x00000000, 0x80000000, 0x80000000, 0},
	{ieee_max, S, MASKED, 0x80000000, 0x00000000, 0x00000000, 0},
	{ieee_min, S, MASKED, 0x7fc00000, 0x3f800000, 0x3f800000, MXCSR_IE},
	{ieee_max, S, MASKED, 0x3f800000, 0x7f800001, 0x7f800001, MXCSR_IE},
	/* roots and quotients */
	{sqrt_of, D, MASKED, 0x4000000000000000, 0, 0x3ff6a09e667f3bcd,
	 MXCSR_PE},
	{sqrt_of, D, MASKED, 0x4022000000000000, 0, 0x4008000000000000, 0},
	{ieee_div, D, MASKED, 0x3ff0000000000000, 0x4008000000000000,
	 0x3fd5555555555555, MXCSR_PE},
	{ieee_div, D, UP, 0x3ff0000000000000, 0x4008000000000000,
	 0x3fd5555555555556, MXCSR_PE},
};

static void test_results_and_flags(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct ieee e = {.mxcsr = r->mxcsr};
		uint64_t result = r->op(&e, r->f, r->a, r->b);

		if (result != r->result || e.raised != r->raised)
			fail_msg("row %zu: %jx and %x, not %jx and %x", i,
				 (uintmax_t)result, e.raised,
				 (uintmax_t)r->result, r->raised);
	}
}

/*
 * A number that rounds up to a power of two with unbounded exponent and is
 * still below the smallest normal number is tiny and inexact.
 */
static void test_rounding_up_to_a_power_of_two_stays_tiny(void **state)
{
	struct ieee e = {.mxcsr = MASKED};

	assert_int_equal(ieee_convert(&e, D, S, 0x37effffffffffffe),
			 0x00200000);
	assert_int_equal(e.raised, MXCSR_UE | MXCSR_PE);
}

static void test_integers_that_do_not_fit_are_indefinite(void **state)
{
	static const struct {
		const struct ieee_format *f;
		uint64_t a;
		unsigned bits;
		enum ieee_rounding rounding;
		uint64_t result;
		unsigned raised;
	} edges[] = {
		{D, 0x41dfffffffc00000, 32, IEEE_NEAREST, 0x7fffffff, 0},
		{D, 0x41dfffffffdfffff, 32, IEEE_NEAREST, 0x7fffffff, MXCSR_PE},
		{D, 0x41dfffffffe00000, 32, IEEE_NEAREST, 0x80000000, MXCSR_IE},
		{D, 0x41dfffffffffffff, 32, IEEE_ZERO, 0x7fffffff, MXCSR_PE},
		{D, 0x41e0000000000000, 32, IEEE_ZERO, 0x80000000, MXCSR_IE},
		{D, 0xc1e0000000000000, 32, IEEE_ZERO, 0x80000000, 0},
		{D, 0xc1e00000001fffff, 32, IEEE_ZERO, 0x80000000, MXCSR_PE},
		{D, 0xc1e0000000200000, 32, IEEE_ZERO, 0x80000000, MXCSR_IE},
		{D, 0xc3e0000000000000, 64, IEEE_ZERO, 1ull << 63, 0},
		{D, 0x43e0000000000000, 64, IEEE_ZERO, 1ull << 63, MXCSR_IE},
		{D, 0x43dfffffffffffff, 64, IEEE_UP, 0x7ffffffffffffc00, 0},
		{S, 0x7fc00000, 32, IEEE_ZERO, 0x80000000, MXCSR_IE},
		{S, 0xff800000, 64, IEEE_ZERO, 1ull << 63, MXCSR_IE},
		{S, 0x3f000000, 32, IEEE_NEAREST, 0, MXCSR_PE},
		{S, 0x3fc00000, 32, IEEE_NEAREST, 2, MXCSR_PE},
		{S, 0xbf000001, 32, IEEE_NEAREST, 0xffffffff, MXCSR_PE},
		{S, 0x00000001, 32, IEEE_UP, 1, MXCSR_PE}, /* no DE */
		{S, 0x80000001, 32, IEEE_DOWN, 0xffffffff, MXCSR_PE},
	};

	for (size_t i = 0; i < COUNT(edges); i++) {
		struct ieee e = {.mxcsr = MASKED};

		assert_true(ieee_to_int(&e, edges[i].f, edges[i].a,
					edges[i].bits,
					edges[i].rounding) == edges[i].result);
		assert_int_equal(e.raised, edges[i].raised);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_and_flags),
		cmocka_unit_test(test_rounding_up_to_a_power_of_two_stays_tiny),
		cmocka_unit_test(test_integers_that_do_not_fit_are_indefinite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
