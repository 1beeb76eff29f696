/*
 * x86_state.c: the registers at power-on (SDM 3 table 10-1), for both CPUs.
 */
#include <string.h>

#include "vmm/vcpu.h"

#define RESET_FCW	 0x0040u /* after power-on, not after FNINIT */
#define RESET_MXCSR	 0x1f80u
#define RESET_PAT	 UINT64_C(0x0007040600070406)
#define RESET_DR6	 UINT64_C(0xffff0ff0)
#define RESET_DR7	 UINT64_C(0x400)
#define APIC_BASE_RESET	 UINT64_C(0xfee00900) /* enabled, the boot CPU's */
#define MISC_ENABLE_FAST UINT64_C(1)	      /* fast strings */

/* Where the FXSAVE image keeps what is not zero at reset. */
enum { FX_FCW = 0, FX_MXCSR = 24, FX_MXCSR_MASK = 28 };

static void put32(uint8_t *at, uint32_t val)
{
	for (int i = 0; i < 4; i++)
		at[i] = val >> (8 * i);
}

void x86_state_reset(struct x86_state *state)
{
	memset(state, 0, sizeof(*state));
	state->gpr[GPR_RDX] = 0x600; /* a family 6 processor */
	state->rip = 0xfff0;
	state->rflags = FLAG_FIXED;
	for (int i = 0; i < SEG_COUNT; i++)
		state->seg[i] = (struct x86_segment){.limit = 0xffff,
						     .attr = SEG_ATTR_DATA};
	state->seg[SEG_CS] = (struct x86_segment){.base = 0xffff0000,
						  .limit = 0xffff,
						  .selector = 0xf000,
						  .attr = SEG_ATTR_CODE};
	state->seg[SEG_LDTR].attr = SEG_ATTR_LDT;
	state->seg[SEG_TR].attr = SEG_ATTR_TSS;
	state->gdt.limit = 0xffff;
	state->idt.limit = 0xffff;
	state->cr0 = CR0_CD | CR0_NW | CR0_ET;
	state->xcr0 = 1;
	state->dr[6] = RESET_DR6;
	state->dr[7] = RESET_DR7;
	state->pat = RESET_PAT;
	state->misc_enable = MISC_ENABLE_FAST;
	state->apic_base = APIC_BASE_RESET;
	state->fxsave[FX_FCW] = RESET_FCW;
	put32(&state->fxsave[FX_MXCSR], RESET_MXCSR);
	put32(&state->fxsave[FX_MXCSR_MASK], 0xffff);
}

/* SDM 3 table 10-1: caches, vector registers, the TSC and most MSRs stay. */
void x86_state_init(struct x86_state *state)
{
	const struct x86_state old = *state;

	x86_state_reset(state);
	state->cr0 = (old.cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
	state->xcr0 = old.xcr0;
	state->star = old.star;
	state->lstar = old.lstar;
	state->cstar = old.cstar;
	state->fmask = old.fmask;
	state->kernel_gs_base = old.kernel_gs_base;
	state->sysenter_cs = old.sysenter_cs;
	state->sysenter_esp = old.sysenter_esp;
	state->sysenter_eip = old.sysenter_eip;
	state->pat = old.pat;
	state->misc_enable = old.misc_enable;
	state->mtrr_def_type = old.mtrr_def_type;
	memcpy(state->mtrr_variable, old.mtrr_variable,
	       sizeof(state->mtrr_variable));
	memcpy(state->mtrr_fixed, old.mtrr_fixed, sizeof(state->mtrr_fixed));
	state->tsc_aux = old.tsc_aux;
	state->apic_base = old.apic_base;
	state->tsc_offset = old.tsc_offset;
	state->random = old.random;
	memcpy(state->fxsave, old.fxsave, sizeof(state->fxsave));
	memcpy(state->ymm_high, old.ymm_high, sizeof(state->ymm_high));
	if (!(state->apic_base & APIC_BASE_BSP))
		state->halted = HALT_WAIT_SIPI;
}

void x86_state_startup(struct x86_state *state, uint8_t vector)
{
	state->seg[SEG_CS].selector = vector << 8;
	state->seg[SEG_CS].base = (uint64_t)vector << 12;
	state->rip = 0;
	state->halted = HALT_NONE;
}
