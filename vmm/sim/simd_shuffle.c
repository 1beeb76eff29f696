/*
 * simd_shuffle.c: SSSE3 and SSE4.1 instructions that rearrange lanes: by a
 * mask or an imm8, between widths, to and from general registers. None of
 * them raises a SIMD exception.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Within and between registers ---- */

static bool pshufb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm d = *dst, s = *src;

	for (unsigned i = 0; i < 16; i++)
		dst->u8[i] = s.u8[i] & 0x80 ? 0 : d.u8[s.u8[i] & 15];
	return true;
}

/* 16 bytes of dst:src, from byte imm8 on. */
static bool palignr(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm from[2] = {*src, *dst};

	for (unsigned i = 0; i < 16; i++) {
		unsigned at = ctx->imm + i;

		dst->u8[i] = at < 32 ? from[at / 16].u8[at % 16] : 0;
	}
	return true;
}

/* Lane i of src where `take` holds, else of dst. */
#define BLEND(name, lane, take)                                 \
	static bool name(struct simd_ctx *ctx, union xmm *dst,  \
			 const union xmm *src)                  \
	{                                                       \
		for (unsigned i = 0; i < COUNT(dst->lane); i++) \
			if (take)                               \
				dst->lane[i] = src->lane[i];    \
		return true;                                    \
	}

BLEND(pblendw, u16, ctx->imm >> i & 1);
BLEND(blendps, u32, ctx->imm >> i & 1);
BLEND(blendpd, u64, ctx->imm >> i & 1);
BLEND(pblendvb, s8, ctx->xmm0.s8[i] < 0);
BLEND(blendvps, s32, ctx->xmm0.s32[i] < 0);
BLEND(blendvpd, s64, ctx->xmm0.s64[i] < 0);

/* imm8: lane of src 7:6, lane of dst 5:4, lanes to clear 3:0. */
static void insert_single(const struct simd_ctx *ctx, union xmm *dst,
			  uint32_t value)
{
	dst->u32[ctx->imm >> 4 & 3] = value;
	for (unsigned i = 0; i < 4; i++)
		if (ctx->imm >> i & 1)
			dst->u32[i] = 0;
}

static bool insertps_reg(struct simd_ctx *ctx, union xmm *dst,
			 const union xmm *src)
{
	insert_single(ctx, dst, src->u32[ctx->imm >> 6 & 3]);
	return true;
}

static bool insertps_mem(struct simd_ctx *ctx, union xmm *dst,
			 const union xmm *src)
{
	insert_single(ctx, dst, src->u32[0]);
	return true;
}

/* ---- To wider lanes: the sign or zeros follow from the types ---- */

#define WIDEN(name, narrow, wide)                               \
	static bool name(struct simd_ctx *ctx, union xmm *dst,  \
			 const union xmm *src)                  \
	{                                                       \
		union xmm s = *src;                             \
                                                                \
		for (unsigned i = 0; i < COUNT(dst->wide); i++) \
			dst->wide[i] = s.narrow[i];             \
		return true;                                    \
	}

WIDEN(pmovsxbw, s8, s16);
WIDEN(pmovsxbd, s8, s32);
WIDEN(pmovsxbq, s8, s64);
WIDEN(pmovsxwd, s16, s32);
WIDEN(pmovsxwq, s16, s64);
WIDEN(pmovsxdq, s32, s64);
WIDEN(pmovzxbw, u8, u16);
WIDEN(pmovzxbd, u8, u32);
WIDEN(pmovzxbq, u8, u64);
WIDEN(pmovzxwd, u16, u32);
WIDEN(pmovzxwq, u16, u64);
WIDEN(pmovzxdq, u32, u64);

/* ---- One lane, to and from general registers and memory ---- */

static bool pinsrb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u8[ctx->imm & 15] = src->u8[0];
	return true;
}

/* pinsrd, and pinsrq with REX.W */
static bool pinsrd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	if (ctx->general == 8)
		dst->u64[ctx->imm & 1] = src->u64[0];
	else
		dst->u32[ctx->imm & 3] = src->u32[0];
	return true;
}

static bool pextrb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u8[ctx->imm & 15];
	return true;
}

