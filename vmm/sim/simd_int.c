/*
 * simd_int.c: SSE2 integer arithmetic, comparisons, packs and shifts on XMM
 * registers. None of them raises a SIMD exception or reads MXCSR.
 */
#include "vmm/sim/simd_rows.h"

/* ---- Lane by lane ---- */

LANES(paddb, u8, a + b);
LANES(paddw, u16, a + b);
LANES(paddd, u32, a + b);
LANES(paddq, u64, a + b);
LANES(psubb, u8, a - b);
LANES(psubw, u16, a - b);
LANES(psubd, u32, a - b);
LANES(psubq, u64, a - b);

LANES(paddsb, s8, sat_s8(a + b));
LANES(paddsw, s16, sat_s16(a + b));
LANES(paddusb, u8, sat_u8(a + b));
LANES(paddusw, u16, sat_u16(a + b));
LANES(psubsb, s8, sat_s8(a - b));
LANES(psubsw, s16, sat_s16(a - b));
LANES(psubusb, u8, sat_u8(a - b));
LANES(psubusw, u16, sat_u16(a - b));

LANES(pmullw, u16, 1u * a * b);
LANES(pmulhuw, u16, 1u * a * b >> 16);
LANES(pmulhw, s16, (a * b) >> 16);
LANES(pmuludq, u64, (a & UINT32_MAX) * (b & UINT32_MAX));

LANES(pavgb, u8, (a + b + 1) >> 1);
LANES(pavgw, u16, (a + b + 1) >> 1);
LANES(pminub, u8, a < b ? a : b);
LANES(pmaxub, u8, a > b ? a : b);
LANES(pminsw, s16, a < b ? a : b);
LANES(pmaxsw, s16, a > b ? a : b);

LANES(pcmpeqb, s8, -(a == b));
LANES(pcmpeqw, s16, -(a == b));
LANES(pcmpeqd, s32, -(a == b));
LANES(pcmpgtb, s8, -(a > b));
LANES(pcmpgtw, s16, -(a > b));
LANES(pcmpgtd, s32, -(a > b));

/* ---- Across lanes ---- */

/* The sum of four products of -8000h would not fit: it wraps, to 80000000h. */
static bool pmaddwd(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	for (unsigned i = 0; i < 4; i++) {
		int32_t low = dst->s16[2 * i] * src->s16[2 * i];
		int32_t high = dst->s16[2 * i + 1] * src->s16[2 * i + 1];

		dst->u32[i] = (uint32_t)low + (uint32_t)high;
	}
	return true;
}

static bool psadbw(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	for (unsigned half = 0; half < 2; half++) {
		unsigned sum = 0;

		for (unsigned i = 8 * half; i < 8 * half + 8; i++) {
			int d = dst->u8[i] - src->u8[i];

			sum += d < 0 ? -d : d;
		}
		dst->u64[half] = sum;
	}
	return true;
}

PACK(packsswb, s16, s8, sat_s8);
PACK(packuswb, s16, u8, sat_u8);
PACK(packssdw, s32, s16, sat_s16);

/* ---- Shifts: the count is 64 bits wide and not taken modulo ---- */

#define SHIFT(name, lane, bits, expr, beyond)                          \
	static void name##_by(union xmm *dst, uint64_t count)          \
	{                                                              \
		unsigned n = count < (bits) ? count : (bits);          \
                                                                       \
		for (unsigned i = 0; i < COUNT(dst->lane); i++) {      \
			__typeof__(dst->lane[0]) a = dst->lane[i];     \
                                                                       \
			dst->lane[i] = n < (bits) ? (expr) : (beyond); \
		}                                                      \
	}                                                              \
	static bool name(struct simd_ctx *ctx, union xmm *dst,         \
			 const union xmm *src)                         \
	{                                                              \
		name##_by(dst, src->u64[0]);                           \
		return true;                                           \
	}                                                              \
	static bool name##_imm(struct simd_ctx *ctx, union xmm *dst,   \
			       const union xmm *src)                   \
	{                                                              \
		name##_by(dst, ctx->imm);                              \
		return true;                                           \
	}

