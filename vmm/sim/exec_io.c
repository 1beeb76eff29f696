/* exec_io.c: IN and OUT with their permissions, HLT, PAUSE. */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

#define TSS_MAP_BASE 102 /* both kinds of TSS have the map's offset here */

/* IOPL, else (always in virtual-8086 code) the TSS's bitmap: #GP when it says no (SDM 1 19.5.2). */
void check_port(struct cpu *cpu, unsigned port, unsigned size)
{
	const struct x86_segment *tr = &cpu->s.seg[SEG_TR];
	unsigned map, at, bits;

	if (!(cpu->s.rflags & FLAG_VM) &&
	    cpu->cpl <= (cpu->s.rflags & FLAG_IOPL) >> 12)
		return;
	if (!(tr->attr & SEG_ATTR_P) || !(tr->attr & 8) ||
	    tr->limit < TSS_MAP_BASE + 1)
		raise_error(cpu, VEC_GP, 0);
	map = lin_read(cpu, tr->base + TSS_MAP_BASE, 2, ACCESS_SYSTEM);
	/* Two bytes are read whatever the size: both must be inside. */
	at = map + port / 8;
	if (at + 1 > tr->limit)
		raise_error(cpu, VEC_GP, 0);
	bits = lin_read(cpu, tr->base + at, 2, ACCESS_SYSTEM) >> port % 8;
	if (bits & ((1u << size) - 1))
		raise_error(cpu, VEC_GP, 0);
}

/* Opcodes with bit 3 take the port from DX, the others from imm8. */
static uint16_t port_of(const struct cpu *cpu, const struct op *op)
{
	return op->opcode & 8 ? cpu->r[GPR_RDX] : op->imm & 0xff;
}

void exec_in(struct cpu *cpu, const struct op *op)
{
	uint16_t port = port_of(cpu, op);

	cpu->op = op;
	check_port(cpu, port, op->size);
	reg_set(cpu, GPR_RAX, op->size, port_read(cpu, port, op->size));
	return fall_through(cpu, op);
}

void exec_out(struct cpu *cpu, const struct op *op)
{
	uint16_t port = port_of(cpu, op);

	cpu->op = op;
	check_port(cpu, port, op->size);
	port_write(cpu, port, op->size, reg_get(cpu, GPR_RAX, op->size));
	return fall_through(cpu, op);
}

void exec_hlt(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->cpl)
		raise_error(cpu, VEC_GP, 0);
	cpu->s.halted = HALT_HLT;
	cpu->poll = true;
	cpu_event(cpu);
	return fall_through(cpu, op);
}

/* The last of its block, so that what has retired counts it. */
void exec_pause(struct cpu *cpu, const struct op *op)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	cpu->op = op;
	if (env->pause && env->pause(env->ctx))
		cpu_device_touched(cpu);
	return fall_through(cpu, op);
}
