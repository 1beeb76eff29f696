/* exec_fpu.c: FXSAVE and FXRSTOR, MXCSR. x87 itself is in exec_x87.c. */
#include "vmm/sim/exec_avx.h"
#include "vmm/sim/handlers.h"

#define MXCSR_MASK 0xffffu

/* #NM while the state is another task's; #UD without a coprocessor. */
static void check_x87(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		raise_fault(cpu, VEC_NM);
}

/* ---- FXSAVE images (SDM 1 10.5.1) ---- */

enum { MXCSR = 24, MASK = 28, XMM = 160, IMAGE = 416 };

void fx_save(const struct cpu *cpu, uint8_t image[512], bool wide)
{
	uint32_t mask = MXCSR_MASK;

	memset(image, 0, IMAGE);
	x87_fxsave(&cpu->x87, image, wide);
	memcpy(image + MXCSR, &cpu->mxcsr, 4);
	memcpy(image + MASK, &mask, 4);
	memcpy(image + XMM, cpu->xmm, sizeof(cpu->xmm));
}

void fx_load(struct cpu *cpu, const uint8_t image[512], bool wide)
{
	x87_fxload(&cpu->x87, image, wide);
	memcpy(&cpu->mxcsr, image + MXCSR, 4);
	cpu->mxcsr &= MXCSR_MASK;
	memcpy(cpu->xmm, image + XMM, sizeof(cpu->xmm));
}

static uint64_t fx_address(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);

	check_x87(cpu, op);
	check_alignment(cpu, ea, 3); /* as AMD's; SDM 2 leaves it open */
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
	lin_probe_write(cpu, lin, 512, ACCESS_WRITE);
	fx_save(cpu, image, op->flags & OP_REXW);
	lin_write_bytes(cpu, lin, image, len, 0);
	return next(cpu, op);
}

void exec_fxrstor(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = fx_address(cpu, op), lin;
	unsigned len = XMM + xmm_bytes(cpu);
	uint8_t image[512], mem[512];
	uint32_t mxcsr;

	lin = mem_linear(cpu, op->seg, ea, 512, ACCESS_READ);
	fx_save(cpu, image, true);
	lin_read_bytes(cpu, lin, mem, sizeof(mem), ACCESS_READ);
	memcpy(image, mem, len);
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

static void load_mxcsr(struct cpu *cpu, const struct op *op)
{
	uint32_t val = load(cpu, op, effective(cpu, op), 4);

	cpu->op = op;
	if (val & ~MXCSR_MASK)
		raise_error(cpu, VEC_GP, 0);
	cpu->mxcsr = val;
}

void exec_ldmxcsr(struct cpu *cpu, const struct op *op)
{
	check_sse(cpu, op);
	load_mxcsr(cpu, op);
	return next(cpu, op);
}

void exec_stmxcsr(struct cpu *cpu, const struct op *op)
{
	check_sse(cpu, op);
	store(cpu, op, effective(cpu, op), 4, cpu->mxcsr);
	return next(cpu, op);
}

void exec_vldmxcsr(struct cpu *cpu, const struct op *op)
{
	avx_check(cpu, op);
	load_mxcsr(cpu, op);
	return next(cpu, op);
}

void exec_vstmxcsr(struct cpu *cpu, const struct op *op)
{
	avx_check(cpu, op);
	store(cpu, op, effective(cpu, op), 4, cpu->mxcsr);
	return next(cpu, op);
}
