/*
 * precompile_p256.c: number 100h: whether an ECDSA signature on NIST's curve
 * P-256 is good (EIP-7951; FIPS 186-5, 6.4.2; the curve is SP 800-186's).
 */
#include "evm/precompile.h"

#define FIELD(name) fp##name
#define FIELD_LIMBS 4
#define FIELD_MODULUS                                                       \
	{                                                                   \
		0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, \
			0xffffffff00000001                                  \
	}
#define FIELD_R2                                                            \
	{                                                                   \
		0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe, \
			0x00000004fffffffd                                  \
	}
#define FIELD_INVERSE 1
#include "evm/field.h"

/* The scalars: numbers modulo the order of the group. */
#define FIELD(name) fn##name
#define FIELD_LIMBS 4
#define FIELD_MODULUS                                                       \
	{                                                                   \
		0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, \
			0xffffffff00000000                                  \
	}
#define FIELD_R2                                                            \
	{                                                                   \
		0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, \
			0x66e12d94f3d95620                                  \
	}
#define FIELD_INVERSE 0xccd1c8aaee00bc4f
#include "evm/field.h"

#define CURVE_A	    -3
#define CURVE(name) p256_##name
#define COORD(name) fp##name
#include "evm/curve.h"

#define INPUT_SIZE 160 /* hash, r, s, x, y */

static const uint8_t curve_b[32] = {
	0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd,
	0x55, 0x76, 0x98, 0x86, 0xbc, 0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53,
	0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b};
static const uint8_t generator[64] = {
	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
	0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
	0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
	0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
	0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e,
	0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static bool load_point(struct p256_point *p, const uint8_t *bytes)
{
	struct p256_affine a;
	struct fp b;

	if (!fp_load(&a.x, bytes) || !fp_load(&a.y, bytes + 32))
		return false;
	fp_load(&b, curve_b);
	p256_from_affine(p, &a);
	return !p256_is_origin(&a) && p256_on_curve(&a, &b);
}

/* Numbers beyond the order, too; it is more than half of 2^256. */
static void fn_load_any(struct fn *r, const uint8_t *bytes)
{
	struct u256 x = u256_load(bytes);

	if (fn_load(r, bytes))
		return;
	limbs_sub(r->w, x.w, fn_modulus.w, 4);
	fn_enter(r, r);
}

/* k = x / s; both are scalars, `inverse` is 1 / s */
static void divide(uint64_t k[4], const struct fn *x, const struct fn *inverse)
{
	struct fn q;

	fn_mul(&q, x, inverse);
	fn_leave(&q, &q);
	memcpy(k, q.w, sizeof(q.w));
}

static bool verify(const uint8_t *input)
{
	struct p256_term terms[2];
	struct p256_point g, key;
	struct p256_affine sum;
	struct fn hash, r, s, x;
	uint8_t bytes[32];
	uint64_t k[4];

	if (!fn_load(&r, input + 32) || !fn_load(&s, input + 64) ||
	    fn_is_zero(&r) || fn_is_zero(&s) || !load_point(&key, input + 96))
		return false;
	load_point(&g, generator);
	fn_invert(&s, &s);
	fn_load_any(&hash, input);
	divide(k, &hash, &s);
	p256_term_init(&terms[0], &g, k);
	divide(k, &r, &s);
	p256_term_init(&terms[1], &key, k);
	p256_sum_terms(&g, terms, 2);
	if (p256_is_infinity(&g))
		return false;
	p256_to_affine(&sum, &g);
	fp_store(bytes, &sum.x);
	fn_load_any(&x, bytes);
	return fn_equal(&x, &r);
}

ptrdiff_t evm_p256verify(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	if (len != INPUT_SIZE || !verify(input))
		return 0;
	memset(out, 0, 32);
	out[31] = 1;
	return 32;
}
