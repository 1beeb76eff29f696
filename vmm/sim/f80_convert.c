/*
 * f80_convert.c: double extended values from and to the other formats, to
 * integral values, and taken apart: scale, extract, remainder.
 */
#include <string.h>

#include "vmm/sim/f80_number.h"

/* ---- Single and double precision ---- */

static uint64_t infinity_of(const struct ieee_format *f, bool sign)
{
	return (2 * (uint64_t)f->emax + 1) << f->frac |
	       (uint64_t)sign << (f->bits - 1);
}

struct f80 f80_widen(const struct ieee_format *f, uint64_t a, bool *denormal)
{
	uint64_t frac = a << (64 - f->frac) >> 1;
	int field = a >> f->frac & (2 * (unsigned)f->emax + 1), shift;
	bool sign = a >> (f->bits - 1) & 1;

	*denormal = false;
	if (field == 2 * f->emax + 1)
		return f80_pack(sign, F80_EMAX + 1, F80_TOP | frac);
	if (field)
		return f80_pack(sign, field - f->emax, F80_TOP | frac);
	if (!frac)
		return f80_signed_zero(sign);
	*denormal = true;
	shift = __builtin_clzll(frac);
	return f80_pack(sign, 1 - f->emax - shift, frac << shift);
}

struct f80 f80_from_ieee(struct f80_env *e, const struct ieee_format *f,
			 uint64_t a)
{
	struct f80 wide = f80_widen(f, a, &e->denormal), r;
	struct f80_number x = f80_unpack(wide);

	if (f80_special1(e, &x, wide, &r))
		return r;
	f80_raise_denormal(e, &x, &x);
	return wide;
}

uint64_t f80_to_ieee(struct f80_env *e, const struct ieee_format *f,
		     struct f80 a)
{
	const struct f80_target to = {f->frac + 1, f->emax, 0};
	struct f80_number x = f80_unpack(a);
	uint64_t sign = (uint64_t)x.sign << (f->bits - 1);
	struct f80_rounded r;
	struct f80 special;

	if (f80_special1(e, &x, a, &special))
		return infinity_of(f, special.se >> 15) |
		       special.sig << 1 >> (64 - f->frac);
	if (x.kind == F80_ZERO)
		return sign;
	if (x.kind == F80_INFINITE)
		return infinity_of(f, x.sign);
	r = f80_round_to(e, &x, &to);
	if (r.infinite)
		return infinity_of(f, x.sign);
	/* The leading one adds 1 to the exponent field. */
	return sign | (((uint64_t)(r.exp + f->emax - 1) << f->frac) +
		       (r.sig >> (63 - f->frac)));
}

/* ---- Integers ---- */

static struct f80 from_magnitude(bool sign, uint64_t magnitude)
{
	int shift;

	if (!magnitude)
		return f80_signed_zero(sign);
	shift = __builtin_clzll(magnitude);
	return f80_pack(sign, 63 - shift, magnitude << shift);
}

struct f80 f80_from_int(int64_t i)
{
	return from_magnitude(i < 0, i < 0 ? -(uint64_t)i : (uint64_t)i);
}

/* False: a is not below 2^63 or no number; IE is raised. */
static bool magnitude_of(struct f80_env *e, const struct f80_number *x,
			 uint64_t limit, enum ieee_rounding rounding,
			 uint64_t *magnitude)
{
	struct f80_env rounded = *e;

	if (x->kind > F80_FINITE || (x->kind == F80_FINITE && x->exp > 63)) {
		e->raised |= F80_IE;
		return false;
	}
	*magnitude = f80_round_int(&rounded, x, rounding);
	if (*magnitude > limit) {
		e->raised |= F80_IE;
		return false;
	}
	*e = rounded;
	return true;
}

uint64_t f80_to_int(struct f80_env *e, struct f80 a, unsigned bits,
		    enum ieee_rounding rounding)
{
	uint64_t limit = UINT64_C(1) << (bits - 1), magnitude;
	struct f80_number x = f80_unpack(a);

	if (!magnitude_of(e, &x, limit - !x.sign, rounding, &magnitude))
		return -limit;
	return x.sign ? -magnitude : magnitude;
}

/* ---- Packed decimal ---- */

#define BCD_DIGITS 18
#define BCD_LIMIT  UINT64_C(999999999999999999)

/* Digits above 9 count with their value, as silicon has it. */
struct f80 f80_from_bcd(const uint8_t bcd[10])
{
	uint64_t value = 0;

	for (unsigned i = BCD_DIGITS / 2; i--;)
		value = value * 100 + (bcd[i] >> 4) * 10 + (bcd[i] & 15);
	return from_magnitude(bcd[9] & 0x80, value);
}

void f80_to_bcd(struct f80_env *e, struct f80 a, uint8_t bcd[10])
{
	static const uint8_t indefinite[10] = {0, 0, 0,	   0,	 0,
					       0, 0, 0xc0, 0xff, 0xff};
	struct f80_number x = f80_unpack(a);
	uint64_t value;

	if (!magnitude_of(e, &x, BCD_LIMIT, f80_rounding(e->control), &value)) {
		memcpy(bcd, indefinite, sizeof(indefinite));
		return;
	}
	for (unsigned i = 0; i < BCD_DIGITS / 2; i++) {
		bcd[i] = value % 10 | value / 10 % 10 << 4;
		value /= 100;
	}
	bcd[9] = x.sign ? 0x80 : 0;
}

