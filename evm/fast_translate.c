/*
 * fast_translate.c: from code to the operations of the fast interpreter (see
 * fast.h). One pass counts what is needed at most, one writes, and one gives
 * the jumps to constants the addresses of their targets.
 */
#include "evm/alloc.h"
#include "evm/fast.h"
#include "evm/opcodes.h"

/* No instruction costs, or blocks ask, more than what these cannot hold. */
#define GAS_MAX	   INT32_MAX
#define HEIGHT_MAX (EVM_STACK_MAX + 1)
#define NO_OP	   UINT32_MAX

struct translator {
	struct evm_code *code;
	const uint16_t *costs; /* of the fork */
	const void *const *labels;
	struct evm_fast *fast;
	struct fast_op *op; /* the next one, and its pc */
	uint32_t *op_pc;
	struct u256 *word;	/* the next long constant */
	enum fast_kind last[2]; /* of the block's operations; 0 is the last */
	struct fast_op *block;	/* its first operation, a FAST_BLOCK */
	int64_t gas;
	int height, need, grow;
	/* the last jump and SKIP, whose arguments have the ones before above */
	uint32_t last_jump, last_skip;
	bool dead; /* no instruction leads here */
	bool too_costly;
};

/* Behind which ones the block ends: they jump, or look at the gas left. */
static const bool ends_block[256] = {
	[OP_JUMPI] = true,	[OP_JUMPDEST] = true, [OP_GAS] = true,
	[OP_SSTORE] = true,	[OP_CREATE] = true,   [OP_CREATE2] = true,
	[OP_CALL] = true,	[OP_CALLCODE] = true, [OP_DELEGATECALL] = true,
	[OP_STATICCALL] = true,
};

/* Those behind which nothing is run. */
static bool ends_run(uint8_t opcode)
{
	return opcode == OP_JUMP || opcode == OP_STOP || opcode == OP_RETURN ||
	       opcode == OP_REVERT || opcode == OP_SELFDESTRUCT;
}

static uint32_t index_of(const struct translator *t, const struct fast_op *op)
{
	return (uint32_t)(op - t->fast->ops);
}

static void put(struct translator *t, enum fast_kind kind, uint64_t arg,
		size_t pc)
{
	*t->op++ = (struct fast_op){t->labels[kind], arg};
	*t->op_pc++ = (uint32_t)pc;
}

/* ---- blocks ---- */

static void begin_block(struct translator *t, size_t pc)
{
	t->block = t->op;
	t->gas = t->height = t->need = t->grow = 0;
	t->last[0] = t->last[1] = FAST_BLOCK;
	t->dead = false;
	t->fast->at[pc] = index_of(t, t->op);
	put(t, FAST_BLOCK, 0, pc);
}

static int limited(int height)
{
	return height < HEIGHT_MAX ? height : HEIGHT_MAX;
}

static void end_block(struct translator *t)
{
	struct fast_block block = {.gas = (uint32_t)t->gas,
				   .need = (uint16_t)limited(t->need),
				   .grow = (uint16_t)limited(t->grow)};

	if (t->gas > GAS_MAX)
		t->too_costly = true;
	memcpy(&t->block->arg, &block, sizeof(block));
}

/* Into the block of a JUMPDEST. */
static void fall_through(struct translator *t, size_t pc)
{
	if (t->op == t->block + 1) {
		put(t, FAST_SKIP, t->last_skip, pc);
		t->last_skip = index_of(t, t->op - 1);
	}
	end_block(t);
}

static void account(struct translator *t, uint8_t opcode)
{
	const struct evm_op *op = &evm_ops[opcode];

	t->gas += t->costs[opcode];
	if (op->min - t->height > t->need)
		t->need = op->min - t->height;
	t->height += op->delta;
	if (t->height > t->grow)
		t->grow = t->height;
}

/* ---- operations, and pairs of them ---- */

static struct fast_op *last_op(struct translator *t)
{
	return t->op - 1;
}

static void append(struct translator *t, enum fast_kind kind, uint64_t arg,
		   size_t pc)
{
	put(t, kind, arg, pc);
	t->last[1] = t->last[0];
	t->last[0] = kind;
}

static void replace(struct translator *t, enum fast_kind kind, uint64_t arg)
{
	*last_op(t) = (struct fast_op){t->labels[kind], arg};
	t->last[0] = kind;
}

static bool is_short(uint64_t k)
{
	return k >> 32 == 0;
}

