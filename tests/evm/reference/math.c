/* math.c: 256-bit arithmetic as on paper: in digits of 32 bits, or in bits. */
#include "tests/evm/reference/reference.h"

static uint32_t digit(struct u256 a, unsigned i)
{
	return (uint32_t)(a.w[i / 2] >> (i % 2 * 32));
}

static void set_digit(struct u256 *a, unsigned i, uint32_t value)
{
	unsigned shift = i % 2 * 32;

	a->w[i / 2] &= ~(UINT64_C(0xffffffff) << shift);
	a->w[i / 2] |= (uint64_t)value << shift;
}

static bool bit(struct u256 a, unsigned i)
{
	return a.w[i / 64] >> (i % 64) & 1;
}

static void set_bit(struct u256 *a, unsigned i)
{
	a->w[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool negative(struct u256 a)
{
	return bit(a, 255);
}

bool ref_zero(struct u256 a)
{
	return (a.w[0] | a.w[1] | a.w[2] | a.w[3]) == 0;
}

unsigned ref_bits(struct u256 a)
{
	unsigned n = 256;

	while (n > 0 && !bit(a, n - 1))
		n--;
	return n;
}

bool ref_less(struct u256 a, struct u256 b)
{
	for (unsigned i = 8; i-- > 0;)
		if (digit(a, i) != digit(b, i))
			return digit(a, i) < digit(b, i);
	return false;
}

bool ref_sless(struct u256 a, struct u256 b)
{
	if (negative(a) != negative(b))
		return negative(a);
	return ref_less(a, b);
}

struct u256 ref_add(struct u256 a, struct u256 b)
{
	struct u256 r = {{0}};
	uint64_t carry = 0;

	for (unsigned i = 0; i < 8; i++) {
		carry += (uint64_t)digit(a, i) + digit(b, i);
		set_digit(&r, i, (uint32_t)carry);
		carry >>= 32;
	}
	return r;
}

static struct u256 negate(struct u256 a)
{
	struct u256 r = {{~a.w[0], ~a.w[1], ~a.w[2], ~a.w[3]}};

	return ref_add(r, (struct u256){{1}});
}

struct u256 ref_sub(struct u256 a, struct u256 b)
{
	return ref_add(a, negate(b));
}

struct u256 ref_mul(struct u256 a, struct u256 b)
{
	struct u256 r = {{0}};

	for (unsigned i = 0; i < 8; i++) {
		uint64_t carry = 0;

		for (unsigned k = 0; i + k < 8; k++) {
			carry += (uint64_t)digit(a, i) * digit(b, k) +
				 digit(r, i + k);
			set_digit(&r, i + k, (uint32_t)carry);
			carry >>= 32;
		}
	}
	return r;
}

/* Bit by bit: what is brought down may have a 257th bit before it is taken. */
static void divide(struct u256 a, struct u256 b, struct u256 *q, struct u256 *r)
{
	*q = *r = (struct u256){{0}};
	if (ref_zero(b))
		return;
	for (unsigned i = ref_bits(a); i-- > 0;) {
		bool high = bit(*r, 255);

		*r = ref_add(*r, *r);
		if (bit(a, i))
			set_bit(r, 0);
		if (high || !ref_less(*r, b)) {
			*r = ref_sub(*r, b);
			set_bit(q, i);
		}
	}
}

struct u256 ref_div(struct u256 a, struct u256 b)
{
	struct u256 q, r;

	divide(a, b, &q, &r);
	return q;
}

struct u256 ref_mod(struct u256 a, struct u256 b)
{
	struct u256 q, r;

	divide(a, b, &q, &r);
	return r;
}

static struct u256 magnitude(struct u256 a)
{
	return negative(a) ? negate(a) : a;
}

struct u256 ref_sdiv(struct u256 a, struct u256 b)
{
	struct u256 q = ref_div(magnitude(a), magnitude(b));

	return negative(a) != negative(b) ? negate(q) : q;
}

struct u256 ref_smod(struct u256 a, struct u256 b)
{
	struct u256 r = ref_mod(magnitude(a), magnitude(b));

	return negative(a) ? negate(r) : r;
}

/* Both below m: the sum, or what it is above m. */
static struct u256 add_below(struct u256 a, struct u256 b, struct u256 m)
{
	struct u256 room = ref_sub(m, b);

	return ref_less(a, room) ? ref_add(a, b) : ref_sub(a, room);
}

struct u256 ref_addmod(struct u256 a, struct u256 b, struct u256 m)
{
	if (ref_zero(m))
		return m;
	return add_below(ref_mod(a, m), ref_mod(b, m), m);
}

struct u256 ref_mulmod(struct u256 a, struct u256 b, struct u256 m)
{
	struct u256 r = {{0}};

	if (ref_zero(m))
		return m;
	a = ref_mod(a, m);
	for (unsigned i = ref_bits(b); i-- > 0;) {
		r = add_below(r, r, m);
		if (bit(b, i))
			r = add_below(r, a, m);
	}
	return r;
}

struct u256 ref_exp(struct u256 a, struct u256 b)
{
	struct u256 r = {{1}};

	for (unsigned i = ref_bits(b); i-- > 0;) {
		r = ref_mul(r, r);
		if (bit(b, i))
			r = ref_mul(r, a);
	}
	return r;
}

/* More than any index or count that does anything. */
static unsigned small(struct u256 a)
{
	return ref_bits(a) > 9 || a.w[0] > 256 ? 256 : (unsigned)a.w[0];
}

struct u256 ref_signextend(struct u256 index, struct u256 a)
{
	struct u256 r = {{0}};
	unsigned from = small(index);

	if (from > 30)
		return a;
	for (unsigned i = 0; i < 256; i++)
		if (bit(a, i < from * 8 + 7 ? i : from * 8 + 7))
			set_bit(&r, i);
	return r;
}

struct u256 ref_byte(struct u256 index, struct u256 a)
{
	struct u256 r = {{0}};
	unsigned i = small(index);

	for (unsigned k = 0; i < 32 && k < 8; k++)
		if (bit(a, (31 - i) * 8 + k))
			set_bit(&r, k);
	return r;
}

struct u256 ref_shl(struct u256 count, struct u256 a)
{
	struct u256 r = {{0}};

	for (unsigned i = small(count); i < 256; i++)
		if (bit(a, i - small(count)))
			set_bit(&r, i);
	return r;
}

struct u256 ref_shr(struct u256 count, struct u256 a)
{
	struct u256 r = {{0}};

	for (unsigned i = small(count); i < 256; i++)
		if (bit(a, i))
			set_bit(&r, i - small(count));
	return r;
}

struct u256 ref_sar(struct u256 count, struct u256 a)
{
	struct u256 r = {{0}};

	for (unsigned i = 0; i < 256; i++) {
		unsigned from = i + small(count);

		if (bit(a, from < 256 ? from : 255))
			set_bit(&r, i);
	}
	return r;
}
