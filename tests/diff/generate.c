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

#include "tests/diff/diff.h"

#define RAX	    0
#define RCX	    1
#define RDX	    2
#define RSP	    4

#define FLAGS_ARITH 0x8d5u
#define FLAG_TRAP   0x100u
#define FLAG_IF	    0x200u
#define FLAG_DF	    0x400u
#define FLAG_ID	    0x200000u

#define MXCSR_AT    24 /* in FXSAVE images */
#define ST_AT	    32
#define XMM_AT	    160

/* A jump whose target is chosen when all units are there. */
struct fixup {
	uint16_t at;
	uint8_t size;
	bool absolute;
	uint8_t unit;
};

struct gen {
	struct rng r;
	struct test_case *c;
	uint32_t fixed, dirty;
	uint32_t taint;
	bool branches;
	unsigned want; /* units */
	struct fixup fixup[UNITS];
	unsigned fixups;
};

/* An instruction on its way to becoming a unit. */
struct draft {
	const struct form *form;
	uint32_t index;
	uint8_t byte[16];
	uint8_t lead[16];
	unsigned lead_len;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	uint64_t target; /* of its memory operand, when that was chosen */
	bool solved;
};

static bool is_free(const struct gen *g, unsigned reg)
{
	return !((g->fixed | g->dirty) >> reg & 1);
}

static void fix(struct gen *g, unsigned reg, uint64_t val)
{
	g->c->in.gpr[reg] = val;
	g->fixed |= 1u << reg;
}

