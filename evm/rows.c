/* rows.c: products and remainders of numbers of any length; see rows.h. */
#include <stdbool.h>
#include <string.h>

#include "evm/limbs.h"
#include "evm/rows.h"

/* t += a * b, in C */
static inline uint64_t add_plain(uint64_t *t, const uint64_t *a, size_t n,
				 uint64_t b)
{
	uint64_t carry = 0;

#pragma GCC unroll 4
	for (size_t i = 0; i < n; i++) {
		limbs_wide x = (limbs_wide)a[i] * b + t[i] + carry;

		t[i] = (uint64_t)x;
		carry = (uint64_t)(x >> 64);
	}
	return carry;
}

#ifdef LIMBS_ADX
static bool by_adx(size_t n)
{
	return n >= 4 && limbs_have_adx();
}

/* n >= 4: what does not fill eight or four limbs comes first. */
LIMBS_INLINE uint64_t add_adx(uint64_t *t, const uint64_t *a, size_t n,
			      uint64_t b)
{
	uint64_t carry = 0;
	size_t i = 0;

	if (n % 4) {
		i = n % 4;
		carry = add_plain(t, a, i, b);
	}
	if (n & 4) {
		carry = limbs_row_4_adx(t + i, a + i, b, carry);
		i += 4;
	}
	if (i < n)
		carry = limbs_row_adx(t + i, a + i, n / 8, b, carry);
	return carry;
}
#else
static bool by_adx(size_t n)
{
	return false;
}

#define add_adx add_plain
#endif

uint64_t rows_add(uint64_t *t, const uint64_t *a, size_t n, uint64_t b)
{
	return by_adx(n) ? add_adx(t, a, n, b) : add_plain(t, a, n, b);
}

uint64_t rows_sub(uint64_t *t, const uint64_t *a, size_t n, uint64_t b)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < n; i++) {
		limbs_wide x = (limbs_wide)a[i] * b + borrow;

		borrow = (uint64_t)(x >> 64) + (t[i] < (uint64_t)x);
		t[i] -= (uint64_t)x;
	}
	return borrow;
}

void rows_mul(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n)
{
	memset(r, 0, n * sizeof(*r));
	for (size_t i = 0; i < n; i++)
		r[n + i] = rows_add(r + i, a, n, b[i]);
}

void rows_mul_low(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n)
{
	memset(r, 0, n * sizeof(*r));
	for (size_t i = 0; i < n; i++)
		rows_add(r + i, a, n - i, b[i]);
}

/* Twice r, and in each pair of limbs the square of one of a. */
static void double_and_squares(uint64_t *r, const uint64_t *a, size_t n)
{
	uint64_t carry = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t low = r[2 * i], high = r[2 * i + 1];
		limbs_wide square = (limbs_wide)a[i] * a[i], x;

		x = (limbs_wide)(low << 1 | top) + (uint64_t)square + carry;
		r[2 * i] = (uint64_t)x;
		x = (limbs_wide)(high << 1 | low >> 63) +
		    (uint64_t)(square >> 64) + (uint64_t)(x >> 64);
		r[2 * i + 1] = (uint64_t)x;
		carry = (uint64_t)(x >> 64);
		top = high >> 63;
	}
}

/* The products of two different limbs, then all twice, and the squares. */
void rows_square(uint64_t *r, const uint64_t *a, size_t n)
{
	memset(r, 0, n * sizeof(*r));
	for (size_t i = 0; i < n; i++)
		r[n + i] = rows_add(r + 2 * i + 1, a + i + 1, n - 1 - i, a[i]);
	double_and_squares(r, a, n);
}

void rows_reduce(uint64_t *t, const uint64_t *m, size_t n, uint64_t inverse)
{
	if (by_adx(n))
		for (size_t i = 0; i < n; i++)
			t[i] = add_adx(t + i, m, n, t[i] * inverse);
	else
		for (size_t i = 0; i < n; i++)
			t[i] = add_plain(t + i, m, n, t[i] * inverse);
}

/* The highest limb of u[0..n] / m; sometimes one more than that. */
static uint64_t guess(const uint64_t *u, const uint64_t *m, size_t n)
{
	uint64_t top = m[n - 1], q = UINT64_MAX, rest = u[n - 1] + top;
	bool rest_is_long = rest < top;

	if (u[n] < top) {
		q = limbs_divide(u[n], u[n - 1], top);
		rest = u[n - 1] - q * top;
		rest_is_long = false;
	}
	while (n > 1 && !rest_is_long &&
	       (limbs_wide)q * m[n - 2] > ((limbs_wide)rest << 64 | u[n - 2])) {
		q--;
		rest += top;
		rest_is_long = rest < top;
	}
	return q;
}

/* Knuth's algorithm D (TAOCP 4.3.1), of limbs. */
void rows_mod(uint64_t *u, size_t len, const uint64_t *m, size_t n)
{
	for (size_t i = len - n; i-- > 0;) {
		uint64_t *at = u + i;
		uint64_t borrow = rows_sub(at, m, n, guess(at, m, n));
		bool too_many = at[n] < borrow;

		at[n] -= borrow;
		if (too_many)
			at[n] += rows_add(at, m, n, 1);
	}
}
