/* x87_unit.h: what the x87*.c files share: the stack, exceptions, tables. */
#ifndef VMM_SIM_X87_UNIT_H
#define VMM_SIM_X87_UNIT_H

#include "vmm/sim/x87.h"

struct x87_table {
	const struct x87_row *rows;
	size_t count;
};

#define X87_TABLE(array)                                \
	{                                               \
		array, sizeof(array) / sizeof(array[0]) \
	}

/* An instruction on ST(0) to ST(7), and one without operands. */
#define X87_STI(opcode, first, fn, name)                              \
	{                                                             \
		opcode, first, (first) + 7, X87_STACK, 0, 0, fn, name \
	}
#define X87_ALONE(opcode, modrm, fn, name)                      \
	{                                                       \
		opcode, modrm, modrm, X87_STACK, 0, 0, fn, name \
	}

extern const struct x87_table x87_arithmetic; /* x87_arith.c */
extern const struct x87_table x87_moves;      /* x87_move.c */
extern const struct x87_table x87_functions;  /* x87_math.c */
extern const struct x87_table x87_controls;   /* x87_control.c */

static inline unsigned x87_top(const struct x87 *x)
{
	return x->fsw >> X87_TOP_SHIFT & 7;
}

static inline unsigned x87_number(const struct x87 *x, unsigned i)
{
	return (x87_top(x) + i) & 7;
}

static inline bool x87_empty(const struct x87 *x, unsigned i)
{
	return !(x->full >> x87_number(x, i) & 1);
}

/* ST(i) */
static inline struct f80 x87_get(const struct x87 *x, unsigned i)
{
	return x->reg[x87_number(x, i)];
}

static inline void x87_set(struct x87 *x, unsigned i, struct f80 val)
{
	x->reg[x87_number(x, i)] = val;
	x->full |= 1u << x87_number(x, i);
}

static inline void x87_set_top(struct x87 *x, unsigned top)
{
	x->fsw = (x->fsw & ~(7u << X87_TOP_SHIFT)) | (top & 7) << X87_TOP_SHIFT;
}

static inline void x87_pop(struct x87 *x)
{
	x->full &= ~(1u << x87_top(x));
	x87_set_top(x, x87_top(x) + 1);
}

static inline struct f80_env x87_env(const struct x87 *x)
{
	return (struct f80_env){.control = x->fcw};
}

/* ES and B anew, after whatever changed masks or flags. */
void x87_summarize(struct x87 *x);

/* Note what was raised, and C1. False: the result is not to be written. */
bool x87_settle(struct x87 *x, const struct f80_env *e);

/*
 * A full register was to be pushed upon (overflow) or an empty one read.
 * True: masked, the indefinite value is the result.
 */
bool x87_stack_fault(struct x87 *x, bool overflow);

/* A new ST(0) of value `val` and what making it raised. */
void x87_push(struct x87 *x, const struct f80_env *e, struct f80 val);

/* For results that go over ST(0) alone. */
void x87_replace(struct x87 *x, const struct f80_env *e, struct f80 val);

static inline void x87_clear_c1(struct x87 *x)
{
	x->fsw &= ~X87_C1;
}

#endif
