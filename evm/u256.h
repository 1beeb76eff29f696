/*
 * u256.h: the EVM's word: 256 bits, as four limbs of 64, least significant
 * first. All arithmetic is modulo 2^256. Short operations are here, to be
 * inlined into the interpreter; multiplication, division and what needs them
 * are in u256.c.
 */
#ifndef EVM_U256_H
#define EVM_U256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evm/limbs.h"

struct u256 {
	uint64_t w[4];
};

typedef unsigned __int128 u256_wide;

static inline struct u256 u256_from(uint64_t x)
{
	return (struct u256){{x, 0, 0, 0}};
}

static inline bool u256_is_zero(const struct u256 *a)
{
	return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

static inline bool u256_equal(const struct u256 *a, const struct u256 *b)
{
	return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) |
		(a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3])) == 0;
}

static inline bool u256_fits_u64(const struct u256 *a)
{
	return (a->w[1] | a->w[2] | a->w[3]) == 0;
}

static inline bool u256_is_negative(const struct u256 *a)
{
	return a->w[3] >> 63;
}

static inline struct u256 u256_add(const struct u256 *a, const struct u256 *b)
{
	struct u256 r;

	limbs_add(r.w, a->w, b->w, 4);
	return r;
}

/* r = a - b; whether it went below zero */
static inline bool u256_sub_borrow(struct u256 *r, const struct u256 *a,
				   const struct u256 *b)
{
	return limbs_sub(r->w, a->w, b->w, 4);
}

static inline struct u256 u256_sub(const struct u256 *a, const struct u256 *b)
{
	struct u256 r;

	u256_sub_borrow(&r, a, b);
	return r;
}

static inline bool u256_less(const struct u256 *a, const struct u256 *b)
{
	return limbs_less(a->w, b->w);
}

/* as two's complement numbers */
static inline bool u256_less_signed(const struct u256 *a, const struct u256 *b)
{
	bool an = u256_is_negative(a), bn = u256_is_negative(b);

	return an != bn ? an : u256_less(a, b);
}

static inline struct u256 u256_negate(const struct u256 *a)
{
	struct u256 zero = {{0}};

	return u256_sub(&zero, a);
}

static inline struct u256 u256_and(const struct u256 *a, const struct u256 *b)
{
	return (struct u256){{a->w[0] & b->w[0], a->w[1] & b->w[1],
			      a->w[2] & b->w[2], a->w[3] & b->w[3]}};
}

static inline struct u256 u256_or(const struct u256 *a, const struct u256 *b)
{
	return (struct u256){{a->w[0] | b->w[0], a->w[1] | b->w[1],
			      a->w[2] | b->w[2], a->w[3] | b->w[3]}};
}

static inline struct u256 u256_xor(const struct u256 *a, const struct u256 *b)
{
	return (struct u256){{a->w[0] ^ b->w[0], a->w[1] ^ b->w[1],
			      a->w[2] ^ b->w[2], a->w[3] ^ b->w[3]}};
}

static inline struct u256 u256_not(const struct u256 *a)
{
	return (struct u256){{~a->w[0], ~a->w[1], ~a->w[2], ~a->w[3]}};
}

static inline uint64_t u256_load_be64(const uint8_t *p)
{
	uint64_t x;

	__builtin_memcpy(&x, p, 8);
	return __builtin_bswap64(x);
}

static inline void u256_store_be64(uint8_t *p, uint64_t x)
{
	x = __builtin_bswap64(x);
	__builtin_memcpy(p, &x, 8);
}

/* 32 bytes, most significant first */
static inline struct u256 u256_load(const uint8_t *p)
{
	return (struct u256){{u256_load_be64(p + 24), u256_load_be64(p + 16),
			      u256_load_be64(p + 8), u256_load_be64(p)}};
}

static inline void u256_store(uint8_t *p, const struct u256 *a)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		u256_store_be64(p + 24 - i * 8, a->w[i]);
}

/* `len` bytes, at most 32, most significant first; zero above */
struct u256 u256_load_bytes(const uint8_t *p, size_t len);

/* bits up to the highest one; 0 for zero */
unsigned u256_bits(const struct u256 *a);

/* all 512 bits */
void u256_mul_full(uint64_t r[8], const struct u256 *a, const struct u256 *b);

