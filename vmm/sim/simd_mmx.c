/*
 * simd_mmx.c: MMX registers as operands. Most of MMX is an SSE2 row without
 * its prefix, on values whose upper half does not matter; what is not is in
 * the table here. MOVQ and its like are in the same place in both.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Moves and shuffles ---- */

static bool copy(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	*dst = *src;
	return true;
}

/* The upper half of dst and of src, one lane of each in turn. */
#define UNPACK_HIGH(name, lane)                                            \
	static bool name(struct simd_ctx *ctx, union xmm *dst,             \
			 const union xmm *src)                             \
	{                                                                  \
		const union xmm d = *dst, s = *src;                        \
		unsigned half = COUNT(d.lane) / 4;                         \
                                                                           \
		for (unsigned i = 0; i < 2 * half; i++)                    \
			dst->lane[i] = (i & 1 ? s : d).lane[half + i / 2]; \
		return true;                                               \
	}

UNPACK_HIGH(punpckhbw, u8);
UNPACK_HIGH(punpckhwd, u16);
UNPACK_HIGH(punpckhdq, u32);

static bool pshufw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	const union xmm s = *src;

	for (unsigned i = 0; i < 4; i++)
		dst->u16[i] = s.u16[ctx->imm >> 2 * i & 3];
	return true;
}

static bool pshufb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	const union xmm d = *dst, s = *src;

	for (unsigned i = 0; i < 8; i++)
		dst->u8[i] = s.u8[i] & 0x80 ? 0 : d.u8[s.u8[i] & 7];
	return true;
}

/* 8 bytes of dst:src, from byte imm8 on. */
static bool palignr(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	const union xmm from = {.u64 = {src->u64[0], dst->u64[0]}};

	for (unsigned i = 0; i < 8; i++) {
		unsigned at = ctx->imm + i;

		dst->u8[i] = at < 16 ? from.u8[at] : 0;
	}
	return true;
}

static bool pinsrw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u16[ctx->imm & 3] = src->u16[0];
	return true;
}

static bool pextrw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	dst->u64[0] = src->u16[ctx->imm & 3];
	return true;
}

static bool pmovmskb(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < 8; i++)
		mask |= (unsigned)(src->u8[i] >> 7) << i;
	dst->u64[0] = mask;
	return true;
}

/* ---- Conversions of two numbers ---- */

static bool from_int32(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src, const struct ieee_format *f)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = *dst;

	for (unsigned i = 0; i < 2; i++)
		simd_set_lane(&r, f, i, ieee_from_int(&e, f, src->s32[i]));
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

static bool to_int32(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		     const struct ieee_format *f, enum ieee_rounding rounding)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = {0};

	for (unsigned i = 0; i < 2; i++)
		r.u32[i] =
			ieee_to_int(&e, f, simd_lane(src, f, i), 32, rounding);
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

#define CONVERT(name, call)                                    \
	static bool name(struct simd_ctx *ctx, union xmm *dst, \
			 const union xmm *src)                 \
	{                                                      \
		return call;                                   \
	}

CONVERT(cvtpi2ps, from_int32(ctx, dst, src, &ieee_single));
CONVERT(cvtpi2pd, from_int32(ctx, dst, src, &ieee_double));
CONVERT(cvttps2pi, to_int32(ctx, dst, src, &ieee_single, IEEE_ZERO));
CONVERT(cvttpd2pi, to_int32(ctx, dst, src, &ieee_double, IEEE_ZERO));
CONVERT(cvtps2pi,
	to_int32(ctx, dst, src, &ieee_single, ieee_rounding(ctx->mxcsr)));
CONVERT(cvtpd2pi,
	to_int32(ctx, dst, src, &ieee_double, ieee_rounding(ctx->mxcsr)));

/* ---- The table ---- */

#define ROW(prefix, opcode, form, bytes, props, fn, name)              \
	{                                                              \
		prefix, opcode, SIMD_ANY, form, bytes, props, fn, name \
	}
#define MMX(opcode, form, props, fn, name) \
	ROW(SIMD_NP, opcode, form, 8, props, fn, name)

