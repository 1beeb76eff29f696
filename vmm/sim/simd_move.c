/*
 * simd_move.c: SSE and SSE2 instructions that move and rearrange bits, the
 * bitwise operations, and later moves of their kind. None of them raises a SIMD exception.
 *
 * Integer and floating point mnemonics of the same effect share a function:
 * the difference is in the host pipeline's timing only.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Moves; src of a load is zero extended by the core ---- */

static bool copy(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	*dst = *src;
	return true;
}

static bool low32(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u32[0] = src->u32[0];
	return true;
}

static bool low64(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u64[0];
	return true;
}

/* movd and movq: bits 127..64 of the destination become 0. */
static bool only64(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	*dst = (union xmm){.u64 = {src->u64[0], 0}};
	return true;
}

static bool high_to_low(struct simd_ctx *ctx, union xmm *dst,
			const union xmm *src)
{
	dst->u64[0] = src->u64[1];
	return true;
}

/* movddup, movsldup, movshdup */
static bool double_low64(struct simd_ctx *ctx, union xmm *dst,
			 const union xmm *src)
{
	*dst = (union xmm){.u64 = {src->u64[0], src->u64[0]}};
	return true;
}

static bool double_even(struct simd_ctx *ctx, union xmm *dst,
			const union xmm *src)
{
	union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u32[i] = s.u32[i & ~1u];
	return true;
}

static bool double_odd(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src)
{
	union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u32[i] = s.u32[i | 1];
	return true;
}

static bool low_to_high(struct simd_ctx *ctx, union xmm *dst,
			const union xmm *src)
{
	dst->u64[1] = src->u64[0];
	return true;
}

/* ---- Bitwise ---- */

static bool bit_and(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] &= src->u64[0];
	dst->u64[1] &= src->u64[1];
	return true;
}

static bool bit_andn(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = ~dst->u64[0] & src->u64[0];
	dst->u64[1] = ~dst->u64[1] & src->u64[1];
	return true;
}

static bool bit_or(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] |= src->u64[0];
	dst->u64[1] |= src->u64[1];
	return true;
}

static bool bit_xor(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] ^= src->u64[0];
	dst->u64[1] ^= src->u64[1];
	return true;
}

/* ---- Interleaves and shuffles ---- */

/* The low or high halves of dst and src, one lane of each in turn. */
#define UNPACK(name, lane, first)                                          \
	static bool name(struct simd_ctx *ctx, union xmm *dst,             \
			 const union xmm *src)                             \
	{                                                                  \
		union xmm d = *dst, s = *src;                              \
		unsigned half = COUNT(d.lane) / 2;                         \
                                                                           \
		for (unsigned i = 0; i < half; i++) {                      \
			dst->lane[2 * i] = d.lane[half * (first) + i];     \
			dst->lane[2 * i + 1] = s.lane[half * (first) + i]; \
		}                                                          \
		return true;                                               \
	}

UNPACK(unpack_low8, u8, 0);
UNPACK(unpack_low16, u16, 0);
UNPACK(unpack_low32, u32, 0);
UNPACK(unpack_low64, u64, 0);
UNPACK(unpack_high8, u8, 1);
UNPACK(unpack_high16, u16, 1);
UNPACK(unpack_high32, u32, 1);
UNPACK(unpack_high64, u64, 1);

/* Field i of an imm8 of four two-bit lane numbers. */
static unsigned pick(const struct simd_ctx *ctx, unsigned i)
{
	return ctx->imm >> 2 * i & 3;
}

static bool pshufd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u32[i] = s.u32[pick(ctx, i)];
	return true;
}

static bool pshuflw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u16[i] = s.u16[pick(ctx, i)];
	dst->u64[1] = s.u64[1];
	return true;
}

static bool pshufhw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u16[4 + i] = s.u16[4 + pick(ctx, i)];
	dst->u64[0] = s.u64[0];
	return true;
}

static bool shufps(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm d = *dst, s = *src;

	for (unsigned i = 0; i < 2; i++) {
		dst->u32[i] = d.u32[pick(ctx, i)];
		dst->u32[2 + i] = s.u32[pick(ctx, 2 + i)];
	}
	return true;
}

static bool shufpd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm d = *dst, s = *src;

	dst->u64[0] = d.u64[ctx->imm & 1];
	dst->u64[1] = s.u64[ctx->imm >> 1 & 1];
	return true;
}

/* ---- Between lanes and general registers ---- */

static bool pinsrw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u16[ctx->imm & 7] = src->u16[0];
	return true;
}

