/*
 * field.h: a prime field, written once for all lengths. Who includes it has
 * defined FIELD_LIMBS, FIELD_MODULUS, FIELD_R2 (2^(128 n) mod the modulus),
 * both in braces, and FIELD_INVERSE (-1 / modulus mod 2^64). It gives `struct
 * fp` and its functions to one source file.
 *
 * A struct fp holds its value times 2^(64 n), see montgomery.h.
 */
#if !defined(FIELD_LIMBS) || defined(FIELD_DEFINED)
#error "field.h: one field per source file, whose parameters come first"
#endif
#define FIELD_DEFINED

#include "evm/montgomery.h"
#include "evm/u256.h"

#define FIELD_BYTES (FIELD_LIMBS * 8)

struct fp {
	uint64_t w[FIELD_LIMBS];
};

static const struct fp field_modulus = {FIELD_MODULUS};
static const struct fp field_r2 = {FIELD_R2};

static inline void fp_add(struct fp *r, const struct fp *a, const struct fp *b)
{
	mod_add(r->w, a->w, b->w, field_modulus.w, FIELD_LIMBS);
}

static inline void fp_sub(struct fp *r, const struct fp *a, const struct fp *b)
{
	mod_sub(r->w, a->w, b->w, field_modulus.w, FIELD_LIMBS);
}

static inline void fp_double(struct fp *r, const struct fp *a)
{
	fp_add(r, a, a);
}

static inline void fp_halve(struct fp *r, const struct fp *a)
{
	mod_halve(r->w, a->w, field_modulus.w, FIELD_LIMBS);
}

static inline void fp_neg(struct fp *r, const struct fp *a)
{
	struct fp zero = {{0}};

	fp_sub(r, &zero, a);
}

static inline void fp_mul(struct fp *r, const struct fp *a, const struct fp *b)
{
	mont_mul(r->w, a->w, b->w, field_modulus.w, FIELD_INVERSE, FIELD_LIMBS);
}

static inline void fp_square(struct fp *r, const struct fp *a)
{
	fp_mul(r, a, a);
}

static inline bool fp_is_zero(const struct fp *a)
{
	return limbs_is_zero(a->w, FIELD_LIMBS);
}

static inline bool fp_equal(const struct fp *a, const struct fp *b)
{
	return limbs_equal(a->w, b->w, FIELD_LIMBS);
}

/* A plain number below the modulus becomes an element, and back. */
static inline void fp_enter(struct fp *r, const struct fp *plain)
{
	fp_mul(r, plain, &field_r2);
}

static inline void fp_leave(struct fp *plain, const struct fp *a)
{
	struct fp one = {{1}};

	fp_mul(plain, a, &one);
}

static inline void fp_set(struct fp *r, uint64_t small)
{
	struct fp plain = {{small}};

	fp_enter(r, &plain);
}

/* r = a^e, e of `bits` bits at most */
static inline void fp_power(struct fp *r, const struct fp *a, const uint64_t *e,
			    int bits)
{
	struct fp base = *a;

	fp_set(r, 1);
	while (bits-- > 0) {
		fp_square(r, r);
		if (limbs_bit(e, bits))
			fp_mul(r, r, &base);
	}
}

/* a^(p - 2), Fermat; zero gives zero */
static inline void fp_invert(struct fp *r, const struct fp *a)
{
	struct fp two = {{2}}, e;

	limbs_sub(e.w, field_modulus.w, two.w, FIELD_LIMBS);
	fp_power(r, a, e.w, FIELD_LIMBS * 64);
}

/* FIELD_BYTES bytes, most significant first; false if not below the modulus */
static inline bool fp_load(struct fp *r, const uint8_t *bytes)
{
	struct fp plain, less;

	for (int i = 0; i < FIELD_LIMBS; i++)
		plain.w[FIELD_LIMBS - 1 - i] = u256_load_be64(bytes + i * 8);
	if (!limbs_sub(less.w, plain.w, field_modulus.w, FIELD_LIMBS))
		return false;
	fp_enter(r, &plain);
	return true;
}

static inline void fp_store(uint8_t *bytes, const struct fp *a)
{
	struct fp plain;

	fp_leave(&plain, a);
	for (int i = 0; i < FIELD_LIMBS; i++)
		u256_store_be64(bytes + i * 8, plain.w[FIELD_LIMBS - 1 - i]);
}
