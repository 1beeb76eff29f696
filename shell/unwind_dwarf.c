/*
 * unwind_dwarf.c: call frame information by libdw, from .eh_frame and
 * .debug_frame. libdw finds the row for an address and gives each register's
 * rule as a DWARF expression; they are computed here, on the guest's memory,
 * which may hold anything: each step is bounded and checked.
 */
#include "shell/unwind.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#define STACK 32

struct unwind {
	Dwarf *dwarf;
	Dwarf_CFI *cfi[2];
};

struct unwind *unwind_open(Elf *elf)
{
	struct unwind *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	u->cfi[0] = u->dwarf ? dwarf_getcfi(u->dwarf) : NULL;
	u->cfi[1] = dwarf_getcfi_elf(elf);
	if (!u->cfi[0] && !u->cfi[1]) {
		unwind_close(u);
		return NULL;
	}
	return u;
}

void unwind_close(struct unwind *u)
{
	if (!u)
		return;
	dwarf_cfi_end(u->cfi[1]); /* the other is u->dwarf's own */
	dwarf_end(u->dwarf);
	free(u);
}

/* ---- expressions ---- */

struct eval {
	const struct source_regs *regs;
	const struct source_memory *memory;
	uint64_t cfa;
	bool is_value; /* else the result is where in memory it is */
	uint64_t stack[STACK];
	unsigned depth;
	bool bad;
};

static void push(struct eval *e, uint64_t value)
{
	if (e->depth == STACK)
		e->bad = true;
	else
		e->stack[e->depth++] = value;
}

static uint64_t pop(struct eval *e)
{
	if (e->depth == 0) {
		e->bad = true;
		return 0;
	}
	return e->stack[--e->depth];
}

static uint64_t reg(struct eval *e, uint64_t number)
{
	if (number >= SOURCE_REGS || !(e->regs->known >> number & 1)) {
		e->bad = true;
		return 0;
	}
	return e->regs->r[number];
}

static void deref(struct eval *e)
{
	uint64_t word = 0, va = pop(e);

	if (e->bad || !e->memory->read(e->memory->ctx, va, &word))
		e->bad = true;
	push(e, word);
}

static void binary(struct eval *e, unsigned atom)
{
	uint64_t b = pop(e), a = pop(e);

	switch (atom) {
	case DW_OP_plus:
		push(e, a + b);
		break;
	case DW_OP_minus:
		push(e, a - b);
		break;
	case DW_OP_and:
		push(e, a & b);
		break;
	case DW_OP_mul:
		push(e, a * b);
		break;
	case DW_OP_shl:
		push(e, b < 64 ? a << b : 0);
		break;
	case DW_OP_ge:
		push(e, (int64_t)a >= (int64_t)b);
		break;
	default:
		e->bad = true;
	}
}

static void one(struct eval *e, const Dwarf_Op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
		push(e, reg(e, atom - DW_OP_breg0) + op->number);
		return;
	}
	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
		push(e, atom - DW_OP_lit0);
		return;
	}
	switch (atom) {
	case DW_OP_bregx:
		push(e, reg(e, op->number) + op->number2);
		break;
	case DW_OP_call_frame_cfa:
		push(e, e->cfa);
		break;
	case DW_OP_plus_uconst:
		push(e, pop(e) + op->number);
		break;
	case DW_OP_const1u ... DW_OP_consts:
		push(e, op->number);
		break;
	case DW_OP_deref:
		deref(e);
		break;
	case DW_OP_stack_value:
		e->is_value = true;
		break;
	default:
		binary(e, atom);
	}
}

/* "In that register": of libdw's rules, always one op alone. */
static bool in_register(const Dwarf_Op *op, size_t count, uint64_t *number)
{
	if (count != 1)
		return false;
	*number = op->atom == DW_OP_regx ? op->number
					 : (Dwarf_Word)op->atom - DW_OP_reg0;
	return op->atom == DW_OP_regx ||
	       (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31);
}

static bool evaluate(struct eval *e, const Dwarf_Op *op, size_t count,
		     uint64_t *value)
{
	uint64_t number;

	if (in_register(op, count, &number)) {
		*value = reg(e, number);
		return !e->bad;
	}
	e->is_value = false;
	e->depth = 0;
	for (size_t i = 0; i < count && !e->bad; i++)
		one(e, &op[i]);
	*value = pop(e);
	return !e->bad;
}

/* ---- frames ---- */

static Dwarf_Frame *find_frame(struct unwind *u, uint64_t va)
{
	Dwarf_Frame *frame = NULL;

	for (unsigned i = 0; i < 2; i++)
		if (u->cfi[i] &&
		    dwarf_cfi_addrframe(u->cfi[i], va, &frame) == 0)
			return frame;
	return NULL;
}

static bool find_cfa(struct eval *e, Dwarf_Frame *frame)
{
	Dwarf_Op *op;
	size_t count;

	return dwarf_frame_cfa(frame, &op, &count) == 0 &&
	       evaluate(e, op, count, &e->cfa);
}

/* The caller's value of a register, if it was kept. */
static bool find_register(struct eval *e, Dwarf_Frame *frame, int number,
			  uint64_t *value)
{
	Dwarf_Op room[3], *op;
	size_t count;

	if (dwarf_frame_register(frame, number, room, &op, &count) != 0)
		return false;
	if (count == 0) {
		*value = e->regs->r[number];
		/* libdw: NULL says "the same", else it is not known. */
		return !op && e->regs->known >> number & 1;
	}
	e->bad = false;
	if (!evaluate(e, op, count, value))
		return false;
	if (e->is_value ||
	    (op->atom >= DW_OP_reg0 && count == 1 && op->atom <= DW_OP_reg31))
		return true;
	return e->memory->read(e->memory->ctx, *value, value);
}

bool unwind_step(struct unwind *u, struct source_regs *regs,
		 const struct source_memory *memory)
{
	struct eval e = {.regs = regs, .memory = memory};
	uint64_t at = regs->r[SOURCE_RIP] - regs->behind_call;
	struct source_regs caller = {.known = 0};
	Dwarf_Frame *frame = find_frame(u, at);
	bool found = frame && find_cfa(&e, frame);
	bool interrupted = false;

	for (int i = 0; found && i < SOURCE_REGS; i++)
		if (find_register(&e, frame, i, &caller.r[i]))
			caller.known |= 1u << i;
	if (found)
		dwarf_frame_info(frame, NULL, NULL, &interrupted);
	free(frame);
	if (!found || !(caller.known >> SOURCE_RIP & 1))
		return false;
	if (!(caller.known >> SOURCE_RSP & 1))
		caller.r[SOURCE_RSP] = e.cfa; /* the ABI's */
	caller.known |= 1u << SOURCE_RSP;
	/* A caller's frame is further up; what was interrupted, anywhere. */
	if (!interrupted && caller.r[SOURCE_RSP] <= regs->r[SOURCE_RSP])
		return false;
	caller.behind_call = !interrupted;
	*regs = caller;
	return true;
}
