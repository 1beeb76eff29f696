/*
 * f80_math.c: the x87's transcendental functions.
 *
 * Arguments are reduced to where a power series converges fast; series and
 * reductions are computed to some 120 bits and rounded once, so that results
 * are nearly always the nearest ones and never a whole unit away. Processors
 * differ from each other here within the unit that their manuals promise.
 *
 * Angles are reduced by the pi of 66 bits that the 8087's line has always
 * used (SDM 1 8.3.8), exactly: near its multiples sines of this pi and of the
 * true one differ, and programs that know see what they know.
 */
#include <stddef.h>

#include "vmm/sim/f80_number.h"

#define WIDE(high, low, e)                                            \
	{                                                             \
		.sig = (uint128)UINT64_C(high) << 64 | UINT64_C(low), \
		.exp = (e), .kind = F80_FINITE                        \
	}

static const struct f80_number ln2 =
	WIDE(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, -1);
static const struct f80_number two_over_ln2 =
	WIDE(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89, 1);
static const struct f80_number pi =
	WIDE(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 1);
static const struct f80_number half_pi =
	WIDE(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 0);
static const struct f80_number quarter_pi =
	WIDE(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, -1);
static const struct f80_number atan_half =
	WIDE(0xed63382b0dda7b45, 0x6fe445ecbc3a8d03, -2);

#define FIXED_ONE ((uint128)1 << 127) /* fixed point with 127 bits */

/* The rounding of a result that is never exact. */
static struct f80 round_inexact(struct f80_env *e, struct f80_number r)
{
	r.sig |= 1;
	return f80_round(e, &r);
}

/* A factor just below 1 that the fixed point cannot tell from 1. */
static uint128 below_one(uint128 fixed)
{
	return fixed == FIXED_ONE ? FIXED_ONE - 1 : fixed;
}

/* x^2 * 2^128; |x| < 1 */
static uint128 square(const struct f80_number *x)
{
	struct f80_number r = f80_wide_mul(*x, *x);

	return f80_wide_fraction(&r);
}

/* ---- Sine, cosine, tangent ---- */

#define TRIG_TERMS 15

/*
 * 1 - s/(d(d+1)) * (1 - s/((d+2)(d+3)) * ...): with d = 2 sin(x)/x, with
 * d = 1 cos(x), s being x^2 <= (pi/4)^2.
 */
static uint128 alternating(uint128 s, unsigned d)
{
	uint128 t = FIXED_ONE;

	for (unsigned i = TRIG_TERMS; i--;) {
		unsigned k = d + 2 * i;

		t = FIXED_ONE - f80_mul_high(s, t) / (k * (k + 1));
	}
	return below_one(t);
}

/*
 * x = quadrant * pi/2 + rest, |rest| <= pi/4. Pi/2 is PI66 / 2^65; x has the
 * form of a multiple of 2^-65 when it is not small to begin with.
 */
static struct f80_number reduce(const struct f80_number *x, unsigned *quadrant)
{
	const uint128 pi66 = (uint128)0x3 << 64 | 0x243f6a8885a308d3;
	uint128 rest = x->sig >> 64;
	bool negative = false;
	struct f80_number r;
	unsigned q = 0;

	*quadrant = 0;
	if (x->exp < -1)
		return *x;
	for (int i = 0; i < x->exp + 2; i++) {
		rest <<= 1;
		q <<= 1;
		if (rest >= pi66) {
			rest -= pi66;
			q |= 1;
		}
	}
	if (2 * rest > pi66) {
		rest = pi66 - rest;
		negative = true;
		q++;
	}
	r = f80_wide_from_fixed(rest, 65);
	r.sign = x->sign != negative;
	/* In the other direction when x is negative. */
	*quadrant = (x->sign ? -q : q) & 3;
	return r;
}

