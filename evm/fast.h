/*
 * fast.h: code translated for the fast interpreter, and that interpreter.
 *
 * Code that runs often is translated once into operations that need no
 * checks of their own: the static gas and the stack of a whole basic block
 * are checked by the operation at its beginning. Constants are ready words,
 * jumps to constants know their target, and common pairs of instructions are
 * one operation. Where a block's check fails, the plain interpreter
 * (interp.c) goes on from there and finds out which instruction it is.
 *
 * A block ends after a jump, before a JUMPDEST, and after an instruction that
 * reads the gas that is left. One of nothing but its JUMPDEST asks for what
 * the block behind it needs, too, and skips that one's check.
 */
#ifndef EVM_FAST_H
#define EVM_FAST_H

#include "evm/frame.h"
#include "evm/opcodes.h"

/*
 * The rest. `k` is a constant of 64 bits and n a place in the stack, counted
 * from 1 at its top.
 */
/* clang-format off */
#define FAST_OTHER(X) \
	X(BLOCK) /* a block begins: what it needs */ \
	X(SKIP) /* the next is a block, paid for already: go into it */ \
	X(PLAIN) /* evm_op_other(): opcode, change of the height */ \
	X(LAST) /* likewise, but it may have looked at the gas */ \
	X(END) /* likewise, and it ends the frame */ \
	X(UNDEFINED) /* no instruction */ \
	X(STOP) \
	X(GAS) \
	X(EXP) \
	X(ADDMOD) \
	X(MULMOD) \
	X(ISZERO) \
	X(NOT) \
	X(CLZ) \
	X(POP) \
	X(POP2) \
	X(MLOAD) \
	X(MSTORE) \
	X(CALLDATALOAD) \
	X(JUMP) \
	X(JUMPI) \
	X(JUMP_TO) /* to the operation at this address */ \
	X(JUMPI_TO) /* if the top is not zero */ \
	X(JUMPZ_TO) /* if it is */ \
	X(PUSH) /* k */ \
	X(DUP) \
	X(SWAP) \
	X(PUSH_WORD) /* the word at this address */ \
	X(PUSH_PUSH) /* two of 32 bits */ \
	X(DUP_DUP) /* two places of 32 bits */ \
	X(PUSH_DUP) /* k of 32 bits, and a place */ \
	X(DUP_PUSH) \
	X(SWAP_POP) /* the top goes to a place */ \
	X(SWAP_SWAP) \
	X(PUSH_MLOAD) \
	X(PUSH_MSTORE) \
	X(DUP_MLOAD) \
	X(DUP_MSTORE) \
	X(DUP_DUP_MSTORE) /* the first is stored at the second */ \
	X(PUSH_DUP_MSTORE)
/* clang-format on */

/* SIMPLE: from the stack; PUSH: first k, DUP: first place n; SWAP: reversed */
#define FAST_ENUM_BINARY(form, name, fn) FAST_##form##_##name,
#define FAST_ENUM_OTHER(name)		 FAST_##name,

enum fast_kind {
	EVM_BINARY(FAST_ENUM_BINARY, SIMPLE) EVM_BINARY(FAST_ENUM_BINARY, PUSH)
		EVM_BINARY(FAST_ENUM_BINARY, DUP)
			EVM_BINARY(FAST_ENUM_BINARY, SWAP)
				FAST_OTHER(FAST_ENUM_OTHER) FAST_KINDS
};

#define FAST_BINARIES FAST_PUSH_ADD /* how many, as they begin at 0 */

struct fast_op {
	const void *label; /* where in evm_fast_run() it is done */
	uint64_t arg;
};

/* What a block needs; packed into its operation's argument. */
struct fast_block {
	uint32_t gas;
	uint16_t need; /* of the stack */
	uint16_t grow; /* above where it begins */
};

/* One allocation of `size` bytes, all arrays in it. */
struct evm_fast {
	size_t size;
	enum evm_fork fork;
	struct fast_op *ops;
	struct u256 *words; /* long constants */
	uint32_t *pc;	    /* of each operation */
	uint32_t *at; /* by pc: the block that begins there, or EVM_NO_BLOCK */
};

#define EVM_NO_BLOCK UINT32_MAX

/* A block begins at each of them, but not only there. */
static inline bool evm_fast_jumpdest(const struct evm_frame *f,
				     const struct evm_fast *fast, uint64_t pc)
{
	return pc < f->code->len && f->code->bytes[pc] == OP_JUMPDEST &&
	       fast->at[pc] != EVM_NO_BLOCK;
}

/* The labels of all kinds, in order. */
const void *const *evm_fast_labels(void);

/*
 * How hot code must be. Translating a byte costs about as much as running one
 * instruction.
 */
static inline size_t evm_fast_heat(const struct evm_code *code)
{
	return 512 + 4 * code->len;
}

/*
 * The translation of the frame's code for its fork, made if the code is worth
 * it by now; NULL if not, or if there is no memory for it.
 */
const struct evm_fast *evm_fast_get(struct evm_frame *f);
void evm_fast_free(const struct evm_allocator *alloc, struct evm_fast *fast);

/* As evm_interpret(), from a JUMPDEST, f->pc = 0 or where a call was made. */
#define EVM_WANTS_PLAIN (EVM_STATUS_COUNT + 1)
int evm_fast_run(struct evm_frame *f, const struct evm_fast *fast);

#endif
