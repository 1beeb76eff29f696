/*
 * power.h: powers in the rings of numbers modulo an odd m or modulo a power
 * of two, of any length, for modexp.c. Numbers are limbs of 64 bits, least
 * significant first.
 */
#ifndef EVM_POWER_H
#define EVM_POWER_H

#include <stddef.h>
#include <stdint.h>

/*
 * With a modulus the products are Montgomery's: a b / 2^(64 n). Without, they
 * are those of n limbs whose highest is cut by `mask`.
 */
struct evm_ring {
	size_t n;
	const uint64_t *m; /* or NULL */
	uint64_t inverse;  /* -1 / m modulo 2^64 */
	uint64_t mask;
	uint64_t *t; /* scratch, n + 1 limbs */
};

/* 1 / a modulo 2^64, for an odd a */
uint64_t evm_inverse_64(uint64_t a);

/* r = a b; any of them may be the same. */
void evm_ring_mul(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		  const uint64_t *b);

#define EVM_POWER_TABLE 16 /* elements of scratch that it takes */

/* An exponent's bytes, highest first; those behind the first `have` are 0. */
struct evm_exponent {
	const uint8_t *bytes;
	uint64_t have, len;
};

/* r = a^e; `one` is the ring's. */
void evm_ring_power(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		    const struct evm_exponent *e, const uint64_t *one,
		    uint64_t *table);

#endif
