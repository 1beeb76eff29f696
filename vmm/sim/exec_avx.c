/*
 * exec_avx.c: instructions with VEX on vector registers: what is checked
 * first, operands of one or two halves, and running a row's function in each
 * half as op->vex.shape says. All vector instructions with VEX write all of
 * a register; operands in memory may lie anywhere, but for a few moves.
 */
#include "vmm/sim/exec_avx.h"
#include "vmm/sim/handlers.h"

#define XCR0_SSE_AVX 6u
#define EXCEPTIONS   0x3fu /* MXCSR's flags */
#define BEFORE	     0x07u /* those that operands make: IE, DE, ZE */

static bool protected_mode(const struct cpu *cpu)
{
	return cpu->code64 || !cpu_real_segments(cpu);
}

void avx_check(struct cpu *cpu, const struct op *op)
{
	bool enabled = cpu->s.cr4 & CR4_OSXSAVE &&
		       (cpu->s.xcr0 & XCR0_SSE_AVX) == XCR0_SSE_AVX;

	if (likely(enabled && !(cpu->s.cr0 & CR0_TS) && cpu->code64))
		return;
	cpu->op = op;
	if (!enabled || !protected_mode(cpu))
		raise_fault(cpu, VEC_UD);
	if (cpu->s.cr0 & CR0_TS)
		raise_fault(cpu, VEC_NM);
}

/* VEX on general registers outside 64-bit code: BMI. */
void exec_vex_protected(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (!protected_mode(cpu))
		raise_fault(cpu, VEC_UD);
	return op->then(cpu, op);
}

/* ---- operands ---- */

static uint64_t operand_address(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);

	if (op->vex.aligned)
		simd_check_aligned(cpu, op, ea, op->vex.bytes);
	return ea;
}

static void source(struct cpu *cpu, const struct op *op, struct halves *src)
{
	if (op->flags & OP_MEM) {
		uint64_t ea = operand_address(cpu, op);

		src->x[1] = (union xmm){{0}};
		if (op->vex.bytes == 32)
			simd_load_wide(cpu, op, ea, 32, src);
		else
			simd_load(cpu, op, ea, op->vex.bytes, &src->x[0]);
	} else if (simd_rm_general(op->simd)) {
		*src = (struct halves){
			{{.u64 = {reg_get(cpu, op->rm,
					  op->flags & OP_REXW ? 8 : 4)}}}};
	} else {
		avx_get(cpu, op->rm, src);
	}
}

/* What a function finds as dst. */
static void first_source(const struct cpu *cpu, const struct op *op,
			 struct halves *dst)
{
	if (op->vex.v)
		avx_get(cpu, op->vex.vvvv, dst);
	else
		*dst = (struct halves){{{{0}}}};
}

/* ---- running a row ---- */

static union xmm moved_down(const union xmm *x, unsigned bytes)
{
	union xmm r = {{0}};

	memcpy(&r, &x->u8[bytes], 16 - bytes);
	return r;
}

/* The source of half `i`. */
static union xmm part_of(const struct op *op, const struct halves *src,
			 unsigned i)
{
	if (i == 0 || op->vex.shape == VEX_COUNT)
		return src->x[0];
	if (op->vex.shape == VEX_WIDEN)
		return moved_down(&src->x[0], op->simd->bytes);
	return src->x[1];
}

/*
 * The operand that only some forms have: a mask by its number, or the
 * register that is also the destination.
 */
static union xmm third_of(const struct cpu *cpu, const struct op *op,
			  unsigned i)
{
	unsigned reg = op->vex.shape == VEX_SELECT ? op->vex.imm >> 4 : op->reg;

	if (!cpu->code64)
		reg &= 7;
	return i ? cpu->ymm_high[reg] : cpu->xmm[reg];
}

/* What two halves raised together, as simd_commit() has it for one. */
static void settle(struct cpu *cpu, const struct op *op, unsigned raised,
		   bool ok)
{
	unsigned unmasked = ~(cpu->mxcsr >> MXCSR_MASK_SHIFT);

	if (op->vex.two && raised & unmasked & BEFORE)
		raised &= BEFORE;
	cpu->mxcsr |= raised;
	if (unlikely(!ok))
		simd_fault(cpu, op);
}

static void run_halves(struct cpu *cpu, const struct op *op,
		       struct simd_ctx *ctx, struct halves *dst,
		       const struct halves *src)
{
	unsigned raised = 0, shape = op->vex.shape;
	uint64_t flags = ~UINT64_C(0);
	bool ok = true;

	for (unsigned i = 0; i <= op->vex.two; i++) {
		union xmm part = part_of(op, src, i);

		ctx->mxcsr = cpu->mxcsr & ~EXCEPTIONS;
		ctx->imm = op->vex.imm >> op->vex.arg * i;
		if (shape == VEX_SELECT || shape == VEX_THREE)
			ctx->xmm0 = third_of(cpu, op, i);
		ok &= op->simd->fn(ctx, &dst->x[i], &part);
		raised |= ctx->mxcsr & EXCEPTIONS;
		flags &= ctx->flags;
	}
	ctx->flags = flags;
	if (unlikely(raised))
		settle(cpu, op, raised, ok);
}

