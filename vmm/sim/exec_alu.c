/*
 * exec_alu.c: ADD OR ADC SBB AND SUB XOR CMP TEST, INC DEC NOT NEG.
 *
 * Each exists for a register or memory as r/m, as source or destination, and
 * with an immediate, in four sizes: one body, expanded with constants.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* In encoding order; TEST is AND that writes nothing. */
enum alu { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST };

/*
 * Carries out of each bit of a + b (+ 1) = r and of a - b (- 1) = r; the
 * carry in follows from r.
 */
ALWAYS_INLINE uint64_t add_carries(uint64_t a, uint64_t b, uint64_t r)
{
	return (a & b) | ((a | b) & ~r);
}

ALWAYS_INLINE uint64_t sub_carries(uint64_t a, uint64_t b, uint64_t r)
{
	return (~a & b) | ((~a | b) & r);
}

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
ALWAYS_INLINE void alu_to_rm(struct cpu *cpu, const struct op *op,
			     enum alu kind, uint64_t b, unsigned size, bool mem)
{
	uint64_t ea;

	if (!mem) {
		uint64_t r =
			alu(cpu, kind, reg_get(cpu, op->rm, size), b, size);

		if (writes(kind))
			reg_set(cpu, op->rm, size, r);
		return;
	}
	ea = effective(cpu, op);
	if (writes(kind))
		store(cpu, op, ea, size,
		      alu(cpu, kind, load_for_write(cpu, op, ea, size), b,
			  size));
	else
		alu(cpu, kind, load(cpu, op, ea, size), b, size);
}

ALWAYS_INLINE void alu_rm_reg(struct cpu *cpu, const struct op *op,
			      unsigned size, bool mem, enum alu kind)
{
	alu_to_rm(cpu, op, kind, reg_get(cpu, op->reg, size), size, mem);
}

ALWAYS_INLINE void alu_rm_imm(struct cpu *cpu, const struct op *op,
			      unsigned size, bool mem, enum alu kind)
{
	alu_to_rm(cpu, op, kind, op->imm, size, mem);
}

ALWAYS_INLINE void alu_reg_rm(struct cpu *cpu, const struct op *op,
			      unsigned size, bool mem, enum alu kind)
{
	uint64_t b = rm_get(cpu, op, size, mem);
	uint64_t r = alu(cpu, kind, reg_get(cpu, op->reg, size), b, size);

	if (writes(kind))
		reg_set(cpu, op->reg, size, r);
}

#define ALU_HANDLERS(form, kind)                                \
	HANDLER(form##_##kind##_r1, alu_##form, 1, false, kind) \
	HANDLER(form##_##kind##_m1, alu_##form, 1, true, kind)  \
	HANDLER(form##_##kind##_r2, alu_##form, 2, false, kind) \
	HANDLER(form##_##kind##_m2, alu_##form, 2, true, kind)  \
	HANDLER(form##_##kind##_r4, alu_##form, 4, false, kind) \
	HANDLER(form##_##kind##_m4, alu_##form, 4, true, kind)  \
	HANDLER(form##_##kind##_r8, alu_##form, 8, false, kind) \
	HANDLER(form##_##kind##_m8, alu_##form, 8, true, kind)

#define ALU_KIND(kind)             \
	ALU_HANDLERS(rm_reg, kind) \
	ALU_HANDLERS(reg_rm, kind) \
	ALU_HANDLERS(rm_imm, kind)

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

ALWAYS_INLINE void unary_rm(struct cpu *cpu, const struct op *op, unsigned size,
			    bool mem, enum unary kind)
{
	if (mem) {
		uint64_t ea = effective(cpu, op);

		store(cpu, op, ea, size,
		      unary(cpu, kind, load_for_write(cpu, op, ea, size),
			    size));
	} else {
		reg_set(cpu, op->rm, size,
			unary(cpu, kind, reg_get(cpu, op->rm, size), size));
	}
}

#define UNARY_KIND(kind)                             \
	HANDLER(kind##_r1, unary_rm, 1, false, kind) \
	HANDLER(kind##_m1, unary_rm, 1, true, kind)  \
	HANDLER(kind##_r2, unary_rm, 2, false, kind) \
	HANDLER(kind##_m2, unary_rm, 2, true, kind)  \
	HANDLER(kind##_r4, unary_rm, 4, false, kind) \
	HANDLER(kind##_m4, unary_rm, 4, true, kind)  \
	HANDLER(kind##_r8, unary_rm, 8, false, kind) \
	HANDLER(kind##_m8, unary_rm, 8, true, kind)

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

ALWAYS_INLINE void cmpxchg(struct cpu *cpu, const struct op *op, unsigned size,
			   bool mem)
{
	uint64_t ea = mem ? effective(cpu, op) : 0;
	uint64_t old = mem ? load_for_write(cpu, op, ea, size)
			   : reg_get(cpu, op->rm, size);
	uint64_t acc = reg_get(cpu, REG_RAX * (size == 1 ? 8 : 1), size);
	bool equal = acc == old;

	alu(cpu, CMP, acc, old, size);
	/* Memory is written in either case (SDM 2 CMPXCHG). */
	if (mem)
		store(cpu, op, ea, size,
		      equal ? reg_get(cpu, op->reg, size) : old);
	else if (equal)
		reg_set(cpu, op->rm, size, reg_get(cpu, op->reg, size));
	if (!equal)
		reg_set(cpu, REG_RAX, size, old);
}

ALWAYS_INLINE void xadd(struct cpu *cpu, const struct op *op, unsigned size,
			bool mem)
{
	uint64_t ea = mem ? effective(cpu, op) : 0;
	uint64_t old = mem ? load_for_write(cpu, op, ea, size)
			   : reg_get(cpu, op->rm, size);
	uint64_t sum = alu(cpu, ADD, old, reg_get(cpu, op->reg, size), size);

	reg_set(cpu, op->reg, size, old);
	if (mem)
		store(cpu, op, ea, size, sum);
	else
		reg_set(cpu, op->rm, size, sum);
}

/* clang-format off */
HANDLERS(cmpxchg, cmpxchg)
HANDLERS(xadd, xadd)
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
	equal = low == reg_get(cpu, REG_RAX, half) &&
		high == reg_get(cpu, REG_RDX, half);
	if (equal) {
		low = reg_get(cpu, REG_RBX, half);
		high = reg_get(cpu, REG_RCX, half);
	}
	mem_write(cpu, op->seg, ea, half, low);
	mem_write(cpu, op->seg, ea + half, half, high);
	if (!equal) {
		reg_set(cpu, REG_RAX, half, low);
		reg_set(cpu, REG_RDX, half, high);
	}
	/* Only ZF changes. */
	flags_set_arith(cpu,
			(flags_get(cpu) & ~FLAG_ZF) | (equal ? FLAG_ZF : 0));
	return next(cpu, op);
}
