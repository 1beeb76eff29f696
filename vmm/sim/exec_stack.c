/*
 * exec_stack.c: PUSH, POP, ENTER, LEAVE. rSP changes after the access that
 * can fault, never before.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* How much of rSP counts: all in 64-bit code, else by the B bit of SS. */
uint64_t stack_mask(const struct cpu *cpu)
{
	if (cpu->code64)
		return UINT64_MAX;
	return cpu->s.seg[SEG_SS].attr & SEG_ATTR_B ? 0xffffffff : 0xffff;
}

void stack_set(struct cpu *cpu, uint64_t sp)
{
	uint64_t mask = stack_mask(cpu), keep = ~mask;

	if (mask == 0xffffffff)
		keep = 0;
	cpu->r[GPR_RSP] = (cpu->r[GPR_RSP] & keep) | (sp & mask);
}

void stack_add(struct cpu *cpu, int64_t bytes)
{
	stack_set(cpu, cpu->r[GPR_RSP] + bytes);
}

void stack_push(struct cpu *cpu, unsigned size, uint64_t val)
{
	uint64_t sp = (cpu->r[GPR_RSP] - size) & stack_mask(cpu);

	mem_write(cpu, SEG_SS, sp, size, val);
	stack_set(cpu, sp);
}

uint64_t stack_pop(struct cpu *cpu, unsigned size)
{
	uint64_t val =
		mem_read(cpu, SEG_SS, cpu->r[GPR_RSP] & stack_mask(cpu), size);

	stack_add(cpu, size);
	return val;
}

NOT_INLINE static void push_reg(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	stack_push(cpu, op->size, cpu->r[op->reg]);
	return next(cpu, op);
}

NOT_INLINE static void pop_reg(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	reg_set(cpu, op->reg, op->size, stack_pop(cpu, op->size));
	return next(cpu, op);
}

/* In 64-bit code, while nothing is odd; else the above. */
static void push_reg64(struct cpu *cpu, const struct op *op)
{
	uint8_t *at = tlb_host(cpu, cpu->r[GPR_RSP] - 8, 8, true);

	if (unlikely(!at))
		return push_reg(cpu, op);
	at_set(at, 8, true, cpu->r[op->reg]);
	cpu->r[GPR_RSP] -= 8;
	return next(cpu, op);
}

static void pop_reg64(struct cpu *cpu, const struct op *op)
{
	const uint8_t *at = tlb_host(cpu, cpu->r[GPR_RSP], 8, false);

	if (unlikely(!at))
		return pop_reg(cpu, op);
	cpu->r[GPR_RSP] += 8;
	cpu->r[op->reg] = at_get(at, 8); /* POP RSP: the value wins */
	return next(cpu, op);
}

/* 64 is a size that only 64-bit code has. */
op_fn *push_reg_fn(unsigned size)
{
	return size == 8 ? push_reg64 : push_reg;
}

op_fn *pop_reg_fn(unsigned size)
{
	return size == 8 ? pop_reg64 : pop_reg;
}

void exec_push_rm(struct cpu *cpu, const struct op *op)
{
	uint64_t val;

	cpu->op = op;
	val = rm_get(cpu, op, op->size, op->flags & OP_MEM);
	stack_push(cpu, op->size, val);
	return next(cpu, op);
}

/*
 * Memory addressed by rSP is addressed by the value after the pop; it is
 * probed first, since it may fault after the stack was read.
 */
void exec_pop_rm(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP], val;

	cpu->op = op;
	val = mem_read(cpu, SEG_SS, sp & stack_mask(cpu), op->size);
	if (op->flags & OP_MEM) {
		uint64_t ea;

		stack_add(cpu, op->size);
		ea = effective(cpu, op);
		cpu->r[GPR_RSP] = sp;
		mem_write(cpu, op->seg, ea, op->size, val);
		stack_add(cpu, op->size);
	} else {
		stack_add(cpu, op->size);
		reg_set(cpu, op->rm, op->size, val);
	}
	return next(cpu, op);
}

void exec_push_imm(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	stack_push(cpu, op->size, op->imm);
	return next(cpu, op);
}

/* 32-bit pushes of selectors write two bytes only, as processors do. */
void exec_push_seg(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = cpu->s.seg[op->reg].selector;

	cpu->op = op;
	if (op->size == 4) {
		uint64_t sp = (cpu->r[GPR_RSP] - 4) & stack_mask(cpu);

		mem_write(cpu, SEG_SS, sp, 2, selector);
		stack_set(cpu, sp);
	} else {
		stack_push(cpu, op->size, selector);
	}
	return next(cpu, op);
}

