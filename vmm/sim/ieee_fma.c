/*
 * ieee_fma.c: multiplication and addition with one rounding.
 *
 * The product of two significands has at most 106 bits and is kept whole in
 * 128; the third operand is aligned to it with a sticky lowest bit. Where
 * bits fall below that, what is left after a subtraction has lost at most
 * one bit at its top, so that the sticky bit stays far below the rounding.
 */
#include "vmm/sim/ieee_number.h"

#define TOP128 ((uint128)1 << 127)

/* sig / 2^127 * 2^exp, the top bit of sig set; or zero. */
struct wide {
	uint128 sig;
	int exp;
	bool sign;
};

static struct wide widen(const struct number *n)
{
	if (n->kind == ZERO)
		return (struct wide){0, 0, n->sign};
	return (struct wide){(uint128)n->sig << 64, n->exp, n->sign};
}

static struct wide product(const struct number *x, const struct number *y)
{
	struct wide p = {0, x->exp + y->exp, x->sign != y->sign};

	if (x->kind == ZERO || y->kind == ZERO)
		return p;
	p.sig = (uint128)x->sig * y->sig;
	if (p.sig & TOP128)
		p.exp++;
	else
		p.sig <<= 1;
	return p;
}

static uint64_t round_wide(struct ieee *e, const struct ieee_format *f,
			   struct wide n)
{
	while (!(n.sig & TOP128)) {
		n.sig <<= 1;
		n.exp--;
	}
	return ieee_round_pack(e, f, n.sign, n.exp,
			       (uint64_t)(n.sig >> 64) |
				       ((uint64_t)n.sig != 0));
}

static bool smaller(const struct wide *x, const struct wide *y)
{
	if (!x->sig || !y->sig)
		return y->sig != 0;
	return x->exp != y->exp ? x->exp < y->exp : x->sig < y->sig;
}

/* x is not the smaller one, and not zero. */
static struct wide add(struct wide x, struct wide y)
{
	unsigned distance = y.sig ? x.exp - y.exp : 0;

	if (x.sign != y.sign) {
		x.sig -= shift_sticky128(y.sig, distance);
		return x;
	}
	/* Room for the carry; the lowest bits are zero but for y's. */
	x.sig = (x.sig >> 1) + shift_sticky128(y.sig, distance + 1);
	x.exp++;
	return x;
}

static uint64_t sum(struct ieee *e, const struct ieee_format *f, struct wide x,
		    struct wide y)
{
	bool down = ieee_rounding(e->mxcsr) == IEEE_DOWN;
	struct wide r;

	if (!x.sig && !y.sig)
		return zero(f, x.sign == y.sign ? x.sign : down);
	r = smaller(&x, &y) ? add(y, x) : add(x, y);
	return r.sig ? round_wide(e, f, r) : zero(f, down);
}

/* The first NaN, quiet. */
static uint64_t pick_nan(struct ieee *e, const struct ieee_format *f,
			 const struct number n[3], const uint64_t val[3])
{
	uint64_t nan = 0;

	for (unsigned i = 3; i--;) {
		if (is_nan(&n[i]))
			nan = val[i] | quiet_bit(f);
		if (n[i].kind == SIGNALING_NAN)
			e->raised |= MXCSR_IE;
	}
	return nan;
}

static bool no_product(const struct number *x, const struct number *y)
{
	return (x->kind == INFINITE && y->kind == ZERO) ||
	       (x->kind == ZERO && y->kind == INFINITE);
}

uint64_t ieee_fma(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b, uint64_t c, unsigned how)
{
	struct number n[3] = {ieee_unpack(e, f, a), ieee_unpack(e, f, b),
			      ieee_unpack(e, f, c)};
	bool endless = n[0].kind == INFINITE || n[1].kind == INFINITE, sign;

	if (is_nan(&n[0]) || is_nan(&n[1]) || is_nan(&n[2]))
		return pick_nan(e, f, n, (const uint64_t[]){a, b, c});
	n[0].sign ^= (how & IEEE_NEGATE) != 0;
	n[2].sign ^= (how & IEEE_SUB) != 0;
	sign = n[0].sign != n[1].sign;
	if (no_product(&n[0], &n[1]) ||
	    (endless && n[2].kind == INFINITE && sign != n[2].sign))
		return indefinite(e, f);
	raise_denormal(e, &n[0], &n[1]);
	raise_denormal(e, &n[2], &n[2]);
	if (endless)
		return infinity(f, sign);
	if (n[2].kind == INFINITE)
		return infinity(f, n[2].sign);
	return sum(e, f, product(&n[0], &n[1]), widen(&n[2]));
}
