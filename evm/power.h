/*
 * power.h: powers in the rings of numbers modulo an odd m or modulo a power
 * of two, of any length, for modexp.c. Numbers are limbs of 64 bits, least
 * significant first.
 */
#ifndef EVM_POWER_H
#define EVM_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * With a modulus the products are Montgomery's: a b / 2^(64 n), so a number x
 * is kept as x * 2^(64 n). Without, they are those modulo 2^(64 n).
 */
struct evm_ring {
	size_t n;
	const uint64_t *m; /* or NULL */
	uint64_t inverse;  /* -1 / m modulo 2^64 */
	uint64_t *t;	   /* scratch, 2 n limbs */
};

/* 1 / a modulo 2^64, for an odd a */
uint64_t evm_inverse_64(uint64_t a);

/* r = a b; any of them may be the same. */
void evm_ring_mul(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		  const uint64_t *b);

/* r = r / 2^(64 n), where there is a modulus: a plain number */
void evm_ring_leave(const struct evm_ring *ring, uint64_t *r);

#define EVM_POWER_TABLE 32 /* elements of scratch that it takes */

/* An exponent's bytes, highest first; those behind the first `have` are 0. */
struct evm_exponent {
	const uint8_t *bytes;
	uint64_t have, len;
};

/* r = a^e; false, and nothing is written, if e is zero. */
bool evm_ring_power(const struct evm_ring *ring, uint64_t *r, const uint64_t *a,
		    const struct evm_exponent *e, uint64_t *table);

#endif
