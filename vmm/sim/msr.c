/*
 * msr.c: model-specific registers. An unknown one is #GP, with a note for
 * who wonders why; so is a bit that must be zero.
 */
#include "vmm/log.h"
#include "vmm/sim/exec.h"

#define EFER_DEFINED	    (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define APIC_BASE_DEFINED   (((UINT64_C(1) << PHYS_BITS) - 1) & ~UINT64_C(0x2ff))
#define MISC_ENABLE_DEFINED UINT64_C(0x404c51889)
#define BIOS_SIGN_ID	    0x8bu
#define PLATFORM_ID	    0x17u
/* Bits 15:8: the TSC's rate, in 100 MHz; read-only. */
#define PLATFORM_INFO	    0xceu
#define PLATFORM_RATIO	    (UINT64_C(10) << 8)
/* Eight variable ranges, fixed ones and WC; read-only. */
#define MTRRCAP		    (MTRR_VARIABLE | 1u << 8 | 1u << 10)

static _Noreturn void unknown(struct cpu *cpu, const char *what, uint32_t msr)
{
	log_info("sim: %s of unknown MSR %#x at %#llx: #GP", what, msr,
		 (unsigned long long)op_rip(cpu->op));
	raise_error(cpu, VEC_GP, 0);
}

/* Registers that are memory and nothing else; NULL: not one of them. */
static uint64_t *plain(struct cpu *cpu, uint32_t msr)
{
	switch (msr) {
	case MSR_STAR:
		return &cpu->s.star;
	case MSR_LSTAR:
		return &cpu->s.lstar;
	case MSR_CSTAR:
		return &cpu->s.cstar;
	case MSR_FMASK:
		return &cpu->s.fmask;
	case MSR_FS_BASE:
		return &cpu->s.seg[SEG_FS].base;
	case MSR_GS_BASE:
		return &cpu->s.seg[SEG_GS].base;
	case MSR_KERNEL_GS_BASE:
		return &cpu->s.kernel_gs_base;
	case MSR_TSC_AUX:
		return &cpu->s.tsc_aux;
	case MSR_SYSENTER_CS:
		return &cpu->s.sysenter_cs;
	case MSR_SYSENTER_ESP:
		return &cpu->s.sysenter_esp;
	case MSR_SYSENTER_EIP:
		return &cpu->s.sysenter_eip;
	case MSR_PAT:
		return &cpu->s.pat;
	case MSR_MISC_ENABLE:
		return &cpu->s.misc_enable;
	case MSR_APIC_BASE:
		return &cpu->s.apic_base;
	case MSR_EFER:
		return &cpu->s.efer;
	}
	return mtrr_register(&cpu->s, msr);
}

/* ---- the local APIC's ---- */

static bool is_apic(uint32_t msr)
{
	return msr == MSR_TSC_DEADLINE ||
	       (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST);
}

static bool apic_read(struct cpu *cpu, uint32_t msr, uint64_t *val)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	if (!env->read_msr || !env->read_msr(env->ctx, msr, val))
		return false;
	if (msr == MSR_TSC_DEADLINE && *val)
		*val += cpu->s.tsc_offset;
	return true;
}

/* A TSC value as the guest's time; what has passed is now, 0 stays 0. */
static uint64_t deadline_ns(struct cpu *cpu, uint64_t tsc)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint64_t now = env->now_ns(env->ctx), now_tsc = cpu_tsc(cpu);

	if (!tsc)
		return 0;
	if (tsc <= now_tsc)
		return now ? now : 1;
	return tsc - now_tsc < UINT64_MAX - 1 - now ? now + (tsc - now_tsc)
						    : UINT64_MAX - 1;
}

static bool apic_write(struct cpu *cpu, uint32_t msr, uint64_t val)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	bool ok;

	if (msr == MSR_TSC_DEADLINE)
		val = deadline_ns(cpu, val);
	ok = env->write_msr && env->write_msr(env->ctx, msr, val);
	cpu_device_touched(cpu);
	return ok;
}

/* An armed deadline is a time of the TSC: it moves when that is set. */
static void set_tsc(struct cpu *cpu, uint64_t val)
{
	uint64_t deadline = 0;
	bool armed = apic_read(cpu, MSR_TSC_DEADLINE, &deadline) && deadline;

	cpu->s.tsc_offset += val - cpu_tsc(cpu);
	if (armed)
		apic_write(cpu, MSR_TSC_DEADLINE, deadline);
}

