/*
 * exec_far.c: transfers that change CS: far jumps, calls and returns, IRET,
 * software interrupts, SYSCALL and SYSRET.
 */
#include "vmm/sim/deliver.h"

#define SYSCALL_FLAT (SEG_ATTR_G | SEG_ATTR_P | SEG_ATTR_S)
#define FLAGS_ALL    UINT64_C(0x3c7fd7) /* what SYSRET loads */

/* False: a system descriptor, which may be a gate. */
static bool far_descriptor(struct cpu *cpu, uint16_t selector,
			   struct descriptor *d)
{
	uint32_t error = selector & ~3u;

	if (!error)
		raise_error(cpu, VEC_GP, 0);
	if (!read_descriptor(cpu, selector, d))
		raise_error(cpu, VEC_GP, error);
	return d->seg.attr & SEG_ATTR_S;
}

/* The code segment of a direct far jump or call. */
static void check_far(struct cpu *cpu, uint16_t selector, uint64_t rip,
		      const struct descriptor *d)
{
	unsigned attr = d->seg.attr, dpl = (attr & SEG_ATTR_DPL) >> 5;
	uint32_t error = selector & ~3u;

	if (!(attr & 8))
		raise_error(cpu, VEC_GP, error);
	if (cpu->s.efer & EFER_LMA && attr & SEG_ATTR_L && attr & SEG_ATTR_B)
		raise_error(cpu, VEC_GP, error);
	if (attr & 4 ? dpl > cpu->cpl
		     : (selector & 3u) > cpu->cpl || dpl != cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	if (cpu->s.efer & EFER_LMA && attr & SEG_ATTR_L) {
		if (!mmu_canonical(rip))
			raise_error(cpu, VEC_GP, 0);
	} else if (rip > d->seg.limit) {
		raise_error(cpu, VEC_GP, 0);
	}
}

/* Offset and selector, from the instruction or from memory. */
static void far_pointer(struct cpu *cpu, const struct op *op, uint64_t *rip,
			uint16_t *selector)
{
	cpu->op = op;
	if (op->flags & OP_MEM) {
		uint64_t ea = effective(cpu, op);

		*rip = mem_read(cpu, op->seg, ea, op->size);
		*selector = mem_read(cpu, op->seg, ea + op->size, 2);
	} else {
		*rip = op->imm;
		*selector = op->disp;
	}
}

void exec_jmp_far(struct cpu *cpu, const struct op *op)
{
	struct descriptor d;
	uint16_t selector;
	uint64_t rip;

	far_pointer(cpu, op, &rip, &selector);
	if (cpu_real_segments(cpu)) {
		real_jump(cpu, selector, rip);
		return;
	}
	if (!far_descriptor(cpu, selector, &d)) {
		gate_jump(cpu, selector, &d);
		return;
	}
	check_far(cpu, selector, rip, &d);
	set_accessed(cpu, selector, &d);
	load_cs(cpu, selector, &d, cpu->cpl);
	cpu->rip = rip;
}

static void call_direct(struct cpu *cpu, const struct op *op, uint16_t selector,
			uint64_t rip, struct descriptor *d)
{
	uint16_t old = cpu->s.seg[SEG_CS].selector;
	uint64_t sp = cpu->r[GPR_RSP], mask = stack_mask(cpu);

	check_far(cpu, selector, rip, d);
	mem_probe_write(cpu, SEG_SS, (sp - op->size) & mask, op->size);
	mem_probe_write(cpu, SEG_SS, (sp - 2 * op->size) & mask, op->size);
	set_accessed(cpu, selector, d);
	stack_push(cpu, op->size, old);
	stack_push(cpu, op->size, next_rip(op));
	load_cs(cpu, selector, d, cpu->cpl);
	cpu->rip = rip;
}

void exec_call_far(struct cpu *cpu, const struct op *op)
{
	struct descriptor d;
	uint16_t selector;
	uint64_t rip;

	far_pointer(cpu, op, &rip, &selector);
	if (cpu_real_segments(cpu))
		real_call(cpu, op->size, selector, rip, next_rip(op));
	else if (far_descriptor(cpu, selector, &d))
		call_direct(cpu, op, selector, rip, &d);
	else
		gate_call(cpu, selector, &d, next_rip(op));
}

/* ---- returns ---- */

struct far_return {
	uint64_t rip, rsp, flags;
	uint16_t cs, ss;
	bool outer; /* pops the stack too */
	struct descriptor code, stack;
};

static void check_return_code(struct cpu *cpu, struct far_return *r)
{
	uint32_t error = r->cs & ~3u;
	unsigned rpl = r->cs & 3, attr, dpl;

	if (!error)
		raise_error(cpu, VEC_GP, 0);
	if (rpl < cpu->cpl || !read_descriptor(cpu, r->cs, &r->code))
		raise_error(cpu, VEC_GP, error);
	attr = r->code.seg.attr;
	dpl = (attr & SEG_ATTR_DPL) >> 5;
	if (!(attr & SEG_ATTR_S) || !(attr & 8) ||
	    (attr & 4 ? dpl > rpl : dpl != rpl))
		raise_error(cpu, VEC_GP, error);
	if (cpu->s.efer & EFER_LMA && attr & SEG_ATTR_L && attr & SEG_ATTR_B)
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	if (cpu->s.efer & EFER_LMA && attr & SEG_ATTR_L) {
		if (!mmu_canonical(r->rip))
			raise_error(cpu, VEC_GP, 0);
	} else if (r->rip > r->code.seg.limit) {
		raise_error(cpu, VEC_GP, 0);
	}
}

static void check_return_stack(struct cpu *cpu, struct far_return *r)
{
	unsigned rpl = r->cs & 3, attr;
	uint32_t error = r->ss & ~3u;
	bool to64 = cpu->s.efer & EFER_LMA && r->code.seg.attr & SEG_ATTR_L;

	if (!error) {
		if (!to64 || rpl == 3 || (r->ss & 3u) != rpl)
			raise_error(cpu, VEC_GP, 0);
		r->stack.seg = (struct x86_segment){.selector = r->ss};
		return;
	}
	if ((r->ss & 3u) != rpl || !read_descriptor(cpu, r->ss, &r->stack))
		raise_error(cpu, VEC_GP, error);
	attr = r->stack.seg.attr;
	if (!(attr & SEG_ATTR_S) || (attr & 0xa) != 2 ||
	    (attr & SEG_ATTR_DPL) >> 5 != rpl)
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_SS, error);
}

