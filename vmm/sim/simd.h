/*
 * simd.h: MMX-less SSE and SSE2, and the x87 control instructions, as a table
 * of pure functions.
 *
 * The decoder finds a row by prefix, opcode map and opcode byte; the core
 * fetches the source operand (from a register or from memory, with all its
 * checks) and calls the row's function on values. No function here touches
 * memory, RIP or RFLAGS but through its arguments, so that a fault leaves
 * nothing half done: functions that raise an unmasked SIMD exception say so
 * and change only MXCSR's flags (SDM 1 chapter 11.5).
 */
#ifndef VMM_SIM_SIMD_H
#define VMM_SIM_SIMD_H

#include <stdbool.h>
#include <stdint.h>

union xmm {
	uint8_t u8[16];
	int8_t s8[16];
	uint16_t u16[8];
	int16_t s16[8];
	uint32_t u32[4];
	int32_t s32[4];
	uint64_t u64[2];
	int64_t s64[2];
	float f32[4];
	double f64[2];
};

_Static_assert(sizeof(union xmm) == 16, "an XMM register");

/* Mandatory prefix; F2/F3 win over 66 (SDM 2 2.1.2). */
enum simd_prefix { SIMD_NP, SIMD_66, SIMD_F3, SIMD_F2 };

/*
 * What the ModRM operands are. "reg" is the ModRM reg field, "rm" the r/m
 * field with its memory form; the number is how many bytes rm has in memory.
 */
enum simd_form {
	SIMD_NONE,
	SIMD_X_X,    /* reg xmm <- rm xmm or memory of `bytes` */
	SIMD_X_X_I,  /* the same with an imm8 */
	SIMD_STORE,  /* rm xmm or memory of `bytes` <- reg xmm */
	SIMD_X_G,    /* reg xmm <- rm general register or memory (bytes 4/8) */
	SIMD_G_X,    /* rm general register or memory (bytes 4/8) <- reg xmm */
	SIMD_R_X,    /* reg general register <- rm xmm or memory */
	SIMD_R_X_I,  /* the same with an imm8 (pextrw): rm is a register */
	SIMD_X_G_I,  /* pinsrw: reg xmm <- rm general register or m16, imm8 */
	SIMD_U_I,    /* group 12-14 shifts: rm xmm, imm8; reg field selects */
	SIMD_FLAGS,  /* (u)comis*: reg xmm with rm, sets RFLAGS */
};

/* Properties of a row. */
#define SIMD_ALIGNED   1u /* a 16-byte memory operand must be aligned (#GP) */
#define SIMD_REG_ONLY  2u /* the memory form is #UD */
#define SIMD_MEM_ONLY  4u /* the register form is #UD */
#define SIMD_REXW      8u /* REX.W makes the general operand 8 bytes */
#define SIMD_CLEAR_TOP 16u /* a load from memory clears the rest of reg */

struct simd_ctx {
	uint32_t mxcsr;	     /* in and out */
	uint64_t flags;	     /* out, for SIMD_FLAGS: ZF PF CF; OF SF AF are 0 */
	unsigned imm;	     /* imm8 */
	unsigned general;    /* width of the general operand: 4 or 8 */
};

/*
 * dst holds the old value and receives the new; src is the source, zero
 * extended to 16 bytes. General registers travel in u64[0]. Returns false
 * when an unmasked exception is to be raised (#XM): dst is then unchanged.
 */
typedef bool simd_fn(struct simd_ctx *ctx, union xmm *dst,
		     const union xmm *src);

struct simd_row {
	uint8_t prefix;	    /* enum simd_prefix */
	uint8_t opcode;	    /* after 0F */
	uint8_t select;	    /* SIMD_U_I: the reg field; else 0xff */
	uint8_t form;	    /* enum simd_form */
	uint8_t bytes;	    /* of rm in memory */
	uint8_t props;
	simd_fn *fn;
	const char *name;   /* mnemonic, for messages and coverage */
};

/*
 * The row of an instruction 0F `opcode`, or NULL: #UD. `modrm` is needed for
 * rows that differ by reg field or by register and memory form.
 */
const struct simd_row *simd_find(enum simd_prefix prefix, uint8_t opcode,
				 uint8_t modrm);

#endif
