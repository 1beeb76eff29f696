/*
 * tx_decode.h: transactions as signed bytes: RLP for the first kind, a type
 * byte and RLP for the others (EIP-2718).
 */
#ifndef EVM_TX_DECODE_H
#define EVM_TX_DECODE_H

#include "evm/rlp.h"

/* A decoded transaction, with what it points to. */
struct evm_signed_tx {
	struct evm_transaction tx; /* its input is among the bytes given */
	bool replay_protected;	   /* false for the first kind before EIP-155 */
	struct u256 chain_id;
	bool odd; /* y of the signature's point */
	struct u256 r, s;
	struct evm_hash hash, signing_hash;

	struct evm_access *access;
	struct u256 *keys;
	size_t key_count;
	struct evm_hash *blob_hashes;
	struct evm_authorization *authorizations;
};

/*
 * 0, EVM_TX_MALFORMED, EVM_TX_TYPE or EVM_TX_SIGNATURE, or an error number.
 * The sender is not known yet. After a 0 it is to be given back to fini.
 */
int evm_tx_decode(const struct evm_allocator *alloc, const uint8_t *bytes,
		  size_t len, struct evm_signed_tx *signed_tx);
void evm_tx_decode_fini(const struct evm_allocator *alloc,
			struct evm_signed_tx *signed_tx);

/* The bytes again; without the signature, what is signed. */
void evm_tx_encode(struct evm_rlp *w, const struct evm_signed_tx *signed_tx,
		   bool with_signature);
/* Sets signing_hash from the rest. */
int evm_tx_signing_hash(const struct evm_allocator *alloc,
			struct evm_signed_tx *signed_tx);

/* Who signed it, by the fork's rules, into tx.sender; or why nobody did. */
enum evm_status evm_tx_recover(struct evm_signed_tx *signed_tx,
			       enum evm_fork fork, uint64_t chain_id);

#endif
