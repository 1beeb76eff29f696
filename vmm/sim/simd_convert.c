/*
 * simd_convert.c: conversions between integers, single and double precision,
 * and rounding to integral values; forms with MMX registers are left out.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Floating point to floating point ---- */

/* `lanes` lanes of src; the rest of dst is kept, or cleared if `clear`. */
static bool resize(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		   const struct ieee_format *from, const struct ieee_format *to,
		   unsigned lanes, bool clear)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = clear ? (union xmm){0} : *dst;

	for (unsigned i = 0; i < lanes; i++)
		simd_set_lane(
			&r, to, i,
			ieee_convert(&e, from, to, simd_lane(src, from, i)));
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

static bool cvtps2pd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return resize(ctx, dst, src, &ieee_single, &ieee_double, 2, true);
}

static bool cvtpd2ps(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return resize(ctx, dst, src, &ieee_double, &ieee_single, 2, true);
}

static bool cvtss2sd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return resize(ctx, dst, src, &ieee_single, &ieee_double, 1, false);
}

static bool cvtsd2ss(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return resize(ctx, dst, src, &ieee_double, &ieee_single, 1, false);
}

/* ---- Doublewords ---- */

static bool from_int32(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src, const struct ieee_format *f,
		       unsigned lanes)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = {0};

	for (unsigned i = 0; i < lanes; i++)
		simd_set_lane(&r, f, i, ieee_from_int(&e, f, src->s32[i]));
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

static bool cvtdq2ps(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return from_int32(ctx, dst, src, &ieee_single, 4);
}

static bool cvtdq2pd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return from_int32(ctx, dst, src, &ieee_double, 2);
}

static bool to_int32(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		     const struct ieee_format *f, unsigned lanes,
		     enum ieee_rounding rounding)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = {0};

	for (unsigned i = 0; i < lanes; i++)
		r.u32[i] =
			ieee_to_int(&e, f, simd_lane(src, f, i), 32, rounding);
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

static bool cvtps2dq(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return to_int32(ctx, dst, src, &ieee_single, 4,
			ieee_rounding(ctx->mxcsr));
}

static bool cvttps2dq(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	return to_int32(ctx, dst, src, &ieee_single, 4, IEEE_ZERO);
}

static bool cvtpd2dq(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return to_int32(ctx, dst, src, &ieee_double, 2,
			ieee_rounding(ctx->mxcsr));
}

static bool cvttpd2dq(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	return to_int32(ctx, dst, src, &ieee_double, 2, IEEE_ZERO);
}

/* ---- General registers ---- */

static bool from_general(struct simd_ctx *ctx, union xmm *dst,
			 const union xmm *src, const struct ieee_format *f)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	int64_t i = ctx->general == 8 ? src->s64[0] : src->s32[0];
	uint64_t value = ieee_from_int(&e, f, i);

	if (!simd_commit(ctx, &e))
		return false;
	simd_set_lane(dst, f, 0, value);
	return true;
}

static bool cvtsi2ss(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return from_general(ctx, dst, src, &ieee_single);
}

static bool cvtsi2sd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return from_general(ctx, dst, src, &ieee_double);
}

static bool to_general(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src, const struct ieee_format *f,
		       enum ieee_rounding rounding)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	unsigned bits = ctx->general == 8 ? 64 : 32;
	uint64_t i = ieee_to_int(&e, f, simd_lane(src, f, 0), bits, rounding);

	if (!simd_commit(ctx, &e))
		return false;
	dst->u64[0] = i;
	return true;
}

static bool cvtss2si(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return to_general(ctx, dst, src, &ieee_single,
			  ieee_rounding(ctx->mxcsr));
}

static bool cvttss2si(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	return to_general(ctx, dst, src, &ieee_single, IEEE_ZERO);
}

static bool cvtsd2si(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	return to_general(ctx, dst, src, &ieee_double,
			  ieee_rounding(ctx->mxcsr));
}

