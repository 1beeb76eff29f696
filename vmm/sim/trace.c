/*
 * trace.c: telling what the CPU does. Nothing here changes anything: bytes
 * and translations are looked at as a debugger does.
 */
#include "vmm/sim/sim.h"

static uint64_t retired_by_all(const struct cpu *cpu)
{
	uint64_t count = 0;

	for (const struct cpu *c = cpu->pages->cpus; c; c = c->sibling)
		count += cpu_retired(c);
	return count;
}

static struct trace_event event(const struct cpu *cpu, unsigned kind,
				uint64_t rip)
{
	struct trace_event e = {.kind = kind,
				.cpu = cpu->vcpu.env.index,
				.count = retired_by_all(cpu),
				.rip = rip,
				.cpl = cpu->cpl,
				.text = ""};

	if (!cpu->code64)
		e.rip = (uint32_t)(rip + cpu->s.seg[SEG_CS].base);
	return e;
}

static void tell(const struct cpu *cpu, const struct trace_event *e)
{
	cpu->trace->event(cpu->trace->ctx, e);
}

void trace_insn(struct cpu *cpu)
{
	struct trace_event e = event(cpu, TRACE_EXEC, cpu->rip);
	unsigned bits = cpu->code64 ? 64 : cpu->mode & MODE_CODE32 ? 32 : 16;
	char text[96] = "";
	struct insn insn;
	uint64_t gpa;

	while (e.len < 15 && mmu_translate(&cpu->vcpu, e.rip + e.len, &gpa) &&
	       guestmem_read(cpu->vcpu.env.mem, gpa, &e.byte[e.len], 1))
		e.len++;
	if (e.len && insn_decode(&insn, e.byte, e.len, bits) == DECODE_OK)
		e.len = insn.len;
	if (e.len)
		disassemble(text, sizeof(text), e.byte, e.len, cpu->rip, bits);
	e.text = text;
	tell(cpu, &e);
}

void trace_delivery(struct cpu *cpu, unsigned vector, enum event_kind kind,
		    uint64_t rip, unsigned cpl, bool has_error, uint32_t error)
{
	struct trace_event e = event(cpu, TRACE_INT, rip);

	e.rip = rip; /* CS is the handler's by now */
	e.cpl = cpl;
	e.vector = vector;
	e.external = kind == EVENT_EXTERNAL;
	e.soft = kind == EVENT_SOFT;
	e.has_error = has_error;
	e.error = error;
	e.gva = cpu->s.cr2;
	tell(cpu, &e);
}

/* Where the instruction is that asks for memory. */
static struct trace_event mmu_event(const struct cpu *cpu, uint64_t lin)
{
	uint64_t rip = cpu->rip;
	struct trace_event e;

	if (cpu->in_block)
		rip = op_rip(cpu->op);
	e = event(cpu, TRACE_MMU, rip);
	e.gva = lin;
	return e;
}

void trace_fill(struct cpu *cpu, uint64_t lin, uint64_t gpa, uint64_t page_len,
		bool user, bool writable, bool executable)
{
	struct trace_event e = mmu_event(cpu, lin);

	e.gpa = gpa;
	e.page_len = page_len;
	e.user = user;
	e.writable = writable;
	e.executable = executable;
	tell(cpu, &e);
}

void trace_fault(struct cpu *cpu, uint64_t lin, uint32_t error)
{
	struct trace_event e = mmu_event(cpu, lin);

	e.has_error = true;
	e.error = error;
	tell(cpu, &e);
}

void trace_call(struct cpu *cpu, uint64_t rip, bool enters)
{
	struct trace_event e = event(cpu, TRACE_CALL, rip);

	e.enters = enters;
	e.gpr = cpu->r;
	tell(cpu, &e);
}