static int gpr_number(ZydisRegister reg)
{
	ZydisRegister wide = ZydisRegisterGetLargestEnclosing(
		ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (wide < ZYDIS_REGISTER_RAX || wide > ZYDIS_REGISTER_R15)
		return -1;
	return wide - ZYDIS_REGISTER_RAX;
}

/* ---- bytes ---- */

static unsigned pick_register(struct gen *g)
{
	unsigned reg = rng_below(&g->r, 16);

	for (int i = 0; i < 3 && g->dirty >> reg & 1; i++)
		reg = rng_below(&g->r, 16);
	return reg;
}

/* ModRM, SIB and displacement of memory; the REX bits for them. */
static unsigned put_memory(struct gen *g, uint8_t *out, unsigned reg,
			   bool gather, uint8_t *rex)
{
	unsigned kind = gather ? 2 + rng_below(&g->r, 7) : rng_below(&g->r, 16),
		 n = 0;
	unsigned base = pick_register(g), index = pick_register(g);
	unsigned mod = rng_below(&g->r, 3), disp = 0;

	*rex = 0;
	if (kind < 2) { /* [rip + disp32] */
		out[n++] = 0x05 | reg << 3;
		disp = 4;
	} else if (kind < 4) { /* [index * scale + disp32] */
		out[n++] = 0x04 | reg << 3;
		out[n++] = 0x05 | (index & 7) << 3 | rng_below(&g->r, 4) << 6;
		*rex = index >> 3 << 1;
		disp = 4;
	} else if (kind < 9 || base == RSP || base == 12) {
		out[n++] = mod << 6 | reg << 3 | 4;
		out[n++] = rng_below(&g->r, 4) << 6 | (index & 7) << 3 |
			   (base & 7);
		*rex = index >> 3 << 1 | base >> 3;
	} else {
		out[n++] = mod << 6 | reg << 3 | (base & 7);
		*rex = base >> 3;
	}
	if (kind >= 4)
		disp = mod == 1 ? 1 : mod == 2 ? 4 : (base & 7) == 5 ? 4 : 0;
	for (unsigned i = 0; i < disp; i++)
		out[n++] = rng_next(&g->r);
	return n;
}

static unsigned put_junk_prefixes(struct gen *g, const struct form *f,
				  uint8_t *out)
{
	static const uint8_t nothing[] = {0x26, 0x2e, 0x36, 0x3e};
	unsigned n = 0;

	if (rng_one_in(&g->r, 32))
		out[n++] = nothing[rng_below(&g->r, 4)];
	if (rng_one_in(&g->r, 24))
		out[n++] = 0x64 | rng_below(&g->r, 2);
	if (rng_one_in(&g->r, 16))
		out[n++] = 0x67;
	if (!f->vex && rng_one_in(&g->r, f->mem && f->map < 2 ? 12 : 200))
		out[n++] = 0xf0;
	return n;
}

/* It names a register, or must be zero. */
static unsigned vvvv(struct gen *g)
{
	return rng_one_in(&g->r, 2) ? 0 : rng_below(&g->r, 16);
}

static unsigned put_vex(const struct form *f, uint8_t *out, unsigned rex,
			unsigned v)
{
	out[0] = 0xc4;
	out[1] = (~rex & 7) << 5 | f->map;
	out[2] = (f->vex & 0x87) | (~v & 15) << 3;
	return 3;
}

static unsigned put_legacy(struct gen *g, const struct form *f, uint8_t *out,
			   unsigned rex)
{
	unsigned n = 0;

	if (f->prefix)
		out[n++] = f->prefix;
	rex |= f->rexw << 3;
	if (rex || rng_one_in(&g->r, 6))
		out[n++] = 0x40 | rex;
	if (f->map)
		out[n++] = 0x0f;
	if (f->map > 1)
		out[n++] = f->map == 2 ? 0x38 : 0x3a;
	return n;
}

static void put_instruction(struct gen *g, const struct form *f, uint8_t *out)
{
	uint8_t tail[16], rex = 0, reg = rng_below(&g->r, 16);
	unsigned n = 0, len = 0;

	if (f->mem) {
		len = put_memory(g, tail, f->modrm >> 3 & 7, f->gather, &rex);
	} else if (f->has_modrm && !f->whole) {
		tail[len++] = (f->modrm & 0xf8) | (reg & 7);
		rex = reg >> 3;
	} else if (f->has_modrm) {
		tail[len++] = f->modrm;
	} else {
		rex = reg & 1;
	}
	if (f->has_modrm && !f->whole)
		rex |= rng_below(&g->r, 2) << 2;
	n = put_junk_prefixes(g, f, out);
	n += f->vex ? put_vex(f, out + n, rex, vvvv(g))
		    : put_legacy(g, f, out + n, rex);
	out[n++] = f->opcode;
	memcpy(out + n, tail, len);
	n += len;
	while (n < 15)
		out[n++] = rng_one_in(&g->r, 4) ? rng_below(&g->r, 4)
						: rng_next(&g->r);
}

/* Opcodes whose ModRM has the form's meaning in reg keep it; others vary. */
static void vary_reg(struct gen *g, struct draft *d)
{
	const struct form *f = d->form;
	ZydisDecodedInstruction z;
	uint8_t try[16];
	unsigned at = d->z.raw.modrm.offset;

	if (!f->has_modrm || f->whole || rng_one_in(&g->r, 4))
		return;
	memcpy(try, d->byte, sizeof(try));
	try[at] = (try[at] & 0xc7) | rng_below(&g->r, 8) << 3;
	if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder64, NULL, try,
						       15, &z)) &&
	    z.mnemonic == d->z.mnemonic && z.length == d->z.length)
		memcpy(d->byte, try, sizeof(try));
}

static bool decode(struct draft *d)
{
	return ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoder64, d->byte, 15, &d->z, d->op));
}

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

static void place_operands(struct gen *g, struct draft *d, uint64_t next)
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
static bool must_be_alone(const struct draft *d)
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
static bool has_mmx(const struct draft *d)
{
	for (unsigned i = 0; i < d->z.operand_count; i++)
		if (d->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(d->op[i].reg.value) ==
			    ZYDIS_REGCLASS_MMX)
			return true;
	return d->z.mnemonic == ZYDIS_MNEMONIC_EMMS;
}

static bool is_x87(const ZydisDecodedInstruction *z)
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
static bool prepare_operands(struct gen *g, struct draft *d)
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

