/*
 * exec_x87.c: around the rows of x87.h: CR0, pending exceptions, memory
 * operands with their checks, and FWAIT.
 *
 * With CR0.NE clear an unmasked exception would go through a pin and the
 * board's interrupt controller as on a PC/AT; no board here has that wire,
 * so it is never raised.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* #NM while the state is another task's or there is no coprocessor. */
static void check_x87(struct cpu *cpu, const struct op *op, bool waits)
{
	cpu->op = op;
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		raise_fault(cpu, VEC_NM);
	if (waits && x87_pending(&cpu->x87) && cpu->s.cr0 & CR0_NE)
		raise_fault(cpu, VEC_MF);
}

static enum x87_format format_of(const struct cpu *cpu, const struct op *op)
{
	bool real = !(cpu->s.cr0 & CR0_PE) || cpu->s.rflags & FLAG_VM;

	if (op->size == 2)
		return real ? X87_REAL16 : X87_16;
	return real ? X87_REAL32 : X87_32;
}

static unsigned memory_bytes(const struct op *op)
{
	bool small = op->x87->props & X87_IMAGE && op->size == 2;

	return op->x87->bytes - (small ? 14 : 0);
}

static void read_operand(struct cpu *cpu, const struct op *op, uint64_t ea,
			 uint8_t *mem)
{
	unsigned bytes = memory_bytes(op);
	uint64_t val;

	if (bytes <= 8) {
		val = load(cpu, op, ea, bytes);
		memcpy(mem, &val, sizeof(val));
		return;
	}
	lin_read_bytes(cpu, mem_linear(cpu, op->seg, ea, bytes, ACCESS_READ),
		       mem, bytes, ACCESS_READ);
}

static void write_operand(struct cpu *cpu, const struct op *op, uint64_t ea,
			  const uint8_t *mem)
{
	unsigned bytes = memory_bytes(op);
	uint64_t val = 0;

	if (bytes <= 8) {
		memcpy(&val, mem, bytes);
		store(cpu, op, ea, bytes, val);
		return;
	}
	lin_write_bytes(cpu, mem_linear(cpu, op->seg, ea, bytes, ACCESS_WRITE),
			mem, bytes, ACCESS_WRITE);
}

static void probe_operand(struct cpu *cpu, const struct op *op, uint64_t ea)
{
	unsigned bytes = memory_bytes(op);

	lin_probe_write(cpu, mem_linear(cpu, op->seg, ea, bytes, ACCESS_WRITE),
			bytes, ACCESS_WRITE);
}

/* Where the instruction and its operand were, for who handles exceptions. */
static void note_pointers(struct x87 *x, const struct cpu *cpu,
			  const struct op *op, uint64_t ea)
{
	if (op->x87->props & X87_CONTROL)
		return;
	x->fip = op_rip(op);
	x->fop = (op->opcode & 7) << 8 | op->imm;
	if (!(op->flags & OP_MEM))
		return;
	x->fdp = op->ea & EA_BASE ? ea - cpu->s.seg[op->seg].base : ea;
}

/*
 * Memory is written before the unit's state: a fault leaves both alone. It
 * must be there even when an exception keeps the result from it.
 */
static void store_operand(struct cpu *cpu, const struct op *op,
			  struct x87_ctx *c)
{
	uint64_t ea = effective(cpu, op);
	struct x87 x = cpu->x87;

	note_pointers(&x, cpu, op, ea);
	op->x87->fn(&x, c);
	if (c->store)
		write_operand(cpu, op, ea, c->mem);
	else
		probe_operand(cpu, op, ea);
	cpu->x87 = x;
}

static void load_operand(struct cpu *cpu, const struct op *op,
			 struct x87_ctx *c)
{
	uint64_t ea = effective(cpu, op);

	read_operand(cpu, op, ea, c->mem);
	note_pointers(&cpu->x87, cpu, op, ea);
	op->x87->fn(&cpu->x87, c);
}

void exec_x87(struct cpu *cpu, const struct op *op)
{
	const struct x87_row *row = op->x87;
	struct x87_ctx c;

	check_x87(cpu, op, !(row->props & X87_NOWAIT));
	c.modrm = op->imm;
	c.store = false;
	c.format = format_of(cpu, op);
	c.flags = flags_get(cpu);
	if (row->form == X87_LOAD) {
		load_operand(cpu, op, &c);
	} else if (row->form == X87_STORE) {
		store_operand(cpu, op, &c);
	} else {
		note_pointers(&cpu->x87, cpu, op, 0);
		row->fn(&cpu->x87, &c);
	}
	if (row->form == X87_FLAGS)
		flags_set_arith(cpu, c.flags);
	else if (row->form == X87_AX)
		memcpy(&cpu->r[GPR_RAX], c.mem, 2);
	return next(cpu, op);
}

/* FWAIT looks at MP and TS, and takes an exception that waits. */
void exec_fwait(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if ((cpu->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
		raise_fault(cpu, VEC_NM);
	if (x87_pending(&cpu->x87) && cpu->s.cr0 & CR0_NE)
		raise_fault(cpu, VEC_MF);
	return next(cpu, op);
}
