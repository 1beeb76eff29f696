/*
 * x87_control.c: control and status words, and the environment and the whole
 * state in memory (SDM 1 8.1.10): 32- and 16-bit formats, of protected and of
 * real mode.
 */
#include <string.h>

#include "vmm/sim/x87_unit.h"

#define EXCEPTIONS 0x3fu
#define FCW_BITS   0x1f3fu /* bit 6 reads as one */

static void set_fcw(struct x87 *x, uint16_t fcw)
{
	x->fcw = (fcw & FCW_BITS) | 0x40;
	x87_summarize(x);
}

/* ---- Words ---- */

static void fninit(struct x87 *x, struct x87_ctx *c)
{
	x87_init(x);
}

static void fnclex(struct x87 *x, struct x87_ctx *c)
{
	x->fsw &= ~(EXCEPTIONS | X87_SF | X87_ES | X87_BUSY);
}

static void fnop(struct x87 *x, struct x87_ctx *c)
{
}

static void fldcw(struct x87 *x, struct x87_ctx *c)
{
	uint16_t fcw;

	memcpy(&fcw, c->mem, sizeof(fcw));
	set_fcw(x, fcw);
}

static void fnstcw(struct x87 *x, struct x87_ctx *c)
{
	memcpy(c->mem, &x->fcw, 2);
	c->store = true;
}

static void fnstsw(struct x87 *x, struct x87_ctx *c)
{
	memcpy(c->mem, &x->fsw, 2);
	c->store = true;
}

/* ---- Tags: the full form is computed ---- */

enum tag { VALID, ZERO, SPECIAL, EMPTY };

static uint16_t tag_word(const struct x87 *x)
{
	uint16_t tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		enum f80_class class = f80_classify(x->reg[i]);
		enum tag tag = SPECIAL;

		if (!(x->full >> i & 1))
			tag = EMPTY;
		else if (class == F80_CLASS_NORMAL)
			tag = VALID;
		else if (class == F80_CLASS_ZERO)
			tag = ZERO;
		tags |= tag << 2 * i;
	}
	return tags;
}

static void set_tags(struct x87 *x, uint16_t tags)
{
	x->full = 0;
	for (unsigned i = 0; i < 8; i++)
		if ((tags >> 2 * i & 3) != EMPTY)
			x->full |= 1u << i;
}

/* ---- The environment: seven fields of 4 or of 2 bytes ---- */

enum field { F_FCW, F_FSW, F_FTW, F_IP, F_IP_HIGH, F_DP, F_DP_HIGH, FIELDS };

static unsigned field_size(enum x87_format format)
{
	return format == X87_32 || format == X87_REAL32 ? 4 : 2;
}

static uint32_t get_field(const struct x87_ctx *c, enum field field)
{
	unsigned size = field_size(c->format);
	uint32_t val = 0;

	memcpy(&val, c->mem + field * size, size);
	return val;
}

static void put_field(struct x87_ctx *c, enum field field, uint32_t val)
{
	unsigned size = field_size(c->format);

	memcpy(c->mem + field * size, &val, size);
}

/*
 * The pointers: in protected mode an offset and a selector (0 here) with the
 * opcode beside it in 32-bit format; in real mode linear addresses.
 *
 *	32	offset 31:0	     0000 0 opcode 10:0, selector 15:0
 *	16	offset 15:0	     selector 15:0
 *	REAL32	0000h, address 15:0  0000 address 31:16 0 opcode 10:0
 *	REAL16	address 15:0	     address 19:16 0 opcode 10:0
 */
static void put_pointer(struct x87_ctx *c, enum field low, uint64_t at,
			uint16_t fop)
{
	uint32_t address = at;

	switch (c->format) {
	case X87_32:
		put_field(c, low, address);
		put_field(c, low + 1, (uint32_t)fop << 16);
		break;
	case X87_16:
		put_field(c, low, address);
		put_field(c, low + 1, 0);
		break;
	case X87_REAL32:
		put_field(c, low, address & 0xffff);
		put_field(c, low + 1, address >> 16 << 12 | fop);
		break;
	case X87_REAL16:
		put_field(c, low, address);
		put_field(c, low + 1, (address >> 16 & 15) << 12 | fop);
		break;
	}
}

static uint32_t get_pointer(const struct x87_ctx *c, enum field low)
{
	uint32_t address = get_field(c, low), high = get_field(c, low + 1);

	switch (c->format) {
	case X87_32:
	case X87_16:
		break;
	case X87_REAL32:
		return (address & 0xffff) | (high >> 12 & 0xffff) << 16;
	case X87_REAL16:
		return address | (high >> 12 & 15) << 16;
	}
	return address;
}

