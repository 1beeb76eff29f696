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
#define NO_BLOCK   UINT32_MAX

struct translator {
	struct evm_code *code;
	const uint16_t *costs; /* of the fork */
	const void *const *labels;
	struct evm_fast *fast;
	size_t word_count;
	enum fast_kind last[2]; /* of the block's operations; 0 is the last */
	size_t block;		/* its first operation, a FAST_BLOCK */
	int64_t gas;
	int height, need, grow;
	bool dead; /* no instruction leads here */
	bool too_costly;
};

static unsigned push_size(uint8_t opcode)
{
	return opcode >= OP_PUSH1 && opcode <= OP_PUSH32 ? opcode - OP_PUSH0
							 : 0;
}

/* Those behind which a block must end, as they look at the gas left. */
static bool looks_at_gas(uint8_t opcode)
{
	switch (opcode) {
	case OP_GAS:
	case OP_SSTORE:
	case OP_CREATE:
	case OP_CREATE2:
	case OP_CALL:
	case OP_CALLCODE:
	case OP_DELEGATECALL:
	case OP_STATICCALL:
		return true;
	default:
		return false;
	}
}

static bool ends_frame(uint8_t opcode)
{
	return opcode == OP_RETURN || opcode == OP_REVERT ||
	       opcode == OP_SELFDESTRUCT;
}

/* ---- blocks ---- */

static void begin_block(struct translator *t, size_t pc)
{
	struct evm_fast *fast = t->fast;

	t->block = fast->count;
	t->gas = t->height = t->need = t->grow = 0;
	t->last[0] = t->last[1] = FAST_BLOCK;
	t->dead = false;
	fast->at[pc] = (uint32_t)fast->count;
	fast->pc[fast->count] = (uint32_t)pc;
	fast->ops[fast->count++].label = t->labels[FAST_BLOCK];
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
	memcpy(&t->fast->ops[t->block].arg, &block, sizeof(block));
}

/* Into the block of a JUMPDEST. */
static void fall_through(struct translator *t, size_t pc)
{
	struct evm_fast *fast = t->fast;

	if (fast->count == t->block + 1) {
		fast->pc[fast->count] = (uint32_t)pc;
		fast->ops[fast->count++].label = t->labels[FAST_SKIP];
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
	return &t->fast->ops[t->fast->count - 1];
}

static void append(struct translator *t, enum fast_kind kind, uint64_t arg,
		   size_t pc)
{
	struct evm_fast *fast = t->fast;

	fast->pc[fast->count] = (uint32_t)pc;
	fast->ops[fast->count++] = (struct fast_op){t->labels[kind], arg};
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

/* The first part of a pair, if this and `kind` make one. */
static bool pair(struct translator *t, enum fast_kind kind, uint64_t arg)
{
	static const struct {
		enum fast_kind first, second, both;
	} pairs[] = {
		{FAST_PUSH, FAST_PUSH, FAST_PUSH_PUSH},
		{FAST_PUSH, FAST_DUP, FAST_PUSH_DUP},
		{FAST_DUP, FAST_PUSH, FAST_DUP_PUSH},
		{FAST_DUP, FAST_DUP, FAST_DUP_DUP},
		{FAST_SWAP, FAST_SWAP, FAST_SWAP_SWAP},
	};
	uint64_t first = last_op(t)->arg;

	if (!is_short(first) || !is_short(arg))
		return false;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].first != t->last[0] || pairs[i].second != kind)
			continue;
		replace(t, pairs[i].both, first | arg << 32);
		return true;
	}
	return false;
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

/* Targets are program counters until all are known. */
static void emit_jump(struct translator *t, uint8_t opcode, size_t pc)
{
	bool always = opcode == OP_JUMP;
	uint64_t target;

	split(t, pc);
	target = last_op(t)->arg;
	if (t->last[0] != FAST_PUSH || !evm_code_is_jumpdest(t->code, target)) {
		append(t, always ? FAST_JUMP : FAST_JUMPI, 0, pc);
	} else if (!always && t->last[1] == FAST_ISZERO) {
		t->fast->count--;
		replace(t, FAST_JUMPZ_TO, target);
	} else {
		replace(t, always ? FAST_JUMP_TO : FAST_JUMPI_TO, target);
	}
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
	struct u256 word = u256_load_bytes(data, size);

	if (u256_fits_u64(&word)) {
		emit(t, FAST_PUSH, word.w[0], pc);
		return;
	}
	t->fast->words[t->word_count] = word;
	append(t, FAST_PUSH_WORD, (uintptr_t)&t->fast->words[t->word_count++],
	       pc);
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

	if (ends_frame(opcode))
		append(t, FAST_END, arg, pc);
	else
		append(t, looks_at_gas(opcode) ? FAST_LAST : FAST_PLAIN, arg,
		       pc);
}

