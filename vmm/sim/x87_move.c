/* x87_move.c: loads, stores, conversions, constants, and the stack. */
#include <string.h>

#include "vmm/sim/x87_unit.h"

/* ---- Loads ---- */

static void fld_m32(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	uint32_t bits;
	struct f80 val;

	memcpy(&bits, c->mem, sizeof(bits));
	val = f80_from_ieee(&e, &ieee_single, bits);
	x87_push(x, &e, val);
}

static void fld_m64(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	uint64_t bits;
	struct f80 val;

	memcpy(&bits, c->mem, sizeof(bits));
	val = f80_from_ieee(&e, &ieee_double, bits);
	x87_push(x, &e, val);
}

static void push_exact(struct x87 *x, struct f80 val)
{
	struct f80_env e = x87_env(x);

	x87_push(x, &e, val);
}

static void fld_m80(struct x87 *x, struct x87_ctx *c)
{
	struct f80 val = {0};

	memcpy(&val, c->mem, 10);
	push_exact(x, val);
}

static void fild_m16(struct x87 *x, struct x87_ctx *c)
{
	int16_t i;

	memcpy(&i, c->mem, sizeof(i));
	push_exact(x, f80_from_int(i));
}

static void fild_m32(struct x87 *x, struct x87_ctx *c)
{
	int32_t i;

	memcpy(&i, c->mem, sizeof(i));
	push_exact(x, f80_from_int(i));
}

static void fild_m64(struct x87 *x, struct x87_ctx *c)
{
	int64_t i;

	memcpy(&i, c->mem, sizeof(i));
	push_exact(x, f80_from_int(i));
}

static void fbld(struct x87 *x, struct x87_ctx *c)
{
	push_exact(x, f80_from_bcd(c->mem));
}

/* An empty register that is copied gives the indefinite value. */
static void fld_sti(struct x87 *x, struct x87_ctx *c)
{
	unsigned i = c->modrm & 7;

	if (x87_empty(x, i)) {
		if (!x87_stack_fault(x, false))
			return;
		x87_set_top(x, x87_top(x) - 1);
		x87_set(x, 0, f80_indefinite);
		return;
	}
	push_exact(x, x87_get(x, i));
}

/* D9 E8 to EE: 1, the five that are rounded, 0 */
static void fld_constant(struct x87 *x, struct x87_ctx *c)
{
	unsigned which = c->modrm & 7;

	push_exact(x, which == 0   ? f80_one
		      : which == 6 ? f80_zero
				   : f80_constant(x->fcw, which - 1));
}

/* ---- Stores ---- */

/* What is to be stored is in c->mem if masks and the stack allow it. */
static void finish_store(struct x87 *x, struct x87_ctx *c, bool write, bool pop)
{
	c->store = write;
	if (write && pop)
		x87_pop(x);
}

/* Unmasked overflow or underflow: memory cannot hold the result. */
static bool settle_store(struct x87 *x, struct f80_env *e)
{
	bool fits = !(e->raised & (F80_OE | F80_UE) & ~x->fcw);

	if (!fits) {
		e->raised &= ~F80_PE;
		e->up = false;
	}
	return x87_settle(x, e) && fits;
}

static void fst_ieee(struct x87 *x, struct x87_ctx *c,
		     const struct ieee_format *f, bool pop)
{
	struct f80_env e = x87_env(x);
	uint64_t bits;
	bool write;

	if (x87_empty(x, 0)) {
		write = x87_stack_fault(x, false);
		e.control = UINT16_MAX;
		bits = f80_to_ieee(&e, f, f80_indefinite);
	} else {
		bits = f80_to_ieee(&e, f, x87_get(x, 0));
		write = settle_store(x, &e);
	}
	memcpy(c->mem, &bits, sizeof(bits));
	finish_store(x, c, write, pop);
}

static void fst_m32(struct x87 *x, struct x87_ctx *c)
{
	fst_ieee(x, c, &ieee_single, false);
}

static void fstp_m32(struct x87 *x, struct x87_ctx *c)
{
	fst_ieee(x, c, &ieee_single, true);
}

static void fst_m64(struct x87 *x, struct x87_ctx *c)
{
	fst_ieee(x, c, &ieee_double, false);
}

static void fstp_m64(struct x87 *x, struct x87_ctx *c)
{
	fst_ieee(x, c, &ieee_double, true);
}

static void fstp_m80(struct x87 *x, struct x87_ctx *c)
{
	struct f80 val = x87_get(x, 0);
	bool write = true;

	x87_clear_c1(x);
	if (x87_empty(x, 0)) {
		write = x87_stack_fault(x, false);
		val = f80_indefinite;
	}
	memcpy(c->mem, &val, 10);
	finish_store(x, c, write, true);
}

