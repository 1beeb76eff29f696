/* authorize.h: signatures of transactions and authorizations, and who made
 * them. */
#ifndef EVM_AUTHORIZE_H
#define EVM_AUTHORIZE_H

#include "evm/frame.h"

/* Whose key made this signature of `hash`; false if none can have. */
bool evm_signer(const struct u256 *hash, bool odd, const struct u256 *r,
		const struct u256 *s, struct evm_address *signer);
bool evm_signature_low(const struct u256 *s);

/* Brings a transaction's authorizations into force; for tx.c. */
int evm_authorize(struct evm *evm, const struct evm_transaction *tx);

#endif
