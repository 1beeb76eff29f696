/*
 * operand.c: registers, displacements and memory such that the operands of an
 * instruction lie where it is interesting, with values that matter to it.
 */
#include <string.h>

#include "tests/diff/generate.h"

#define MXCSR_AT 24 /* in FXSAVE images */

/* ---- memory operands ---- */

static uint64_t pick_target(struct gen *g, unsigned size)
{
	static const uint32_t edges[] = {BOX_DATA,	     BOX_DATA + 0x1000,
					 BOX_CONST,	     BOX_CONST + 0x1000,
					 BOX_STACK + 0x1000, BOX_STACK};
	static const uint64_t far[] = {
		0,	     0x800000000000, 0xffff800000000000,
		0x100000000, 0x80000000,     0x4000000000000000};
	struct rng *r = &g->r;
	unsigned kind = rng_below(r, 32);
	uint64_t near = (uint64_t)rng_below(r, 2 * size + 1) - size;

	if (kind < 16)
		return BOX_DATA + 0x40 + rng_below(r, 0x1f0) * 16;
	if (kind < 20)
		return BOX_DATA + 0x40 + rng_below(r, 0x1f00);
	if (kind < 23)
		return BOX_DATA + 0x1000 + near;
	if (kind < 28)
		return edges[rng_below(r, 6)] + near;
	if (kind < 29)
		return BOX_CONST + rng_below(r, 0xf00);
	if (kind < 30)
		return BOX_STACK + rng_below(r, 0xf00);
	/* Long operands are tried in pieces, and makers cut them their way. */
	if (kind < 31 || (size > 8 && size != 16))
		return BOX_CODE + rng_below(r, 16);
	return far[rng_below(r, 6)] + near;
}

static bool image_offset(uint64_t lin, uint64_t *at)
{
	if (lin >= BOX_DATA && lin < BOX_DATA + 3 * BOX_PAGE)
		*at = lin - BOX_DATA + IMAGE_DATA;
	else if (lin >= BOX_STACK && lin < BOX_STACK + BOX_PAGE)
		*at = lin - BOX_STACK + IMAGE_STACK;
	else
		return false;
	return true;
}

static void patch(struct gen *g, uint64_t lin, uint64_t val)
{
	struct test_case *c = g->c;
	uint64_t at, last;

	if (c->patches == sizeof(c->patch) / sizeof(*c->patch) ||
	    !image_offset(lin, &at) || !image_offset(lin + 7, &last) ||
	    last != at + 7)
		return;
	c->patch[c->patches++] = (struct patch){at, val};
}

/* Interesting memory around a target. */
static void fill(struct gen *g, uint64_t lin, unsigned size)
{
	for (uint64_t i = 0; i < size && i < 64; i += 8)
		patch(g, lin + i,
		      rng_one_in(&g->r, 2) ? rng_operand(&g->r)
					   : rng_float(&g->r));
}

static uint64_t segment_base(const ZydisDecodedOperand *op)
{
	if (op->mem.segment == ZYDIS_REGISTER_FS)
		return BOX_FS_BASE;
	return op->mem.segment == ZYDIS_REGISTER_GS ? BOX_GS_BASE : 0;
}

static bool patch_displacement(struct draft *d, int64_t disp)
{
	unsigned size = d->z.raw.disp.size / 8;

	if (size == 0 || (size == 1 && disp != (int8_t)disp) ||
	    (size == 4 && disp != (int32_t)disp))
		return false;
	memcpy(d->byte + d->z.raw.disp.offset, &disp, size);
	return true;
}

/* A gather's indexes: see small_indexes(). */
static void note_index(struct gen *g, const ZydisDecodedOperand *op)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(op->mem.index);

	if (class == ZYDIS_REGCLASS_XMM || class == ZYDIS_REGCLASS_YMM)
		g->c->indexes |= 1u << ZydisRegisterGetId(op->mem.index);
}