/* AC would make the host's alignment checks ours. */
static uint32_t popped_flags(struct gen *g)
{
	uint32_t flags = rng_next(&g->r) & 0x3fffff & ~0x40000u;

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

/* ---- registers ---- */

static void first_stack_pointer(struct gen *g)
{
	uint64_t rsp = BOX_STACK + 0x400 + rng_below(&g->r, 0x100) * 8;
	unsigned kind = rng_below(&g->r, 32);

	if (kind == 0)
		rsp = BOX_STACK + rng_below(&g->r, 17);
	else if (kind == 1)
		rsp = BOX_STACK + BOX_PAGE - rng_below(&g->r, 17);
	else if (kind < 5)
		rsp += rng_below(&g->r, 8);
	else if (kind == 5 && rng_one_in(&g->r, 8))
		rsp = rng_operand(&g->r);
	fix(g, RSP, rsp);
}

static uint32_t first_mxcsr(struct gen *g)
{
	uint64_t any = rng_next(&g->r);
	uint32_t flags = any >> 32 & 0x3f;

	switch (any & 7) {
	case 0:
		return any >> 16 & 0xffff; /* some exceptions unmasked */
	case 1:
	case 2:
		return 0x1f80 | (any >> 16 & 0xe040) | flags;
	}
	return 0x1f80;
}

/* Numbers of all kinds, also those that no instruction makes. */
static void put_st(struct gen *g, uint8_t *at)
{
	static const uint16_t exponents[] = {0,	     1,	     0x3ffe, 0x3fff,
					     0x4000, 0x403e, 0x7ffe, 0x7fff};
	uint64_t mantissa = rng_float(&g->r);
	uint16_t exponent = exponents[rng_below(&g->r, 8)];

	if (!rng_one_in(&g->r, 4))
		exponent = 0x3fff - 40 + rng_below(&g->r, 80);
	if (exponent && !rng_one_in(&g->r, 16))
		mantissa |= UINT64_C(1) << 63;
	exponent |= rng_below(&g->r, 2) << 15;
	memcpy(at, &mantissa, 8);
	memcpy(at + 8, &exponent, 2);
}

/* FSW's exceptions only where they are masked: nothing waits, mostly. */
static void first_x87(struct gen *g)
{
	uint8_t *fx = g->c->in.fxsave;
	uint16_t fcw = 0x37f, fsw = rng_below(&g->r, 8) << 11;

	if (g->c->units == 1 && rng_one_in(&g->r, 3))
		fcw = 0x40 | (rng_next(&g->r) & 0xf3f);
	if (rng_one_in(&g->r, 4))
		fsw |= rng_next(&g->r) & 0x473f & (fcw | 0xffc0);
	memcpy(fx, &fcw, 2);
	memcpy(fx + 2, &fsw, 2);
	fx[4] = rng_one_in(&g->r, 2) ? 0xff : rng_next(&g->r);
	for (unsigned i = 0; i < 8; i++)
		put_st(g, fx + ST_AT + 16 * i);
}

static void put_vector(struct registers *in, unsigned reg, unsigned part,
		       uint64_t val)
{
	uint8_t *at = part < 2 ? in->fxsave + XMM_AT : in->ymm_high;

	memcpy(at + 16 * reg + 8 * (part & 1), &val, 8);
}

/* So that most elements are on the page that the base names. */
static void small_indexes(struct gen *g)
{
	unsigned parts = native_has_avx() ? 4 : 2;

	for (unsigned i = 0; i < 16 * parts; i++) {
		uint64_t val = (uint64_t)rng_below(&g->r, 64) - 32;

		if (!(g->c->indexes >> i / parts & 1) || rng_one_in(&g->r, 16))
			continue;
		if (rng_one_in(&g->r, 2)) /* for doublewords */
			val = (val & 31) | (uint64_t)rng_below(&g->r, 32) << 32;
		put_vector(&g->c->in, i / parts, i % parts, val);
	}
}

/* All that no address or count depends on. */
static void free_registers(struct gen *g)
{
	struct registers *in = &g->c->in;
	uint32_t mxcsr = first_mxcsr(g);
	uint16_t fcw = 0x37f;

	for (unsigned i = 0; i < 16; i++)
		if (!(g->fixed >> i & 1))
			in->gpr[i] = rng_operand(&g->r);
	memset(in->fxsave, 0, XMM_AT);
	memcpy(in->fxsave, &fcw, 2);
	memcpy(in->fxsave + MXCSR_AT, &mxcsr, 4);
	memset(in->ymm_high, 0, sizeof(in->ymm_high));
	for (unsigned i = 0; i < (native_has_avx() ? 64 : 32); i++)
		put_vector(in, i / 2 % 16, i % 2 + i / 32 * 2,
			   i & 2 ? rng_float(&g->r) : rng_operand(&g->r));
	in->rflags = 2 | FLAG_IF | (rng_next(&g->r) & FLAGS_ARITH);
	if (rng_one_in(&g->r, 6))
		in->rflags |= FLAG_DF;
	if (rng_one_in(&g->r, 16))
		in->rflags |= FLAG_ID;
}

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
