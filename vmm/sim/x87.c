/*
 * x87.c: the x87 unit's stack and exceptions, and finding the row of an
 * instruction.
 */
#include <string.h>

#include "vmm/sim/x87_unit.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "struct f80 is copied to and from memory");

#define EXCEPTIONS 0x3fu

/* ---- Exceptions ---- */

bool x87_pending(const struct x87 *x)
{
	return x->fsw & X87_ES;
}

void x87_summarize(struct x87 *x)
{
	x->fsw &= ~(X87_ES | X87_BUSY);
	if (x->fsw & ~x->fcw & EXCEPTIONS)
		x->fsw |= X87_ES | X87_BUSY;
}

bool x87_settle(struct x87 *x, const struct f80_env *e)
{
	const unsigned first = F80_IE | F80_DE | F80_ZE;
	unsigned raised = e->raised;
	bool write = !(raised & first & ~x->fcw);

	if (!write)
		raised &= first;
	x87_clear_c1(x);
	x->fsw |= raised | (write && e->up ? X87_C1 : 0);
	x87_summarize(x);
	return write;
}

bool x87_stack_fault(struct x87 *x, bool overflow)
{
	x87_clear_c1(x);
	x->fsw |= F80_IE | X87_SF | (overflow ? X87_C1 : 0);
	x87_summarize(x);
	return x->fcw & F80_IE;
}

void x87_push(struct x87 *x, const struct f80_env *e, struct f80 val)
{
	if (!x87_empty(x, 7)) {
		if (!x87_stack_fault(x, true))
			return;
		val = f80_indefinite;
	} else if (!x87_settle(x, e)) {
		return;
	}
	x87_set_top(x, x87_top(x) - 1);
	x87_set(x, 0, val);
}

void x87_replace(struct x87 *x, const struct f80_env *e, struct f80 val)
{
	if (x87_settle(x, e))
		x87_set(x, 0, val);
}

/* ---- State ---- */

void x87_init(struct x87 *x)
{
	x->fcw = X87_INIT_FCW;
	x->fsw = 0;
	x->full = 0;
	x->fop = 0;
	x->fip = 0;
	x->fdp = 0;
}

/* Offsets in an FXSAVE image (SDM 1 table 10-2). */
enum { FCW = 0, FSW = 2, FTW = 4, FOP = 6, FIP = 8, FDP = 16, ST = 32 };

void x87_fxsave(const struct x87 *x, uint8_t image[160], bool wide)
{
	memset(image, 0, 24);
	memcpy(image + FCW, &x->fcw, 2);
	memcpy(image + FSW, &x->fsw, 2);
	image[FTW] = x->full;
	memcpy(image + FOP, &x->fop, 2);
	memcpy(image + FIP, &x->fip, wide ? 8 : 4);
	memcpy(image + FDP, &x->fdp, wide ? 8 : 4);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 val = x87_get(x, i);

		memcpy(image + ST + 16 * i, &val, sizeof(val));
	}
}

void x87_fxload(struct x87 *x, const uint8_t image[160], bool wide)
{
	x->fip = 0;
	x->fdp = 0;
	memcpy(&x->fcw, image + FCW, 2);
	memcpy(&x->fsw, image + FSW, 2);
	x->full = image[FTW];
	memcpy(&x->fop, image + FOP, 2);
	memcpy(&x->fip, image + FIP, wide ? 8 : 4);
	memcpy(&x->fdp, image + FDP, wide ? 8 : 4);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 val = {0};

		memcpy(&val, image + ST + 16 * i, 10);
		x->reg[x87_number(x, i)] = val;
	}
	x->fcw = (x->fcw & 0x1f3f) | 0x40;
	x->fop &= 0x7ff;
	x87_summarize(x);
}

/* ---- The table ---- */

static const struct x87_table *const tables[] = {
	&x87_arithmetic,
	&x87_moves,
	&x87_functions,
	&x87_controls,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static bool matches(const struct x87_row *row, uint8_t opcode, uint8_t modrm)
{
	bool memory = modrm >> 6 != 3;

	if (row->opcode != opcode || memory != (row->bytes != 0))
		return false;
	if (memory)
		return row->first == (modrm & 0x38);
	return row->first <= modrm && modrm <= row->last;
}

const struct x87_row *x87_find(uint8_t opcode, uint8_t modrm)
{
	const struct x87_row *row;

	for (size_t i = 0; (row = x87_row_at(i)); i++)
		if (matches(row, opcode, modrm))
			return row;
	return NULL;
}

const struct x87_row *x87_row_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++) {
		if (i < tables[t]->count)
			return &tables[t]->rows[i];
		i -= tables[t]->count;
	}
	return NULL;
}
