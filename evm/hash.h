/*
 * hash.h: the hash functions of the chain. Each takes all its input at once
 * and needs no memory but the stack.
 */
#ifndef EVM_HASH_H
#define EVM_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Keccak with the padding it had before it became SHA-3 */
void evm_keccak256(const uint8_t *data, size_t len, uint8_t out[32]);
void evm_sha256(const uint8_t *data, size_t len, uint8_t out[32]);
void evm_ripemd160(const uint8_t *data, size_t len, uint8_t out[20]);

#endif
