/*
 * exec_seg.c: segment registers and descriptor tables: MOV sreg, LDS and
 * kin, LGDT ... SLDT, LAR, LSL, VERR, VERW.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

static void need_cpl0(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl)
		raise_error(cpu, VEC_GP, 0);
}

void exec_mov_from_seg(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = cpu->s.seg[op->reg].selector;

	/* Memory takes 16 bits; a register all of its size. */
	if (op->flags & OP_MEM)
		store(cpu, op, effective(cpu, op), 2, selector);
	else
		reg_set(cpu, op->rm, op->size, selector);
	return next(cpu, op);
}

/* MOV to SS holds interrupts and debug traps off for one instruction. */
void exec_mov_to_seg(struct cpu *cpu, const struct op *op)
{
	uint16_t selector;

	cpu->op = op;
	selector = rm_get(cpu, op, 2, op->flags & OP_MEM);
	load_segment(cpu, op->reg, selector);
	if (op->reg == SEG_SS) {
		cpu->s.shadow = 1;
		cpu->shadow_ss = true;
		cpu_event(cpu);
	}
	return fall_through(cpu, op);
}

/* LES LDS LSS LFS LGS; the segment is in op->imm. */
void exec_load_far(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op), offset;
	uint16_t selector;

	cpu->op = op;
	offset = mem_read(cpu, op->seg, ea, op->size);
	selector = mem_read(cpu, op->seg, ea + op->size, 2);
	load_segment(cpu, op->imm, selector);
	reg_set(cpu, op->reg, op->size, offset);
	return fall_through(cpu, op);
}

/* LGDT and LIDT, by op->reg: 2 or 3. */
void exec_lgdt(struct cpu *cpu, const struct op *op)
{
	struct x86_table *t = op->reg == 2 ? &cpu->s.gdt : &cpu->s.idt;
	uint64_t ea = effective(cpu, op), base;
	uint16_t limit;

	need_cpl0(cpu, op);
	limit = mem_read(cpu, op->seg, ea, 2);
	base = mem_read(cpu, op->seg, ea + 2, cpu->code64 ? 8 : 4);
	if (!cpu->code64 && op->size == 2)
		base &= 0xffffff;
	if (cpu->code64 && !mmu_canonical(base))
		raise_error(cpu, VEC_GP, 0);
	*t = (struct x86_table){base, limit};
	return next(cpu, op);
}

/* SGDT and SIDT, by op->reg: 0 or 1. */
void exec_sgdt(struct cpu *cpu, const struct op *op)
{
	const struct x86_table *t = op->reg == 0 ? &cpu->s.gdt : &cpu->s.idt;
	unsigned size = cpu->code64 ? 8 : 4;
	uint64_t ea = effective(cpu, op);

	cpu->op = op;
	if (cpu->cpl && cpu->s.cr4 & CR4_UMIP)
		raise_error(cpu, VEC_GP, 0);
	mem_probe_write(cpu, op->seg, ea, 2 + size);
	mem_write(cpu, op->seg, ea, 2, t->limit);
	mem_write(cpu, op->seg, ea + 2, size, t->base);
	return next(cpu, op);
}

/* SLDT and STR, by op->reg: 0 or 1. */
void exec_sldt(struct cpu *cpu, const struct op *op)
{
	unsigned seg = op->reg == 0 ? SEG_LDTR : SEG_TR;

	cpu->op = op;
	if (cpu_real_segments(cpu))
		raise_fault(cpu, VEC_UD);
	if (cpu->cpl && cpu->s.cr4 & CR4_UMIP)
		raise_error(cpu, VEC_GP, 0);
	if (op->flags & OP_MEM)
		store(cpu, op, effective(cpu, op), 2, cpu->s.seg[seg].selector);
	else
		reg_set(cpu, op->rm, op->size, cpu->s.seg[seg].selector);
	return next(cpu, op);
}

