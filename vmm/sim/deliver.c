/*
 * deliver.c: going through the IDT (SDM 3 chapter 6): gates, the handler's
 * code segment, and the frame and stacks of long mode. Those of the other
 * modes are in deliver_legacy.c and real_mode.c.
 *
 * Everything that can fault comes before any register changes, so that a
 * fault while delivering leaves the state as it was at the first one.
 */
#include "vmm/sim/deliver.h"

static void read_gate(struct cpu *cpu, const struct event *ev, struct gate *g)
{
	bool wide = cpu->s.efer & EFER_LMA;
	unsigned size = wide ? 16 : 8, at = ev->vector * size, type;
	uint32_t error = ev->vector * 8 + 2 + event_ext(ev);
	uint64_t raw[2] = {0, 0};

	if (at + size - 1 > cpu->s.idt.limit)
		raise_error(cpu, VEC_GP, error);
	raw[0] = system_read(cpu, cpu->s.idt.base + at);
	if (wide)
		raw[1] = system_read(cpu, cpu->s.idt.base + at + 8);
	type = raw[0] >> 40 & 0x1f;
	if (type != 0xe && type != 0xf &&
	    (wide || ((type & ~1u) != 6 && type != 5)))
		raise_error(cpu, VEC_GP, error);
	if (ev->kind == EVENT_SOFT && (raw[0] >> 45 & 3) < cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (!(raw[0] >> 47 & 1))
		raise_error(cpu, VEC_NP, error);
	if (type == 5)
		cpu_stop(cpu, NO_TASK_SWITCH);
	g->size = wide ? 8 : type & 8 ? 4 : 2;
	g->selector = raw[0] >> 16;
	g->offset = raw[0] & 0xffff;
	if (g->size > 2)
		g->offset |= raw[0] >> 32 & 0xffff0000;
	g->ist = 0;
	if (wide) {
		g->offset |= raw[1] << 32;
		g->ist = raw[0] >> 32 & 7;
	}
	g->trap = type & 1;
}

/* The handler's code segment; the new CPL. */
static unsigned gate_code(struct cpu *cpu, const struct event *ev,
			  const struct gate *g, struct descriptor *d)
{
	uint32_t error = (g->selector & ~3u) + event_ext(ev);
	unsigned dpl, type;
	bool wide = cpu->s.efer & EFER_LMA;

	if (!(g->selector & ~3u))
		raise_error(cpu, VEC_GP, event_ext(ev));
	if (!read_descriptor(cpu, g->selector, d))
		raise_error(cpu, VEC_GP, error);
	type = d->seg.attr & SEG_ATTR_TYPE;
	dpl = (d->seg.attr & SEG_ATTR_DPL) >> 5;
	if (!(d->seg.attr & SEG_ATTR_S) || !(type & 8) || dpl > cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (wide && (d->seg.attr & (SEG_ATTR_L | SEG_ATTR_B)) != SEG_ATTR_L)
		raise_error(cpu, VEC_GP, error);
	if (!(d->seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
	return type & 4 ? cpu->cpl : dpl;
}

uint64_t tss_field(struct cpu *cpu, unsigned offset, unsigned size,
		   uint32_t ext)
{
	const struct x86_segment *tr = &cpu->s.seg[SEG_TR];

	if (offset + size - 1 > tr->limit)
		raise_error(cpu, VEC_TS, (tr->selector & ~3u) + ext);
	return lin_read(cpu, tr->base + offset, size, ACCESS_SYSTEM);
}

/* What the frame's RFLAGS holds: RF marks faults (SDM 3 17.3.1.1). */
uint64_t event_flags(struct cpu *cpu, const struct event *ev)
{
	return flags_get(cpu) | (ev->kind == EVENT_FAULT ? FLAG_RF : 0);
}

void enter_handler(struct cpu *cpu, const struct gate *g)
{
	uint64_t clear = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;

	if (!g->trap)
		clear |= FLAG_IF;
	cpu->s.rflags &= ~clear;
	cpu->rip = g->offset;
	cpu->s.shadow = 0;
}

/* Nothing of it is written when any of it cannot be. */
static void write_frame(struct cpu *cpu, uint64_t sp, const uint64_t frame[6],
			unsigned first, unsigned access)
{
	uint8_t *host =
		mmu_host(cpu, sp, 48 - 8 * first, access | ACCESS_WRITE);

	if (unlikely(!host)) {
		lin_write_bytes(cpu, sp, &frame[first], 48 - 8 * first, access);
		return;
	}
	for (unsigned i = first; i < 6; i++, host += 8)
		at_set(host, 8, true, frame[i]);
}

static void deliver64(struct cpu *cpu, const struct event *ev,
		      const struct gate *g, struct descriptor *cs, unsigned cpl)
{
	uint64_t sp = cpu->r[GPR_RSP], frame[6];
	unsigned first = ev->has_error ? 0 : 1, len = 48 - 8 * first;
	unsigned access = cpl == 3 ? 0 : ACCESS_SYSTEM;

	if (g->ist)
		sp = tss_field(cpu, 28 + 8 * g->ist, 8, event_ext(ev));
	else if (cpl < cpu->cpl)
		sp = tss_field(cpu, 4 + 8 * cpl, 8, event_ext(ev));
	sp = (sp & ~UINT64_C(15)) - len;
	if (!mmu_canonical(sp) || !mmu_canonical(sp + len - 1))
		raise_error(cpu, VEC_SS, event_ext(ev));
	if (!mmu_canonical(g->offset))
		raise_error(cpu, VEC_GP, event_ext(ev));
	frame[0] = ev->error;
	frame[1] = ev->rip;
	frame[2] = cpu->s.seg[SEG_CS].selector;
	frame[3] = event_flags(cpu, ev);
	frame[4] = cpu->r[GPR_RSP];
	frame[5] = cpu->s.seg[SEG_SS].selector;
	write_frame(cpu, sp, frame, first, access);
	if (cpl != cpu->cpl)
		cpu->s.seg[SEG_SS] = (struct x86_segment){.selector = cpl};
	set_accessed(cpu, g->selector, cs);
	load_cs(cpu, g->selector, cs, cpl);
	cpu->r[GPR_RSP] = sp;
	enter_handler(cpu, g);
}

void deliver(struct cpu *cpu, unsigned vector, enum event_kind kind,
	     uint64_t rip, bool has_error, uint32_t error)
{
	struct event ev = {vector, kind, rip, has_error, error};
	struct vcpu_event *past = past_event(cpu);
	struct descriptor cs;
	struct gate g;
	unsigned cpl, from = cpu->cpl;

	*past = (struct vcpu_event){.count = cpu_retired(cpu),
				    .rip = rip,
				    .address =
					    vector == VEC_PF ? cpu->s.cr2 : 0,
				    .error = error,
				    .has_error = has_error,
				    .external = kind == EVENT_EXTERNAL,
				    .soft = kind == EVENT_SOFT,
				    .vector = vector,
				    .cpl = cpu->cpl};
	if (!(cpu->s.cr0 & CR0_PE)) {
		deliver_real(cpu, &ev);
	} else {
		read_gate(cpu, &ev, &g);
		cpl = gate_code(cpu, &ev, &g, &cs);
		if (cpu->s.efer & EFER_LMA)
			deliver64(cpu, &ev, &g, &cs, cpl);
		else
			deliver_legacy(cpu, &ev, &g, &cs, cpl);
	}
	past->delivered = true;
	if (vector == VEC_DB && kind != EVENT_SOFT)
		cpu->s.dr[7] &= ~DR7_GD;
	if (cpu_traces(cpu, TRACE_INT))
		trace_delivery(cpu, vector, kind, rip, from, has_error, error);
}
