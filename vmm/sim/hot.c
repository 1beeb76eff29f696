/*
 * hot.c: one copy of the quick functions (hot.h).
 */
#include "vmm/sim/hot.h"

/* Second and third operand, and where the result goes, by form. */
#define OPERANDS(form, size, write)                                            \
	uint8_t *at = NULL;                                                    \
	uint64_t a, b;                                                         \
                                                                               \
	if (has_memory(form)) {                                                \
		at = hot_memory(cpu, op, form, size, write);                   \
		if (unlikely(!at))                                             \
			return op->plain(cpu, op);                             \
	}                                                                      \
	a = (form) >= MR ? at_get(at, size)                                    \
			 : reg_get(cpu, (form) < RM ? op->rm : op->reg, size); \
	b = (form) == RI || (form) >= MI    ? truncate_to(op->imm, size)       \
	    : (form) == RM || (form) == RMX ? at_get(at, size)                 \
					    : reg_get(cpu, op->reg, size)

ALWAYS_INLINE void put(struct cpu *cpu, const struct op *op, enum form form,
		       uint8_t *at, unsigned size, uint64_t val)
{
	if (form >= MR)
		host_set((uintptr_t)at, size, val);
	else
		reg_set(cpu, form < RM ? op->rm : op->reg, size, val);
}

/* ---- ALU ---- */

ALWAYS_INLINE void alu(struct cpu *cpu, const struct op *op, enum alu kind,
		       enum form form, unsigned size, bool dead)
{
	bool writes = kind != CMP && kind != TEST;
	uint64_t r;
	OPERANDS(form, size, writes && form >= MR);

	r = alu_result(kind, a, b);
	if (!dead)
		flags_lazy(cpu, kind, a, b, r, size);
	if (writes)
		put(cpu, op, form, at, size, r);
	return next(cpu, op);
}

/* ADC and SBB: what carries in is settled, so is what comes out. */
ALWAYS_INLINE void alu_carry(struct cpu *cpu, const struct op *op,
			     enum alu kind, enum form form, unsigned size,
			     bool dead)
{
	bool carry = cpu->carry >> 63;
	uint64_t r;

	if (unlikely(cpu->lazy))
		return op->plain(cpu, op);
	{
		OPERANDS(form, size, form >= MR);
		r = kind == ADC ? a + b + carry : a - b - carry;
		if (!dead)
			flags_result(cpu, r,
				     kind == ADC ? add_carries(a, b, r)
						 : sub_carries(a, b, r),
				     size);
		put(cpu, op, form, at, size, r);
	}
	return next(cpu, op);
}

#define FN(name, call)                                         \
	static void name(struct cpu *cpu, const struct op *op) \
	{                                                      \
		call;                                          \
	}

