/* ops.h: what the files of the longer instructions share. */
#ifndef EVM_OPS_H
#define EVM_OPS_H

#include "evm/frame.h"

#define EVM_GAS_COLD_ACCOUNT 2600
#define EVM_GAS_COLD_SLOT    2100
#define EVM_GAS_WARM	     100

/* 0, or EVM_OUT_OF_GAS if the frame cannot pay. */
int evm_charge(struct evm_frame *f, uint64_t gas);

/*
 * EIP-2929: what the table says is the price of an account that was used
 * before by this transaction; `cold` is the whole price of another.
 */
int evm_charge_account(struct evm_frame *f, const struct evm_address *addr,
		       unsigned warm, unsigned cold);

static inline uint64_t evm_words(uint64_t bytes)
{
	return bytes / 32 + (bytes % 32 != 0);
}

static inline bool evm_word_in_memory(const struct evm_frame *f,
				      const struct u256 *offset)
{
	return u256_fits_u64(offset) && f->memory.len >= 32 &&
	       offset->w[0] <= f->memory.len - 32;
}

static inline bool evm_word_in_calldata(const struct evm_frame *f,
					const struct u256 *offset)
{
	return u256_fits_u64(offset) && f->msg.input_len >= 32 &&
	       offset->w[0] <= f->msg.input_len - 32;
}

/*
 * A word just behind the end of memory, where there is room: the price of
 * growing to it, as evm_memory_expand() has it; or -1 for other cases.
 */
static inline int64_t evm_memory_grow_word(struct evm_frame *f,
					   const struct u256 *offset,
					   int64_t gas)
{
	uint64_t count = (offset->w[0] + 63) / 32, had = f->memory.len / 32;
	uint64_t cost;

	if (!u256_fits_u64(offset) || f->memory.size < 32 ||
	    offset->w[0] > f->memory.size - 32 || count * 32 > f->memory.size)
		return -1;
	cost = 3 * (count - had) + count * count / 512 - had * had / 512;
	if (cost > (uint64_t)gas)
		return -1;
	f->memory.len = count * 32;
	return (int64_t)cost;
}

/* Of EXP, for the exponent's bytes. */
static inline int evm_exp_cost(const struct evm_frame *f,
			       const struct u256 *exponent)
{
	int byte = f->evm->fork >= EVM_SPURIOUS_DRAGON ? 50 : 10;

	return byte * (int)((u256_bits(exponent) + 7) / 8);
}

/* ops_storage.c */
int evm_op_sload(struct evm_frame *f, struct u256 *sp);
int evm_op_sstore(struct evm_frame *f, struct u256 *sp);
int evm_op_tload(struct evm_frame *f, struct u256 *sp);
int evm_op_tstore(struct evm_frame *f, struct u256 *sp);

/* ops_call.c */
int evm_op_create(struct evm_frame *f, uint8_t opcode, struct u256 *sp);
int evm_op_call(struct evm_frame *f, uint8_t opcode, struct u256 *sp);
int evm_op_selfdestruct(struct evm_frame *f, struct u256 *sp);

#endif