/* A pair is undone where its second part goes better with what follows. */
static void split(struct translator *t, size_t pc)
{
	uint64_t arg = last_op(t)->arg;
	enum fast_kind kind = t->last[0];
	bool push_first = kind == FAST_PUSH_PUSH || kind == FAST_PUSH_DUP;
	bool push_second = kind == FAST_PUSH_PUSH || kind == FAST_DUP_PUSH;

	if (!push_first && !push_second && kind != FAST_DUP_DUP)
		return;
	replace(t, push_first ? FAST_PUSH : FAST_DUP, arg & UINT32_MAX);
	append(t, push_second ? FAST_PUSH : FAST_DUP, arg >> 32, pc);
}

/* PUSH, DUP and SWAP, each after each */
_Static_assert(FAST_DUP == FAST_PUSH + 1 && FAST_SWAP == FAST_PUSH + 2,
	       "they index this table");
static const uint8_t pairs[3][3] = {
	{FAST_PUSH_PUSH, FAST_PUSH_DUP, 0},
	{FAST_DUP_PUSH, FAST_DUP_DUP, 0},
	{0, 0, FAST_SWAP_SWAP},
};
_Static_assert(FAST_KINDS <= 256, "a kind is a byte");

/* The first part of a pair, if this and `kind` make one. */
static bool pair(struct translator *t, enum fast_kind kind, uint64_t arg)
{
	unsigned last = t->last[0] - FAST_PUSH;
	uint64_t first;

	if (last > 2 || !pairs[last][kind - FAST_PUSH])
		return false;
	first = last_op(t)->arg;
	if (!is_short(first | arg))
		return false;
	replace(t, pairs[last][kind - FAST_PUSH], first | arg << 32);
	return true;
}

static bool commutes(enum fast_kind kind)
{
	return kind == FAST_SIMPLE_ADD || kind == FAST_SIMPLE_MUL ||
	       kind == FAST_SIMPLE_AND || kind == FAST_SIMPLE_OR ||
	       kind == FAST_SIMPLE_XOR || kind == FAST_SIMPLE_EQ;
}

static void emit_binary(struct translator *t, enum fast_kind kind, size_t pc)
{
	uint64_t arg;

	split(t, pc);
	arg = last_op(t)->arg;
	if (t->last[0] == FAST_PUSH)
		replace(t, kind + FAST_PUSH_ADD, arg);
	else if (t->last[0] == FAST_DUP)
		replace(t, kind + FAST_DUP_ADD, arg);
	else if (t->last[0] == FAST_SWAP && arg == 2 * sizeof(struct u256))
		replace(t, commutes(kind) ? kind : kind + FAST_SWAP_ADD, 0);
	else
		append(t, kind, 0, pc);
}

/*
 * A store of one copy, or constant, at another copy. The second place is
 * counted with the first on the stack, which it will not be.
 */
static bool emit_store(struct translator *t)
{
	uint64_t arg = last_op(t)->arg, word = sizeof(struct u256);
	uint64_t first = arg & UINT32_MAX, second = arg >> 32;
	bool push = t->last[0] == FAST_PUSH_DUP;

	if ((!push && t->last[0] != FAST_DUP_DUP) || (push && second == word))
		return false;
	second = second == word ? first : second - word;
	replace(t, push ? FAST_PUSH_DUP_MSTORE : FAST_DUP_DUP_MSTORE,
		first | second << 32);
	return true;
}

/* MLOAD and MSTORE at a constant, or at a copy. */
static void emit_memory(struct translator *t, enum fast_kind kind, size_t pc)
{
	bool load = kind == FAST_MLOAD;
	uint64_t arg;

	if (!load && emit_store(t))
		return;
	split(t, pc);
	arg = last_op(t)->arg;
	if (t->last[0] == FAST_PUSH)
		replace(t, load ? FAST_PUSH_MLOAD : FAST_PUSH_MSTORE, arg);
	else if (t->last[0] == FAST_DUP)
		replace(t, load ? FAST_DUP_MLOAD : FAST_DUP_MSTORE, arg);
	else
		append(t, kind, 0, pc);
}

/* Targets are program counters until all are known (resolve_jumps()). */
static void emit_jump(struct translator *t, uint8_t opcode, size_t pc)
{
	bool always = opcode == OP_JUMP;
	uint64_t target;

	split(t, pc);
	target = last_op(t)->arg;
	if (t->last[0] != FAST_PUSH || !evm_code_is_jumpdest(t->code, target)) {
		append(t, always ? FAST_JUMP : FAST_JUMPI, 0, pc);
		return;
	}
	target |= (uint64_t)t->last_jump << 32;
	if (!always && t->last[1] == FAST_ISZERO) {
		t->op--;
		t->op_pc--;
		replace(t, FAST_JUMPZ_TO, target);
	} else {
		replace(t, always ? FAST_JUMP_TO : FAST_JUMPI_TO, target);
	}
	t->last_jump = index_of(t, t->op - 1);
}

