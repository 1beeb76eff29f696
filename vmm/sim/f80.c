/*
 * f80.c: double extended arithmetic: unpacking, the one rounding, the five
 * IEEE operations, comparisons, and what else is exact or nearly so.
 *
 * An operation computes a significand of 128 bits whose lowest bit is sticky:
 * set when anything below is not zero. The rounding sees no difference.
 */
#include "vmm/sim/f80_number.h"

const struct f80 f80_one = {F80_TOP, F80_EMAX, {0}};
const struct f80 f80_zero = {0, 0, {0}};
const struct f80 f80_indefinite = {UINT64_C(3) << 62, 0xffff, {0}};

#define QUIET (UINT64_C(1) << 62)

/* ---- Patterns ---- */

struct f80 f80_pack(bool sign, int exp, uint64_t sig)
{
	return (struct f80){.sig = sig,
			    .se = (sign ? F80_SIGN : 0) | (exp + F80_EMAX)};
}

struct f80 f80_infinity(bool sign)
{
	return f80_pack(sign, F80_EMAX + 1, F80_TOP);
}

struct f80 f80_signed_zero(bool sign)
{
	return f80_pack(sign, -F80_EMAX, 0);
}

struct f80 f80_invalid(struct f80_env *e)
{
	e->raised |= F80_IE;
	return f80_indefinite;
}

int f80_clz(uint128 x)
{
	return x >> 64 ? __builtin_clzll(x >> 64)
		       : 64 + __builtin_clzll((uint64_t)x);
}

static enum f80_kind kind_of(struct f80 a)
{
	unsigned field = a.se & F80_EXP;

	if (!field)
		return a.sig ? F80_FINITE : F80_ZERO;
	if (!(a.sig & F80_TOP))
		return F80_UNSUPPORTED;
	if (field != F80_EXP)
		return F80_FINITE;
	if (!(a.sig << 1))
		return F80_INFINITE;
	return a.sig & QUIET ? F80_QUIET_NAN : F80_SIGNALING_NAN;
}

/* A pseudo-denormal's exponent field of 0 counts as 1, a denormal's too. */
struct f80_number f80_unpack(struct f80 a)
{
	struct f80_number n = {.kind = kind_of(a),
			       .sign = (a.se & F80_SIGN) != 0};
	unsigned field = a.se & F80_EXP;
	int shift;

	if (n.kind != F80_FINITE)
		return n;
	n.denormal = !field;
	shift = __builtin_clzll(a.sig);
	n.sig = (uint128)(a.sig << shift) << 64;
	n.exp = (field ? (int)field : 1) - F80_EMAX - shift;
	return n;
}

enum f80_class f80_classify(struct f80 a)
{
	static const uint8_t classes[] = {
		[F80_ZERO] = F80_CLASS_ZERO,
		[F80_INFINITE] = F80_CLASS_INFINITY,
		[F80_QUIET_NAN] = F80_CLASS_NAN,
		[F80_SIGNALING_NAN] = F80_CLASS_NAN,
		[F80_UNSUPPORTED] = F80_CLASS_UNSUPPORTED,
	};
	enum f80_kind kind = kind_of(a);

	if (kind != F80_FINITE)
		return classes[kind];
	return a.se & F80_EXP ? F80_CLASS_NORMAL : F80_CLASS_DENORMAL;
}

/* ---- Rounding ---- */

uint128 f80_shift_sticky(uint128 x, unsigned n)
{
	if (n == 0)
		return x;
	if (n > 127)
		return x != 0;
	return x >> n | (x << (128 - n) != 0);
}

/* The top `precision` bits of sig, rounded: up to 2^precision. */
static uint128 round_off(enum ieee_rounding rounding, bool sign, uint128 sig,
			 unsigned precision, bool *inexact, bool *up)
{
	uint128 rest = sig << precision, kept = sig >> (128 - precision);

	*inexact = rest != 0;
	*up = false;
	switch (rounding) {
	case IEEE_NEAREST:
		*up = rest > F80_TOP2 || (rest == F80_TOP2 && (kept & 1));
		break;
	case IEEE_DOWN:
		*up = rest && sign;
		break;
	case IEEE_UP:
		*up = rest && !sign;
		break;
	case IEEE_ZERO:
		break;
	}
	return kept + *up;
}

static bool unmasked(const struct f80_env *e, unsigned flag)
{
	return !(e->control & flag);
}