/* Division by zero gives zero, as the EVM has it, for all of these. */
struct u256 u256_div(const struct u256 *a, const struct u256 *b);
struct u256 u256_mod(const struct u256 *a, const struct u256 *b);
struct u256 u256_div_signed(const struct u256 *a, const struct u256 *b);
struct u256 u256_mod_signed(const struct u256 *a, const struct u256 *b);
/* of the exact sum or product, before it is cut to 256 bits */
struct u256 u256_addmod(const struct u256 *a, const struct u256 *b,
			const struct u256 *m);
struct u256 u256_mulmod(const struct u256 *a, const struct u256 *b,
			const struct u256 *m);

struct u256 u256_exp(const struct u256 *base, const struct u256 *exponent);

/* The operands come as the EVM's do: first the byte index or shift count. */
struct u256 u256_byte(const struct u256 *index, const struct u256 *a);
struct u256 u256_sar(const struct u256 *count, const struct u256 *a);

static inline struct u256 u256_mul(const struct u256 *a, const struct u256 *b)
{
	uint64_t w[4] = {0};

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		u256_wide t = 0;

#pragma GCC unroll 4
		for (int j = 0; i + j < 3; j++) {
			t = (u256_wide)a->w[i] * b->w[j] + w[i + j] +
			    (uint64_t)(t >> 64);
			w[i + j] = (uint64_t)t;
		}
		w[3] += a->w[i] * b->w[3 - i] + (uint64_t)(t >> 64);
	}
	return (struct u256){{w[0], w[1], w[2], w[3]}};
}

/* the upper and lower half of (high : low) shifted by n < 64 */
static inline uint64_t u256_shift_up(uint64_t high, uint64_t low, unsigned n)
{
	return high << n | low >> 1 >> (63 - n);
}

static inline uint64_t u256_shift_down(uint64_t high, uint64_t low, unsigned n)
{
	return low >> n | high << 1 << (63 - n);
}

static inline struct u256 u256_shl(const struct u256 *count,
				   const struct u256 *a)
{
	unsigned n = count->w[0] % 64;
	uint64_t a0 = a->w[0] << n, a1 = u256_shift_up(a->w[1], a->w[0], n);
	uint64_t a2 = u256_shift_up(a->w[2], a->w[1], n);
	uint64_t a3 = u256_shift_up(a->w[3], a->w[2], n);

	if (count->w[1] | count->w[2] | count->w[3])
		return u256_from(0);
	switch (count->w[0] / 64) {
	case 0:
		return (struct u256){{a0, a1, a2, a3}};
	case 1:
		return (struct u256){{0, a0, a1, a2}};
	case 2:
		return (struct u256){{0, 0, a0, a1}};
	case 3:
		return (struct u256){{0, 0, 0, a0}};
	default:
		return u256_from(0);
	}
}

static inline struct u256 u256_shr(const struct u256 *count,
				   const struct u256 *a)
{
	unsigned n = count->w[0] % 64;
	uint64_t a0 = u256_shift_down(a->w[1], a->w[0], n);
	uint64_t a1 = u256_shift_down(a->w[2], a->w[1], n);
	uint64_t a2 = u256_shift_down(a->w[3], a->w[2], n);
	uint64_t a3 = a->w[3] >> n;

	if (count->w[1] | count->w[2] | count->w[3])
		return u256_from(0);
	switch (count->w[0] / 64) {
	case 0:
		return (struct u256){{a0, a1, a2, a3}};
	case 1:
		return (struct u256){{a1, a2, a3, 0}};
	case 2:
		return (struct u256){{a2, a3, 0, 0}};
	case 3:
		return (struct u256){{a3, 0, 0, 0}};
	default:
		return u256_from(0);
	}
}

/* The sign is bit 7 of byte `index`, counted from the least significant. */
static inline struct u256 u256_sign_extend(const struct u256 *index,
					   const struct u256 *a)
{
	unsigned limb, up;
	int64_t top, fill;
	struct u256 r;

	if (!u256_fits_u64(index) || index->w[0] > 30)
		return *a;
	limb = (unsigned)index->w[0] / 8;
	up = 56 - (unsigned)index->w[0] % 8 * 8;
	top = (int64_t)(a->w[limb] << up) >> up;
	fill = top >> 63;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		r.w[i] = i < limb    ? a->w[i]
			 : i == limb ? (uint64_t)top
				     : (uint64_t)fill;
	return r;
}

#endif
