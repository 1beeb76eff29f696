/* x87_math.c: functions of ST(0), or of ST(0) and ST(1). */
#include "vmm/sim/x87_unit.h"

/* ---- Signs and classes: nothing is raised but by an empty register ---- */

/* False: ST(0) is empty, and that was dealt with. */
static bool have_st0(struct x87 *x)
{
	if (!x87_empty(x, 0))
		return true;
	if (x87_stack_fault(x, false))
		x87_set(x, 0, f80_indefinite);
	return false;
}

static void fchs(struct x87 *x, struct x87_ctx *c)
{
	struct f80 val = x87_get(x, 0);

	x87_clear_c1(x);
	val.se ^= F80_SIGN;
	if (have_st0(x))
		x87_set(x, 0, val);
}

static void fabs_st0(struct x87 *x, struct x87_ctx *c)
{
	struct f80 val = x87_get(x, 0);

	x87_clear_c1(x);
	val.se &= ~F80_SIGN;
	if (have_st0(x))
		x87_set(x, 0, val);
}

static void fxam(struct x87 *x, struct x87_ctx *c)
{
	static const uint16_t codes[] = {
		[F80_CLASS_UNSUPPORTED] = 0,
		[F80_CLASS_NAN] = X87_C0,
		[F80_CLASS_NORMAL] = X87_C2,
		[F80_CLASS_INFINITY] = X87_C2 | X87_C0,
		[F80_CLASS_ZERO] = X87_C3,
		[F80_CLASS_DENORMAL] = X87_C3 | X87_C2,
	};
	struct f80 val = x87_get(x, 0);

	x->fsw &= ~(X87_C3 | X87_C2 | X87_C1 | X87_C0);
	x->fsw |= x87_empty(x, 0) ? X87_C3 | X87_C0 : codes[f80_classify(val)];
	if (val.se & F80_SIGN)
		x->fsw |= X87_C1;
}

/* ---- One operand, one result ---- */

typedef struct f80 unary_fn(struct f80_env *e, struct f80 a);

static void unary(struct x87 *x, unary_fn *fn)
{
	struct f80_env e = x87_env(x);
	struct f80 r;

	if (!have_st0(x))
		return;
	r = fn(&e, x87_get(x, 0));
	x87_replace(x, &e, r);
}

#define UNARY(name, fn)                                    \
	static void name(struct x87 *x, struct x87_ctx *c) \
	{                                                  \
		unary(x, fn);                              \
	}

UNARY(fsqrt, f80_sqrt)
UNARY(frndint, f80_rint)
UNARY(f2xm1, f80_2xm1)

/* Sine and cosine say by C2 that the operand is out of range. */
static void trig(struct x87 *x, bool sine)
{
	struct f80_env e = x87_env(x);
	struct f80 r;

	x->fsw &= ~X87_C2;
	if (!have_st0(x))
		return;
	if (f80_sincos(&e, x87_get(x, 0), sine ? &r : NULL, sine ? NULL : &r)) {
		x87_replace(x, &e, r);
	} else {
		x87_clear_c1(x);
		x->fsw |= X87_C2;
	}
}

static void fsin(struct x87 *x, struct x87_ctx *c)
{
	trig(x, true);
}

static void fcos(struct x87 *x, struct x87_ctx *c)
{
	trig(x, false);
}

/* ---- One operand, two results: over ST(0), and pushed ---- */

/* False: the stack is not fit for it, and that was dealt with. */
static bool have_room(struct x87 *x)
{
	bool overflow = !x87_empty(x, 0) && !x87_empty(x, 7);

	if (!x87_empty(x, 0) && !overflow)
		return true;
	if (x87_stack_fault(x, overflow)) {
		x87_set(x, 0, f80_indefinite);
		x87_set_top(x, x87_top(x) - 1);
		x87_set(x, 0, f80_indefinite);
	}
	return false;
}

static void two_results(struct x87 *x, const struct f80_env *e,
			struct f80 below, struct f80 pushed)
{
	if (!x87_settle(x, e))
		return;
	x87_set(x, 0, below);
	x87_set_top(x, x87_top(x) - 1);
	x87_set(x, 0, pushed);
}

static void fsincos(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	struct f80 sine, cosine;

	x->fsw &= ~X87_C2;
	if (!have_room(x))
		return;
	if (f80_sincos(&e, x87_get(x, 0), &sine, &cosine)) {
		two_results(x, &e, sine, cosine);
	} else {
		x87_clear_c1(x);
		x->fsw |= X87_C2;
	}
}

