/* power.c: powers of long numbers; see power.h. */
#include "evm/power.h"

#include <string.h>

#include "evm/montgomery.h"
#include "evm/rows.h"

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

/* r = t / 2^(64 n), where t has 2 n limbs */
static void reduce(const struct evm_ring *ring, uint64_t *r)
{
	uint64_t *t = ring->t, carry = 0;
	size_t n = ring->n;

	rows_reduce(t, ring->m, n, ring->inverse);
	for (size_t i = 0; i < n; i++) {
		limbs_wide x = (limbs_wide)t[i] + t[n + i] + carry;

		t[i] = (uint64_t)x;
		carry = (uint64_t)(x >> 64);
	}
	subtract_once(r, carry, t, ring->m, n);
}

/*
 * Of 4 limbs and of 8 the products are straight code; the latter is 3 KiB,
 * which a guest saves.
 */
static bool is_fixed(size_t n)
{
	return n == 4 || (n == 8 && __STDC_HOSTED__);
}

static void multiply_fixed(const struct evm_ring *ring, uint64_t *r,
			   const uint64_t *a, const uint64_t *b)
{
	uint64_t above;

	if (ring->n == 4) {
		mont_mul(r, a, b, ring->m, ring->inverse, 4);
	} else if (is_fixed(8)) {
		above = mont_columns(ring->t, a, b, ring->m, ring->inverse, 8);
		subtract_once(r, above, ring->t, ring->m, 8);
	}
}

static void square(const struct evm_ring *ring, uint64_t *r)
{
	if (!ring->m || is_fixed(ring->n)) {
		evm_ring_mul(ring, r, r, r);
		return;
	}
	rows_square(ring->t, r, ring->n);
	reduce(ring, r);
}

void evm_ring_mul(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		  const uint64_t *b)
{
	size_t n = ring->n;

	if (!ring->m) {
		rows_mul_low(ring->t, a, b, n);
		memcpy(r, ring->t, n * sizeof(*r));
	} else if (is_fixed(n)) {
		multiply_fixed(ring, r, a, b);
	} else {
		rows_mul(ring->t, a, b, n);
		reduce(ring, r);
	}
}

void evm_ring_leave(const struct evm_ring *ring, uint64_t *r)
{
	memcpy(ring->t, r, ring->n * sizeof(*r));
	memset(ring->t + ring->n, 0, ring->n * sizeof(*r));
	reduce(ring, r);
}

/* Bit i, counted from the highest. */
static unsigned bit(const struct evm_exponent *e, uint64_t i)
{
	return i / 8 < e->have ? e->bytes[i / 8] >> (7 - i % 8) & 1 : 0;
}

/* The highest bit that is 1; behind the last one if there is none. */
static uint64_t first_one(const struct evm_exponent *e)
{
	uint64_t i = 0;

	while (i < e->have && i < e->len && e->bytes[i] == 0)
		i++;
	if (i >= e->have || i >= e->len)
		return 8 * e->len;
	for (i *= 8; !bit(e, i);)
		i++;
	return i;
}

/* How many bits at once: a larger table pays if there are many. */
static unsigned window(uint64_t bits)
{
	return bits <= 8     ? 1
	       : bits <= 24  ? 2
	       : bits <= 80  ? 3
	       : bits <= 240 ? 4
	       : bits <= 672 ? 5
			     : 6;
}

/* The odd powers of a, in order. */
static void fill(const struct evm_ring *ring, uint64_t *table,
		 const uint64_t *a, unsigned bits, uint64_t *twice)
{
	size_t n = ring->n;

	memcpy(table, a, n * sizeof(*a));
	if (bits == 1)
		return;
	evm_ring_mul(ring, twice, a, a);
	for (size_t i = 1; i < (size_t)1 << (bits - 1); i++)
		evm_ring_mul(ring, table + i * n, table + (i - 1) * n, twice);
}

/*
 * From the highest bit down: a square for each, and for as many as a window
 * has, from one bit that is 1 to another, a product with the odd power that
 * they are.
 */
bool evm_ring_power(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		    const struct evm_exponent *e, uint64_t *table)
{
	uint64_t end = 8 * e->len, i = first_one(e);
	unsigned most = window(end - i), digit, bits;
	bool started = false;
	size_t n = ring->n;

	if (i == end)
		return false;
	fill(ring, table, a, most, r);
	while (i < end) {
		if (!bit(e, i)) {
			square(ring, r);
			i++;
			continue;
		}
		bits = end - i < most ? (unsigned)(end - i) : most;
		while (!bit(e, i + bits - 1))
			bits--;
		digit = 0;
		for (unsigned k = 0; k < bits; k++) {
			digit = digit << 1 | bit(e, i + k);
			if (started)
				square(ring, r);
		}
		if (started)
			evm_ring_mul(ring, r, r, table + digit / 2 * n);
		else
			memcpy(r, table + digit / 2 * n, n * sizeof(*r));
		started = true;
		i += bits;
	}
	return true;
}
