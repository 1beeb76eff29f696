/*
 * gates.c: far jumps and calls through call gates (SDM 3 5.8): the only way
 * to an inner ring besides events and SYSCALL. What names a task ends the
 * run: hardware task switches are not done.
 */
#include "vmm/sim/deliver.h"

enum {
	TYPE_TSS16 = 1,
	TYPE_GATE16 = 4,
	TYPE_TASK_GATE = 5,
	TYPE_TSS32 = 9,
	TYPE_GATE32 = 12
};

struct target {
	struct descriptor code;
	uint64_t rip;
	uint16_t selector;
	unsigned size;	/* of the words that a call pushes */
	unsigned count; /* of parameters to copy */
	unsigned cpl;	/* the ring it leads to */
};

static unsigned dpl_of(const struct descriptor *d)
{
	return (d->seg.attr & SEG_ATTR_DPL) >> 5;
}

static bool is_long(const struct cpu *cpu)
{
	return cpu->s.efer & EFER_LMA;
}

/* Type, privilege and presence of the gate itself. */
static void check_gate(struct cpu *cpu, uint16_t selector,
		       const struct descriptor *gate)
{
	unsigned type = gate->seg.attr & SEG_ATTR_TYPE;
	unsigned known = 1u << TYPE_GATE32, rpl = selector & 3u;
	uint32_t error = selector & ~3u;
	bool task;

	if (!is_long(cpu))
		known |= 1u << TYPE_TSS16 | 1u << TYPE_GATE16 |
			 1u << TYPE_TASK_GATE | 1u << TYPE_TSS32;
	if (!(known >> type & 1) || dpl_of(gate) < cpu->cpl ||
	    dpl_of(gate) < rpl)
		raise_error(cpu, VEC_GP, error);
	/* The second half of a long one looks like no descriptor at all. */
	if (is_long(cpu) && gate->high >> 40 & 0x1f)
		raise_error(cpu, VEC_GP, error);
	if (!(gate->seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	task = type != TYPE_GATE16 && type != TYPE_GATE32;
	if (task)
		cpu_stop(cpu, NO_TASK_SWITCH);
}

static void read_target(const struct cpu *cpu, const struct descriptor *gate,
			struct target *t)
{
	bool small = (gate->seg.attr & SEG_ATTR_TYPE) == TYPE_GATE16;

	t->selector = gate->raw >> 16;
	t->rip = gate->raw & 0xffff;
	if (!small)
		t->rip |= gate->raw >> 32 & 0xffff0000;
	t->size = small ? 2 : 4;
	t->count = gate->raw >> 32 & 31;
	if (is_long(cpu)) {
		t->rip |= gate->high << 32;
		t->size = 8;
		t->count = 0;
	}
}

/* The code segment that the gate names. */
static void check_code(struct cpu *cpu, struct target *t, bool call)
{
	uint32_t error = t->selector & ~3u;
	unsigned attr, dpl;
	bool conforming;

	if (!error)
		raise_error(cpu, VEC_GP, 0);
	if (!read_descriptor(cpu, t->selector, &t->code))
		raise_error(cpu, VEC_GP, error);
	attr = t->code.seg.attr;
	dpl = dpl_of(&t->code);
	conforming = attr & 4;
	if (!(attr & SEG_ATTR_S) || !(attr & 8) || dpl > cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (!call && !conforming && dpl != cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (is_long(cpu) && (attr & (SEG_ATTR_L | SEG_ATTR_B)) != SEG_ATTR_L)
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	t->cpl = conforming ? cpu->cpl : dpl;
}

static void check_rip(struct cpu *cpu, const struct target *t)
{
	if (is_long(cpu) ? !mmu_canonical(t->rip) : t->rip > t->code.seg.limit)
		raise_error(cpu, VEC_GP, 0);
}

static void go(struct cpu *cpu, struct target *t)
{
	set_accessed(cpu, t->selector, &t->code);
	load_cs(cpu, t->selector, &t->code, t->cpl);
	cpu->rip = t->rip;
}

void gate_jump(struct cpu *cpu, uint16_t selector,
	       const struct descriptor *gate)
{
	struct target t;

	check_gate(cpu, selector, gate);
	read_target(cpu, gate, &t);
	check_code(cpu, &t, false);
	check_rip(cpu, &t);
	go(cpu, &t);
}

/* The parameters are read from the outer stack before anything changes. */
static void copy_parameters(struct cpu *cpu, const struct target *t,
			    struct frame *f)
{
	uint32_t word[31];

	for (unsigned i = 0; i < t->count; i++) {
		uint64_t at = cpu->r[GPR_RSP] + i * t->size;

		word[i] = mem_read(cpu, SEG_SS, at & stack_mask(cpu), t->size);
	}
	for (unsigned i = t->count; i > 0; i--)
		frame_push(cpu, f, word[i - 1]);
}

static void call_legacy(struct cpu *cpu, struct target *t, uint64_t back)
{
	struct frame f;

	if (t->cpl < cpu->cpl) {
		frame_inner(cpu, t->cpl, t->size, 0, &f);
		frame_push(cpu, &f, cpu->s.seg[SEG_SS].selector);
		frame_push(cpu, &f, cpu->r[GPR_RSP]);
		copy_parameters(cpu, t, &f);
	} else {
		frame_here(cpu, t->size, 0, &f);
	}
	frame_push(cpu, &f, cpu->s.seg[SEG_CS].selector);
	frame_push(cpu, &f, back);
	check_rip(cpu, t);
	frame_commit(cpu, &f);
	go(cpu, t);
}

/* Words of eight bytes on a stack without segments; none are copied. */
static void call_long(struct cpu *cpu, struct target *t, uint64_t back)
{
	uint64_t sp = cpu->r[GPR_RSP], frame[4];
	bool inner = t->cpl < cpu->cpl;
	unsigned len = inner ? 32 : 16;

	if (inner)
		sp = tss_field(cpu, 4 + 8 * t->cpl, 8, 0);
	sp -= len;
	if (!mmu_canonical(sp) || !mmu_canonical(sp + len - 1))
		raise_error(cpu, VEC_SS, 0);
	check_rip(cpu, t);
	frame[0] = back;
	frame[1] = cpu->s.seg[SEG_CS].selector;
	frame[2] = cpu->r[GPR_RSP];
	frame[3] = cpu->s.seg[SEG_SS].selector;
	lin_write_bytes(cpu, sp, frame, len, t->cpl < 3 ? ACCESS_SYSTEM : 0);
	if (inner)
		cpu->s.seg[SEG_SS] = (struct x86_segment){.selector = t->cpl};
	cpu->r[GPR_RSP] = sp;
	go(cpu, t);
}

void gate_call(struct cpu *cpu, uint16_t selector,
	       const struct descriptor *gate, uint64_t next_rip)
{
	struct target t;

	check_gate(cpu, selector, gate);
	read_target(cpu, gate, &t);
	check_code(cpu, &t, true);
	if (is_long(cpu))
		call_long(cpu, &t, next_rip);
	else
		call_legacy(cpu, &t, next_rip);
}
