/*
 * ieee.c: IEEE 754 arithmetic in integers.
 *
 * An operand is unpacked to a sign, an exponent and a 64-bit significand
 * with its top bit set; an operation computes at least 62 bits of the exact
 * result with a sticky lowest bit (set when anything below is not zero), and
 * ieee_round_pack() makes the one rounding. A double's significand has 53 bits,
 * so the sticky bit is never one of those that are kept.
 */
#include "vmm/sim/ieee_number.h"

const struct ieee_format ieee_single = {32, 23, 127};
const struct ieee_format ieee_half = {16, 10, 15};
const struct ieee_format ieee_double = {64, 52, 1023};

struct number ieee_unpack(const struct ieee *e, const struct ieee_format *f,
			  uint64_t a)
{
	uint64_t frac = a & ((UINT64_C(1) << f->frac) - 1);
	int field = a >> f->frac & (2 * (unsigned)f->emax + 1);
	struct number n = {.sign = (a & sign_bit(f)) != 0};

	if (field == 2 * f->emax + 1) {
		n.kind = !frac		       ? INFINITE
			 : frac & quiet_bit(f) ? QUIET_NAN
					       : SIGNALING_NAN;
	} else if (field) {
		n.kind = FINITE;
		n.sig = TOP | frac << (63 - f->frac);
		n.exp = field - f->emax;
	} else if (frac && !(e->mxcsr & MXCSR_DAZ)) {
		int shift = __builtin_clzll(frac);

		n.kind = FINITE;
		n.denormal = true;
		n.sig = frac << shift;
		n.exp = 1 - f->emax - (int)f->frac + 63 - shift;
	}
	return n;
}

/* ---- Rounding ---- */

/* x / 2^n with the lowest bit set if anything was shifted out. */
static uint64_t shift_sticky(uint64_t x, unsigned n)
{
	if (n == 0)
		return x;
	if (n > 63)
		return x != 0;
	return x >> n | (x << (64 - n) != 0);
}

/* x / 2^drop, 0 < drop < 64, rounded to an integer. */
static uint64_t round_off(enum ieee_rounding rounding, bool sign, uint64_t x,
			  unsigned drop, bool *inexact)
{
	uint64_t rest = x << (64 - drop), kept = x >> drop;

	*inexact = rest != 0;
	switch (rounding) {
	case IEEE_NEAREST:
		return kept + (rest > TOP || (rest == TOP && (kept & 1)));
	case IEEE_DOWN:
		return kept + (rest && sign);
	case IEEE_UP:
		return kept + (rest && !sign);
	case IEEE_ZERO:
		break;
	}
	return kept;
}

static bool unmasked(const struct ieee *e, unsigned flag)
{
	return !(e->mxcsr & flag << MXCSR_MASK_SHIFT);
}

static uint64_t overflow(struct ieee *e, const struct ieee_format *f, bool sign,
			 bool inexact)
{
	enum ieee_rounding rounding = ieee_rounding(e->mxcsr);
	bool to_infinity = rounding == IEEE_NEAREST ||
			   rounding == (sign ? IEEE_DOWN : IEEE_UP);

	e->raised |= MXCSR_OE;
	if (inexact || !unmasked(e, MXCSR_OE))
		e->raised |= MXCSR_PE;
	return infinity(f, sign) - !to_infinity;
}

/*
 * A result below the smallest normal number also when rounded as if the
 * exponent had no bounds (`inexact` says whether that rounding was).
 */
static uint64_t tiny(struct ieee *e, const struct ieee_format *f, bool sign,
		     int exp, uint64_t sig, bool inexact)
{
	uint64_t kept;

	if (unmasked(e, MXCSR_UE)) {
		e->raised |= MXCSR_UE | (inexact ? MXCSR_PE : 0);
		return zero(f, sign); /* is thrown away */
	}
	if (e->mxcsr & MXCSR_FTZ) {
		e->raised |= MXCSR_UE | MXCSR_PE;
		return zero(f, sign);
	}
	sig = shift_sticky(sig, 1 - f->emax - exp);
	kept = round_off(ieee_rounding(e->mxcsr), sign, sig, 63 - f->frac,
			 &inexact);
	if (inexact)
		e->raised |= MXCSR_UE | MXCSR_PE;
	return zero(f, sign) | kept;
}

