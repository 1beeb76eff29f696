/*
 * debugreg.c: breakpoints by DR0 to DR3 (SDM 3 chapter 18).
 *
 * While one is enabled every instruction runs alone and no access takes the
 * TLB's fast path (cpu->watch), so each can be looked at. Instruction
 * breakpoints fault before the instruction; what data and ports hit is
 * gathered and trapped after it.
 */
#include "vmm/sim/exec.h"

#define KIND_INSN  0u
#define KIND_WRITE 1u
#define KIND_PORT  2u
#define KIND_DATA  3u

static unsigned kind_of(const struct cpu *cpu, unsigned i)
{
	return cpu->s.dr[7] >> (16 + 4 * i) & 3;
}

static uint64_t len_of(const struct cpu *cpu, unsigned i)
{
	static const uint8_t len[] = {1, 2, 8, 4};

	return len[cpu->s.dr[7] >> (18 + 4 * i) & 3];
}

static bool enabled(const struct cpu *cpu, unsigned i)
{
	return cpu->s.dr[7] >> (2 * i) & 3;
}

/* Do the bytes meet those of the register, which it aligns? */
static bool meets(const struct cpu *cpu, unsigned i, uint64_t at, unsigned size)
{
	uint64_t len = len_of(cpu, i), from = cpu->s.dr[i] & -len;

	return at < from ? from - at < size : at - from < len;
}

/* Bits 3:0 are of this exception alone; the others software clears. */
static void set_hits(struct cpu *cpu, uint64_t hits)
{
	cpu->s.dr[6] = (cpu->s.dr[6] & ~UINT64_C(0xf)) | hits;
}

void debug_check_insn(struct cpu *cpu)
{
	uint64_t lin = cpu->rip, hits = 0;

	if (!cpu->code64)
		lin = (uint32_t)(lin + cpu->s.seg[SEG_CS].base);
	for (unsigned i = 0; i < 4; i++)
		if (enabled(cpu, i) && kind_of(cpu, i) == KIND_INSN &&
		    cpu->s.dr[i] == lin)
			hits |= UINT64_C(1) << i;
	if (!hits)
		return;
	set_hits(cpu, hits);
	raise_fault(cpu, VEC_DB);
}

void debug_check_data(struct cpu *cpu, uint64_t lin, unsigned size, bool write)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned kind = kind_of(cpu, i);

		if (enabled(cpu, i) &&
		    (kind == KIND_DATA || (write && kind == KIND_WRITE)) &&
		    meets(cpu, i, lin, size))
			cpu->debug_hits |= UINT64_C(1) << i;
	}
}

void debug_check_port(struct cpu *cpu, uint16_t port, unsigned size)
{
	if (!(cpu->s.cr4 & CR4_DE))
		return;
	for (unsigned i = 0; i < 4; i++)
		if (enabled(cpu, i) && kind_of(cpu, i) == KIND_PORT &&
		    meets(cpu, i, port, size))
			cpu->debug_hits |= UINT64_C(1) << i;
}

void debug_take_hits(struct cpu *cpu)
{
	if (cpu->debug_hits)
		set_hits(cpu, cpu->debug_hits);
	cpu->debug_hits = 0;
}

/* After HLT, too, which it ends. */
void debug_trap(struct cpu *cpu)
{
	set_hits(cpu, cpu->debug_hits);
	cpu->debug_hits = 0;
	cpu->s.halted = HALT_NONE;
	cpu->fault = (struct fault){.vector = VEC_DB, .kind = EVENT_TRAP};
	cpu->fault_pending = true;
	cpu_event(cpu);
}