#define ALU_FORM(body, kind, form)                                 \
	FN(kind##_##form##_4, body(cpu, op, kind, form, 4, false)) \
	FN(kind##_##form##_8, body(cpu, op, kind, form, 8, false)) \
	FN(kind##_##form##_4d, body(cpu, op, kind, form, 4, true)) \
	FN(kind##_##form##_8d, body(cpu, op, kind, form, 8, true))
#define ALU_KIND(body, kind)      \
	ALU_FORM(body, kind, RR)  \
	ALU_FORM(body, kind, RI)  \
	ALU_FORM(body, kind, RM)  \
	ALU_FORM(body, kind, RMX) \
	ALU_FORM(body, kind, MR)  \
	ALU_FORM(body, kind, MRX) \
	ALU_FORM(body, kind, MI)  \
	ALU_FORM(body, kind, MIX)
#define ALU_CELL(kind, form)                                     \
	{                                                        \
		{kind##_##form##_4, kind##_##form##_4d},         \
			{kind##_##form##_8, kind##_##form##_8d}, \
	}
#define ALU_ROW(kind)                                                       \
	{                                                                   \
		ALU_CELL(kind, RR), ALU_CELL(kind, RI), ALU_CELL(kind, RM), \
			ALU_CELL(kind, RMX), ALU_CELL(kind, MR),            \
			ALU_CELL(kind, MRX), ALU_CELL(kind, MI),            \
			ALU_CELL(kind, MIX),                                \
	}

/* clang-format off */
ALU_KIND(alu, ADD)
ALU_KIND(alu, OR)
ALU_KIND(alu_carry, ADC)
ALU_KIND(alu_carry, SBB)
ALU_KIND(alu, AND)
ALU_KIND(alu, SUB)
ALU_KIND(alu, XOR)
ALU_KIND(alu, CMP)
ALU_KIND(alu, TEST)
/* clang-format on */

/* ---- MOV, MOVZX, MOVSX, LEA ---- */

ALWAYS_INLINE void mov(struct cpu *cpu, const struct op *op, enum form form,
		       unsigned size)
{
	uint8_t *at = NULL;
	uint64_t val;

	if (has_memory(form)) {
		at = hot_memory(cpu, op, form, size, form >= MR);
		if (unlikely(!at))
			return op->plain(cpu, op);
	}
	if (form == RI || form >= MI)
		val = op->imm;
	else if (form == RM || form == RMX)
		val = at_get(at, size);
	else
		val = reg_get(cpu, op->reg, size);
	put(cpu, op, form, at, size, val);
	return next(cpu, op);
}

ALWAYS_INLINE void extension(struct cpu *cpu, const struct op *op,
			     enum form form, unsigned size, bool sign,
			     unsigned to)
{
	uint64_t val;

	if (has_memory(form)) {
		uint8_t *at = hot_memory(cpu, op, form, size, false);

		if (unlikely(!at))
			return op->plain(cpu, op);
		val = at_get(at, size);
	} else {
		val = reg_get(cpu, op->rm, size);
	}
	if (sign)
		val = extend(val, size);
	reg_set(cpu, op->reg, to, val);
	return next(cpu, op);
}

ALWAYS_INLINE void lea(struct cpu *cpu, const struct op *op, bool index,
		       unsigned size)
{
	uint64_t ea = cpu->r[op->base] + (uint64_t)op->disp;

	if (index)
		ea += cpu->r[op->index] << op->scale;
	reg_set(cpu, op->reg, size, ea);
	return next(cpu, op);
}

#define MOV_48(form)                              \
	FN(mov_##form##_4, mov(cpu, op, form, 4)) \
	FN(mov_##form##_8, mov(cpu, op, form, 8))
#define MOV_1248(form)                            \
	FN(mov_##form##_1, mov(cpu, op, form, 1)) \
	FN(mov_##form##_2, mov(cpu, op, form, 2)) \
	MOV_48(form)
#define MOVZX(form)                                                 \
	FN(movzx_##form##_1, extension(cpu, op, form, 1, false, 8)) \
	FN(movzx_##form##_2, extension(cpu, op, form, 2, false, 8))
#define MOVSX(form, size)                                                      \
	FN(movsx_##form##_##size##_4, extension(cpu, op, form, size, true, 4)) \
	FN(movsx_##form##_##size##_8, extension(cpu, op, form, size, true, 8))
#define MOV_LIST_48(form)                                   \
	{                                                   \
		NULL, NULL, mov_##form##_4, mov_##form##_8, \
	}
#define MOV_LIST_1248(form)                                                    \
	{                                                                      \
		mov_##form##_1, mov_##form##_2, mov_##form##_4, mov_##form##_8 \
	}
#define MOVSX_LIST(form)                                          \
	{                                                         \
		{movsx_##form##_1_4, movsx_##form##_1_8},         \
			{movsx_##form##_2_4, movsx_##form##_2_8}, \
			{movsx_##form##_4_4, movsx_##form##_4_8}, \
	}

/* clang-format off */
MOV_48(RR) MOV_48(RI) MOV_48(RM) MOV_48(RMX)
MOV_1248(MR) MOV_1248(MRX) MOV_1248(MI) MOV_1248(MIX)
MOVZX(RR) MOVZX(RM) MOVZX(RMX)
MOVSX(RR, 1) MOVSX(RR, 2) MOVSX(RR, 4)
MOVSX(RM, 1) MOVSX(RM, 2) MOVSX(RM, 4)
MOVSX(RMX, 1) MOVSX(RMX, 2) MOVSX(RMX, 4)
FN(lea_4, lea(cpu, op, false, 4))
FN(lea_8, lea(cpu, op, false, 8))
FN(lea_x_4, lea(cpu, op, true, 4))
FN(lea_x_8, lea(cpu, op, true, 8))
	/* clang-format on */

	/* ---- shifts, products and others whose flags nobody asks for ---- */

	/* The kinds in encoding order: ROL, ROR, -, -, SHL, SHR, SHL, SAR. */
	ALWAYS_INLINE void shift(struct cpu *cpu, const struct op *op,
				 unsigned kind, unsigned size, unsigned count)
{
	uint64_t val = reg_get(cpu, op->rm, size);
	unsigned bits = 8 * size;

	count &= bits - 1;
	switch (kind) {
	case 0:
		val = val << count | val >> (-count & (bits - 1));
		break;
	case 1:
		val = val >> count | val << (-count & (bits - 1));
		break;
	case 5:
		val >>= count;
		break;
	case 7:
		val = (int64_t)extend(val, size) >> count;
		break;
	default:
		val <<= count;
	}
	reg_set(cpu, op->rm, size, val);
	return next(cpu, op);
}

ALWAYS_INLINE void product(struct cpu *cpu, const struct op *op, enum form form,
			   unsigned size, bool imm)
{
	uint64_t a, b = 0;

	if (has_memory(form)) {
		uint8_t *at = hot_memory(cpu, op, form, size, false);

		if (unlikely(!at))
			return op->plain(cpu, op);
		b = at_get(at, size);
	} else {
		b = reg_get(cpu, op->rm, size);
	}
	a = imm ? op->imm : reg_get(cpu, op->reg, size);
	reg_set(cpu, op->reg, size, a * b);
	return next(cpu, op);
}

/* MUL: rDX:rAX */
ALWAYS_INLINE void long_product(struct cpu *cpu, const struct op *op,
				enum form form, unsigned size)
{
	unsigned __int128 p = reg_get(cpu, GPR_RAX, size);

	if (has_memory(form)) {
		uint8_t *at = hot_memory(cpu, op, form, size, false);

		if (unlikely(!at))
			return op->plain(cpu, op);
		p *= at_get(at, size);
	} else {
		p *= reg_get(cpu, op->rm, size);
	}
	reg_set(cpu, GPR_RAX, size, p);
	reg_set(cpu, GPR_RDX, size, p >> (8 * size));
	return next(cpu, op);
}

ALWAYS_INLINE void set_rm(struct cpu *cpu, const struct op *op, unsigned size,
			  uint64_t val)
{
	reg_set(cpu, op->rm, size, val);
	return next(cpu, op);
}

#define RM_OF(size) reg_get(cpu, op->rm, size)
#define WIDE(name, size)                                            \
	FN(rol_imm_##size, shift(cpu, op, 0, size, op->imm))        \
	FN(ror_imm_##size, shift(cpu, op, 1, size, op->imm))        \
	FN(shl_imm_##size, shift(cpu, op, 4, size, op->imm))        \
	FN(shr_imm_##size, shift(cpu, op, 5, size, op->imm))        \
	FN(sar_imm_##size, shift(cpu, op, 7, size, op->imm))        \
	FN(rol_cl_##size, shift(cpu, op, 0, size, cpu->r[GPR_RCX])) \
	FN(ror_cl_##size, shift(cpu, op, 1, size, cpu->r[GPR_RCX])) \
	FN(shl_cl_##size, shift(cpu, op, 4, size, cpu->r[GPR_RCX])) \
	FN(shr_cl_##size, shift(cpu, op, 5, size, cpu->r[GPR_RCX])) \
	FN(sar_cl_##size, shift(cpu, op, 7, size, cpu->r[GPR_RCX])) \
	FN(imul_RR_##size, product(cpu, op, RR, size, false))       \
	FN(imul_RM_##size, product(cpu, op, RM, size, false))       \
	FN(imul_RMX_##size, product(cpu, op, RMX, size, false))     \
	FN(imul_imm_##size, product(cpu, op, RR, size, true))       \
	FN(mul_RR_##size, long_product(cpu, op, RR, size))          \
	FN(mul_RM_##size, long_product(cpu, op, RM, size))          \
	FN(mul_RMX_##size, long_product(cpu, op, RMX, size))        \
	FN(inc_##size, set_rm(cpu, op, size, RM_OF(size) + 1))      \
	FN(dec_##size, set_rm(cpu, op, size, RM_OF(size) - 1))      \
	FN(not_##size, set_rm(cpu, op, size, ~RM_OF(size)))         \
	FN(neg_##size, set_rm(cpu, op, size, -RM_OF(size)))

/* clang-format off */
WIDE(, 4)
WIDE(, 8)
/* clang-format on */

static void bswap_4(struct cpu *cpu, const struct op *op)
{
	cpu->r[op->reg] = __builtin_bswap32(cpu->r[op->reg]);
	return next(cpu, op);
}

static void bswap_8(struct cpu *cpu, const struct op *op)
{
	cpu->r[op->reg] = __builtin_bswap64(cpu->r[op->reg]);
	return next(cpu, op);
}

/* ---- conditions ---- */

ALWAYS_INLINE void setcc(struct cpu *cpu, const struct op *op, unsigned cc)
{
	if (unlikely(cpu->lazy))
		return op->plain(cpu, op);
	reg_set(cpu, op->rm, 1, condition_settled(cpu, cc));
	return next(cpu, op);
}

ALWAYS_INLINE void cmov(struct cpu *cpu, const struct op *op, unsigned cc,
			unsigned size)
{
	uint64_t val = reg_get(cpu, op->rm, size);

	if (unlikely(cpu->lazy))
		return op->plain(cpu, op);
	if (!condition_settled(cpu, cc))
		val = reg_get(cpu, op->reg, size);
	reg_set(cpu, op->reg, size, val);
	return next(cpu, op);
}

/* Within a page: the link holds for ever. */
ALWAYS_INLINE void jcc(struct cpu *cpu, const struct op *op, unsigned cc)
{
	if (unlikely(cpu->lazy))
		return op->plain(cpu, op);
	if (condition_settled(cpu, cc))
		FOLLOW(cpu, op, op->imm);
	FOLLOW(cpu, op + 1, next_rip(op));
}

#define CONDITION(cc)                               \
	FN(setcc_##cc, setcc(cpu, op, 0x##cc))      \
	FN(cmov_##cc##_4, cmov(cpu, op, 0x##cc, 4)) \
	FN(cmov_##cc##_8, cmov(cpu, op, 0x##cc, 8)) \
	FN(if_##cc, jcc(cpu, op, 0x##cc))
#define ALL_CC(X)                                                         \
	X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(a), \
		X(b), X(c), X(d), X(e), X(f)
#define CMOV_CELL(cc)                        \
	{                                    \
		cmov_##cc##_4, cmov_##cc##_8 \
	}
#define SETCC_CELL(cc) setcc_##cc
#define JCC_CELL(cc)   if_##cc

/* clang-format off */
CONDITION(0) CONDITION(1) CONDITION(2) CONDITION(3)
CONDITION(4) CONDITION(5) CONDITION(6) CONDITION(7)
CONDITION(8) CONDITION(9) CONDITION(a) CONDITION(b)
CONDITION(c) CONDITION(d) CONDITION(e) CONDITION(f)
	/* clang-format on */

	/* ---- branches and the stack ---- */

	static void hot_jmp(struct cpu *cpu, const struct op *op)
{
	FOLLOW(cpu, op, op->imm);
}

/* To where the jump cache knows the block; all it knows can be fetched. */
ALWAYS_INLINE struct block *known(const struct cpu *cpu, uint64_t rip)
{
	const struct jump *j = &cpu->jump[(rip ^ rip >> 12) % JUMP_SIZE];

	return SIM_CHAIN && j->rip == rip && j->mode == cpu->mode ? j->block
								  : NULL;
}

ALWAYS_INLINE void jmp_rm(struct cpu *cpu, const struct op *op, enum form form)
{
	const uint8_t *at = (const uint8_t *)&cpu->r[op->rm];
	struct block *to;

	if (has_memory(form))
		at = hot_memory(cpu, op, form, 8, false);
	if (unlikely(!at))
		return op->plain(cpu, op);
	to = known(cpu, at_get(at, 8));
	if (unlikely(!to))
		return op->plain(cpu, op);
	return enter(cpu, to);
}

static void hot_call(struct cpu *cpu, const struct op *op)
{
	uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP] - 8, 8, true);

	if (unlikely(!stack))
		return op->plain(cpu, op);
	host_set((uintptr_t)stack, 8, op->disp);
	cpu->r[GPR_RSP] -= 8;
	FOLLOW(cpu, op, op->imm);
}

static void hot_call_r(struct cpu *cpu, const struct op *op)
{
	uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP] - 8, 8, true);
	struct block *to = known(cpu, cpu->r[op->rm]);

	if (unlikely(!stack || !to))
		return op->plain(cpu, op);
	host_set((uintptr_t)stack, 8, next_rip(op));
	cpu->r[GPR_RSP] -= 8;
	return enter(cpu, to);
}

static void hot_ret(struct cpu *cpu, const struct op *op)
{
	const uint8_t *stack = tlb_host(cpu, cpu->r[GPR_RSP], 8, false);
	struct block *to;

	if (unlikely(!stack))
		return op->plain(cpu, op);
	to = known(cpu, at_get(stack, 8));
	if (unlikely(!to))
		return op->plain(cpu, op);
	cpu->r[GPR_RSP] += 8 + op->imm;
	return enter(cpu, to);
}

static void hot_push(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP] - 8;
	uint8_t *at = tlb_host(cpu, sp, 8, true);

	if (unlikely(!at))
		return op->plain(cpu, op);
	host_set((uintptr_t)at, 8, cpu->r[op->reg]);
	cpu->r[GPR_RSP] = sp;
	return next(cpu, op);
}

static void hot_pop(struct cpu *cpu, const struct op *op)
{
	uint64_t sp = cpu->r[GPR_RSP];
	const uint8_t *at = tlb_host(cpu, sp, 8, false);

	if (unlikely(!at))
		return op->plain(cpu, op);
	cpu->r[GPR_RSP] = sp + 8;
	cpu->r[op->reg] = at_get(at, 8); /* POP RSP: the value wins */
	return next(cpu, op);
}

static void hot_leave(struct cpu *cpu, const struct op *op)
{
	uint64_t bp = cpu->r[GPR_RBP];
	const uint8_t *at = tlb_host(cpu, bp, 8, false);

	if (unlikely(!at))
		return op->plain(cpu, op);
	cpu->r[GPR_RSP] = bp + 8;
	cpu->r[GPR_RBP] = at_get(at, 8);
	return next(cpu, op);
}

/* clang-format off */
FN(hot_jmp_RR, jmp_rm(cpu, op, RR))
FN(hot_jmp_RM, jmp_rm(cpu, op, RM))
FN(hot_jmp_RMX, jmp_rm(cpu, op, RMX))

#define TWO(name) {name##_4, name##_8}

const struct hot hot_copy = {
	.alu = {[ADD] = ALU_ROW(ADD), [OR] = ALU_ROW(OR), [ADC] = ALU_ROW(ADC),
		[SBB] = ALU_ROW(SBB), [AND] = ALU_ROW(AND),
		[SUB] = ALU_ROW(SUB), [XOR] = ALU_ROW(XOR),
		[CMP] = ALU_ROW(CMP), [TEST] = ALU_ROW(TEST)},
	.mov = {MOV_LIST_48(RR), MOV_LIST_48(RI), MOV_LIST_48(RM),
		MOV_LIST_48(RMX), MOV_LIST_1248(MR), MOV_LIST_1248(MRX),
		MOV_LIST_1248(MI), MOV_LIST_1248(MIX)},
	.movzx = {{movzx_RR_1, movzx_RR_2}, {movzx_RM_1, movzx_RM_2},
		  {movzx_RMX_1, movzx_RMX_2}},
	.movsx = {MOVSX_LIST(RR), MOVSX_LIST(RM), MOVSX_LIST(RMX)},
	.lea = {TWO(lea), TWO(lea_x)},
	.shift_imm = {TWO(rol_imm), TWO(ror_imm), {NULL}, {NULL}, TWO(shl_imm),
		      TWO(shr_imm), TWO(shl_imm), TWO(sar_imm)},
	.shift_cl = {TWO(rol_cl), TWO(ror_cl), {NULL}, {NULL}, TWO(shl_cl),
		     TWO(shr_cl), TWO(shl_cl), TWO(sar_cl)},
	.imul = {TWO(imul_RR), TWO(imul_RM), TWO(imul_RMX)},
	.imul_imm = TWO(imul_imm),
	.mul = {TWO(mul_RR), TWO(mul_RM), TWO(mul_RMX)},
	.inc = TWO(inc), .dec = TWO(dec), .not = TWO(not), .neg = TWO(neg),
	.bswap = TWO(bswap),
	.setcc = {ALL_CC(SETCC_CELL)}, .cmov = {ALL_CC(CMOV_CELL)},
	.jcc = {ALL_CC(JCC_CELL)},
	.jmp = hot_jmp, .call = hot_call, .ret = hot_ret,
	.jmp_rm = {hot_jmp_RR, hot_jmp_RM, hot_jmp_RMX}, .call_r = hot_call_r,
	.push = hot_push, .pop = hot_pop, .leave = hot_leave,
};