/* ---- Integral values ---- */

struct f80 f80_rint(struct f80_env *e, struct f80 a)
{
	struct f80_number x = f80_unpack(a);
	struct f80 r;

	if (f80_special1(e, &x, a, &r))
		return r;
	f80_raise_denormal(e, &x, &x);
	if (x.kind != F80_FINITE || x.exp >= 63)
		return a;
	return from_magnitude(x.sign,
			      f80_round_int(e, &x, f80_rounding(e->control)));
}

/* ---- Exponents ---- */

/* trunc(y), kept small enough to be added to an exponent. */
static int scale_by(const struct f80_number *y)
{
	int magnitude;

	if (y->kind == F80_ZERO || y->exp < 0)
		return 0;
	magnitude = y->exp > 16 ? 1 << 17 : (int)(y->sig >> (127 - y->exp));
	return y->sign ? -magnitude : magnitude;
}

struct f80 f80_scale(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);
	struct f80 special;

	if (f80_special2(e, &x, a, &y, b, &special))
		return special;
	if (y.kind == F80_INFINITE) {
		if (x.kind == (y.sign ? F80_INFINITE : F80_ZERO))
			return f80_invalid(e);
		f80_raise_denormal(e, &x, &y);
		return y.sign ? f80_signed_zero(x.sign) : f80_infinity(x.sign);
	}
	f80_raise_denormal(e, &x, &y);
	if (x.kind != F80_FINITE)
		return a;
	x.exp += scale_by(&y);
	return f80_round(e, &x);
}

struct f80 f80_extract(struct f80_env *e, struct f80 a, struct f80 *significand)
{
	struct f80_number x = f80_unpack(a);

	if (f80_special1(e, &x, a, significand))
		return *significand;
	*significand = a;
	if (x.kind == F80_INFINITE)
		return f80_infinity(false);
	if (x.kind == F80_ZERO) {
		e->raised |= F80_ZE;
		return f80_infinity(true);
	}
	f80_raise_denormal(e, &x, &x);
	*significand = f80_pack(x.sign, 0, x.sig >> 64);
	return f80_from_int(x.exp);
}

/* ---- Remainder ---- */

/*
 * x's significand times 2^steps modulo y's, and the low bits of the quotient.
 * Both are integers of 64 bits.
 */
static uint64_t reduce(uint64_t x, uint64_t y, unsigned steps, uint64_t *q)
{
	uint128 r = x;

	*q = 0;
	for (unsigned i = 0;; i++) {
		*q <<= 1;
		if (r >= y) {
			r -= y;
			*q |= 1;
		}
		if (i == steps)
			return r;
		r <<= 1;
	}
}

/* The quotient to nearest even: r, less than y, may become r - y. */
static void round_quotient(struct f80_number *r, const struct f80_number *y,
			   uint64_t *q)
{
	int below = y->exp - r->exp, shift;
	uint128 rest;

	if (r->kind == F80_ZERO || below > 1)
		return;
	if (below == 1 && (r->sig < y->sig || (r->sig == y->sig && !(*q & 1))))
		return;
	++*q;
	rest = y->sig - (r->sig >> below);
	shift = f80_clz(rest);
	r->sign = !r->sign;
	r->exp = y->exp - shift;
	r->sig = rest << shift;
}

static struct f80_number remainder_of(const struct f80_number *x,
				      const struct f80_number *y,
				      unsigned steps, int exp, uint64_t *q)
{
	struct f80_number r = *x;
	uint64_t rest = reduce(x->sig >> 64, y->sig >> 64, steps, q);

	if (!rest)
		return (struct f80_number){.sign = x->sign};
	r.sig = (uint128)rest << 64;
	r.exp = exp - f80_clz(r.sig);
	r.sig <<= f80_clz(r.sig);
	return r;
}

static struct f80 remainder_finite(struct f80_env *e,
				   const struct f80_number *x,
				   const struct f80_number *y, bool nearest,
				   unsigned *quotient, bool *partial)
{
	int apart = x->exp - y->exp;
	struct f80_number r = *x;
	uint64_t q = 0;

	if (apart >= 64) {
		/* N of SDM 2, FPREM: 32 to 63, here by the low five bits. */
		unsigned steps = (apart & 31) | 32;

		*partial = true;
		r = remainder_of(x, y, steps, x->exp - (int)steps, &q);
		return f80_round(e, &r);
	}
	if (apart >= 0)
		r = remainder_of(x, y, apart, y->exp, &q);
	if (nearest)
		round_quotient(&r, y, &q);
	*quotient = q & 7;
	return f80_round(e, &r);
}

bool f80_remainder(struct f80_env *e, struct f80 a, struct f80 b, bool nearest,
		   struct f80 *r, unsigned *quotient, bool *partial)
{
	struct f80_number x = f80_unpack(a), y = f80_unpack(b);

	*quotient = 0;
	*partial = false;
	if (f80_special2(e, &x, a, &y, b, r))
		return false;
	if (x.kind == F80_INFINITE || y.kind == F80_ZERO) {
		*r = f80_invalid(e);
		return false;
	}
	f80_raise_denormal(e, &x, &y);
	if (x.kind == F80_ZERO || y.kind == F80_INFINITE)
		*r = f80_round(e, &x);
	else
		*r = remainder_finite(e, &x, &y, nearest, quotient, partial);
	return true;
}
