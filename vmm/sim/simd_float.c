/*
 * simd_float.c: SSE and SSE2 arithmetic and comparisons, packed and scalar.
 *
 * ieee.c computes a lane; here lanes are walked, and what they raise is
 * gathered for the instruction as a whole (SDM 1 11.5.2 and 11.5.3).
 */
#include "vmm/sim/simd_rows.h"

#define BEFORE_COMPUTING (MXCSR_IE | MXCSR_DE | MXCSR_ZE)

bool simd_commit(struct simd_ctx *ctx, const struct ieee *e)
{
	unsigned unmasked = ~(ctx->mxcsr >> MXCSR_MASK_SHIFT);
	unsigned raised = e->raised;

	/* A fault that the operands make leaves no lane computed. */
	if (raised & unmasked & BEFORE_COMPUTING)
		raised &= BEFORE_COMPUTING;
	ctx->mxcsr |= raised;
	return !(raised & unmasked);
}

/* dst = op(dst, src) in the first `lanes` lanes. */
static bool arith(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		  const struct ieee_format *f, unsigned lanes, ieee_binary *op)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = *dst;

	for (unsigned i = 0; i < lanes; i++)
		simd_set_lane(
			&r, f, i,
			op(&e, f, simd_lane(dst, f, i), simd_lane(src, f, i)));
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

/* The square root of src: dst's lane is no operand. */
static uint64_t root(struct ieee *e, const struct ieee_format *f, uint64_t a,
		     uint64_t b)
{
	return ieee_sqrt(e, f, b);
}

#define ARITH(name, format, lanes, op)                             \
	static bool name(struct simd_ctx *ctx, union xmm *dst,     \
			 const union xmm *src)                     \
	{                                                          \
		return arith(ctx, dst, src, &(format), lanes, op); \
	}

