/*
 * exec_system.c: control and debug registers, the TSC, MSR accesses, CPUID
 * and what else only a kernel does.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"
#include "vmm/sim/mmu.h"

#define CR0_DEFINED                                                     \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | \
	 CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR3_NOFLUSH (UINT64_C(1) << 63)

static void need_cpl0(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl)
		raise_error(cpu, VEC_GP, 0);
}

/* Width of registers in moves to and from CR and DR. */
static unsigned native(const struct cpu *cpu)
{
	return cpu->code64 ? 8 : 4;
}

/* ---- control registers ---- */

static void gp0(struct cpu *cpu)
{
	raise_error(cpu, VEC_GP, 0);
}

/* What PG turned on or off makes of EFER.LMA (SDM 3 9.8.5). */
static uint64_t paging_switched(struct cpu *cpu, uint64_t val)
{
	uint64_t efer = cpu->s.efer & ~EFER_LMA;

	if (!(val & CR0_PG)) {
		if (cpu->code64 || cpu->s.cr4 & CR4_PCIDE)
			gp0(cpu);
		return efer;
	}
	if (!(efer & EFER_LME))
		return efer;
	if (!(cpu->s.cr4 & CR4_PAE) || cpu->s.seg[SEG_CS].attr & SEG_ATTR_L)
		gp0(cpu);
	return efer | EFER_LMA;
}

/* In use after this write? Then its pointers are loaded, or #GP. */
static void check_pdptes(struct cpu *cpu, uint64_t cr0, uint64_t cr3,
			 uint64_t cr4, uint64_t efer)
{
	if (cr0 & CR0_PG && cr4 & CR4_PAE && !(efer & EFER_LMA) &&
	    !mmu_load_pdptes(cpu, cr3))
		gp0(cpu);
}

static void set_cr0(struct cpu *cpu, uint64_t val)
{
	uint64_t old = cpu->s.cr0, efer = cpu->s.efer;

	if (val >> 32 || (val & CR0_PG && !(val & CR0_PE)) ||
	    (val & CR0_NW && !(val & CR0_CD)))
		gp0(cpu);
	val = (val & CR0_DEFINED) | CR0_ET;
	if ((val ^ old) & CR0_PG)
		efer = paging_switched(cpu, val);
	if ((val ^ old) & (CR0_PG | CR0_CD | CR0_NW))
		check_pdptes(cpu, val, cpu->s.cr3, cpu->s.cr4, efer);
	cpu->s.efer = efer;
	cpu->s.cr0 = val;
	if ((val ^ old) & (CR0_PG | CR0_WP | CR0_PE))
		mmu_flush(cpu, true);
	cpu_update_mode(cpu);
}

/* PCIDE needs long mode and PCID 0; long mode needs PAE. */
static void check_cr4(struct cpu *cpu, uint64_t val)
{
	bool lma = cpu->s.efer & EFER_LMA;

	if (val & ~cpuid_cr4(cpu) || (lma && !(val & CR4_PAE)))
		gp0(cpu);
	if (val & ~cpu->s.cr4 & CR4_PCIDE && (!lma || cpu->s.cr3 & 0xfff))
		gp0(cpu);
}

static void set_cr4(struct cpu *cpu, uint64_t val)
{
	uint64_t changed = val ^ cpu->s.cr4;
	uint64_t pointers = CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP;

	check_cr4(cpu, val);
	if (changed & pointers)
		check_pdptes(cpu, cpu->s.cr0, cpu->s.cr3, val, cpu->s.efer);
	cpu->s.cr4 = val;
	if (changed & (pointers | CR4_SMAP | CR4_PCIDE))
		mmu_flush(cpu, true);
	cpu_update_mode(cpu);
}

/*
 * With PCIDE bit 63 says that entries of this PCID may stay. None are kept
 * for other PCIDs here, so what is not global goes all the same.
 */
static void set_cr3(struct cpu *cpu, uint64_t val)
{
	if (cpu->s.cr4 & CR4_PCIDE)
		val &= ~CR3_NOFLUSH;
	if (cpu->s.efer & EFER_LMA && val >> PHYS_BITS)
		gp0(cpu);
	check_pdptes(cpu, cpu->s.cr0, val, cpu->s.cr4, cpu->s.efer);
	cpu->s.cr3 = val;
	mmu_flush(cpu, false);
}

static void set_cr8(struct cpu *cpu, uint64_t val)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	if (val > 15)
		gp0(cpu);
	env->set_tpr(env->ctx, val << 4);
	cpu_device_touched(cpu);
}