static void sine_cosine(const struct f80_number *x, struct f80_number *sine,
			struct f80_number *cosine)
{
	unsigned quadrant;
	struct f80_number r = reduce(x, &quadrant), s, c;
	uint128 r2 = square(&r);

	s = f80_wide_mul(r, f80_wide_from_fixed(alternating(r2, 2), 127));
	c = f80_wide_from_fixed(alternating(r2, 1), 127);
	*sine = quadrant & 1 ? c : s;
	*cosine = quadrant & 1 ? s : c;
	sine->sign ^= quadrant >> 1;
	cosine->sign ^= (quadrant + 1) >> 1 & 1;
}

/* What is not a finite number but zero; `zero` is the result for that. */
static bool trig_special(struct f80_env *e, const struct f80_number *x,
			 struct f80 a, struct f80 *r)
{
	if (f80_special1(e, x, a, r))
		return true;
	if (x->kind == F80_INFINITE) {
		*r = f80_invalid(e);
		return true;
	}
	f80_raise_denormal(e, x, x);
	return false;
}

/* Two results of one instruction raise together; C1 is the last one's. */
bool f80_sincos(struct f80_env *e, struct f80 a, struct f80 *sine,
		struct f80 *cosine)
{
	struct f80_number x = f80_unpack(a), s, c;
	struct f80 special;

	if (x.kind == F80_FINITE && x.exp >= 63)
		return false;
	if (trig_special(e, &x, a, &special)) {
		s = c = (struct f80_number){0};
	} else if (x.kind == F80_ZERO) {
		special = a;
	} else {
		sine_cosine(&x, &s, &c);
		if (sine)
			*sine = round_inexact(e, s);
		if (cosine)
			*cosine = round_inexact(e, c);
		return true;
	}
	if (sine)
		*sine = special;
	if (cosine)
		*cosine = x.kind == F80_ZERO ? f80_one : special;
	return true;
}

bool f80_tan(struct f80_env *e, struct f80 a, struct f80 *tangent)
{
	struct f80_number x = f80_unpack(a), s, c;

	if (x.kind == F80_FINITE && x.exp >= 63)
		return false;
	if (trig_special(e, &x, a, tangent))
		return true;
	*tangent = a;
	if (x.kind == F80_ZERO)
		return true;
	sine_cosine(&x, &s, &c);
	*tangent = round_inexact(e, f80_wide_div(s, c));
	return true;
}

/* ---- Arctangent ---- */

#define ATAN_TERMS 30

/* t - t^3/3 + t^5/5 - ...; |t| <= 1/4 */
static struct f80_number atan_series(const struct f80_number *t)
{
	uint128 t2 = square(t), sum = 0;

	for (unsigned i = ATAN_TERMS; i--;)
		sum = FIXED_ONE / (2 * i + 1) - f80_mul_high(t2, sum);
	return f80_wide_mul(*t, f80_wide_from_fixed(below_one(sum), 127));
}

/* atan(t) = atan(c) + atan((t - c) / (1 + t * c)); 0 <= t <= 1 */
static struct f80_number atan_unit(struct f80_number t)
{
	const struct f80_number one = f80_wide_int(1);
	struct f80_number half = one, below, above;
	bool upper = t.exp == 0 || (t.exp == -1 && t.sig >> 126 == 3);

	half.exp = -1;
	if (t.kind == F80_ZERO || t.exp < -2)
		return atan_series(&t);
	below = upper ? one : half;
	above = f80_wide_add(one, f80_wide_mul(t, below));
	below.sign = true;
	t = f80_wide_div(f80_wide_add(t, below), above);
	return f80_wide_add(upper ? quarter_pi : atan_half, atan_series(&t));
}

static bool less_magnitude(const struct f80_number *x,
			   const struct f80_number *y)
{
	return x->exp != y->exp ? x->exp < y->exp : x->sig < y->sig;
}

/* Both FINITE; x is the abscissa. */
static struct f80_number atan_finite(struct f80_number y, struct f80_number x)
{
	bool sign = y.sign, left = x.sign, steep = less_magnitude(&x, &y);
	struct f80_number r;

