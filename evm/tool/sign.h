/* sign.h: signatures of transactions, for t8n's "secretKey". */
#ifndef EVM_TOOL_SIGN_H
#define EVM_TOOL_SIGN_H

#include "evm/tx_decode.h"

/*
 * Signs signing_hash: r, s and odd. The nonce is RFC 6979's, as other tools
 * have it, so that hashes of transactions agree. False for a bad key.
 */
bool sign_tx(struct evm_signed_tx *signed_tx, const struct u256 *key);

#endif