static bool pextrw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u16[ctx->imm & 7];
	return true;
}

/* pextrd, and pextrq with REX.W */
static bool pextrd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = ctx->general == 8 ? src->u64[ctx->imm & 1]
					: src->u32[ctx->imm & 3];
	return true;
}

static bool extractps(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	dst->u64[0] = src->u32[ctx->imm & 3];
	return true;
}

static bool copy(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	*dst = *src;
	return true;
}

/* ---- The table ---- */

#define MAP38(opcode) SIMD_66, SIMD_0F38 | (opcode), SIMD_ANY
#define MAP3A(opcode) SIMD_66, SIMD_0F3A | (opcode), SIMD_ANY

#define BY_XMM0(opcode, fn)                                          \
	{                                                            \
		MAP38(opcode), SIMD_X_X_0, 16, SIMD_ALIGNED, fn, #fn \
	}
#define EXTEND(opcode, bytes, fn)                          \
	{                                                  \
		MAP38(opcode), SIMD_X_X, bytes, 0, fn, #fn \
	}
#define BY_IMM(opcode, fn) SIMD_FULL_I(SIMD_66, SIMD_0F3A | (opcode), fn, #fn)
#define TO_GENERAL(opcode, bytes, props, fn)                     \
	{                                                        \
		MAP3A(opcode), SIMD_G_X_I, bytes, props, fn, #fn \
	}
#define FROM_GENERAL(opcode, bytes, props, fn)                   \
	{                                                        \
		MAP3A(opcode), SIMD_X_G_I, bytes, props, fn, #fn \
	}

static const struct simd_row rows[] = {
	SIMD_FULL(SIMD_66, SIMD_0F38 | 0x00, pshufb, "pshufb"),
	BY_XMM0(0x10, pblendvb),
	BY_XMM0(0x14, blendvps),
	BY_XMM0(0x15, blendvpd),
	EXTEND(0x20, 8, pmovsxbw),
	EXTEND(0x21, 4, pmovsxbd),
	EXTEND(0x22, 2, pmovsxbq),
	EXTEND(0x23, 8, pmovsxwd),
	EXTEND(0x24, 4, pmovsxwq),
	EXTEND(0x25, 8, pmovsxdq),
	{MAP38(0x2a), SIMD_X_X, 16, SIMD_ALIGNED | SIMD_MEM_ONLY, copy,
	 "movntdqa"},
	EXTEND(0x30, 8, pmovzxbw),
	EXTEND(0x31, 4, pmovzxbd),
	EXTEND(0x32, 2, pmovzxbq),
	EXTEND(0x33, 8, pmovzxwd),
	EXTEND(0x34, 4, pmovzxwq),
	EXTEND(0x35, 8, pmovzxdq),
	BY_IMM(0x0c, blendps),
	BY_IMM(0x0d, blendpd),
	BY_IMM(0x0e, pblendw),
	BY_IMM(0x0f, palignr),
	TO_GENERAL(0x14, 1, 0, pextrb),
	TO_GENERAL(0x15, 2, 0, pextrw),
	TO_GENERAL(0x16, 4, SIMD_REXW, pextrd),
	TO_GENERAL(0x17, 4, 0, extractps),
	FROM_GENERAL(0x20, 1, 0, pinsrb),
	{MAP3A(0x21), SIMD_X_X_I, 4, SIMD_MEM_ONLY, insertps_mem, "insertps"},
	{MAP3A(0x21), SIMD_X_X_I, 16, SIMD_REG_ONLY, insertps_reg, "insertps"},
	FROM_GENERAL(0x22, 4, SIMD_REXW, pinsrd),
};

const struct simd_table simd_shuffles = SIMD_TABLE(rows);

/* With VEX the mask is a register that imm8 names. */
#define BY_REGISTER(opcode, fn)                           \
	{                                                 \
		MAP3A(opcode), SIMD_X_X_0, 16, 0, fn, #fn \
	}

static const struct simd_row vex_rows[] = {
	BY_REGISTER(0x4a, blendvps),
	BY_REGISTER(0x4b, blendvpd),
	BY_REGISTER(0x4c, pblendvb),
};

const struct simd_table simd_vex_blends = SIMD_TABLE(vex_rows);
