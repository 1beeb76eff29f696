/*
 * exec_alu.c: ADD OR ADC SBB AND SUB XOR CMP TEST, INC DEC NOT NEG.
 *
 * Each exists for a register or memory as r/m, as source or destination, and
 * with an immediate, in four sizes: one body, expanded with constants.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

ALWAYS_INLINE uint64_t alu(struct cpu *cpu, enum alu kind, uint64_t a,
			   uint64_t b, unsigned size)
{
	uint64_t r;

	switch (kind) {
	case ADD:
	case ADC:
		r = a + b + (kind == ADC && flag_cf(cpu));
		flags_result(cpu, r, add_carries(a, b, r), size);
		return r;
	case SUB:
	case CMP:
	case SBB:
		r = a - b - (kind == SBB && flag_cf(cpu));
		flags_result(cpu, r, sub_carries(a, b, r), size);
		return r;
	case OR:
		r = a | b;
		break;
	case XOR:
		r = a ^ b;
		break;
	default:
		r = a & b;
	}
	flags_logic(cpu, r, size);
	return r;
}

ALWAYS_INLINE bool writes(enum alu kind)
{
	return kind != CMP && kind != TEST;
}

/* r/m op= b */
ALWAYS_INLINE void alu_to_rm(struct cpu *cpu, uint8_t *at, enum alu kind,
			     uint64_t b, unsigned size, bool mem)
{
	uint64_t r = alu(cpu, kind, at_get(at, size), b, size);

	if (writes(kind))
		at_set(at, size, mem, r);
}

ALWAYS_INLINE void alu_rm_reg(struct cpu *cpu, const struct op *op, uint8_t *at,
			      unsigned size, bool mem, enum alu kind)
{
	alu_to_rm(cpu, at, kind, reg_get(cpu, op->reg, size), size, mem);
}

ALWAYS_INLINE void alu_rm_imm(struct cpu *cpu, const struct op *op, uint8_t *at,
			      unsigned size, bool mem, enum alu kind)
{
	alu_to_rm(cpu, at, kind, op->imm, size, mem);
}

ALWAYS_INLINE void alu_reg_rm(struct cpu *cpu, const struct op *op, uint8_t *at,
			      unsigned size, bool mem, enum alu kind)
{
	uint64_t b = at_get(at, size);
	uint64_t r = alu(cpu, kind, reg_get(cpu, op->reg, size), b, size);

	if (writes(kind))
		reg_set(cpu, op->reg, size, r);
}

