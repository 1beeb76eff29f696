/*
 * generate.c: a case from a seed and a number.
 *
 * Units are made one after another: a form, its free bits at random, then
 * registers, displacements and memory such that its operands lie where it
 * is interesting. A register is `fixed` once its first value matters and
 * `dirty` once code has written it; what is neither can still be chosen.
 * Branches lead forward only: no case runs for ever by design.
 */
#include <string.h>

#include "tests/diff/generate.h"

#define FLAGS_ARITH 0x8d5u
#define FLAG_TRAP   0x100u

/* ---- what comes before an instruction ---- */

static void add_fixup(struct gen *g, unsigned at, unsigned size, bool absolute)
{
	if (g->fixups < UNITS)
		g->fixup[g->fixups++] =
			(struct fixup){at, size, absolute, g->c->units};
}

static void lead_bytes(struct draft *d, const uint8_t *byte, unsigned len)
{
	memcpy(d->lead + d->lead_len, byte, len);
	d->lead_len += len;
}

/* cmp r64, r64 defines all flags, unless a jump leads past it. */
static void lead_defined_flags(struct gen *g, struct draft *d)
{
	uint8_t cmp[] = {0x48, 0x39, 0xc0 | rng_below(&g->r, 64)};

	lead_bytes(d, cmp, sizeof(cmp));
	if (!g->branches)
		g->taint = 0;
}

/* mov qword [rsp], imm32 */
static void lead_stack_top(struct draft *d, uint32_t val)
{
	uint8_t mov[8] = {0x48, 0xc7, 0x04, 0x24};

	memcpy(mov + 4, &val, 4);
	lead_bytes(d, mov, sizeof(mov));
}

static void lead_register(struct draft *d, unsigned reg)
{
	uint8_t mov[7] = {0x48 | reg >> 3, 0xc7, 0xc0 | (reg & 7)};

	lead_bytes(d, mov, sizeof(mov));
}

static uint32_t popped_flags(struct gen *g)
{
	uint32_t flags = rng_next(&g->r) & 0x3fffff;

	if (!alignment_checked(g))
		flags &= ~FLAG_AC;
	if (!rng_one_in(&g->r, 8))
		flags &= ~FLAG_TRAP;
	return flags;
}

static void make_lead(struct gen *g, struct draft *d)
{
	ZydisMnemonic m = d->z.mnemonic;
	unsigned at = g->c->len;
	uint32_t tested = d->z.cpu_flags ? d->z.cpu_flags->tested : 0;

	if (m == ZYDIS_MNEMONIC_PUSHF || m == ZYDIS_MNEMONIC_PUSHFQ ||
	    m == ZYDIS_MNEMONIC_LAHF)
		tested = FLAGS_ARITH;
	if (tested & g->taint)
		lead_defined_flags(g, d);
	if (m == ZYDIS_MNEMONIC_POPF || m == ZYDIS_MNEMONIC_POPFQ)
		lead_stack_top(d, popped_flags(g));
	if (m == ZYDIS_MNEMONIC_RET) {
		lead_stack_top(d, 0);
		add_fixup(g, at + d->lead_len - 4, 4, true);
	}
	if ((m == ZYDIS_MNEMONIC_JMP || m == ZYDIS_MNEMONIC_CALL) &&
	    d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		lead_register(d, gpr_number(d->op[0].reg.value));
		g->dirty |= 1u << gpr_number(d->op[0].reg.value);
		add_fixup(g, at + d->lead_len - 4, 4, true);
	}
}

/* ---- units ---- */

static void note_flags(struct gen *g, const struct draft *d)
{
	const ZydisAccessedFlags *f = d->z.cpu_flags;
	int cl = g->dirty >> RCX & 1 ? -1 : (int)(g->c->in.gpr[RCX] & 0xff);
	uint32_t undefined = undefined_flags(&d->z, d->op, cl);

	if (is_shift(d->z.mnemonic))
		g->fixed |= 1u << RCX;
	if (f && !keeps_flags(d->z.mnemonic, d->z.attributes) && !g->branches)
		g->taint &= ~(f->modified | f->set_0 | f->set_1);
	g->taint |= undefined;
	g->c->undefined_any |= undefined;
}