static void fist(struct x87 *x, struct x87_ctx *c, unsigned bits,
		 enum ieee_rounding rounding, bool pop)
{
	struct f80_env e = x87_env(x);
	uint64_t i = -(UINT64_C(1) << (bits - 1));
	bool write;

	if (x87_empty(x, 0)) {
		write = x87_stack_fault(x, false);
	} else {
		i = f80_to_int(&e, x87_get(x, 0), bits, rounding);
		write = x87_settle(x, &e);
	}
	memcpy(c->mem, &i, sizeof(i));
	finish_store(x, c, write, pop);
}

#define FIST(name, bits, rounding, pop)                    \
	static void name(struct x87 *x, struct x87_ctx *c) \
	{                                                  \
		fist(x, c, bits, rounding, pop);           \
	}

FIST(fist_m16, 16, f80_rounding(x->fcw), false)
FIST(fist_m32, 32, f80_rounding(x->fcw), false)
FIST(fistp_m16, 16, f80_rounding(x->fcw), true)
FIST(fistp_m32, 32, f80_rounding(x->fcw), true)
FIST(fistp_m64, 64, f80_rounding(x->fcw), true)
FIST(fisttp_m16, 16, IEEE_ZERO, true)
FIST(fisttp_m32, 32, IEEE_ZERO, true)
FIST(fisttp_m64, 64, IEEE_ZERO, true)

static void fbstp(struct x87 *x, struct x87_ctx *c)
{
	struct f80_env e = x87_env(x);
	bool write;

	if (x87_empty(x, 0)) {
		write = x87_stack_fault(x, false);
		f80_to_bcd(&e, f80_indefinite, c->mem);
	} else {
		f80_to_bcd(&e, x87_get(x, 0), c->mem);
		write = x87_settle(x, &e);
	}
	finish_store(x, c, write, true);
}

/* ---- Registers ---- */

static void store_sti(struct x87 *x, unsigned i, bool pop)
{
	struct f80 val = x87_get(x, 0);

	x87_clear_c1(x);
	if (x87_empty(x, 0)) {
		if (!x87_stack_fault(x, false))
			return;
		val = f80_indefinite;
	}
	x87_set(x, i, val);
	if (pop)
		x87_pop(x);
}

static void fst_sti(struct x87 *x, struct x87_ctx *c)
{
	store_sti(x, c->modrm & 7, false);
}

static void fstp_sti(struct x87 *x, struct x87_ctx *c)
{
	store_sti(x, c->modrm & 7, true);
}

/* D9 D8 to DF: as fstp, but an empty ST(0) is no fault and not copied. */
static void fstpnce(struct x87 *x, struct x87_ctx *c)
{
	x87_clear_c1(x);
	if (!x87_empty(x, 0))
		x87_set(x, c->modrm & 7, x87_get(x, 0));
	x87_pop(x);
}

static void fxch(struct x87 *x, struct x87_ctx *c)
{
	unsigned i = c->modrm & 7;
	struct f80 a = x87_get(x, 0), b = x87_get(x, i);

	x87_clear_c1(x);
	if (x87_empty(x, 0) || x87_empty(x, i)) {
		if (!x87_stack_fault(x, false))
			return;
		if (x87_empty(x, 0))
			a = f80_indefinite;
		if (x87_empty(x, i))
			b = f80_indefinite;
	}
	x87_set(x, 0, b);
	x87_set(x, i, a);
}

#define CF 0x01u
#define PF 0x04u
#define ZF 0x40u

/* DA and DB C0 to DF: below, equal, below or equal, unordered; DB: not so. */
static void fcmov(struct x87 *x, struct x87_ctx *c, bool negate)
{
	static const uint8_t conditions[] = {CF, ZF, CF | ZF, PF};
	bool holds = c->flags & conditions[c->modrm >> 3 & 3];
	unsigned i = c->modrm & 7;

	if (x87_empty(x, 0) || x87_empty(x, i)) {
		if (x87_stack_fault(x, false))
			x87_set(x, 0, f80_indefinite);
		return;
	}
	if (holds != negate)
		x87_set(x, 0, x87_get(x, i));
}

static void fcmov_if(struct x87 *x, struct x87_ctx *c)
{
	fcmov(x, c, false);
}

static void fcmov_not(struct x87 *x, struct x87_ctx *c)
{
	fcmov(x, c, true);
}

static void ffree(struct x87 *x, struct x87_ctx *c)
{
	x87_clear_c1(x);
	x->full &= ~(1u << x87_number(x, c->modrm & 7));
}

static void ffreep(struct x87 *x, struct x87_ctx *c)
{
	ffree(x, c);
	x87_pop(x);
}

