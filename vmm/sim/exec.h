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
/* The slow half of a function that shall have no stack frame. */
#define NOT_INLINE    __attribute__((cold, noinline))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

#define SIGN64	      (UINT64_C(1) << 63)

/* ---- going on ---- */

/* Compute it into its register at once: two instructions less per jump. */
#define KEEP(var)     __asm__("" : "+r"(var))

ALWAYS_INLINE void next(struct cpu *cpu, const struct op *op)
{
	op++;
	KEEP(op);
	return op->fn(cpu, op);
}

/* Run `b` unless the budget is spent. */
ALWAYS_INLINE void enter(struct cpu *cpu, struct block *b)
{
	int64_t left = cpu->left - b->count;
	const struct op *op;

	if (unlikely(left < 0)) {
		cpu->rip = b->rip;
		return;
	}
	cpu->left = left;
	op = b->op;
	KEEP(op);
	return op->fn(cpu, op);
}

/*
 * Enter the block at cpu->rip if it is known, else return to run(). SIM_CHAIN
 * is 0 in builds whose calls in tail position are not jumps: the stack must
 * not grow with the guest's run.
 */
ALWAYS_INLINE void next_block(struct cpu *cpu)
{
	uint64_t rip = cpu->rip;
	const struct jump *j = &cpu->jump[(rip ^ rip >> 12) % JUMP_SIZE];

	if (!SIM_CHAIN || j->rip != rip || j->mode != cpu->mode)
		return;
	return enter(cpu, j->block);
}

/* Where the instruction after `op` starts. */
ALWAYS_INLINE uint64_t next_rip(const struct op *op)
{
	return block_of(op)->rip + op->next;
}

/* IP in 32- and 16-bit code is that wide. */
ALWAYS_INLINE void fall_through(struct cpu *cpu, const struct op *op)
{
	cpu->rip = next_rip(op);
	if (unlikely(!cpu->code64))
		cpu->rip = (uint32_t)cpu->rip;
	return next_block(cpu);
}

/*
 * Go to `rip` by the link in `op`, or look for one. Only for instructions
 * that leave the mode and the TLBs alone: a link is followed unasked.
 */
ALWAYS_INLINE void follow(struct cpu *cpu, const struct op *op, uint64_t rip)
{
	struct block *b = op->link;

	if (likely(b != NULL) && (!op->link_mode || op->link_mode == cpu->mode))
		return enter(cpu, b);
	return link_find(cpu, op, rip);
}

