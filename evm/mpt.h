/*
 * mpt.h: the root hash of a Merkle-Patricia trie. The items are added in any
 * order, no key twice, and the root is computed once at the end.
 */
#ifndef EVM_MPT_H
#define EVM_MPT_H

#include "evm/rlp.h"

struct evm_trie_item {
	uint8_t key[32];
	unsigned nibbles;  /* of the key */
	size_t value, len; /* in the trie's values */
};

struct evm_trie {
	struct evm_rlp values;
	struct evm_trie_item *items;
	size_t count, size;
};

void evm_trie_init(struct evm_trie *t, const struct evm_allocator *alloc);
/*
 * The value is what has been written to t->values since its length was
 * `value`. Keys of more than 32 bytes are refused by evm_trie_finish().
 */
void evm_trie_add(struct evm_trie *t, const uint8_t *key, size_t key_len,
		  size_t value);
/* The same under the key's hash, in a "secure" trie. */
void evm_trie_add_hashed(struct evm_trie *t, const uint8_t *key, size_t key_len,
			 size_t value);
/* The root; the trie is empty again. */
int evm_trie_finish(struct evm_trie *t, struct evm_hash *root);

#endif
