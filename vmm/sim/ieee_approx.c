/*
 * ieee_approx.c: the reciprocal and reciprocal square root approximations.
 *
 * A result is q / 2^13 * 2^exp with 2^12 <= q <= 2^13, q found in integers.
 */
#include "vmm/sim/ieee.h"

#define SIGN	   (UINT32_C(1) << 31)
#define INFINITY32 UINT32_C(0x7f800000)
#define QUIET	   (UINT32_C(1) << 22)
#define INDEFINITE UINT32_C(0xffc00000)
#define HIDDEN	   (UINT32_C(1) << 23)

static uint32_t pack(uint32_t sign, int exp, uint32_t q)
{
	if (q < 1u << 13) {
		q <<= 1;
		exp--;
	}
	if (exp < -126)
		return sign;
	return sign | (uint32_t)(exp + 127) << 23 | (q - (1u << 13)) << 10;
}

uint32_t ieee_rcp(uint32_t a)
{
	uint32_t sign = a & SIGN, frac = a & (HIDDEN - 1);
	uint64_t sig = HIDDEN | frac;
	int field = a >> 23 & 0xff;

	if (field == 0xff)
		return frac ? a | QUIET : sign;
	if (field == 0)
		return sign | INFINITY32;
	return pack(sign, 127 - field, ((UINT64_C(1) << 36) + sig / 2) / sig);
}

static uint32_t square_root(uint32_t n)
{
	uint32_t root = 0;

	for (uint32_t bit = 1u << 15; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	return root;
}

uint32_t ieee_rsqrt(uint32_t a)
{
	uint32_t sign = a & SIGN, frac = a & (HIDDEN - 1);
	uint64_t sig = HIDDEN | frac;
	int field = a >> 23 & 0xff, exp = field - 127;

	if (field == 0xff && frac)
		return a | QUIET;
	if (field == 0)
		return sign | INFINITY32;
	if (sign)
		return INDEFINITE;
	if (field == 0xff)
		return 0;
	if (exp & 1) {
		sig <<= 1;
		exp--;
	}
	/* One bit more than needed, to round by. */
	return pack(0, -exp / 2,
		    (square_root((UINT64_C(1) << 51) / sig) + 1) / 2);
}