/* The same for what comes after the block's last instruction. */
ALWAYS_INLINE void follow_on(struct cpu *cpu, const struct op *op)
{
	return follow(cpu, op + 1, next_rip(op));
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

/*
 * ---- flags: two forms ----
 *
 * Results and carries, from which each flag is one step away; or, quicker to
 * leave behind, what was added, subtracted or anded last, and how wide
 * (`lazy`). Who reads flags one by one, or writes some of them, settles for
 * the first form before.
 */

#define LAZY_ADD	 4u
#define LAZY_SUB	 8u
#define LAZY_AND	 12u /* from[0] is the result */
#define LAZY(kind, size) ((kind) | __builtin_ctz(size))

ALWAYS_INLINE void flags_settled(struct cpu *cpu)
{
	if (unlikely(cpu->lazy))
		flags_settle(cpu);
}

ALWAYS_INLINE bool flag_cf(struct cpu *cpu)
{
	flags_settled(cpu);
	return cpu->carry >> 63;
}

ALWAYS_INLINE bool flag_of(struct cpu *cpu)
{
	flags_settled(cpu);
	return (cpu->carry ^ cpu->carry << 1) >> 63;
}

ALWAYS_INLINE bool flag_zf(struct cpu *cpu)
{
	flags_settled(cpu);
	return cpu->zres == 0;
}

/* Of settled flags. */
ALWAYS_INLINE bool flag_pf(const struct cpu *cpu)
{
	unsigned b = cpu->sres & 0xff;

	b ^= b >> 4;
	return (0x9669 >> (b & 15)) & 1;
}

/* The low four bits of Jcc, SETcc and CMOVcc, of settled flags. */
ALWAYS_INLINE bool condition_settled(const struct cpu *cpu, unsigned cc)
{
	bool is;

	switch (cc >> 1) {
	case 0:
		is = (cpu->carry ^ cpu->carry << 1) >> 63;
		break;
	case 1:
		is = cpu->carry >> 63;
		break;
	case 2:
		is = cpu->zres == 0;
		break;
	case 3:
		is = cpu->carry >> 63 || cpu->zres == 0;
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

ALWAYS_INLINE bool condition(struct cpu *cpu, unsigned cc)
{
	flags_settled(cpu);
	return condition_settled(cpu, cc);
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
	cpu->lazy = 0;
}

ALWAYS_INLINE void flags_logic(struct cpu *cpu, uint64_t res, unsigned size)
{
	res = extend(res, size);
	cpu->zres = res;
	cpu->sres = res;
	cpu->carry = 0;
	cpu->lazy = 0;
}

/* CF and OF anew, AF cleared; the rest from `res`. */
ALWAYS_INLINE void flags_cf_of(struct cpu *cpu, uint64_t res, unsigned size,
			       bool cf, bool of)
{
	res = extend(res, size);
	cpu->zres = res;
	cpu->sres = res;
	cpu->carry = (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62;
	cpu->lazy = 0;
}

/*
 * Carries out of each bit of a + b (+ 1) = r and of a - b (- 1) = r; the
 * carry in follows from r.
 */
ALWAYS_INLINE uint64_t add_carries(uint64_t a, uint64_t b, uint64_t r)
{
	return (a & b) | ((a | b) & ~r);
}

ALWAYS_INLINE uint64_t sub_carries(uint64_t a, uint64_t b, uint64_t r)
{
	return (~a & b) | ((~a | b) & r);
}

ALWAYS_INLINE void flags_set_cf(struct cpu *cpu, bool cf)
{
	uint64_t of = flag_of(cpu);

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

ALWAYS_INLINE struct tlb *mmu_tlb(const struct cpu *cpu, unsigned access)
{
	return access & ACCESS_SYSTEM ? cpu->system_tlb : cpu->code_tlb;
}

/* Where these bytes are if the TLB allows the access at once, else NULL. */
ALWAYS_INLINE uint8_t *mmu_host(const struct cpu *cpu, uint64_t lin,
				unsigned size, unsigned access)
{
	const struct tlb_entry *e =
		&mmu_tlb(cpu, access)->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	uint64_t tag = access & ACCESS_WRITE ? e->write : e->read;

	if (unlikely(tag != LAST_PAGE(lin, size)))
		return NULL;
	return (uint8_t *)(e->host + lin);
}

/* After a change of CPL, AC, CR4.SMAP, CR0.AM or DR7: who may do what. */
ALWAYS_INLINE void choose_tlbs(struct cpu *cpu)
{
	bool ac = cpu->s.rflags & FLAG_AC, user = cpu->cpl == 3;
	struct tlb *kernel = &cpu->tlbs[TLB_KERNEL];
	struct tlb *smap =
		cpu->s.cr4 & CR4_SMAP ? &cpu->tlbs[TLB_SMAP] : kernel;

	cpu->watch = debug_active(cpu) || (ac && user && cpu->s.cr0 & CR0_AM);
	cpu->system_tlb = smap;
	if (user)
		cpu->code_tlb = &cpu->tlbs[TLB_USER];
	else
		cpu->code_tlb = ac ? kernel : smap;
	cpu->tlb = cpu->code64 && !cpu->watch ? cpu->code_tlb : &cpu->none;
}

/* From 64-bit code to 64-bit code of another ring. */
ALWAYS_INLINE void set_ring64(struct cpu *cpu, unsigned cpl)
{
	cpu->cpl = cpl;
	cpu->mode = (cpu->mode & ~MODE_CPL) | cpl;
	choose_tlbs(cpu);
}

/* Eight bytes of a descriptor table or a TSS. */
ALWAYS_INLINE uint64_t system_read(struct cpu *cpu, uint64_t lin)
{
	const uint8_t *host = mmu_host(cpu, lin, 8, ACCESS_SYSTEM);

	if (unlikely(!host))
		return lin_read(cpu, lin, 8, ACCESS_SYSTEM);
	return host_get((uintptr_t)host, 8);
}

/* Where a load or store that needs no care goes, else NULL. */
ALWAYS_INLINE uint8_t *tlb_host(const struct cpu *cpu, uint64_t ea,
				unsigned size, bool write)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	uint8_t *host = (uint8_t *)(e->host + ea);

	if (unlikely((write ? e->write : e->read) != LAST_PAGE(ea, size)))
		return NULL;
	if (!host) /* spares the caller's test */
		__builtin_unreachable();
	return host;
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

/*
 * Hot instructions get their r/m operand as bytes of the host, `at`: in the
 * register file, in guest memory when the TLB allows, else in a bounce
 * buffer. The last is another function, so that the first two need no stack
 * frame: pushing one costs more than most instructions do (the frames that
 * calls to the slow paths made took a third of the speed).
 */
enum rm_access { RM_READ, RM_WRITE, RM_MODIFY };

ALWAYS_INLINE uint8_t *rm_host(struct cpu *cpu, const struct op *op,
			       unsigned size, bool mem, enum rm_access access)
{
	uint64_t ea;

	if (!mem)
		return (uint8_t *)cpu->r + op->rm * (size == 1 ? 1 : 8);
	ea = cpu->r[op->base] + (cpu->r[op->index] << op->scale) +
	     (uint64_t)op->disp;
	if (unlikely(op->ea))
		return NULL;
	return tlb_host(cpu, ea, size, access != RM_READ);
}

ALWAYS_INLINE uint64_t at_get(const uint8_t *at, unsigned size)
{
	return host_get((uintptr_t)at, size);
}

ALWAYS_INLINE void at_set(uint8_t *at, unsigned size, bool mem, uint64_t val)
{
	if (!mem && size == 4)
		host_set((uintptr_t)at, 8, (uint32_t)val);
	else
		host_set((uintptr_t)at, size, val);
}

/* ---- eight functions of one body: size 1, 2, 4, 8, register or memory -- */

#define FN_INDEX(size, mem) (2 * __builtin_ctz(size) + (mem))

#define HANDLER_R(name, body, size, access, ...)                           \
	static void name(struct cpu *cpu, const struct op *op)             \
	{                                                                  \
		body(cpu, op, rm_host(cpu, op, size, false, access), size, \
		     false, ##__VA_ARGS__);                                \
		return next(cpu, op);                                      \
	}

#define HANDLER_M(name, body, size, access, ...)                    \
	NOT_INLINE static void name##_slow(struct cpu *cpu,         \
					   const struct op *op)     \
	{                                                           \
		struct bounce b;                                    \
                                                                    \
		bounce_begin(cpu, op, &b, size, access != RM_WRITE, \
			     access != RM_READ);                    \
		body(cpu, op, b.at, size, true, ##__VA_ARGS__);     \
		if (access != RM_READ)                              \
			bounce_end(cpu, op, &b, size);              \
		return next(cpu, op);                               \
	}                                                           \
	static void name(struct cpu *cpu, const struct op *op)      \
	{                                                           \
		uint8_t *at = rm_host(cpu, op, size, true, access); \
                                                                    \
		if (unlikely(!at))                                  \
			return name##_slow(cpu, op);                \
		body(cpu, op, at, size, true, ##__VA_ARGS__);       \
		return next(cpu, op);                               \
	}

#define HANDLERS_248(name, body, ...)              \
	HANDLER_R(name##_r2, body, 2, __VA_ARGS__) \
	HANDLER_M(name##_m2, body, 2, __VA_ARGS__) \
	HANDLER_R(name##_r4, body, 4, __VA_ARGS__) \
	HANDLER_M(name##_m4, body, 4, __VA_ARGS__) \
	HANDLER_R(name##_r8, body, 8, __VA_ARGS__) \
	HANDLER_M(name##_m8, body, 8, __VA_ARGS__)

#define HANDLERS(name, body, ...)                  \
	HANDLER_R(name##_r1, body, 1, __VA_ARGS__) \
	HANDLER_M(name##_m1, body, 1, __VA_ARGS__) \
	HANDLERS_248(name, body, __VA_ARGS__)

#define LIST_248(name) \
	name##_r2, name##_m2, name##_r4, name##_m4, name##_r8, name##_m8
#define LIST(name)     name##_r1, name##_m1, LIST_248(name)
#define LIST_NO1(name) NULL, NULL, LIST_248(name)

#endif
