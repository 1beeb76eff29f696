/*
 * bls12_381.h: the curve y^2 = x^3 + 4 of Barreto, Lynn and Scott over a field
 * of 381 bits, with parameter x = -d201000000010000h, and what the files that
 * use it share. G2 is on its M twist by xi = 1 + i. Included once by each of
 * them, as it defines the field.
 */
#ifndef EVM_BLS12_381_H
#define EVM_BLS12_381_H

#include <string.h>

#define FIELD(name) fp##name
#define FIELD_LIMBS 6
#define FIELD_MODULUS                                                       \
	{                                                                   \
		0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624, \
			0x64774b84f38512bf, 0x4b1ba7b6434bacd7,             \
			0x1a0111ea397fe69a                                  \
	}
#define FIELD_R2                                                            \
	{                                                                   \
		0xf4df1f341c341746, 0x0a76e6a609d104f1, 0x8de5476c4c95b6d5, \
			0x67eb88a9939d83c0, 0x9a793e85b519952d,             \
			0x11988fe592cae3aa                                  \
	}
#define FIELD_INVERSE 0x89f3fffcfffcfffd
#include "evm/field.h"

#define TOWER_XI 1
#include "evm/tower.h"

#define CURVE_A	    0
#define CURVE(name) g1_##name
#define COORD(name) fp##name
#include "evm/curve.h"
#define CURVE(name) g2_##name
#define COORD(name) fp2##name
#include "evm/curve.h"

#define PAIRING_D_TWIST false
#include "evm/pairing.h"

#define BLS_X	     UINT64_C(0xd201000000010000) /* without its sign */

/* EIP-2537: a coordinate is 64 bytes, of which the first 16 are zero. */
#define BLS_FP_BYTES 64
#define BLS_G1_BYTES 128
#define BLS_G2_BYTES 256

/* bls12_381.c. Loading fails for what is not on the curve. */
bool bls_load_fp(struct fp *r, const uint8_t *bytes);
bool bls_load_fp2(struct fp2 *r, const uint8_t *bytes);
bool bls_load_g1(struct g1_affine *p, const uint8_t *bytes);
bool bls_load_g2(struct g2_affine *q, const uint8_t *bytes);
void bls_store_g1(uint8_t *bytes, const struct g1_point *p);
void bls_store_g2(uint8_t *bytes, const struct g2_point *q);
/* Whether a point of the curve is one of the groups of prime order. */
bool bls_in_g1(const struct g1_point *p);
bool bls_in_g2(const struct g2_point *q);
void bls_g2_psi(struct g2_point *r, const struct g2_point *q);
/* False, and any r, if there is none. */
bool bls_fp_sqrt(struct fp *r, const struct fp *a);

/* bls12_381_pairing.c: f *= Miller's loop of n pairs, none infinite */
#define BLS_PAIRS 4
void bls_miller(struct fp12 *f, const struct g1_affine *p,
		const struct g2_affine *q, size_t n);
/* Whether the final exponentiation makes f 1. */
bool bls_is_one(struct fp12 *f);

#endif