/* Ends its block: what comes next may be another mode's code. */
void exec_mov_to_cr(struct cpu *cpu, const struct op *op)
{
	uint64_t val = reg_get(cpu, op->rm, native(cpu));

	need_cpl0(cpu, op);
	switch (op->reg) {
	case 0:
		set_cr0(cpu, val);
		break;
	case 2:
		cpu->s.cr2 = val;
		break;
	case 3:
		set_cr3(cpu, val);
		break;
	case 4:
		set_cr4(cpu, val);
		break;
	case 8:
		set_cr8(cpu, val);
		break;
	default:
		raise_fault(cpu, VEC_UD);
	}
	return fall_through(cpu, op);
}

static uint64_t get_cr(struct cpu *cpu, unsigned reg)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	switch (reg) {
	case 0:
		return cpu->s.cr0;
	case 2:
		return cpu->s.cr2;
	case 3:
		return cpu->s.cr3;
	case 4:
		return cpu->s.cr4;
	case 8:
		return env->get_tpr(env->ctx) >> 4;
	}
	raise_fault(cpu, VEC_UD);
}

void exec_mov_from_cr(struct cpu *cpu, const struct op *op)
{
	need_cpl0(cpu, op);
	reg_set(cpu, op->rm, native(cpu), get_cr(cpu, op->reg));
	return next(cpu, op);
}

/* LMSW: PE can be set, not cleared. */
void exec_lmsw(struct cpu *cpu, const struct op *op)
{
	uint64_t mask = CR0_PE | CR0_MP | CR0_EM | CR0_TS, val;

	need_cpl0(cpu, op);
	val = rm_get(cpu, op, 2, op->flags & OP_MEM) & mask;
	val |= cpu->s.cr0 & CR0_PE;
	set_cr0(cpu, (cpu->s.cr0 & ~mask) | val);
	return fall_through(cpu, op);
}

void exec_smsw(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl && cpu->s.cr4 & CR4_UMIP)
		gp0(cpu);
	if (op->flags & OP_MEM)
		store(cpu, op, effective(cpu, op), 2, cpu->s.cr0);
	else
		reg_set(cpu, op->rm, op->size, cpu->s.cr0);
	return next(cpu, op);
}

void exec_clts(struct cpu *cpu, const struct op *op)
{
	need_cpl0(cpu, op);
	cpu->s.cr0 &= ~CR0_TS;
	return next(cpu, op);
}

/* ---- debug registers; what they do is in debugreg.c ---- */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE makes them #UD. */
static unsigned debug_register(struct cpu *cpu, const struct op *op)
{
	unsigned reg = op->reg;

	need_cpl0(cpu, op);
	if (reg > 7 || ((reg == 4 || reg == 5) && cpu->s.cr4 & CR4_DE))
		raise_fault(cpu, VEC_UD);
	if (cpu->s.dr[7] & DR7_GD) {
		cpu->s.dr[6] |= DR6_BD;
		raise_fault(cpu, VEC_DB);
	}
	return reg == 4 || reg == 5 ? reg + 2 : reg;
}

void exec_mov_from_dr(struct cpu *cpu, const struct op *op)
{
	unsigned reg = debug_register(cpu, op);

	reg_set(cpu, op->rm, native(cpu), cpu->s.dr[reg]);
	return next(cpu, op);
}

void exec_mov_to_dr(struct cpu *cpu, const struct op *op)
{
	unsigned reg = debug_register(cpu, op);
	uint64_t val = reg_get(cpu, op->rm, native(cpu));

	if (reg >= 6 && val >> 32)
		gp0(cpu);
	if (reg == 6)
		val = (val & 0xe00f) | UINT64_C(0xffff0ff0);
	if (reg == 7)
		val = (val & 0xffff27ff) | 0x400;
	cpu->s.dr[reg] = val;
	cpu_update_mode(cpu);
	cpu_event(cpu);
	return fall_through(cpu, op);
}

/* ---- TLB and caches ---- */

void exec_invlpg(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);

	need_cpl0(cpu, op);
	if (!cpu->code64)
		ea = (uint32_t)(ea + cpu->s.seg[op->seg].base);
	mmu_flush_page(cpu, ea);
	return fall_through(cpu, op);
}

enum { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL, INVPCID_NOT_GLOBAL };

/*
 * Translations of other PCIDs are never kept (mmu.c), so that it is enough
 * to forget those of the one in use.
 */
void exec_invpcid(struct cpu *cpu, const struct op *op)
{
	uint64_t type = reg_get(cpu, op->reg, native(cpu));
	uint64_t ea = effective(cpu, op), lin, desc[2];

	need_cpl0(cpu, op);
	lin = mem_linear(cpu, op->seg, ea, sizeof(desc), ACCESS_READ);
	lin_read_bytes(cpu, lin, desc, sizeof(desc), ACCESS_READ);
	if (type > INVPCID_NOT_GLOBAL || desc[0] >> 12)
		gp0(cpu);
	if (type <= INVPCID_CONTEXT && desc[0] && !(cpu->s.cr4 & CR4_PCIDE))
		gp0(cpu);
	if (type == INVPCID_ADDRESS && !mmu_canonical(desc[1]))
		gp0(cpu);
	if (type == INVPCID_ADDRESS)
		mmu_flush_page(cpu, desc[1]);
	else
		mmu_flush(cpu, type == INVPCID_ALL);
	return fall_through(cpu, op);
}

