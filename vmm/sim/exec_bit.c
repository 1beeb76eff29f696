/* exec_bit.c: BT BTS BTR BTC, BSF BSR, POPCNT, CRC32. */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

enum bit { BT, BTS, BTR, BTC };

/* The new value; CF is the old bit, the other flags stay. */
static uint64_t bit_op(struct cpu *cpu, unsigned kind, uint64_t val,
		       unsigned bit)
{
	uint64_t mask = UINT64_C(1) << bit;

	flags_set_cf(cpu, val & mask);
	switch (kind) {
	case BTS:
		return val | mask;
	case BTR:
		return val & ~mask;
	case BTC:
		return val ^ mask;
	}
	return val;
}

/*
 * With the bit number in a register, memory is a string of bits that the
 * number reaches into, forward and back; with an immediate it is not.
 */
static void bit_rm(struct cpu *cpu, const struct op *op, unsigned kind,
		   uint64_t number, bool string)
{
	unsigned size = op->size, bit = number & (8 * size - 1);
	uint64_t ea, val;

	if (!(op->flags & OP_MEM)) {
		val = reg_get(cpu, op->rm, size);
		val = bit_op(cpu, kind, val, bit);
		if (kind != BT)
			reg_set(cpu, op->rm, size, val);
		return;
	}
	ea = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
	     (uint64_t)op->disp;
	if (string)
		ea += ((int64_t)extend(number, size) >> (size == 8   ? 6
							 : size == 4 ? 5
								     : 4)) *
		      (int64_t)size;
	if (op->ea)
		ea = ea_special(cpu, op, ea);
	if (kind == BT) {
		bit_op(cpu, kind, load(cpu, op, ea, size), bit);
		return;
	}
	val = load_for_write(cpu, op, ea, size);
	store(cpu, op, ea, size, bit_op(cpu, kind, val, bit));
}

/* A3 AB B3 BB */
void exec_bt_reg(struct cpu *cpu, const struct op *op)
{
	bit_rm(cpu, op, (op->opcode >> 3) & 3, cpu->r[op->reg], true);
	return next(cpu, op);
}

/* BA /4 to /7; the kind is in op->reg. */
void exec_bt_imm(struct cpu *cpu, const struct op *op)
{
	bit_rm(cpu, op, op->reg & 3, op->imm, false);
	return next(cpu, op);
}

/*
 * BSF and BSR; with F3 also, where CPUID has no BMI1 and LZCNT. Of zero: the destination stays, as AMD says and Intel does.
 */
void exec_bsf(struct cpu *cpu, const struct op *op)
{
	uint64_t val = rm_get(cpu, op, op->size, op->flags & OP_MEM);

	flags_logic(cpu, val, op->size);
	if (val)
		reg_set(cpu, op->reg, op->size, __builtin_ctzll(val));
	return next(cpu, op);
}

void exec_bsr(struct cpu *cpu, const struct op *op)
{
	uint64_t val = rm_get(cpu, op, op->size, op->flags & OP_MEM);

	flags_logic(cpu, val, op->size);
	if (val)
		reg_set(cpu, op->reg, op->size, 63 - __builtin_clzll(val));
	return next(cpu, op);
}

void exec_popcnt(struct cpu *cpu, const struct op *op)
{
	uint64_t val = rm_get(cpu, op, op->size, op->flags & OP_MEM);

	reg_set(cpu, op->reg, op->size, __builtin_popcountll(val));
	flags_set_arith(cpu, val ? 0 : FLAG_ZF);
	return next(cpu, op);
}

/* The destination is a doubleword, whatever the source's size. */
void exec_crc32(struct cpu *cpu, const struct op *op)
{
	uint64_t data = rm_get(cpu, op, op->size, op->flags & OP_MEM);
	uint32_t crc = cpu->r[op->reg];

	cpu->r[op->reg] = simd_crc32(crc, data, op->size);
	return next(cpu, op);
}