static void emit_pop(struct translator *t, size_t pc)
{
	if (t->last[0] == FAST_SWAP)
		replace(t, FAST_SWAP_POP, last_op(t)->arg);
	else if (t->last[0] == FAST_POP)
		replace(t, FAST_POP2, 0);
	else
		append(t, FAST_POP, 0, pc);
}

static void emit(struct translator *t, enum fast_kind kind, uint64_t arg,
		 size_t pc)
{
	if (!pair(t, kind, arg))
		append(t, kind, arg, pc);
}

static void emit_push(struct translator *t, size_t pc, unsigned size)
{
	const uint8_t *data = t->code->bytes + pc + 1;
	struct u256 word;

	if (size <= 8) {
		emit(t, FAST_PUSH,
		     size ? u256_load_be64(data) >> (64 - 8 * size) : 0, pc);
		return;
	}
	word = u256_load_bytes(data, size);
	if (u256_fits_u64(&word)) {
		emit(t, FAST_PUSH, word.w[0], pc);
		return;
	}
	*t->word = word;
	append(t, FAST_PUSH_WORD, (uintptr_t)t->word++, pc);
}

/* ---- instructions ---- */

#define BINARY_KIND(form, name, fn) [OP_##name] = FAST_SIMPLE_##name + 1,

/* 1 and the kind, for those that are alone and need no argument */
static const uint8_t kinds[256] = {
	EVM_BINARY(BINARY_KIND, SIMPLE)[OP_STOP] = FAST_STOP + 1,
	[OP_GAS] = FAST_GAS + 1,
	[OP_EXP] = FAST_EXP + 1,
	[OP_ADDMOD] = FAST_ADDMOD + 1,
	[OP_MULMOD] = FAST_MULMOD + 1,
	[OP_ISZERO] = FAST_ISZERO + 1,
	[OP_NOT] = FAST_NOT + 1,
	[OP_CLZ] = FAST_CLZ + 1,
	[OP_CALLDATALOAD] = FAST_CALLDATALOAD + 1,
};

/* Instructions done outside: opcode and change of the height. */
static void emit_outside(struct translator *t, uint8_t opcode, size_t pc)
{
	int64_t delta = evm_ops[opcode].delta * (int)sizeof(struct u256);
	uint64_t arg = opcode | (uint64_t)delta << 8;

	append(t,
	       ends_run(opcode)	    ? FAST_END
	       : ends_block[opcode] ? FAST_LAST
				    : FAST_PLAIN,
	       arg, pc);
}

static void translate_one(struct translator *t, uint8_t opcode, size_t pc)
{
	uint64_t word = sizeof(struct u256);

	switch (opcode) {
	case OP_PUSH0 ... OP_PUSH32:
		emit_push(t, pc, opcode - OP_PUSH0);
		break;
	case OP_DUP1 ... OP_DUP16:
		emit(t, FAST_DUP, (opcode - OP_DUP1 + 1u) * word, pc);
		break;
	case OP_SWAP1 ... OP_SWAP16:
		emit(t, FAST_SWAP, (opcode - OP_SWAP1 + 2u) * word, pc);
		break;
	case OP_POP:
		emit_pop(t, pc);
		break;
	case OP_JUMP:
	case OP_JUMPI:
		emit_jump(t, opcode, pc);
		break;
	case OP_MLOAD:
		emit_memory(t, FAST_MLOAD, pc);
		break;
	case OP_MSTORE:
		emit_memory(t, FAST_MSTORE, pc);
		break;
	case OP_PC:
		emit(t, FAST_PUSH, pc, pc);
		break;
	default:
		if (!kinds[opcode])
			emit_outside(t, opcode, pc);
		else if (kinds[opcode] - 1 < FAST_BINARIES)
			emit_binary(t, kinds[opcode] - 1, pc);
		else
			append(t, kinds[opcode] - 1, 0, pc);
	}
}

/* What an instruction means for the block it is in. */
static void translate_next(struct translator *t, uint8_t opcode, size_t pc)
{
	if (t->costs[opcode] == EVM_NO_OP) {
		append(t, FAST_UNDEFINED, 0, pc);
		end_block(t);
		t->dead = true;
		return;
	}
	account(t, opcode);
	translate_one(t, opcode, pc);
	if (ends_run(opcode)) {
		end_block(t);
		t->dead = true;
	} else if (ends_block[opcode]) {
		end_block(t);
		begin_block(t, pc + 1);
	}
}

static void translate(struct translator *t)
{
	size_t len = t->code->len;

	begin_block(t, 0);
	for (size_t pc = 0; pc < len; pc++) {
		uint8_t opcode = t->code->bytes[pc];

		if (opcode == OP_JUMPDEST) {
			if (!t->dead)
				fall_through(t, pc);
			begin_block(t, pc);
			account(t, opcode);
		} else if (!t->dead) {
			translate_next(t, opcode, pc);
		}
		if (evm_push_size(opcode) > 0)
			pc += evm_push_size(opcode);
	}
	if (t->dead)
		return;
	append(t, FAST_STOP, 0, len);
	end_block(t);
}