/* Data segments that the outer ring may not use become null. */
static void drop_inner_segments(struct cpu *cpu)
{
	static const uint8_t data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};

	for (unsigned i = 0; i < 4; i++) {
		struct x86_segment *s = &cpu->s.seg[data[i]];
		bool conforming = (s->attr & 0xc) == 0xc;

		if (s->attr & SEG_ATTR_P && !conforming &&
		    (s->attr & SEG_ATTR_DPL) >> 5 < cpu->cpl)
			*s = (struct x86_segment){.base = s->base};
	}
}

/* All was checked. `drop`: bytes of arguments, on both stacks. */
static void commit_return(struct cpu *cpu, struct far_return *r, uint64_t used,
			  uint64_t drop)
{
	bool outward = (r->cs & 3u) > cpu->cpl;

	set_accessed(cpu, r->cs, &r->code);
	if (r->outer && r->ss & ~3u)
		set_accessed(cpu, r->ss, &r->stack);
	if (r->outer) {
		cpu->s.seg[SEG_SS] = r->stack.seg;
		load_cs(cpu, r->cs, &r->code, r->cs & 3);
		if (likely(cpu->code64))
			cpu->r[GPR_RSP] = r->rsp + drop;
		else
			stack_set(cpu, r->rsp + drop);
	} else {
		stack_add(cpu, used + drop);
		load_cs(cpu, r->cs, &r->code, r->cs & 3);
	}
	if (outward)
		drop_inner_segments(cpu);
	cpu->rip = r->rip;
}

static uint64_t peek_stack(struct cpu *cpu, unsigned size, uint64_t at)
{
	return mem_read(cpu, SEG_SS, (cpu->r[GPR_RSP] + at) & stack_mask(cpu),
			size);
}

