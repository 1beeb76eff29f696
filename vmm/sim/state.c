/*
 * state.c: which registers are a state of this processor. What a guest cannot
 * bring about by instructions is none: the rest of the simulator relies on it,
 * and a state may come from a file that somebody made.
 */
#include <string.h>

#include "vmm/sim/exec.h"

#define CR0_DEFINED                                                     \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | \
	 CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define RFLAGS_DEFINED UINT64_C(0x3f7fd7)
#define MXCSR_DEFINED  0xffffu
#define FX_MXCSR       24
#define PHYS_MASK      ((UINT64_C(1) << PHYS_BITS) - 1)

/* Of long mode or not, with the paging that goes with it. */
static bool modes_ok(const struct x86_state *s)
{
	bool lma = s->efer & EFER_LMA;
	bool active = s->efer & EFER_LME && s->cr0 & CR0_PG;

	return lma == active && (!(s->cr0 & CR0_PG) || s->cr0 & CR0_PE) &&
	       (!active || s->cr4 & CR4_PAE) &&
	       (active || !(s->cr4 & CR4_PCIDE)) &&
	       (!(s->rflags & FLAG_VM) || (s->cr0 & CR0_PE && !lma));
}

static bool control_ok(const struct cpu *cpu, const struct x86_state *s)
{
	return !(s->cr0 & ~(uint64_t)CR0_DEFINED) && !(s->cr3 & ~PHYS_MASK) &&
	       !(s->cr4 & ~cpuid_cr4(cpu)) && s->cr8 <= 15 &&
	       !(s->xcr0 & ~cpuid_xcr0(cpu)) && s->xcr0 & 1 &&
	       !(s->dr[6] >> 32) && !(s->dr[7] >> 32) &&
	       !(s->rflags & ~RFLAGS_DEFINED);
}

static bool rip_ok(const struct x86_state *s)
{
	bool code64 = s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L;

	return code64 ? mmu_canonical(s->rip) : !(s->rip >> 32);
}

/* The bases of FS and GS are MSRs'. */
static bool segments_ok(const struct x86_state *s)
{
	for (unsigned i = 0; i < SEG_COUNT; i++) {
		if (s->seg[i].attr & 0x0f00)
			return false;
		if (i <= SEG_DS && s->seg[i].base >> 32)
			return false;
	}
	return mmu_canonical(s->seg[SEG_LDTR].base) &&
	       mmu_canonical(s->seg[SEG_TR].base) &&
	       mmu_canonical(s->gdt.base) && mmu_canonical(s->idt.base) &&
	       s->gdt.limit <= 0xffff && s->idt.limit <= 0xffff;
}

static bool pdptes_ok(const struct x86_state *s)
{
	for (unsigned i = 0; i < 4; i++)
		if (s->pdpte[i] & PTE_P && s->pdpte[i] & PDPTE_RSVD)
			return false;
	return true;
}

static bool vectors_ok(const struct x86_state *s)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, s->fxsave + FX_MXCSR, sizeof(mxcsr));
	return !(mxcsr & ~MXCSR_DEFINED);
}

bool state_ok(const struct cpu *cpu, const struct x86_state *s)
{
	return modes_ok(s) && control_ok(cpu, s) && rip_ok(s) &&
	       segments_ok(s) && pdptes_ok(s) && vectors_ok(s) &&
	       msr_state_ok(s) && s->halted <= HALT_WAIT_SIPI &&
	       s->in_nmi <= 1 && s->shadow <= SHADOW_MOV_SS && s->event == 0;
}