#define ALU_ACCESS(kind) (writes(kind) ? RM_MODIFY : RM_READ)
#define ALU_KIND(kind)                                              \
	HANDLERS(rm_reg_##kind, alu_rm_reg, ALU_ACCESS(kind), kind) \
	HANDLERS(reg_rm_##kind, alu_reg_rm, RM_READ, kind)          \
	HANDLERS(rm_imm_##kind, alu_rm_imm, ALU_ACCESS(kind), kind)

/* clang-format off */
ALU_KIND(ADD)
ALU_KIND(OR)
ALU_KIND(ADC)
ALU_KIND(SBB)
ALU_KIND(AND)
ALU_KIND(SUB)
ALU_KIND(XOR)
ALU_KIND(CMP)
ALU_KIND(TEST)

#define ALU_ROW(form, kind) {LIST(form##_##kind)}
#define ALU_TABLE(form)                                                        \
	{                                                                      \
		ALU_ROW(form, ADD), ALU_ROW(form, OR), ALU_ROW(form, ADC),     \
		ALU_ROW(form, SBB), ALU_ROW(form, AND), ALU_ROW(form, SUB),    \
		ALU_ROW(form, XOR), ALU_ROW(form, CMP), ALU_ROW(form, TEST)    \
	}
/* clang-format on */

op_fn *const alu_rm_reg_fns[9][8] = ALU_TABLE(rm_reg);
op_fn *const alu_reg_rm_fns[9][8] = ALU_TABLE(reg_rm);
op_fn *const alu_rm_imm_fns[9][8] = ALU_TABLE(rm_imm);

/* CF stays: INC and DEC take it over into the new carries. */
ALWAYS_INLINE void flags_keep_cf(struct cpu *cpu, uint64_t r, uint64_t carries,
				 unsigned size)
{
	bool cf = flag_cf(cpu);

	flags_result(cpu, r, carries, size);
	flags_set_cf(cpu, cf);
}

enum unary { INC, DEC, NOT, NEG };

ALWAYS_INLINE uint64_t unary(struct cpu *cpu, enum unary kind, uint64_t a,
			     unsigned size)
{
	uint64_t r;

	switch (kind) {
	case INC:
		r = a + 1;
		flags_keep_cf(cpu, r, add_carries(a, 1, r), size);
		return r;
	case DEC:
		r = a - 1;
		flags_keep_cf(cpu, r, sub_carries(a, 1, r), size);
		return r;
	case NOT:
		return ~a;
	default:
		r = -a;
		flags_result(cpu, r, sub_carries(0, a, r), size);
		return r;
	}
}

ALWAYS_INLINE void unary_rm(struct cpu *cpu, const struct op *op, uint8_t *at,
			    unsigned size, bool mem, enum unary kind)
{
	at_set(at, size, mem, unary(cpu, kind, at_get(at, size), size));
}

#define UNARY_KIND(kind) HANDLERS(kind, unary_rm, RM_MODIFY, kind)

/* clang-format off */
UNARY_KIND(INC)
UNARY_KIND(DEC)
UNARY_KIND(NOT)
UNARY_KIND(NEG)
/* clang-format on */

op_fn *const inc_fns[8] = {LIST(INC)};
op_fn *const dec_fns[8] = {LIST(DEC)};
op_fn *const not_fns[8] = {LIST(NOT)};
op_fn *const neg_fns[8] = {LIST(NEG)};

/* ---- CMPXCHG and XADD ---- */

ALWAYS_INLINE void cmpxchg(struct cpu *cpu, const struct op *op, uint8_t *at,
			   unsigned size, bool mem)
{
	uint64_t old = at_get(at, size);
	uint64_t acc = reg_get(cpu, GPR_RAX, size);
	bool equal = acc == old;

	alu(cpu, CMP, acc, old, size);
	/* Memory is written in either case (SDM 2 CMPXCHG). */
	if (equal)
		at_set(at, size, mem, reg_get(cpu, op->reg, size));
	else
		reg_set(cpu, GPR_RAX, size, old);
}

ALWAYS_INLINE void xadd(struct cpu *cpu, const struct op *op, uint8_t *at,
			unsigned size, bool mem)
{
	uint64_t old = at_get(at, size);
	uint64_t sum = alu(cpu, ADD, old, reg_get(cpu, op->reg, size), size);

	reg_set(cpu, op->reg, size, old);
	at_set(at, size, mem, sum);
}

/* clang-format off */
HANDLERS(cmpxchg, cmpxchg, RM_MODIFY)
HANDLERS(xadd, xadd, RM_MODIFY)
/* clang-format on */

op_fn *const cmpxchg_fns[8] = {LIST(cmpxchg)};
op_fn *const xadd_fns[8] = {LIST(xadd)};

/* CMPXCHG8B and, with REX.W, CMPXCHG16B (aligned, else #GP). */
void exec_cmpxchg8b(struct cpu *cpu, const struct op *op)
{
	unsigned half = op->size;
	uint64_t ea = effective(cpu, op), low, high;
	bool equal;

	cpu->op = op;
	if (half == 8 && ea & 15)
		raise_error(cpu, VEC_GP, 0);
	mem_probe_write(cpu, op->seg, ea, 2 * half);
	low = mem_read(cpu, op->seg, ea, half);
	high = mem_read(cpu, op->seg, ea + half, half);
	equal = low == reg_get(cpu, GPR_RAX, half) &&
		high == reg_get(cpu, GPR_RDX, half);
	if (equal) {
		low = reg_get(cpu, GPR_RBX, half);
		high = reg_get(cpu, GPR_RCX, half);
	}
	mem_write(cpu, op->seg, ea, half, low);
	mem_write(cpu, op->seg, ea + half, half, high);
	if (!equal) {
		reg_set(cpu, GPR_RAX, half, low);
		reg_set(cpu, GPR_RDX, half, high);
	}
	/* Only ZF changes. */
	flags_set_arith(cpu,
			(flags_get(cpu) & ~FLAG_ZF) | (equal ? FLAG_ZF : 0));
	return next(cpu, op);
}
