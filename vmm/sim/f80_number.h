/*
 * f80_number.h: how the f80*.c files see a value: unpacked, with a 128-bit
 * significand, so that there is room below the 64 bits that are kept.
 */
#ifndef VMM_SIM_F80_NUMBER_H
#define VMM_SIM_F80_NUMBER_H

#include "vmm/sim/f80.h"

typedef unsigned __int128 uint128;

#define F80_TOP	 (UINT64_C(1) << 63)
#define F80_TOP2 ((uint128)1 << 127)
#define F80_EMAX 16383

enum f80_kind {
	F80_ZERO,
	F80_FINITE,
	F80_INFINITE,
	F80_QUIET_NAN,
	F80_SIGNALING_NAN,
	F80_UNSUPPORTED, /* unnormals, pseudo-NaNs, pseudo-infinities */
};

/* sig / 2^127 * 2^exp, the top bit of sig being set, when FINITE. */
struct f80_number {
	uint128 sig;
	int exp;
	enum f80_kind kind;
	bool sign;
	bool denormal;
};

struct f80_number f80_unpack(struct f80 a);

/* A format to round to: its significand's bits, its largest exponent. */
struct f80_target {
	unsigned precision; /* bits that are kept: 24, 53, 64 */
	int emax;
	int adjust; /* of the exponent when overflow or underflow is unmasked */
};

struct f80_rounded {
	uint64_t sig; /* its top bits; the integer bit is 63 */
	int exp;      /* 1 - emax, and bit 63 clear: denormal or zero */
	bool infinite;
};

/* n is FINITE. */
struct f80_rounded f80_round_to(struct f80_env *e, const struct f80_number *n,
				const struct f80_target *to);
/* Any kind of n but NaNs; precision 64, or as the control word says. */
struct f80 f80_round(struct f80_env *e, const struct f80_number *n);
struct f80 f80_round_pc(struct f80_env *e, const struct f80_number *n);

/* |n| as an integer; n is FINITE or ZERO and below 2^64. */
uint64_t f80_round_int(struct f80_env *e, const struct f80_number *n,
		       enum ieee_rounding rounding);

struct f80 f80_pack(bool sign, int exp, uint64_t sig);
struct f80 f80_infinity(bool sign);
struct f80 f80_signed_zero(bool sign);
struct f80 f80_invalid(struct f80_env *e);

/*
 * True when an operand is a NaN or unsupported: *result is what comes of it.
 * Otherwise nothing was raised.
 */
bool f80_special1(struct f80_env *e, const struct f80_number *x, struct f80 a,
		  struct f80 *result);
bool f80_special2(struct f80_env *e, const struct f80_number *x, struct f80 a,
		  const struct f80_number *y, struct f80 b, struct f80 *result);
void f80_raise_denormal(struct f80_env *e, const struct f80_number *x,
			const struct f80_number *y);

/* x / 2^n with the lowest bit set if anything was shifted out. */
uint128 f80_shift_sticky(uint128 x, unsigned n);
int f80_clz(uint128 x);

/* ---- f80_wide.c: FINITE and ZERO numbers to nearly 128 bits ---- */

struct f80_number f80_wide_mul(struct f80_number x, struct f80_number y);
struct f80_number f80_wide_div(struct f80_number x, struct f80_number y);
struct f80_number f80_wide_add(struct f80_number x, struct f80_number y);
struct f80_number f80_wide_int(int64_t i);
/* Fixed point: fixed / 2^point, and a number below 1 times 2^128. */
struct f80_number f80_wide_from_fixed(uint128 fixed, int point);
uint128 f80_wide_fraction(const struct f80_number *x);
/* The high half of a product. */
uint128 f80_mul_high(uint128 a, uint128 b);

#endif
