/*
 * tune.c: quicker functions for the ops of a complete block (hot.h).
 *
 * From back to front it follows who asks for the flags: an instruction whose
 * flags are all written again before that, and before anything that can
 * fault or leave, gets a function that makes none; one whose flags a later
 * instruction of the block reads keeps its plain function, which brings them
 * into the form for readers; others leave them lazily. A comparison and the
 * branch behind it become one. Of instructions not known here nothing is
 * assumed.
 */
#include "vmm/sim/tune.h"

#include "vmm/sim/hot.h"

/* How its plain function is found in handlers.h. */
enum family {
	UNKNOWN,
	ALU_RM_REG,
	ALU_REG_RM,
	ALU_RM_IMM,
	MOV_TO_RM,
	MOV_FROM_RM,
	MOV_IMM,
	MOVZX,
	MOVSX,
	LEA,
	SHIFT_IMM,
	SHIFT_CL,
	IMUL,
	IMUL_IMM,
	MUL,
	INC,
	DEC,
	NOT,
	NEG,
	BSWAP,
	SETCC,
	CMOV,
	JCC,
	JMP,
	CALL,
	RET,
	JMP_RM,
	CALL_RM,
	PUSH,
	POP,
	LEAVE,
	NOP,
};

struct known {
	op_fn *plain;
	uint8_t family, kind, size_bits; /* log2 of bytes */
	uint8_t turn;			 /* which counter of copies */
};

/* Open addressing; never full. Written once, before the first block. */
#define KNOWN_SIZE 2048u
static struct known known[KNOWN_SIZE];

static struct known *slot_of(op_fn *plain)
{
	size_t i = (uintptr_t)plain >> 4;

	for (;; i++) {
		struct known *k = &known[i % KNOWN_SIZE];

		if (!k->plain || k->plain == plain)
			return k;
	}
}

static void learn(op_fn *plain, enum family family, unsigned kind,
		  unsigned size_bits)
{
	if (plain)
		*slot_of(plain) = (struct known){
			plain, family, kind, size_bits,
			(family * 37 + kind * 4 + size_bits) % TUNE_TURNS};
}

static void learn_sizes(op_fn *const fns[8], enum family family, unsigned kind)
{
	for (unsigned i = 0; i < 8; i++)
		learn(fns[i], family, kind, i / 2);
}

static void learn_tables(void)
{
	for (unsigned i = 0; i < 9; i++) {
		learn_sizes(alu_rm_reg_fns[i], ALU_RM_REG, i);
		learn_sizes(alu_reg_rm_fns[i], ALU_REG_RM, i);
		learn_sizes(alu_rm_imm_fns[i], ALU_RM_IMM, i);
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == 2 || i == 3) /* RCL, RCR */
			continue;
		learn_sizes(shift_imm_fns[i], SHIFT_IMM, i);
		learn_sizes(shift_cl_fns[i], SHIFT_CL, i);
	}
	for (unsigned i = 0; i < 16; i++) {
		learn_sizes(cmov_fns[i], CMOV, i);
		learn_sizes(setcc_fns[i], SETCC, i);
		learn(jcc_fns[i], JCC, i, 3);
	}
	learn_sizes(mov_to_rm_fns, MOV_TO_RM, 0);
	learn_sizes(mov_from_rm_fns, MOV_FROM_RM, 0);
	learn_sizes(mov_imm_fns, MOV_IMM, 0);
	learn_sizes(movzx_fns, MOVZX, 0);
	learn_sizes(movsx_fns, MOVSX, 0);
	learn_sizes(imul_reg_fns, IMUL, 0);
	learn_sizes(imul_imm_fns, IMUL_IMM, 0);
	learn_sizes(mul_fns, MUL, 0);
	learn_sizes(inc_fns, INC, 0);
	learn_sizes(dec_fns, DEC, 0);
	learn_sizes(not_fns, NOT, 0);
	learn_sizes(neg_fns, NEG, 0);
}

void tune_init(void)
{
	static const struct op wide = {.size = 8}, narrow = {.size = 4};

	learn_tables();
	learn(lea_fn(&wide), LEA, 0, 3);
	learn(lea_fn(&narrow), LEA, 0, 2);
	learn(push_reg_fn(8), PUSH, 0, 3);
	learn(pop_reg_fn(8), POP, 0, 3);
	learn(exec_bswap, BSWAP, 0, 0);
	learn(exec_jmp, JMP, 0, 3);
	learn(exec_call64, CALL, 0, 3);
	learn(exec_ret64, RET, 0, 3);
	learn(exec_jmp_rm64, JMP_RM, 0, 3);
	learn(exec_call_rm64, CALL_RM, 0, 3);
	learn(exec_leave64, LEAVE, 0, 3);
	learn(exec_nop, NOP, 0, 0);
}

/* ---- what an instruction does to the flags ---- */

#define WRITES_ALL 1u /* flags; those that it leaves undefined, too */
#define READS	   2u
#define STOPS	   4u /* may fault or leave: all flags must be right */

