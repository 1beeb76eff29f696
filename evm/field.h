/*
 * field.h: a prime field, written once for all lengths. It is included once
 * for each field of a source file, with FIELD(name) for the names it defines
 * (`struct FIELD()` and the functions below), FIELD_LIMBS, FIELD_MODULUS and
 * FIELD_R2 (2^(128 n) mod the modulus), both in braces, and FIELD_INVERSE
 * (-1 / modulus mod 2^64).
 *
 * An element holds its value times 2^(64 n), see montgomery.h.
 */
#if !defined(FIELD) || !defined(FIELD_MODULUS)
#error "field.h: FIELD() and the modulus come first"
#endif

#include "evm/inverse.h"
#include "evm/montgomery.h"
#include "evm/u256.h"

#define ELEMENT struct FIELD()

struct FIELD() {
	uint64_t w[FIELD_LIMBS];
};

static const ELEMENT FIELD(_modulus) = {FIELD_MODULUS};
static const ELEMENT FIELD(_r2) = {FIELD_R2};

static inline void FIELD(_add)(ELEMENT *r, const ELEMENT *a, const ELEMENT *b)
{
	mod_add(r->w, a->w, b->w, FIELD(_modulus).w, FIELD_LIMBS);
}

static inline void FIELD(_sub)(ELEMENT *r, const ELEMENT *a, const ELEMENT *b)
{
	mod_sub(r->w, a->w, b->w, FIELD(_modulus).w, FIELD_LIMBS);
}

static inline void FIELD(_double)(ELEMENT *r, const ELEMENT *a)
{
	FIELD(_add)(r, a, a);
}

static inline void FIELD(_halve)(ELEMENT *r, const ELEMENT *a)
{
	mod_halve(r->w, a->w, FIELD(_modulus).w, FIELD_LIMBS);
}

static inline void FIELD(_neg)(ELEMENT *r, const ELEMENT *a)
{
	ELEMENT zero = {{0}};

	FIELD(_sub)(r, &zero, a);
}

LIMBS_CALLED void FIELD(_mul)(ELEMENT *r, const ELEMENT *a, const ELEMENT *b)
{
	mont_mul(r->w, a->w, b->w, FIELD(_modulus).w, FIELD_INVERSE,
		 FIELD_LIMBS);
}

static inline void FIELD(_square)(ELEMENT *r, const ELEMENT *a)
{
	FIELD(_mul)(r, a, a);
}

static inline bool FIELD(_is_zero)(const ELEMENT *a)
{
	return limbs_is_zero(a->w, FIELD_LIMBS);
}

static inline bool FIELD(_equal)(const ELEMENT *a, const ELEMENT *b)
{
	return limbs_equal(a->w, b->w, FIELD_LIMBS);
}

/* A plain number below the modulus becomes an element, and back. */
static inline void FIELD(_enter)(ELEMENT *r, const ELEMENT *plain)
{
	FIELD(_mul)(r, plain, &FIELD(_r2));
}

static inline void FIELD(_leave)(ELEMENT *plain, const ELEMENT *a)
{
	ELEMENT one = {{1}};

	FIELD(_mul)(plain, a, &one);
}

static inline void FIELD(_set)(ELEMENT *r, uint64_t small)
{
	ELEMENT plain = {{small}};

	FIELD(_enter)(r, &plain);
}

/* r = a^e, e of `bits` bits at most */
static inline void FIELD(_power)(ELEMENT *r, const ELEMENT *a,
				 const uint64_t *e, int bits)
{
	ELEMENT base = *a;

	FIELD(_set)(r, 1);
	while (bits-- > 0) {
		FIELD(_square)(r, r);
		if (limbs_bit(e, bits))
			FIELD(_mul)(r, r, &base);
	}
}

/* Zero gives zero. The product with 2^(128 n) twice undoes the division. */
static inline void FIELD(_invert)(ELEMENT *r, const ELEMENT *a)
{
	limbs_invert(r->w, a->w, FIELD(_modulus).w, FIELD_INVERSE, FIELD_LIMBS);
	FIELD(_enter)(r, r);
	FIELD(_enter)(r, r);
}

/* As many bytes as it has, most significant first; false if not below the modulus */
static inline bool FIELD(_load)(ELEMENT *r, const uint8_t *bytes)
{
	ELEMENT plain, less;

	for (int i = 0; i < FIELD_LIMBS; i++)
		plain.w[FIELD_LIMBS - 1 - i] = u256_load_be64(bytes + i * 8);
	if (!limbs_sub(less.w, plain.w, FIELD(_modulus).w, FIELD_LIMBS))
		return false;
	FIELD(_enter)(r, &plain);
	return true;
}

static inline void FIELD(_store)(uint8_t *bytes, const ELEMENT *a)
{
	ELEMENT plain;

	FIELD(_leave)(&plain, a);
	for (int i = 0; i < FIELD_LIMBS; i++)
		u256_store_be64(bytes + i * 8, plain.w[FIELD_LIMBS - 1 - i]);
}

#undef ELEMENT
#undef FIELD
#undef FIELD_LIMBS
#undef FIELD_MODULUS
#undef FIELD_R2
#undef FIELD_INVERSE
