/* sha256.h: what sha256.c has of the processor's own, where that can do it. */
#ifndef EVM_SHA256_H
#define EVM_SHA256_H

#include <stddef.h>
#include <stdint.h>

void evm_sha256_blocks_x86_64(uint32_t h[8], const uint8_t *data, size_t blocks,
			      const uint32_t constants[64]);

#endif