/* sig / 2^63 * 2^exp, sig having its top bit set, as a value of format f. */
uint64_t ieee_round_pack(struct ieee *e, const struct ieee_format *f, bool sign,
			 int exp, uint64_t sig)
{
	bool inexact;
	uint64_t kept = round_off(ieee_rounding(e->mxcsr), sign, sig,
				  63 - f->frac, &inexact);
	int carry = kept >> (f->frac + 1); /* 1.11..1 became 10.00..0 */

	if (exp + carry < 1 - f->emax)
		return tiny(e, f, sign, exp, sig, inexact);
	exp += carry;
	kept >>= carry;
	if (exp > f->emax)
		return overflow(e, f, sign, inexact);
	if (inexact)
		e->raised |= MXCSR_PE;
	/* The significand's leading one adds 1 to the exponent field. */
	return zero(f, sign) |
	       (((uint64_t)(exp + f->emax - 1) << f->frac) + kept);
}

/* ---- What operands raise ---- */

static uint64_t quiet_nan(struct ieee *e, const struct ieee_format *f,
			  const struct number *n, uint64_t a)
{
	if (n->kind == SIGNALING_NAN)
		e->raised |= MXCSR_IE;
	return a | quiet_bit(f);
}

/* The result when x or y is a NaN: the first one, quiet. */
static uint64_t pick_nan(struct ieee *e, const struct ieee_format *f,
			 const struct number *x, uint64_t a,
			 const struct number *y, uint64_t b)
{
	if (x->kind == SIGNALING_NAN || y->kind == SIGNALING_NAN)
		e->raised |= MXCSR_IE;
	return (is_nan(x) ? a : b) | quiet_bit(f);
}

/* ---- Arithmetic ---- */

/* Both have the same sign; x is the larger in exponent. */
static uint64_t add_magnitudes(struct ieee *e, const struct ieee_format *f,
			       const struct number *x, const struct number *y)
{
	uint64_t sum =
		(x->sig >> 1) + shift_sticky(y->sig >> 1, x->exp - y->exp);

	if (sum & TOP)
		return ieee_round_pack(e, f, x->sign, x->exp + 1, sum);
	return ieee_round_pack(e, f, x->sign, x->exp, sum << 1);
}

/* The magnitude of x is the larger; the result has its sign. */
static uint64_t sub_magnitudes(struct ieee *e, const struct ieee_format *f,
			       const struct number *x, const struct number *y)
{
	uint64_t d = x->sig - shift_sticky(y->sig, x->exp - y->exp);
	int shift;

	if (!d)
		return zero(f, ieee_rounding(e->mxcsr) == IEEE_DOWN);
	shift = __builtin_clzll(d);
	return ieee_round_pack(e, f, x->sign, x->exp - shift, d << shift);
}

static bool smaller(const struct number *x, const struct number *y)
{
	if (x->exp != y->exp)
		return x->exp < y->exp;
	return x->sig < y->sig;
}

static uint64_t add_infinite(struct ieee *e, const struct ieee_format *f,
			     const struct number *x, const struct number *y)
{
	if (x->kind == y->kind && x->sign != y->sign)
		return indefinite(e, f);
	raise_denormal(e, x, y);
	return infinity(f, x->kind == INFINITE ? x->sign : y->sign);
}

static uint64_t add_numbers(struct ieee *e, const struct ieee_format *f,
			    const struct number *x, const struct number *y)
{
	bool down = ieee_rounding(e->mxcsr) == IEEE_DOWN;

	if (x->kind == INFINITE || y->kind == INFINITE)
		return add_infinite(e, f, x, y);
	raise_denormal(e, x, y);
	if (x->kind == ZERO && y->kind == ZERO)
		return zero(f, x->sign == y->sign ? x->sign : down);
	if (x->kind == ZERO)
		return ieee_round_pack(e, f, y->sign, y->exp, y->sig);
	if (y->kind == ZERO)
		return ieee_round_pack(e, f, x->sign, x->exp, x->sig);
	if (smaller(x, y)) {
		const struct number *swap = x;

		x = y;
		y = swap;
	}
	if (x->sign == y->sign)
		return add_magnitudes(e, f, x, y);
	return sub_magnitudes(e, f, x, y);
}

uint64_t ieee_add(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	struct number x = ieee_unpack(e, f, a), y = ieee_unpack(e, f, b);

	if (is_nan(&x) || is_nan(&y))
		return pick_nan(e, f, &x, a, &y, b);
	return add_numbers(e, f, &x, &y);
}

uint64_t ieee_sub(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	struct number x = ieee_unpack(e, f, a), y = ieee_unpack(e, f, b);

	if (is_nan(&x) || is_nan(&y))
		return pick_nan(e, f, &x, a, &y, b);
	y.sign = !y.sign;
	return add_numbers(e, f, &x, &y);
}

