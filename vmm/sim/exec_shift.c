/*
 * exec_shift.c: shifts, rotates and double shifts. A count of zero changes
 * no flag. OF for counts over one and AF are undefined; OF is what the last
 * step gives, AF zero.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* In encoding order; 6 is SHL again. */
enum shift { ROL, ROR, RCL, RCR, SHL, SHR, SHL2, SAR };

ALWAYS_INLINE bool top_bit(uint64_t val, unsigned bits)
{
	return val >> (bits - 1) & 1;
}

/* CF and OF only. */
ALWAYS_INLINE void rotate_flags(struct cpu *cpu, bool cf, bool of)
{
	flags_settled(cpu);
	cpu->carry = (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62 |
		     (cpu->carry & 8);
}

ALWAYS_INLINE uint64_t rotate(struct cpu *cpu, enum shift kind, uint64_t a,
			      unsigned count, unsigned size)
{
	unsigned bits = 8 * size, n = count % bits;
	uint64_t r = a;

	if (kind == ROR && n)
		n = bits - n;
	if (n)
		r = truncate_to(a << n | a >> (bits - n), size);
	if (kind == ROL)
		rotate_flags(cpu, r & 1, top_bit(r, bits) ^ (r & 1));
	else
		rotate_flags(cpu, top_bit(r, bits),
			     top_bit(r, bits) ^ top_bit(r << 1, bits));
	return r;
}

/* Through CF: a ring of bits + 1. */
static uint64_t rotate_carry(struct cpu *cpu, enum shift kind, uint64_t a,
			     unsigned count, unsigned size)
{
	unsigned bits = 8 * size, n = count % (bits + 1);
	unsigned __int128 ring = a, r;
	bool cf;

	ring |= (unsigned __int128)flag_cf(cpu) << bits;
	if (kind == RCR && n)
		n = bits + 1 - n;
	r = n ? ring << n | ring >> (bits + 1 - n) : ring;
	cf = r >> bits & 1;
	r = truncate_to(r, size);
	if (kind == RCL)
		rotate_flags(cpu, cf, top_bit(r, bits) ^ cf);
	else
		rotate_flags(cpu, cf,
			     top_bit(r, bits) ^
				     top_bit((uint64_t)r << 1, bits));
	return r;
}

ALWAYS_INLINE uint64_t shift(struct cpu *cpu, enum shift kind, uint64_t a,
			     unsigned count, unsigned size)
{
	unsigned bits = 8 * size;
	uint64_t last, r; /* before the last step of one; after it */

	switch (kind) {
	case ROL:
	case ROR:
		return rotate(cpu, kind, a, count, size);
	case RCL:
	case RCR:
		return rotate_carry(cpu, kind, a, count, size);
	case SHR:
		last = a >> (count - 1);
		r = last >> 1;
		flags_cf_of(cpu, r, size, last & 1, top_bit(last, bits));
		return r;
	case SAR:
		last = (int64_t)extend(a, size) >> (count - 1);
		r = (int64_t)last >> 1;
		flags_cf_of(cpu, r, size, last & 1, false);
		return r;
	default:
		last = a << (count - 1);
		r = last << 1;
		flags_cf_of(cpu, r, size, top_bit(last, bits),
			    top_bit(last, bits) ^ top_bit(r, bits));
		return r;
	}
}

ALWAYS_INLINE void shift_rm(struct cpu *cpu, uint8_t *at, unsigned size,
			    bool mem, enum shift kind, unsigned count)
{
	uint64_t a = at_get(at, size);

	count &= size == 8 ? 63 : 31;
	if (count)
		a = shift(cpu, kind, a, count, size);
	/* A 32-bit register is zero extended even by zero. */
	at_set(at, size, mem, a);
}

ALWAYS_INLINE void by_imm(struct cpu *cpu, const struct op *op, uint8_t *at,
			  unsigned size, bool mem, enum shift kind)
{
	shift_rm(cpu, at, size, mem, kind, op->imm);
}

ALWAYS_INLINE void by_cl(struct cpu *cpu, const struct op *op, uint8_t *at,
			 unsigned size, bool mem, enum shift kind)
{
	shift_rm(cpu, at, size, mem, kind, (uint8_t)cpu->r[GPR_RCX]);
}

#define SHIFT_KIND(kind)                                 \
	HANDLERS(by_imm_##kind, by_imm, RM_MODIFY, kind) \
	HANDLERS(by_cl_##kind, by_cl, RM_MODIFY, kind)

/* clang-format off */
SHIFT_KIND(ROL)
SHIFT_KIND(ROR)
SHIFT_KIND(RCL)
SHIFT_KIND(RCR)
SHIFT_KIND(SHL)
SHIFT_KIND(SHR)
SHIFT_KIND(SAR)

#define SHIFT_TABLE(form)                                                      \
	{                                                                      \
		{LIST(form##_ROL)}, {LIST(form##_ROR)}, {LIST(form##_RCL)},    \
		{LIST(form##_RCR)}, {LIST(form##_SHL)}, {LIST(form##_SHR)},    \
		{LIST(form##_SHL)}, {LIST(form##_SAR)},                        \
	}
/* clang-format on */

op_fn *const shift_imm_fns[8][8] = SHIFT_TABLE(by_imm);
op_fn *const shift_cl_fns[8][8] = SHIFT_TABLE(by_cl);

/*
 * SHLD and SHRD. 16-bit operands with counts over 16 are undefined; here
 * the source is followed by the destination again, as processors do.
 */
static uint64_t shld(struct cpu *cpu, uint64_t dst, uint64_t src,
		     unsigned count, unsigned size)
{
	unsigned bits = 8 * size;
	unsigned __int128 ring = (unsigned __int128)dst << bits | src, last;
	uint64_t r;

	if (size == 2)
		ring = ring << 16 | dst;
	last = ring << (count - 1) >> (size == 2 ? 32 : bits);
	r = ring << count >> (size == 2 ? 32 : bits);
	flags_cf_of(cpu, r, size, top_bit(last, bits),
		    top_bit(last, bits) ^ top_bit(r, bits));
	return r;
}

static uint64_t shrd(struct cpu *cpu, uint64_t dst, uint64_t src,
		     unsigned count, unsigned size)
{
	unsigned bits = 8 * size;
	unsigned __int128 ring = (unsigned __int128)src << bits | dst;
	uint64_t last, r;

	if (size == 2)
		ring |= (unsigned __int128)dst << 32;
	last = ring >> (count - 1);
	r = ring >> count;
	flags_cf_of(cpu, r, size, last & 1,
		    top_bit(last, bits) ^ top_bit(r, bits));
	return r;
}

/* A4 A5 AC AD: imm8 in even opcodes, CL in odd; SHRD has bit 3. */
void exec_double_shift(struct cpu *cpu, const struct op *op)
{
	unsigned size = op->size;
	bool mem = op->flags & OP_MEM;
	unsigned count = op->opcode & 1 ? cpu->r[GPR_RCX] : op->imm;
	uint64_t ea = mem ? effective(cpu, op) : 0;
	uint64_t val = mem ? load_for_write(cpu, op, ea, size)
			   : reg_get(cpu, op->rm, size);
	uint64_t src = reg_get(cpu, op->reg, size);

	count &= size == 8 ? 63 : 31;
	if (count)
		val = op->opcode & 8 ? shrd(cpu, val, src, count, size)
				     : shld(cpu, val, src, count, size);
	if (mem)
		store(cpu, op, ea, size, val);
	else
		reg_set(cpu, op->rm, size, val);
	return next(cpu, op);
}
