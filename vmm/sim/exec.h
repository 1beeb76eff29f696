/*
 * exec.h: what the functions of ops are made of: registers, lazy flags,
 * memory by the TLB's fast path, and going on to the next op.
 */
#ifndef VMM_SIM_EXEC_H
#define VMM_SIM_EXEC_H

#include <string.h>

#include "vmm/sim/sim.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "sub-registers are addressed as bytes of the wide ones");

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

#define SIGN64	      (UINT64_C(1) << 63)

/* ---- going on ---- */

ALWAYS_INLINE void next(struct cpu *cpu, const struct op *op)
{
	return op[1].fn(cpu, op + 1);
}

/*
 * Enter the block at cpu->rip if it is known and the budget allows it, else
 * return to run(). SIM_CHAIN is 0 in builds whose calls in tail position
 * are not jumps: the stack must not grow with the guest's run.
 */
ALWAYS_INLINE void next_block(struct cpu *cpu)
{
	uint64_t rip = cpu->rip;
	const struct jump *j = &cpu->jump[(rip ^ rip >> 12) % JUMP_SIZE];
	struct block *b = j->block;

	if (!SIM_CHAIN || j->rip != rip || j->mode != cpu->mode)
		return;
	if (unlikely(cpu->left < b->count))
		return;
	cpu->left -= b->count;
	cpu->block = b;
	cpu->r[REG_BLOCK] = rip;
	return b->op[0].fn(cpu, b->op);
}

/* Where the instruction after `op` starts. */
ALWAYS_INLINE uint64_t next_rip(const struct cpu *cpu, const struct op *op)
{
	return cpu->r[REG_BLOCK] + op->next;
}

/* IP in 32- and 16-bit code is that wide. */
ALWAYS_INLINE void fall_through(struct cpu *cpu, const struct op *op)
{
	cpu->rip = next_rip(cpu, op);
	if (unlikely(!cpu->code64))
		cpu->rip = (uint32_t)cpu->rip;
	return next_block(cpu);
}

/* ---- registers; `size` is constant where speed matters ---- */

ALWAYS_INLINE uint64_t reg_get(const struct cpu *cpu, unsigned reg,
			       unsigned size)
{
	switch (size) {
	case 1:
		return ((const uint8_t *)cpu->r)[reg];
	case 2:
		return (uint16_t)cpu->r[reg];
	case 4:
		return (uint32_t)cpu->r[reg];
	}
	return cpu->r[reg];
}

ALWAYS_INLINE void reg_set(struct cpu *cpu, unsigned reg, unsigned size,
			   uint64_t val)
{
	switch (size) {
	case 1:
		((uint8_t *)cpu->r)[reg] = val;
		break;
	case 2:
		memcpy(&cpu->r[reg], &(uint16_t){val}, 2);
		break;
	case 4:
		cpu->r[reg] = (uint32_t)val;
		break;
	default:
		cpu->r[reg] = val;
	}
}

ALWAYS_INLINE uint64_t truncate_to(uint64_t val, unsigned size)
{
	return size == 8 ? val : val & ((UINT64_C(1) << (8 * size)) - 1);
}

ALWAYS_INLINE uint64_t extend(uint64_t val, unsigned size)
{
	switch (size) {
	case 1:
		return (int64_t)(int8_t)val;
	case 2:
		return (int64_t)(int16_t)val;
	case 4:
		return (int64_t)(int32_t)val;
	}
	return val;
}

/* ---- flags ---- */

ALWAYS_INLINE bool flag_cf(const struct cpu *cpu)
{
	return cpu->carry >> 63;
}

ALWAYS_INLINE bool flag_of(const struct cpu *cpu)
{
	return (cpu->carry ^ cpu->carry << 1) >> 63;
}

ALWAYS_INLINE bool flag_pf(const struct cpu *cpu)
{
	unsigned b = cpu->sres & 0xff;

	b ^= b >> 4;
	return (0x9669 >> (b & 15)) & 1;
}

/* The condition in the low four bits of Jcc, SETcc and CMOVcc. */
ALWAYS_INLINE bool condition(const struct cpu *cpu, unsigned cc)
{
	bool is;

	switch (cc >> 1) {
	case 0:
		is = flag_of(cpu);
		break;
	case 1:
		is = flag_cf(cpu);
		break;
	case 2:
		is = cpu->zres == 0;
		break;
	case 3:
		is = flag_cf(cpu) || cpu->zres == 0;
		break;
	case 4:
		is = cpu->sres >> 63;
		break;
	case 5:
		is = flag_pf(cpu);
		break;
	case 6:
		is = (cpu->sres ^ cpu->carry ^ cpu->carry << 1) >> 63;
		break;
	default:
		is = (cpu->sres ^ cpu->carry ^ cpu->carry << 1) >> 63 ||
		     cpu->zres == 0;
	}
	return is ^ (cc & 1);
}

/* The result of an operation of `size` bytes, and its vector of carries. */
ALWAYS_INLINE void flags_result(struct cpu *cpu, uint64_t res, uint64_t carry,
				unsigned size)
{
	res = extend(res, size);
	cpu->zres = res;
	cpu->sres = res;
	if (size != 8) {
		carry = truncate_to(carry, size);
		carry |= carry << (64 - 8 * size);
	}
	cpu->carry = carry;
}

