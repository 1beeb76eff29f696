/*
 * rlp.h: writing the chain's recursive length prefix format, and the root
 * hashes and log hash that are made of it.
 *
 * A writer grows its bytes with the given allocator. A failure to get memory
 * is remembered, and what is written afterwards is lost: who reads the result
 * looks at `failed` once.
 */
#ifndef EVM_RLP_H
#define EVM_RLP_H

#include "evm/evm.h"

struct evm_rlp {
	const struct evm_allocator *alloc;
	uint8_t *bytes;
	size_t len, size;
	bool failed;
};

void evm_rlp_fini(struct evm_rlp *r);
/* Bytes as they are, without a prefix. */
void evm_rlp_raw(struct evm_rlp *r, const uint8_t *bytes, size_t len);
void evm_rlp_string(struct evm_rlp *r, const uint8_t *bytes, size_t len);
/* A number: no leading zero bytes. */
void evm_rlp_number(struct evm_rlp *r, const struct u256 *value);
/* A list is what is written between the two; `start` is what begin gave. */
size_t evm_rlp_begin(const struct evm_rlp *r);
void evm_rlp_end(struct evm_rlp *r, size_t start);

struct evm_state;

/* keccak of the logs' list */
int evm_logs_hash(const struct evm_state *state,
		  const struct evm_allocator *alloc, struct evm_hash *hash);
/* The state root: a Merkle-Patricia trie with hashed keys (mpt.c). */
int evm_state_root(const struct evm_state *state,
		   const struct evm_allocator *alloc, struct evm_hash *root);

#endif