/* op->imm: bytes of arguments. */
void exec_ret_far(struct cpu *cpu, const struct op *op)
{
	struct far_return r = {0};
	unsigned size = op->size;

	cpu->op = op;
	if (cpu_real_segments(cpu)) {
		real_return(cpu, size, op->imm);
		return;
	}
	r.rip = peek_stack(cpu, size, 0);
	r.cs = peek_stack(cpu, size, size);
	r.outer = (r.cs & 3u) > cpu->cpl;
	check_return_code(cpu, &r);
	if (r.outer) {
		r.rsp = peek_stack(cpu, size, 2 * size + op->imm);
		r.ss = peek_stack(cpu, size, 3 * size + op->imm);
		check_return_stack(cpu, &r);
	}
	commit_return(cpu, &r, 2 * size, op->imm);
}

/* IRET lets NMIs through again, also one that faults (SDM 3 6.7.1). */
static void nmi_unblock(struct cpu *cpu)
{
	if (!cpu->s.in_nmi)
		return;
	cpu->s.in_nmi = 0; /* another may wait */
	cpu_event(cpu);
}

/*
 * RF holds off instruction breakpoints for one instruction. Without any
 * there is nothing to hold off, and no need to step over that one.
 */
static void drop_resume_flag(struct cpu *cpu)
{
	if (!debug_active(cpu))
		cpu->s.rflags &= ~FLAG_RF;
}

static bool to_v86(const struct cpu *cpu, unsigned size, uint64_t flags)
{
	return flags & FLAG_VM && cpu->cpl == 0 && size == 4 &&
	       !(cpu->s.efer & EFER_LMA);
}

static void check_not_nested(struct cpu *cpu)
{
	if (likely(!(cpu->s.rflags & FLAG_NT)))
		return;
	if (cpu->s.efer & EFER_LMA)
		raise_error(cpu, VEC_GP, 0);
	cpu_stop(cpu, NO_TASK_SWITCH);
}

/* In ring 0 IRET loads VIF and VIP too, which POPF does not. */
static uint64_t iret_mask(const struct cpu *cpu, unsigned size)
{
	uint64_t mask = flags_writable(cpu, size);

	return cpu->cpl || size == 2 ? mask : mask | FLAG_VIF | FLAG_VIP;
}

static void iret_flags(struct cpu *cpu, uint64_t flags, uint64_t mask)
{
	flags_set(cpu, (flags_get(cpu) & ~mask) | (flags & mask));
	drop_resume_flag(cpu);
}

/* Each word is read when those before were found good. */
static void iret_protected(struct cpu *cpu, unsigned size)
{
	uint64_t mask = iret_mask(cpu, size);
	struct far_return r;

	r.rip = peek_stack(cpu, size, 0);
	r.cs = peek_stack(cpu, size, size);
	r.flags = peek_stack(cpu, size, 2 * size);
	if (to_v86(cpu, size, r.flags)) {
		real_enter_v86(cpu, r.flags);
		drop_resume_flag(cpu);
		return;
	}
	r.outer = cpu->code64 || (r.cs & 3u) > cpu->cpl;
	check_return_code(cpu, &r);
	if (r.outer) {
		r.rsp = peek_stack(cpu, size, 3 * size);
		r.ss = peek_stack(cpu, size, 4 * size);
		check_return_stack(cpu, &r);
	}
	commit_return(cpu, &r, 3 * size, 0);
	iret_flags(cpu, r.flags, mask);
}

/* The same where all five words can be read at once. */
static void iret64(struct cpu *cpu, const uint8_t *frame)
{
	uint64_t mask = iret_mask(cpu, 8);
	struct far_return r;

	r.rip = at_get(frame, 8);
	r.cs = at_get(frame + 8, 2);
	r.flags = at_get(frame + 16, 8);
	r.rsp = at_get(frame + 24, 8);
	r.ss = at_get(frame + 32, 2);
	r.outer = true;
	check_return_code(cpu, &r);
	check_return_stack(cpu, &r);
	commit_return(cpu, &r, 0, 0);
	iret_flags(cpu, r.flags, mask);
}

void exec_iret(struct cpu *cpu, const struct op *op)
{
	const uint8_t *frame;

	cpu->op = op;
	need_iopl_in_v86(cpu);
	nmi_unblock(cpu);
	if (unlikely(cpu_real_segments(cpu))) {
		real_iret(cpu, op->size);
		drop_resume_flag(cpu);
		return next_block(cpu);
	}
	check_not_nested(cpu);
	frame = tlb_host(cpu, cpu->r[GPR_RSP], 40, false);
	if (likely(op->size == 8 && frame))
		iret64(cpu, frame);
	else
		iret_protected(cpu, op->size);
	return next_block(cpu);
}