static const struct simd_row rows[] = {
	ROW(SIMD_NP, 0x2a, MMX_X_M, 8, 0, cvtpi2ps, "cvtpi2ps"),
	ROW(SIMD_66, 0x2a, MMX_X_M, 8, 0, cvtpi2pd, "cvtpi2pd"),
	ROW(SIMD_NP, 0x2c, MMX_M_X, 8, 0, cvttps2pi, "cvttps2pi"),
	ROW(SIMD_66, 0x2c, MMX_M_X, 16, SIMD_ALIGNED, cvttpd2pi, "cvttpd2pi"),
	ROW(SIMD_NP, 0x2d, MMX_M_X, 8, 0, cvtps2pi, "cvtps2pi"),
	ROW(SIMD_66, 0x2d, MMX_M_X, 16, SIMD_ALIGNED, cvtpd2pi, "cvtpd2pi"),
	MMX(0x68, MMX_M_M, 0, punpckhbw, "punpckhbw"),
	MMX(0x69, MMX_M_M, 0, punpckhwd, "punpckhwd"),
	MMX(0x6a, MMX_M_M, 0, punpckhdq, "punpckhdq"),
	ROW(SIMD_NP, 0x6e, MMX_M_G, 4, SIMD_REXW, copy, "movd"),
	MMX(0x6f, MMX_M_M, 0, copy, "movq"),
	MMX(0x70, MMX_M_M, 0, pshufw, "pshufw"),
	MMX(0x77, MMX_EMMS, 0, copy, "emms"),
	ROW(SIMD_NP, 0x7e, MMX_G_M, 4, SIMD_REXW, copy, "movd"),
	MMX(0x7f, MMX_STORE, 0, copy, "movq"),
	ROW(SIMD_NP, 0xc4, MMX_M_G, 2, 0, pinsrw, "pinsrw"),
	MMX(0xc5, MMX_R_M, SIMD_REG_ONLY, pextrw, "pextrw"),
	ROW(SIMD_F3, 0xd6, MMX_X_M, 8, SIMD_REG_ONLY, copy, "movq2dq"),
	ROW(SIMD_F2, 0xd6, MMX_M_X, 8, SIMD_REG_ONLY, copy, "movdq2q"),
	MMX(0xd7, MMX_R_M, SIMD_REG_ONLY, pmovmskb, "pmovmskb"),
	MMX(0xe7, MMX_STORE, SIMD_MEM_ONLY, copy, "movntq"),
	MMX(0xf7, MMX_MASKMOV, SIMD_REG_ONLY, pmovmskb, "maskmovq"),
	MMX(SIMD_0F38 | 0x00, MMX_M_M, 0, pshufb, "pshufb"),
	MMX(SIMD_0F3A | 0x0f, MMX_M_M, 0, palignr, "palignr"),
};

const struct simd_table simd_mmx = SIMD_TABLE(rows);

/* ---- SSE2's rows on MMX registers ---- */

/* Are both forms of this opcode the same function, the width apart? */
static bool shared(uint16_t opcode, uint8_t modrm)
{
	switch (opcode) {
	case 0x60 ... 0x67:
	case 0x6b:
	case 0x71 ... 0x72:
	case 0x74 ... 0x76:
	case 0xd1 ... 0xd5:
	case 0xd8 ... 0xe5:
	case 0xe8 ... 0xef:
	case 0xf1 ... 0xf6:
	case 0xf8 ... 0xfe:
	case SIMD_0F38 | 0x01 ... SIMD_0F38 | 0x0b:
	case SIMD_0F38 | 0x1c ... SIMD_0F38 | 0x1e:
		return true;
	case 0x73: /* shifts of the whole register are SSE2's */
		return (modrm >> 3 & 3) == 2;
	}
	return false;
}

/* Packs and sums of neighbours: what src gives comes after all of dst. */
static bool joined(uint16_t opcode)
{
	switch (opcode) {
	case 0x63:
	case 0x67:
	case 0x6b:
	case SIMD_0F38 | 0x01 ... SIMD_0F38 | 0x03:
	case SIMD_0F38 | 0x05 ... SIMD_0F38 | 0x07:
		return true;
	}
	return false;
}

const struct simd_row *mmx_find(enum simd_prefix prefix, uint16_t opcode,
				uint8_t modrm, struct mmx_op *op)
{
	const struct simd_row *row =
		simd_find_in(&simd_mmx, prefix, opcode, modrm);

	if (!row && prefix == SIMD_NP && shared(opcode, modrm)) {
		row = simd_find(SIMD_66, opcode, modrm);
		if (!row)
			return NULL;
		op->form = row->form == SIMD_U_I ? MMX_U_I : MMX_M_M;
		op->bytes = opcode >= 0x60 && opcode <= 0x62 ? 4 : 8;
		op->joined = joined(opcode);
	} else if (row) {
		*op = (struct mmx_op){.form = row->form, .bytes = row->bytes};
	}
	return row;
}