static unsigned effects(const struct known *k, const struct op *op)
{
	unsigned stops = op->flags & OP_MEM ? STOPS : 0;

	switch ((enum family)k->family) {
	case ALU_RM_REG:
	case ALU_REG_RM:
	case ALU_RM_IMM:
		if (k->kind == ADC || k->kind == SBB)
			stops |= READS;
		return stops | WRITES_ALL;
	case IMUL:
	case IMUL_IMM:
	case MUL:
	case NEG:
		return stops | WRITES_ALL;
	case SHIFT_IMM: /* rotates write two, a count of zero none */
		return stops | (k->kind > 1 && op->imm & 31 ? WRITES_ALL : 0);
	case SETCC:
	case CMOV:
		return stops | READS;
	case JCC:
		return STOPS | READS;
	case SHIFT_CL:
	case INC:
	case DEC:
	case NOT:
	case MOV_TO_RM:
	case MOV_FROM_RM:
	case MOV_IMM:
	case MOVZX:
	case MOVSX:
		return stops;
	case LEA:
	case BSWAP:
	case NOP:
		return 0;
	default:
		return STOPS;
	}
}

/* Who asks for the flags that an instruction leaves. */
enum demand {
	DEMAND_NONE,
	DEMAND_LATER,  /* perhaps, when the block is left */
	DEMAND_READER, /* an instruction of this block */
};

static enum demand before(enum demand after, unsigned effects)
{
	enum demand d = effects & WRITES_ALL ? DEMAND_NONE : after;

	if (effects & READS)
		return DEMAND_READER;
	if (effects & STOPS && d == DEMAND_NONE)
		return DEMAND_LATER;
	return d;
}

/* ---- choosing ---- */

struct choice {
	const struct block *block;
	const struct op *op;
	const struct known *k;
	enum demand demand;
	const struct hot *hot;
	const struct hot_pairs *pairs;
};

static enum form operand_form(const struct op *op, enum form reg, enum form mem)
{
	if (!(op->flags & OP_MEM))
		return reg;
	return op->index == REG_ZERO ? mem : mem + 1;
}

/* RR, RM, RMX as 0, 1, 2 */
static unsigned source_form(const struct op *op)
{
	if (!(op->flags & OP_MEM))
		return 0;
	return op->index == REG_ZERO ? 1 : 2;
}

static enum form alu_form(const struct choice *c)
{
	switch (c->k->family) {
	case ALU_RM_REG:
		return operand_form(c->op, RR, MR);
	case ALU_REG_RM: /* with a register as source: not known */
		return operand_form(c->op, FORMS, RM);
	default:
		return operand_form(c->op, RI, MI);
	}
}

static bool same_page(uint64_t a, uint64_t b)
{
	return !((a ^ b) & PAGE_MASK);
}

/* May the branch's ways both be taken unasked, once they are known? */
static bool stays(const struct block *b, const struct op *op)
{
	return b->page2 == NO_PAGE && same_page(b->rip, op->imm) &&
	       same_page(b->rip, b->rip + op->next);
}

static op_fn *hot_alu(const struct choice *c)
{
	enum form form = alu_form(c);
	unsigned wide = c->k->size_bits - 2u;

	if (form == FORMS || wide > 1 || c->demand == DEMAND_READER)
		return NULL;
	return c->hot->alu[c->k->kind][form][wide][c->demand == DEMAND_NONE];
}

/* ADC and SBB leave flags in the form for readers anyway. */
static op_fn *hot_alu_carry(const struct choice *c)
{
	enum form form = alu_form(c);
	unsigned wide = c->k->size_bits - 2u;

	if (form == FORMS || wide > 1)
		return NULL;
	return c->hot->alu[c->k->kind][form][wide][c->demand == DEMAND_NONE];
}

static op_fn *hot_moves(const struct choice *c)
{
	const struct op *op = c->op;
	unsigned bits = c->k->size_bits, source = source_form(op);

	switch (c->k->family) {
	case MOV_TO_RM:
		return c->hot->mov[operand_form(op, RR, MR)][bits];
	case MOV_FROM_RM:
		if (source == 0)
			return NULL;
		return c->hot->mov[operand_form(op, RR, RM)][bits];
	case MOV_IMM:
		return c->hot->mov[operand_form(op, RI, MI)][bits];
	case MOVZX:
		return bits > 1 || op->size < 4 ? NULL
						: c->hot->movzx[source][bits];
	case MOVSX:
		return bits > 2 || op->size < 4
			       ? NULL
			       : c->hot->movsx[source][bits][op->size == 8];
	default:
		return c->hot->lea[op->index != REG_ZERO][bits == 3];
	}
}

/* Those that only have functions without flags. */
static op_fn *hot_flagless(const struct choice *c)
{
	unsigned wide = c->k->size_bits - 2u, source = source_form(c->op);

	if (wide > 1 || c->demand != DEMAND_NONE)
		return NULL;
	switch (c->k->family) {
	case IMUL:
		return c->hot->imul[source][wide];
	case MUL:
		return c->hot->mul[source][wide];
	}
	if (source)
		return NULL;
	switch (c->k->family) {
	case SHIFT_IMM:
		return c->hot->shift_imm[c->k->kind][wide];
	case SHIFT_CL:
		return c->hot->shift_cl[c->k->kind][wide];
	case IMUL_IMM:
		return c->hot->imul_imm[wide];
	case INC:
		return c->hot->inc[wide];
	case DEC:
		return c->hot->dec[wide];
	default:
		return c->hot->neg[wide];
	}
}

