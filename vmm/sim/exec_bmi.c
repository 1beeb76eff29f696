/*
 * exec_bmi.c: integer instructions that came after SSE4.2: MOVBE, LZCNT and
 * TZCNT, ADCX and ADOX, RDRAND and RDSEED, RDPID, and BMI1 and BMI2, which
 * have VEX encodings: their third operand, a register, is op->imm.
 *
 * Flags that the manual leaves undefined are cleared.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

static uint64_t source(struct cpu *cpu, const struct op *op)
{
	return rm_get(cpu, op, op->size, op->flags & OP_MEM);
}

static uint64_t third(const struct cpu *cpu, const struct op *op)
{
	return reg_get(cpu, op->imm, op->size);
}

/* ---- counts of zeros: of zero, the width ---- */

static void set_count(struct cpu *cpu, const struct op *op, unsigned count)
{
	reg_set(cpu, op->reg, op->size, count);
	flags_set_arith(cpu, (count ? 0 : FLAG_ZF) |
				     (count == 8u * op->size ? FLAG_CF : 0));
}

void exec_tzcnt(struct cpu *cpu, const struct op *op)
{
	uint64_t val = source(cpu, op);

	set_count(cpu, op, val ? __builtin_ctzll(val) : 8 * op->size);
	return next(cpu, op);
}

void exec_lzcnt(struct cpu *cpu, const struct op *op)
{
	uint64_t val = source(cpu, op);
	unsigned above = 64 - 8 * op->size;

	set_count(cpu, op, val ? __builtin_clzll(val) - above : 8 * op->size);
	return next(cpu, op);
}

/* ---- MOVBE ---- */

static uint64_t swapped(uint64_t val, unsigned size)
{
	return __builtin_bswap64(val) >> (64 - 8 * size);
}

void exec_movbe_load(struct cpu *cpu, const struct op *op)
{
	reg_set(cpu, op->reg, op->size, swapped(source(cpu, op), op->size));
	return next(cpu, op);
}

void exec_movbe_store(struct cpu *cpu, const struct op *op)
{
	uint64_t val = reg_get(cpu, op->reg, op->size);

	store(cpu, op, effective(cpu, op), op->size, swapped(val, op->size));
	return next(cpu, op);
}

/* ---- ADCX and ADOX: one flag in, the same flag out ---- */

static void add_with(struct cpu *cpu, const struct op *op, uint64_t flag)
{
	uint64_t flags = flags_get(cpu), a = reg_get(cpu, op->reg, op->size);
	unsigned __int128 sum =
		(unsigned __int128)a + source(cpu, op) + (flags & flag ? 1 : 0);
	bool carry = sum >> 8 * op->size & 1;

	reg_set(cpu, op->reg, op->size, sum);
	flags_set_arith(cpu, (flags & ~flag) | (carry ? flag : 0));
}

void exec_adcx(struct cpu *cpu, const struct op *op)
{
	add_with(cpu, op, FLAG_CF);
	return next(cpu, op);
}

void exec_adox(struct cpu *cpu, const struct op *op)
{
	add_with(cpu, op, FLAG_OF);
	return next(cpu, op);
}

/* ---- RDRAND, RDSEED, RDPID ---- */

/*
 * The same numbers in every run: splitmix64 over a counter of the CPU's
 * state. They pass for random, and are no secret.
 */
