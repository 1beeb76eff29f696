/*
 * simd_permute.c: what AVX, AVX2 and F16C have and SSE has not, but for
 * arithmetic: permutations, broadcasts, insertions, shifts lane by lane,
 * half precision. Functions of shape VEX_WHOLE get two halves, as arrays;
 * masked moves, gathers and VZERO* are the core's.
 */
#include "vmm/sim/simd_rows.h"

#define FUNCTION(name)                                         \
	static bool name(struct simd_ctx *ctx, union xmm *dst, \
			 const union xmm *src)

/* ---- Within each half ---- */

/* By a control for each lane: dst is the data. */
FUNCTION(vpermilps)
{
	const union xmm d = *dst;

	for (unsigned i = 0; i < 4; i++)
		dst->u32[i] = d.u32[src->u32[i] & 3];
	return true;
}

FUNCTION(vpermilpd)
{
	const union xmm d = *dst;

	for (unsigned i = 0; i < 2; i++)
		dst->u64[i] = d.u64[src->u64[i] >> 1 & 1];
	return true;
}

FUNCTION(vpermilps_imm)
{
	const union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u32[i] = s.u32[ctx->imm >> 2 * i & 3];
	return true;
}

FUNCTION(vpermilpd_imm)
{
	const union xmm s = *src;

	for (unsigned i = 0; i < 2; i++)
		dst->u64[i] = s.u64[ctx->imm >> i & 1];
	return true;
}

FUNCTION(vpblendd)
{
	for (unsigned i = 0; i < 4; i++)
		if (ctx->imm >> i & 1)
			dst->u32[i] = src->u32[i];
	return true;
}

/* Counts of a lane each; W makes the lanes 64 bits wide. */
#define SHIFT(name, op)                                                    \
	FUNCTION(name)                                                     \
	{                                                                  \
		for (unsigned i = 0; ctx->general == 8 && i < 2; i++)      \
			dst->u64[i] = src->u64[i] < 64                     \
					      ? dst->u64[i] op src->u64[i] \
					      : 0;                         \
		for (unsigned i = 0; ctx->general != 8 && i < 4; i++)      \
			dst->u32[i] = src->u32[i] < 32                     \
					      ? dst->u32[i] op src->u32[i] \
					      : 0;                         \
		return true;                                               \
	}

SHIFT(vpsllv, <<)
SHIFT(vpsrlv, >>)

FUNCTION(vpsravd)
{
	for (unsigned i = 0; i < 4; i++)
		dst->s32[i] >>= src->u32[i] < 32 ? src->u32[i] : 31;
	return true;
}

/* ---- Signs to flags ---- */

#define FLAG_CF 0x01u
#define FLAG_ZF 0x40u

static void test_signs(struct simd_ctx *ctx, const union xmm *dst,
		       const union xmm *src, uint64_t signs)
{
	uint64_t common = 0, missing = 0;

	for (unsigned i = 0; i < 2; i++) {
		common |= dst->u64[i] & src->u64[i];
		missing |= ~dst->u64[i] & src->u64[i];
	}
	ctx->flags = (common & signs ? 0 : FLAG_ZF) |
		     (missing & signs ? 0 : FLAG_CF);
}

FUNCTION(vtestps)
{
	test_signs(ctx, dst, src, UINT64_C(0x8000000080000000));
	return true;
}

FUNCTION(vtestpd)
{
	test_signs(ctx, dst, src, UINT64_C(1) << 63);
	return true;
}

/* ---- Half precision ---- */

