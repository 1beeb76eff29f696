/* x87_arith.c: the x87's basic arithmetic and its comparisons. */
#include <string.h>

#include "vmm/sim/x87_unit.h"

/* The reg field of ModRM names the operation: SDM 2 tables. */
enum operation { ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR };

static enum operation operation(const struct x87_ctx *c)
{
	return c->modrm >> 3 & 7;
}

static struct f80 compute(struct f80_env *e, enum operation op, struct f80 a,
			  struct f80 b)
{
	switch (op) {
	case ADD:
		return f80_add(e, a, b);
	case MUL:
		return f80_mul(e, a, b);
	case SUB:
		return f80_sub(e, a, b);
	case SUBR:
		return f80_sub(e, b, a);
	case DIV:
		return f80_div(e, a, b);
	default:
		return f80_div(e, b, a);
	}
}

/* ---- Comparisons ---- */

static void set_codes(struct x87 *x, enum ieee_order order)
{
	static const uint16_t codes[] = {
		[IEEE_LESS] = X87_C0,
		[IEEE_EQUAL] = X87_C3,
		[IEEE_GREATER] = 0,
		[IEEE_UNORDERED] = X87_C3 | X87_C2 | X87_C0,
	};

	x->fsw &= ~(X87_C3 | X87_C2 | X87_C0);
	x->fsw |= codes[order];
}

/* ST(0) against b. False: an unmasked exception, and nothing was set. */
static bool compare(struct x87 *x, struct f80_env *e, bool empty, struct f80 b,
		    bool signaling, enum ieee_order *order)
{
	*order = IEEE_UNORDERED;
	if (empty || x87_empty(x, 0))
		return x87_stack_fault(x, false);
	*order = f80_compare(e, x87_get(x, 0), b, signaling);
	return x87_settle(x, e);
}

static void compare_pop(struct x87 *x, struct f80_env *e, bool empty,
			struct f80 b, bool signaling, unsigned pops)
{
	enum ieee_order order;

	if (!compare(x, e, empty, b, signaling, &order))
		return;
	set_codes(x, order);
	while (pops--)
		x87_pop(x);
}

static void compare_sti(struct x87 *x, unsigned i, bool signaling,
			unsigned pops)
{
	struct f80_env e = x87_env(x);

	compare_pop(x, &e, x87_empty(x, i), x87_get(x, i), signaling, pops);
}

static void fcom(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, c->modrm & 7, true, 0);
}

static void fcomp(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, c->modrm & 7, true, 1);
}

static void fcompp(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, 1, true, 2);
}

static void fucom(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, c->modrm & 7, false, 0);
}

static void fucomp(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, c->modrm & 7, false, 1);
}

static void fucompp(struct x87 *x, struct x87_ctx *c)
{
	compare_sti(x, 1, false, 2);
}

static void ftst(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);

	compare_pop(x, &e, false, f80_zero, true, 0);
}

#define CF 0x01u
#define PF 0x04u
#define ZF 0x40u

static void compare_flags(struct x87 *x, struct x87_ctx *c, bool signaling,
			  bool pop)
{
	static const uint8_t flags[] = {
		[IEEE_LESS] = CF,
		[IEEE_EQUAL] = ZF,
		[IEEE_GREATER] = 0,
		[IEEE_UNORDERED] = ZF | PF | CF,
	};
	struct f80_env e = x87_env(x);
	unsigned i = c->modrm & 7;
	enum ieee_order order;

	if (!compare(x, &e, x87_empty(x, i), x87_get(x, i), signaling, &order))
		return;
	c->flags = flags[order];
	if (pop)
		x87_pop(x);
}

static void fcomi(struct x87 *x, struct x87_ctx *c)
{
	compare_flags(x, c, true, false);
}

static void fcomip(struct x87 *x, struct x87_ctx *c)
{
	compare_flags(x, c, true, true);
}

static void fucomi(struct x87 *x, struct x87_ctx *c)
{
	compare_flags(x, c, false, false);
}

static void fucomip(struct x87 *x, struct x87_ctx *c)
{
	compare_flags(x, c, false, true);
}

/* ---- ST(0) and ST(i) ---- */

/* ST(dest) = a op b, unless one of the two registers is empty. */
static void binary(struct x87 *x, enum operation op, unsigned dest, unsigned i,
		   bool pop)
{
	struct f80_env e = x87_env(x);
	struct f80 r = f80_indefinite;
	bool write;

	if (x87_empty(x, 0) || x87_empty(x, i)) {
		write = x87_stack_fault(x, false);
	} else {
		r = compute(&e, op, x87_get(x, 0), x87_get(x, i));
		write = x87_settle(x, &e);
	}
	if (!write)
		return;
	x87_set(x, dest, r);
	if (pop)
		x87_pop(x);
}

static void arith_st0(struct x87 *x, struct x87_ctx *c)
{
	binary(x, operation(c), 0, c->modrm & 7, false);
}

/*
 * With ST(i) as the destination the encodings of SUB and SUBR, DIV and DIVR
 * name ST(i) - ST(0) the other way round, which `binary` sees as they are:
 * DC E0 is FSUBR, ST(0) - ST(i).
 */
static void arith_sti(struct x87 *x, struct x87_ctx *c)
{
	binary(x, operation(c), c->modrm & 7, c->modrm & 7, false);
}