/* WBINVD and INVD: there is no cache to write back. */
void exec_wbinvd(struct cpu *cpu, const struct op *op)
{
	need_cpl0(cpu, op);
	return next(cpu, op);
}

/* ---- GS and FS bases ---- */

void exec_swapgs(struct cpu *cpu, const struct op *op)
{
	uint64_t base = cpu->s.seg[SEG_GS].base;

	cpu->op = op;
	if (!cpu->code64)
		raise_fault(cpu, VEC_UD);
	need_cpl0(cpu, op);
	cpu->s.seg[SEG_GS].base = cpu->s.kernel_gs_base;
	cpu->s.kernel_gs_base = base;
	return next(cpu, op);
}

/* RDFSBASE RDGSBASE WRFSBASE WRGSBASE: op->reg 0 to 3. */
void exec_fsgsbase(struct cpu *cpu, const struct op *op)
{
	uint64_t *base = &cpu->s.seg[op->reg & 1 ? SEG_GS : SEG_FS].base, val;

	cpu->op = op;
	if (!cpu->code64 || !(cpu->s.cr4 & CR4_FSGSBASE))
		raise_fault(cpu, VEC_UD);
	if (op->reg < 2) {
		reg_set(cpu, op->rm, op->size, *base);
	} else {
		val = reg_get(cpu, op->rm, op->size);
		if (!mmu_canonical(val))
			gp0(cpu);
		*base = val;
	}
	return next(cpu, op);
}

/* ---- TSC, MSRs, CPUID ---- */

/* One tick a nanosecond. */
uint64_t cpu_tsc(struct cpu *cpu)
{
	return cpu_retired(cpu) + cpu->others_ns + cpu->s.tsc_offset;
}

static void set_edx_eax(struct cpu *cpu, uint64_t val)
{
	cpu->r[GPR_RAX] = (uint32_t)val;
	cpu->r[GPR_RDX] = val >> 32;
}

void exec_rdtsc(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl && cpu->s.cr4 & CR4_TSD)
		gp0(cpu);
	set_edx_eax(cpu, cpu_tsc(cpu));
	return next(cpu, op);
}

void exec_rdtscp(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl && cpu->s.cr4 & CR4_TSD)
		gp0(cpu);
	set_edx_eax(cpu, cpu_tsc(cpu));
	cpu->r[GPR_RCX] = (uint32_t)cpu->s.tsc_aux;
	return next(cpu, op);
}

/* There are no performance counters: #GP, as for one that does not exist. */
void exec_rdpmc(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	gp0(cpu);
}

void exec_rdmsr(struct cpu *cpu, const struct op *op)
{
	need_cpl0(cpu, op);
	set_edx_eax(cpu, msr_read(cpu, cpu->r[GPR_RCX]));
	return next(cpu, op);
}

void exec_wrmsr(struct cpu *cpu, const struct op *op)
{
	uint64_t val = (uint32_t)cpu->r[GPR_RAX] | cpu->r[GPR_RDX] << 32;

	need_cpl0(cpu, op);
	msr_write(cpu, cpu->r[GPR_RCX], val);
	return fall_through(cpu, op);
}

/* Of most leaves there is one, whatever ECX says. */
static uint64_t cpuid_key(const struct cpu *cpu)
{
	uint32_t leaf = cpu->r[GPR_RAX];
	bool asks_ecx = leaf == 7 || leaf == 0xb || leaf == 0xd;

	return asks_ecx ? cpu->r[GPR_RCX] << 32 | leaf : leaf;
}

NOT_INLINE static void cpuid_anew(struct cpu *cpu, const struct op *op)
{
	((struct op *)op)->memo = cpuid_answer(cpu, cpuid_key(cpu));
	return exec_cpuid(cpu, op);
}

void exec_cpuid(struct cpu *cpu, const struct op *op)
{
	const struct cpuid_memo *m = op->memo;

	if (unlikely(!m || m->key != cpuid_key(cpu) || m->cr4 != cpu->s.cr4 ||
		     m->xcr0 != cpu->s.xcr0))
		return cpuid_anew(cpu, op);
	cpu->r[GPR_RAX] = m->out[0];
	cpu->r[GPR_RBX] = m->out[1];
	cpu->r[GPR_RCX] = m->out[2];
	cpu->r[GPR_RDX] = m->out[3];
	return next(cpu, op);
}