static bool pextrw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u16[ctx->imm & 7];
	return true;
}

static bool pmovmskb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < 16; i++)
		mask |= (unsigned)(src->u8[i] >> 7) << i;
	dst->u64[0] = mask;
	return true;
}

static bool movmskps(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < 4; i++)
		mask |= src->u32[i] >> 31 << i;
	dst->u64[0] = mask;
	return true;
}

static bool movmskpd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u64[0] >> 63 | src->u64[1] >> 63 << 1;
	return true;
}

/* ---- The table ---- */

/* rm xmm or memory of `bytes` <- reg xmm. */
#define STORE(prefix, opcode, bytes, props, fn, name)                        \
	{                                                                    \
		prefix, opcode, SIMD_ANY, SIMD_STORE, bytes, props, fn, name \
	}
/* A load or a store that has no register form. */
#define LOAD_ONLY(prefix, opcode, bytes, fn, name)                            \
	{                                                                     \
		prefix, opcode, SIMD_ANY, SIMD_X_X, bytes, SIMD_MEM_ONLY, fn, \
			name                                                  \
	}
#define REGS_ONLY(prefix, opcode, form, fn, name)                           \
	{                                                                   \
		prefix, opcode, SIMD_ANY, form, 16, SIMD_REG_ONLY, fn, name \
	}
#define GENERAL(prefix, opcode, form, name)                                \
	{                                                                  \
		prefix, opcode, SIMD_ANY, form, 4, SIMD_REXW, only64, name \
	}