uint64_t ieee_mul(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	struct number x = ieee_unpack(e, f, a), y = ieee_unpack(e, f, b);
	bool sign = x.sign != y.sign;
	uint128 product;

	if (is_nan(&x) || is_nan(&y))
		return pick_nan(e, f, &x, a, &y, b);
	if ((x.kind == INFINITE && y.kind == ZERO) ||
	    (x.kind == ZERO && y.kind == INFINITE))
		return indefinite(e, f);
	raise_denormal(e, &x, &y);
	if (x.kind == INFINITE || y.kind == INFINITE)
		return infinity(f, sign);
	if (x.kind == ZERO || y.kind == ZERO)
		return zero(f, sign);
	product = (uint128)x.sig * y.sig; /* 2^126 <= product < 2^128 */
	if (product >> 127)
		x.exp++;
	else
		product <<= 1;
	return ieee_round_pack(e, f, sign, x.exp + y.exp,
			       (uint64_t)(product >> 64) |
				       ((uint64_t)product != 0));
}

static uint64_t div_numbers(struct ieee *e, const struct ieee_format *f,
			    const struct number *x, const struct number *y)
{
	bool sign = x->sign != y->sign;
	bool less = x->sig < y->sig;
	uint128 n = (uint128)x->sig << (less ? 64 : 63);
	uint64_t q = n / y->sig; /* 2^63 <= q < 2^64 */

	if ((uint128)q * y->sig != n)
		q |= 1;
	return ieee_round_pack(e, f, sign, x->exp - y->exp - less, q);
}

uint64_t ieee_div(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	struct number x = ieee_unpack(e, f, a), y = ieee_unpack(e, f, b);
	bool sign = x.sign != y.sign;

	if (is_nan(&x) || is_nan(&y))
		return pick_nan(e, f, &x, a, &y, b);
	if (x.kind == y.kind && x.kind != FINITE)
		return indefinite(e, f);
	if (x.kind == FINITE && y.kind == ZERO) {
		e->raised |= MXCSR_ZE; /* comes before a denormal operand */
		return infinity(f, sign);
	}
	raise_denormal(e, &x, &y);
	if (x.kind == INFINITE || y.kind == ZERO)
		return infinity(f, sign);
	if (x.kind == ZERO || y.kind == INFINITE)
		return zero(f, sign);
	return div_numbers(e, f, &x, &y);
}

