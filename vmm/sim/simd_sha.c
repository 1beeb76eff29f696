/*
 * simd_sha.c: SHA-1 and SHA-256 rounds (FIPS 180-4). The manual numbers
 * words from the high end of a register for SHA-1, from the low for SHA-256.
 */
#include "vmm/sim/simd_rows.h"

static uint32_t left(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t right(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) ^ (~x & z);
}

static uint32_t parity(uint32_t x, uint32_t y, uint32_t z)
{
	return x ^ y ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) ^ (x & z) ^ (y & z);
}

/* ---- SHA-1 ---- */

/* Four rounds; imm8 says which of the four times twenty they are of. */
static bool sha1rnds4(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	static const struct {
		uint32_t (*f)(uint32_t, uint32_t, uint32_t);
		uint32_t k;
	} kinds[] = {{choose, 0x5a827999},
		     {parity, 0x6ed9eba1},
		     {majority, 0x8f1bbcdc},
		     {parity, 0xca62c1d6}};
	unsigned kind = ctx->imm & 3;
	uint32_t a = dst->u32[3], b = dst->u32[2], c = dst->u32[1];
	uint32_t d = dst->u32[0], e = 0;
	union xmm words = *src;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t sum = kinds[kind].f(b, c, d) + left(a, 5) +
			       words.u32[3 - i] + e + kinds[kind].k;

		e = d;
		d = c;
		c = left(b, 30);
		b = a;
		a = sum;
	}
	*dst = (union xmm){.u32 = {d, c, b, a}};
	return true;
}

static bool sha1nexte(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	uint32_t e = left(dst->u32[3], 30);

	*dst = *src;
	dst->u32[3] += e;
	return true;
}

static bool sha1msg1(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm a = *dst, b = *src;

	*dst = (union xmm){.u32 = {a.u32[0] ^ b.u32[2], a.u32[1] ^ b.u32[3],
				   a.u32[2] ^ a.u32[0], a.u32[3] ^ a.u32[1]}};
	return true;
}

static bool sha1msg2(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm a = *dst, b = *src;
	uint32_t first = left(a.u32[3] ^ b.u32[2], 1);

	*dst = (union xmm){.u32 = {left(a.u32[0] ^ first, 1),
				   left(a.u32[1] ^ b.u32[0], 1),
				   left(a.u32[2] ^ b.u32[1], 1), first}};
	return true;
}

/* ---- SHA-256 ---- */

static uint32_t big0(uint32_t x)
{
	return right(x, 2) ^ right(x, 13) ^ right(x, 22);
}

static uint32_t big1(uint32_t x)
{
	return right(x, 6) ^ right(x, 11) ^ right(x, 25);
}

static uint32_t small0(uint32_t x)
{
	return right(x, 7) ^ right(x, 18) ^ x >> 3;
}

static uint32_t small1(uint32_t x)
{
	return right(x, 17) ^ right(x, 19) ^ x >> 10;
}

/* A B E F are in src, C D G H in dst, two words with constants in XMM0. */
static bool sha256rnds2(struct simd_ctx *ctx, union xmm *dst,
			const union xmm *src)
{
	uint32_t a = src->u32[3], b = src->u32[2], e = src->u32[1];
	uint32_t f = src->u32[0], c = dst->u32[3], d = dst->u32[2];
	uint32_t g = dst->u32[1], h = dst->u32[0];

	for (unsigned i = 0; i < 2; i++) {
		uint32_t sum = choose(e, f, g) + big1(e) + ctx->xmm0.u32[i] + h;
		uint32_t next = sum + majority(a, b, c) + big0(a);

		h = g;
		g = f;
		f = e;
		e = sum + d;
		d = c;
		c = b;
		b = a;
		a = next;
	}
	*dst = (union xmm){.u32 = {f, e, b, a}};
	return true;
}

static bool sha256msg1(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src)
{
	union xmm a = *dst;
	const uint32_t w4 = src->u32[0];

	*dst = (union xmm){.u32 = {a.u32[0] + small0(a.u32[1]),
				   a.u32[1] + small0(a.u32[2]),
				   a.u32[2] + small0(a.u32[3]),
				   a.u32[3] + small0(w4)}};
	return true;
}

static bool sha256msg2(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src)
{
	uint32_t w16 = dst->u32[0] + small1(src->u32[2]);
	uint32_t w17 = dst->u32[1] + small1(src->u32[3]);

	*dst = (union xmm){.u32 = {w16, w17, dst->u32[2] + small1(w16),
				   dst->u32[3] + small1(w17)}};
	return true;
}

#define SHA(opcode, fn) SIMD_FULL(SIMD_NP, SIMD_0F38 | (opcode), fn, #fn)

static const struct simd_row rows[] = {
	SHA(0xc8, sha1nexte),
	SHA(0xc9, sha1msg1),
	SHA(0xca, sha1msg2),
	{SIMD_NP, SIMD_0F38 | 0xcb, SIMD_ANY, SIMD_X_X_0, 16, SIMD_ALIGNED,
	 sha256rnds2, "sha256rnds2"},
	SHA(0xcc, sha256msg1),
	SHA(0xcd, sha256msg2),
	SIMD_FULL_I(SIMD_NP, SIMD_0F3A | 0xcc, sha1rnds4, "sha1rnds4"),
};

const struct simd_table simd_hashes = SIMD_TABLE(rows);
