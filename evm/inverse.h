/* inverse.h: inverses modulo odd numbers of up to six limbs. */
#ifndef EVM_INVERSE_H
#define EVM_INVERSE_H

#include <stdint.h>

/*
 * r = 1 / a mod m, of n limbs, for a below m and m prime; zero gives zero.
 * `inverse` is -1 / m mod 2^64.
 */
void limbs_invert(uint64_t *r, const uint64_t *a, const uint64_t *m,
		  uint64_t inverse, int n);

#endif