/* Registers or displacement such that the address is `want`; `next` is RIP. */
static bool solve_address(struct gen *g, struct draft *d,
			  const ZydisDecodedOperand *op, uint64_t want,
			  uint64_t next)
{
	int base = gpr_number(op->mem.base), index = gpr_number(op->mem.index);
	const uint64_t *gpr = g->c->in.gpr;
	bool narrow = d->z.address_width == 32;
	uint64_t sum = 0;

	note_index(g, op);
	if (op->mem.base == ZYDIS_REGISTER_RIP ||
	    op->mem.base == ZYDIS_REGISTER_EIP)
		return patch_displacement(d, want - next);
	if (index >= 0) {
		if (g->dirty >> index & 1)
			return false;
		if (is_free(g, index) && (index == base || base < 0))
			fix(g, index, rng_below(&g->r, 4));
		g->fixed |= 1u << index;
		sum = gpr[index] * op->mem.scale;
	}
	if (base >= 0 && is_free(g, base)) {
		uint64_t high = narrow ? rng_next(&g->r) << 32 : 0;
		uint64_t disp =
			op->mem.disp.has_displacement ? op->mem.disp.value : 0;

		fix(g, base,
		    ((want - sum - disp) & (narrow ? UINT32_MAX : UINT64_MAX)) +
			    high);
		return true;
	}
	if (base >= 0) {
		if (g->dirty >> base & 1)
			return false;
		g->fixed |= 1u << base;
		sum += gpr[base];
	}
	if (narrow)
		return patch_displacement(d, (int32_t)(want - sum));
	return patch_displacement(d, want - sum);
}

static unsigned operand_bytes(const ZydisDecodedOperand *op)
{
	unsigned bytes = op->size / 8;

	return bytes ? bytes : 1;
}

/* MOVAPS and most SSE forms with memory want it aligned. */
static void place_memory(struct gen *g, struct draft *d,
			 const ZydisDecodedOperand *op, uint64_t next)
{
	uint64_t target = pick_target(g, operand_bytes(op));

	/* Makers check the offset or the sum: keep both canonical. */
	while (segment_base(op) && target - BOX_DATA > BOX_END - BOX_DATA)
		target = pick_target(g, operand_bytes(op));
	if (!solve_address(g, d, op, target - segment_base(op), next))
		return;
	fill(g, (target & ~UINT64_C(7)) - 8, operand_bytes(op) + 24);
	if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
		return;
	d->solved = true;
	d->target = target;
}

void place_operands(struct gen *g, struct draft *d, uint64_t next)
{
	for (unsigned i = 0; i < d->z.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->op[i];

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    gpr_number(op->mem.base) == RSP)
			continue;
		place_memory(g, d, op, next);
	}
}

/* ---- operands that matter to one kind of instruction ---- */

static void pick_count(struct gen *g, unsigned limit)
{
	if (is_free(g, RCX))
		fix(g, RCX, rng_below(&g->r, limit));
}

/* Half of the divisions shall have a quotient that fits. */
static void ease_division(struct gen *g, const struct draft *d)
{
	unsigned size = d->op[0].size;
	uint64_t low;

	if (rng_one_in(&g->r, 2) || !is_free(g, RAX) || !is_free(g, RDX))
		return;
	low = rng_operand(&g->r);
	if (size == 8) {
		fix(g, RAX, low & 0x7f);
		return;
	}
	fix(g, RAX, low);
	if (d->z.mnemonic == ZYDIS_MNEMONIC_DIV)
		fix(g, RDX, rng_below(&g->r, 2));
	else
		fix(g, RDX, low >> (size - 1) & 1 ? UINT64_MAX : 0);
}

static void match_comparand(struct gen *g, const struct draft *d)
{
	if (rng_one_in(&g->r, 2) || g->dirty & (1u << RAX | 1u << RDX))
		return;
	g->fixed |= 1u << RAX | 1u << RDX;
	if (d->solved && d->op[0].size == 64 &&
	    d->z.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B) {
		patch(g, d->target,
		      (uint32_t)g->c->in.gpr[RAX] | g->c->in.gpr[RDX] << 32);
	} else if (d->solved) {
		patch(g, d->target, g->c->in.gpr[RAX]);
		patch(g, d->target + 8, g->c->in.gpr[RDX]);
	} else if (d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		int reg = gpr_number(d->op[0].reg.value);

		if (reg >= 0 && is_free(g, reg))
			fix(g, reg, g->c->in.gpr[RAX]);
	}
}