static void fdecstp(struct x87 *x, struct x87_ctx *c)
{
	x87_clear_c1(x);
	x87_set_top(x, x87_top(x) - 1);
}

static void fincstp(struct x87 *x, struct x87_ctx *c)
{
	x87_clear_c1(x);
	x87_set_top(x, x87_top(x) + 1);
}

/* ---- The table ---- */

#define LOAD(opcode, reg, bytes, fn, name)                                   \
	{                                                                    \
		opcode, (reg) << 3, (reg) << 3, X87_LOAD, bytes, 0, fn, name \
	}
#define STORE(opcode, reg, bytes, fn, name)                                   \
	{                                                                     \
		opcode, (reg) << 3, (reg) << 3, X87_STORE, bytes, 0, fn, name \
	}

static const struct x87_row rows[] = {
	LOAD(0xd9, 0, 4, fld_m32, "fld"),
	STORE(0xd9, 2, 4, fst_m32, "fst"),
	STORE(0xd9, 3, 4, fstp_m32, "fstp"),
	X87_STI(0xd9, 0xc0, fld_sti, "fld"),
	X87_STI(0xd9, 0xc8, fxch, "fxch"),
	X87_STI(0xd9, 0xd8, fstpnce, "fstpnce"),
	X87_ALONE(0xd9, 0xe8, fld_constant, "fld1"),
	X87_ALONE(0xd9, 0xe9, fld_constant, "fldl2t"),
	X87_ALONE(0xd9, 0xea, fld_constant, "fldl2e"),
	X87_ALONE(0xd9, 0xeb, fld_constant, "fldpi"),
	X87_ALONE(0xd9, 0xec, fld_constant, "fldlg2"),
	X87_ALONE(0xd9, 0xed, fld_constant, "fldln2"),
	X87_ALONE(0xd9, 0xee, fld_constant, "fldz"),
	X87_ALONE(0xd9, 0xf6, fdecstp, "fdecstp"),
	X87_ALONE(0xd9, 0xf7, fincstp, "fincstp"),
	X87_STI(0xda, 0xc0, fcmov_if, "fcmovb"),
	X87_STI(0xda, 0xc8, fcmov_if, "fcmove"),
	X87_STI(0xda, 0xd0, fcmov_if, "fcmovbe"),
	X87_STI(0xda, 0xd8, fcmov_if, "fcmovu"),
	LOAD(0xdb, 0, 4, fild_m32, "fild"),
	STORE(0xdb, 1, 4, fisttp_m32, "fisttp"),
	STORE(0xdb, 2, 4, fist_m32, "fist"),
	STORE(0xdb, 3, 4, fistp_m32, "fistp"),
	LOAD(0xdb, 5, 10, fld_m80, "fld"),
	STORE(0xdb, 7, 10, fstp_m80, "fstp"),
	X87_STI(0xdb, 0xc0, fcmov_not, "fcmovnb"),
	X87_STI(0xdb, 0xc8, fcmov_not, "fcmovne"),
	X87_STI(0xdb, 0xd0, fcmov_not, "fcmovnbe"),
	X87_STI(0xdb, 0xd8, fcmov_not, "fcmovnu"),
	LOAD(0xdd, 0, 8, fld_m64, "fld"),
	STORE(0xdd, 1, 8, fisttp_m64, "fisttp"),
	STORE(0xdd, 2, 8, fst_m64, "fst"),
	STORE(0xdd, 3, 8, fstp_m64, "fstp"),
	X87_STI(0xdd, 0xc0, ffree, "ffree"),
	X87_STI(0xdd, 0xc8, fxch, "fxch"), /* an alias */
	X87_STI(0xdd, 0xd0, fst_sti, "fst"),
	X87_STI(0xdd, 0xd8, fstp_sti, "fstp"),
	LOAD(0xdf, 0, 2, fild_m16, "fild"),
	STORE(0xdf, 1, 2, fisttp_m16, "fisttp"),
	STORE(0xdf, 2, 2, fist_m16, "fist"),
	STORE(0xdf, 3, 2, fistp_m16, "fistp"),
	LOAD(0xdf, 4, 10, fbld, "fbld"),
	LOAD(0xdf, 5, 8, fild_m64, "fild"),
	STORE(0xdf, 6, 10, fbstp, "fbstp"),
	STORE(0xdf, 7, 8, fistp_m64, "fistp"),
	X87_STI(0xdf, 0xc0, ffreep, "ffreep"),
	X87_STI(0xdf, 0xc8, fxch, "fxch"),     /* an alias */
	X87_STI(0xdf, 0xd0, fstp_sti, "fstp"), /* an alias */
	X87_STI(0xdf, 0xd8, fstp_sti, "fstp"), /* an alias */
};

const struct x87_table x87_moves = X87_TABLE(rows);
