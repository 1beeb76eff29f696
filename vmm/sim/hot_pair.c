/*
 * hot_pair.c: one copy of the functions that do a comparison and the
 * conditional branch behind it (hot.h).
 *
 * The flags are left in their lazy form; the branch compares by itself. The
 * branch's own op stays behind the pair's, for who enters or stops between.
 */
#include "vmm/sim/hot.h"

/* Is the branch taken? `a` and `b` are zero extended. */
ALWAYS_INLINE bool after(enum alu kind, uint64_t a, uint64_t b, uint64_t r,
			 unsigned size, unsigned cc)
{
	int64_t sa = extend(a, size), sb = extend(b, size);
	bool minus = kind == SUB || kind == CMP, is;

	r = truncate_to(r, size);
	switch (cc >> 1) {
	case 1:
		is = minus ? a < b : kind == ADD && r < a;
		break;
	case 2:
		is = minus ? a == b : r == 0;
		break;
	case 3:
		is = minus ? a <= b : r == 0 || (kind == ADD && r < a);
		break;
	case 4:
		is = extend(r, size) >> 63;
		break;
	case 6:
		is = minus ? sa < sb : extend(r, size) >> 63;
		break;
	default:
		is = minus ? sa <= sb : (int64_t)extend(r, size) <= 0;
	}
	return is ^ (cc & 1);
}

ALWAYS_INLINE void pair(struct cpu *cpu, const struct op *op, enum alu kind,
			enum form form, unsigned size, unsigned cc)
{
	uint8_t *at = NULL;
	uint64_t a, b, r;

	if (has_memory(form)) {
		at = hot_memory(cpu, op, form, size, false);
		if (unlikely(!at))
			return op->plain(cpu, op);
	}
	if (form >= MR)
		a = at_get(at, size);
	else
		a = reg_get(cpu, form < RM ? op->rm : op->reg, size);
	if (form == RI || form >= MI)
		b = truncate_to(op->imm, size);
	else if (form == RM || form == RMX)
		b = at_get(at, size);
	else
		b = reg_get(cpu, op->reg, size);
	r = alu_result(kind, a, b);
	flags_lazy(cpu, kind, a, b, r, size);
	if (kind != CMP && kind != TEST)
		reg_set(cpu, op->rm, size, r);
	if (after(kind, a, b, r, size, cc))
		FOLLOW(cpu, op + 1, op[1].imm);
	FOLLOW(cpu, op + 2, next_rip(op + 1));
}

/* clang-format off */
/* All conditions but overflow and parity. */
#define EACH_CC(X, ...)                                              \
	X(2, __VA_ARGS__) X(3, __VA_ARGS__) X(4, __VA_ARGS__)        \
	X(5, __VA_ARGS__) X(6, __VA_ARGS__) X(7, __VA_ARGS__)        \
	X(8, __VA_ARGS__) X(9, __VA_ARGS__) X(c, __VA_ARGS__)        \
	X(d, __VA_ARGS__) X(e, __VA_ARGS__) X(f, __VA_ARGS__)
/* clang-format on */

#define PAIR(cc, kind, form, size)                                     \
	static void kind##_##form##_##size##_##cc(struct cpu *cpu,     \
						  const struct op *op) \
	{                                                              \
		pair(cpu, op, kind, form, size, 0x##cc);               \
	}
#define PAIR_ENTRY(cc, kind, form, size) \
	[0x##cc] = kind##_##form##_##size##_##cc,

#define PAIRS(kind, form, size) EACH_CC(PAIR, kind, form, size)
#define PAIR_ROW(kind, form, size)                    \
	{                                             \
		EACH_CC(PAIR_ENTRY, kind, form, size) \
	}

/* clang-format off */
PAIRS(CMP, RR, 1) PAIRS(CMP, RR, 4) PAIRS(CMP, RR, 8)
PAIRS(CMP, RI, 1) PAIRS(CMP, RI, 4) PAIRS(CMP, RI, 8)
PAIRS(CMP, RM, 4) PAIRS(CMP, RM, 8)
PAIRS(CMP, RMX, 4) PAIRS(CMP, RMX, 8)
PAIRS(CMP, MR, 4) PAIRS(CMP, MR, 8)
PAIRS(CMP, MI, 1) PAIRS(CMP, MI, 4) PAIRS(CMP, MI, 8)
PAIRS(CMP, MIX, 1) PAIRS(CMP, MIX, 4) PAIRS(CMP, MIX, 8)
PAIRS(TEST, RR, 1) PAIRS(TEST, RR, 4) PAIRS(TEST, RR, 8)
PAIRS(TEST, RI, 1) PAIRS(TEST, RI, 4) PAIRS(TEST, RI, 8)
PAIRS(TEST, MI, 1) PAIRS(TEST, MI, 4)
PAIRS(ADD, RR, 4) PAIRS(ADD, RR, 8) PAIRS(ADD, RI, 4) PAIRS(ADD, RI, 8)
PAIRS(SUB, RR, 4) PAIRS(SUB, RR, 8) PAIRS(SUB, RI, 4) PAIRS(SUB, RI, 8)
PAIRS(AND, RR, 4) PAIRS(AND, RR, 8) PAIRS(AND, RI, 4) PAIRS(AND, RI, 8)

#define ALL_SIZES(kind, form)                                     \
	{PAIR_ROW(kind, form, 1), PAIR_ROW(kind, form, 4),        \
	 PAIR_ROW(kind, form, 8)}
#define BOTH_SIZES(kind, form)                                    \
	{PAIR_ROW(kind, form, 4), PAIR_ROW(kind, form, 8)}

const struct hot_pairs hot_pair_copy = {
	.cmp = {
		[RR] = ALL_SIZES(CMP, RR), [RI] = ALL_SIZES(CMP, RI),
		[RM] = {[1] = PAIR_ROW(CMP, RM, 4), PAIR_ROW(CMP, RM, 8)},
		[RMX] = {[1] = PAIR_ROW(CMP, RMX, 4), PAIR_ROW(CMP, RMX, 8)},
		[MR] = {[1] = PAIR_ROW(CMP, MR, 4), PAIR_ROW(CMP, MR, 8)},
		[MI] = ALL_SIZES(CMP, MI), [MIX] = ALL_SIZES(CMP, MIX),
	},
	.test = {
		[RR] = ALL_SIZES(TEST, RR), [RI] = ALL_SIZES(TEST, RI),
		[MI] = {PAIR_ROW(TEST, MI, 1), PAIR_ROW(TEST, MI, 4)},
	},
	.add = {BOTH_SIZES(ADD, RR), BOTH_SIZES(ADD, RI)},
	.sub = {BOTH_SIZES(SUB, RR), BOTH_SIZES(SUB, RI)},
	.and = {BOTH_SIZES(AND, RR), BOTH_SIZES(AND, RI)},
};
