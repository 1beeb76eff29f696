/*
 * inverse.c: inverses by "divsteps" (Bernstein, Yang, "Fast constant-time gcd
 * computation and modular inversion", 2019), which need only the lowest bits
 * of two numbers to know the next steps of a greatest common divisor: 62
 * steps are done on one limb and become a matrix, which is then applied to
 * the whole numbers. As nothing here is secret, steps that only halve are
 * taken together.
 *
 * The long numbers are two's complement, in limbs of 62 bits of which the
 * highest carries the sign.
 */
#include <stdbool.h>
#include <string.h>

#include "evm/inverse.h"
#include "evm/limbs.h"

#define STEPS 62
#define MASK  (UINT64_MAX >> 2)
#define LONG  7 /* limbs of 62 bits for 384 bits and more */

typedef __int128 wide;

struct number {
	int64_t w[LONG];
};

/* (f, g) become (u f + v g, q f + r g) / 2^62 */
struct matrix {
	int64_t u, v, q, r;
};

/*
 * 62 steps on the lowest bits of f, which is odd, and g. Where g is odd, f and
 * g first change places if `eta` says so; then a multiple of f is added to g
 * that clears several of its bits at once. Returns the new eta.
 */
static int64_t divsteps(int64_t eta, uint64_t f, uint64_t g, struct matrix *t)
{
	uint64_t u = 1, v = 0, q = 0, r = 1, swap, w;
	int left = STEPS, zeros, limit;

	for (;;) {
		zeros = __builtin_ctzll(g | UINT64_MAX << left);
		g >>= zeros;
		u <<= zeros;
		v <<= zeros;
		eta -= zeros;
		left -= zeros;
		if (left == 0)
			break;
		if (eta < 0) {
			eta = -eta;
			swap = f, f = g, g = -swap;
			swap = u, u = q, q = -swap;
			swap = v, v = r, r = -swap;
		}
		/* 1 / f is f (2 - f^2) modulo 2^6; no more bits than that */
		limit = (int)eta + 1 < left ? (int)eta + 1 : left;
		w = f * g * (f * f - 2) & UINT64_MAX >> (64 - limit) & 63;
		g += f * w;
		q += u * w;
		r += v * w;
	}
	*t = (struct matrix){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
	return eta;
}

/* Both sums are multiples of 2^62. */
static void update_fg(struct number *f, struct number *g,
		      const struct matrix *t, int n)
{
	wide cf = 0, cg = 0;

	for (int i = 0; i < n; i++) {
		int64_t fi = f->w[i], gi = g->w[i];

		cf += (wide)t->u * fi + (wide)t->v * gi;
		cg += (wide)t->q * fi + (wide)t->r * gi;
		if (i > 0) {
			f->w[i - 1] = (int64_t)((uint64_t)cf & MASK);
			g->w[i - 1] = (int64_t)((uint64_t)cg & MASK);
		}
		cf >>= STEPS;
		cg >>= STEPS;
	}
	f->w[n - 1] = (int64_t)cf;
	g->w[n - 1] = (int64_t)cg;
}

/*
 * d and e stay above -2m and below m: where one is negative m is added to it,
 * and then the multiple of m is taken away, below 2^62 times, that makes the
 * sum a multiple of 2^62.
 */
static void update_de(struct number *d, struct number *e,
		      const struct matrix *t, const struct number *m,
		      uint64_t inverse, int n)
{
	int64_t sd = d->w[n - 1] >> 63, se = e->w[n - 1] >> 63;
	int64_t md = (t->u & sd) + (t->v & se), me = (t->q & sd) + (t->r & se);
	wide cd = (wide)t->u * d->w[0] + (wide)t->v * e->w[0];
	wide ce = (wide)t->q * d->w[0] + (wide)t->r * e->w[0];

	md -= (int64_t)(((uint64_t)md - inverse * (uint64_t)cd) & MASK);
	me -= (int64_t)(((uint64_t)me - inverse * (uint64_t)ce) & MASK);
	cd = (cd + (wide)m->w[0] * md) >> STEPS;
	ce = (ce + (wide)m->w[0] * me) >> STEPS;
	for (int i = 1; i < n; i++) {
		int64_t di = d->w[i], ei = e->w[i];

		cd += (wide)t->u * di + (wide)t->v * ei + (wide)m->w[i] * md;
		ce += (wide)t->q * di + (wide)t->r * ei + (wide)m->w[i] * me;
		d->w[i - 1] = (int64_t)((uint64_t)cd & MASK);
		e->w[i - 1] = (int64_t)((uint64_t)ce & MASK);
		cd >>= STEPS;
		ce >>= STEPS;
	}
	d->w[n - 1] = (int64_t)cd;
	e->w[n - 1] = (int64_t)ce;
}

/* a = +-a + (b & mask), carried through */
static void combine(struct number *a, bool negate, const struct number *b,
		    int64_t mask, int n)
{
	int64_t carry = 0;

	for (int i = 0; i < n; i++) {
		carry += (negate ? -a->w[i] : a->w[i]) + (b->w[i] & mask);
		a->w[i] = i < n - 1 ? (int64_t)((uint64_t)carry & MASK) : carry;
		carry >>= STEPS;
	}
}

static void spread(struct number *r, const uint64_t *a, int limbs)
{
	memset(r, 0, sizeof(*r));
	for (int i = 0; i < LONG; i++) {
		int word = i * STEPS / 64, at = i * STEPS % 64;
		uint64_t bits = word < limbs ? a[word] >> at : 0;

		if (at > 2 && word + 1 < limbs)
			bits |= a[word + 1] << (64 - at);
		r->w[i] = (int64_t)(bits & MASK);
	}
}

static void gather(uint64_t *r, const struct number *a, int limbs)
{
	memset(r, 0, (size_t)limbs * sizeof(*r));
	for (int i = 0; i < LONG; i++) {
		int word = i * STEPS / 64, at = i * STEPS % 64;

		if (word < limbs)
			r[word] |= (uint64_t)a->w[i] << at;
		if (at > 2 && word + 1 < limbs)
			r[word + 1] |= (uint64_t)a->w[i] >> (64 - at);
	}
}

static bool is_zero(const struct number *a, int n)
{
	int64_t any = 0;

	for (int i = 0; i < n; i++)
		any |= a->w[i];
	return any == 0;
}

void limbs_invert(uint64_t *r, const uint64_t *a, const uint64_t *m,
		  uint64_t inverse, int limbs)
{
	struct number f, g, d = {{0}}, e = {{1}}, modulus;
	int n = limbs * 64 / STEPS + 1;
	struct matrix t;
	int64_t eta = -1;

	spread(&modulus, m, limbs);
	spread(&g, a, limbs);
	f = modulus;
	while (!is_zero(&g, n)) {
		eta = divsteps(eta, (uint64_t)f.w[0] | (uint64_t)f.w[1] << 62,
			       (uint64_t)g.w[0] | (uint64_t)g.w[1] << 62, &t);
		update_de(&d, &e, &t, &modulus, inverse, n);
		update_fg(&f, &g, &t, n);
	}
	/* f is 1 or -1, and d f times the inverse */
	combine(&d, false, &modulus, d.w[n - 1] >> 63, n);
	combine(&d, f.w[n - 1] < 0, &modulus, 0, n);
	combine(&d, false, &modulus, d.w[n - 1] >> 63, n);
	gather(r, &d, limbs);
}
