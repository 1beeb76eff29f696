/*
 * x87.h: the x87 unit: its state, and its instructions (D8 to DF) as a table
 * of pure functions.
 *
 * The core finds a row by opcode and ModRM, checks CR0 and pending
 * exceptions, fetches a memory operand, calls the row's function and stores
 * what it gives. No function here touches memory, RIP or RFLAGS but through
 * struct x87_ctx. Exceptions of the unit are noted in the status word; an
 * unmasked one is pending (x87_pending()) and raised by the next instruction
 * that waits (SDM 1 8.7).
 *
 * FIP, FDP and FOP are those of the last instruction that is not about
 * control. CS and DS are not kept and read as 0, which CPUID says.
 */
#ifndef VMM_SIM_X87_H
#define VMM_SIM_X87_H

#include <stddef.h>

#include "vmm/sim/f80.h"

/* Status word */
#define X87_SF	      0x0040u /* stack fault; the others as F80_* */
#define X87_ES	      0x0080u /* an unmasked exception is pending */
#define X87_C0	      0x0100u
#define X87_C1	      0x0200u
#define X87_C2	      0x0400u
#define X87_TOP_SHIFT 11
#define X87_C3	      0x4000u
#define X87_BUSY      0x8000u /* as ES, since the 287 */

#define X87_INIT_FCW  0x037fu

struct x87 {
	struct f80 reg[8]; /* by number; ST(0) is reg[TOP] */
	uint64_t fip, fdp;
	uint16_t fcw, fsw, fop;
	uint8_t full; /* bit i: reg[i] is not empty */
	uint8_t unused;
};

_Static_assert(sizeof(struct x87) == 152, "no padding");

#define X87_IMAGE_MAX 108 /* fnsave in 32-bit format */

/* How the environment is laid out in memory. */
enum x87_format { X87_32, X87_16, X87_REAL32, X87_REAL16 };

struct x87_ctx {
	uint8_t modrm;
	enum x87_format format;
	uint64_t flags; /* ZF PF CF: in for fcmov*, out for X87_FLAGS */
	bool store;	/* out: `mem` is to be written */
	uint8_t mem[X87_IMAGE_MAX];
};

enum x87_form {
	X87_STACK, /* registers only */
	X87_LOAD,  /* from memory of `bytes` */
	X87_STORE, /* to memory of `bytes`, if ctx.store says so after */
	X87_FLAGS, /* registers; RFLAGS' arithmetic part from ctx.flags */
	X87_AX,	   /* AX from mem[0..1]: fnstsw */
};

#define X87_NOWAIT  1u /* pending exceptions are not raised */
#define X87_CONTROL 2u /* FIP, FDP and FOP stay */
#define X87_IMAGE   4u /* bytes are 14 fewer in 16-bit formats */

typedef void x87_fn(struct x87 *x, struct x87_ctx *c);

struct x87_row {
	uint8_t opcode;	     /* D8 to DF */
	uint8_t first, last; /* ModRM; reg << 3 for memory forms */
	uint8_t form;	     /* enum x87_form */
	uint8_t bytes;	     /* of the memory operand; 0: mod is 3 */
	uint8_t props;
	x87_fn *fn;
	const char *name;
};

/* The row of an instruction, or NULL: #UD. */
const struct x87_row *x87_find(uint8_t opcode, uint8_t modrm);

/* All rows, or NULL past the last. */
const struct x87_row *x87_row_at(size_t i);

void x87_init(struct x87 *x); /* as FNINIT */
bool x87_pending(const struct x87 *x);

/* The first 24 bytes and ST0 to ST7 of an FXSAVE image; `wide`: REX.W. */
void x87_fxsave(const struct x87 *x, uint8_t image[160], bool wide);
void x87_fxload(struct x87 *x, const uint8_t image[160], bool wide);

#endif
