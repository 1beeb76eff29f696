/*
 * exception.c: raising exceptions, and going through the IDT (SDM 3 chapter
 * 6): gates, stack switches by TSS and IST, double and triple faults.
 *
 * The frame is written in one piece before any register changes, so that a
 * fault while delivering leaves the state as it was at the first one.
 */
#include <stdarg.h>
#include <stdio.h>

#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* ---- raising ---- */

static bool contributory(int vector)
{
	return vector == VEC_DE || (vector >= VEC_TS && vector <= VEC_GP);
}

/* SDM 3 table 6-5: what a second exception while delivering makes. */
static int second_fault(struct cpu *cpu, int vector)
{
	int first = cpu->delivering;
	bool pf = vector == VEC_PF;

	if (first == VEC_DF)
		cpu_shutdown(cpu);
	if ((contributory(first) && contributory(vector)) ||
	    (first == VEC_PF && (pf || contributory(vector))))
		return VEC_DF;
	return vector;
}

static _Noreturn void raise(struct cpu *cpu, struct fault fault)
{
	if (cpu->delivering != NO_VECTOR) {
		fault.vector = second_fault(cpu, fault.vector);
		if (fault.vector == VEC_DF) {
			fault.error = 0;
			fault.has_error = true;
		}
	}
	cpu->fault = fault;
	longjmp(cpu->unwind, UNWIND_FAULT);
}

void raise_fault(struct cpu *cpu, int vector)
{
	raise(cpu, (struct fault){.vector = vector});
}

void raise_error(struct cpu *cpu, int vector, uint32_t error)
{
	raise(cpu, (struct fault){.vector = vector,
				  .error = error,
				  .has_error = true});
}

/* ---- the end of the run ---- */

void cpu_shutdown(struct cpu *cpu)
{
	cpu->exit->reason = EXIT_SHUTDOWN;
	cpu->stopped = true;
	longjmp(cpu->unwind, UNWIND_STOP);
}

/* The bytes at the current instruction, as far as they can be read. */
static unsigned peek_code(struct cpu *cpu, uint64_t rip, uint8_t byte[15])
{
	unsigned len = 0;
	uint64_t gpa;

	if (!cpu->code64)
		rip = (uint32_t)(rip + cpu->s.seg[SEG_CS].base);
	while (len < 15 && mmu_translate(&cpu->vcpu, rip + len, &gpa) &&
	       guestmem_read(cpu->vcpu.env.mem, gpa, &byte[len], 1))
		len++;
	return len;
}

static void describe_code(struct cpu *cpu, char *text, size_t size)
{
	unsigned bits = cpu->code64 ? 64 : cpu->mode & MODE_CODE32 ? 32 : 16;
	uint64_t rip = cpu->rip;
	char line[96] = "";
	struct insn insn;
	uint8_t byte[15];
	unsigned len, at;

	if (cpu->block)
		rip = cpu->r[REG_BLOCK] + cpu->op->next - cpu->op->len;
	len = peek_code(cpu, rip, byte);
	if (len)
		disassemble(line, sizeof(line), byte, len, rip, bits);
	if (len && insn_decode(&insn, byte, len, bits) == DECODE_OK)
		len = insn.len;
	at = snprintf(text, size, "at %#llx:", (unsigned long long)rip);
	for (unsigned i = 0; i < len && at < size; i++)
		at += snprintf(text + at, size - at, " %02x", byte[i]);
	if (line[0] && at < size)
		snprintf(text + at, size - at, " (%s)", line);
}

void cpu_stop(struct cpu *cpu, const char *fmt, ...)
{
	char code[160];
	struct vcpu_exit *exit = cpu->exit;
	va_list ap;
	int at;

	describe_code(cpu, code, sizeof(code));
	at = snprintf(exit->why, sizeof(exit->why), "%s: ", code);
	va_start(ap, fmt);
	vsnprintf(exit->why + at, sizeof(exit->why) - at, fmt, ap);
	va_end(ap);
	exit->reason = EXIT_ERROR;
	cpu->stopped = true;
	longjmp(cpu->unwind, UNWIND_STOP);
}

/* ---- delivery ---- */

