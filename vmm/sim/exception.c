/*
 * exception.c: raising exceptions, double and triple faults (SDM 3 6.15),
 * and the end of the run when something cannot be done.
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
	/* A step that comes to this is not over: nothing would follow it. */
	cpu->stops.step = STEP_NOT;
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

	if (cpu->in_block)
		rip = op_rip(cpu->op);
	len = peek_code(cpu, rip, byte);
	if (len)
		disassemble(line, sizeof(line), byte, len, rip, bits);
	if (len && insn_decode(&insn, byte, len, bits) == DECODE_OK)
		len = insn.len;
	at = snprintf(text, size, "at %#llx%s", (unsigned long long)rip,
		      len ? ":" : "");
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