static bool cvttsd2si(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	return to_general(ctx, dst, src, &ieee_double, IEEE_ZERO);
}

/* ---- To integral values ---- */

#define ROUND_BY_MXCSR 4u
#define ROUND_QUIETLY  8u

static bool integral(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		     const struct ieee_format *f, unsigned lanes)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	enum ieee_rounding rounding = ctx->imm & ROUND_BY_MXCSR
					      ? ieee_rounding(ctx->mxcsr)
					      : ctx->imm & 3;
	union xmm r = *dst;

	for (unsigned i = 0; i < lanes; i++)
		simd_set_lane(&r, f, i,
			      ieee_round(&e, f, simd_lane(src, f, i), rounding,
					 !(ctx->imm & ROUND_QUIETLY)));
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

#define INTEGRAL(name, format, lanes)                             \
	static bool name(struct simd_ctx *ctx, union xmm *dst,    \
			 const union xmm *src)                    \
	{                                                         \
		return integral(ctx, dst, src, &(format), lanes); \
	}

INTEGRAL(roundps, ieee_single, 4);
INTEGRAL(roundss, ieee_single, 1);
INTEGRAL(roundpd, ieee_double, 2);
INTEGRAL(roundsd, ieee_double, 1);

/* ---- The table ---- */

#define TO_X(prefix, opcode, fn)                                          \
	{                                                                 \
		prefix, opcode, SIMD_ANY, SIMD_X_G, 4, SIMD_REXW, fn, #fn \
	}
#define TO_R(prefix, opcode, bytes, fn)                                       \
	{                                                                     \
		prefix, opcode, SIMD_ANY, SIMD_R_X, bytes, SIMD_REXW, fn, #fn \
	}

static const struct simd_row rows[] = {
	TO_X(SIMD_F3, 0x2a, cvtsi2ss),
	TO_X(SIMD_F2, 0x2a, cvtsi2sd),
	TO_R(SIMD_F3, 0x2c, 4, cvttss2si),
	TO_R(SIMD_F2, 0x2c, 8, cvttsd2si),
	TO_R(SIMD_F3, 0x2d, 4, cvtss2si),
	TO_R(SIMD_F2, 0x2d, 8, cvtsd2si),
	SIMD_PART(SIMD_NP, 0x5a, 8, cvtps2pd, "cvtps2pd"),
	SIMD_FULL(SIMD_66, 0x5a, cvtpd2ps, "cvtpd2ps"),
	SIMD_PART(SIMD_F3, 0x5a, 4, cvtss2sd, "cvtss2sd"),
	SIMD_PART(SIMD_F2, 0x5a, 8, cvtsd2ss, "cvtsd2ss"),
	SIMD_FULL(SIMD_NP, 0x5b, cvtdq2ps, "cvtdq2ps"),
	SIMD_FULL(SIMD_66, 0x5b, cvtps2dq, "cvtps2dq"),
	SIMD_FULL(SIMD_F3, 0x5b, cvttps2dq, "cvttps2dq"),
	SIMD_FULL(SIMD_66, 0xe6, cvttpd2dq, "cvttpd2dq"),
	SIMD_PART(SIMD_F3, 0xe6, 8, cvtdq2pd, "cvtdq2pd"),
	SIMD_FULL(SIMD_F2, 0xe6, cvtpd2dq, "cvtpd2dq"),
	SIMD_FULL_I(SIMD_66, SIMD_0F3A | 0x08, roundps, "roundps"),
	SIMD_FULL_I(SIMD_66, SIMD_0F3A | 0x09, roundpd, "roundpd"),
	SIMD_PART_I(SIMD_66, SIMD_0F3A | 0x0a, 4, roundss, "roundss"),
	SIMD_PART_I(SIMD_66, SIMD_0F3A | 0x0b, 8, roundsd, "roundsd"),
};

const struct simd_table simd_conversions = SIMD_TABLE(rows);
