/*
 * fast.c: the fast interpreter (see fast.h). Each operation jumps to the next
 * one's label itself. A run that another interpreter must go on with leaves
 * the frame as that expects it.
 */
#include <string.h>

#include "evm/binary.h"
#include "evm/fast.h"
#include "evm/opcodes.h"
#include "evm/ops.h"

/* Without the test of the upper limbs, for constants. */
static bool constant_in_memory(const struct evm_frame *f, uint64_t offset)
{
	return f->memory.len >= 32 && offset <= f->memory.len - 32;
}

/* The place `offset` bytes below sp. */
static inline struct u256 *below(struct u256 *sp, uint64_t offset)
{
	return (struct u256 *)((char *)sp - offset);
}

static inline struct u256 *above(struct u256 *sp, uint64_t arg)
{
	return (struct u256 *)((char *)sp + ((int64_t)arg >> 8));
}

#define LABEL_BINARY(form, name, fn) &&form##_##name,
#define LABEL_OTHER(name)	     &&name,

#define NEXT                      \
	do {                      \
		ip++;             \
		goto * ip->label; \
	} while (0)

#define DO_SIMPLE(form, name, fn)                           \
	form##_##name : op_##fn(&sp[-2], &sp[-1], &sp[-2]); \
	sp--;                                               \
	NEXT;
#define DO_PUSH(form, name, fn)                    \
	form##_##name : word = u256_from(ip->arg); \
	op_##fn(&sp[-1], &word, &sp[-1]);          \
	NEXT;
#define DO_DUP(form, name, fn)                                         \
	form##_##name : op_##fn(&sp[-1], below(sp, ip->arg), &sp[-1]); \
	NEXT;
#define DO_SWAP(form, name, fn)                             \
	form##_##name : op_##fn(&sp[-2], &sp[-2], &sp[-1]); \
	sp--;                                               \
	NEXT;

/*
 * With `labels` it only tells these. It is one function, as labels are good
 * in their function only.
 */
