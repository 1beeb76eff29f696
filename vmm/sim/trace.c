/*
 * trace.c: telling what the CPU does. Nothing here changes anything: bytes
 * and translations are looked at as a debugger does.
 */
#include <stdio.h>

#include "vmm/log.h"
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

/* The bytes at e->rip and what they are, if anything. */
static void take_insn(struct cpu *cpu, struct trace_event *e, uint64_t rip,
		      char *text, size_t size)
{
	unsigned bits = cpu->code64 ? 64 : cpu->mode & MODE_CODE32 ? 32 : 16;
	struct insn insn;
	uint64_t gpa;

	text[0] = '\0';
	while (e->len < 15 &&
	       mmu_translate(&cpu->vcpu, e->rip + e->len, &gpa) &&
	       guestmem_read(cpu->vcpu.env.mem, gpa, &e->byte[e->len], 1))
		e->len++;
	if (e->len && insn_decode(&insn, e->byte, e->len, bits) == DECODE_OK)
		e->len = insn.len;
	if (e->len)
		disassemble(text, size, e->byte, e->len, rip, bits);
	e->text = text;
}

void trace_insn(struct cpu *cpu)
{
	struct trace_event e = event(cpu, TRACE_EXEC, cpu->rip);
	char text[96];

	take_insn(cpu, &e, cpu->rip, text, sizeof(text));
	tell(cpu, &e);
}

/* UD0, UD1 and UD2 (0f ff, 0f b9, 0f 0b); VMCALL and VMMCALL. */
static bool is_meant(const uint8_t *byte)
{
	return byte[0] == 0x0f &&
	       (byte[1] == 0xff || byte[1] == 0xb9 || byte[1] == 0x0b);
}

static bool is_hypercall(const uint8_t *byte)
{
	return byte[0] == 0x0f && byte[1] == 0x01 &&
	       (byte[2] == 0xc1 || byte[2] == 0xd9);
}

void trace_undefined(struct cpu *cpu)
{
	uint64_t rip = op_rip(cpu->op);
	struct trace_event e = {0};
	char text[96], bytes[48] = "";

	if (!log_is_verbose())
		return;
	e = event(cpu, TRACE_EXEC, rip);
	take_insn(cpu, &e, rip, text, sizeof(text));
	if (is_meant(e.byte))
		return;
	for (unsigned i = 0; i < e.len; i++)
		snprintf(bytes + 3 * i, sizeof(bytes) - 3 * i, " %02x",
			 e.byte[i]);
	log_info("sim: #UD at %#llx:%s%s%s: %s", (unsigned long long)e.rip,
		 bytes, *text ? ", " : "", text,
		 is_hypercall(e.byte)
			 ? "there is no hypervisor to call"
			 : "this processor, in this mode, does not have it");
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