/* ---- the instructions ---- */

uint64_t msr_read(struct cpu *cpu, uint32_t msr)
{
	const uint64_t *reg = plain(cpu, msr);
	uint64_t val;

	if (reg)
		return *reg;
	if (is_apic(msr) && apic_read(cpu, msr, &val))
		return val;
	switch (msr) {
	case MSR_TSC:
		return cpu_tsc(cpu);
	case BIOS_SIGN_ID:
	case PLATFORM_ID:
		return 0;
	case PLATFORM_INFO:
		return PLATFORM_RATIO;
	case MSR_MTRRCAP:
		return MTRRCAP;
	case MSR_XSS:
		if (cpu->features & FEATURE_BIT(XSAVES))
			return 0;
		break;
	}
	unknown(cpu, "read", msr);
}

static bool pat_ok(uint64_t val)
{
	for (unsigned i = 0; i < 64; i += 8) {
		uint8_t type = val >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* Whatever mode the CPU is in. */
static bool value_fits(uint32_t msr, uint64_t val)
{
	switch (msr) {
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
		return mmu_canonical(val);
	case MSR_FMASK:
	case MSR_TSC_AUX:
		return !(val >> 32);
	case MSR_PAT:
		return pat_ok(val);
	case MSR_XSS: /* no supervisor component is there */
		return !val;
	case MSR_APIC_BASE:
		return !(val & ~APIC_BASE_DEFINED);
	case MSR_MISC_ENABLE:
		return !(val & ~MISC_ENABLE_DEFINED);
	case MSR_EFER:
		return !(val & ~EFER_DEFINED);
	}
	return mtrr_fits(msr, val);
}

static bool value_ok(const struct cpu *cpu, uint32_t msr, uint64_t val)
{
	/* LME does not change while paging. */
	if (msr == MSR_EFER && cpu->s.cr0 & CR0_PG &&
	    (val ^ cpu->s.efer) & EFER_LME)
		return false;
	return value_fits(msr, val);
}

bool msr_state_ok(const struct x86_state *s)
{
	const struct {
		uint32_t msr;
		uint64_t val;
	} rows[] = {
		{MSR_LSTAR, s->lstar},
		{MSR_CSTAR, s->cstar},
		{MSR_FMASK, s->fmask},
		{MSR_FS_BASE, s->seg[SEG_FS].base},
		{MSR_GS_BASE, s->seg[SEG_GS].base},
		{MSR_KERNEL_GS_BASE, s->kernel_gs_base},
		{MSR_TSC_AUX, s->tsc_aux},
		{MSR_SYSENTER_ESP, s->sysenter_esp},
		{MSR_SYSENTER_EIP, s->sysenter_eip},
		{MSR_PAT, s->pat},
		{MSR_MISC_ENABLE, s->misc_enable},
		{MSR_APIC_BASE, s->apic_base},
		{MSR_EFER, s->efer},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!value_fits(rows[i].msr, rows[i].val))
			return false;
	return mtrr_state_ok(s);
}

static void set_efer(struct cpu *cpu, uint64_t val)
{
	uint64_t old = cpu->s.efer;

	cpu->s.efer = (val & ~EFER_LMA) | (old & EFER_LMA);
	if ((val ^ old) & EFER_NXE)
		mmu_flush(cpu, true);
}

void msr_write(struct cpu *cpu, uint32_t msr, uint64_t val)
{
	uint64_t *reg = plain(cpu, msr);

	if (is_apic(msr) && apic_write(cpu, msr, val))
		return;
	if (!reg && msr != MSR_TSC && msr != BIOS_SIGN_ID &&
	    !(msr == MSR_XSS && cpu->features & FEATURE_BIT(XSAVES)))
		unknown(cpu, "write", msr);
	if (!value_ok(cpu, msr, val) ||
	    (msr == MSR_APIC_BASE && cpu->vcpu.env.write_msr &&
	     !apic_write(cpu, msr, val)))
		raise_error(cpu, VEC_GP, 0);
	if (msr == MSR_EFER)
		set_efer(cpu, val);
	else if (msr == MSR_TSC)
		set_tsc(cpu, val);
	else if (reg)
		*reg = val;
	if (msr == MSR_APIC_BASE)
		cpuid_init(cpu); /* which tells of it */
}