static void raise_inexact(struct f80_env *e, bool inexact, bool up)
{
	if (inexact)
		e->raised |= F80_PE;
	e->up = up;
}

static struct f80_rounded overflow(struct f80_env *e, bool sign,
				   const struct f80_target *to)
{
	enum ieee_rounding rounding = f80_rounding(e->control);
	bool infinite = rounding == IEEE_NEAREST ||
			rounding == (sign ? IEEE_DOWN : IEEE_UP);

	e->raised |= F80_OE;
	raise_inexact(e, true, infinite);
	return (struct f80_rounded){
		.sig = UINT64_MAX << (64 - to->precision),
		.exp = to->emax,
		.infinite = infinite,
	};
}

/* Below the smallest normal number, underflow being masked. */
static struct f80_rounded denormal(struct f80_env *e,
				   const struct f80_number *n,
				   const struct f80_target *to)
{
	uint128 sig = f80_shift_sticky(n->sig, 1 - to->emax - n->exp), kept;
	bool inexact, up;

	kept = round_off(f80_rounding(e->control), n->sign, sig, to->precision,
			 &inexact, &up);
	if (inexact)
		e->raised |= F80_UE;
	raise_inexact(e, inexact, up);
	return (struct f80_rounded){
		.sig = (uint64_t)kept << (64 - to->precision),
		.exp = 1 - to->emax,
	};
}

struct f80_rounded f80_round_to(struct f80_env *e, const struct f80_number *n,
				const struct f80_target *to)
{
	bool inexact, up;
	uint128 kept = round_off(f80_rounding(e->control), n->sign, n->sig,
				 to->precision, &inexact, &up);
	int carry = kept >> to->precision; /* 1.11..1 became 10.00..0 */
	int exp = n->exp + carry;

	if (exp < 1 - to->emax) {
		if (!unmasked(e, F80_UE))
			return denormal(e, n, to);
		e->raised |= F80_UE;
		exp += to->adjust;
	} else if (exp > to->emax) {
		if (!unmasked(e, F80_OE))
			return overflow(e, n->sign, to);
		e->raised |= F80_OE;
		exp -= to->adjust;
	}
	raise_inexact(e, inexact, up);
	return (struct f80_rounded){
		.sig = (uint64_t)(kept >> carry) << (64 - to->precision),
		.exp = exp,
	};
}

static struct f80 round_number(struct f80_env *e, const struct f80_number *n,
			       unsigned precision)
{
	const struct f80_target to = {precision, F80_EMAX, 24576};
	struct f80_rounded r;

	if (n->kind == F80_ZERO)
		return f80_signed_zero(n->sign);
	if (n->kind == F80_INFINITE)
		return f80_infinity(n->sign);
	r = f80_round_to(e, n, &to);
	/* Only fscale comes so far that the adjustment does not suffice. */
	if (r.exp > F80_EMAX || r.exp < 1 - F80_EMAX) {
		raise_inexact(e, true, r.exp > F80_EMAX);
		return r.exp > F80_EMAX ? f80_infinity(n->sign)
					: f80_signed_zero(n->sign);
	}
	if (r.infinite)
		return f80_infinity(n->sign);
	if (!(r.sig & F80_TOP))
		r.exp--;
	return f80_pack(n->sign, r.exp, r.sig);
}

struct f80 f80_round(struct f80_env *e, const struct f80_number *n)
{
	return round_number(e, n, 64);
}

struct f80 f80_round_pc(struct f80_env *e, const struct f80_number *n)
{
	static const uint8_t precisions[] = {24, 64, 53, 64};

	return round_number(e, n, precisions[e->control >> 8 & 3]);
}

uint64_t f80_round_int(struct f80_env *e, const struct f80_number *n,
		       enum ieee_rounding rounding)
{
	uint128 kept;
	bool inexact, up;

	if (n->kind == F80_ZERO)
		return 0;
	kept = round_off(rounding, n->sign,
			 f80_shift_sticky(n->sig, 63 - n->exp), 64, &inexact,
			 &up);
	raise_inexact(e, inexact, up);
	return kept;
}

/* ---- What operands raise ---- */

static bool is_nan(const struct f80_number *n)
{
	return n->kind == F80_QUIET_NAN || n->kind == F80_SIGNALING_NAN;
}

static struct f80 quiet(struct f80 a)
{
	a.sig |= QUIET;
	return a;
}