static void resolve_jumps(struct translator *t)
{
	struct evm_fast *fast = t->fast;
	struct fast_op *op;

	for (uint32_t i = t->last_jump; i != NO_OP;) {
		op = &fast->ops[i];
		i = (uint32_t)(op->arg >> 32);
		op->arg = (uintptr_t)&fast->ops[fast->at[(uint32_t)op->arg]];
	}
}

/*
 * A SKIP stands between the operations of two blocks. The first takes over
 * what the second needs; from the end on, so that many in a row are one.
 */
static void join_blocks(struct translator *t)
{
	const void *skip = t->labels[FAST_SKIP];
	struct fast_block block, next;
	struct fast_op *op;

	for (uint32_t i = t->last_skip; i != NO_OP;) {
		op = &t->fast->ops[i];
		i = (uint32_t)op->arg;
		memcpy(&block, &op[-1].arg, sizeof(block));
		memcpy(&next, &op[1].arg, sizeof(next));
		next.gas += block.gas;
		memcpy(&op[-1].arg, &next, sizeof(next));
		op->arg = op[2].label == skip ? op[2].arg : (uintptr_t)&op[2];
	}
}

/* At most: an operation for each instruction and block, and the last STOP. */
static size_t count(const struct evm_code *code, size_t *long_constants)
{
	size_t ops = 3, words = 0, len = code->len;

	for (size_t pc = 0; pc < len; pc++) {
		uint8_t opcode = code->bytes[pc];

		if (evm_push_size(opcode) > 0) {
			words += opcode >= OP_PUSH9;
			pc += evm_push_size(opcode);
			ops++;
		} else {
			ops += 1 + ends_block[opcode];
		}
	}
	*long_constants = words;
	return ops;
}

static struct evm_fast *create(const struct evm_allocator *alloc,
			       struct evm_code *code, enum evm_fork fork)
{
	struct evm_fast *fast;
	size_t ops, words, size;

	if (code->len > 0)
		evm_code_scan(code, code->len - 1);
	ops = count(code, &words);
	size = sizeof(*fast) + words * sizeof(fast->words[0]) +
	       ops * (sizeof(fast->ops[0]) + sizeof(fast->pc[0])) +
	       (code->len + 1) * sizeof(fast->at[0]);
	fast = evm_alloc(alloc, size);
	if (!fast)
		return NULL;
	*fast = (struct evm_fast){.size = size, .fork = fork};
	fast->words = (struct u256 *)(fast + 1);
	fast->ops = (struct fast_op *)(fast->words + words);
	fast->pc = (uint32_t *)(fast->ops + ops);
	fast->at = fast->pc + ops;
	memset(fast->at, 0xff, (code->len + 1) * sizeof(fast->at[0]));
	return fast;
}

void evm_fast_free(const struct evm_allocator *alloc, struct evm_fast *fast)
{
	if (fast)
		evm_free(alloc, fast, fast->size);
}

__attribute__((flatten)) static struct evm_fast *make(
	const struct evm_allocator *alloc, struct evm_code *code,
	enum evm_fork fork)
{
	struct translator t = {.code = code,
			       .costs = evm_op_gas[fork],
			       .labels = evm_fast_labels(),
			       .last_jump = NO_OP,
			       .last_skip = NO_OP};

	if (code->len >= NO_OP / 2)
		return NULL;
	t.fast = create(alloc, code, fork);
	if (!t.fast)
		return NULL;
	t.op = t.fast->ops;
	t.op_pc = t.fast->pc;
	t.word = t.fast->words;
	translate(&t);
	if (t.too_costly) {
		evm_fast_free(alloc, t.fast);
		return NULL;
	}
	resolve_jumps(&t);
	join_blocks(&t);
	return t.fast;
}

const struct evm_fast *evm_fast_get(struct evm_frame *f)
{
	struct evm_code *code = f->code;
	enum evm_fork fork = f->evm->fork;

	if (code->heat <= evm_fast_heat(code))
		return NULL;
	if (code->fast && code->fast->fork != fork) {
		evm_fast_free(&f->evm->alloc, code->fast);
		code->fast = NULL;
	}
	if (!code->fast) {
		code->fast = make(&f->evm->alloc, code, fork);
		if (!code->fast)
			code->heat = 0; /* later, perhaps */
	}
	if (!code->fast || code->fast->at[f->pc] == EVM_NO_BLOCK)
		return NULL;
	return code->fast;
}
