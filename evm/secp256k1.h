/* secp256k1.h: who signed: the key of an ECDSA signature on that curve. */
#ifndef EVM_SECP256K1_H
#define EVM_SECP256K1_H

#include "evm/u256.h"

/*
 * The public key, x and y, whose signature (r, s) of `hash` has a point R
 * with an odd y or not. False if there is none.
 */
bool secp256k1_recover(const struct u256 *hash, bool odd, const struct u256 *r,
		       const struct u256 *s, struct u256 *x, struct u256 *y);

#endif
