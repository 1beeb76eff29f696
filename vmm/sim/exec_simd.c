/*
 * exec_simd.c: around the rows of simd.h: fetching operands with their
 * checks, storing results, raising #XM.
 */
#include "vmm/sim/exec_simd.h"
#include "vmm/sim/handlers.h"

static void check_enabled(struct cpu *cpu, const struct op *op)
{
	if (likely(!(cpu->s.cr0 & (CR0_EM | CR0_TS)) &&
		   cpu->s.cr4 & CR4_OSFXSR))
		return;
	cpu->op = op;
	if (cpu->s.cr0 & CR0_EM || !(cpu->s.cr4 & CR4_OSFXSR))
		raise_fault(cpu, VEC_UD);
	raise_fault(cpu, VEC_NM);
}

/* Bytes of rm in memory: in a general register's place, they follow REX.W. */
static unsigned memory_bytes(const struct op *op)
{
	const struct simd_row *row = op->simd;

	if (row->props & SIMD_REXW && op->flags & OP_REXW &&
	    simd_rm_general(row))
		return 8;
	return row->bytes;
}

static uint64_t operand_address(struct cpu *cpu, const struct op *op,
				unsigned bytes)
{
	uint64_t ea = effective(cpu, op);

	if (bytes == 16 && op->simd->props & SIMD_ALIGNED)
		simd_check_aligned(cpu, op, ea, 16);
	return ea;
}

_Noreturn void simd_fault(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	raise_fault(cpu, cpu->s.cr4 & CR4_OSXMMEXCPT ? VEC_XM : VEC_UD);
}

__attribute__((noinline)) void simd_compute(struct cpu *cpu,
					    const struct op *op,
					    struct simd_ctx *ctx,
					    union xmm *dst,
					    const union xmm *src)
{
	bool ok;

	ctx->mxcsr = cpu->mxcsr;
	ctx->imm = op->imm & 0xff;
	ctx->general = op->flags & OP_REXW ? 8 : 4;
	ok = op->simd->fn(ctx, dst, src);
	cpu->mxcsr = ctx->mxcsr;
	if (unlikely(!ok))
		simd_fault(cpu, op);
}

/* The source operand: xmm, general register or memory. */
static void source(struct cpu *cpu, const struct op *op, union xmm *src)
{
	if (op->flags & OP_MEM) {
		unsigned bytes = memory_bytes(op);

		simd_load(cpu, op, operand_address(cpu, op, bytes), bytes, src);
	} else if (simd_rm_general(op->simd)) {
		src->u64[0] = reg_get(cpu, op->rm, op->flags & OP_REXW ? 8 : 4);
		src->u64[1] = 0;
	} else {
		*src = cpu->xmm[op->rm];
	}
}

/* Reg xmm to rm: what memory receives is computed first. */
static void store_form(struct cpu *cpu, const struct op *op)
{
	unsigned bytes = memory_bytes(op);
	struct simd_ctx ctx;
	union xmm dst = {{0}};

	if (!(op->flags & OP_MEM)) {
		if (op->simd->form == SIMD_STORE) {
			simd_compute(cpu, op, &ctx, &cpu->xmm[op->rm],
				     &cpu->xmm[op->reg]);
			return;
		}
		simd_compute(cpu, op, &ctx, &dst, &cpu->xmm[op->reg]);
		simd_set_general(cpu, &ctx, op->rm, &dst);
		return;
	}
	simd_compute(cpu, op, &ctx, &dst, &cpu->xmm[op->reg]);
	simd_store(cpu, op, operand_address(cpu, op, bytes), bytes, &dst);
}

void simd_store_masked(struct cpu *cpu, const struct op *op, uint64_t mask,
		       const union xmm *from)
{
	uint64_t ea = effective(cpu, op);

	cpu->op = op;
	check_alignment(cpu, ea, 7); /* whatever the mask selects */
	for (unsigned i = 0; i < 16; i++)
		if (mask >> i & 1)
			mem_probe_write(cpu, op->seg, ea + i, 1);
	for (unsigned i = 0; i < 16; i++)
		if (mask >> i & 1)
			mem_write(cpu, op->seg, ea + i, 1, from->u8[i]);
}

/* MASKMOVDQU */
static void mask_move(struct cpu *cpu, const struct op *op)
{
	struct simd_ctx ctx;
	union xmm dst = cpu->xmm[op->reg];

	simd_compute(cpu, op, &ctx, &dst, &cpu->xmm[op->rm]);
	simd_store_masked(cpu, op, dst.u64[0], &cpu->xmm[op->reg]);
}

/* pcmpestr* and pcmpistr*: to RCX or XMM0, and the flags. */
static void compare_text(struct cpu *cpu, const struct op *op)
{
	unsigned size = op->flags & OP_REXW ? 8 : 4;
	struct simd_ctx ctx = {
		.length = {extend(cpu->r[GPR_RAX], size),
			   extend(cpu->r[GPR_RDX], size)},
	};
	union xmm dst = cpu->xmm[op->reg], src;

	source(cpu, op, &src);
	simd_compute(cpu, op, &ctx, &dst, &src);
	if (op->simd->form == SIMD_TEXT)
		cpu->xmm[0] = dst;
	else
		cpu->r[GPR_RCX] = dst.u64[0];
	flags_set_arith(cpu, ctx.flags);
}

void exec_simd(struct cpu *cpu, const struct op *op)
{
	struct simd_ctx ctx;
	union xmm src, dst = {{0}};

	check_enabled(cpu, op);
	switch (op->simd->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_G_X_I:
		store_form(cpu, op);
		break;
	case SIMD_MASKMOV:
		mask_move(cpu, op);
		break;
	case SIMD_U_I:
		simd_compute(cpu, op, &ctx, &cpu->xmm[op->rm],
			     &cpu->xmm[op->rm]);
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		source(cpu, op, &src);
		simd_compute(cpu, op, &ctx, &dst, &src);
		simd_set_general(cpu, &ctx, op->reg, &dst);
		break;
	case SIMD_FLAGS:
		source(cpu, op, &src);
		dst = cpu->xmm[op->reg];
		simd_compute(cpu, op, &ctx, &dst, &src);
		flags_set_arith(cpu, ctx.flags);
		break;
	case SIMD_TEXT:
	case SIMD_TEXT_I:
		compare_text(cpu, op);
		break;
	case SIMD_X_X_0:
		source(cpu, op, &src);
		ctx.xmm0 = cpu->xmm[0];
		simd_compute(cpu, op, &ctx, &cpu->xmm[op->reg], &src);
		break;
	default:
		source(cpu, op, &src);
		simd_compute(cpu, op, &ctx, &cpu->xmm[op->reg], &src);
	}
	return next(cpu, op);
}
