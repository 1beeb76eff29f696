/* power.c: powers of long numbers; see power.h. */
#include "evm/power.h"

#include <stdbool.h>
#include <string.h>

#include "evm/limbs.h"

/* By Newton's iteration, which doubles the bits that are right: 3 at first. */
uint64_t evm_inverse_64(uint64_t a)
{
	uint64_t x = a;

	for (int i = 0; i < 5; i++)
		x *= 2 - a * x;
	return x;
}

/* r -= m if that is not below zero, with a limb above r that is 0 or 1. */
static void subtract_once(uint64_t *r, uint64_t above, const uint64_t *t,
			  const uint64_t *m, size_t n)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < n; i++) {
		limbs_wide diff = (limbs_wide)t[i] - m[i] - borrow;

		r[i] = (uint64_t)diff;
		borrow = (uint64_t)(diff >> 64) & 1;
	}
	if (borrow > above)
		memcpy(r, t, n * sizeof(*r));
}

/*
 * Each limb of b adds a multiple of a, and a multiple of m that makes the
 * lowest limb zero, which is dropped.
 */
static void montgomery(const struct evm_ring *ring, uint64_t *r,
		       const uint64_t *a, const uint64_t *b)
{
	const uint64_t *m = ring->m;
	uint64_t *t = ring->t;
	size_t n = ring->n;

	memset(t, 0, (n + 1) * sizeof(*t));
	for (size_t i = 0; i < n; i++) {
		limbs_wide x = (limbs_wide)a[0] * b[i] + t[0];
		uint64_t q = (uint64_t)x * ring->inverse;
		limbs_wide y = (limbs_wide)q * m[0] + (uint64_t)x;

#pragma GCC unroll 4
		for (size_t j = 1; j < n; j++) {
			x = (limbs_wide)a[j] * b[i] + t[j] +
			    (uint64_t)(x >> 64);
			y = (limbs_wide)q * m[j] + (uint64_t)x +
			    (uint64_t)(y >> 64);
			t[j - 1] = (uint64_t)y;
		}
		x = (limbs_wide)t[n] + (uint64_t)(x >> 64) +
		    (uint64_t)(y >> 64);
		t[n - 1] = (uint64_t)x;
		t[n] = (uint64_t)(x >> 64);
	}
	subtract_once(r, t[n], t, m, n);
}

static void multiply_low(const struct evm_ring *ring, uint64_t *r,
			 const uint64_t *a, const uint64_t *b)
{
	uint64_t *t = ring->t;
	size_t n = ring->n;

	memset(t, 0, n * sizeof(*t));
	for (size_t i = 0; i < n; i++) {
		limbs_wide x = 0;

		for (size_t j = 0; i + j < n; j++) {
			x = (limbs_wide)a[j] * b[i] + t[i + j] +
			    (uint64_t)(x >> 64);
			t[i + j] = (uint64_t)x;
		}
	}
	t[n - 1] &= ring->mask;
	memcpy(r, t, n * sizeof(*r));
}

void evm_ring_mul(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		  const uint64_t *b)
{
	if (ring->m)
		montgomery(ring, r, a, b);
	else
		multiply_low(ring, r, a, b);
}

/* Bits of the exponent at once: a table pays if there are many. */
static int window(const struct evm_exponent *e)
{
	return e->len <= 4 ? 1 : e->len <= 8 ? 2 : 4;
}

void evm_ring_power(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		    const struct evm_exponent *e, const uint64_t *one,
		    uint64_t *table)
{
	size_t n = ring->n, size = n * sizeof(*r);
	int bits = window(e);
	bool started = false;

	memcpy(table + n, a, size);
	for (size_t i = 2; i < (size_t)1 << bits; i++)
		evm_ring_mul(ring, table + i * n, table + (i - 1) * n, a);
	memcpy(r, one, size);
	for (uint64_t i = 0; i < e->len; i++) {
		unsigned byte = i < e->have ? e->bytes[i] : 0;

		for (int at = 8 - bits; at >= 0; at -= bits) {
			unsigned digit = byte >> at & ((1u << bits) - 1);

			for (int k = 0; started && k < bits; k++)
				evm_ring_mul(ring, r, r, r);
			if (digit && started)
				evm_ring_mul(ring, r, r, table + digit * n);
			else if (digit)
				memcpy(r, table + digit * n, size);
			started = started || digit;
		}
	}
}