	x.sign = y.sign = false;
	r = atan_unit(steep ? f80_wide_div(x, y) : f80_wide_div(y, x));
	if (steep) {
		r.sign = !left;
		r = f80_wide_add(half_pi, r);
	} else if (left) {
		r.sign = true;
		r = f80_wide_add(pi, r);
	}
	r.sign = sign;
	return r;
}

/* Where an operand is zero or infinite: a multiple of pi/4. */
static struct f80 atan_edge(struct f80_env *e, const struct f80_number *y,
			    const struct f80_number *x)
{
	bool steep = y->kind == F80_INFINITE ||
		     (x->kind == F80_ZERO && y->kind != F80_ZERO);
	struct f80_number r = pi;

	if (y->kind == F80_INFINITE && x->kind == F80_INFINITE) {
		r = quarter_pi;
		if (x->sign)
			r = f80_wide_mul(r, f80_wide_int(3));
	} else if (steep) {
		r = half_pi;
	} else if (!x->sign) {
		return f80_signed_zero(y->sign);
	}
	r.sign = y->sign;
	return round_inexact(e, r);
}

struct f80 f80_atan2(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number y = f80_unpack(a), x = f80_unpack(b);
	struct f80 special;

	if (f80_special2(e, &y, a, &x, b, &special))
		return special;
	f80_raise_denormal(e, &x, &y);
	if (x.kind != F80_FINITE || y.kind != F80_FINITE)
		return atan_edge(e, &y, &x);
	return round_inexact(e, atan_finite(y, x));
}

/* ---- 2^x - 1 ---- */

#define EXP_TERMS 34

/* 1 + y/2 * (1 + y/3 * (1 + ...)), with 126 bits behind the point */
static uint128 exp_series(const struct f80_number *y)
{
	const uint128 one = FIXED_ONE >> 1;
	uint128 fraction = f80_wide_fraction(y), sum = one;

	for (unsigned i = EXP_TERMS; i >= 2; i--) {
		uint128 term = f80_mul_high(fraction, sum) / i;

		sum = y->sign ? one - term : one + term;
	}
	return sum;
}

/* Outside -1 to 1, where the result is undefined, a comes back. */
struct f80 f80_2xm1(struct f80_env *e, struct f80 a)
{
	struct f80_number x = f80_unpack(a), y;
	struct f80 special;

	if (f80_special1(e, &x, a, &special))
		return special;
	if (x.kind == F80_INFINITE)
		return x.sign ? f80_pack(true, 0, F80_TOP) : a;
	f80_raise_denormal(e, &x, &x);
	if (x.kind == F80_ZERO || x.exp > 0)
		return a;
	if (x.exp == 0) {
		if (x.sig != F80_TOP2 || !x.sign)
			return a; /* 2^1 - 1 is 1 */
		return f80_pack(true, -1, F80_TOP);
	}
	y = f80_wide_mul(x, ln2);
	return round_inexact(
		e, f80_wide_mul(y, f80_wide_from_fixed(exp_series(&y), 126)));
}

/* ---- Logarithms ---- */

#define LOG_TERMS 26
#define SQRT_2	  ((uint128)UINT64_C(0xb504f333f9de6484) << 64)

/* log2((1 + z) / (1 - z)) = 2/ln2 * (z + z^3/3 + ...); |z| < 0.18 */
static struct f80_number log_series(const struct f80_number *z)
{
	uint128 z2 = square(z), sum = 0;

	for (unsigned i = LOG_TERMS; i--;)
		sum = FIXED_ONE / (2 * i + 1) + f80_mul_high(z2, sum);
	return f80_wide_mul(f80_wide_mul(*z, f80_wide_from_fixed(sum, 127)),
			    two_over_ln2);
}