/* floor(sqrt(n)), bit by bit from the top; the root is below 2^64. */
static uint64_t square_root(uint128 n, bool *exact)
{
	uint128 root = 0, bit = (uint128)1 << 126;

	for (; bit; bit >>= 2) {
		if (n >= root + bit) {
			n -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	*exact = n == 0;
	return root;
}

uint64_t ieee_sqrt(struct ieee *e, const struct ieee_format *f, uint64_t a)
{
	struct number x = ieee_unpack(e, f, a);
	bool exact;
	uint64_t root;

	if (is_nan(&x))
		return quiet_nan(e, f, &x, a);
	if (x.kind == ZERO)
		return zero(f, x.sign);
	if (x.sign)
		return indefinite(e, f);
	if (x.kind == INFINITE)
		return a;
	raise_denormal(e, &x, &x);
	/* 2^exp must be a square: an odd exponent lends the significand 2. */
	root = square_root((uint128)x.sig << (x.exp & 1 ? 64 : 63), &exact);
	return ieee_round_pack(e, f, false, (x.exp - (x.exp & 1)) / 2,
			       root | !exact);
}

/* ---- Comparisons ---- */

static enum ieee_order order(const struct number *x, const struct number *y)
{
	bool less;

	if (x->kind == ZERO && y->kind == ZERO)
		return IEEE_EQUAL;
	if (x->kind == ZERO)
		return y->sign ? IEEE_GREATER : IEEE_LESS;
	if (y->kind == ZERO)
		return x->sign ? IEEE_LESS : IEEE_GREATER;
	if (x->sign != y->sign)
		return x->sign ? IEEE_LESS : IEEE_GREATER;
	if (x->kind == y->kind && x->exp == y->exp && x->sig == y->sig)
		return IEEE_EQUAL;
	less = x->kind != y->kind ? x->kind < y->kind : smaller(x, y);
	return less != x->sign ? IEEE_LESS : IEEE_GREATER;
}

enum ieee_order ieee_compare(struct ieee *e, const struct ieee_format *f,
			     uint64_t a, uint64_t b, bool signaling)
{
	struct number x = ieee_unpack(e, f, a), y = ieee_unpack(e, f, b);

	if (is_nan(&x) || is_nan(&y)) {
		if (signaling || x.kind == SIGNALING_NAN ||
		    y.kind == SIGNALING_NAN)
			e->raised |= MXCSR_IE;
		return IEEE_UNORDERED;
	}
	raise_denormal(e, &x, &y);
	return order(&x, &y);
}

/* a as the instruction sees it: under DAZ a denormal is a zero. */
static uint64_t operand(const struct ieee *e, const struct ieee_format *f,
			uint64_t a)
{
	struct number x = ieee_unpack(e, f, a);

	return x.kind == ZERO ? zero(f, x.sign) : a;
}

uint64_t ieee_min(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	enum ieee_order o = ieee_compare(e, f, a, b, true);

	return operand(e, f, o == IEEE_LESS ? a : b);
}

uint64_t ieee_max(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b)
{
	enum ieee_order o = ieee_compare(e, f, a, b, true);

	return operand(e, f, o == IEEE_GREATER ? a : b);
}

/* ---- Conversions ---- */

/* The payload's top bits stay, from the quiet bit down. */
static uint64_t convert_nan(const struct ieee_format *from,
			    const struct ieee_format *to,
			    const struct number *n, uint64_t a)
{
	uint64_t payload = a << (64 - from->frac) >> (64 - to->frac);

	return infinity(to, n->sign) | payload | quiet_bit(to);
}

uint64_t ieee_convert(struct ieee *e, const struct ieee_format *from,
		      const struct ieee_format *to, uint64_t a)
{
	struct number x = ieee_unpack(e, from, a);

	switch (x.kind) {
	case ZERO:
		return zero(to, x.sign);
	case INFINITE:
		return infinity(to, x.sign);
	case SIGNALING_NAN:
		e->raised |= MXCSR_IE;
		return convert_nan(from, to, &x, a);
	case QUIET_NAN:
		return convert_nan(from, to, &x, a);
	case FINITE:
		break;
	}
	raise_denormal(e, &x, &x);
	return ieee_round_pack(e, to, x.sign, x.exp, x.sig);
}

uint64_t ieee_from_int(struct ieee *e, const struct ieee_format *f, int64_t i)
{
	uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
	int shift;

	if (!i)
		return 0;
	shift = __builtin_clzll(magnitude);
	return ieee_round_pack(e, f, i < 0, 63 - shift, magnitude << shift);
}

/* The magnitude of x as an integer; x->exp < 63. */
static uint64_t round_to_int(const struct number *x,
			     enum ieee_rounding rounding, bool *inexact)
{
	uint64_t sig = x->sig;
	unsigned drop = 63 - x->exp;

	if (x->exp < 0) {
		sig = shift_sticky(sig, -x->exp);
		drop = 63;
	}
	return round_off(rounding, x->sign, sig, drop, inexact);
}

uint64_t ieee_to_int(struct ieee *e, const struct ieee_format *f, uint64_t a,
		     unsigned bits, enum ieee_rounding rounding)
{
	uint64_t limit = UINT64_C(1) << (bits - 1), magnitude;
	struct number x = ieee_unpack(e, f, a);
	bool inexact = false;

	if (x.kind == ZERO)
		return 0;
	if (x.kind != FINITE || x.exp > 63)
		magnitude = UINT64_MAX;
	else if (x.exp == 63)
		magnitude = x.sig;
	else
		magnitude = round_to_int(&x, rounding, &inexact);
	if (magnitude > limit - !x.sign) {
		e->raised |= MXCSR_IE;
		return limit;
	}
	if (inexact)
		e->raised |= MXCSR_PE;
	if (x.sign)
		magnitude = -magnitude;
	return bits == 64 ? magnitude : (uint32_t)magnitude;
}

uint64_t ieee_round(struct ieee *e, const struct ieee_format *f, uint64_t a,
		    enum ieee_rounding rounding, bool inexact)
{
	struct number x = ieee_unpack(e, f, a);
	uint64_t magnitude;
	bool changed;
	int shift;

	if (is_nan(&x))
		return quiet_nan(e, f, &x, a);
	if (x.kind == ZERO)
		return zero(f, x.sign);
	if (x.kind == INFINITE || x.exp >= (int)f->frac)
		return a;
	magnitude = round_to_int(&x, rounding, &changed);
	if (changed && inexact)
		e->raised |= MXCSR_PE;
	if (!magnitude)
		return zero(f, x.sign);
	shift = __builtin_clzll(magnitude);
	return ieee_round_pack(e, f, x.sign, 63 - shift, magnitude << shift);
}
