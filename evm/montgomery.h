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

#define LIMBS_INLINE static inline __attribute__((always_inline))
#define LIMBS_MAX    6

typedef unsigned __int128 limbs_wide;

/* r = a - b; the borrow */
LIMBS_INLINE uint64_t limbs_sub(uint64_t *r, const uint64_t *a,
				const uint64_t *b, int n)
{
	uint64_t borrow = 0;

#pragma GCC unroll 8
	for (int i = 0; i < n; i++) {
		limbs_wide diff = (limbs_wide)a[i] - b[i] - borrow;

		r[i] = (uint64_t)diff;
		borrow = (uint64_t)(diff >> 64) & 1;
	}
	return borrow;
}

/* r = a + b; the carry */
LIMBS_INLINE uint64_t limbs_add(uint64_t *r, const uint64_t *a,
				const uint64_t *b, int n)
{
	uint64_t carry = 0;

#pragma GCC unroll 8
	for (int i = 0; i < n; i++) {
		limbs_wide sum = (limbs_wide)a[i] + b[i] + carry;

		r[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	return carry;
}

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
 * r = a * b / 2^(64 n) mod m, for inverse = -1 / m mod 2^64. After each limb
 * of b a multiple of m is added that makes the lowest limb zero, which is
 * then dropped (the "CIOS" of Koc, Acar, Kaliski, "Analyzing and comparing
 * Montgomery multiplication algorithms", 1996).
 */
LIMBS_INLINE void mont_mul(uint64_t *r, const uint64_t *a, const uint64_t *b,
			   const uint64_t *m, uint64_t inverse, int n)
{
	uint64_t t[LIMBS_MAX] = {0}, over = 0;

#pragma GCC unroll 8
	for (int i = 0; i < n; i++) {
		limbs_wide p = (limbs_wide)a[0] * b[i] + t[0];
		uint64_t q = (uint64_t)p * inverse;
		limbs_wide z = (limbs_wide)q * m[0] + (uint64_t)p;

#pragma GCC unroll 8
		for (int j = 1; j < n; j++) {
			p = (limbs_wide)a[j] * b[i] + t[j] +
			    (uint64_t)(p >> 64);
			z = (limbs_wide)q * m[j] + (uint64_t)p +
			    (uint64_t)(z >> 64);
			t[j - 1] = (uint64_t)z;
		}
		p = (limbs_wide)(uint64_t)(p >> 64) + (uint64_t)(z >> 64) +
		    over;
		t[n - 1] = (uint64_t)p;
		over = (uint64_t)(p >> 64);
	}
	limbs_reduce(r, over, t, m, n);
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
