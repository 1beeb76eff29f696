/*
 * simd_packed.c: SSSE3 to SSE4.2 integer arithmetic and comparisons on XMM
 * registers. None of them raises a SIMD exception or reads MXCSR.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Lane by lane ---- */

LANES(pabsb, s8, b < 0 ? -b : b);
LANES(pabsw, s16, b < 0 ? -b : b);
LANES(pabsd, s32, b < 0 ? -(int64_t)b : b);
LANES(psignb, s8, b < 0 ? -a : b ? a : 0);
LANES(psignw, s16, b < 0 ? -a : b ? a : 0);
LANES(psignd, s32, b < 0 ? -(int64_t)a : b ? a : 0);

LANES(pmulhrsw, s16, ((a * b >> 14) + 1) >> 1);
LANES(pmuldq, s64, (int64_t)(int32_t)a *(int32_t)b);
LANES(pmulld, u32, a *b);

LANES(pminsb, s8, a < b ? a : b);
LANES(pmaxsb, s8, a > b ? a : b);
LANES(pminuw, u16, a < b ? a : b);
LANES(pmaxuw, u16, a > b ? a : b);
LANES(pminsd, s32, a < b ? a : b);
LANES(pmaxsd, s32, a > b ? a : b);
LANES(pminud, u32, a < b ? a : b);
LANES(pmaxud, u32, a > b ? a : b);

LANES(pcmpeqq, s64, -(a == b));
LANES(pcmpgtq, s64, -(a > b));

PACK(packusdw, s32, u16, sat_u16);

/* ---- Across lanes ---- */

/* Neighbours a and b of dst, then those of src. */
#define NEIGHBOURS(name, lane, expr)                                \
	static bool name(struct simd_ctx *ctx, union xmm *dst,      \
			 const union xmm *src)                      \
	{                                                           \
		union xmm from[2] = {*dst, *src};                   \
		unsigned half = COUNT(dst->lane) / 2;               \
                                                                    \
		for (unsigned i = 0; i < 2 * half; i++) {           \
			const union xmm *x = &from[i / half];       \
			unsigned at = 2 * (i % half);               \
			__typeof__(x->lane[0]) a = x->lane[at],     \
					       b = x->lane[at + 1]; \
                                                                    \
			dst->lane[i] = (expr);                      \
		}                                                   \
		return true;                                        \
	}

NEIGHBOURS(phaddw, u16, a + b);
NEIGHBOURS(phaddd, u32, a + b);
NEIGHBOURS(phaddsw, s16, sat_s16(a + b));
NEIGHBOURS(phsubw, u16, a - b);
NEIGHBOURS(phsubd, u32, a - b);
NEIGHBOURS(phsubsw, s16, sat_s16(a - b));

/* Bytes of dst are unsigned, those of src signed. */
static bool pmaddubsw(struct simd_ctx *ctx, union xmm *dst,
		      const union xmm *src)
{
	union xmm d = *dst, s = *src;

	for (unsigned i = 0; i < 8; i++)
		dst->s16[i] = sat_s16(d.u8[2 * i] * s.s8[2 * i] +
				      d.u8[2 * i + 1] * s.s8[2 * i + 1]);
	return true;
}

/* The smallest word and, above it, which one it is. */
static bool phminposuw(struct simd_ctx *ctx, union xmm *dst,
		       const union xmm *src)
{
	unsigned at = 0;

	for (unsigned i = 1; i < 8; i++)
		if (src->u16[i] < src->u16[at])
			at = i;
	*dst = (union xmm){.u16 = {src->u16[at], at}};
	return true;
}

/* Four bytes of src, picked by imm8, against eight places in dst. */
static bool mpsadbw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	unsigned first = (ctx->imm & 4) ? 4 : 0, block = 4 * (ctx->imm & 3);
	union xmm d = *dst, s = *src;

	for (unsigned i = 0; i < 8; i++) {
		unsigned sum = 0;

		for (unsigned j = 0; j < 4; j++) {
			int diff = d.u8[first + i + j] - s.u8[block + j];

			sum += diff < 0 ? -diff : diff;
		}
		dst->u16[i] = sum;
	}
	return true;
}

#define FLAG_CF 0x01u
#define FLAG_ZF 0x40u

static bool ptest(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	uint64_t common = 0, missing = 0;

	for (unsigned i = 0; i < 2; i++) {
		common |= dst->u64[i] & src->u64[i];
		missing |= ~dst->u64[i] & src->u64[i];
	}
	ctx->flags = (common ? 0 : FLAG_ZF) | (missing ? 0 : FLAG_CF);
	return true;
}

/* ---- The table ---- */

#define INT(opcode, fn) SIMD_FULL(SIMD_66, SIMD_0F38 | (opcode), fn, #fn)

static const struct simd_row rows[] = {
	INT(0x01, phaddw),
	INT(0x02, phaddd),
	INT(0x03, phaddsw),
	INT(0x04, pmaddubsw),
	INT(0x05, phsubw),
	INT(0x06, phsubd),
	INT(0x07, phsubsw),
	INT(0x08, psignb),
	INT(0x09, psignw),
	INT(0x0a, psignd),
	INT(0x0b, pmulhrsw),
	{SIMD_66, SIMD_0F38 | 0x17, SIMD_ANY, SIMD_FLAGS, 16, SIMD_ALIGNED,
	 ptest, "ptest"},
	INT(0x1c, pabsb),
	INT(0x1d, pabsw),
	INT(0x1e, pabsd),
	INT(0x28, pmuldq),
	INT(0x29, pcmpeqq),
	INT(0x2b, packusdw),
	INT(0x37, pcmpgtq),
	INT(0x38, pminsb),
	INT(0x39, pminsd),
	INT(0x3a, pminuw),
	INT(0x3b, pminud),
	INT(0x3c, pmaxsb),
	INT(0x3d, pmaxsd),
	INT(0x3e, pmaxuw),
	INT(0x3f, pmaxud),
	INT(0x40, pmulld),
	INT(0x41, phminposuw),
	SIMD_FULL_I(SIMD_66, SIMD_0F3A | 0x42, mpsadbw, "mpsadbw"),
};

const struct simd_table simd_packed = SIMD_TABLE(rows);