static int run(struct evm_frame *f, const struct evm_fast *fast,
	       const void *const **labels)
{
	static const void *const table[FAST_KINDS] = {
		EVM_BINARY(LABEL_BINARY, SIMPLE) EVM_BINARY(LABEL_BINARY, PUSH)
			EVM_BINARY(LABEL_BINARY, DUP)
				EVM_BINARY(LABEL_BINARY, SWAP)
					FAST_OTHER(LABEL_OTHER)};
	const struct fast_op *ip;
	struct u256 *stack, *sp, word, *from;
	struct fast_block block;
	uint64_t arg;
	size_t height;
	int64_t gas, cost;
	int r;

	if (labels) {
		*labels = table;
		return 0;
	}
	ip = &fast->ops[fast->at[f->pc]];
	stack = f->stack;
	sp = stack + f->height;
	gas = f->gas;
	goto * ip->label;

BLOCK:
	memcpy(&block, &ip->arg, sizeof(block));
	height = (size_t)(sp - stack);
	if (gas < block.gas || height < block.need ||
	    height + block.grow > EVM_STACK_MAX) {
		r = EVM_WANTS_PLAIN;
		goto leave;
	}
	gas -= block.gas;
	NEXT;
SKIP:
	ip = (const struct fast_op *)ip->arg;
	goto * ip->label;

	EVM_BINARY(DO_SIMPLE, SIMPLE)
	EVM_BINARY(DO_PUSH, PUSH)
	EVM_BINARY(DO_DUP, DUP)
	EVM_BINARY(DO_SWAP, SWAP)

PUSH:
	*sp++ = u256_from(ip->arg);
	NEXT;
PUSH_WORD:
	*sp++ = *(const struct u256 *)ip->arg;
	NEXT;
PUSH_PUSH:
	sp[0] = u256_from((uint32_t)ip->arg);
	sp[1] = u256_from(ip->arg >> 32);
	sp += 2;
	NEXT;
DUP:
	*sp = *below(sp, ip->arg);
	sp++;
	NEXT;
DUP_DUP:
	sp[0] = *below(sp, (uint32_t)ip->arg);
	sp[1] = *below(sp + 1, ip->arg >> 32);
	sp += 2;
	NEXT;
PUSH_DUP:
	sp[0] = u256_from((uint32_t)ip->arg);
	sp[1] = *below(sp + 1, ip->arg >> 32);
	sp += 2;
	NEXT;
DUP_PUSH:
	sp[0] = *below(sp, (uint32_t)ip->arg);
	sp[1] = u256_from(ip->arg >> 32);
	sp += 2;
	NEXT;
SWAP:
	word = sp[-1];
	sp[-1] = *below(sp, ip->arg);
	*below(sp, ip->arg) = word;
	NEXT;
SWAP_SWAP:
	arg = (uint32_t)ip->arg;
	word = sp[-1];
	sp[-1] = *below(sp, arg);
	*below(sp, arg) = word;
	arg = ip->arg >> 32;
	word = sp[-1];
	sp[-1] = *below(sp, arg);
	*below(sp, arg) = word;
	NEXT;
SWAP_POP:
	*below(sp, ip->arg) = sp[-1];
	sp--;
	NEXT;
POP:
	sp--;
	NEXT;
POP2:
	sp -= 2;
	NEXT;

ISZERO:
	sp[-1] = u256_from(u256_is_zero(&sp[-1]));
	NEXT;
NOT:
	sp[-1] = u256_not(&sp[-1]);
	NEXT;
CLZ:
	sp[-1] = u256_from(256 - u256_bits(&sp[-1]));
	NEXT;
ADDMOD:
	sp[-3] = u256_addmod(&sp[-1], &sp[-2], &sp[-3]);
	sp -= 2;
	NEXT;
MULMOD:
	sp[-3] = u256_mulmod(&sp[-1], &sp[-2], &sp[-3]);
	sp -= 2;
	NEXT;
EXP:
	gas -= evm_exp_cost(f, &sp[-2]);
	if (gas < 0) {
		r = EVM_OUT_OF_GAS;
		goto leave;
	}
	sp[-2] = u256_exp(&sp[-1], &sp[-2]);
	sp--;
	NEXT;
GAS:
	*sp++ = u256_from((uint64_t)gas);
	NEXT;

PUSH_MLOAD:
	*sp++ = u256_from(ip->arg);
	if (!constant_in_memory(f, ip->arg))
		goto mload;
	sp[-1] = u256_load(f->memory.bytes + ip->arg);
	NEXT;
DUP_MLOAD:
	from = below(sp, ip->arg);
	if (!evm_word_in_memory(f, from)) {
		*sp++ = *from;
		goto mload;
	}
	*sp++ = u256_load(f->memory.bytes + from->w[0]);
	NEXT;
MLOAD:
	if (!evm_word_in_memory(f, &sp[-1]))
		goto mload;
	sp[-1] = u256_load(f->memory.bytes + sp[-1].w[0]);
	NEXT;
mload:
	cost = evm_memory_grow_word(f, &sp[-1], gas);
	if (cost >= 0) {
		gas -= cost;
		sp[-1] = u256_load(f->memory.bytes + sp[-1].w[0]);
		NEXT;
	}
	f->gas = gas;
	r = evm_op_other(f, OP_MLOAD, sp);
	gas = f->gas;
	if (r != 0)
		goto leave;
	NEXT;
PUSH_MSTORE:
	if (!constant_in_memory(f, ip->arg)) {
		*sp++ = u256_from(ip->arg);
		goto mstore;
	}
	u256_store(f->memory.bytes + ip->arg, &sp[-1]);
	sp--;
	NEXT;
DUP_MSTORE:
	from = below(sp, ip->arg);
	if (!evm_word_in_memory(f, from)) {
		*sp++ = *from;
		goto mstore;
	}
	u256_store(f->memory.bytes + from->w[0], &sp[-1]);
	sp--;
	NEXT;
DUP_DUP_MSTORE:
	from = below(sp, ip->arg >> 32);
	if (!evm_word_in_memory(f, from)) {
		sp[0] = *below(sp, (uint32_t)ip->arg);
		sp[1] = *from;
		sp += 2;
		goto mstore;
	}
	u256_store(f->memory.bytes + from->w[0], below(sp, (uint32_t)ip->arg));
	NEXT;
PUSH_DUP_MSTORE:
	from = below(sp, ip->arg >> 32);
	word = u256_from((uint32_t)ip->arg);
	if (!evm_word_in_memory(f, from)) {
		sp[0] = word;
		sp[1] = *from;
		sp += 2;
		goto mstore;
	}
	u256_store(f->memory.bytes + from->w[0], &word);
	NEXT;
MSTORE:
	if (!evm_word_in_memory(f, &sp[-1]))
		goto mstore;
	u256_store(f->memory.bytes + sp[-1].w[0], &sp[-2]);
	sp -= 2;
	NEXT;
mstore:
	cost = evm_memory_grow_word(f, &sp[-1], gas);
	if (cost >= 0) {
		gas -= cost;
		u256_store(f->memory.bytes + sp[-1].w[0], &sp[-2]);
		sp -= 2;
		NEXT;
	}
	f->gas = gas;
	r = evm_op_other(f, OP_MSTORE, sp);
	gas = f->gas;
	sp -= 2;
	if (r != 0)
		goto leave;
	NEXT;
CALLDATALOAD:
	if (evm_word_in_calldata(f, &sp[-1]))
		sp[-1] = u256_load(f->msg.input + sp[-1].w[0]);
	else
		evm_op_other(f, OP_CALLDATALOAD, sp);
	NEXT;

JUMPZ_TO:
	sp--;
	if (!u256_is_zero(sp))
		NEXT;
	ip = (const struct fast_op *)ip->arg;
	goto BLOCK;
JUMPI_TO:
	sp--;
	if (u256_is_zero(sp))
		NEXT;
	ip = (const struct fast_op *)ip->arg;
	goto BLOCK;
JUMP_TO:
	ip = (const struct fast_op *)ip->arg;
	goto BLOCK;
JUMPI:
	sp -= 2;
	if (u256_is_zero(sp))
		NEXT;
	sp[0] = sp[1];
	sp++;
JUMP:
	sp--;
	if (!u256_fits_u64(sp) || !evm_fast_jumpdest(f, fast, sp->w[0])) {
		r = EVM_BAD_JUMP;
		goto leave;
	}
	ip = &fast->ops[fast->at[sp->w[0]]];
	goto BLOCK;

PLAIN:
	f->gas = gas;
	r = evm_op_other(f, (uint8_t)ip->arg, sp);
	gas = f->gas;
	sp = above(sp, ip->arg);
	if (r != 0)
		goto leave;
	NEXT;
LAST:
	f->gas = gas;
	r = evm_op_other(f, (uint8_t)ip->arg, sp);
	gas = f->gas;
	sp = above(sp, ip->arg);
	if (r == 0)
		NEXT;
	if (r == EVM_WANTS_CALL)
		ip++; /* it will go on there */
	goto leave;
END:
	f->gas = gas;
	r = evm_op_other(f, (uint8_t)ip->arg, sp);
	gas = f->gas;
	sp = above(sp, ip->arg);
	goto leave;
UNDEFINED:
	r = EVM_UNDEFINED_OPCODE;
	goto leave;
STOP:
	f->output_len = 0;
	r = EVM_SUCCESS;
leave:
	f->pc = fast->pc[ip - fast->ops];
	f->height = (size_t)(sp - stack);
	f->gas = gas;
	return r;
}

const void *const *evm_fast_labels(void)
{
	const void *const *labels;

	run(NULL, NULL, &labels);
	return labels;
}

int evm_fast_run(struct evm_frame *f, const struct evm_fast *fast)
{
	return run(f, fast, NULL);
}
