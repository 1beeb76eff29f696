/*
 * limbs.h: sums, differences and products of numbers of 4 or 6 limbs of 64
 * bits, least significant first. Compilers make poor code of carries that
 * are written in C, so x86-64 has them in assembly; any other machine has
 * them in C.
 */
#ifndef EVM_LIMBS_H
#define EVM_LIMBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMBS_INLINE static inline __attribute__((always_inline))
/* Long, and used in many places: its calls cost less than its copies. */
#define LIMBS_CALLED static __attribute__((noinline, unused))
#define LIMBS_MAX    8

typedef unsigned __int128 limbs_wide;

/*
 * Bit i, from 0: a shift by i would be a call of __lshrti3() where clang
 * builds for size, and a guest has no library for that.
 */
LIMBS_INLINE bool limbs_wide_bit(limbs_wide x, unsigned i)
{
	return (uint64_t)(i < 64 ? x : x >> 64) >> (i & 63) & 1;
}

/* A sum of products of two limbs. */
struct limbs_sum {
	uint64_t w[3];
};

/* The lowest limb, which is dropped. */
LIMBS_INLINE uint64_t limbs_sum_shift(struct limbs_sum *s)
{
	uint64_t low = s->w[0];

	s->w[0] = s->w[1];
	s->w[1] = s->w[2];
	s->w[2] = 0;
	return low;
}

#ifdef __x86_64__
#include "evm/limbs_x86_64.h"
#else

LIMBS_INLINE void limbs_mul_add(struct limbs_sum *s, uint64_t a, uint64_t b)
{
	limbs_wide p = (limbs_wide)a * b + s->w[0];
	limbs_wide high = (p >> 64) + s->w[1];

	s->w[0] = (uint64_t)p;
	s->w[1] = (uint64_t)high;
	s->w[2] += (uint64_t)(high >> 64);
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

/* a < b, of four limbs */
LIMBS_INLINE bool limbs_less(const uint64_t *a, const uint64_t *b)
{
	uint64_t r[4];

	return limbs_sub(r, a, b, 4);
}

/*
 * (high : low) / d for high < d and d >= 2^63, by schoolbook division in
 * digits of 32 bits (TAOCP 4.3.1 D).
 */
static inline uint64_t limbs_divide(uint64_t high, uint64_t low, uint64_t d)
{
	uint64_t d1 = d >> 32, d0 = d & 0xffffffff, quotient = 0;

	for (int i = 1; i >= 0; i--) {
		uint64_t next = i ? low >> 32 : low & 0xffffffff;
		uint64_t q = high / d1, rest = high % d1;

		while (q >> 32 || q * d0 > (rest << 32 | next)) {
			q--;
			rest += d1;
			if (rest >> 32)
				break;
		}
		high = (high << 32 | next) - q * d;
		quotient = quotient << 32 | q;
	}
	return quotient;
}

#endif

/* r = a * b, of four limbs each, column by column */
LIMBS_INLINE void limbs_mul(uint64_t r[8], const uint64_t a[4],
			    const uint64_t b[4])
{
	struct limbs_sum sum = {{0}};

#pragma GCC unroll 7
	for (int k = 0; k < 7; k++) {
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			if (i <= k && k < i + 4)
				limbs_mul_add(&sum, a[i], b[k - i]);
		r[k] = limbs_sum_shift(&sum);
	}
	r[7] = sum.w[0];
}

#endif
