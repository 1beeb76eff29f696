/*
 * compare.c: is what came out of a case the same on both sides? But for what
 * the manuals leave open: flags, and where makers differ.
 */
#include <string.h>

#include "tests/diff/diff.h"

#define FLAGS_ARITH 0x8d5u
#define FLAG_RF	    0x10000u
#define VECTOR_DB   1
#define VECTOR_GP   13
#define VECTOR_PF   14
#define VECTOR_AC   17

#define FSW_DE	    0x0002u
#define FSW_ES	    0x0080u
#define FSW_C1	    0x0200u
#define FSW_CODES   0x4700u

/* Which unit an address is in, or NULL. */
static const struct unit *unit_at(const struct test_case *c, uint64_t rip)
{
	uint64_t at = rip - BOX_CODE - c->offset;

	for (unsigned i = 0; i < c->units; i++)
		if (at - c->unit[i].at < c->unit[i].len)
			return &c->unit[i];
	return NULL;
}

static bool is_trap(int vector)
{
	return vector == 1 || vector == 3 || vector == 4;
}

static uint64_t flags_mask(const struct test_case *c, const struct outcome *o)
{
	const struct unit *u;

	if (o->regs.fxsave[2] & FSW_ES && compares_to_flags(c->unit->mnemonic))
		return ~(uint64_t)(FLAGS_ARITH | FLAG_RF);
	if (o->vector == NO_FAULT)
		return ~(uint64_t)(c->undefined | FLAG_RF);
	u = unit_at(c, o->regs.rip);
	/* RIP is behind the instruction; or after an iteration of a REP, where
	 * makers differ in RF (SDM 3 17.3.1.1 sets it). */
	if (!u || is_trap(o->vector))
		return ~(uint64_t)(c->undefined_any | FLAG_RF);
	return ~(uint64_t)u->taint;
}

/*
 * Makers differ in whether FCOMI touches C1, and whether a comparison that
 * is not masked and invalid has a result.
 */
static uint16_t fsw_mask(const struct test_case *c, const struct registers *n)
{
	uint16_t fsw = n->fxsave[2] | n->fxsave[3] << 8;

	if (fsw & FSW_ES)
		return 0xffff & ~FSW_CODES;
	if (compares_to_flags(c->unit->mnemonic))
		return 0xffff & ~FSW_C1;
	return 0xffff;
}

static void mask_fsw(uint8_t *fx, uint16_t mask)
{
	fx[2] &= mask;
	fx[3] &= mask >> 8;
}

/* Of FXSAVE images: what makers fill in differently. */
static void blank_image(uint8_t *fx)
{
	memset(fx + 6, 0, 18);
	memset(fx + 28, 0, 4);
	for (unsigned i = 0; i < 8; i++)
		memset(fx + 32 + 16 * i + 10, 0, 6);
	memset(fx + 416, 0, 96);
}

/* Linux says that pages beyond its user space are there. */
#define LINUX_TASK_SIZE UINT64_C(0x7ffffffff000)

static uint32_t error_of(const struct outcome *o)
{
	if (o->vector == VECTOR_PF && o->cr2 >= LINUX_TASK_SIZE)
		return o->error | 1;
	return o->error;
}

/* ENTER's frame when it faults later on: how much is there is not defined. */
static bool half_done(const struct test_case *c, const struct outcome *o)
{
	const struct unit *u = unit_at(c, o->regs.rip);

	return o->vector != NO_FAULT && u &&
	       u->mnemonic == ZYDIS_MNEMONIC_ENTER;
}

static const char *memory_differs(const struct test_case *c,
				  const struct outcome *o)
{
	uint8_t *a = native_image(), *b = guest_image();

	if (!memcmp(a, b, IMAGE_CODE) || half_done(c, o))
		return NULL;
	for (unsigned i = 0; i < IMAGE_CODE; i++) {
		unsigned in =
			(i < IMAGE_STACK ? BOX_DATA : BOX_STACK - IMAGE_STACK) +
			i - c->image_lin;
		bool blank = (in >= 6 && in < 24) || (in >= 28 && in < 32) ||
			     (in >= 32 && in < 160 && in % 16 >= 10) ||
			     (in >= 416 && in < 512);

		if (a[i] == b[i] || (c->own_maker && blank))
			continue;
		return "memory";
	}
	return NULL;
}

static bool is_gather(ZydisMnemonic m)
{
	switch (m) {
	case ZYDIS_MNEMONIC_VGATHERDPD:
	case ZYDIS_MNEMONIC_VGATHERDPS:
	case ZYDIS_MNEMONIC_VGATHERQPD:
	case ZYDIS_MNEMONIC_VGATHERQPS:
	case ZYDIS_MNEMONIC_VPGATHERDD:
	case ZYDIS_MNEMONIC_VPGATHERDQ:
	case ZYDIS_MNEMONIC_VPGATHERQD:
	case ZYDIS_MNEMONIC_VPGATHERQQ:
		return true;
	default:
		return false;
	}
}

static uint64_t value_of(const struct registers *regs, ZydisRegister reg,
			 uint64_t next)
{
	if (reg == ZYDIS_REGISTER_NONE)
		return 0;
	if (reg == ZYDIS_REGISTER_RIP)
		return next;
	if (reg == ZYDIS_REGISTER_AL) /* XLAT's index */
		return regs->gpr[0] & 0xff;
	return regs->gpr[ZydisRegisterGetId(reg)];
}

