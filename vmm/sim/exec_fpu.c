/*
 * exec_fpu.c: x87 control, FXSAVE and FXRSTOR, MXCSR. Loads and stores of
 * the x87 stack are in exec_x87.c; arithmetic on it is not implemented.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

#define MXCSR_MASK 0xffffu
#define FSW_ES	   0x0080u /* an exception waits */
#define FSW_B	   0x8000u /* the same */

/* Is there an exception that the control word does not mask? */
static void summarize(struct cpu *cpu)
{
	cpu->fsw &= ~(FSW_ES | FSW_B);
	if (cpu->fsw & ~cpu->fcw & 0x3f)
		cpu->fsw |= FSW_ES | FSW_B;
}

/* #NM while the state is another task's; #UD without a coprocessor. */
static void check_x87(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		raise_fault(cpu, VEC_NM);
}

void exec_fninit(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	cpu->fcw = 0x37f;
	cpu->fsw = 0;
	cpu->ftw = 0;
	cpu->fop = 0;
	cpu->fip = 0;
	cpu->fdp = 0;
	return next(cpu, op);
}

/* Exception flags, their summary and busy. */
void exec_fnclex(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	cpu->fsw &= 0x7f00;
	return next(cpu, op);
}

void exec_fnstcw(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	store(cpu, op, effective(cpu, op), 2, cpu->fcw);
	return next(cpu, op);
}

void exec_fldcw(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	if (cpu->fsw & FSW_ES)
		raise_fault(cpu, VEC_MF);
	cpu->fcw = (load(cpu, op, effective(cpu, op), 2) & 0x1f7f) | 0x40;
	summarize(cpu);
	return next(cpu, op);
}

void exec_fnstsw(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	store(cpu, op, effective(cpu, op), 2, cpu->fsw);
	return next(cpu, op);
}

void exec_fnstsw_ax(struct cpu *cpu, const struct op *op)
{
	check_x87(cpu, op);
	reg_set(cpu, REG_RAX, 2, cpu->fsw);
	return next(cpu, op);
}

/* FWAIT looks at MP and TS, and takes an exception that waits. */
void exec_fwait(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if ((cpu->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
		raise_fault(cpu, VEC_NM);
	if (cpu->fsw & FSW_ES)
		raise_fault(cpu, VEC_MF);
	return next(cpu, op);
}

/* ---- FXSAVE images (SDM 1 10.5.1) ---- */

enum {
	FCW = 0,
	FSW = 2,
	FTW = 4,
	FOP = 6,
	FIP = 8,
	FDP = 16,
	MXCSR = 24,
	MASK = 28,
	ST = 32,
	XMM = 160,
	IMAGE = 416
};

void fx_save(const struct cpu *cpu, uint8_t image[512], bool wide)
{
	uint32_t mask = MXCSR_MASK;

	memset(image, 0, IMAGE);
	memcpy(image + FCW, &cpu->fcw, 2);
	memcpy(image + FSW, &cpu->fsw, 2);
	image[FTW] = cpu->ftw;
	memcpy(image + FOP, &cpu->fop, 2);
	memcpy(image + FIP, &cpu->fip, wide ? 8 : 4);
	memcpy(image + FDP, &cpu->fdp, wide ? 8 : 4);
	memcpy(image + MXCSR, &cpu->mxcsr, 4);
	memcpy(image + MASK, &mask, 4);
	for (unsigned i = 0; i < 8; i++)
		memcpy(image + ST + 16 * i, cpu->st[i], 10);
	memcpy(image + XMM, cpu->xmm, sizeof(cpu->xmm));
}

void fx_load(struct cpu *cpu, const uint8_t image[512], bool wide)
{
	cpu->fip = 0;
	cpu->fdp = 0;
	memcpy(&cpu->fcw, image + FCW, 2);
	memcpy(&cpu->fsw, image + FSW, 2);
	cpu->ftw = image[FTW];
	memcpy(&cpu->fop, image + FOP, 2);
	memcpy(&cpu->fip, image + FIP, wide ? 8 : 4);
	memcpy(&cpu->fdp, image + FDP, wide ? 8 : 4);
	memcpy(&cpu->mxcsr, image + MXCSR, 4);
	cpu->mxcsr &= MXCSR_MASK;
	for (unsigned i = 0; i < 8; i++)
		memcpy(cpu->st[i], image + ST + 16 * i, 10);
	memcpy(cpu->xmm, image + XMM, sizeof(cpu->xmm));
}

static uint64_t fx_address(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);

	check_x87(cpu, op);
	if (ea & 15)
		raise_error(cpu, VEC_GP, 0);
	return ea;
}

/* Outside 64-bit code XMM8 to 15 are left alone. */
static unsigned xmm_bytes(const struct cpu *cpu)
{
	return cpu->code64 ? 256 : 128;
}

void exec_fxsave(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = fx_address(cpu, op), lin;
	unsigned len = XMM + xmm_bytes(cpu);
	uint8_t image[512];

	lin = mem_linear(cpu, op->seg, ea, 512, ACCESS_WRITE);
	fx_save(cpu, image, op->flags & OP_REXW);
	lin_write_bytes(cpu, lin, image, len, 0);
	return next(cpu, op);
}

void exec_fxrstor(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = fx_address(cpu, op), lin;
	unsigned len = XMM + xmm_bytes(cpu);
	uint8_t image[512];
	uint32_t mxcsr;

	lin = mem_linear(cpu, op->seg, ea, 512, ACCESS_READ);
	fx_save(cpu, image, true);
	lin_read_bytes(cpu, lin, image, len, ACCESS_READ);
	memcpy(&mxcsr, image + MXCSR, 4);
	if (mxcsr & ~MXCSR_MASK)
		raise_error(cpu, VEC_GP, 0);
	fx_load(cpu, image, op->flags & OP_REXW);
	return next(cpu, op);
}

/* ---- MXCSR ---- */

static void check_sse(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->s.cr0 & CR0_EM || !(cpu->s.cr4 & CR4_OSFXSR))
		raise_fault(cpu, VEC_UD);
	if (cpu->s.cr0 & CR0_TS)
		raise_fault(cpu, VEC_NM);
}

void exec_ldmxcsr(struct cpu *cpu, const struct op *op)
{
	uint32_t val;

	check_sse(cpu, op);
	val = load(cpu, op, effective(cpu, op), 4);
	if (val & ~MXCSR_MASK)
		raise_error(cpu, VEC_GP, 0);
	cpu->mxcsr = val;
	return next(cpu, op);
}

void exec_stmxcsr(struct cpu *cpu, const struct op *op)
{
	check_sse(cpu, op);
	store(cpu, op, effective(cpu, op), 4, cpu->mxcsr);
	return next(cpu, op);
}
