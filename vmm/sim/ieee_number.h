/* ieee_number.h: numbers taken apart, for the ieee*.c files. */
#ifndef VMM_SIM_IEEE_NUMBER_H
#define VMM_SIM_IEEE_NUMBER_H

#include "vmm/sim/ieee.h"

typedef unsigned __int128 uint128;

#define TOP (UINT64_C(1) << 63)

enum kind { ZERO, FINITE, INFINITE, QUIET_NAN, SIGNALING_NAN };

/* sig / 2^63 * 2^exp, when FINITE. */
struct number {
	uint64_t sig;
	int exp;
	enum kind kind;
	bool sign;
	bool denormal; /* DAZ is off and the exponent field was 0 */
};

/* ---- Patterns ---- */

static inline uint64_t sign_bit(const struct ieee_format *f)
{
	return UINT64_C(1) << (f->bits - 1);
}

static inline uint64_t infinity(const struct ieee_format *f, bool sign)
{
	uint64_t exponents = 2 * (uint64_t)f->emax + 1;

	return exponents << f->frac | (sign ? sign_bit(f) : 0);
}

static inline uint64_t zero(const struct ieee_format *f, bool sign)
{
	return sign ? sign_bit(f) : 0;
}

static inline uint64_t quiet_bit(const struct ieee_format *f)
{
	return UINT64_C(1) << (f->frac - 1);
}

static inline uint64_t indefinite(struct ieee *e, const struct ieee_format *f)
{
	e->raised |= MXCSR_IE;
	return infinity(f, true) | quiet_bit(f);
}

static inline bool is_nan(const struct number *n)
{
	return n->kind >= QUIET_NAN;
}

/* ---- What operands raise ---- */

static inline void raise_denormal(struct ieee *e, const struct number *a,
				  const struct number *b)
{
	if (a->denormal || b->denormal)
		e->raised |= MXCSR_DE;
}

struct number ieee_unpack(const struct ieee *e, const struct ieee_format *f,
			  uint64_t a);

/* sig / 2^63 * 2^exp, sig having its top bit set, as a value of format f. */
uint64_t ieee_round_pack(struct ieee *e, const struct ieee_format *f, bool sign,
			 int exp, uint64_t sig);

/* x / 2^n with the lowest bit set if anything was shifted out. */
static inline uint128 shift_sticky128(uint128 x, unsigned n)
{
	if (n == 0)
		return x;
	if (n > 127)
		return x != 0;
	return x >> n | (x << (128 - n) != 0);
}

#endif