static bool canonical(uint64_t at)
{
	return (at + (UINT64_C(1) << 47)) >> 48 == 0;
}

/*
 * Is it the offset into FS or GS that is not canonical, whatever the linear
 * address is? AMD's processors refuse that too; SDM 3 3.3.7.1 and ours look
 * at the linear address alone. `regs` are those of the fault.
 */
static bool wild_offset(const struct registers *regs)
{
	const uint8_t *code = native_image() + IMAGE_CODE;
	uint64_t at = regs->rip - BOX_CODE;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];

	if (at >= BOX_PAGE ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder64, code + at,
						 BOX_PAGE - at, &z, op)) ||
	    z.address_width != 64 || is_gather(z.mnemonic))
		return false;
	for (unsigned i = 0; i < z.operand_count; i++) {
		const ZydisDecodedOperandMem *mem = &op[i].mem;
		uint64_t offset;

		if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    (mem->segment != ZYDIS_REGISTER_FS &&
		     mem->segment != ZYDIS_REGISTER_GS))
			continue;
		offset = value_of(regs, mem->base, regs->rip + z.length) +
			 value_of(regs, mem->index, 0) * mem->scale +
			 mem->disp.value;
		if (!canonical(offset) ||
		    !canonical(offset + op[i].size / 8 - 1))
			return true;
	}
	return false;
}

/*
 * Where makers differ in which of two reasons to fault comes first, or which
 * byte of a long operand is tried first.
 */
static bool excused(const struct test_case *c, const struct outcome *n,
		    const struct outcome *g)
{
	const struct unit *u = unit_at(c, n->regs.rip);
	const struct unit *v = unit_at(c, g->regs.rip);

	/* One maker's SHA takes operands that are not aligned. */
	if (v && g->vector == VECTOR_GP &&
	    v->mnemonic >= ZYDIS_MNEMONIC_SHA1MSG1 &&
	    v->mnemonic <= ZYDIS_MNEMONIC_SHA256RNDS2)
		return true;
	if (!u || (n->vector == NO_FAULT && g->vector == NO_FAULT))
		return false;
	/* How far it came, and the mask: ours are as AMD has them. */
	if (is_gather(u->mnemonic) && !__builtin_cpu_is("amd"))
		return n->vector == g->vector && n->regs.rip == g->regs.rip;
	if (n->vector == VECTOR_GP && n->regs.rip == g->regs.rip &&
	    __builtin_cpu_is("amd") && wild_offset(&n->regs))
		return true;
	switch (u->mnemonic) {
	case ZYDIS_MNEMONIC_MASKMOVDQU: /* bytes that the mask leaves out */
	case ZYDIS_MNEMONIC_VMASKMOVDQU:
	case ZYDIS_MNEMONIC_MASKMOVQ: /* and MMX's claim to the registers */
		return n->vector == VECTOR_GP ||
		       (n->vector == VECTOR_AC) ==
			       (g->vector == VECTOR_AC && u == v);
	case ZYDIS_MNEMONIC_ENTER: /* the frames above or the stack below */
	case ZYDIS_MNEMONIC_CALL:  /* the push, or where it leads */
	case ZYDIS_MNEMONIC_CMPSB: /* either operand */
	case ZYDIS_MNEMONIC_CMPSW:
	case ZYDIS_MNEMONIC_CMPSD:
	case ZYDIS_MNEMONIC_CMPSQ:
	case ZYDIS_MNEMONIC_FXSAVE:
	case ZYDIS_MNEMONIC_FXSAVE64:
	case ZYDIS_MNEMONIC_FXRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR64:
	case ZYDIS_MNEMONIC_FLDENV:
	case ZYDIS_MNEMONIC_FRSTOR:
		return n->vector != NO_FAULT && g->vector != NO_FAULT &&
		       n->regs.rip == g->regs.rip;
	default:
		return false;
	}
}

/* Makers differ in whether an unmasked denormal is loaded. */
static bool denormal_load(const struct test_case *c, const struct registers *n)
{
	return c->unit->mnemonic == ZYDIS_MNEMONIC_FLD &&
	       n->fxsave[2] & FSW_ES && n->fxsave[2] & FSW_DE;
}

const char *differs(const struct test_case *c, struct outcome *n,
		    struct outcome *g)
{
	uint64_t mask = flags_mask(c, n);

	if (excused(c, n, g))
		return NULL;
	mask_fsw(g->regs.fxsave, fsw_mask(c, &n->regs));
	mask_fsw(n->regs.fxsave, fsw_mask(c, &n->regs));
	blank_image(n->regs.fxsave);
	blank_image(g->regs.fxsave);
	if (n->vector != g->vector)
		return "exception";
	if (error_of(n) != error_of(g))
		return "error code";
	if (n->cr2 != g->cr2)
		return "CR2";
	if (n->regs.rip != g->regs.rip)
		return "RIP";
	if (memcmp(n->regs.gpr, g->regs.gpr, sizeof(n->regs.gpr)))
		return "general registers";
	if ((n->regs.rflags ^ g->regs.rflags) & mask)
		return "flags";
	if (n->regs.fs_base != g->regs.fs_base ||
	    n->regs.gs_base != g->regs.gs_base)
		return "segment bases";
	if (!denormal_load(c, &n->regs) &&
	    memcmp(n->regs.fxsave, g->regs.fxsave, 512))
		return "x87 or SSE registers";
	if (memcmp(n->regs.ymm_high, g->regs.ymm_high, 256))
		return "upper halves of vector registers";
	return memory_differs(c, n);
}
