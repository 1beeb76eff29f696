/*
 * exec_branch.c: near jumps, calls and returns; each ends its block. For the
 * relative ones op->imm is the target.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* #GP at the branch, not at its target (SDM 2 CALL, JMP, RET). */
void check_target(struct cpu *cpu, uint64_t rip)
{
	if (cpu->code64 ? !mmu_canonical(rip) : rip > cpu->s.seg[SEG_CS].limit)
		raise_error(cpu, VEC_GP, 0);
}

/* Direct branches to where nothing can be fetched are what faults. */
void check_branch(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	check_target(cpu, op->imm);
}

ALWAYS_INLINE void branch(struct cpu *cpu, const struct op *op, bool taken)
{
	if (taken)
		return follow(cpu, op, op->imm);
	return follow_on(cpu, op);
}

void exec_jmp(struct cpu *cpu, const struct op *op)
{
	return follow(cpu, op, op->imm);
}

#define JCC(cc)                                                    \
	static void jcc_##cc(struct cpu *cpu, const struct op *op) \
	{                                                          \
		return branch(cpu, op, condition(cpu, 0x##cc));    \
	}

/* clang-format off */
JCC(0) JCC(1) JCC(2) JCC(3) JCC(4) JCC(5) JCC(6) JCC(7)
JCC(8) JCC(9) JCC(a) JCC(b) JCC(c) JCC(d) JCC(e) JCC(f)
	/* clang-format on */

	op_fn *const jcc_fns[16] = {jcc_0, jcc_1, jcc_2, jcc_3, jcc_4, jcc_5,
				    jcc_6, jcc_7, jcc_8, jcc_9, jcc_a, jcc_b,
				    jcc_c, jcc_d, jcc_e, jcc_f};

void exec_jmp_rm(struct cpu *cpu, const struct op *op)
{
	uint64_t rip = rm_get(cpu, op, op->size, op->flags & OP_MEM);

	cpu->op = op;
	check_target(cpu, rip);
	cpu->rip = rip;
	return next_block(cpu);
}

void exec_call(struct cpu *cpu, const struct op *op)
{
	uint64_t rip = op->imm;

	cpu->op = op;
	check_target(cpu, rip);
	stack_push(cpu, op->size, next_rip(op));
	cpu->rip = rip;
	return next_block(cpu);
}

void exec_call_rm(struct cpu *cpu, const struct op *op)
{
	uint64_t rip = rm_get(cpu, op, op->size, op->flags & OP_MEM);

	cpu->op = op;
	check_target(cpu, rip);
	stack_push(cpu, op->size, next_rip(op));
	cpu->rip = rip;
	return next_block(cpu);
}

/* In 64-bit code, while nothing is odd; else the above. */
void exec_jmp_rm64(struct cpu *cpu, const struct op *op)
{
	const uint8_t *at = rm_host(cpu, op, 8, op->flags & OP_MEM, RM_READ);
	uint64_t rip = at ? at_get(at, 8) : SIGN64;

	if (unlikely(!mmu_canonical(rip)))
		return exec_jmp_rm(cpu, op);
	cpu->rip = rip;
	return next_block(cpu);
}

void exec_call_rm64(struct cpu *cpu, const struct op *op)
{
	const uint8_t *at = rm_host(cpu, op, 8, op->flags & OP_MEM, RM_READ);
	uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP] - 8, 8, true);
	uint64_t rip = at ? at_get(at, 8) : SIGN64;

	if (unlikely(!stack || !mmu_canonical(rip)))
		return exec_call_rm(cpu, op);
	at_set(stack, 8, true, next_rip(op));
	cpu->r[GPR_RSP] -= 8;
	cpu->rip = rip;
	return next_block(cpu);
}

void exec_call64(struct cpu *cpu, const struct op *op)
{
	uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP] - 8, 8, true);
	uint64_t rip = op->imm;

	if (unlikely(!stack || !mmu_canonical(rip)))
		return exec_call(cpu, op);
	at_set(stack, 8, true, next_rip(op));
	cpu->r[GPR_RSP] -= 8;
	return follow(cpu, op, rip);
}

/* op->imm: bytes of arguments to drop. */
void exec_ret64(struct cpu *cpu, const struct op *op)
{
	const uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP], 8, false);
	uint64_t rip = stack ? at_get(stack, 8) : SIGN64;

	if (unlikely(!mmu_canonical(rip)))
		return exec_ret(cpu, op);
	cpu->r[GPR_RSP] += 8 + op->imm;
	cpu->rip = rip;
	return next_block(cpu);
}

void exec_ret(struct cpu *cpu, const struct op *op)
{
	uint64_t rip;

	cpu->op = op;
	rip = mem_read(cpu, SEG_SS, cpu->r[GPR_RSP] & stack_mask(cpu),
		       op->size);
	check_target(cpu, rip);
	stack_add(cpu, op->size + op->imm);
	cpu->rip = rip;
	return next_block(cpu);
}

/* Bytes of rCX that count: the address size. */
static unsigned counter_size(const struct op *op)
{
	if (op->flags & OP_ADDR16)
		return 2;
	return op->flags & OP_ADDR32 ? 4 : 8;
}

/* E0 LOOPNE, E1 LOOPE, E2 LOOP */
void exec_loop(struct cpu *cpu, const struct op *op)
{
	unsigned size = counter_size(op);
	uint64_t count = truncate_to(reg_get(cpu, GPR_RCX, size) - 1, size);
	bool zf = flag_zf(cpu);
	bool taken =
		count && (op->opcode == 0xe2 || zf == (op->opcode == 0xe1));

	if (taken)
		check_branch(cpu, op);
	reg_set(cpu, GPR_RCX, size, count);
	return branch(cpu, op, taken);
}

void exec_jcxz(struct cpu *cpu, const struct op *op)
{
	return branch(cpu, op, !reg_get(cpu, GPR_RCX, counter_size(op)));
}
