/*
 * exec_legacy.c: instructions that 64-bit code does not have: decimal
 * adjustments, BOUND, ARPL, SALC.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

static uint8_t al(const struct cpu *cpu)
{
	return cpu->r[GPR_RAX];
}

static bool flag_af(struct cpu *cpu)
{
	flags_settled(cpu);
	return cpu->carry & 8;
}

/* AL and its flags; OF is not defined, and zero here. */
static void set_al(struct cpu *cpu, uint8_t val, bool cf, bool af)
{
	reg_set(cpu, GPR_RAX, 1, val);
	flags_cf_of(cpu, val, 1, cf, false);
	cpu->carry |= af ? 8 : 0;
}

/* 27 DAA, 2F DAS */
void exec_daa(struct cpu *cpu, const struct op *op)
{
	bool subtract = op->opcode == 0x2f;
	bool low = (al(cpu) & 15) > 9 || flag_af(cpu);
	bool high = al(cpu) > 0x99 || flag_cf(cpu), cf = high;
	uint8_t by = (low ? 6 : 0) + (high ? 0x60 : 0);

	if (subtract && low && al(cpu) < 6)
		cf = true;
	set_al(cpu, subtract ? al(cpu) - by : al(cpu) + by, cf, low);
	return next(cpu, op);
}

/* 37 AAA, 3F AAS */
void exec_aaa(struct cpu *cpu, const struct op *op)
{
	bool adjust = (al(cpu) & 15) > 9 || flag_af(cpu);
	uint16_t ax = cpu->r[GPR_RAX];

	if (adjust)
		ax = op->opcode == 0x37 ? ax + 0x106 : ax - 0x106;
	reg_set(cpu, GPR_RAX, 2, ax);
	set_al(cpu, ax & 15, adjust, adjust);
	return next(cpu, op);
}

void exec_aam(struct cpu *cpu, const struct op *op)
{
	uint8_t base = op->imm, val = al(cpu);

	cpu->op = op;
	if (!base)
		raise_fault(cpu, VEC_DE);
	reg_set(cpu, GPR_RAX, 2, (val / base) << 8);
	set_al(cpu, val % base, false, false);
	return next(cpu, op);
}

void exec_aad(struct cpu *cpu, const struct op *op)
{
	uint8_t ah = cpu->r[GPR_RAX] >> 8, val = al(cpu) + ah * op->imm;

	reg_set(cpu, GPR_RAX, 2, 0);
	set_al(cpu, val, false, false);
	return next(cpu, op);
}

/* Not in the manual, but in every processor: AL = CF ? FF : 0. */
void exec_salc(struct cpu *cpu, const struct op *op)
{
	reg_set(cpu, GPR_RAX, 1, flag_cf(cpu) ? 0xff : 0);
	return next(cpu, op);
}

/* Both limits lie in memory, signed. */
void exec_bound(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);
	int64_t index, low, high;

	cpu->op = op;
	index = extend(reg_get(cpu, op->reg, op->size), op->size);
	low = extend(mem_read(cpu, op->seg, ea, op->size), op->size);
	high = extend(mem_read(cpu, op->seg, ea + op->size, op->size),
		      op->size);
	if (index < low || index > high)
		raise_fault(cpu, VEC_BR);
	return next(cpu, op);
}

/* Raise the RPL of a selector to that of another. */
void exec_arpl(struct cpu *cpu, const struct op *op)
{
	bool mem = op->flags & OP_MEM, raise;
	uint16_t to, from = cpu->r[op->reg];

	cpu->op = op;
	if (cpu_real_segments(cpu))
		raise_fault(cpu, VEC_UD);
	to = rm_get(cpu, op, 2, mem);
	raise = (to & 3) < (from & 3);
	if (raise)
		rm_set(cpu, op, 2, mem, (to & ~3u) | (from & 3));
	flags_set_arith(cpu,
			(flags_get(cpu) & ~FLAG_ZF) | (raise ? FLAG_ZF : 0));
	return next(cpu, op);
}
