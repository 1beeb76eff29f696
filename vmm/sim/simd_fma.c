/*
 * simd_fma.c: FMA. dst is vvvv's register, src is rm, and ctx.xmm0 is reg,
 * the instruction's first operand, whose upper lanes a scalar form keeps.
 */
#include "vmm/sim/simd_rows.h"

enum order { ORDER_132, ORDER_213, ORDER_231 };

/* Alternating forms turn c's sign in the even or in the odd lanes. */
#define ADD_SUB 4u
#define SUB_ADD 8u

static unsigned how_of_lane(unsigned how, unsigned i)
{
	if (how & ADD_SUB)
		return i & 1 ? 0 : IEEE_SUB;
	if (how & SUB_ADD)
		return i & 1 ? IEEE_SUB : 0;
	return how;
}

static uint64_t lane(struct ieee *e, const struct ieee_format *f,
		     enum order order, unsigned how, const uint64_t operand[3])
{
	/* Which operands are multiplied, and which is added. */
	static const uint8_t pick[][3] = {
		[ORDER_132] = {0, 2, 1},
		[ORDER_213] = {1, 0, 2},
		[ORDER_231] = {1, 2, 0},
	};
	const uint8_t *p = pick[order];

	return ieee_fma(e, f, operand[p[0]], operand[p[1]], operand[p[2]], how);
}

static bool multiply_add(struct simd_ctx *ctx, union xmm *dst,
			 const union xmm *src, enum order order, unsigned how,
			 bool scalar)
{
	const struct ieee_format *f =
		ctx->general == 8 ? &ieee_double : &ieee_single;
	unsigned lanes = scalar ? 1 : 128 / f->bits;
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = ctx->xmm0;

	for (unsigned i = 0; i < lanes; i++) {
		const uint64_t operand[3] = {simd_lane(&ctx->xmm0, f, i),
					     simd_lane(dst, f, i),
					     simd_lane(src, f, i)};

		simd_set_lane(&r, f, i,
			      lane(&e, f, order, how_of_lane(how, i), operand));
	}
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

#define FMA(name, order, how, scalar)                                   \
	static bool name(struct simd_ctx *ctx, union xmm *dst,          \
			 const union xmm *src)                          \
	{                                                               \
		return multiply_add(ctx, dst, src, order, how, scalar); \
	}

#define KINDS(order)                                                     \
	FMA(fmaddsub##order, ORDER_##order, ADD_SUB, false)              \
	FMA(fmsubadd##order, ORDER_##order, SUB_ADD, false)              \
	FMA(fmadd##order, ORDER_##order, 0, false)                       \
	FMA(fmadd##order##s, ORDER_##order, 0, true)                     \
	FMA(fmsub##order, ORDER_##order, IEEE_SUB, false)                \
	FMA(fmsub##order##s, ORDER_##order, IEEE_SUB, true)              \
	FMA(fnmadd##order, ORDER_##order, IEEE_NEGATE, false)            \
	FMA(fnmadd##order##s, ORDER_##order, IEEE_NEGATE, true)          \
	FMA(fnmsub##order, ORDER_##order, IEEE_NEGATE | IEEE_SUB, false) \
	FMA(fnmsub##order##s, ORDER_##order, IEEE_NEGATE | IEEE_SUB, true)

KINDS(132)
KINDS(213)
KINDS(231)

/* ---- The table: W picks the format ---- */

#define ROW(opcode, fn)                                                       \
	{                                                                     \
		SIMD_66, SIMD_0F38 | (opcode), SIMD_ANY, SIMD_X_X, 16, 0, fn, \
			"v" #fn                                               \
	}
#define ROWS(from, order)                            \
	ROW((from) + 0x6, fmaddsub##order),          \
		ROW((from) + 0x7, fmsubadd##order),  \
		ROW((from) + 0x8, fmadd##order),     \
		ROW((from) + 0x9, fmadd##order##s),  \
		ROW((from) + 0xa, fmsub##order),     \
		ROW((from) + 0xb, fmsub##order##s),  \
		ROW((from) + 0xc, fnmadd##order),    \
		ROW((from) + 0xd, fnmadd##order##s), \
		ROW((from) + 0xe, fnmsub##order),    \
		ROW((from) + 0xf, fnmsub##order##s)

static const struct simd_row rows[] = {
	ROWS(0x90, 132),
	ROWS(0xa0, 213),
	ROWS(0xb0, 231),
};

const struct simd_table simd_fmas = SIMD_TABLE(rows);