/* Results of less than a half go side by side. */
static void join(const struct op *op, struct halves *dst)
{
	uint64_t high = op->vex.two ? dst->x[1].u64[0] : 0;

	if (op->vex.shape == VEX_NARROW) {
		dst->x[0].u64[1] = high;
		dst->x[1] = (union xmm){{0}};
	} else if (op->vex.shape == VEX_MASK) {
		dst->x[0].u64[0] |= high << op->vex.arg;
	}
}

static void compute(struct cpu *cpu, const struct op *op, struct simd_ctx *ctx,
		    struct halves *dst, const struct halves *src)
{
	ctx->general = op->flags & OP_REXW ? 8 : 4;
	ctx->flags = 0;
	ctx->halves = 1 + op->vex.two;
	if (op->vex.shape == VEX_WHOLE) {
		simd_compute(cpu, op, ctx, dst->x, src->x);
		return;
	}
	run_halves(cpu, op, ctx, dst, src);
	join(op, dst);
}

/* ---- forms ---- */

/* A conversion's flags are left alone when its store faults: VCVTPS2PH. */
static void try_store(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	mem_probe_write(cpu, op->seg, effective(cpu, op), op->vex.bytes);
}

static void store_form(struct cpu *cpu, const struct op *op)
{
	struct halves src, dst;
	struct simd_ctx ctx;
	uint64_t ea;

	if (op->vex.shape == VEX_NARROW && op->flags & OP_MEM)
		try_store(cpu, op);
	avx_get(cpu, op->reg, &src);
	first_source(cpu, op, &dst);
	compute(cpu, op, &ctx, &dst, &src);
	if (!(op->flags & OP_MEM)) {
		if (op->simd->form == SIMD_STORE)
			avx_set(cpu, op, op->rm, &dst);
		else
			simd_set_general(cpu, &ctx, op->rm, &dst.x[0]);
		return;
	}
	ea = operand_address(cpu, op);
	if (op->vex.bytes == 32)
		simd_store_wide(cpu, op, ea, 32, &dst);
	else
		simd_store(cpu, op, ea, op->vex.bytes, &dst.x[0]);
}

/* VPCMPESTR* and VPCMPISTR* */
static void compare_text(struct cpu *cpu, const struct op *op)
{
	unsigned size = op->flags & OP_REXW ? 8 : 4;
	struct halves src, dst;
	struct simd_ctx ctx = {
		.length = {extend(cpu->r[GPR_RAX], size),
			   extend(cpu->r[GPR_RDX], size)},
	};

	source(cpu, op, &src);
	avx_get(cpu, op->reg, &dst);
	compute(cpu, op, &ctx, &dst, &src);
	if (op->simd->form == SIMD_TEXT)
		avx_set(cpu, op, 0, &dst);
	else
		cpu->r[GPR_RCX] = dst.x[0].u64[0];
	flags_set_arith(cpu, ctx.flags);
}

static void compare_flags(struct cpu *cpu, const struct op *op)
{
	struct halves src, dst;
	struct simd_ctx ctx;

	source(cpu, op, &src);
	avx_get(cpu, op->reg, &dst);
	compute(cpu, op, &ctx, &dst, &src);
	flags_set_arith(cpu, ctx.flags);
}

static void mask_move(struct cpu *cpu, const struct op *op)
{
	union xmm mask = cpu->xmm[op->reg];
	struct simd_ctx ctx;

	op->simd->fn(&ctx, &mask, &cpu->xmm[op->rm]);
	simd_store_masked(cpu, op, mask.u64[0], &cpu->xmm[op->reg]);
}

/* Shifts by imm8: from rm to vvvv. */
static void shift(struct cpu *cpu, const struct op *op)
{
	struct simd_ctx ctx;
	struct halves dst;

	avx_get(cpu, op->rm, &dst);
	compute(cpu, op, &ctx, &dst, &dst);
	avx_set(cpu, op, op->vex.vvvv, &dst);
}

static void to_general(struct cpu *cpu, const struct op *op)
{
	struct halves src, dst = {{{{0}}}};
	struct simd_ctx ctx;

	source(cpu, op, &src);
	compute(cpu, op, &ctx, &dst, &src);
	simd_set_general(cpu, &ctx, op->reg, &dst.x[0]);
}

static void to_vector(struct cpu *cpu, const struct op *op)
{
	struct halves src, dst;
	struct simd_ctx ctx;

	source(cpu, op, &src);
	first_source(cpu, op, &dst);
	compute(cpu, op, &ctx, &dst, &src);
	avx_set(cpu, op, op->reg, &dst);
}

void exec_avx(struct cpu *cpu, const struct op *op)
{
	avx_check(cpu, op);
	switch (op->simd->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_G_X_I:
		store_form(cpu, op);
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		to_general(cpu, op);
		break;
	case SIMD_FLAGS:
		compare_flags(cpu, op);
		break;
	case SIMD_TEXT:
	case SIMD_TEXT_I:
		compare_text(cpu, op);
		break;
	case SIMD_U_I:
		shift(cpu, op);
		break;
	case SIMD_MASKMOV:
		mask_move(cpu, op);
		break;
	default:
		to_vector(cpu, op);
	}
	return next(cpu, op);
}

/* VZEROUPPER, and VZEROALL of two halves */
void exec_vzero(struct cpu *cpu, const struct op *op)
{
	unsigned bytes = cpu->code64 ? 256 : 128;

	avx_check(cpu, op);
	memset(cpu->ymm_high, 0, bytes);
	if (op->vex.two)
		memset(cpu->xmm, 0, bytes);
	return next(cpu, op);
}
