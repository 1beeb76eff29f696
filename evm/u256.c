/*
 * u256.c: the longer operations of 256-bit words.
 *
 * Division is Knuth's algorithm D (TAOCP 4.3.1) on 64-bit digits. A digit of
 * the quotient comes from a multiplication with the divisor's reciprocal
 * (Moeller and Granlund, "Improved division by invariant integers"), so that
 * neither a 128-bit division of the machine nor of libgcc is needed.
 */
#include <string.h>

#include "evm/u256.h"

struct u256 u256_load_bytes(const uint8_t *p, size_t len)
{
	uint8_t full[32] = {0};

	if (len > 0)
		memcpy(full + 32 - len, p, len);
	return u256_load(full);
}

unsigned u256_bits(const struct u256 *a)
{
	for (int i = 3; i >= 0; i--)
		if (a->w[i])
			return i * 64 + 64 - __builtin_clzll(a->w[i]);
	return 0;
}

void u256_mul_full(uint64_t r[8], const struct u256 *a, const struct u256 *b)
{
	uint64_t w[8];

	limbs_mul(w, a->w, b->w);
	memcpy(r, w, sizeof(w));
}

/* floor((2^128 - 1) / d) - 2^64 for d >= 2^63: (~d : ~0) / d */
static uint64_t reciprocal(uint64_t d)
{
	return limbs_divide(~d, ~UINT64_C(0), d);
}

/* (high : low) / d, for high < d, d >= 2^63 and v = reciprocal(d) */
static uint64_t div_2by1(uint64_t high, uint64_t low, uint64_t d, uint64_t v,
			 uint64_t *rest)
{
	u256_wide q = (u256_wide)v * high + ((u256_wide)high << 64 | low);
	uint64_t q1 = (uint64_t)(q >> 64) + 1, r = low - q1 * d, mask;

	mask = -(uint64_t)(r > (uint64_t)q); /* as often as not: no branch */
	q1 += mask;
	r += d & mask;
	if (__builtin_expect(r >= d, 0)) {
		q1++;
		r -= d;
	}
	*rest = r;
	return q1;
}

/* u -= q * v over n digits and the one above; whether that was too much */
static inline __attribute__((always_inline)) bool mul_sub(uint64_t *u,
							  const uint64_t *v,
							  int n, uint64_t q)
{
	uint64_t product[4] = {0}, borrow = 0;
	u256_wide t = 0, top;

#pragma GCC unroll 4
	for (int i = 0; i < n; i++) {
		t = (u256_wide)q * v[i] + (uint64_t)(t >> 64);
		product[i] = (uint64_t)t;
	}
	if (n == 4) {
		borrow = limbs_sub(u, u, product, 4);
	} else {
		for (int i = 0; i < n; i++) {
			top = (u256_wide)u[i] - product[i] - borrow;
			u[i] = (uint64_t)top;
			borrow = (uint64_t)(top >> 64) & 1;
		}
	}
	top = (u256_wide)u[n] - (uint64_t)(t >> 64) - borrow;
	u[n] = (uint64_t)top;
	return (uint64_t)(top >> 64) & 1;
}

static void add_back(uint64_t *u, const uint64_t *v, int n)
{
	u256_wide sum = 0;

	for (int i = 0; i < n; i++) {
		sum += (u256_wide)u[i] + v[i];
		u[i] = (uint64_t)sum;
		sum >>= 64;
	}
	u[n] += (uint64_t)sum;
}

static int digits(const uint64_t *w, int n)
{
	while (n > 0 && w[n - 1] == 0)
		n--;
	return n;
}

static uint64_t shifted(const uint64_t *w, int i, unsigned shift)
{
	uint64_t below = i > 0 && shift ? w[i - 1] >> (64 - shift) : 0;

	return w[i] << shift | below;
}

/* One digit of the quotient: u[0..n] by v[0..n-1], with u below v * 2^64. */
static inline __attribute__((always_inline)) uint64_t div_step(
	uint64_t *u, const uint64_t *v, int n, uint64_t inv)
{
	uint64_t q, rest;

	if (u[n] >= v[n - 1]) {
		q = ~UINT64_C(0); /* they are equal: the largest digit */
	} else {
		q = div_2by1(u[n], u[n - 1], v[n - 1], inv, &rest);
		while (n > 1 && (u256_wide)q * v[n - 2] >
					((u256_wide)rest << 64 | u[n - 2])) {
			q--;
			rest += v[n - 1];
			if (rest < v[n - 1])
				break;
		}
	}
	if (!mul_sub(u, v, n, q))
		return q;
	do /* an estimate of the largest digit may be one or two too many */
		q--;
	while (add_back(u, v, n), u[n]);
	return q;
}

static inline __attribute__((always_inline)) void div_steps(
	uint64_t *q, uint64_t *u, const uint64_t *v, int m, int n, uint64_t inv)
{
	for (int i = m - n; i >= 0; i--)
		q[i] = div_step(u + i, v, n, inv);
}