/* ---- software interrupts ---- */

static void soft_interrupt(struct cpu *cpu, const struct op *op,
			   unsigned vector, enum event_kind kind)
{
	cpu->op = op;
	deliver(cpu, vector, kind, next_rip(op), false, 0);
	cpu->stats.exceptions++;
	cpu->no_step_trap = true;
	return next_block(cpu);
}

void exec_int(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	need_iopl_in_v86(cpu);
	return soft_interrupt(cpu, op, op->imm & 0xff, EVENT_SOFT);
}

void exec_int3(struct cpu *cpu, const struct op *op)
{
	return soft_interrupt(cpu, op, VEC_BP, EVENT_SOFT);
}

/* INT1: like an exception, no DPL check (SDM 2 INT n). */
void exec_int1(struct cpu *cpu, const struct op *op)
{
	debug_take_hits(cpu);
	return soft_interrupt(cpu, op, VEC_DB, EVENT_TRAP);
}

void exec_into(struct cpu *cpu, const struct op *op)
{
	if (flag_of(cpu))
		return soft_interrupt(cpu, op, VEC_OF, EVENT_SOFT);
	return fall_through(cpu, op);
}

/* ---- SYSCALL and SYSRET (SDM 2; only from and, with REX.W, to 64-bit) -- */

void exec_syscall(struct cpu *cpu, const struct op *op)
{
	uint16_t selector = cpu->s.star >> 32 & 0xfffc;
	uint64_t flags;

	cpu->op = op;
	if (!(cpu->s.efer & EFER_SCE) || !cpu->code64)
		raise_fault(cpu, VEC_UD);
	if (cpu_traces(cpu, TRACE_CALL))
		trace_call(cpu, op_rip(op), true);
	flags = flags_get(cpu) & ~FLAG_RF;
	cpu->r[GPR_RCX] = next_rip(op);
	cpu->r[GPR_R11] = flags;
	cpu->no_step_trap = cpu->s.fmask & FLAG_TF;
	set_flat(cpu, SEG_CS, selector,
		 SYSCALL_FLAT | SEG_ATTR_L | (SEG_ATTR_CODE & 0xf));
	set_flat(cpu, SEG_SS, selector + 8,
		 SYSCALL_FLAT | SEG_ATTR_B | (SEG_ATTR_DATA & 0xf));
	flags_set(cpu, flags & ~cpu->s.fmask);
	set_ring64(cpu, 0);
	cpu->rip = cpu->s.lstar;
	return next_block(cpu);
}

void exec_sysret(struct cpu *cpu, const struct op *op)
{
	bool wide = op->flags & OP_REXW;
	uint16_t base = cpu->s.star >> 48, code = wide ? base + 16 : base;
	uint64_t mode = wide ? SEG_ATTR_L : SEG_ATTR_B;
	uint64_t flags = cpu->r[GPR_R11] & ~(FLAG_RF | FLAG_VM);

	cpu->op = op;
	if (!(cpu->s.efer & EFER_SCE) || !cpu->code64)
		raise_fault(cpu, VEC_UD);
	if (cpu->cpl || (wide && !mmu_canonical(cpu->r[GPR_RCX])))
		raise_error(cpu, VEC_GP, 0);
	set_flat(cpu, SEG_CS, code | 3,
		 SYSCALL_FLAT | mode | SEG_ATTR_DPL | (SEG_ATTR_CODE & 0xf));
	set_flat(cpu, SEG_SS, (base + 8) | 3,
		 SYSCALL_FLAT | SEG_ATTR_B | SEG_ATTR_DPL |
			 (SEG_ATTR_DATA & 0xf));
	cpu->rip = wide ? cpu->r[GPR_RCX] : (uint32_t)cpu->r[GPR_RCX];
	flags_set(cpu, (flags & FLAGS_ALL) | FLAG_FIXED);
	if (likely(wide))
		set_ring64(cpu, 3);
	else
		cpu_update_mode(cpu);
	if (cpu_traces(cpu, TRACE_CALL))
		trace_call(cpu, cpu->rip, false);
	/* TF traps at once, as though SYSCALL had just ended (SDM 2 SYSRET). */
	if (flags & FLAG_TF) {
		cpu->debug_hits |= DR6_BS;
		debug_trap(cpu);
		return;
	}
	return next_block(cpu);
}