static uint64_t next_random(struct cpu *cpu)
{
	uint64_t z;

	cpu->s.random++;
	z = (cpu->s.random + ((uint64_t)cpu->vcpu.env.index << 56)) *
	    UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void exec_rdrand(struct cpu *cpu, const struct op *op)
{
	reg_set(cpu, op->rm, op->size, next_random(cpu));
	flags_set_arith(cpu, FLAG_CF);
	return next(cpu, op);
}

void exec_rdpid(struct cpu *cpu, const struct op *op)
{
	cpu->r[op->rm] = (uint32_t)cpu->s.tsc_aux;
	return next(cpu, op);
}

/* ---- BMI1 ---- */

void exec_andn(struct cpu *cpu, const struct op *op)
{
	uint64_t val = ~third(cpu, op) & source(cpu, op);

	flags_logic(cpu, val, op->size);
	reg_set(cpu, op->reg, op->size, val);
	return next(cpu, op);
}

static uint64_t low_bits(unsigned count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/* The third operand says where the field starts and, above, how long. */
void exec_bextr(struct cpu *cpu, const struct op *op)
{
	uint64_t val = source(cpu, op), control = third(cpu, op);
	unsigned start = control & 0xff, len = control >> 8 & 0xff;

	val = start < 64 ? val >> start & low_bits(len) : 0;
	flags_set_arith(cpu, val ? 0 : FLAG_ZF);
	reg_set(cpu, op->reg, op->size, val);
	return next(cpu, op);
}

/* BLSR, BLSMSK, BLSI by the reg field: 1, 2, 3. The third operand gets it. */
void exec_bls(struct cpu *cpu, const struct op *op)
{
	uint64_t src = source(cpu, op), val;

	switch (op->reg) {
	case 1:
		val = src & (src - 1);
		break;
	case 2:
		val = src ^ (src - 1);
		break;
	default:
		val = src & -src;
	}
	flags_cf_of(cpu, val, op->size, (op->reg == 3) == (src != 0), false);
	reg_set(cpu, op->imm, op->size, val);
	return next(cpu, op);
}

/* ---- BMI2 ---- */

void exec_bzhi(struct cpu *cpu, const struct op *op)
{
	uint64_t val = source(cpu, op);
	unsigned from = third(cpu, op) & 0xff;

	val &= low_bits(from);
	flags_cf_of(cpu, val, op->size, from >= 8u * op->size, false);
	reg_set(cpu, op->reg, op->size, val);
	return next(cpu, op);
}

/* Low bits of the third operand go to where the mask has ones. */
void exec_pdep(struct cpu *cpu, const struct op *op)
{
	uint64_t mask = source(cpu, op), from = third(cpu, op), to = 0;

	for (; mask; mask &= mask - 1, from >>= 1)
		if (from & 1)
			to |= mask & -mask;
	reg_set(cpu, op->reg, op->size, to);
	return next(cpu, op);
}

void exec_pext(struct cpu *cpu, const struct op *op)
{
	uint64_t mask = source(cpu, op), from = third(cpu, op), to = 0;

	for (uint64_t bit = 1; mask; mask &= mask - 1, bit <<= 1)
		if (from & mask & -mask)
			to |= bit;
	reg_set(cpu, op->reg, op->size, to);
	return next(cpu, op);
}

/* The high half wins when both destinations are one register. */
void exec_mulx(struct cpu *cpu, const struct op *op)
{
	unsigned __int128 product = (unsigned __int128)source(cpu, op) *
				    reg_get(cpu, GPR_RDX, op->size);

	reg_set(cpu, op->imm, op->size, product);
	reg_set(cpu, op->reg, op->size, product >> 8 * op->size);
	return next(cpu, op);
}

void exec_rorx(struct cpu *cpu, const struct op *op)
{
	unsigned bits = 8 * op->size, count = op->imm & (bits - 1);
	uint64_t val = source(cpu, op);

	if (count)
		val = val >> count | val << (bits - count);
	reg_set(cpu, op->reg, op->size, val);
	return next(cpu, op);
}

void exec_shlx(struct cpu *cpu, const struct op *op)
{
	unsigned count = third(cpu, op) & (8 * op->size - 1);

	reg_set(cpu, op->reg, op->size, source(cpu, op) << count);
	return next(cpu, op);
}

void exec_shrx(struct cpu *cpu, const struct op *op)
{
	unsigned count = third(cpu, op) & (8 * op->size - 1);

	reg_set(cpu, op->reg, op->size, source(cpu, op) >> count);
	return next(cpu, op);
}

void exec_sarx(struct cpu *cpu, const struct op *op)
{
	unsigned count = third(cpu, op) & (8 * op->size - 1);
	int64_t val = extend(source(cpu, op), op->size);

	reg_set(cpu, op->reg, op->size, val >> count);
	return next(cpu, op);
}