#define ARITHS(name, op)                    \
	ARITH(name##ps, ieee_single, 4, op) \
	ARITH(name##ss, ieee_single, 1, op) \
	ARITH(name##pd, ieee_double, 2, op) \
	ARITH(name##sd, ieee_double, 1, op)

ARITHS(add, ieee_add);
ARITHS(sub, ieee_sub);
ARITHS(mul, ieee_mul);
ARITHS(div, ieee_div);
ARITHS(min, ieee_min);
ARITHS(max, ieee_max);
ARITHS(sqrt, root);

/* ---- Comparisons ---- */

#define LESS	   BIT(IEEE_LESS)
#define EQUAL	   BIT(IEEE_EQUAL)
#define GREATER	   BIT(IEEE_GREATER)
#define UNORD	   BIT(IEEE_UNORDERED)
#define BIT(order) (1u << (order))

/* Predicates 0 to 15 of cmp*: for which orders they hold (SDM 2 CMPPD). */
static const uint8_t predicates[16] = {
	EQUAL,
	LESS,
	LESS | EQUAL,
	UNORD,
	LESS | GREATER | UNORD,
	EQUAL | GREATER | UNORD,
	GREATER | UNORD,
	LESS | EQUAL | GREATER,
	EQUAL | UNORD,
	LESS | UNORD,
	LESS | EQUAL | UNORD,
	0,
	LESS | GREATER,
	EQUAL | GREATER,
	GREATER,
	LESS | EQUAL | GREATER | UNORD,
};

/* Those about less or greater signal; 16 to 31 are the other way round. */
static bool signals(unsigned predicate)
{
	unsigned relation = predicate & 3;

	return (relation == 1 || relation == 2) != (predicate >> 4 & 1);
}

static bool compare(struct simd_ctx *ctx, union xmm *dst, const union xmm *src,
		    const struct ieee_format *f, unsigned lanes,
		    unsigned predicate)
{
	struct ieee e = {.mxcsr = ctx->mxcsr};
	union xmm r = *dst;

	for (unsigned i = 0; i < lanes; i++) {
		enum ieee_order order =
			ieee_compare(&e, f, simd_lane(dst, f, i),
				     simd_lane(src, f, i), signals(predicate));
		bool holds = predicates[predicate & 15] & BIT(order);

		simd_set_lane(&r, f, i, holds ? ~0ull : 0);
	}
	if (!simd_commit(ctx, &e))
		return false;
	*dst = r;
	return true;
}

/* The higher bits of the immediate do not matter; VEX has two more. */
#define COMPARE(name, format, lanes)                                           \
	static bool name(struct simd_ctx *ctx, union xmm *dst,                 \
			 const union xmm *src)                                 \
	{                                                                      \
		return compare(ctx, dst, src, &(format), lanes, ctx->imm & 7); \
	}                                                                      \
	static bool v##name(struct simd_ctx *ctx, union xmm *dst,              \
			    const union xmm *src)                              \
	{                                                                      \
		return compare(ctx, dst, src, &(format), lanes,                \
			       ctx->imm & 31);                                 \
	}

COMPARE(cmpps, ieee_single, 4)
COMPARE(cmpss, ieee_single, 1)
COMPARE(cmppd, ieee_double, 2)
COMPARE(cmpsd, ieee_double, 1)

#define CF (1u << 0)
#define PF (1u << 2)
#define ZF (1u << 6)

static bool compare_flags(struct simd_ctx *ctx, const union xmm *dst,
			  const union xmm *src, const struct ieee_format *f,
			  bool signaling)
{
	static const uint8_t flags[] = {
		[IEEE_LESS] = CF,
		[IEEE_EQUAL] = ZF,
		[IEEE_GREATER] = 0,
		[IEEE_UNORDERED] = ZF | PF | CF,
	};
	struct ieee e = {.mxcsr = ctx->mxcsr};
	enum ieee_order order = ieee_compare(&e, f, simd_lane(dst, f, 0),
					     simd_lane(src, f, 0), signaling);

	if (!simd_commit(ctx, &e))
		return false;
	ctx->flags = flags[order];
	return true;
}

#define COMPARE_FLAGS(name, format, signaling)                             \
	static bool name(struct simd_ctx *ctx, union xmm *dst,             \
			 const union xmm *src)                             \
	{                                                                  \
		return compare_flags(ctx, dst, src, &(format), signaling); \
	}

COMPARE_FLAGS(comiss, ieee_single, true);
COMPARE_FLAGS(comisd, ieee_double, true);
COMPARE_FLAGS(ucomiss, ieee_single, false);
COMPARE_FLAGS(ucomisd, ieee_double, false);

/* ---- Approximations ---- */

#define APPROX(name, lanes, op)                                \
	static bool name(struct simd_ctx *ctx, union xmm *dst, \
			 const union xmm *src)                 \
	{                                                      \
		for (unsigned i = 0; i < (lanes); i++)         \
			dst->u32[i] = op(src->u32[i]);         \
		return true;                                   \
	}

APPROX(rcpps, 4, ieee_rcp);
APPROX(rcpss, 1, ieee_rcp);
APPROX(rsqrtps, 4, ieee_rsqrt);
APPROX(rsqrtss, 1, ieee_rsqrt);

/* ---- The table ---- */

#define FOUR(opcode, name)                                           \
	SIMD_FULL(SIMD_NP, opcode, name##ps, #name "ps"),            \
		SIMD_FULL(SIMD_66, opcode, name##pd, #name "pd"),    \
		SIMD_PART(SIMD_F3, opcode, 4, name##ss, #name "ss"), \
		SIMD_PART(SIMD_F2, opcode, 8, name##sd, #name "sd")
#define SINGLE(opcode, name)                              \
	SIMD_FULL(SIMD_NP, opcode, name##ps, #name "ps"), \
		SIMD_PART(SIMD_F3, opcode, 4, name##ss, #name "ss")
#define FLAGS(prefix, opcode, bytes, fn)                                \
	{                                                               \
		prefix, opcode, SIMD_ANY, SIMD_FLAGS, bytes, 0, fn, #fn \
	}

static const struct simd_row rows[] = {
	FLAGS(SIMD_NP, 0x2e, 4, ucomiss),
	FLAGS(SIMD_66, 0x2e, 8, ucomisd),
	FLAGS(SIMD_NP, 0x2f, 4, comiss),
	FLAGS(SIMD_66, 0x2f, 8, comisd),
	FOUR(0x51, sqrt),
	SINGLE(0x52, rsqrt),
	SINGLE(0x53, rcp),
	FOUR(0x58, add),
	FOUR(0x59, mul),
	FOUR(0x5c, sub),
	FOUR(0x5d, min),
	FOUR(0x5e, div),
	FOUR(0x5f, max),
	SIMD_FULL_I(SIMD_NP, 0xc2, cmpps, "cmpps"),
	SIMD_FULL_I(SIMD_66, 0xc2, cmppd, "cmppd"),
	SIMD_PART_I(SIMD_F3, 0xc2, 4, cmpss, "cmpss"),
	SIMD_PART_I(SIMD_F2, 0xc2, 8, cmpsd, "cmpsd"),
};

const struct simd_table simd_floats = SIMD_TABLE(rows);

static const struct simd_row vex_rows[] = {
	SIMD_PART_I(SIMD_NP, 0xc2, 16, vcmpps, "vcmpps"),
	SIMD_PART_I(SIMD_66, 0xc2, 16, vcmppd, "vcmppd"),
	SIMD_PART_I(SIMD_F3, 0xc2, 4, vcmpss, "vcmpss"),
	SIMD_PART_I(SIMD_F2, 0xc2, 8, vcmpsd, "vcmpsd"),
};

const struct simd_table simd_vex_floats = SIMD_TABLE(vex_rows);
