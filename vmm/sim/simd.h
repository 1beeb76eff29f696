/*
 * simd.h: SSE to SSE4.2, AES, PCLMULQDQ and SHA as a table of pure functions.
 *
 * The decoder finds a row by prefix and opcode; the core fetches the
 * source operand (from a register or from memory, with all its checks) and
 * calls the row's function on values. No function here touches memory, RIP
 * or RFLAGS but through its arguments, so that a fault leaves nothing half
 * done: a function that raises an unmasked SIMD exception says so and
 * changes only MXCSR's flags (SDM 1 chapter 11.5).
 *
 * Left to the core, since they are about memory, order or the x87 state:
 * 0F 0D, 18 (prefetch), AE (fxsave, fxrstor, ldmxcsr, stmxcsr, clflush and
 * the fences), C3 (movnti), 38 F0 and F1 (crc32, movbe), B8
 * (popcnt), 01 C8 and C9 (monitor, mwait).
 *
 * MMX registers as operands have mmx_find() and VEX prefixes vex_find(), since
 * most of MMX and AVX is in the table already. SSE4a is AMD's alone.
 */
#ifndef VMM_SIM_SIMD_H
#define VMM_SIM_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/features.h"

union xmm {
	uint8_t u8[16];
	int8_t s8[16];
	uint16_t u16[8];
	int16_t s16[8];
	uint32_t u32[4];
	int32_t s32[4];
	uint64_t u64[2];
	int64_t s64[2];
};

_Static_assert(sizeof(union xmm) == 16, "an XMM register");

/* Added to an opcode: the second byte of the maps 0F 38 and 0F 3A. */
#define SIMD_0F38 0x3800u
#define SIMD_0F3A 0x3a00u

/* Mandatory prefix; F2/F3 win over 66 (SDM 2 2.1.2). */
enum simd_prefix { SIMD_NP, SIMD_66, SIMD_F3, SIMD_F2 };

/*
 * What the ModRM operands are. "reg" is the ModRM reg field, "rm" the r/m
 * field; `bytes` of the row is how many bytes rm has when it is memory.
 *
 * In each form dst holds the old value of what is written and receives the
 * new one, src the source, zero extended to 16 bytes when it is memory or a
 * general register. A general register is written from dst->u64[0]: all 64
 * bits when ctx.general is 8, else the low 32, zero extended.
 */
enum simd_form {
	SIMD_NONE,
	SIMD_X_X,     /* reg xmm <- rm xmm or memory */
	SIMD_X_X_I,   /* the same with an imm8 */
	SIMD_STORE,   /* rm xmm (all of dst) or memory (its low bytes) <- reg */
	SIMD_X_G,     /* reg xmm <- rm general register or memory */
	SIMD_G_X,     /* rm general register or memory <- reg xmm */
	SIMD_R_X,     /* reg general register <- rm xmm or memory */
	SIMD_R_X_I,   /* the same with an imm8 (pextrw) */
	SIMD_X_G_I,   /* pinsr*: reg xmm <- rm general register or memory of
		       * `bytes`, imm8 */
	SIMD_G_X_I,   /* pextr*, extractps: the other way */
	SIMD_U_I,     /* group 12-14 shifts: dst is rm xmm, imm8; no src */
	SIMD_X_X_0,   /* *blendv*: SIMD_X_X with a mask, XMM0, in ctx.xmm0 */
	SIMD_FLAGS,   /* (u)comis*, ptest: dst is reg xmm, src rm, and neither
		       * changes; sets ctx.flags */
	SIMD_TEXT,    /* pcmpestrm, pcmpistrm: dst and src as SIMD_X_X_I, but
		       * reg stays: dst goes to XMM0; ctx.length, ctx.flags */
	SIMD_TEXT_I,  /* pcmpestri, pcmpistri: the same, but dst->u64[0] goes to
		       * RCX */
	SIMD_MASKMOV, /* maskmovdqu: dst and src as SIMD_X_X, but reg stays:
		       * dst->u64[0] says by bit i whether byte i of reg goes
		       * to DS:[rDI + i] */
};

/*
 * Properties of a row. The form of rm that REG_ONLY or MEM_ONLY excludes is
 * another row or #UD. REXW: REX.W makes the general operand (for X_G, G_X,
 * X_G_I and G_X_I also the memory in its place) 8 bytes instead of 4.
 */
#define SIMD_ALIGNED  1u /* a 16-byte memory operand must be aligned (#GP) */
#define SIMD_REG_ONLY 2u
#define SIMD_MEM_ONLY 4u
#define SIMD_REXW     8u

struct simd_ctx {
	uint32_t mxcsr;	  /* in and out */
	uint64_t flags;	  /* out, where the form says so: all of OF SF ZF AF
			   * PF CF */
	unsigned imm;	  /* imm8 */
	unsigned general; /* width of the general operand: 4 or 8 */
	unsigned halves;  /* of VEX_WHOLE: 1 or 2 */
	union xmm xmm0;	  /* in, for SIMD_X_X_0 */
	/* In, for SIMD_TEXT*: RAX and RDX, or EAX and EDX sign extended when
	 * there is no REX.W: how many elements of dst and of src count. */
	int64_t length[2];
};