static op_fn *hot_conditional(const struct choice *c)
{
	unsigned wide = c->k->size_bits - 2u, cc = c->k->kind;

	if (c->k->family == JCC)
		return stays(c->block, c->op) ? c->hot->jcc[cc] : NULL;
	if (c->op->flags & OP_MEM)
		return NULL;
	if (c->k->family == SETCC)
		return c->hot->setcc[cc];
	return wide > 1 ? NULL : c->hot->cmov[cc][wide];
}

static op_fn *hot_other(const struct choice *c)
{
	const struct op *op = c->op;
	unsigned wide = c->k->size_bits - 2u;

	switch (c->k->family) {
	case NOT:
		return wide > 1 || op->flags & OP_MEM ? NULL
						      : c->hot->not [wide];
	case BSWAP:
		return op->size < 4 ? NULL : c->hot->bswap[op->size == 8];
	case JMP:
		return stays(c->block, op) ? c->hot->jmp : NULL;
	case CALL:
		return stays(c->block, op) ? c->hot->call : NULL;
	case RET:
		return c->hot->ret;
	case JMP_RM:
		return c->hot->jmp_rm[source_form(op)];
	case CALL_RM:
		return op->flags & OP_MEM ? NULL : c->hot->call_r;
	case PUSH:
		return c->hot->push;
	case POP:
		return c->hot->pop;
	case LEAVE:
		return c->hot->leave;
	}
	return NULL;
}

static op_fn *choose(const struct choice *c)
{
	switch ((enum family)c->k->family) {
	case ALU_RM_REG:
	case ALU_REG_RM:
	case ALU_RM_IMM:
		if (c->k->kind == ADC || c->k->kind == SBB)
			return hot_alu_carry(c);
		return hot_alu(c);
	case MOV_TO_RM:
	case MOV_FROM_RM:
	case MOV_IMM:
	case MOVZX:
	case MOVSX:
	case LEA:
		return hot_moves(c);
	case SHIFT_IMM:
	case SHIFT_CL:
	case IMUL:
	case IMUL_IMM:
	case MUL:
	case INC:
	case DEC:
	case NEG:
		return hot_flagless(c);
	case SETCC:
	case CMOV:
	case JCC:
		return hot_conditional(c);
	default:
		return hot_other(c);
	}
}

/* The op and the conditional branch `cc` behind it as one. */
static op_fn *choose_pair(const struct choice *c, unsigned cc)
{
	static const uint8_t size_index[] = {0, PAIR_SIZES, 1, 2};
	unsigned size = size_index[c->k->size_bits], wide = size - 1;
	enum form form = alu_form(c);

	if (form == FORMS || size == PAIR_SIZES)
		return NULL;
	if (c->k->kind == CMP)
		return c->pairs->cmp[form][size][cc];
	if (c->k->kind == TEST)
		return c->pairs->test[form][size][cc];
	if (form > RI || wide > 1)
		return NULL;
	switch (c->k->kind) {
	case ADD: /* its signed comparisons are not made */
		return cc < 0xc ? c->pairs->add[form][wide][cc] : NULL;
	case SUB:
		return c->pairs->sub[form][wide][cc];
	case AND:
		return c->pairs->and[form][wide][cc];
	}
	return NULL;
}

static bool is_alu(const struct known *k)
{
	return k->family >= ALU_RM_REG && k->family <= ALU_RM_IMM;
}

static const struct hot *const copies[HOT_COPIES] = {
	&hot_0, &hot_1, &hot_2, &hot_3, &hot_4, &hot_5, &hot_6, &hot_7};
static const struct hot_pairs *const pair_copies[PAIR_COPIES] = {
	&hot_pair_0, &hot_pair_1, &hot_pair_2, &hot_pair_3,
	&hot_pair_4, &hot_pair_5, &hot_pair_6, &hot_pair_7};

void tune_block(struct block *b, uint8_t *turn)
{
	const struct known *behind = NULL;
	enum demand demand = DEMAND_LATER;

	for (unsigned i = b->count; i-- > 0;) {
		struct op *op = &b->op[i];
		const struct known *k = slot_of(op->plain);
		uint8_t *t = &turn[k->turn];
		struct choice c = {b,
				   op,
				   k,
				   demand,
				   copies[*t % HOT_COPIES],
				   pair_copies[*t % PAIR_COPIES]};
		op_fn *fn = NULL;

		if (k->plain && !op->ea) {
			if (is_alu(k) && behind && behind->family == JCC &&
			    stays(b, op + 1))
				fn = choose_pair(&c, behind->kind);
			if (!fn)
				fn = choose(&c);
		}
		if (fn) {
			op->fn = fn;
			++*t;
		}
		demand = k->plain ? before(demand, effects(k, op))
				  : DEMAND_LATER;
		behind = k;
	}
}