bool f80_special1(struct f80_env *e, const struct f80_number *x, struct f80 a,
		  struct f80 *result)
{
	if (x->kind < F80_QUIET_NAN)
		return false;
	if (x->kind != F80_QUIET_NAN)
		e->raised |= F80_IE;
	*result = x->kind == F80_UNSUPPORTED ? f80_indefinite : quiet(a);
	return true;
}

/* The larger significand wins, then the positive one (SDM 1 table 4-7). */
static struct f80 larger(struct f80 a, struct f80 b)
{
	if (a.sig != b.sig)
		return a.sig > b.sig ? a : b;
	return a.se <= b.se ? a : b;
}

bool f80_special2(struct f80_env *e, const struct f80_number *x, struct f80 a,
		  const struct f80_number *y, struct f80 b, struct f80 *result)
{
	if (x->kind < F80_QUIET_NAN && y->kind < F80_QUIET_NAN)
		return false;
	if (x->kind >= F80_SIGNALING_NAN || y->kind >= F80_SIGNALING_NAN)
		e->raised |= F80_IE;
	if (x->kind == F80_UNSUPPORTED || y->kind == F80_UNSUPPORTED)
		*result = f80_indefinite;
	else if (!is_nan(y) ||
		 (is_nan(x) && x->kind != y->kind && x->kind == F80_QUIET_NAN))
		*result = quiet(a);
	else if (!is_nan(x) || x->kind != y->kind)
		*result = quiet(b);
	else
		*result = quiet(larger(a, b));
	return true;
}

void f80_raise_denormal(struct f80_env *e, const struct f80_number *x,
			const struct f80_number *y)
{
	if (x->denormal || y->denormal || e->denormal)
		e->raised |= F80_DE;
}

/* ---- Addition ---- */

static bool smaller(const struct f80_number *x, const struct f80_number *y)
{
	if (x->exp != y->exp)
		return x->exp < y->exp;
	return x->sig < y->sig;
}

/* Both FINITE, the magnitude of x the larger. */
static struct f80_number add_finite(const struct f80_number *x,
				    const struct f80_number *y, bool down)
{
	uint128 a = x->sig >> 1;
	uint128 b = f80_shift_sticky(y->sig >> 1, x->exp - y->exp);
	struct f80_number r = {.kind = F80_FINITE, .sign = x->sign};
	int shift;

	r.sig = x->sign == y->sign ? a + b : a - b;
	if (!r.sig)
		return (struct f80_number){.sign = down};
	shift = f80_clz(r.sig);
	r.sig <<= shift;
	r.exp = x->exp + 1 - shift;
	return r;
}

static struct f80 add_numbers(struct f80_env *e, const struct f80_number *x,
			      const struct f80_number *y)
{
	bool down = f80_rounding(e->control) == IEEE_DOWN;
	struct f80_number r;

	if (x->kind == F80_INFINITE && y->kind == F80_INFINITE &&
	    x->sign != y->sign)
		return f80_invalid(e);
	f80_raise_denormal(e, x, y);
	if (x->kind == F80_INFINITE)
		return f80_infinity(x->sign);
	if (y->kind == F80_INFINITE)
		return f80_infinity(y->sign);
	if (x->kind == F80_ZERO && y->kind == F80_ZERO)
		return f80_signed_zero(x->sign == y->sign ? x->sign : down);
	if (x->kind == F80_ZERO)
		return f80_round_pc(e, y);
	if (y->kind == F80_ZERO)
		return f80_round_pc(e, x);
	r = smaller(x, y) ? add_finite(y, x, down) : add_finite(x, y, down);
	return f80_round_pc(e, &r);
}

struct f80 f80_add(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);
	struct f80 r;

	if (f80_special2(e, &x, a, &y, b, &r))
		return r;
	return add_numbers(e, &x, &y);
}

struct f80 f80_sub(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);
	struct f80 r;

	if (f80_special2(e, &x, a, &y, b, &r))
		return r;
	y.sign = !y.sign;
	return add_numbers(e, &x, &y);
}

/* ---- Multiplication, division, root ---- */

struct f80 f80_mul(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);
	struct f80_number r = {.kind = F80_FINITE, .sign = x.sign != y.sign};
	struct f80 special;
	int shift;

	if (f80_special2(e, &x, a, &y, b, &special))
		return special;
	if ((x.kind == F80_INFINITE && y.kind == F80_ZERO) ||
	    (x.kind == F80_ZERO && y.kind == F80_INFINITE))
		return f80_invalid(e);
	f80_raise_denormal(e, &x, &y);
	if (x.kind == F80_INFINITE || y.kind == F80_INFINITE)
		return f80_infinity(r.sign);
	if (x.kind == F80_ZERO || y.kind == F80_ZERO)
		return f80_signed_zero(r.sign);
	r.sig = (x.sig >> 64) * (y.sig >> 64);
	shift = f80_clz(r.sig);
	r.sig <<= shift;
	r.exp = x.exp + y.exp + 1 - shift;
	return f80_round_pc(e, &r);
}

