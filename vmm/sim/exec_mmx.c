/*
 * exec_mmx.c: around the rows that mmx_find() gives: MMX registers, which are
 * the x87 unit's significands by number, and what using them does to that
 * unit (SDM 1 9.5): all registers become full, TOP 0, and one that is written
 * has all ones above the significand.
 */
#include "vmm/sim/exec_simd.h"
#include "vmm/sim/handlers.h"
#include "vmm/sim/x87_unit.h"

/* A number from memory for an XMM register has no part in the x87 state. */
static bool uses_mmx(const struct op *op, unsigned form)
{
	return form != MMX_X_M || !(op->flags & OP_MEM);
}

static void check_enabled(struct cpu *cpu, const struct op *op, unsigned form)
{
	bool xmm = form == MMX_X_M || form == MMX_M_X;

	cpu->op = op;
	if (cpu->s.cr0 & CR0_EM || (xmm && !(cpu->s.cr4 & CR4_OSFXSR)))
		raise_fault(cpu, VEC_UD);
	if (cpu->s.cr0 & CR0_TS)
		raise_fault(cpu, VEC_NM);
	if (uses_mmx(op, form) && x87_pending(&cpu->x87) && cpu->s.cr0 & CR0_NE)
		raise_fault(cpu, VEC_MF);
}

static union xmm get_mmx(const struct cpu *cpu, unsigned reg)
{
	return (union xmm){.u64 = {cpu->x87.reg[reg & 7].sig}};
}

static void set_mmx(struct cpu *cpu, unsigned reg, const union xmm *val)
{
	cpu->x87.reg[reg & 7].sig = val->u64[0];
	cpu->x87.reg[reg & 7].se = F80_SIGN | F80_EXP;
}

/* After the last thing that can fault. */
static void enter_mmx(struct x87 *x)
{
	x87_set_top(x, 0);
	x->full = 0xff;
}

static unsigned memory_bytes(const struct op *op, struct mmx_op how)
{
	if (op->simd->props & SIMD_REXW && op->flags & OP_REXW)
		return 8;
	return how.bytes;
}

static void source(struct cpu *cpu, const struct op *op, struct mmx_op how,
		   union xmm *src)
{
	unsigned bytes = memory_bytes(op, how);

	if (op->flags & OP_MEM) {
		uint64_t ea = effective(cpu, op);

		if (bytes == 16)
			simd_check_aligned(cpu, op, ea, bytes);
		simd_load(cpu, op, ea, bytes, src);
	} else if (how.form == MMX_M_X) {
		*src = cpu->xmm[op->rm];
	} else if (how.form == MMX_M_G) {
		*src = (union xmm){
			.u64 = {reg_get(cpu, op->rm,
					op->flags & OP_REXW ? 8 : 4)}};
	} else {
		*src = get_mmx(cpu, op->rm);
	}
}

static void store_form(struct cpu *cpu, const struct op *op, struct mmx_op how)
{
	union xmm val = get_mmx(cpu, op->reg);

	if (op->flags & OP_MEM)
		simd_store(cpu, op, effective(cpu, op), memory_bytes(op, how),
			   &val);
	else if (how.form == MMX_G_M)
		reg_set(cpu, op->rm, op->flags & OP_REXW ? 8 : 4, val.u64[0]);
	else
		set_mmx(cpu, op->rm, &val);
}

static void mask_move(struct cpu *cpu, const struct op *op)
{
	union xmm from = get_mmx(cpu, op->reg), mask = get_mmx(cpu, op->rm);
	struct simd_ctx ctx;

	simd_compute(cpu, op, &ctx, &mask, &mask);
	simd_store_masked(cpu, op, mask.u64[0], &from);
}

static void compute_form(struct cpu *cpu, const struct op *op,
			 struct mmx_op how)
{
	unsigned to = how.form == MMX_U_I ? op->rm : op->reg;
	union xmm src, dst = {{0}};
	struct simd_ctx ctx;

	source(cpu, op, how, &src);
	if (how.form == MMX_X_M)
		dst = cpu->xmm[to];
	else if (how.form != MMX_R_M)
		dst = get_mmx(cpu, to);
	if (how.joined)
		dst.u64[1] = src.u64[0];
	/* A conversion that is not done, #XM, has begun for all that. */
	if (uses_mmx(op, how.form))
		enter_mmx(&cpu->x87);
	simd_compute(cpu, op, &ctx, &dst, &src);
	if (how.form == MMX_X_M)
		cpu->xmm[to] = dst;
	else if (how.form == MMX_R_M)
		simd_set_general(cpu, &ctx, to, &dst);
	else
		set_mmx(cpu, to, &dst);
}

void exec_mmx(struct cpu *cpu, const struct op *op)
{
	struct mmx_op how = op->mmx;

	check_enabled(cpu, op, how.form);
	switch (how.form) {
	case MMX_EMMS:
		x87_set_top(&cpu->x87, 0);
		cpu->x87.full = 0;
		break;
	case MMX_STORE:
	case MMX_G_M:
		store_form(cpu, op, how);
		enter_mmx(&cpu->x87);
		break;
	case MMX_MASKMOV:
		mask_move(cpu, op);
		enter_mmx(&cpu->x87);
		break;
	default:
		compute_form(cpu, op, how);
	}
	return next(cpu, op);
}