/* x is FINITE and positive. */
static struct f80_number log2_of(struct f80_number x)
{
	const struct f80_number one = f80_wide_int(1);
	struct f80_number minus_one = one, k, z;

	minus_one.sign = true;
	k = f80_wide_int(x.exp + (x.sig > SQRT_2));
	x.exp = x.sig > SQRT_2 ? -1 : 0;
	z = f80_wide_div(f80_wide_add(x, minus_one), f80_wide_add(x, one));
	return f80_wide_add(k, log_series(&z));
}

/* log2(1 + x), x > -1 */
static struct f80_number log2_1p(struct f80_number x)
{
	struct f80_number z;

	if (x.kind == F80_FINITE && x.exp >= -2)
		return log2_of(f80_wide_add(x, f80_wide_int(1)));
	z = f80_wide_div(x, f80_wide_add(x, f80_wide_int(2)));
	return log_series(&z);
}

/* y * log, one of them being zero or infinite. */
static struct f80 log_edge(struct f80_env *e, const struct f80_number *y,
			   const struct f80_number *log)
{
	bool sign = y->sign != log->sign;

	if ((y->kind == F80_ZERO && log->kind == F80_INFINITE) ||
	    (y->kind == F80_INFINITE && log->kind == F80_ZERO))
		return f80_invalid(e);
	if (y->kind == F80_INFINITE || log->kind == F80_INFINITE)
		return f80_infinity(sign);
	return f80_signed_zero(sign);
}

/* `exact`: log is an integer, not a series. */
static struct f80 times_log(struct f80_env *e, const struct f80_number *y,
			    const struct f80_number *log, bool exact)
{
	struct f80_number r;

	if (y->kind != F80_FINITE || log->kind != F80_FINITE)
		return log_edge(e, y, log);
	r = f80_wide_mul(*y, *log);
	return exact ? f80_round(e, &r) : round_inexact(e, r);
}

struct f80 f80_yl2x(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number y = f80_unpack(a), x = f80_unpack(b);
	struct f80_number log = {.kind = F80_INFINITE};
	struct f80 special;

	if (f80_special2(e, &y, a, &x, b, &special))
		return special;
	if (x.sign && x.kind != F80_ZERO)
		return f80_invalid(e);
	if (x.kind == F80_ZERO) {
		log.sign = true;
		if (y.kind == F80_FINITE) {
			e->raised |= F80_ZE;
			return f80_infinity(!y.sign);
		}
	} else if (x.kind == F80_FINITE) {
		log = log2_of(x);
	}
	if (!(y.kind == F80_INFINITE && log.kind == F80_ZERO))
		f80_raise_denormal(e, &x, &y);
	return times_log(e, &y, &log, x.sig == F80_TOP2);
}

struct f80 f80_yl2xp1(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number y = f80_unpack(a), x = f80_unpack(b);
	struct f80_number log = x;
	struct f80 special;

	if (f80_special2(e, &y, a, &x, b, &special))
		return special;
	if (x.sign &&
	    (x.kind == F80_INFINITE || (x.kind == F80_FINITE && x.exp >= 0)))
		return f80_invalid(e);
	if (!(y.kind == F80_INFINITE && x.kind == F80_ZERO))
		f80_raise_denormal(e, &x, &y);
	if (x.kind == F80_FINITE)
		log = log2_1p(x);
	return times_log(e, &y, &log, false);
}

/* ---- Constants ---- */

struct f80 f80_constant(uint16_t control, enum f80_constant which)
{
	static const struct f80_number values[] = {
		[F80_LOG2_10] = WIDE(0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4d, 1),
		[F80_LOG2_E] = WIDE(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89, 0),
		[F80_PI] = WIDE(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 1),
		[F80_LOG10_2] =
			WIDE(0x9a209a84fbcff798, 0x8f8959ac0b7c9178, -2),
		[F80_LN_2] = WIDE(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, -1),
	};
	struct f80_env e = {.control = control};

	return f80_round(&e, &values[which]);
}