/* a[0..len-1] / b, len up to 8; quotient may be NULL. b is not zero. */
static void div_full(const uint64_t *a, int len, const struct u256 *b,
		     uint64_t quotient[8], struct u256 *rest)
{
	int n = digits(b->w, 4), m = digits(a, len);
	unsigned shift = __builtin_clzll(b->w[n - 1]);
	uint64_t u[9] = {0}, v[4] = {0}, q[8] = {0}, inv;

	for (int i = 0; i < n; i++)
		v[i] = shifted(b->w, i, shift);
	for (int i = 0; i < m; i++)
		u[i] = shifted(a, i, shift);
	if (m > 0 && shift)
		u[m] = a[m - 1] >> (64 - shift);

	inv = reciprocal(v[n - 1]);
	switch (n) { /* the loops are straight code then */
	case 4:
		div_steps(q, u, v, m, 4, inv);
		break;
	case 3:
		div_steps(q, u, v, m, 3, inv);
		break;
	case 2:
		div_steps(q, u, v, m, 2, inv);
		break;
	default:
		div_steps(q, u, v, m, 1, inv);
	}

	if (quotient)
		memcpy(quotient, q, sizeof(q));
	*rest = (struct u256){{0}};
	for (int i = 0; i < n; i++)
		rest->w[i] =
			u[i] >> shift | (shift ? u[i + 1] << (64 - shift) : 0);
}

/* a is not zero. */
static bool is_power_of_2(const struct u256 *a)
{
	struct u256 one = u256_from(1), less = u256_sub(a, &one);

	less = u256_and(&less, a);
	return u256_is_zero(&less);
}

struct u256 u256_div(const struct u256 *a, const struct u256 *b)
{
	struct u256 rest;
	uint64_t q[8];

	if (u256_is_zero(b))
		return *b;
	if (u256_fits_u64(a) && u256_fits_u64(b))
		return u256_from(a->w[0] / b->w[0]);
	if (is_power_of_2(b)) { /* how code shifted before EIP-145 */
		rest = u256_from(u256_bits(b) - 1);
		return u256_shr(&rest, a);
	}
	if (u256_less(a, b))
		return u256_from(0);
	div_full(a->w, 4, b, q, &rest);
	return (struct u256){{q[0], q[1], q[2], q[3]}};
}

struct u256 u256_mod(const struct u256 *a, const struct u256 *b)
{
	struct u256 rest;

	if (u256_is_zero(b))
		return *b;
	if (u256_fits_u64(a) && u256_fits_u64(b))
		return u256_from(a->w[0] % b->w[0]);
	if (u256_less(a, b))
		return *a;
	div_full(a->w, 4, b, NULL, &rest);
	return rest;
}

static struct u256 absolute(const struct u256 *a)
{
	return u256_is_negative(a) ? u256_negate(a) : *a;
}

/* -2^255 / -1 is 2^255, which reads as -2^255 again: the EVM's answer too. */
struct u256 u256_div_signed(const struct u256 *a, const struct u256 *b)
{
	struct u256 x = absolute(a), y = absolute(b), q = u256_div(&x, &y);

	return u256_is_negative(a) != u256_is_negative(b) ? u256_negate(&q) : q;
}

/* The result has the sign of the dividend. */
struct u256 u256_mod_signed(const struct u256 *a, const struct u256 *b)
{
	struct u256 x = absolute(a), y = absolute(b), r = u256_mod(&x, &y);

	return u256_is_negative(a) ? u256_negate(&r) : r;
}

/* floor((2^192 - 1) / (d1 : d0)) - 2^64 for d1 >= 2^63 */
static uint64_t reciprocal_3by2(uint64_t d1, uint64_t d0)
{
	uint64_t v = reciprocal(d1), p = d1 * v + d0;
	u256_wide t;

	if (p < d0) {
		v--;
		if (p >= d1) {
			v--;
			p -= d1;
		}
		p -= d1;
	}
	t = (u256_wide)v * d0;
	p += (uint64_t)(t >> 64);
	if (p < (uint64_t)(t >> 64)) {
		v--;
		if (((u256_wide)p << 64 | (uint64_t)t) >=
		    ((u256_wide)d1 << 64 | d0))
			v--;
	}
	return v;
}

/*
 * One digit of (u2 : u1 : u0) / d, for (u2 : u1) below d; `rest` is what
 * remains (Moeller and Granlund, algorithm 5). The first correction comes as
 * often as not, so it must be no branch.
 */
