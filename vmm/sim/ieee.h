/*
 * ieee.h: IEEE 754 single and double arithmetic as MXCSR steers it.
 *
 * Integers only: the results depend on no compiler flag, no host rounding
 * mode and no host NaN, and the host's floating point environment is never
 * touched. Values travel as their bit patterns in a uint64_t.
 *
 * All functions follow SDM 1 chapters 4.8, 4.9 and 11.5: tininess is found
 * after rounding, a NaN result is the first NaN operand made quiet, and
 * denormal operands count as zero under DAZ. They add to `raised` and give
 * the masked result; who calls them decides on unmasked exceptions.
 */
#ifndef VMM_SIM_IEEE_H
#define VMM_SIM_IEEE_H

#include <stdbool.h>
#include <stdint.h>

/* MXCSR; SDM 1 figure 10-3. The mask of an exception is 7 bits above it. */
#define MXCSR_IE	 (1u << 0) /* invalid operation */
#define MXCSR_DE	 (1u << 1) /* denormal operand */
#define MXCSR_ZE	 (1u << 2) /* divide by zero */
#define MXCSR_OE	 (1u << 3) /* overflow */
#define MXCSR_UE	 (1u << 4) /* underflow */
#define MXCSR_PE	 (1u << 5) /* precision: inexact */
#define MXCSR_DAZ	 (1u << 6)
#define MXCSR_MASK_SHIFT 7
#define MXCSR_RC_SHIFT	 13
#define MXCSR_FTZ	 (1u << 15)

/* MXCSR.RC */
enum ieee_rounding { IEEE_NEAREST, IEEE_DOWN, IEEE_UP, IEEE_ZERO };

struct ieee_format {
	unsigned bits; /* 16, 32 or 64 */
	unsigned frac; /* fraction bits: 10, 23 or 52 */
	int emax;      /* exponent of the largest number, and the bias */
};

extern const struct ieee_format ieee_half, ieee_single, ieee_double;

struct ieee {
	uint32_t mxcsr;	 /* masks, RC, DAZ and FTZ are read */
	unsigned raised; /* MXCSR_IE .. MXCSR_PE of all operations so far */
};

typedef uint64_t ieee_binary(struct ieee *e, const struct ieee_format *f,
			     uint64_t a, uint64_t b);

ieee_binary ieee_add, ieee_sub, ieee_mul, ieee_div;
/* x86's, not IEEE's: b when a NaN is there or both are zero. */
ieee_binary ieee_min, ieee_max;

uint64_t ieee_sqrt(struct ieee *e, const struct ieee_format *f, uint64_t a);

/* a * b + c with one rounding; `how` turns signs, but never a NaN's. */
#define IEEE_NEGATE 1u /* of the product */
#define IEEE_SUB    2u /* c is subtracted */
uint64_t ieee_fma(struct ieee *e, const struct ieee_format *f, uint64_t a,
		  uint64_t b, uint64_t c, unsigned how);

enum ieee_order { IEEE_LESS, IEEE_EQUAL, IEEE_GREATER, IEEE_UNORDERED };

/* A quiet NaN is invalid too when `signaling`. */
enum ieee_order ieee_compare(struct ieee *e, const struct ieee_format *f,
			     uint64_t a, uint64_t b, bool signaling);

uint64_t ieee_convert(struct ieee *e, const struct ieee_format *from,
		      const struct ieee_format *to, uint64_t a);
uint64_t ieee_from_int(struct ieee *e, const struct ieee_format *f, int64_t i);
/*
 * To a signed integer of `bits` (32 or 64), in the low bits of the result; the
 * integer indefinite, 1 << (bits - 1), when it does not fit.
 */
uint64_t ieee_to_int(struct ieee *e, const struct ieee_format *f, uint64_t a,
		     unsigned bits, enum ieee_rounding rounding);

/* To an integral value of the same format; `inexact`: PE when it changes. */
uint64_t ieee_round(struct ieee *e, const struct ieee_format *f, uint64_t a,
		    enum ieee_rounding rounding, bool inexact);

/*
 * The approximations of rcpps and rsqrtps, single precision. Silicon differs
 * within the bound the SDM gives (relative error <= 1.5 * 2^-12); ours are the
 * exact results rounded to nearest at 12 fraction bits, ties away from zero.
 * Nothing is raised; denormals count as zero, tiny results become zero.
 */
uint32_t ieee_rcp(uint32_t a);
uint32_t ieee_rsqrt(uint32_t a);

static inline enum ieee_rounding ieee_rounding(uint32_t mxcsr)
{
	return mxcsr >> MXCSR_RC_SHIFT & 3;
}

#endif
