/*
 * exec_flags.c: the whole of RFLAGS from its lazy parts and back, and the
 * instructions that name flags.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* Any size, known only now. */
static void flags_of_size(struct cpu *cpu, uint64_t res, uint64_t carry,
			  unsigned size)
{
	switch (size) {
	case 1:
		flags_result(cpu, res, carry, 1);
		break;
	case 2:
		flags_result(cpu, res, carry, 2);
		break;
	case 4:
		flags_result(cpu, res, carry, 4);
		break;
	default:
		flags_result(cpu, res, carry, 8);
	}
}

#define ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

void flags_settle(struct cpu *cpu)
{
	unsigned size = 1u << (cpu->lazy & 3), kind = cpu->lazy & ~3u;
	uint64_t a = cpu->from[0], b = cpu->from[1];

	switch (kind) {
	case LAZY_ADD:
		flags_of_size(cpu, a + b, add_carries(a, b, a + b), size);
		break;
	case LAZY_SUB:
		flags_of_size(cpu, a - b, sub_carries(a, b, a - b), size);
		break;
	case LAZY_AND:
		flags_of_size(cpu, a, 0, size);
		break;
	}
}

uint64_t flags_get(struct cpu *cpu)
{
	uint64_t flags = cpu->s.rflags & ~ARITH;

	flags_settled(cpu);

	flags |= flag_cf(cpu) ? FLAG_CF : 0;
	flags |= flag_pf(cpu) ? FLAG_PF : 0;
	flags |= cpu->carry & 8 ? FLAG_AF : 0;
	flags |= cpu->zres == 0 ? FLAG_ZF : 0;
	flags |= cpu->sres >> 63 ? FLAG_SF : 0;
	flags |= flag_of(cpu) ? FLAG_OF : 0;
	return flags | FLAG_FIXED;
}

void flags_set_arith(struct cpu *cpu, uint64_t flags)
{
	bool cf = flags & FLAG_CF, of = flags & FLAG_OF;

	cpu->zres = !(flags & FLAG_ZF);
	cpu->sres = (flags & FLAG_SF ? SIGN64 : 0) | !(flags & FLAG_PF);
	cpu->carry = (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62 |
		     (flags & FLAG_AF ? 8 : 0);
	cpu->lazy = 0;
}

void flags_set(struct cpu *cpu, uint64_t flags)
{
	uint64_t old = cpu->s.rflags;

	flags_set_arith(cpu, flags);
	cpu->s.rflags = (flags & ~ARITH) | FLAG_FIXED;
	if ((old ^ flags) & FLAG_AC)
		cpu_update_mode(cpu);
	if ((flags & ~old) & FLAG_IF)
		cpu_interrupts_opened(cpu);
	if ((old ^ flags) & FLAG_TF)
		cpu_event(cpu);
}

/* Which flags POPF and IRET may change at this privilege (SDM 2 POPF). */
uint64_t flags_writable(const struct cpu *cpu, unsigned size)
{
	uint64_t mask = ARITH | FLAG_TF | FLAG_DF | FLAG_NT;

	if (size > 2)
		mask |= FLAG_RF | FLAG_AC | FLAG_ID;
	if (cpu->cpl == 0)
		mask |= FLAG_IOPL;
	if (cpu->cpl <= (cpu->s.rflags & FLAG_IOPL) >> 12)
		mask |= FLAG_IF;
	return mask;
}

/* Virtual-8086 code below IOPL 3 leaves these to ring 0 (SDM 3 20.2.7). */
void need_iopl_in_v86(struct cpu *cpu)
{
	if (cpu->s.rflags & FLAG_VM && (cpu->s.rflags & FLAG_IOPL) != FLAG_IOPL)
		raise_error(cpu, VEC_GP, 0);
}

void exec_pushf(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	need_iopl_in_v86(cpu);
	stack_push(cpu, op->size, flags_get(cpu) & ~(FLAG_RF | FLAG_VM));
	return next(cpu, op);
}

void exec_popf(struct cpu *cpu, const struct op *op)
{
	uint64_t mask = flags_writable(cpu, op->size) & ~FLAG_RF, val;

	cpu->op = op;
	need_iopl_in_v86(cpu);
	val = stack_pop(cpu, op->size);
	flags_set(cpu, (flags_get(cpu) & ~mask & ~FLAG_RF) | (val & mask));
	return fall_through(cpu, op);
}

void exec_lahf(struct cpu *cpu, const struct op *op)
{
	((uint8_t *)cpu->r)[1] = flags_get(cpu);
	return next(cpu, op);
}

void exec_sahf(struct cpu *cpu, const struct op *op)
{
	uint64_t mask = ARITH & ~FLAG_OF;

	flags_set_arith(cpu, (flags_get(cpu) & ~mask) |
				     (((uint8_t *)cpu->r)[1] & mask));
	return next(cpu, op);
}

/* CMC, CLC, STC, CLD, STD by opcode. */
void exec_flag_bit(struct cpu *cpu, const struct op *op)
{
	switch (op->opcode) {
	case 0xf5:
		flags_set_cf(cpu, !flag_cf(cpu));
		break;
	case 0xf8:
		flags_set_cf(cpu, false);
		break;
	case 0xf9:
		flags_set_cf(cpu, true);
		break;
	case 0xfc:
		cpu->s.rflags &= ~FLAG_DF;
		break;
	case 0xfd:
		cpu->s.rflags |= FLAG_DF;
		break;
	}
	return next(cpu, op);
}

static void check_iopl(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl > (cpu->s.rflags & FLAG_IOPL) >> 12)
		raise_error(cpu, VEC_GP, 0);
}

