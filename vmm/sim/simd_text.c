/*
 * simd_text.c: SSE4.2's comparisons of strings (SDM 2 4.1), and crc32.
 *
 * Two strings of up to 16 bytes or 8 words, dst the first and src the second,
 * are compared element by element as imm8 says; what comes out is one bit for
 * each element of the second.
 */
#include "vmm/sim/simd_rows.h"

/* imm8 */
#define WORDS  0x01u
#define SIGNED 0x02u
#define NEGATE 0x10u
#define MASKED 0x20u /* NEGATE only where the second string is valid */
#define LAST   0x40u /* index: of the highest bit */
#define EXPAND 0x40u /* mask: an element of ones for each bit */

enum aggregation { ANY, RANGES, EACH, ORDERED }; /* imm8 3:2 */

struct text {
	const union xmm *x;
	unsigned length; /* elements that are valid */
};

struct match {
	struct text first, second;
	unsigned count; /* elements in a register */
	unsigned imm;
};

static int element(const struct match *m, const struct text *t, unsigned i)
{
	switch (m->imm & (WORDS | SIGNED)) {
	case 0:
		return t->x->u8[i];
	case WORDS:
		return t->x->u16[i];
	case SIGNED:
		return t->x->s8[i];
	}
	return t->x->s16[i];
}

static int first_element(const struct match *m, unsigned i)
{
	return element(m, &m->first, i);
}

/* Is `e` one of the characters of the first string? */
static bool in_set(const struct match *m, int e)
{
	for (unsigned i = 0; i < m->first.length; i++)
		if (first_element(m, i) == e)
			return true;
	return false;
}

/* Is `e` in one of the ranges, pairs of the first string's elements? */
static bool in_ranges(const struct match *m, int e)
{
	for (unsigned i = 0; i + 1 < m->first.length; i += 2)
		if (first_element(m, i) <= e && e <= first_element(m, i + 1))
			return true;
	return false;
}

/* Two ends that are both past are equal. */
static bool equal_at(const struct match *m, unsigned j)
{
	bool first = j < m->first.length, second = j < m->second.length;

	if (first && second)
		return first_element(m, j) == element(m, &m->second, j);
	return first == second;
}

/* Does the first string, or its start, stand at j of the second one? */
static bool found_at(const struct match *m, unsigned j)
{
	for (unsigned i = 0; i < m->first.length && j + i < m->count; i++)
		if (j + i >= m->second.length ||
		    first_element(m, i) != element(m, &m->second, j + i))
			return false;
	return true;
}

static bool matches(const struct match *m, unsigned j)
{
	bool valid = j < m->second.length;

	switch ((enum aggregation)(m->imm >> 2 & 3)) {
	case ANY:
		return valid && in_set(m, element(m, &m->second, j));
	case RANGES:
		return valid && in_ranges(m, element(m, &m->second, j));
	case EACH:
		return equal_at(m, j);
	case ORDERED:
		break;
	}
	return found_at(m, j);
}

static unsigned result(const struct match *m)
{
	unsigned bits = 0;

	for (unsigned j = 0; j < m->count; j++) {
		bool negate = m->imm & NEGATE &&
			      (!(m->imm & MASKED) || j < m->second.length);

		bits |= (unsigned)(matches(m, j) != negate) << j;
	}
	return bits;
}

static unsigned until_zero(const union xmm *x, unsigned imm)
{
	unsigned n = 0;

	if (imm & WORDS)
		while (n < 8 && x->u16[n])
			n++;
	else
		while (n < 16 && x->u8[n])
			n++;
	return n;
}

/* An explicit length: its magnitude, at most `count`. */
static unsigned magnitude(int64_t length, unsigned count)
{
	uint64_t n = length < 0 ? -(uint64_t)length : (uint64_t)length;

	return n < count ? n : count;
}

#define CF 0x001u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u

/* The bits, one an element, and the flags. */
static unsigned compare(struct simd_ctx *ctx, struct match *m)
{
	unsigned bits = result(m);

	ctx->flags = (bits ? CF : 0) | (bits & 1 ? OF : 0) |
		     (m->second.length < m->count ? ZF : 0) |
		     (m->first.length < m->count ? SF : 0);
	return bits;
}

static struct match operands(const struct simd_ctx *ctx, const union xmm *dst,
			     const union xmm *src)
{
	return (struct match){
		.first.x = dst,
		.second.x = src,
		.count = ctx->imm & WORDS ? 8 : 16,
		.imm = ctx->imm,
	};
}

static unsigned explicit(struct simd_ctx *ctx, const union xmm *dst,
			 const union xmm *src)
{
	struct match m = operands(ctx, dst, src);

	m.first.length = magnitude(ctx->length[0], m.count);
	m.second.length = magnitude(ctx->length[1], m.count);
	return compare(ctx, &m);
}

static unsigned implicit(struct simd_ctx *ctx, const union xmm *dst,
			 const union xmm *src)
{
	struct match m = operands(ctx, dst, src);

	m.first.length = until_zero(dst, ctx->imm);
	m.second.length = until_zero(src, ctx->imm);
	return compare(ctx, &m);
}

/* ---- The two kinds of output ---- */

static void put_index(const struct simd_ctx *ctx, union xmm *dst, unsigned bits)
{
	unsigned count = ctx->imm & WORDS ? 8 : 16;

	if (!bits)
		dst->u64[0] = count;
	else if (ctx->imm & LAST)
		dst->u64[0] = 31 - __builtin_clz(bits);
	else
		dst->u64[0] = __builtin_ctz(bits);
}

static void put_mask(const struct simd_ctx *ctx, union xmm *dst, unsigned bits)
{
	*dst = (union xmm){.u64 = {bits}};
	if (!(ctx->imm & EXPAND))
		return;
	for (unsigned i = 0; i < 16; i++) {
		unsigned element = ctx->imm & WORDS ? i / 2 : i;

		dst->u8[i] = bits >> element & 1 ? 0xff : 0;
	}
}

#define COMPARE(name, put, lengths)                            \
	static bool name(struct simd_ctx *ctx, union xmm *dst, \
			 const union xmm *src)                 \
	{                                                      \
		put(ctx, dst, lengths(ctx, dst, src));         \
		return true;                                   \
	}

COMPARE(pcmpestrm, put_mask, explicit);
COMPARE(pcmpestri, put_index, explicit);
COMPARE(pcmpistrm, put_mask, implicit);
COMPARE(pcmpistri, put_index, implicit);

/* ---- crc32 ---- */

#define POLYNOMIAL UINT32_C(0x82f63b78) /* 11EDC6F41h, lowest bit first */

uint32_t simd_crc32(uint32_t crc, uint64_t data, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		crc ^= data >> 8 * i & 0xff;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return crc;
}

/* ---- The table ---- */

#define TEXT(opcode, form, props, fn)                                         \
	{                                                                     \
		SIMD_66, SIMD_0F3A | (opcode), SIMD_ANY, form, 16, props, fn, \
			#fn                                                   \
	}

static const struct simd_row rows[] = {
	TEXT(0x60, SIMD_TEXT, SIMD_REXW, pcmpestrm),
	TEXT(0x61, SIMD_TEXT_I, SIMD_REXW, pcmpestri),
	TEXT(0x62, SIMD_TEXT, 0, pcmpistrm),
	TEXT(0x63, SIMD_TEXT_I, 0, pcmpistri),
};

const struct simd_table simd_texts = SIMD_TABLE(rows);
