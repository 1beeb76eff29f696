/*
 * exec_avx_mem.c: vector accesses to memory element by element: VMASKMOV*,
 * VPMASKMOV* and the gathers. Elements that a mask leaves out are not looked
 * at and fault for nothing. There is no #AC (SDM 2, VMASKMOV and VPGATHERDD).
 */
#include "vmm/sim/exec_avx.h"
#include "vmm/sim/handlers.h"

static uint64_t element(const struct halves *from, unsigned i, unsigned size)
{
	uint64_t val = 0;

	memcpy(&val, (const uint8_t *)from + i * size, size);
	return val;
}

static void set_element(struct halves *to, unsigned i, unsigned size,
			uint64_t val)
{
	memcpy((uint8_t *)to + i * size, &val, size);
}

static bool chosen(const struct halves *mask, unsigned i, unsigned size)
{
	return element(mask, i, size) >> (8 * size - 1);
}

static unsigned vector_bytes(const struct op *op)
{
	return op->vex.two ? 32 : 16;
}

static uint64_t element_linear(struct cpu *cpu, const struct op *op,
			       uint64_t ea, unsigned size, unsigned access)
{
	return mem_linear(cpu, op->seg, ea, size,
			  access | ACCESS_ANY_ALIGNMENT);
}

static uint64_t load_element(struct cpu *cpu, const struct op *op, uint64_t ea,
			     unsigned size)
{
	uint64_t lin = element_linear(cpu, op, ea, size, ACCESS_READ);

	return lin_read(cpu, lin, size, ACCESS_READ);
}

/* ---- masked moves ---- */

/* 0F 38 2C to 2F say it by the opcode, 8C and 8E by W. */
static unsigned element_size(const struct op *op)
{
	bool wide = op->opcode < 0x80 ? op->opcode & 1 : op->flags & OP_REXW;

	return wide ? 8 : 4;
}

/* The address size bounds each element's, not the first one's alone. */
static uint64_t element_address(const struct cpu *cpu, const struct op *op,
				uint64_t offset)
{
	uint64_t ea = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
		      (uint64_t)op->disp + offset;

	return op->ea ? ea_special(cpu, op, ea) : ea;
}

void exec_mask_load(struct cpu *cpu, const struct op *op)
{
	unsigned size = element_size(op);
	struct halves mask, val = {{{{0}}}};

	avx_check(cpu, op);
	cpu->op = op;
	avx_get(cpu, op->vex.vvvv, &mask);
	for (unsigned i = 0; i < vector_bytes(op) / size; i++)
		if (chosen(&mask, i, size))
			set_element(
				&val, i, size,
				load_element(cpu, op,
					     element_address(cpu, op, i * size),
					     size));
	avx_set(cpu, op, op->reg, &val);
	return next(cpu, op);
}

/* All elements are tried first: a fault has written none. */
void exec_mask_store(struct cpu *cpu, const struct op *op)
{
	unsigned size = element_size(op), count = vector_bytes(op) / size;
	struct halves mask, val;
	uint64_t lin[8];

	avx_check(cpu, op);
	cpu->op = op;
	avx_get(cpu, op->vex.vvvv, &mask);
	avx_get(cpu, op->reg, &val);
	for (unsigned i = 0; i < count; i++) {
		uint64_t ea = element_address(cpu, op, i * size);

		if (!chosen(&mask, i, size))
			continue;
		lin[i] = element_linear(cpu, op, ea, size, ACCESS_WRITE);
		lin_probe_write(cpu, lin[i], size, ACCESS_WRITE);
	}
	for (unsigned i = 0; i < count; i++)
		if (chosen(&mask, i, size))
			lin_write(cpu, lin[i], size, element(&val, i, size),
				  ACCESS_WRITE);
	return next(cpu, op);
}

/* ---- gathers ---- */

/*
 * The address of element i: the base, and an index of its own from the
 * register op->rm, sign extended.
 */
static uint64_t gather_address(const struct cpu *cpu, const struct op *op,
			       const struct halves *index, unsigned i)
{
	unsigned size = op->opcode & 1 ? 8 : 4; /* 90, 92: doublewords */
	uint64_t at = extend(element(index, i, size), size);

	return element_address(cpu, op, at << op->scale);
}

/* The narrower of elements and indexes decides how many there are. */
static unsigned gather_count(const struct op *op, unsigned size)
{
	unsigned index = op->opcode & 1 ? 8 : 4;

	return vector_bytes(op) / (size > index ? size : index);
}

static void set_register(struct cpu *cpu, unsigned reg,
			 const struct halves *from)
{
	cpu->xmm[reg] = from->x[0];
	cpu->ymm_high[reg] = from->x[1];
}

/*
 * An element that is done is written and taken out of the mask at once: after
 * a fault the instruction goes on where it was. Elements come in ascending
 * order. What the mask has below its highest bits in elements to come stays,
 * as AMD has it; SDM 2, VPGATHERDD, first makes them all ones or zero.
 */
void exec_gather(struct cpu *cpu, const struct op *op)
{
	unsigned size = op->flags & OP_REXW ? 8 : 4;
	unsigned count = gather_count(op, size), reg = op->vex.vvvv;
	bool two = count * size == 32;
	struct halves mask, index, to;

	avx_check(cpu, op);
	cpu->op = op;
	cpu->gathered = false;
	avx_get(cpu, reg, &mask);
	avx_get(cpu, op->rm, &index);
	avx_get(cpu, op->reg, &to);
	for (unsigned i = 0; i < count; i++) {
		uint64_t ea = gather_address(cpu, op, &index, i);

		if (chosen(&mask, i, size)) {
			set_element(&to, i, size,
				    load_element(cpu, op, ea, size));
			cpu->gathered = true;
		}
		set_element(&mask, i, size, 0);
		set_register(cpu, op->reg, &to);
		set_register(cpu, reg, &mask);
	}
	for (unsigned i = count * size; i < 16; i++)
		cpu->xmm[op->reg].u8[i] = 0;
	if (!two)
		cpu->ymm_high[op->reg] = (union xmm){{0}};
	cpu->xmm[reg] = cpu->ymm_high[reg] = (union xmm){{0}};
	cpu->gathered = false;
	return next(cpu, op);
}