static void arith_pop(struct x87 *x, struct x87_ctx *c)
{
	binary(x, operation(c), c->modrm & 7, c->modrm & 7, true);
}

/* ---- ST(0) and memory ---- */

static void arith_mem(struct x87 *x, struct x87_ctx *c, struct f80_env *e,
		      struct f80 b)
{
	enum operation op = operation(c);
	struct f80 r;

	if (op == COM || op == COMP) {
		compare_pop(x, e, false, b, true, op == COMP);
	} else if (!x87_empty(x, 0)) {
		r = compute(e, op, x87_get(x, 0), b);
		x87_replace(x, e, r);
	} else if (x87_stack_fault(x, false)) {
		x87_set(x, 0, f80_indefinite);
	}
}

static void arith_m32(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	uint32_t bits;

	memcpy(&bits, c->mem, sizeof(bits));
	arith_mem(x, c, &e, f80_widen(&ieee_single, bits, &e.denormal));
}

static void arith_m64(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	uint64_t bits;

	memcpy(&bits, c->mem, sizeof(bits));
	arith_mem(x, c, &e, f80_widen(&ieee_double, bits, &e.denormal));
}

static void arith_m32i(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	int32_t i;

	memcpy(&i, c->mem, sizeof(i));
	arith_mem(x, c, &e, f80_from_int(i));
}

static void arith_m16i(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	int16_t i;

	memcpy(&i, c->mem, sizeof(i));
	arith_mem(x, c, &e, f80_from_int(i));
}

/* ---- The table ---- */

#define MEM(opcode, reg, bytes, fn, name)                                    \
	{                                                                    \
		opcode, (reg) << 3, (reg) << 3, X87_LOAD, bytes, 0, fn, name \
	}
#define ALL_MEM(opcode, bytes, fn, f)                   \
	MEM(opcode, ADD, bytes, fn, f "add"),           \
		MEM(opcode, MUL, bytes, fn, f "mul"),   \
		MEM(opcode, COM, bytes, fn, f "com"),   \
		MEM(opcode, COMP, bytes, fn, f "comp"), \
		MEM(opcode, SUB, bytes, fn, f "sub"),   \
		MEM(opcode, SUBR, bytes, fn, f "subr"), \
		MEM(opcode, DIV, bytes, fn, f "div"),   \
		MEM(opcode, DIVR, bytes, fn, f "divr")
#define FLAGS(opcode, first, fn, name)                                \
	{                                                             \
		opcode, first, (first) + 7, X87_FLAGS, 0, 0, fn, name \
	}

static const struct x87_row rows[] = {
	ALL_MEM(0xd8, 4, arith_m32, "f"),
	X87_STI(0xd8, 0xc0, arith_st0, "fadd"),
	X87_STI(0xd8, 0xc8, arith_st0, "fmul"),
	X87_STI(0xd8, 0xd0, fcom, "fcom"),
	X87_STI(0xd8, 0xd8, fcomp, "fcomp"),
	X87_STI(0xd8, 0xe0, arith_st0, "fsub"),
	X87_STI(0xd8, 0xe8, arith_st0, "fsubr"),
	X87_STI(0xd8, 0xf0, arith_st0, "fdiv"),
	X87_STI(0xd8, 0xf8, arith_st0, "fdivr"),
	X87_ALONE(0xd9, 0xe4, ftst, "ftst"),
	ALL_MEM(0xda, 4, arith_m32i, "fi"),
	X87_ALONE(0xda, 0xe9, fucompp, "fucompp"),
	FLAGS(0xdb, 0xe8, fucomi, "fucomi"),
	FLAGS(0xdb, 0xf0, fcomi, "fcomi"),
	ALL_MEM(0xdc, 8, arith_m64, "f"),
	X87_STI(0xdc, 0xc0, arith_sti, "fadd"),
	X87_STI(0xdc, 0xc8, arith_sti, "fmul"),
	X87_STI(0xdc, 0xd0, fcom, "fcom"),   /* an alias */
	X87_STI(0xdc, 0xd8, fcomp, "fcomp"), /* an alias */
	X87_STI(0xdc, 0xe0, arith_sti, "fsubr"),
	X87_STI(0xdc, 0xe8, arith_sti, "fsub"),
	X87_STI(0xdc, 0xf0, arith_sti, "fdivr"),
	X87_STI(0xdc, 0xf8, arith_sti, "fdiv"),
	X87_STI(0xdd, 0xe0, fucom, "fucom"),
	X87_STI(0xdd, 0xe8, fucomp, "fucomp"),
	ALL_MEM(0xde, 2, arith_m16i, "fi"),
	X87_STI(0xde, 0xc0, arith_pop, "faddp"),
	X87_STI(0xde, 0xc8, arith_pop, "fmulp"),
	X87_STI(0xde, 0xd0, fcomp, "fcomp"), /* an alias */
	X87_ALONE(0xde, 0xd9, fcompp, "fcompp"),
	X87_STI(0xde, 0xe0, arith_pop, "fsubrp"),
	X87_STI(0xde, 0xe8, arith_pop, "fsubp"),
	X87_STI(0xde, 0xf0, arith_pop, "fdivrp"),
	X87_STI(0xde, 0xf8, arith_pop, "fdivp"),
	FLAGS(0xdf, 0xe8, fucomip, "fucomip"),
	FLAGS(0xdf, 0xf0, fcomip, "fcomip"),
};

const struct x87_table x87_arithmetic = X87_TABLE(rows);
