/*
 * exec_simd.c: around the rows of simd.h: fetching operands with their
 * checks, storing results, raising #XM.
 */
#include "vmm/sim/exec.h"
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

/* rm, when it is no memory, is a general register. */
static bool rm_general(const struct simd_row *row)
{
	return row->form == SIMD_X_G || row->form == SIMD_G_X ||
	       row->form == SIMD_X_G_I || row->form == SIMD_G_X_I;
}

/* Bytes of rm in memory: in a general register's place, they follow REX.W. */
static unsigned memory_bytes(const struct op *op)
{
	const struct simd_row *row = op->simd;

	if (row->props & SIMD_REXW && op->flags & OP_REXW && rm_general(row))
		return 8;
	return row->bytes;
}

static uint64_t operand_address(struct cpu *cpu, const struct op *op,
				unsigned bytes)
{
	uint64_t ea = effective(cpu, op);

	if (bytes == 16 && op->simd->props & SIMD_ALIGNED && ea & 15) {
		cpu->op = op;
		raise_error(cpu, VEC_GP, 0);
	}
	return ea;
}

static void load_xmm(struct cpu *cpu, const struct op *op, unsigned bytes,
		     union xmm *to)
{
	uint64_t ea = operand_address(cpu, op, bytes);

	if (bytes == 16) {
		const struct tlb_entry *e = tlb_entry(cpu, ea);

		if (likely(e->read == LAST_PAGE(ea, 16))) {
			memcpy(to, (const void *)(e->host + ea), 16);
			return;
		}
		cpu->op = op;
		lin_read_bytes(cpu,
			       mem_linear(cpu, op->seg, ea, 16, ACCESS_READ),
			       to, 16, ACCESS_READ);
		return;
	}
	to->u64[1] = 0;
	to->u64[0] = load(cpu, op, ea, bytes);
}

static void store_xmm(struct cpu *cpu, const struct op *op, unsigned bytes,
		      const union xmm *from)
{
	uint64_t ea = operand_address(cpu, op, bytes);

	if (bytes == 16) {
		const struct tlb_entry *e = tlb_entry(cpu, ea);

		if (likely(e->write == LAST_PAGE(ea, 16))) {
			memcpy((void *)(e->host + ea), from, 16);
			return;
		}
		cpu->op = op;
		lin_write_bytes(cpu,
				mem_linear(cpu, op->seg, ea, 16, ACCESS_WRITE),
				from, 16, ACCESS_WRITE);
		return;
	}
	store(cpu, op, ea, bytes, from->u64[0]);
}

/* Run the row; an unmasked exception leaves nothing but MXCSR's flags. */
static void compute(struct cpu *cpu, const struct op *op, struct simd_ctx *ctx,
		    union xmm *dst, const union xmm *src)
{
	bool ok;

	ctx->mxcsr = cpu->mxcsr;
	ctx->imm = op->imm & 0xff;
	ctx->general = op->flags & OP_REXW ? 8 : 4;
	ok = op->simd->fn(ctx, dst, src);
	cpu->mxcsr = ctx->mxcsr;
	if (unlikely(!ok)) {
		cpu->op = op;
		raise_fault(cpu, cpu->s.cr4 & CR4_OSXMMEXCPT ? VEC_XM : VEC_UD);
	}
}

static void set_general(struct cpu *cpu, const struct simd_ctx *ctx,
			unsigned reg, const union xmm *val)
{
	reg_set(cpu, reg, ctx->general, val->u64[0]);
}

/* The source operand: xmm, general register or memory. */
static void source(struct cpu *cpu, const struct op *op, union xmm *src)
{
	if (op->flags & OP_MEM) {
		load_xmm(cpu, op, memory_bytes(op), src);
	} else if (rm_general(op->simd)) {
		src->u64[0] = reg_get(cpu, op->rm, op->flags & OP_REXW ? 8 : 4);
		src->u64[1] = 0;
	} else {
		*src = cpu->xmm[op->rm];
	}
}

/* Reg xmm to rm: what memory receives is computed first. */
static void simd_store(struct cpu *cpu, const struct op *op)
{
	struct simd_ctx ctx;
	union xmm dst = {{0}};

	if (!(op->flags & OP_MEM)) {
		if (op->simd->form == SIMD_STORE) {
			compute(cpu, op, &ctx, &cpu->xmm[op->rm],
				&cpu->xmm[op->reg]);
			return;
		}
		compute(cpu, op, &ctx, &dst, &cpu->xmm[op->reg]);
		set_general(cpu, &ctx, op->rm, &dst);
		return;
	}
	compute(cpu, op, &ctx, &dst, &cpu->xmm[op->reg]);
	store_xmm(cpu, op, memory_bytes(op), &dst);
}

/*
 * MASKMOVDQU: the selected bytes of reg go to DS:[rDI]. All are probed
 * first, so that a fault writes none.
 */
static void mask_move(struct cpu *cpu, const struct op *op)
{
	struct simd_ctx ctx;
	union xmm dst = cpu->xmm[op->reg];
	uint64_t ea = effective(cpu, op);

	cpu->op = op;
	compute(cpu, op, &ctx, &dst, &cpu->xmm[op->rm]);
	for (unsigned i = 0; i < 16; i++)
		if (dst.u64[0] >> i & 1)
			mem_probe_write(cpu, op->seg, ea + i, 1);
	for (unsigned i = 0; i < 16; i++)
		if (dst.u64[0] >> i & 1)
			mem_write(cpu, op->seg, ea + i, 1,
				  cpu->xmm[op->reg].u8[i]);
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
	compute(cpu, op, &ctx, &dst, &src);
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
		simd_store(cpu, op);
		break;
	case SIMD_MASKMOV:
		mask_move(cpu, op);
		break;
	case SIMD_U_I:
		compute(cpu, op, &ctx, &cpu->xmm[op->rm], &cpu->xmm[op->rm]);
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		source(cpu, op, &src);
		compute(cpu, op, &ctx, &dst, &src);
		set_general(cpu, &ctx, op->reg, &dst);
		break;
	case SIMD_FLAGS:
		source(cpu, op, &src);
		dst = cpu->xmm[op->reg];
		compute(cpu, op, &ctx, &dst, &src);
		flags_set_arith(cpu, ctx.flags);
		break;
	case SIMD_TEXT:
	case SIMD_TEXT_I:
		compare_text(cpu, op);
		break;
	case SIMD_X_X_0:
		source(cpu, op, &src);
		ctx.xmm0 = cpu->xmm[0];
		compute(cpu, op, &ctx, &cpu->xmm[op->reg], &src);
		break;
	default:
		source(cpu, op, &src);
		compute(cpu, op, &ctx, &cpu->xmm[op->reg], &src);
	}
	return next(cpu, op);
}
