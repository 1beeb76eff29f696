/*
 * simd_horizontal.c: SSE3 and SSE4.1 floating point across lanes: sums and
 * differences of neighbours, alternating ones, and dot products.
 */
#include "vmm/sim/simd_rows.h"

/* ---- addsub, hadd, hsub ---- */

static bool add_sub(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		    const struct ieee_format *f, unsigned lanes)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r;

	for (unsigned i = 0; i < lanes; i++) {
		ieee_binary *op = i & 1 ? ieee_add : ieee_sub;

		simd_set_lane(
			&r, f, i,
			op(&e, f, simd_lane(dst, f, i), simd_lane(src, f, i)));
	}
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

/* op on neighbours of dst, then on those of src. */
static bool neighbours(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src, const struct ieee_format *f,
		       unsigned lanes, ieee_binary *op)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	const union xmm *from[2] = {dst, src};
	union xmm r;

	for (unsigned i = 0; i < lanes; i++) {
		const union xmm *x = from[2 * i / lanes];
		unsigned at = 2 * i % lanes;

		simd_set_lane(&r, f, i,
			      op(&e, f, simd_lane(x, f, at),
				 simd_lane(x, f, at + 1)));
	}
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

#define FUNCTION(name, call)                                   \
	static bool name(struct simd_ctx *ctx, union xmm *dst, \
			 const union xmm *src)                 \
	{                                                      \
		return call;                                   \
	}

FUNCTION(addsubps, add_sub(ctx, dst, src, &ieee_single, 4));
FUNCTION(addsubpd, add_sub(ctx, dst, src, &ieee_double, 2));
FUNCTION(haddps, neighbours(ctx, dst, src, &ieee_single, 4, ieee_add));
FUNCTION(haddpd, neighbours(ctx, dst, src, &ieee_double, 2, ieee_add));
FUNCTION(hsubps, neighbours(ctx, dst, src, &ieee_single, 4, ieee_sub));
FUNCTION(hsubpd, neighbours(ctx, dst, src, &ieee_double, 2, ieee_sub));

/* ---- Dot products ---- */

/*
 * The products that imm8's high half picks, else 0; their sum, the pairs
 * first; to the lanes that the low half picks. Each step raises on its own:
 * what is unmasked in one keeps the later ones from being done.
 */
static void multiply(struct simd_ctx *ctx, struct ieee *e, union xmm *r,
		     const union xmm *dst, const union xmm *src,
		     const struct ieee_format *f, unsigned lanes)
{
	for (unsigned i = 0; i < lanes; i++)
		if (ctx->imm >> (4 + i) & 1)
			simd_set_lane(r, f, i,
				      ieee_mul(e, f, simd_lane(dst, f, i),
					       simd_lane(src, f, i)));
}

static void add_up(struct ieee *e, union xmm *r, const struct ieee_format *f,
		   unsigned lanes, unsigned step)
{
	for (unsigned i = 0; i < lanes; i += 2 * step)
		simd_set_lane(r, f, i,
			      ieee_add(e, f, simd_lane(r, f, i),
				       simd_lane(r, f, i + step)));
}

/* In one or two halves, which take each step together. */
static bool dot(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		const struct ieee_format *f, unsigned lanes, unsigned halves)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r[2] = {{{0}}};

	for (unsigned h = 0; h < halves; h++)
		multiply(ctx, &e, &r[h], &dst[h], &src[h], f, lanes);
	if (!simd_commit(ctx, &e))
		return false;
	for (unsigned step = 1; step < lanes; step *= 2) {
		e.raised = 0;
		for (unsigned h = 0; h < halves; h++)
			add_up(&e, &r[h], f, lanes, step);
		if (!simd_commit(ctx, &e))
			return false;
	}
	for (unsigned i = lanes * halves; i--;)
		simd_set_lane(&dst[i / lanes], f, i % lanes,
			      ctx->imm >> i % lanes & 1
				      ? simd_lane(&r[i / lanes], f, 0)
				      : 0);
	return true;
}

FUNCTION(dpps, dot(ctx, dst, src, &ieee_single, 4, 1));
FUNCTION(dppd, dot(ctx, dst, src, &ieee_double, 2, 1));
FUNCTION(vdpps, dot(ctx, dst, src, &ieee_single, 4, ctx->halves));

/* ---- The table ---- */

static const struct simd_row rows[] = {
	SIMD_FULL(SIMD_66, 0x7c, haddpd, "haddpd"),
	SIMD_FULL(SIMD_F2, 0x7c, haddps, "haddps"),
	SIMD_FULL(SIMD_66, 0x7d, hsubpd, "hsubpd"),
	SIMD_FULL(SIMD_F2, 0x7d, hsubps, "hsubps"),
	SIMD_FULL(SIMD_66, 0xd0, addsubpd, "addsubpd"),
	SIMD_FULL(SIMD_F2, 0xd0, addsubps, "addsubps"),
	SIMD_FULL_I(SIMD_66, SIMD_0F3A | 0x40, dpps, "dpps"),
	SIMD_FULL_I(SIMD_66, SIMD_0F3A | 0x41, dppd, "dppd"),
};

const struct simd_table simd_horizontals = SIMD_TABLE(rows);

static const struct simd_row vex_rows[] = {
	SIMD_PART_I(SIMD_66, SIMD_0F3A | 0x40, 16, vdpps, "vdpps"),
};

const struct simd_table simd_vex_dots = SIMD_TABLE(vex_rows);