static const struct simd_row rows[] = {
	SIMD_PART(SIMD_NP, 0x10, 16, copy, "movups"),
	SIMD_PART(SIMD_66, 0x10, 16, copy, "movupd"),
	LOAD_ONLY(SIMD_F3, 0x10, 4, copy, "movss"),
	REGS_ONLY(SIMD_F3, 0x10, SIMD_X_X, low32, "movss"),
	LOAD_ONLY(SIMD_F2, 0x10, 8, copy, "movsd"),
	REGS_ONLY(SIMD_F2, 0x10, SIMD_X_X, low64, "movsd"),
	STORE(SIMD_NP, 0x11, 16, 0, copy, "movups"),
	STORE(SIMD_66, 0x11, 16, 0, copy, "movupd"),
	STORE(SIMD_F3, 0x11, 4, 0, low32, "movss"),
	STORE(SIMD_F2, 0x11, 8, 0, low64, "movsd"),
	LOAD_ONLY(SIMD_NP, 0x12, 8, low64, "movlps"),
	REGS_ONLY(SIMD_NP, 0x12, SIMD_X_X, high_to_low, "movhlps"),
	LOAD_ONLY(SIMD_66, 0x12, 8, low64, "movlpd"),
	SIMD_FULL(SIMD_F3, 0x12, double_even, "movsldup"),
	SIMD_PART(SIMD_F2, 0x12, 8, double_low64, "movddup"),
	STORE(SIMD_NP, 0x13, 8, SIMD_MEM_ONLY, low64, "movlps"),
	STORE(SIMD_66, 0x13, 8, SIMD_MEM_ONLY, low64, "movlpd"),
	SIMD_FULL(SIMD_NP, 0x14, unpack_low32, "unpcklps"),
	SIMD_FULL(SIMD_66, 0x14, unpack_low64, "unpcklpd"),
	SIMD_FULL(SIMD_NP, 0x15, unpack_high32, "unpckhps"),
	SIMD_FULL(SIMD_66, 0x15, unpack_high64, "unpckhpd"),
	LOAD_ONLY(SIMD_NP, 0x16, 8, low_to_high, "movhps"),
	REGS_ONLY(SIMD_NP, 0x16, SIMD_X_X, low_to_high, "movlhps"),
	LOAD_ONLY(SIMD_66, 0x16, 8, low_to_high, "movhpd"),
	SIMD_FULL(SIMD_F3, 0x16, double_odd, "movshdup"),
	STORE(SIMD_NP, 0x17, 8, SIMD_MEM_ONLY, high_to_low, "movhps"),
	STORE(SIMD_66, 0x17, 8, SIMD_MEM_ONLY, high_to_low, "movhpd"),
	SIMD_FULL(SIMD_NP, 0x28, copy, "movaps"),
	SIMD_FULL(SIMD_66, 0x28, copy, "movapd"),
	STORE(SIMD_NP, 0x29, 16, SIMD_ALIGNED, copy, "movaps"),
	STORE(SIMD_66, 0x29, 16, SIMD_ALIGNED, copy, "movapd"),
	STORE(SIMD_NP, 0x2b, 16, SIMD_ALIGNED | SIMD_MEM_ONLY, copy, "movntps"),
	STORE(SIMD_66, 0x2b, 16, SIMD_ALIGNED | SIMD_MEM_ONLY, copy, "movntpd"),
	REGS_ONLY(SIMD_NP, 0x50, SIMD_R_X, movmskps, "movmskps"),
	REGS_ONLY(SIMD_66, 0x50, SIMD_R_X, movmskpd, "movmskpd"),
	SIMD_FULL(SIMD_NP, 0x54, bit_and, "andps"),
	SIMD_FULL(SIMD_66, 0x54, bit_and, "andpd"),
	SIMD_FULL(SIMD_NP, 0x55, bit_andn, "andnps"),
	SIMD_FULL(SIMD_66, 0x55, bit_andn, "andnpd"),
	SIMD_FULL(SIMD_NP, 0x56, bit_or, "orps"),
	SIMD_FULL(SIMD_66, 0x56, bit_or, "orpd"),
	SIMD_FULL(SIMD_NP, 0x57, bit_xor, "xorps"),
	SIMD_FULL(SIMD_66, 0x57, bit_xor, "xorpd"),
	SIMD_FULL(SIMD_66, 0x60, unpack_low8, "punpcklbw"),
	SIMD_FULL(SIMD_66, 0x61, unpack_low16, "punpcklwd"),
	SIMD_FULL(SIMD_66, 0x62, unpack_low32, "punpckldq"),
	SIMD_FULL(SIMD_66, 0x68, unpack_high8, "punpckhbw"),
	SIMD_FULL(SIMD_66, 0x69, unpack_high16, "punpckhwd"),
	SIMD_FULL(SIMD_66, 0x6a, unpack_high32, "punpckhdq"),
	SIMD_FULL(SIMD_66, 0x6c, unpack_low64, "punpcklqdq"),
	SIMD_FULL(SIMD_66, 0x6d, unpack_high64, "punpckhqdq"),
	GENERAL(SIMD_66, 0x6e, SIMD_X_G, "movd"),
	SIMD_FULL(SIMD_66, 0x6f, copy, "movdqa"),
	SIMD_PART(SIMD_F3, 0x6f, 16, copy, "movdqu"),
	SIMD_FULL_I(SIMD_66, 0x70, pshufd, "pshufd"),
	SIMD_FULL_I(SIMD_F3, 0x70, pshufhw, "pshufhw"),
	SIMD_FULL_I(SIMD_F2, 0x70, pshuflw, "pshuflw"),
	GENERAL(SIMD_66, 0x7e, SIMD_G_X, "movd"),
	SIMD_PART(SIMD_F3, 0x7e, 8, only64, "movq"),
	STORE(SIMD_66, 0x7f, 16, SIMD_ALIGNED, copy, "movdqa"),
	STORE(SIMD_F3, 0x7f, 16, 0, copy, "movdqu"),
	{SIMD_66, 0xc4, SIMD_ANY, SIMD_X_G_I, 2, 0, pinsrw, "pinsrw"},
	REGS_ONLY(SIMD_66, 0xc5, SIMD_R_X_I, pextrw, "pextrw"),
	SIMD_FULL_I(SIMD_NP, 0xc6, shufps, "shufps"),
	SIMD_FULL_I(SIMD_66, 0xc6, shufpd, "shufpd"),
	STORE(SIMD_66, 0xd6, 8, 0, only64, "movq"),
	REGS_ONLY(SIMD_66, 0xd7, SIMD_R_X, pmovmskb, "pmovmskb"),
	SIMD_FULL(SIMD_66, 0xdb, bit_and, "pand"),
	SIMD_FULL(SIMD_66, 0xdf, bit_andn, "pandn"),
	STORE(SIMD_66, 0xe7, 16, SIMD_ALIGNED | SIMD_MEM_ONLY, copy, "movntdq"),
	SIMD_FULL(SIMD_66, 0xeb, bit_or, "por"),
	SIMD_FULL(SIMD_66, 0xef, bit_xor, "pxor"),
	LOAD_ONLY(SIMD_F2, 0xf0, 16, copy, "lddqu"),
	REGS_ONLY(SIMD_66, 0xf7, SIMD_MASKMOV, pmovmskb, "maskmovdqu"),
};

const struct simd_table simd_moves = SIMD_TABLE(rows);