static inline __attribute__((always_inline)) uint64_t div_3by2(
	uint64_t u2, uint64_t u1, uint64_t u0, u256_wide d, uint64_t v,
	u256_wide *rest)
{
	u256_wide q = (u256_wide)v * u2 + ((u256_wide)u2 << 64 | u1), r;
	uint64_t q1 = (uint64_t)(q >> 64), mask;

	r = (u256_wide)(u1 - q1 * (uint64_t)(d >> 64)) << 64 | u0;
	r -= (u256_wide)(uint64_t)d * q1 + d;
	mask = -(uint64_t)((uint64_t)(r >> 64) >= (uint64_t)q);
	q1 += 1 + mask;
	r += (u256_wide)((uint64_t)(d >> 64) & mask) << 64 |
	     ((uint64_t)d & mask);
	if (__builtin_expect(r >= d, 0)) {
		q1++;
		r -= d;
	}
	*rest = r;
	return q1;
}

/* The digit is 2^64 - 1 or a little less. */
static __attribute__((noinline)) void largest_digit(uint64_t *u,
						    const uint64_t *v)
{
	div_step(u, v, 4, reciprocal(v[3]));
}

/* u[0..4] mod v into u[0..3], for u[1..4] below v, whose top bit is set */
static inline __attribute__((always_inline)) void mod_step(uint64_t *u,
							   const uint64_t v[4],
							   uint64_t inv)
{
	u256_wide d = (u256_wide)v[3] << 64 | v[2], rest, t, low;
	uint64_t q, borrow;

	if (__builtin_expect(u[4] == v[3] && u[3] == v[2], 0)) {
		largest_digit(u, v);
		return;
	}
	q = div_3by2(u[4], u[3], u[2], d, inv, &rest);
	t = (u256_wide)q * v[0];
	low = (u256_wide)q * v[1] + (uint64_t)(t >> 64);
	borrow = u[0] < (uint64_t)t;
	u[0] -= (uint64_t)t;
	t = (u256_wide)u[1] - (uint64_t)low - borrow;
	u[1] = (uint64_t)t;
	low = (low >> 64) + ((uint64_t)(t >> 64) & 1);
	t = rest - low;
	u[2] = (uint64_t)t;
	u[3] = (uint64_t)(t >> 64);
	if (__builtin_expect(rest < low, 0))
		limbs_add(u, u, v, 4);
}

/*
 * a, of `len` up to 8 digits, mod m, whose top limb is not zero. To be
 * inlined with a constant length, so that all digits are in registers.
 */
static inline __attribute__((always_inline)) struct u256 mod_long(
	const uint64_t *a, int len, const struct u256 *m)
{
	unsigned shift = (unsigned)__builtin_clzll(m->w[3]);
	uint64_t u[9], inv;
	struct u256 count = u256_from(shift), v = u256_shl(&count, m), r;

	u[0] = a[0] << shift;
#pragma GCC unroll 8
	for (int i = 1; i < len; i++)
		u[i] = u256_shift_up(a[i], a[i - 1], shift);
	u[len] = u256_shift_up(0, a[len - 1], shift);
	inv = reciprocal_3by2(v.w[3], v.w[2]);
#pragma GCC unroll 5
	for (int i = len - 4; i >= 0; i--)
		mod_step(u + i, v.w, inv);
	r = (struct u256){{u[0], u[1], u[2], u[3]}};
	return u256_shr(&count, &r);
}

struct u256 u256_addmod(const struct u256 *a, const struct u256 *b,
			const struct u256 *m)
{
	struct u256 low = u256_add(a, b), rest;
	uint64_t sum[5] = {low.w[0], low.w[1], low.w[2], low.w[3],
			   u256_less(&low, a)};

	if (m->w[3])
		return mod_long(sum, 5, m);
	if (u256_is_zero(m))
		return *m;
	div_full(sum, 5, m, NULL, &rest);
	return rest;
}

struct u256 u256_mulmod(const struct u256 *a, const struct u256 *b,
			const struct u256 *m)
{
	uint64_t product[8];
	struct u256 rest;

	u256_mul_full(product, a, b);
	if (m->w[3])
		return mod_long(product, 8, m);
	if (u256_is_zero(m))
		return *m;
	div_full(product, 8, m, NULL, &rest);
	return rest;
}

struct u256 u256_exp(const struct u256 *base, const struct u256 *exponent)
{
	struct u256 r = u256_from(1);

	for (int i = (int)u256_bits(exponent) - 1; i >= 0; i--) {
		r = u256_mul(&r, &r);
		if (exponent->w[i / 64] >> (i % 64) & 1)
			r = u256_mul(&r, base);
	}
	return r;
}

struct u256 u256_sar(const struct u256 *count, const struct u256 *a)
{
	struct u256 flipped;

	if (!u256_is_negative(a))
		return u256_shr(count, a);
	flipped = u256_not(a);
	flipped = u256_shr(count, &flipped);
	return u256_not(&flipped);
}

/* Byte 0 is the most significant. */
struct u256 u256_byte(const struct u256 *index, const struct u256 *a)
{
	unsigned shift;

	if (!u256_fits_u64(index) || index->w[0] > 31)
		return u256_from(0);
	shift = 8 * (31 - (unsigned)index->w[0]);
	return u256_from(a->w[shift / 64] >> (shift % 64) & 0xff);
}