/* No half is a denormal single, and DAZ is not for halves. */
FUNCTION(vcvtph2ps)
{
	struct ieee e = {.mxcsr = ctx->mxcsr & ~MXCSR_DAZ};
	const union xmm s = *src;
	union xmm r;

	for (unsigned i = 0; i < 4; i++)
		r.u32[i] = ieee_convert(&e, &ieee_half, &ieee_single, s.u16[i]);
	e.raised &= ~MXCSR_DE;
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

#define ROUND_BY_MXCSR 4u

/* FTZ is not for halves; imm8 may say how to round. */
FUNCTION(vcvtps2ph)
{
	const uint32_t rounding = 3u << MXCSR_RC_SHIFT;
	struct ieee e = {.mxcsr = ctx->mxcsr & ~MXCSR_FTZ};
	union xmm r = {{0}};

	if (!(ctx->imm & ROUND_BY_MXCSR))
		e.mxcsr = (e.mxcsr & ~rounding) | (ctx->imm & 3)
							  << MXCSR_RC_SHIFT;
	for (unsigned i = 0; i < 4; i++)
		r.u16[i] =
			ieee_convert(&e, &ieee_single, &ieee_half, src->u32[i]);
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

/* ---- Both halves ---- */

#define BROADCAST(name, lane)                                                  \
	FUNCTION(name)                                                         \
	{                                                                      \
		const __typeof__(src->lane[0]) val = src->lane[0];             \
                                                                               \
		for (unsigned i = 0; i < 2 * COUNT(dst->lane); i++)            \
			dst[i / COUNT(dst->lane)].lane[i % COUNT(dst->lane)] = \
				val;                                           \
		return true;                                                   \
	}

BROADCAST(broadcast8, u8)
BROADCAST(broadcast16, u16)
BROADCAST(broadcast32, u32)
BROADCAST(broadcast64, u64)

FUNCTION(broadcast128)
{
	dst[1] = src[0];
	dst[0] = src[0];
	return true;
}

/* dst names the doublewords of src. */
FUNCTION(permute32)
{
	const union xmm s[2] = {src[0], src[1]};

	for (unsigned i = 0; i < 8; i++) {
		unsigned at = dst[i / 4].u32[i % 4] & 7;

		dst[i / 4].u32[i % 4] = s[at / 4].u32[at % 4];
	}
	return true;
}

FUNCTION(permute64)
{
	const union xmm s[2] = {src[0], src[1]};

	for (unsigned i = 0; i < 4; i++) {
		unsigned at = ctx->imm >> 2 * i & 3;

		dst[i / 2].u64[i % 2] = s[at / 2].u64[at % 2];
	}
	return true;
}

/* For each half: which of four, or zero. */
FUNCTION(permute128)
{
	const union xmm from[4] = {dst[0], dst[1], src[0], src[1]};

	for (unsigned i = 0; i < 2; i++) {
		unsigned control = ctx->imm >> 4 * i;

		dst[i] = control & 8 ? (union xmm){{0}} : from[control & 3];
	}
	return true;
}

FUNCTION(insert128)
{
	dst[ctx->imm & 1] = src[0];
	return true;
}

FUNCTION(extract128)
{
	dst[0] = src[ctx->imm & 1];
	dst[1] = (union xmm){{0}};
	return true;
}

/* ---- The table ---- */

#define MAP38(opcode) SIMD_66, SIMD_0F38 | (opcode), SIMD_ANY
#define MAP3A(opcode) SIMD_66, SIMD_0F3A | (opcode), SIMD_ANY

#define LOAD(opcode, bytes, props, fn, name)                    \
	{                                                       \
		MAP38(opcode), SIMD_X_X, bytes, props, fn, name \
	}
#define FLAGS(opcode, fn)                                 \
	{                                                 \
		MAP38(opcode), SIMD_FLAGS, 16, 0, fn, #fn \
	}
#define BY_IMM(opcode, bytes, fn, name)                       \
	{                                                     \
		MAP3A(opcode), SIMD_X_X_I, bytes, 0, fn, name \
	}
#define STORE(opcode, bytes, fn, name)                        \
	{                                                     \
		MAP3A(opcode), SIMD_STORE, bytes, 0, fn, name \
	}
#define CORE(opcode, form, name)                                   \
	{                                                          \
		MAP38(opcode), form, 16, SIMD_MEM_ONLY, NULL, name \
	}

static const struct simd_row rows[] = {
	{SIMD_NP, 0x77, SIMD_ANY, SIMD_NONE, 0, 0, NULL, "vzeroupper"},
	LOAD(0x0c, 16, 0, vpermilps, "vpermilps"),
	LOAD(0x0d, 16, 0, vpermilpd, "vpermilpd"),
	FLAGS(0x0e, vtestps),
	FLAGS(0x0f, vtestpd),
	LOAD(0x13, 8, 0, vcvtph2ps, "vcvtph2ps"),
	LOAD(0x16, 32, 0, permute32, "vpermps"),
	LOAD(0x18, 4, 0, broadcast32, "vbroadcastss"),
	LOAD(0x19, 8, 0, broadcast64, "vbroadcastsd"),
	LOAD(0x1a, 16, SIMD_MEM_ONLY, broadcast128, "vbroadcastf128"),
	CORE(0x2c, SIMD_X_X, "vmaskmovps"),
	CORE(0x2d, SIMD_X_X, "vmaskmovpd"),
	CORE(0x2e, SIMD_STORE, "vmaskmovps"),
	CORE(0x2f, SIMD_STORE, "vmaskmovpd"),
	LOAD(0x36, 32, 0, permute32, "vpermd"),
	LOAD(0x45, 16, 0, vpsrlv, "vpsrlv"),
	LOAD(0x46, 16, 0, vpsravd, "vpsravd"),
	LOAD(0x47, 16, 0, vpsllv, "vpsllv"),
	LOAD(0x58, 4, 0, broadcast32, "vpbroadcastd"),
	LOAD(0x59, 8, 0, broadcast64, "vpbroadcastq"),
	LOAD(0x5a, 16, SIMD_MEM_ONLY, broadcast128, "vbroadcasti128"),
	LOAD(0x78, 1, 0, broadcast8, "vpbroadcastb"),
	LOAD(0x79, 2, 0, broadcast16, "vpbroadcastw"),
	CORE(0x8c, SIMD_X_X, "vpmaskmov"),
	CORE(0x8e, SIMD_STORE, "vpmaskmov"),
	CORE(0x90, SIMD_X_X, "vpgatherd"),
	CORE(0x91, SIMD_X_X, "vpgatherq"),
	CORE(0x92, SIMD_X_X, "vgatherd"),
	CORE(0x93, SIMD_X_X, "vgatherq"),
	BY_IMM(0x00, 32, permute64, "vpermq"),
	BY_IMM(0x01, 32, permute64, "vpermpd"),
	BY_IMM(0x02, 16, vpblendd, "vpblendd"),
	BY_IMM(0x04, 16, vpermilps_imm, "vpermilps"),
	BY_IMM(0x05, 16, vpermilpd_imm, "vpermilpd"),
	BY_IMM(0x06, 32, permute128, "vperm2f128"),
	BY_IMM(0x18, 16, insert128, "vinsertf128"),
	STORE(0x19, 16, extract128, "vextractf128"),
	STORE(0x1d, 8, vcvtps2ph, "vcvtps2ph"),
	BY_IMM(0x38, 16, insert128, "vinserti128"),
	STORE(0x39, 16, extract128, "vextracti128"),
	BY_IMM(0x46, 32, permute128, "vperm2i128"),
};

const struct simd_table simd_permutes = SIMD_TABLE(rows);
