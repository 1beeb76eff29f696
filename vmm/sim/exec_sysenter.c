/*
 * exec_sysenter.c: SYSENTER and SYSEXIT (SDM 2), which need no table either
 * but, other than SYSCALL, exist in every protected mode.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

#define FLAT (SEG_ATTR_G | SEG_ATTR_P | SEG_ATTR_S)
#define CODE (SEG_ATTR_CODE & 0xf)
#define DATA (SEG_ATTR_DATA & 0xf)

static uint16_t selector_base(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (!(cpu->s.cr0 & CR0_PE) || !(cpu->s.sysenter_cs & 0xfffc))
		raise_error(cpu, VEC_GP, 0);
	return cpu->s.sysenter_cs & 0xfffc;
}

void exec_sysenter(struct cpu *cpu, const struct op *op)
{
	uint16_t base = selector_base(cpu, op);
	bool wide = cpu->s.efer & EFER_LMA;
	uint64_t mask = wide ? UINT64_MAX : 0xffffffff;

	cpu->s.rflags &= ~(FLAG_VM | FLAG_IF | FLAG_RF);
	set_flat(cpu, SEG_CS, base,
		 FLAT | CODE | (wide ? SEG_ATTR_L : SEG_ATTR_B));
	set_flat(cpu, SEG_SS, base + 8, FLAT | DATA | SEG_ATTR_B);
	cpu->r[GPR_RSP] = cpu->s.sysenter_esp & mask;
	cpu->rip = cpu->s.sysenter_eip & mask;
	cpu_update_mode(cpu);
	return next_block(cpu);
}

void exec_sysexit(struct cpu *cpu, const struct op *op)
{
	uint16_t base = selector_base(cpu, op);
	bool wide = op->flags & OP_REXW;
	uint64_t rip = cpu->r[GPR_RDX], sp = cpu->r[GPR_RCX];

	if (cpu->cpl)
		raise_error(cpu, VEC_GP, 0);
	if (wide && (!mmu_canonical(rip) || !mmu_canonical(sp)))
		raise_error(cpu, VEC_GP, 0);
	base += wide ? 32 : 16;
	set_flat(cpu, SEG_CS, base | 3,
		 FLAT | CODE | SEG_ATTR_DPL | (wide ? SEG_ATTR_L : SEG_ATTR_B));
	set_flat(cpu, SEG_SS, (base + 8) | 3,
		 FLAT | DATA | SEG_ATTR_DPL | SEG_ATTR_B);
	cpu->r[GPR_RSP] = wide ? sp : (uint32_t)sp;
	cpu->rip = wide ? rip : (uint32_t)rip;
	cpu_update_mode(cpu);
	return next_block(cpu);
}