/* A NaN is pushed too: there is no 1 beside one. */
static void fptan(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	struct f80 tangent;

	x->fsw &= ~X87_C2;
	if (!have_room(x))
		return;
	if (f80_tan(&e, x87_get(x, 0), &tangent)) {
		bool nan = f80_classify(tangent) == F80_CLASS_NAN;

		two_results(x, &e, tangent, nan ? tangent : f80_one);
	} else {
		x87_clear_c1(x);
		x->fsw |= X87_C2;
	}
}

static void fxtract(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	struct f80 exponent, significand;

	if (!have_room(x))
		return;
	exponent = f80_extract(&e, x87_get(x, 0), &significand);
	two_results(x, &e, exponent, significand);
}

/* ---- Two operands ---- */

/* False: one is empty, and that was dealt with: to ST(dest). */
static bool have_two(struct x87 *x, unsigned dest)
{
	if (!x87_empty(x, 0) && !x87_empty(x, 1))
		return true;
	if (x87_stack_fault(x, false)) {
		x87_set(x, dest, f80_indefinite);
		if (dest)
			x87_pop(x);
	}
	return false;
}

static void over_st1(struct x87 *x, f80_binary *fn)
{
	struct f80_env e = x87_env(x);
	struct f80 r;

	if (!have_two(x, 1))
		return;
	r = fn(&e, x87_get(x, 1), x87_get(x, 0));
	if (!x87_settle(x, &e))
		return;
	x87_set(x, 1, r);
	x87_pop(x);
}

static void fpatan(struct x87 *x, struct x87_ctx *c)
{
	over_st1(x, f80_atan2);
}

static void fyl2x(struct x87 *x, struct x87_ctx *c)
{
	over_st1(x, f80_yl2x);
}

static void fyl2xp1(struct x87 *x, struct x87_ctx *c)
{
	over_st1(x, f80_yl2xp1);
}

static void fscale(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	struct f80 r;

	if (!have_two(x, 0))
		return;
	r = f80_scale(&e, x87_get(x, 0), x87_get(x, 1));
	x87_replace(x, &e, r);
}

/* C0, C3, C1 are bits 2, 1, 0 of the quotient; C2: not reduced yet. */
static void remainder_st0(struct x87 *x, bool nearest)
{
	struct f80_env e = x87_env(x);
	unsigned quotient;
	bool partial, reduced;
	struct f80 r;

	x->fsw &= ~X87_C2;
	if (!have_two(x, 0))
		return;
	reduced = f80_remainder(&e, x87_get(x, 0), x87_get(x, 1), nearest, &r,
				&quotient, &partial);
	if (!x87_settle(x, &e))
		return;
	x87_set(x, 0, r);
	if (!reduced)
		return;
	x->fsw &= ~(X87_C3 | X87_C1 | X87_C0);
	x->fsw |= (partial ? X87_C2 : 0) | (quotient & 4 ? X87_C0 : 0) |
		  (quotient & 2 ? X87_C3 : 0) | (quotient & 1 ? X87_C1 : 0);
}

static void fprem(struct x87 *x, struct x87_ctx *c)
{
	remainder_st0(x, false);
}

static void fprem1(struct x87 *x, struct x87_ctx *c)
{
	remainder_st0(x, true);
}

/* ---- The table ---- */

static const struct x87_row rows[] = {
	X87_ALONE(0xd9, 0xe0, fchs, "fchs"),
	X87_ALONE(0xd9, 0xe1, fabs_st0, "fabs"),
	X87_ALONE(0xd9, 0xe5, fxam, "fxam"),
	X87_ALONE(0xd9, 0xf0, f2xm1, "f2xm1"),
	X87_ALONE(0xd9, 0xf1, fyl2x, "fyl2x"),
	X87_ALONE(0xd9, 0xf2, fptan, "fptan"),
	X87_ALONE(0xd9, 0xf3, fpatan, "fpatan"),
	X87_ALONE(0xd9, 0xf4, fxtract, "fxtract"),
	X87_ALONE(0xd9, 0xf5, fprem1, "fprem1"),
	X87_ALONE(0xd9, 0xf8, fprem, "fprem"),
	X87_ALONE(0xd9, 0xf9, fyl2xp1, "fyl2xp1"),
	X87_ALONE(0xd9, 0xfa, fsqrt, "fsqrt"),
	X87_ALONE(0xd9, 0xfb, fsincos, "fsincos"),
	X87_ALONE(0xd9, 0xfc, frndint, "frndint"),
	X87_ALONE(0xd9, 0xfd, fscale, "fscale"),
	X87_ALONE(0xd9, 0xfe, fsin, "fsin"),
	X87_ALONE(0xd9, 0xff, fcos, "fcos"),
};

const struct x87_table x87_functions = X87_TABLE(rows);