static void load_tr(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
	unsigned type = d->seg.attr & SEG_ATTR_TYPE;
	uint32_t error = selector & ~3u;

	if (d->seg.attr & SEG_ATTR_S || type != 9)
		raise_error(cpu, VEC_GP, error);
	if (!(d->seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	d->seg.attr |= 2; /* busy, in the table as well */
	lin_write(cpu, cpu->s.gdt.base + error + 5, 1, d->seg.attr & 0xff,
		  ACCESS_SYSTEM);
	cpu->s.seg[SEG_TR] = d->seg;
}

/* LLDT and LTR, by op->reg: 2 or 3. */
void exec_lldt(struct cpu *cpu, const struct op *op)
{
	struct descriptor d;
	uint16_t selector;
	bool tr = op->reg == 3;

	cpu->op = op;
	if (cpu_real_segments(cpu))
		raise_fault(cpu, VEC_UD);
	need_cpl0(cpu, op);
	selector = rm_get(cpu, op, 2, op->flags & OP_MEM);
	if (!tr && !(selector & ~3u)) {
		cpu->s.seg[SEG_LDTR] =
			(struct x86_segment){.selector = selector};
		return next(cpu, op);
	}
	if (!(selector & ~3u))
		raise_error(cpu, VEC_GP, 0);
	if (selector & 4 || !read_descriptor(cpu, selector, &d))
		raise_error(cpu, VEC_GP, selector & ~3u);
	if (cpu->s.efer & EFER_LMA && !mmu_canonical(d.seg.base))
		raise_error(cpu, VEC_GP, selector & ~3u);
	if (tr) {
		load_tr(cpu, selector, &d);
		return next(cpu, op);
	}
	if ((d.seg.attr & 0x1f) != SEG_ATTR_LDT % 32)
		raise_error(cpu, VEC_GP, selector & ~3u);
	if (!(d.seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, selector & ~3u);
	cpu->s.seg[SEG_LDTR] = d.seg;
	return next(cpu, op);
}

static void set_zf(struct cpu *cpu, bool zf)
{
	flags_set_arith(cpu, (flags_get(cpu) & ~FLAG_ZF) | (zf ? FLAG_ZF : 0));
}

/* A descriptor that this privilege may look at. */
static bool visible(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
	unsigned dpl;

	if (!(selector & ~3u) || !read_descriptor(cpu, selector, d))
		return false;
	if ((d->seg.attr & 0x1c) == 0x1c) /* conforming code */
		return true;
	dpl = (d->seg.attr & SEG_ATTR_DPL) >> 5;
	return dpl >= cpu->cpl && dpl >= (selector & 3u);
}

static uint16_t selector_operand(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu_real_segments(cpu))
		raise_fault(cpu, VEC_UD);
	return rm_get(cpu, op, 2, op->flags & OP_MEM);
}

/* VERR and VERW, by op->reg: 4 or 5. */
void exec_verr(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = selector_operand(cpu, op);
	struct descriptor d;
	bool ok = visible(cpu, selector, &d) && d.seg.attr & SEG_ATTR_S;

	if (ok && op->reg == 4)
		ok = (d.seg.attr & 0xa) != 8;
	else if (ok)
		ok = (d.seg.attr & 0xa) == 2;
	set_zf(cpu, ok);
	return next(cpu, op);
}

/* Types of system descriptors that LAR and LSL take (SDM 2 LAR, LSL). */
static bool type_ok(const struct cpu *cpu, const struct descriptor *d,
		    bool limit)
{
	unsigned type = d->seg.attr & SEG_ATTR_TYPE;
	unsigned wide = 1u << 2 | 1u << 9 | 1u << 11;
	unsigned old = wide | 1u << 1 | 1u << 3;

	if (d->seg.attr & SEG_ATTR_S)
		return true;
	if (!limit) {
		wide |= 1u << 12;
		old |= 1u << 4 | 1u << 5 | 1u << 12;
	}
	return (cpu->s.efer & EFER_LMA ? wide : old) >> type & 1;
}

void exec_lar(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = selector_operand(cpu, op);
	struct descriptor d;
	bool ok = visible(cpu, selector, &d) && type_ok(cpu, &d, false);

	if (ok)
		reg_set(cpu, op->reg, op->size, d.raw >> 32 & 0x00f0ff00);
	set_zf(cpu, ok);
	return next(cpu, op);
}

void exec_lsl(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = selector_operand(cpu, op);
	struct descriptor d;
	bool ok = visible(cpu, selector, &d) && type_ok(cpu, &d, true);

	if (ok)
		reg_set(cpu, op->reg, op->size, d.seg.limit);
	set_zf(cpu, ok);
	return next(cpu, op);
}
