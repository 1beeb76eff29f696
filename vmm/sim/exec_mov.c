/*
 * exec_mov.c: MOV, MOVZX, MOVSX, LEA, XCHG, BSWAP, conversions, XLAT.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

ALWAYS_INLINE void mov_to_rm(struct cpu *cpu, const struct op *op, uint8_t *at,
			     unsigned size, bool mem)
{
	at_set(at, size, mem, reg_get(cpu, op->reg, size));
}

ALWAYS_INLINE void mov_from_rm(struct cpu *cpu, const struct op *op,
			       uint8_t *at, unsigned size, bool mem)
{
	reg_set(cpu, op->reg, size, at_get(at, size));
}

ALWAYS_INLINE void mov_imm(struct cpu *cpu, const struct op *op, uint8_t *at,
			   unsigned size, bool mem)
{
	at_set(at, size, mem, op->imm);
}

ALWAYS_INLINE void xchg(struct cpu *cpu, const struct op *op, uint8_t *at,
			unsigned size, bool mem)
{
	uint64_t reg = reg_get(cpu, op->reg, size), old = at_get(at, size);

	at_set(at, size, mem, reg);
	reg_set(cpu, op->reg, size, old);
}

/* The source's size in the name; op->size is the destination's. */
ALWAYS_INLINE void movzx(struct cpu *cpu, const struct op *op, uint8_t *at,
			 unsigned size, bool mem)
{
	reg_set(cpu, op->reg, op->size == 2 ? 2 : 8, at_get(at, size));
}

ALWAYS_INLINE void movsx(struct cpu *cpu, const struct op *op, uint8_t *at,
			 unsigned size, bool mem)
{
	reg_set(cpu, op->reg, op->size, extend(at_get(at, size), size));
}

/* clang-format off */
HANDLERS(mov_to_rm, mov_to_rm, RM_WRITE)
HANDLERS(mov_from_rm, mov_from_rm, RM_READ)
HANDLERS(mov_imm, mov_imm, RM_WRITE)
HANDLERS(xchg, xchg, RM_MODIFY)
HANDLERS(movzx, movzx, RM_READ)
HANDLERS(movsx, movsx, RM_READ)
/* clang-format on */

op_fn *const mov_to_rm_fns[8] = {LIST(mov_to_rm)};
op_fn *const mov_from_rm_fns[8] = {LIST(mov_from_rm)};
op_fn *const mov_imm_fns[8] = {LIST(mov_imm)};
op_fn *const xchg_fns[8] = {LIST(xchg)};
op_fn *const movzx_fns[8] = {LIST(movzx)};
op_fn *const movsx_fns[8] = {LIST(movsx)};

/* The address alone: no segment, no access. */
static void lea64(struct cpu *cpu, const struct op *op)
{
	cpu->r[op->reg] = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
			  (uint64_t)op->disp;
	return next(cpu, op);
}

static void lea32(struct cpu *cpu, const struct op *op)
{
	cpu->r[op->reg] =
		(uint32_t)(cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
			   (uint64_t)op->disp);
	return next(cpu, op);
}

static void lea_any(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
		      (uint64_t)op->disp;

	if (op->ea & EA_MASK32)
		ea = (uint32_t)ea;
	if (op->ea & EA_MASK16)
		ea = (uint16_t)ea;
	reg_set(cpu, op->reg, op->size, ea);
	return next(cpu, op);
}

op_fn *lea_fn(const struct op *op)
{
	if (op->ea & (EA_MASK16 | EA_MASK32) || op->size == 2)
		return lea_any;
	return op->size == 8 ? lea64 : lea32;
}

void exec_nop(struct cpu *cpu, const struct op *op)
{
	return next(cpu, op);
}

/* Nothing is cached, but the address is checked as for a load. */
void exec_clflush(struct cpu *cpu, const struct op *op)
{
	load(cpu, op, effective(cpu, op), 1);
	return next(cpu, op);
}

void exec_bswap(struct cpu *cpu, const struct op *op)
{
	uint64_t val = cpu->r[op->reg];

	/* 16 bits: undefined; processors give zero. */
	if (op->size == 8)
		cpu->r[op->reg] = __builtin_bswap64(val);
	else if (op->size == 4)
		cpu->r[op->reg] = __builtin_bswap32(val);
	else
		reg_set(cpu, op->reg, 2, 0);
	return next(cpu, op);
}

/* CBW, CWDE, CDQE: the low half of rAX, sign extended. */
void exec_cbw(struct cpu *cpu, const struct op *op)
{
	uint64_t val = extend(cpu->r[GPR_RAX], op->size / 2);

	reg_set(cpu, GPR_RAX, op->size, val);
	return next(cpu, op);
}

/* CWD, CDQ, CQO: the sign of rAX into rDX. */
void exec_cwd(struct cpu *cpu, const struct op *op)
{
	bool sign = extend(cpu->r[GPR_RAX], op->size) >> 63;

	reg_set(cpu, GPR_RDX, op->size, sign ? UINT64_MAX : 0);
	return next(cpu, op);
}

/* The address is rBX + AL; EA_* and the segment are in the op. */
void exec_xlat(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = cpu->r[GPR_RBX] + (uint8_t)cpu->r[GPR_RAX];

	if (op->ea)
		ea = ea_special(cpu, op, ea);
	reg_set(cpu, 0, 1, load(cpu, op, ea, 1));
	return next(cpu, op);
}
