/*
 * montgomery.h: arithmetic modulo an odd number of fixed length: the base of
 * every field here. Numbers are `n` limbs of 64 bits, least significant
 * first, and always below the modulus.
 *
 * Products are Montgomery's (P. L. Montgomery, 1985): a * b / 2^(64 n), so a
 * number x is kept as x * 2^(64 n). All functions are to be inlined where `n`
 * and the modulus are constants: then each becomes straight code. Results may
 * stand where operands do. Nothing here is secret, yet nothing branches on
 * the values.
 */
#ifndef EVM_MONTGOMERY_H
#define EVM_MONTGOMERY_H

#include <stdbool.h>
#include <stdint.h>

#include "evm/limbs.h"

/* r = `carry` and a, a number below 2m, once less m if it is not below m */
LIMBS_INLINE void limbs_reduce(uint64_t *r, uint64_t carry, const uint64_t *a,
			       const uint64_t *m, int n)
{
	uint64_t less[LIMBS_MAX], keep;

	keep = limbs_sub(less, a, m, n) > carry ? ~UINT64_C(0) : 0;
#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		r[i] = (a[i] & keep) | (less[i] & ~keep);
}

LIMBS_INLINE void mod_add(uint64_t *r, const uint64_t *a, const uint64_t *b,
			  const uint64_t *m, int n)
{
	uint64_t sum[LIMBS_MAX], carry = limbs_add(sum, a, b, n);

	limbs_reduce(r, carry, sum, m, n);
}

LIMBS_INLINE void mod_sub(uint64_t *r, const uint64_t *a, const uint64_t *b,
			  const uint64_t *m, int n)
{
	uint64_t diff[LIMBS_MAX], back[LIMBS_MAX];
	uint64_t mask = -limbs_sub(diff, a, b, n);

#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		back[i] = m[i] & mask;
	limbs_add(r, diff, back, n);
}

/* r = a / 2: a or a + m, whichever is even, shifted */
LIMBS_INLINE void mod_halve(uint64_t *r, const uint64_t *a, const uint64_t *m,
			    int n)
{
	uint64_t even[LIMBS_MAX + 1], mask = -(a[0] & 1);

#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		even[i] = m[i] & mask;
	even[n] = limbs_add(even, a, even, n);
#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		r[i] = even[i] >> 1 | even[i + 1] << 63;
}

/*
 * t = a * b / 2^(64 n) mod m, or m more than that; the limb above it is
 * returned. Here inverse = -1 / m mod 2^64. Column by column
 * of the product a multiple q of m is added that makes the lower n limbs zero
 * (the "FIPS" of Koc, Acar, Kaliski, "Analyzing and comparing Montgomery
 * multiplication algorithms", 1996).
 */
LIMBS_INLINE uint64_t mont_columns(uint64_t *t, const uint64_t *a,
				   const uint64_t *b, const uint64_t *m,
				   uint64_t inverse, int n)
{
	uint64_t q[LIMBS_MAX];
	struct limbs_sum sum = {0};

#pragma GCC unroll 8
	for (int i = 0; i < n; i++) {
#pragma GCC unroll 8
		for (int j = 0; j < i; j++) {
			limbs_mul_add(&sum, a[j], b[i - j]);
			limbs_mul_add(&sum, q[j], m[i - j]);
		}
		limbs_mul_add(&sum, a[i], b[0]);
		q[i] = sum.w[0] * inverse;
		limbs_mul_add(&sum, q[i], m[0]);
		limbs_sum_shift(&sum);
	}
#pragma GCC unroll 8
	for (int i = n; i < 2 * n; i++) {
#pragma GCC unroll 8
		for (int j = i - n + 1; j < n; j++) {
			limbs_mul_add(&sum, a[j], b[i - j]);
			limbs_mul_add(&sum, q[j], m[i - j]);
		}
		t[i - n] = limbs_sum_shift(&sum);
	}
	return sum.w[0];
}

/* r = a * b / 2^(64 n) mod m */
LIMBS_INLINE void mont_mul(uint64_t *r, const uint64_t *a, const uint64_t *b,
			   const uint64_t *m, uint64_t inverse, int n)
{
	uint64_t t[LIMBS_MAX], above = mont_columns(t, a, b, m, inverse, n);

	limbs_reduce(r, above, t, m, n);
}

LIMBS_INLINE bool limbs_is_zero(const uint64_t *a, int n)
{
	uint64_t any = 0;

#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		any |= a[i];
	return any == 0;
}

LIMBS_INLINE bool limbs_equal(const uint64_t *a, const uint64_t *b, int n)
{
	uint64_t any = 0;

#pragma GCC unroll 8
	for (int i = 0; i < n; i++)
		any |= a[i] ^ b[i];
	return any == 0;
}

LIMBS_INLINE bool limbs_bit(const uint64_t *a, int i)
{
	return a[i / 64] >> (i % 64) & 1;
}

#endif
