/*
 * rlp.h: the chain's recursive length prefix format, and the root hashes and
 * log hash that are made of it.
 *
 * A writer grows its bytes with the given allocator. A failure to get memory
 * is remembered, and what is written afterwards is lost: who reads the result
 * looks at `failed` once.
 */
#ifndef EVM_RLP_H
#define EVM_RLP_H

#include "evm/evm.h"

struct evm_state;

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

void evm_rlp_log(struct evm_rlp *r, const struct evm_log *log);
/* The logs of one receipt, as a list. */
void evm_rlp_logs(struct evm_rlp *r, const struct evm_state *state);

/*
 * Reading: a reader is what is left of a list's content. Only what the writer
 * would have written is taken: shortest prefixes, numbers without leading
 * zeros. The first mistake makes `bad` true, and all that follows is empty.
 */
struct evm_rlp_reader {
	const uint8_t *bytes;
	size_t len;
	bool bad;
};

struct evm_rlp_item {
	bool is_list;
	const uint8_t *bytes; /* the content */
	size_t len;
};

/* False at the end and after a mistake. */
bool evm_rlp_next(struct evm_rlp_reader *r, struct evm_rlp_item *item);
/* The next one must be there and of that kind. */
struct evm_rlp_reader evm_rlp_next_list(struct evm_rlp_reader *r);
struct evm_rlp_item evm_rlp_next_string(struct evm_rlp_reader *r);
struct u256 evm_rlp_next_number(struct evm_rlp_reader *r);
uint64_t evm_rlp_next_u64(struct evm_rlp_reader *r);
/* exactly `len` bytes */
void evm_rlp_next_bytes(struct evm_rlp_reader *r, uint8_t *bytes, size_t len);

/* How deep lists may be in each other for evm_rlp_valid(). */
#define EVM_RLP_DEPTH_MAX 1024

/* Whether it is exactly one item, and so is all that is in it. */
bool evm_rlp_valid(const uint8_t *bytes, size_t len);

/* keccak of the logs' list */
int evm_logs_hash(const struct evm_state *state,
		  const struct evm_allocator *alloc, struct evm_hash *hash);
/* The state root: a Merkle-Patricia trie with hashed keys (mpt.c). */
int evm_state_root(const struct evm_state *state,
		   const struct evm_allocator *alloc, struct evm_hash *root);

#endif
