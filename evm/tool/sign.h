/* sign.h: signatures of transactions, for the fixtures' "secretKey". */
#ifndef EVM_TOOL_SIGN_H
#define EVM_TOOL_SIGN_H

#include "evm/tx_decode.h"

/*
 * Signs signing_hash: r, s and odd. The nonce is RFC 6979's, as other tools
 * have it, so that hashes of transactions agree. False for a bad key.
 */
bool sign_tx(struct evm_signed_tx *signed_tx, const struct u256 *key);

/* Whose key it is; false for a bad key. */
bool key_address(const struct u256 *key, struct evm_address *addr);

#endif