static void translate_one(struct translator *t, uint8_t opcode, size_t pc)
{
	uint64_t word = sizeof(struct u256);

	switch (opcode) {
	case OP_PUSH0 ... OP_PUSH32:
		emit_push(t, pc, push_size(opcode));
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
	if (opcode == OP_JUMP || opcode == OP_STOP || ends_frame(opcode)) {
		end_block(t);
		t->dead = true;
	} else if (opcode == OP_JUMPI || looks_at_gas(opcode)) {
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
		pc += push_size(opcode);
	}
	if (t->dead)
		return;
	append(t, FAST_STOP, 0, len);
	end_block(t);
}

static void resolve_jumps(struct translator *t)
{
	struct evm_fast *fast = t->fast;

	for (size_t i = 0; i < fast->count; i++) {
		struct fast_op *op = &fast->ops[i];

		if (op->label == t->labels[FAST_JUMP_TO] ||
		    op->label == t->labels[FAST_JUMPI_TO] ||
		    op->label == t->labels[FAST_JUMPZ_TO])
			op->arg = (uintptr_t)&fast->ops[fast->at[op->arg]];
	}
}

/*
 * A SKIP stands between the operations of two blocks. The first takes over
 * what the second needs; from the end on, so that many in a row are one.
 */
static void join_blocks(struct translator *t)
{
	const void *skip = t->labels[FAST_SKIP];
	struct fast_op *ops = t->fast->ops;
	struct fast_block block, next;

	for (size_t i = t->fast->count; i-- > 0;) {
		if (ops[i].label != skip)
			continue;
		memcpy(&block, &ops[i - 1].arg, sizeof(block));
		memcpy(&next, &ops[i + 1].arg, sizeof(next));
		next.gas += block.gas;
		memcpy(&ops[i - 1].arg, &next, sizeof(next));
		ops[i].arg = ops[i + 2].label == skip ? ops[i + 2].arg
						      : (uintptr_t)&ops[i + 2];
	}
}

/* At most: an operation for each instruction and block, and the last STOP. */
static void count(const struct evm_code *code, size_t *ops, size_t *words)
{
	*ops = 3;
	*words = 0;
	for (size_t pc = 0; pc < code->len; pc++) {
		uint8_t opcode = code->bytes[pc];

		*ops += 1 + (opcode == OP_JUMPI || opcode == OP_JUMPDEST ||
			     looks_at_gas(opcode));
		*words += push_size(opcode) > 8;
		pc += push_size(opcode);
	}
}

static struct evm_fast *create(const struct evm_allocator *alloc,
			       const struct evm_code *code, enum evm_fork fork)
{
	struct evm_fast *fast;
	size_t ops, words, size;

	count(code, &ops, &words);
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
	for (size_t i = 0; i <= code->len; i++)
		fast->at[i] = NO_BLOCK;
	return fast;
}

void evm_fast_free(const struct evm_allocator *alloc, struct evm_fast *fast)
{
	if (fast)
		evm_free(alloc, fast, fast->size);
}

static struct evm_fast *make(const struct evm_allocator *alloc,
			     struct evm_code *code, enum evm_fork fork)
{
	struct translator t = {.code = code,
			       .costs = evm_op_gas[fork],
			       .labels = evm_fast_labels()};

	if (code->len >= NO_BLOCK / 2)
		return NULL;
	t.fast = create(alloc, code, fork);
	if (!t.fast)
		return NULL;
	translate(&t);
	if (t.too_costly) {
		evm_fast_free(alloc, t.fast);
		return NULL;
	}
	resolve_jumps(&t);
	join_blocks(&t);
	return t.fast;
}

/* Translating a byte costs about as much as running three instructions. */
static bool is_hot(const struct evm_code *code)
{
	return code->heat > 1024 + 8 * code->len;
}

const struct evm_fast *evm_fast_get(struct evm_frame *f)
{
	struct evm_code *code = f->code;
	enum evm_fork fork = f->evm->fork;

	if (!is_hot(code))
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
	if (!code->fast || code->fast->at[f->pc] == NO_BLOCK)
		return NULL;
	return code->fast;
}
