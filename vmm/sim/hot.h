/*
 * hot.h: second, quicker functions for what 64-bit programs do most.
 *
 * They serve the usual case alone: memory that the TLB allows at once,
 * branches whose way is known, flags that nobody asks for. In any other case
 * they have done nothing and hand over to op->plain. tune.c chooses them when
 * a block is complete; the reference core never sees them.
 *
 * All of them exist several times over (HOT_COPIES). Each ends in an indirect
 * jump, which the host's processor predicts by where it is; with one copy of
 * each function, a loop that has two MOVs mispredicts both every time.
 */
#ifndef VMM_SIM_HOT_H
#define VMM_SIM_HOT_H

#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* Two operands, destination first: register, memory, immediate; X: indexed. */
enum form { RR, RI, RM, RMX, MR, MRX, MI, MIX, FORMS };

/* Of the instruction's flags: wanted, or written again before anyone asks. */
enum { FLAGS_LIVE, FLAGS_DEAD, FLAGS_USES };

/* Indices of sizes: log2 of bytes; `wide`: 0 for 4 bytes, 1 for 8. */
struct hot {
	op_fn *alu[9][FORMS][2][FLAGS_USES];
	op_fn *mov[FORMS][4];
	op_fn *movzx[3][2];    /* RR RM RMX, size of the source */
	op_fn *movsx[3][3][2]; /* the same, wide */
	op_fn *lea[2][2];      /* indexed, wide */
	op_fn *shift_imm[8][2], *shift_cl[8][2]; /* kind, wide; dead flags */
	op_fn *imul[3][2], *imul_imm[2], *mul[3][2];
	op_fn *inc[2], *dec[2], *not [2], *neg[2], *bswap[2];
	op_fn *setcc[16], *cmov[16][2];
	op_fn *jcc[16], *jmp, *call, *ret, *jmp_rm[3], *call_r;
	op_fn *push, *pop, *leave;
};

/* A comparison and the conditional branch behind it, in one. */
#define PAIR_SIZES 3 /* 1, 4 and 8 bytes */
struct hot_pairs {
	op_fn *cmp[FORMS][PAIR_SIZES][16], *test[FORMS][PAIR_SIZES][16];
	/* The first of the pair also writes its register: RR, RI. */
	op_fn *add[2][2][16], *sub[2][2][16], *and[2][2][16];
};

#define HOT_COPIES  8
#define PAIR_COPIES 8
extern const struct hot hot_0, hot_1, hot_2, hot_3, hot_4, hot_5, hot_6, hot_7;
extern const struct hot_pairs hot_pair_0, hot_pair_1, hot_pair_2, hot_pair_3,
	hot_pair_4, hot_pair_5, hot_pair_6, hot_pair_7;

/* What hot.c and hot_pair.c define; the build makes the above of it. */
extern const struct hot hot_copy;
extern const struct hot_pairs hot_pair_copy;

/* ---- what the functions are made of ---- */

ALWAYS_INLINE bool has_memory(enum form form)
{
	return form >= RM;
}

ALWAYS_INLINE bool has_index(enum form form)
{
	return form == RMX || form == MRX || form == MIX;
}

/* Where the memory operand is in the host, NULL: ask the plain function. */
ALWAYS_INLINE uint8_t *hot_memory(const struct cpu *cpu, const struct op *op,
				  enum form form, unsigned size, bool write)
{
	uint64_t ea = cpu->r[op->base] + (uint64_t)op->disp;

	if (has_index(form))
		ea += cpu->r[op->index] << op->scale;
	return tlb_host(cpu, ea, size, write);
}

ALWAYS_INLINE void flags_lazy(struct cpu *cpu, enum alu kind, uint64_t a,
			      uint64_t b, uint64_t r, unsigned size)
{
	switch (kind) {
	case ADD:
		cpu->from[0] = a;
		cpu->from[1] = b;
		cpu->lazy = LAZY(LAZY_ADD, size);
		break;
	case SUB:
	case CMP:
		cpu->from[0] = a;
		cpu->from[1] = b;
		cpu->lazy = LAZY(LAZY_SUB, size);
		break;
	default:
		cpu->from[0] = r;
		cpu->lazy = LAZY(LAZY_AND, size);
	}
}

ALWAYS_INLINE uint64_t alu_result(enum alu kind, uint64_t a, uint64_t b)
{
	switch (kind) {
	case ADD:
		return a + b;
	case SUB:
	case CMP:
		return a - b;
	case OR:
		return a | b;
	case XOR:
		return a ^ b;
	default:
		return a & b;
	}
}

/* Go on by the link in `op`; `rip` is asked for only when there is none. */
#define FOLLOW(cpu, op, rip)                                \
	do {                                                \
		struct block *to = (op)->link;              \
                                                            \
		if (unlikely(!SIM_CHAIN || !to))            \
			return link_find((cpu), (op), rip); \
		return enter((cpu), to);                    \
	} while (0)

#endif