struct gate {
	uint16_t selector;
	uint64_t offset;
	unsigned ist;
	bool trap; /* IF stays */
};

struct event {
	unsigned vector;
	enum event_kind kind;
	uint64_t rip;
	bool has_error;
	uint32_t error;
};

/* The EXT bit of error codes: the event is not the program's own. */
static uint32_t ext(const struct event *ev)
{
	return ev->kind != EVENT_SOFT;
}

static void read_gate(struct cpu *cpu, const struct event *ev, struct gate *g)
{
	bool wide = cpu->s.efer & EFER_LMA;
	unsigned size = wide ? 16 : 8, at = ev->vector * size, type;
	uint32_t error = ev->vector * 8 + 2 + ext(ev);
	uint64_t raw[2] = {0, 0};

	if (at + size - 1 > cpu->s.idt.limit)
		raise_error(cpu, VEC_GP, error);
	lin_read_bytes(cpu, cpu->s.idt.base + at, raw, size, ACCESS_SYSTEM);
	type = raw[0] >> 40 & 0x1f;
	if (!wide && type == 5)
		cpu_stop(cpu, "task gates are not implemented");
	if (type != 0xe && type != 0xf && (wide || (type & ~1u) != 6))
		raise_error(cpu, VEC_GP, error);
	if (ev->kind == EVENT_SOFT && (raw[0] >> 45 & 3) < cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (!(raw[0] >> 47 & 1))
		raise_error(cpu, VEC_NP, error);
	if (type < 8)
		cpu_stop(cpu, "16-bit interrupt gates are not implemented");
	g->selector = raw[0] >> 16;
	g->offset = (raw[0] & 0xffff) | (raw[0] >> 32 & 0xffff0000);
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
	uint32_t error = (g->selector & ~3u) + ext(ev);
	unsigned dpl, type;
	bool wide = cpu->s.efer & EFER_LMA;

	if (!(g->selector & ~3u))
		raise_error(cpu, VEC_GP, ext(ev));
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

static uint64_t tss_field(struct cpu *cpu, const struct event *ev,
			  unsigned offset, unsigned size)
{
	const struct x86_segment *tr = &cpu->s.seg[SEG_TR];

	if (offset + size - 1 > tr->limit)
		raise_error(cpu, VEC_TS, (tr->selector & ~3u) + ext(ev));
	return lin_read(cpu, tr->base + offset, size, ACCESS_SYSTEM);
}

/* What the frame's RFLAGS holds: RF marks faults (SDM 3 17.3.1.1). */
static uint64_t frame_flags(const struct cpu *cpu, const struct event *ev)
{
	return flags_get(cpu) | (ev->kind == EVENT_FAULT ? FLAG_RF : 0);
}

static void enter_handler(struct cpu *cpu, const struct gate *g)
{
	uint64_t clear = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;

	if (!g->trap)
		clear |= FLAG_IF;
	cpu->s.rflags &= ~clear;
	cpu->rip = g->offset;
	cpu->s.shadow = 0;
	cpu_event(cpu);
}

static void deliver64(struct cpu *cpu, const struct event *ev,
		      const struct gate *g, struct descriptor *cs, unsigned cpl)
{
	uint64_t sp = cpu->r[REG_RSP], frame[6];
	unsigned first = ev->has_error ? 0 : 1, len = 48 - 8 * first;
	unsigned access = cpl == 3 ? 0 : ACCESS_SYSTEM;

	if (g->ist)
		sp = tss_field(cpu, ev, 28 + 8 * g->ist, 8);
	else if (cpl < cpu->cpl)
		sp = tss_field(cpu, ev, 4 + 8 * cpl, 8);
	sp = (sp & ~UINT64_C(15)) - len;
	if (!mmu_canonical(sp) || !mmu_canonical(sp + len - 1))
		raise_error(cpu, VEC_SS, ext(ev));
	if (!mmu_canonical(g->offset))
		raise_error(cpu, VEC_GP, ext(ev));
	frame[0] = ev->error;
	frame[1] = ev->rip;
	frame[2] = cpu->s.seg[SEG_CS].selector;
	frame[3] = frame_flags(cpu, ev);
	frame[4] = cpu->r[REG_RSP];
	frame[5] = cpu->s.seg[SEG_SS].selector;
	lin_write_bytes(cpu, sp, &frame[first], len, access);
	if (cpl != cpu->cpl)
		cpu->s.seg[SEG_SS] = (struct x86_segment){.selector = cpl};
	set_accessed(cpu, g->selector, cs);
	load_cs(cpu, g->selector, cs, cpl);
	cpu->r[REG_RSP] = sp;
	enter_handler(cpu, g);
}

/* The inner stack of a 32-bit TSS. */
static void inner_stack32(struct cpu *cpu, const struct event *ev, unsigned cpl,
			  uint16_t *selector, struct descriptor *ss,
			  uint32_t *sp)
{
	uint32_t error;

	*sp = tss_field(cpu, ev, 4 + 8 * cpl, 4);
	*selector = tss_field(cpu, ev, 8 + 8 * cpl, 2);
	error = (*selector & ~3u) + ext(ev);
	if (!(*selector & ~3u) || !read_descriptor(cpu, *selector, ss) ||
	    (*selector & 3u) != cpl || (ss->seg.attr & 0x1a) != 0x12 ||
	    (ss->seg.attr & SEG_ATTR_DPL) >> 5 != cpl)
		raise_error(cpu, VEC_TS, error);
	if (!(ss->seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_SS, error);
}

static void deliver32(struct cpu *cpu, const struct event *ev,
		      const struct gate *g, struct descriptor *cs, unsigned cpl)
{
	struct descriptor ss;
	uint32_t sp = cpu->r[REG_RSP], frame[6];
	uint16_t ss_selector = 0;
	unsigned first = ev->has_error ? 0 : 1, last = 4, len;
	bool inner = cpl < cpu->cpl;

	if (g->offset > cs->seg.limit)
		raise_error(cpu, VEC_GP, ext(ev));
	if (inner) {
		inner_stack32(cpu, ev, cpl, &ss_selector, &ss, &sp);
		last = 6;
	} else if (!(cpu->s.seg[SEG_SS].attr & SEG_ATTR_B)) {
		cpu_stop(cpu, "exceptions on a 16-bit stack are not "
			      "implemented");
	}
	frame[0] = ev->error;
	frame[1] = ev->rip;
	frame[2] = cpu->s.seg[SEG_CS].selector;
	frame[3] = frame_flags(cpu, ev);
	frame[4] = cpu->r[REG_RSP];
	frame[5] = cpu->s.seg[SEG_SS].selector;
	len = 4 * (last - first);
	sp -= len;
	if (inner)
		lin_write_bytes(cpu, (uint32_t)(ss.seg.base + sp),
				&frame[first], len, ACCESS_SYSTEM);
	else
		lin_write_bytes(cpu,
				mem_linear(cpu, SEG_SS, sp, len, ACCESS_WRITE),
				&frame[first], len, ACCESS_WRITE);
	if (inner) {
		set_accessed(cpu, ss_selector, &ss);
		cpu->s.seg[SEG_SS] = ss.seg;
	}
	set_accessed(cpu, g->selector, cs);
	load_cs(cpu, g->selector, cs, cpl);
	cpu->r[REG_RSP] = sp;
	enter_handler(cpu, g);
}

void deliver(struct cpu *cpu, unsigned vector, enum event_kind kind,
	     uint64_t rip, bool has_error, uint32_t error)
{
	struct event ev = {vector, kind, rip, has_error, error};
	struct descriptor cs;
	struct gate g;
	unsigned cpl, from = cpu->cpl;

	if (!(cpu->s.cr0 & CR0_PE))
		cpu_stop(cpu, "interrupts in real mode are not implemented");
	read_gate(cpu, &ev, &g);
	cpl = gate_code(cpu, &ev, &g, &cs);
	if (cpu->s.efer & EFER_LMA)
		deliver64(cpu, &ev, &g, &cs, cpl);
	else
		deliver32(cpu, &ev, &g, &cs, cpl);
	if (cpu_traces(cpu, TRACE_INT))
		trace_delivery(cpu, vector, kind, rip, from, has_error, error);
}