static void note_writes(struct gen *g, const struct draft *d)
{
	for (unsigned i = 0; i < d->z.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->op[i];
		int reg;

		if (op->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		reg = gpr_number(op->reg.value);
		if (reg >= 0)
			g->dirty |= 1u << reg;
	}
}

static void append(struct gen *g, struct draft *d)
{
	struct test_case *c = g->c;
	struct unit *u = &c->unit[c->units];
	unsigned len = d->z.length, end = d->lead_len + len;

	*u = (struct unit){.at = c->len,
			   .lead = d->lead_len,
			   .len = end,
			   .taint = g->taint,
			   .mnemonic = d->z.mnemonic,
			   .form = d->index};
	if (d->z.raw.imm[0].is_relative) {
		add_fixup(g, c->len + d->lead_len + d->z.raw.imm[0].offset,
			  d->z.raw.imm[0].size / 8, false);
	}
	if (d->z.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
		g->branches = true;
	memcpy(c->code + c->len, d->lead, d->lead_len);
	memcpy(c->code + c->len + d->lead_len, d->byte, len);
	c->len += end;
	c->units++;
}

/* The bytes of a form, which must still mean what it does. */
static bool draft_bytes(struct gen *g, struct draft *d)
{
	d->index = form_pick(&g->r);
	d->form = form_at(d->index);
	put_instruction(g, d->form, d->byte);
	if (!decode(d) || d->z.mnemonic != d->form->mnemonic ||
	    !form_allowed(&d->z))
		return false;
	vary_reg(g, d);
	return decode(d) && form_allowed(&d->z);
}

static bool add_unit(struct gen *g)
{
	unsigned fixups = g->fixups;
	struct draft d = {0};
	uint64_t next;

	if (!draft_bytes(g, &d))
		return false;
	if (g->want > 1 && must_be_alone(&d))
		return false;
	if (d.lead_len + d.z.length + g->c->len + 32 > CODE_ROOM)
		return false;
	make_lead(g, &d);
	next = BOX_CODE + g->c->offset + g->c->len + d.lead_len + d.z.length;
	place_operands(g, &d, next);
	if (!prepare_operands(g, &d)) {
		g->fixups = fixups;
		return false;
	}
	g->c->x87 |= is_x87(&d.z) || has_mmx(&d);
	append(g, &d);
	decode(&d);
	note_flags(g, &d);
	note_writes(g, &d);
	return true;
}

/* ---- the end: jumps get their targets ---- */

static uint64_t code_address(const struct test_case *c, unsigned at)
{
	return BOX_CODE + c->offset + at;
}

/* Mostly a later unit or the end; or INT3, or nothing at all. */
static uint64_t jump_target(struct gen *g, const struct fixup *f)
{
	const struct test_case *c = g->c;
	unsigned later = c->units - f->unit, n = rng_below(&g->r, 16);

	if (n == 0)
		return BOX_CODE + 8;
	if (n == 1)
		return f->absolute && rng_one_in(&g->r, 2)
			       ? 0xffffffff80000000 | rng_next(&g->r) >> 40
			       : BOX_DATA + rng_below(&g->r, 0x4000);
	n = f->unit + 1 + rng_below(&g->r, later);
	return code_address(c, n < c->units ? c->unit[n].at : c->len);
}

static void resolve(struct gen *g)
{
	for (unsigned i = 0; i < g->fixups; i++) {
		const struct fixup *f = &g->fixup[i];
		uint64_t next = code_address(g->c, f->at + f->size);
		uint64_t to = jump_target(g, f);
		int64_t val = f->absolute ? to : to - next;

		/* What follows is always within reach. */
		if (f->size == 1 && val != (int8_t)val)
			val = 0;
		memcpy(g->c->code + f->at, &val, f->size);
	}
}

static void finish_code(struct gen *g)
{
	struct test_case *c = g->c;
	uint64_t next = code_address(c, c->len + 5);
	int32_t disp = BOX_EXIT - next;

	resolve(g);
	c->code[c->len] = 0xe9;
	memcpy(c->code + c->len + 1, &disp, 4);
	c->undefined = g->taint;
}

/* ---- cases ---- */

void case_generate(struct test_case *c, uint64_t seed, uint64_t index)
{
	struct gen g = {.r = {seed * 0x2545f4914f6cdd1d + index}, .c = c};
	unsigned tries = 0;

	rng_next(&g.r);
	g.r.s ^= rng_next(&g.r);
	c->len = c->units = c->patches = 0;
	c->undefined_any = 0;
	c->x87 = c->own_maker = false;
	c->indexes = 0;
	first_stack_pointer(&g);
	free_registers(&g);
	c->in.fs_base = BOX_FS_BASE;
	c->in.gs_base = BOX_GS_BASE;
	g.want = rng_one_in(&g.r, 2) ? 1 : 2 + rng_below(&g.r, UNITS - 1);
	c->offset = 16 + rng_below(&g.r, BOX_PAGE - CODE_ROOM - 16);
	if (rng_one_in(&g.r, 40)) { /* the page ends before the code */
		c->offset = BOX_PAGE - 1 - rng_below(&g.r, 14);
		g.want = 1;
	}
	while (c->units < g.want && tries++ < 64)
		add_unit(&g);
	finish_code(&g);
	if (c->x87)
		first_x87(&g);
	small_indexes(&g);
	c->in.rip = BOX_CODE + c->offset;
	c->fixed = g.fixed;
	c->state = g.r;
}

void case_vary(struct test_case *c)
{
	struct gen g = {.r = c->state, .c = c, .fixed = c->fixed};

	free_registers(&g);
	if (c->x87)
		first_x87(&g);
	small_indexes(&g);
	c->state = g.r;
}