static void put_environment(const struct x87 *x, struct x87_ctx *c)
{
	/* what the fields do not reach in 32-bit format reads as ones */
	const uint32_t ones = 0xffff0000;

	put_field(c, F_FCW, x->fcw | ones);
	put_field(c, F_FSW, x->fsw | ones);
	put_field(c, F_FTW, tag_word(x) | ones);
	put_pointer(c, F_IP, x->fip, x->fop);
	put_pointer(c, F_DP, x->fdp, 0);
	if (c->format == X87_32)
		put_field(c, F_DP_HIGH, ones);
	c->store = true;
}

static void get_environment(struct x87 *x, const struct x87_ctx *c)
{
	uint32_t high = get_field(c, F_IP_HIGH);

	x->fsw = get_field(c, F_FSW);
	set_tags(x, get_field(c, F_FTW));
	x->fip = get_pointer(c, F_IP);
	x->fdp = get_pointer(c, F_DP);
	if (c->format == X87_32)
		x->fop = high >> 16 & 0x7ff;
	else if (c->format != X87_16)
		x->fop = high & 0x7ff;
	set_fcw(x, get_field(c, F_FCW));
}

static void fnstenv(struct x87 *x, struct x87_ctx *c)
{
	put_environment(x, c);
	set_fcw(x, x->fcw | EXCEPTIONS);
}

static void fldenv(struct x87 *x, struct x87_ctx *c)
{
	get_environment(x, c);
}

/* ---- The whole state: the environment, then ST(0) to ST(7) ---- */

static void fnsave(struct x87 *x, struct x87_ctx *c)
{
	uint8_t *at = c->mem + FIELDS * field_size(c->format);

	put_environment(x, c);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 val = x87_get(x, i);

		memcpy(at + 10 * i, &val, 10);
	}
	x87_init(x);
}

static void frstor(struct x87 *x, struct x87_ctx *c)
{
	const uint8_t *at = c->mem + FIELDS * field_size(c->format);

	get_environment(x, c);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 val = {0};

		memcpy(&val, at + 10 * i, 10);
		x->reg[x87_number(x, i)] = val;
	}
}

/* ---- The table ---- */

#define NOWAIT (X87_NOWAIT | X87_CONTROL)
#define MEM(opcode, reg, form, bytes, props, fn, name)                       \
	{                                                                    \
		opcode, (reg) << 3, (reg) << 3, form, bytes, props, fn, name \
	}
#define ALONE(opcode, modrm, form, props, fn, name)            \
	{                                                      \
		opcode, modrm, modrm, form, 0, props, fn, name \
	}

static const struct x87_row rows[] = {
	MEM(0xd9, 4, X87_LOAD, 28, X87_CONTROL | X87_IMAGE, fldenv, "fldenv"),
	MEM(0xd9, 5, X87_LOAD, 2, X87_CONTROL, fldcw, "fldcw"),
	MEM(0xd9, 6, X87_STORE, 28, NOWAIT | X87_IMAGE, fnstenv, "fnstenv"),
	MEM(0xd9, 7, X87_STORE, 2, NOWAIT, fnstcw, "fnstcw"),
	ALONE(0xd9, 0xd0, X87_STACK, X87_CONTROL, fnop, "fnop"),
	/* The first two concern the 8087, the third the 287. */
	ALONE(0xdb, 0xe0, X87_STACK, NOWAIT, fnop, "feni8087_nop"),
	ALONE(0xdb, 0xe1, X87_STACK, NOWAIT, fnop, "fdisi8087_nop"),
	ALONE(0xdb, 0xe2, X87_STACK, NOWAIT, fnclex, "fnclex"),
	ALONE(0xdb, 0xe3, X87_STACK, NOWAIT, fninit, "fninit"),
	ALONE(0xdb, 0xe4, X87_STACK, NOWAIT, fnop, "fsetpm287_nop"),
	MEM(0xdd, 4, X87_LOAD, 108, X87_CONTROL | X87_IMAGE, frstor, "frstor"),
	MEM(0xdd, 6, X87_STORE, 108, NOWAIT | X87_IMAGE, fnsave, "fnsave"),
	MEM(0xdd, 7, X87_STORE, 2, NOWAIT, fnstsw, "fnstsw"),
	ALONE(0xdf, 0xe0, X87_AX, NOWAIT, fnstsw, "fnstsw"),
};

const struct x87_table x87_controls = X87_TABLE(rows);