/* The bit's number reaches far beyond the operand in memory. */
static void shorten_bit_offset(struct gen *g, const struct draft *d)
{
	int reg;

	if (d->op[0].type != ZYDIS_OPERAND_TYPE_MEMORY ||
	    d->op[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return;
	reg = gpr_number(d->op[1].reg.value);
	if (reg >= 0 && is_free(g, reg) && !rng_one_in(&g->r, 4))
		fix(g, reg, (uint64_t)rng_below(&g->r, 512) - 256);
}

/* Double shifts of 16 bits by more have no defined result. */
static bool defined_shift(struct gen *g, const struct draft *d)
{
	const ZydisDecodedOperand *n = &d->op[2];

	if ((d->z.mnemonic != ZYDIS_MNEMONIC_SHLD &&
	     d->z.mnemonic != ZYDIS_MNEMONIC_SHRD) ||
	    d->op[0].size != 16)
		return true;
	if (n->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return (n->imm.value.u & 31) <= 16;
	if (!is_free(g, RCX))
		return false;
	fix(g, RCX, rng_below(&g->r, 17) | (rng_next(&g->r) & 0xe0));
	return true;
}

/* MXCSR in memory, without the bit that one maker alone has. */
static bool tame_mxcsr(struct gen *g, struct draft *d)
{
	uint64_t val = rng_next(&g->r) & 0xffff, at = 0;

	if (d->z.mnemonic != ZYDIS_MNEMONIC_LDMXCSR &&
	    d->z.mnemonic != ZYDIS_MNEMONIC_VLDMXCSR)
		at = MXCSR_AT;
	if (g->c->units || !d->solved)
		return false;
	if (rng_one_in(&g->r, 8))
		val |= 1u << (18 + rng_below(&g->r, 14));
	patch(g, d->target + at, val | rng_next(&g->r) << 32);
	return d->target % 8 == 0 && d->target % BOX_PAGE < 0xe00;
}

/*
 * Makers differ in what is left when an exception is not masked: what may
 * lead there is compared alone.
 */
bool must_be_alone(const struct draft *d)
{
	switch (d->z.mnemonic) {
	case ZYDIS_MNEMONIC_FLDCW:
	case ZYDIS_MNEMONIC_FLDENV:
	case ZYDIS_MNEMONIC_FRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR64:
	case ZYDIS_MNEMONIC_FXSAVE: /* the image tells its maker */
	case ZYDIS_MNEMONIC_FXSAVE64:
		return true;
	default:
		return compares_to_flags(d->z.mnemonic);
	}
}

/* MMX registers are the x87 unit's. */
bool has_mmx(const struct draft *d)
{
	for (unsigned i = 0; i < d->z.operand_count; i++)
		if (d->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(d->op[i].reg.value) ==
			    ZYDIS_REGCLASS_MMX)
			return true;
	return d->z.mnemonic == ZYDIS_MNEMONIC_EMMS;
}

bool is_x87(const ZydisDecodedInstruction *z)
{
	switch (z->meta.isa_set) {
	case ZYDIS_ISA_SET_X87:
	case ZYDIS_ISA_SET_FCMOV:
	case ZYDIS_ISA_SET_SSE3X87:
	case ZYDIS_ISA_SET_FXSAVE:
	case ZYDIS_ISA_SET_FXSAVE64:
		return true;
	default:
		return false;
	}
}

/* False: not here, or not at all. */
bool prepare_operands(struct gen *g, struct draft *d)
{
	switch (d->z.mnemonic) {
	case ZYDIS_MNEMONIC_DIV:
	case ZYDIS_MNEMONIC_IDIV:
		ease_division(g, d);
		break;
	case ZYDIS_MNEMONIC_CMPXCHG:
	case ZYDIS_MNEMONIC_CMPXCHG8B:
	case ZYDIS_MNEMONIC_CMPXCHG16B:
		match_comparand(g, d);
		break;
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTC:
		shorten_bit_offset(g, d);
		break;
	case ZYDIS_MNEMONIC_LDMXCSR:
	case ZYDIS_MNEMONIC_VLDMXCSR:
	case ZYDIS_MNEMONIC_FXRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR64:
		return tame_mxcsr(g, d);
	case ZYDIS_MNEMONIC_FXSAVE:
	case ZYDIS_MNEMONIC_FXSAVE64:
		if (g->c->units || !d->solved)
			return false;
		g->c->own_maker = true;
		g->c->image_lin = d->target;
		break;
	default:
		break;
	}
	if (d->z.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
			       ZYDIS_ATTRIB_HAS_REPNE))
		if (!rng_one_in(&g->r, 64))
			pick_count(g, 40);
	return defined_shift(g, d);
}