ALWAYS_INLINE void flags_logic(struct cpu *cpu, uint64_t res, unsigned size)
{
	res = extend(res, size);
	cpu->zres = res;
	cpu->sres = res;
	cpu->carry = 0;
}

/* CF and OF anew, AF cleared; the rest from `res`. */
ALWAYS_INLINE void flags_cf_of(struct cpu *cpu, uint64_t res, unsigned size,
			       bool cf, bool of)
{
	res = extend(res, size);
	cpu->zres = res;
	cpu->sres = res;
	cpu->carry = (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62;
}

ALWAYS_INLINE void flags_set_cf(struct cpu *cpu, bool cf)
{
	uint64_t of = (cpu->carry ^ cpu->carry << 1) >> 63;

	cpu->carry = (uint64_t)cf << 63 | (cf ^ of) << 62 | (cpu->carry & 8);
}

/* ---- memory ---- */

ALWAYS_INLINE uint64_t effective(const struct cpu *cpu, const struct op *op)
{
	uint64_t ea = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
		      (uint64_t)op->disp;

	if (unlikely(op->ea))
		ea = ea_special(cpu, op, ea);
	return ea;
}

ALWAYS_INLINE uint64_t host_get(uintptr_t host, unsigned size)
{
	uint64_t val = 0;

	memcpy(&val, (const void *)host, size);
	return val;
}

ALWAYS_INLINE void host_set(uintptr_t host, unsigned size, uint64_t val)
{
	memcpy((void *)host, &val, size);
}

ALWAYS_INLINE const struct tlb_entry *tlb_entry(const struct cpu *cpu,
						uint64_t lin)
{
	return &cpu->tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
}

/* The last byte's page, so that what crosses never matches the first's. */
#define LAST_PAGE(ea, size) (((ea) + (size)-1) & PAGE_MASK)

ALWAYS_INLINE uint64_t load_seg(struct cpu *cpu, const struct op *op,
				unsigned seg, uint64_t ea, unsigned size)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	if (likely(e->read == LAST_PAGE(ea, size)))
		return host_get(e->host + ea, size);
	return load_slow(cpu, op, seg, ea, size);
}

ALWAYS_INLINE void store_seg(struct cpu *cpu, const struct op *op, unsigned seg,
			     uint64_t ea, unsigned size, uint64_t val)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	if (likely(e->write == LAST_PAGE(ea, size)))
		host_set(e->host + ea, size, val);
	else
		store_slow(cpu, op, seg, ea, size, val);
}

/* Read what a store of the same op will write: faults as the store would. */
ALWAYS_INLINE uint64_t load_for_write(struct cpu *cpu, const struct op *op,
				      uint64_t ea, unsigned size)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	if (likely(e->write == LAST_PAGE(ea, size)))
		return host_get(e->host + ea, size);
	return load_for_write_slow(cpu, op, op->seg, ea, size);
}

ALWAYS_INLINE uint64_t load(struct cpu *cpu, const struct op *op, uint64_t ea,
			    unsigned size)
{
	return load_seg(cpu, op, op->seg, ea, size);
}

ALWAYS_INLINE void store(struct cpu *cpu, const struct op *op, uint64_t ea,
			 unsigned size, uint64_t val)
{
	store_seg(cpu, op, op->seg, ea, size, val);
}

/* ---- the r/m operand ---- */

ALWAYS_INLINE uint64_t rm_get(struct cpu *cpu, const struct op *op,
			      unsigned size, bool mem)
{
	if (mem)
		return load(cpu, op, effective(cpu, op), size);
	return reg_get(cpu, op->rm, size);
}

ALWAYS_INLINE void rm_set(struct cpu *cpu, const struct op *op, unsigned size,
			  bool mem, uint64_t val)
{
	if (mem)
		store(cpu, op, effective(cpu, op), size, val);
	else
		reg_set(cpu, op->rm, size, val);
}

/* ---- eight functions of one body: size 1, 2, 4, 8, register or memory -- */

#define FN_INDEX(size, mem) (2 * __builtin_ctz(size) + (mem))

#define HANDLER(name, body, ...)                               \
	static void name(struct cpu *cpu, const struct op *op) \
	{                                                      \
		body(cpu, op, __VA_ARGS__);                    \
		return next(cpu, op);                          \
	}

#define HANDLERS_248(name, body)           \
	HANDLER(name##_r2, body, 2, false) \
	HANDLER(name##_m2, body, 2, true)  \
	HANDLER(name##_r4, body, 4, false) \
	HANDLER(name##_m4, body, 4, true)  \
	HANDLER(name##_r8, body, 8, false) \
	HANDLER(name##_m8, body, 8, true)

#define HANDLERS(name, body)               \
	HANDLER(name##_r1, body, 1, false) \
	HANDLER(name##_m1, body, 1, true)  \
	HANDLERS_248(name, body)

#define LIST_248(name) \
	name##_r2, name##_m2, name##_r4, name##_m4, name##_r8, name##_m8
#define LIST(name)     name##_r1, name##_m1, LIST_248(name)
#define LIST_NO1(name) NULL, NULL, LIST_248(name)

#endif