SHIFT(psllw, u16, 16, a << n, 0);
SHIFT(pslld, u32, 32, a << n, 0);
SHIFT(psllq, u64, 64, a << n, 0);
SHIFT(psrlw, u16, 16, a >> n, 0);
SHIFT(psrld, u32, 32, a >> n, 0);
SHIFT(psrlq, u64, 64, a >> n, 0);
SHIFT(psraw, s16, 16, a >> n, a < 0 ? -1 : 0);
SHIFT(psrad, s32, 32, a >> n, a < 0 ? -1 : 0);

static bool psrldq(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm d = *dst;

	for (unsigned i = 0; i < 16; i++)
		dst->u8[i] = i + ctx->imm < 16 ? d.u8[i + ctx->imm] : 0;
	return true;
}

static bool pslldq(struct simd_ctx *ctx, union xmm *dst, const union xmm *src)
{
	union xmm d = *dst;

	for (unsigned i = 0; i < 16; i++)
		dst->u8[i] = i >= ctx->imm ? d.u8[i - ctx->imm] : 0;
	return true;
}

/* ---- The table ---- */

#define INT(opcode, fn) SIMD_FULL(SIMD_66, opcode, fn, #fn)
#define IMM(opcode, reg, fn, name)                                          \
	{                                                                   \
		SIMD_66, opcode, reg, SIMD_U_I, 16, SIMD_REG_ONLY, fn, name \
	}

static const struct simd_row rows[] = {
	INT(0x63, packsswb),
	INT(0x64, pcmpgtb),
	INT(0x65, pcmpgtw),
	INT(0x66, pcmpgtd),
	INT(0x67, packuswb),
	INT(0x6b, packssdw),
	IMM(0x71, 2, psrlw_imm, "psrlw"),
	IMM(0x71, 4, psraw_imm, "psraw"),
	IMM(0x71, 6, psllw_imm, "psllw"),
	IMM(0x72, 2, psrld_imm, "psrld"),
	IMM(0x72, 4, psrad_imm, "psrad"),
	IMM(0x72, 6, pslld_imm, "pslld"),
	IMM(0x73, 2, psrlq_imm, "psrlq"),
	IMM(0x73, 3, psrldq, "psrldq"),
	IMM(0x73, 6, psllq_imm, "psllq"),
	IMM(0x73, 7, pslldq, "pslldq"),
	INT(0x74, pcmpeqb),
	INT(0x75, pcmpeqw),
	INT(0x76, pcmpeqd),
	INT(0xd1, psrlw),
	INT(0xd2, psrld),
	INT(0xd3, psrlq),
	INT(0xd4, paddq),
	INT(0xd5, pmullw),
	INT(0xd8, psubusb),
	INT(0xd9, psubusw),
	INT(0xda, pminub),
	INT(0xdc, paddusb),
	INT(0xdd, paddusw),
	INT(0xde, pmaxub),
	INT(0xe0, pavgb),
	INT(0xe1, psraw),
	INT(0xe2, psrad),
	INT(0xe3, pavgw),
	INT(0xe4, pmulhuw),
	INT(0xe5, pmulhw),
	INT(0xe8, psubsb),
	INT(0xe9, psubsw),
	INT(0xea, pminsw),
	INT(0xec, paddsb),
	INT(0xed, paddsw),
	INT(0xee, pmaxsw),
	INT(0xf1, psllw),
	INT(0xf2, pslld),
	INT(0xf3, psllq),
	INT(0xf4, pmuludq),
	INT(0xf5, pmaddwd),
	INT(0xf6, psadbw),
	INT(0xf8, psubb),
	INT(0xf9, psubw),
	INT(0xfa, psubd),
	INT(0xfb, psubq),
	INT(0xfc, paddb),
	INT(0xfd, paddw),
	INT(0xfe, paddd),
};

const struct simd_table simd_integers = SIMD_TABLE(rows);
