/*
 * f80_wide.c: arithmetic on 128-bit significands, for what is not exact.
 * Each operation truncates: it errs by less than 2^-126 of its result.
 */
#include "vmm/sim/f80_number.h"

uint128 f80_mul_high(uint128 a, uint128 b)
{
	uint128 a1 = a >> 64, a0 = (uint64_t)a, b1 = b >> 64, b0 = (uint64_t)b;
	uint128 middle = a1 * b0 + (a0 * b0 >> 64);
	uint128 other = a0 * b1 + (uint64_t)middle;

	return a1 * b1 + (middle >> 64) + (other >> 64);
}

struct f80_number f80_wide_from_fixed(uint128 fixed, int point)
{
	struct f80_number r = {.kind = F80_FINITE};
	int shift;

	if (!fixed)
		return (struct f80_number){0};
	shift = f80_clz(fixed);
	r.sig = fixed << shift;
	r.exp = 127 - shift - point;
	return r;
}

struct f80_number f80_wide_int(int64_t i)
{
	uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
	struct f80_number r = f80_wide_from_fixed(magnitude, 0);

	r.sign = i < 0;
	return r;
}

uint128 f80_wide_fraction(const struct f80_number *x)
{
	unsigned shift = -1 - x->exp;

	return x->kind == F80_ZERO || shift > 127 ? 0 : x->sig >> shift;
}

struct f80_number f80_wide_mul(struct f80_number x, struct f80_number y)
{
	struct f80_number r = {.kind = F80_FINITE, .sign = x.sign != y.sign};

	if (x.kind == F80_ZERO || y.kind == F80_ZERO)
		return (struct f80_number){.sign = r.sign};
	r.sig = f80_mul_high(x.sig, y.sig);
	r.exp = x.exp + y.exp + 1;
	if (!(r.sig & F80_TOP2)) {
		r.sig <<= 1;
		r.exp--;
	}
	return r;
}

/* Bit by bit; y is not zero. */
struct f80_number f80_wide_div(struct f80_number x, struct f80_number y)
{
	struct f80_number r = {.kind = F80_FINITE, .sign = x.sign != y.sign};
	uint128 rest = x.sig;

	if (x.kind == F80_ZERO)
		return (struct f80_number){.sign = r.sign};
	r.exp = x.exp - y.exp;
	if (rest < y.sig) {
		/* The first digit is 1 after doubling; rest loses a bit
		 * that the subtraction takes back. */
		rest = (rest << 1) - y.sig;
		r.exp--;
	} else {
		rest -= y.sig;
	}
	r.sig = 1;
	for (unsigned i = 0; i < 127; i++) {
		bool carry = rest >> 127;

		rest <<= 1;
		r.sig <<= 1;
		if (carry || rest >= y.sig) {
			rest -= y.sig;
			r.sig |= 1;
		}
	}
	return r;
}

struct f80_number f80_wide_add(struct f80_number x, struct f80_number y)
{
	struct f80_number r, swap = x;
	uint128 a, b;

	if (x.kind == F80_ZERO)
		return y;
	if (y.kind == F80_ZERO)
		return x;
	if (x.exp < y.exp || (x.exp == y.exp && x.sig < y.sig)) {
		x = y;
		y = swap;
	}
	a = x.sig >> 1;
	b = x.exp - y.exp > 126 ? 0 : y.sig >> 1 >> (x.exp - y.exp);
	r = f80_wide_from_fixed(x.sign == y.sign ? a + b : a - b, 126 - x.exp);
	r.sign = x.sign;
	return r;
}