void exec_pop_seg(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP];
	uint16_t selector;

	cpu->op = op;
	selector = mem_read(cpu, SEG_SS, sp & stack_mask(cpu),
			    op->size == 2 ? 2 : op->size);
	/* The new SS decides how wide the stack pointer is only later. */
	if (op->reg == SEG_SS) {
		uint64_t mask = stack_mask(cpu);

		load_segment(cpu, op->reg, selector);
		sp = (sp & ~mask) | ((sp + op->size) & mask);
		cpu->r[GPR_RSP] = mask == 0xffffffff ? (uint32_t)sp : sp;
		cpu->s.shadow = 1;
		cpu->shadow_ss = true;
		cpu_event(cpu);
	} else {
		load_segment(cpu, op->reg, selector);
		stack_add(cpu, op->size);
	}
	return fall_through(cpu, op);
}

void exec_pusha(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP], mask = stack_mask(cpu);

	cpu->op = op;
	/* Both ends are probed: all eight or none. */
	mem_probe_write(cpu, SEG_SS, (sp - op->size) & mask, op->size);
	mem_probe_write(cpu, SEG_SS, (sp - 8 * op->size) & mask, op->size);
	for (unsigned i = 0; i < 8; i++)
		mem_write(cpu, SEG_SS, (sp - (i + 1) * op->size) & mask,
			  op->size, cpu->r[i]);
	stack_add(cpu, -8 * (int64_t)op->size);
	return next(cpu, op);
}

void exec_popa(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP], mask = stack_mask(cpu), val[8];

	cpu->op = op;
	for (unsigned i = 0; i < 8; i++)
		val[i] = mem_read(cpu, SEG_SS, (sp + i * op->size) & mask,
				  op->size);
	for (unsigned i = 0; i < 8; i++)
		if (7 - i != GPR_RSP)
			reg_set(cpu, 7 - i, op->size, val[i]);
	stack_add(cpu, 8 * op->size);
	return next(cpu, op);
}

/* The frame pointers of outer levels, read before anything is written. */
void exec_enter(struct cpu *cpu, const struct op *op)
{
	unsigned size = op->size, level = op->opcode & 31;
	uint64_t mask = stack_mask(cpu), sp = cpu->r[GPR_RSP];
	uint64_t bp = cpu->r[GPR_RBP], frame = sp - size, outer;

	cpu->op = op;
	for (unsigned i = 1; i < level; i++)
		mem_read(cpu, SEG_SS, (bp - i * size) & mask, size);
	mem_probe_write(cpu, SEG_SS, frame & mask, size);
	mem_probe_write(cpu, SEG_SS, (frame - level * size) & mask, size);
	mem_probe_write(cpu, SEG_SS, (frame - level * size - op->imm) & mask,
			size);
	mem_write(cpu, SEG_SS, frame & mask, size, bp);
	/* The outer frame may be where this one is pushed. */
	for (unsigned i = 1; i < level; i++) {
		outer = mem_read(cpu, SEG_SS, (bp - i * size) & mask, size);
		mem_write(cpu, SEG_SS, (frame - i * size) & mask, size, outer);
	}
	if (level)
		mem_write(cpu, SEG_SS, (frame - level * size) & mask, size,
			  frame);
	stack_add(cpu, -(int64_t)(size + level * size + op->imm));
	reg_set(cpu, GPR_RBP, size, frame);
	return next(cpu, op);
}

void exec_leave(struct cpu *cpu, const struct op *op)
{
	uint64_t bp = cpu->r[GPR_RBP], val;

	cpu->op = op;
	val = mem_read(cpu, SEG_SS, bp & stack_mask(cpu), op->size);
	stack_set(cpu, bp + op->size);
	reg_set(cpu, GPR_RBP, op->size, val);
	return next(cpu, op);
}

void exec_leave64(struct cpu *cpu, const struct op *op)
{
	uint64_t bp = cpu->r[GPR_RBP];
	const uint8_t *at = tlb_host(cpu, bp, 8, false);

	if (unlikely(!at))
		return exec_leave(cpu, op);
	cpu->r[GPR_RSP] = bp + 8;
	cpu->r[GPR_RBP] = at_get(at, 8);
	return next(cpu, op);
}
