/*
 * bind.c: from a decoded instruction to an op: which function does it, with
 * which operands; what is #UD. This file has the
 * operands and the LOCK rule; the opcodes are in bind_map0.c and bind_0f.c.
 */
#include "vmm/sim/bind.h"
#include "vmm/sim/exec.h"

/* ---- operands ---- */

/* 8-bit registers are byte offsets: without REX, 4 to 7 are AH to BH. */
uint8_t bind_reg8(const struct insn *insn, unsigned reg)
{
	if (!insn->rex && reg >= 4 && reg < 8)
		return (reg - 4) * 8 + 1;
	return reg * 8;
}

/* The operand size: 1 for even opcodes of the pairs, else as decoded. */
unsigned bind_size(const struct insn *insn)
{
	return insn->opcode & 1 ? insn->opsize : 1;
}

/* reg, and rm when it is a register, for operands of these sizes. */
void bind_regs(struct op *op, const struct insn *insn, unsigned reg_size,
	       unsigned rm_size)
{
	op->reg = reg_size == 1 ? bind_reg8(insn, insn->reg) : insn->reg;
	op->rm = rm_size == 1 ? bind_reg8(insn, insn->rm) : insn->rm;
}

/* A table's function for this size and the form of r/m. */
op_fn *bind_pick(op_fn *const fns[8], const struct op *op, unsigned size)
{
	return fns[FN_INDEX(size, op->flags & OP_MEM ? 1 : 0)];
}

void bind_rm(struct op *op, const struct insn *insn, op_fn *const fns[8],
	     unsigned size)
{
	op->size = size;
	bind_regs(op, insn, size, size);
	op->fn = bind_pick(fns, op, size);
}

static void set_address_size(struct op *op, const struct insn *insn)
{
	if (insn->adsize == 4)
		op->flags |= OP_ADDR32;
	else if (insn->adsize == 2)
		op->flags |= OP_ADDR16;
}

/* EA_* for an address of this instruction; the default segment is given. */
void bind_segment(struct op *op, const struct insn *insn, unsigned seg)
{
	op->seg = insn->seg >= 0 ? (unsigned)insn->seg : seg;
	if (insn->adsize == 4)
		op->ea = EA_MASK32;
	else if (insn->adsize == 2)
		op->ea = EA_MASK16;
	if (insn->bits == 64 && op->seg >= SEG_FS)
		op->ea |= EA_BASE;
}

static void set_memory(struct op *op, const struct insn *insn)
{
	bool stack = insn->base == GPR_RSP || insn->base == GPR_RBP;

	op->flags |= OP_MEM;
	op->base = insn->base;
	op->index = insn->index;
	op->scale = insn->scale;
	op->disp = insn->disp;
	if (insn->rip_relative) {
		op->base = REG_ZERO;
		op->disp += insn->rip + insn->len;
	}
	bind_segment(op, insn, stack ? SEG_SS : SEG_DS);
}

static void start(struct op *op, const struct insn *insn)
{
	op->opcode = insn->opcode;
	op->size = insn->opsize;
	op->imm = insn->imm;
	op->reg = insn->reg;
	op->rm = insn->rm;
	op->base = op->index = REG_ZERO;
	if (insn->rep == 0xf3)
		op->flags |= OP_REPE;
	if (insn->rep == 0xf2)
		op->flags |= OP_REPNE;
	if (insn->rex & 8)
		op->flags |= OP_REXW;
	if (insn->p66)
		op->flags |= OP_66;
	set_address_size(op, insn);
	if (insn->has_modrm && insn->mod != 3)
		set_memory(op, insn);
}

/* ---- the ends ---- */

void exec_ud(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	trace_undefined(cpu);
	raise_fault(cpu, VEC_UD);
}

void exec_too_long(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	raise_error(cpu, VEC_GP, 0);
}

/* Not an instruction: what follows the last one of a block. */
void exec_end(struct cpu *cpu, const struct op *op)
{
	return follow(cpu, op, next_rip(op));
}

enum bound bind_ud(struct op *op)
{
	op->fn = exec_ud;
	return ENDS;
}

/* ---- LOCK (SDM 2 LOCK): only these, and only on memory ---- */

static bool may_lock_map0(const struct insn *insn)
{
	unsigned reg = (insn->modrm >> 3) & 7;

	switch (insn->opcode) {
	case 0x80:
	case 0x81:
	case 0x82:
	case 0x83:
		return reg != 7;
	case 0x86:
	case 0x87:
		return true;
	case 0xf6:
	case 0xf7:
		return reg == 2 || reg == 3;
	case 0xfe:
	case 0xff:
		return reg < 2;
	}
	/* ALU to r/m, but not CMP. */
	return insn->opcode < 0x38 && (insn->opcode & 7) < 2;
}

static bool may_lock_map1(const struct insn *insn)
{
	unsigned reg = (insn->modrm >> 3) & 7;

	switch (insn->opcode) {
	case 0xab:
	case 0xb3:
	case 0xbb:
	case 0xb0:
	case 0xb1:
	case 0xc0:
	case 0xc1:
		return true;
	case 0xba:
		return reg > 4;
	case 0xc7:
		return reg == 1;
	}
	return false;
}

static bool lock_ok(const struct insn *insn)
{
	if (!insn->lock)
		return true;
	if (!insn->has_modrm || insn->mod == 3)
		return false;
	if (insn->map == 0)
		return may_lock_map0(insn);
	return insn->map == 1 && may_lock_map1(insn);
}

bool op_bind(struct op *op, const struct insn *insn)
{
	enum bound bound;

	start(op, insn);
	if (!lock_ok(insn))
		bound = bind_ud(op);
	else if (insn->vex)
		bound = bind_vex(op, insn);
	else if (insn->map == 0)
		bound = bind_map0(op, insn);
	else if (insn->map == 1)
		bound = bind_map1(op, insn);
	else
		bound = bind_map23(op, insn);
	op->plain = op->fn;
	return bound == ENDS;
}