void exec_cli(struct cpu *cpu, const struct op *op)
{
	check_iopl(cpu, op);
	cpu->s.rflags &= ~FLAG_IF;
	return next(cpu, op);
}

/* Interrupts become possible after the instruction that follows. */
void exec_sti(struct cpu *cpu, const struct op *op)
{
	check_iopl(cpu, op);
	if (!(cpu->s.rflags & FLAG_IF)) {
		cpu->s.rflags |= FLAG_IF;
		cpu->s.shadow = 1;
		cpu->poll = true;
		cpu_event(cpu);
	}
	return fall_through(cpu, op);
}

/* STAC and CLAC: AC without POPF. */
void exec_stac(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl)
		raise_fault(cpu, VEC_UD);
	if (op->imm)
		cpu->s.rflags |= FLAG_AC;
	else
		cpu->s.rflags &= ~FLAG_AC;
	cpu_update_mode(cpu);
	return fall_through(cpu, op);
}

/* ---- SETcc and CMOVcc ---- */

ALWAYS_INLINE void setcc(struct cpu *cpu, const struct op *op, uint8_t *at,
			 unsigned size, bool mem, unsigned cc)
{
	at_set(at, size, mem, condition(cpu, cc));
}

/* A 32-bit destination is zero extended even when it stays. */
ALWAYS_INLINE void cmov(struct cpu *cpu, const struct op *op, uint8_t *at,
			unsigned size, bool mem, unsigned cc)
{
	uint64_t val = at_get(at, size);

	if (!condition(cpu, cc))
		val = reg_get(cpu, op->reg, size);
	reg_set(cpu, op->reg, size, val);
}

#define CONDITIONAL(cc)                                        \
	HANDLER_R(setcc_##cc##_r1, setcc, 1, RM_WRITE, 0x##cc) \
	HANDLER_M(setcc_##cc##_m1, setcc, 1, RM_WRITE, 0x##cc) \
	HANDLERS_248(cmov_##cc, cmov, RM_READ, 0x##cc)
#define SETCC_ROW(cc)                            \
	{                                        \
		setcc_##cc##_r1, setcc_##cc##_m1 \
	}
#define CMOV_ROW(cc)                \
	{                           \
		LIST_NO1(cmov_##cc) \
	}

/* clang-format off */
CONDITIONAL(0) CONDITIONAL(1) CONDITIONAL(2) CONDITIONAL(3)
CONDITIONAL(4) CONDITIONAL(5) CONDITIONAL(6) CONDITIONAL(7)
CONDITIONAL(8) CONDITIONAL(9) CONDITIONAL(a) CONDITIONAL(b)
CONDITIONAL(c) CONDITIONAL(d) CONDITIONAL(e) CONDITIONAL(f)

op_fn *const setcc_fns[16][8] = {
	SETCC_ROW(0), SETCC_ROW(1), SETCC_ROW(2), SETCC_ROW(3),
	SETCC_ROW(4), SETCC_ROW(5), SETCC_ROW(6), SETCC_ROW(7),
	SETCC_ROW(8), SETCC_ROW(9), SETCC_ROW(a), SETCC_ROW(b),
	SETCC_ROW(c), SETCC_ROW(d), SETCC_ROW(e), SETCC_ROW(f),
};
op_fn *const cmov_fns[16][8] = {
	CMOV_ROW(0), CMOV_ROW(1), CMOV_ROW(2), CMOV_ROW(3),
	CMOV_ROW(4), CMOV_ROW(5), CMOV_ROW(6), CMOV_ROW(7),
	CMOV_ROW(8), CMOV_ROW(9), CMOV_ROW(a), CMOV_ROW(b),
	CMOV_ROW(c), CMOV_ROW(d), CMOV_ROW(e), CMOV_ROW(f),
};
/* clang-format on */
