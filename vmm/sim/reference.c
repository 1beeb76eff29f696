/*
 * reference.c: the plain core, which the fast one is measured against.
 *
 * It fetches byte by byte, decodes and runs one instruction, and looks at
 * everything after it: deadline, interrupts, traps. Each access to memory
 * walks the page tables, flags are brought back to RFLAGS form after each
 * instruction, and a REP does one iteration at a time.
 *
 * Its own: fetching, blocks of one instruction (no cache of code, no chains,
 * no jump cache, no watch for stores to code), no TLB, no slices, no cutting
 * of blocks, no bulk copies. Shared with the fast core: the decoder, the
 * binding of functions to opcodes and those functions, the walk itself,
 * delivery of exceptions. What those get wrong both get wrong: for that there
 * are other tests (Zydis, the host's processor).
 */
#include "vmm/sim/exec.h"

static unsigned code_bits(const struct cpu *cpu)
{
	if (cpu->code64)
		return 64;
	return cpu->mode & MODE_CODE32 ? 32 : 16;
}

/* The linear address of the instruction's first byte. */
static uint64_t first_byte(struct cpu *cpu)
{
	const struct x86_segment *cs = &cpu->s.seg[SEG_CS];

	if (!cpu->code64 && cpu->rip > cs->limit)
		raise_error(cpu, VEC_GP, 0);
	return cpu->code64 ? cpu->rip : (uint32_t)(cpu->rip + cs->base);
}

static uint8_t fetch_byte(struct cpu *cpu, uint64_t lin)
{
	struct place p;

	if (!cpu->code64)
		lin = (uint32_t)lin;
	else if (!mmu_canonical(lin))
		raise_error(cpu, VEC_GP, 0);
	p = mmu_place(cpu, lin, ACCESS_EXEC);
	if (!p.host)
		cpu_stop(cpu, "there is no RAM to fetch from at physical %#llx",
			 (unsigned long long)p.gpa);
	return *p.host;
}

struct block *reference_fetch(struct cpu *cpu)
{
	uint64_t lin = first_byte(cpu);
	enum decode result = DECODE_MORE;
	struct insn insn = {.len = 0};
	uint8_t byte[15];

	for (unsigned n = 0; result == DECODE_MORE && n < sizeof(byte);) {
		byte[n] = fetch_byte(cpu, lin + n);
		n++;
		result = insn_decode(&insn, byte, n, code_bits(cpu));
	}
	return block_single(cpu, &insn, result);
}