/*
 * Returns false when an unmasked exception is to be raised (#XM): dst is
 * then unchanged, and only ctx->mxcsr is to be written back. dst and src may
 * be the same object.
 */
typedef bool simd_fn(struct simd_ctx *ctx, union xmm *dst,
		     const union xmm *src);

#define SIMD_ANY 0xff /* simd_row.select of a row that has no reg select */

struct simd_row {
	uint8_t prefix; /* enum simd_prefix */
	uint16_t
		opcode; /* after 0F; in the longer maps SIMD_0F38 or 0F3A + it */
	uint8_t select; /* SIMD_U_I: the reg field; else SIMD_ANY */
	uint8_t form;	/* enum simd_form */
	uint8_t bytes;	/* of rm in memory, without REX.W */
	uint8_t props;
	simd_fn *fn;
	const char *name; /* mnemonic, for messages and coverage */
};

/*
 * The row of an instruction, or NULL: #UD. `opcode` is as in struct
 * simd_row: 0x58, or SIMD_0F3A | 0x0f. `modrm` tells apart
 * rows that differ by reg field or by register and memory form; props of the
 * row that is returned allow the form that modrm has.
 */
const struct simd_row *simd_find(enum simd_prefix prefix, uint16_t opcode,
				 uint8_t modrm);

/* The CPUID bit that offers it. */
enum feature simd_feature(const struct simd_row *row);

/* All rows, in no particular order, or NULL past the last. */
const struct simd_row *simd_row_at(size_t i);

/* ---- MMX registers ---- */

/*
 * Operands of rows that mmx_find() gives: as enum simd_form has them, M being
 * an MMX register, or 8 bytes of memory when it is rm. An imm8 is there when
 * the opcode has one.
 */
enum mmx_form {
	MMX_M_M,
	MMX_U_I,   /* dst and src are rm: shifts by imm8 */
	MMX_STORE, /* rm <- reg */
	MMX_M_G,   /* mmx <- general register or memory */
	MMX_G_M,   /* general register or memory <- reg mmx */
	MMX_R_M,   /* reg general register <- rm mmx */
	MMX_X_M,
	MMX_M_X,
	MMX_MASKMOV,
	MMX_EMMS,
};

struct mmx_op {
	uint8_t imm;
	uint8_t form;  /* enum mmx_form */
	uint8_t bytes; /* of rm in memory, without REX.W */
	bool joined;   /* src is also to be dst's upper half */
};

/* The row that computes, also of an instruction on XMM registers; or NULL. */
const struct simd_row *mmx_find(enum simd_prefix prefix, uint16_t opcode,
				uint8_t modrm, struct mmx_op *op);

/* ---- VEX ---- */

/*
 * How a row's function makes an instruction of one or two halves (each an
 * XMM register's worth). dst is vvvv's register where that is an operand,
 * else zero.
 */
enum vex_shape {
	VEX_LANES,  /* each half alone; `arg`: imm8 moves on by so many bits */
	VEX_COUNT,  /* the same, but src is of one half */
	VEX_WIDEN,  /* the second half is made of src further on */
	VEX_NARROW, /* each makes 8 bytes */
	VEX_MASK,   /* each makes `arg` bits of a general register */
	VEX_SELECT, /* ctx.xmm0 is the register in imm8's high half */
	VEX_THREE,  /* ctx.xmm0 is reg, the third operand */
	VEX_WHOLE,  /* fn gets both halves at once, as arrays */
	VEX_ZERO,   /* vzeroupper, vzeroall */
	VEX_MASK_LOAD,
	VEX_MASK_STORE,
	VEX_GATHER,
};

struct vex_op {
	uint8_t imm;
	uint8_t vvvv;
	uint8_t shape; /* enum vex_shape */
	uint8_t arg;
	uint8_t bytes; /* of rm in memory */
	bool two;      /* halves */
	bool v;	       /* vvvv is an operand */
	bool aligned;  /* memory must be */
};

struct vex_key {
	uint8_t map, opcode;
	enum simd_prefix prefix;
	uint8_t modrm, vvvv;
	bool w, wide; /* VEX.W, VEX.L */
};

struct vex_how {
	struct vex_op op; /* but imm */
	uint8_t feature;  /* enum feature, besides AVX */
};

/*
 * The row that computes, also of an instruction without VEX; its `bytes` and
 * SIMD_ALIGNED do not hold. NULL: #UD.
 */
const struct simd_row *vex_find(const struct vex_key *key, struct vex_how *how);

/*
 * crc32 of `bytes` bytes of data (SSE4.2's, Castagnoli's polynomial). It has
 * general operands only, and none of the checks that XMM registers need.
 */
uint32_t simd_crc32(uint32_t crc, uint64_t data, unsigned bytes);

#endif