/* Significands of 64 bits: 128 bits of the quotient, the last one sticky. */
static struct f80_number div_finite(const struct f80_number *x,
				    const struct f80_number *y)
{
	uint128 xs = x->sig >> 64, ys = y->sig >> 64, n, rest;
	bool less = xs < ys;
	struct f80_number r = {.kind = F80_FINITE, .sign = x->sign != y->sign};

	n = xs << (less ? 64 : 63);
	r.sig = n / ys << 64;
	rest = n % ys << 64;
	r.sig |= rest / ys | (rest % ys != 0);
	r.exp = x->exp - y->exp - less;
	return r;
}

struct f80 f80_div(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b), r;
	bool sign = x.sign != y.sign;
	struct f80 special;

	if (f80_special2(e, &x, a, &y, b, &special))
		return special;
	if (x.kind == y.kind && x.kind != F80_FINITE)
		return f80_invalid(e);
	if (x.kind == F80_FINITE && y.kind == F80_ZERO) {
		e->raised |= F80_ZE;
		return f80_infinity(sign);
	}
	f80_raise_denormal(e, &x, &y);
	if (x.kind == F80_INFINITE || y.kind == F80_ZERO)
		return f80_infinity(sign);
	if (x.kind == F80_ZERO || y.kind == F80_INFINITE)
		return f80_signed_zero(sign);
	r = div_finite(&x, &y);
	return f80_round_pc(e, &r);
}

/* floor(sqrt(n)) bit by bit; what is left of n goes to *rest. */
static uint128 square_root(uint128 n, uint128 *rest)
{
	uint128 root = 0;

	for (uint128 bit = (uint128)1 << 126; bit; bit >>= 2) {
		if (n >= root + bit) {
			n -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	*rest = n;
	return root;
}

struct f80 f80_sqrt(struct f80_env *e, struct f80 a)
{
	struct f80_number x = f80_unpack(a), r = {.kind = F80_FINITE};
	struct f80 special;
	uint128 root, rest;

	if (f80_special1(e, &x, a, &special))
		return special;
	if (x.kind == F80_ZERO)
		return a;
	if (x.sign)
		return f80_invalid(e);
	if (x.kind == F80_INFINITE)
		return a;
	f80_raise_denormal(e, &x, &x);
	/* 2^exp must be a square: an odd exponent lends the significand 2. */
	root = square_root(x.exp & 1 ? x.sig : x.sig >> 1, &rest);
	r.exp = (x.exp - (x.exp & 1)) / 2;
	/* The next bit of the root, and a sticky one: it is never a tie. */
	r.sig = root << 64;
	if (rest)
		r.sig |= (uint128)(rest > root ? 3 : 1) << 62;
	return f80_round_pc(e, &r);
}

/* ---- Comparisons ---- */

static enum ieee_order order(const struct f80_number *x,
			     const struct f80_number *y)
{
	bool less;

	if (x->kind == F80_ZERO && y->kind == F80_ZERO)
		return IEEE_EQUAL;
	if (x->kind == F80_ZERO)
		return y->sign ? IEEE_GREATER : IEEE_LESS;
	if (y->kind == F80_ZERO || x->sign != y->sign)
		return x->sign ? IEEE_LESS : IEEE_GREATER;
	if (x->kind == y->kind && x->exp == y->exp && x->sig == y->sig)
		return IEEE_EQUAL;
	less = x->kind != y->kind ? x->kind < y->kind : smaller(x, y);
	return less != x->sign ? IEEE_LESS : IEEE_GREATER;
}

enum ieee_order f80_compare(struct f80_env *e, struct f80 a, struct f80 b,
			    bool signaling)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);

	if (x.kind >= F80_QUIET_NAN || y.kind >= F80_QUIET_NAN) {
		if (signaling || x.kind >= F80_SIGNALING_NAN ||
		    y.kind >= F80_SIGNALING_NAN)
			e->raised |= F80_IE;
		return IEEE_UNORDERED;
	}
	f80_raise_denormal(e, &x, &y);
	return order(&x, &y);
}
