/*
 * f80.h: the x87's 80-bit double extended arithmetic, in integers.
 *
 * Results depend on no compiler flag and no host processor. An operation
 * reads masks, rounding and precision control from the control word, adds
 * what it raises to `raised` and gives the result that the masks ask for
 * (SDM 1 chapters 4.8, 4.9, 8.5). Which results are written when an
 * exception is unmasked, and the stack, are the unit's matter (x87.h).
 */
#ifndef VMM_SIM_F80_H
#define VMM_SIM_F80_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/sim/ieee.h"

struct f80 {
	uint64_t sig; /* with the integer bit, 63 */
	uint16_t se;  /* sign and biased exponent */
	uint16_t unused[3];
};

_Static_assert(sizeof(struct f80) == 16, "no padding");

/* Exceptions; bits of the status word, and their masks of the control word. */
#define F80_IE 0x01u
#define F80_DE 0x02u
#define F80_ZE 0x04u
#define F80_OE 0x08u
#define F80_UE 0x10u
#define F80_PE 0x20u

struct f80_env {
	uint16_t control; /* FCW: masks 5:0, PC 9:8, RC 11:10 */
	unsigned raised;
	bool up;       /* the last rounding went away from zero: C1 */
	bool denormal; /* in: an operand was, before it was widened */
};

#define F80_SIGN 0x8000u
#define F80_EXP	 0x7fffu

extern const struct f80 f80_one, f80_zero, f80_indefinite;

enum f80_class {
	F80_CLASS_UNSUPPORTED,
	F80_CLASS_NAN,
	F80_CLASS_NORMAL,
	F80_CLASS_INFINITY,
	F80_CLASS_ZERO,
	F80_CLASS_DENORMAL,
};

enum f80_class f80_classify(struct f80 a);

/* Rounded as precision control says. */
typedef struct f80 f80_binary(struct f80_env *e, struct f80 a, struct f80 b);
f80_binary f80_add, f80_sub, f80_mul, f80_div;
struct f80 f80_sqrt(struct f80_env *e, struct f80 a);

/* A quiet NaN is invalid too when `signaling`. */
enum ieee_order f80_compare(struct f80_env *e, struct f80 a, struct f80 b,
			    bool signaling);

struct f80 f80_rint(struct f80_env *e, struct f80 a);
/* a * 2^trunc(b) */
struct f80 f80_scale(struct f80_env *e, struct f80 a, struct f80 b);
/* a's exponent as a number; the significand in *significand. */
struct f80 f80_extract(struct f80_env *e, struct f80 a,
		       struct f80 *significand);
/*
 * The remainder, quotient truncated or to nearest even. `quotient` gets the
 * low bits of it; *partial: the exponents were too far apart for one step.
 * False: there is none, *r is a NaN.
 */
bool f80_remainder(struct f80_env *e, struct f80 a, struct f80 b, bool nearest,
		   struct f80 *r, unsigned *quotient, bool *partial);

/* ---- f80_convert.c ---- */
/* Exact, and nothing is raised: a signaling NaN stays one. */
struct f80 f80_widen(const struct ieee_format *f, uint64_t a, bool *denormal);
/* The same as an operation of its own. */
struct f80 f80_from_ieee(struct f80_env *e, const struct ieee_format *f,
			 uint64_t a);
uint64_t f80_to_ieee(struct f80_env *e, const struct ieee_format *f,
		     struct f80 a);
struct f80 f80_from_int(int64_t i);
/* To a signed integer of `bits`; the indefinite one when it does not fit. */
uint64_t f80_to_int(struct f80_env *e, struct f80 a, unsigned bits,
		    enum ieee_rounding rounding);
/* Packed decimal: 18 digits and a sign in 10 bytes. */
struct f80 f80_from_bcd(const uint8_t bcd[10]);
void f80_to_bcd(struct f80_env *e, struct f80 a, uint8_t bcd[10]);

/* ---- f80_math.c: within one unit in the last place ---- */
/* False: |a| is 2^63 or more and nothing was done. Results may be NULL. */
bool f80_sincos(struct f80_env *e, struct f80 a, struct f80 *sine,
		struct f80 *cosine);
bool f80_tan(struct f80_env *e, struct f80 a, struct f80 *tangent);
struct f80 f80_2xm1(struct f80_env *e, struct f80 a);
f80_binary f80_atan2;  /* arctan(a / b) with the quadrant of (b, a) */
f80_binary f80_yl2x;   /* a * log2(b) */
f80_binary f80_yl2xp1; /* a * log2(b + 1) */

/* Constants, rounded as the control word says: fld1 and its kin. */
enum f80_constant {
	F80_LOG2_10,
	F80_LOG2_E,
	F80_PI,
	F80_LOG10_2,
	F80_LN_2,
};
struct f80 f80_constant(uint16_t control, enum f80_constant which);

static inline enum ieee_rounding f80_rounding(uint16_t control)
{
	return control >> 10 & 3;
}

#endif
