/*
 * Inverses modulo the primes that are used: below the modulus, and the
 * product with the number is one. The numbers have few bits, nearly all bits,
 * or any.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "evm/inverse.h"
#include "evm/montgomery.h"

struct modulus {
	int limbs;
	uint64_t w[LIMBS_MAX];
};

static const struct modulus moduli[] = {
	{6, /* BLS12-381 */
	 {0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624,
	  0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a}},
	{4, /* its points' order */
	 {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805,
	  0x73eda753299d7d48}},
	{4, /* bn254 */
	 {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d,
	  0x30644e72e131a029}},
	{4,
	 {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d,
	  0x30644e72e131a029}},
	{4, /* secp256k1 */
	 {0xfffffffefffffc2f, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{4,
	 {0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe,
	  UINT64_MAX}},
	{4, /* P-256 */
	 {UINT64_MAX, 0x00000000ffffffff, 0, 0xffffffff00000001}},
	{4,
	 {0xf3b9cac2fc632551, 0xbce6faada7179e84, UINT64_MAX,
	  0xffffffff00000000}},
};

#define MODULI (sizeof(moduli) / sizeof(moduli[0]))

/* -1 / m mod 2^64 */
static uint64_t minus_inverse(const struct modulus *m)
{
	uint64_t x = m->w[0];

	for (int i = 0; i < 5; i++)
		x *= 2 - m->w[0] * x;
	return -x;
}

static void product(uint64_t *r, const struct modulus *m, const uint64_t *a,
		    const uint64_t *b)
{
	if (m->limbs == 6)
		mont_mul(r, a, b, m->w, minus_inverse(m), 6);
	else
		mont_mul(r, a, b, m->w, minus_inverse(m), 4);
}

static bool below(const struct modulus *m, const uint64_t *a)
{
	int i = m->limbs - 1;

	while (i > 0 && a[i] == m->w[i])
		i--;
	return a[i] < m->w[i];
}

static void check(const struct modulus *m, const uint64_t *a)
{
	static const uint64_t one[LIMBS_MAX] = {1};
	uint64_t r[LIMBS_MAX] = {0}, is[LIMBS_MAX] = {0};
	uint64_t expected[LIMBS_MAX] = {0};

	limbs_invert(r, a, m->w, minus_inverse(m), m->limbs);
	assert_true(below(m, r));
	product(is, m, a, r);
	product(expected, m, one, one);
	assert_memory_equal(is, expected, sizeof(is));
}

/* a and m - a */
static void check_both(const struct modulus *m, const uint64_t *a)
{
	uint64_t other[LIMBS_MAX] = {0}, borrow = 0;

	check(m, a);
	for (int i = 0; i < m->limbs; i++) {
		limbs_wide d = (limbs_wide)m->w[i] - a[i] - borrow;

		other[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	check(m, other);
}

static void powers_of_two_have_inverses(void **state)
{
	for (size_t i = 0; i < MODULI; i++) {
		for (int bit = 0; bit < moduli[i].limbs * 64; bit++) {
			uint64_t a[LIMBS_MAX] = {0};

			a[bit / 64] = UINT64_C(1) << bit % 64;
			if (!below(&moduli[i], a))
				break;
			check_both(&moduli[i], a);
		}
	}
}

static void small_numbers_have_inverses(void **state)
{
	for (size_t i = 0; i < MODULI; i++)
		for (uint64_t small = 1; small < 300; small++)
			check_both(&moduli[i], (uint64_t[LIMBS_MAX]){small});
}

static void any_numbers_have_inverses(void **state)
{
	uint64_t seed = 88172645463325252;

	for (unsigned n = 0; n < 20000; n++) {
		const struct modulus *m = &moduli[n % MODULI];
		uint64_t a[LIMBS_MAX] = {0};

		for (int k = 0; k < m->limbs; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			a[k] = seed;
		}
		a[m->limbs - 1] %= m->w[m->limbs - 1];
		check(m, a);
	}
}

/* One that a map to G2 met, between numbers of no pattern. */
static void a_number_that_once_failed_has_an_inverse(void **state)
{
	static const uint64_t a[LIMBS_MAX] = {
		0x2725adbe65742a22, 0x3a16ac41c1ca2c7e, 0xa6457a2561754fb8,
		0x2e25a1a2752532e7, 0x42861a726aebf31a, 0x0ba2faad4820de29};

	check_both(&moduli[0], a);
}

static void zero_gives_zero(void **state)
{
	static const uint64_t zero[LIMBS_MAX];
	uint64_t r[LIMBS_MAX];

	for (size_t i = 0; i < MODULI; i++) {
		limbs_invert(r, zero, moduli[i].w, minus_inverse(&moduli[i]),
			     moduli[i].limbs);
		assert_true(limbs_is_zero(r, moduli[i].limbs));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_of_two_have_inverses),
		cmocka_unit_test(small_numbers_have_inverses),
		cmocka_unit_test(any_numbers_have_inverses),
		cmocka_unit_test(a_number_that_once_failed_has_an_inverse),
		cmocka_unit_test(zero_gives_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
