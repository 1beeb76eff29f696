/*
 * precompile_bls_map.c: numbers 10h and 11h (EIP-2537): from an element of a
 * field to a point of BLS12-381's G1 or G2. As RFC 9380 has it (6.6.2, 6.6.3
 * and 7): by the simplified map of Shallue, van de Woestijne and Ulas to a
 * curve y^2 = x^3 + a x + b with an isogeny to ours, through that isogeny,
 * and into the group of prime order.
 */
#include "evm/bls12_381.h"
#include "evm/bls12_381_iso.h"
#include "evm/precompile.h"

static bool fp_is_odd(const struct fp *a)
{
	struct fp plain;

	fp_leave(&plain, a);
	return plain.w[0] & 1;
}

/* of the first part that is not zero */
static bool fp2_is_odd(const struct fp2 *a)
{
	return fp_is_zero(&a->a) ? fp_is_odd(&a->b) : fp_is_odd(&a->a);
}

/* A root of a number that has no imaginary part. */
static bool fp2_sqrt_real(struct fp2 *r, const struct fp *a)
{
	struct fp minus;

	*r = (struct fp2){0};
	if (bls_fp_sqrt(&r->a, a))
		return true;
	r->a = (struct fp){0};
	fp_neg(&minus, a);
	return bls_fp_sqrt(&r->b, &minus);
}

/*
 * With s^2 = a^2 + b^2, one of (a + s) / 2 and (a - s) / 2 is the square of
 * the root's real part, of which b is twice the product with the other.
 */
static bool fp2_sqrt(struct fp2 *r, const struct fp2 *x)
{
	struct fp s, t, real;

	if (fp_is_zero(&x->b))
		return fp2_sqrt_real(r, &x->a);
	fp_square(&s, &x->a);
	fp_square(&t, &x->b);
	fp_add(&s, &s, &t);
	if (!bls_fp_sqrt(&s, &s))
		return false;
	fp_add(&t, &x->a, &s);
	fp_halve(&t, &t);
	if (!bls_fp_sqrt(&real, &t)) {
		fp_sub(&t, &t, &s);
		bls_fp_sqrt(&real, &t);
	}
	fp_double(&t, &real);
	fp_invert(&t, &t);
	fp_mul(&r->b, &x->b, &t);
	r->a = real;
	return true;
}

static bool fp_sqrt(struct fp *r, const struct fp *a)
{
	return bls_fp_sqrt(r, a);
}

static void fp2_enter(struct fp2 *r, const struct fp2 *plain)
{
	fp_enter(&r->a, &plain->a);
	fp_enter(&r->b, &plain->b);
}

/* The curve with the isogeny, and a z such that the map reaches all of it. */
struct g1_swu {
	struct fp a, b, z;
};

struct g2_swu {
	struct fp2 a, b, z;
};

#define CURVE(name) g1_##name
#define COORD(name) fp##name
#include "evm/swu.h"
#define CURVE(name) g2_##name
#define COORD(name) fp2##name
#include "evm/swu.h"

static const struct fp g1_a_plain = {{0x5cf428082d584c1d, 0x98936f8da0e0f97f,
				      0xd8e8981aefd881ac, 0xb0ea985383ee66a8,
				      0x3d693a02c96d4982, 0x00144698a3b8e943}};
static const struct fp g1_b_plain = {{0xd1cc48e98e172be0, 0x5a23215a316ceaa5,
				      0xa0b9c14fcef35ef5, 0x2016c1f0f24f4070,
				      0x018b12e8753eee3b, 0x12e2908d11688030}};

/* z = 11 */
static void g1_swu_init(struct g1_swu *s)
{
	fp_enter(&s->a, &g1_a_plain);
	fp_enter(&s->b, &g1_b_plain);
	fp_set(&s->z, 11);
}

/* a = 240 i, b = 1012 (1 + i), z = -(2 + i) */
static void g2_swu_init(struct g2_swu *s)
{
	s->a = (struct fp2){0};
	fp_set(&s->a.b, 240);
	fp_set(&s->b.a, 1012);
	s->b.b = s->b.a;
	fp_set(&s->z.a, 2);
	fp_set(&s->z.b, 1);
	fp2_neg(&s->z, &s->z);
}

/* times 1 - x */
static void g1_clear_cofactor(struct g1_point *r)
{
	struct g1_point t;

	g1_mul_u64(&t, r, BLS_X);
	g1_add(r, r, &t);
}

/*
 * (x^2 - x - 1) q + (x - 1) psi(q) + psi^2(2 q) (Budroni, Pintore, "Efficient
 * hash maps to G2 on BLS curves", eprint 2017/419)
 */
static void g2_clear_cofactor(struct g2_point *q)
{
	struct g2_point minus, x, xx, t;

	g2_neg(&minus, q);
	g2_mul_u64(&x, &minus, BLS_X);
	g2_mul_u64(&xx, &x, BLS_X);
	g2_neg(&xx, &xx);
	g2_add(&t, &x, &minus);
	bls_g2_psi(&t, &t);
	g2_add(&t, &t, &xx);
	g2_neg(&x, &x);
	g2_add(&t, &t, &x);
	g2_add(&t, &t, &minus);
	g2_double(&x, q);
	bls_g2_psi(&x, &x);
	bls_g2_psi(&x, &x);
	g2_add(q, &t, &x);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FRACTION(n, d)                   \
	{                                \
		n, COUNT(n), d, COUNT(d) \
	}

ptrdiff_t evm_bls_map_g1(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	static const struct g1_fraction x =
		FRACTION(g1_iso_x_num, g1_iso_x_den);
	static const struct g1_fraction y =
		FRACTION(g1_iso_y_num, g1_iso_y_den);
	struct g1_affine a;
	struct g1_point p;
	struct g1_swu s;
	struct fp u;

	if (len != BLS_FP_BYTES || !bls_load_fp(&u, input))
		return EVM_ERR_INPUT;
	g1_swu_init(&s);
	g1_swu_map(&a, &s, &u);
	g1_isogeny(&p, &a, &x, &y);
	g1_clear_cofactor(&p);
	bls_store_g1(out, &p);
	return BLS_G1_BYTES;
}

ptrdiff_t evm_bls_map_g2(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	static const struct g2_fraction x =
		FRACTION(g2_iso_x_num, g2_iso_x_den);
	static const struct g2_fraction y =
		FRACTION(g2_iso_y_num, g2_iso_y_den);
	struct g2_affine a;
	struct g2_point p;
	struct g2_swu s;
	struct fp2 u;

	if (len != 2 * BLS_FP_BYTES || !bls_load_fp2(&u, input))
		return EVM_ERR_INPUT;
	g2_swu_init(&s);
	g2_swu_map(&a, &s, &u);
	g2_isogeny(&p, &a, &x, &y);
	g2_clear_cofactor(&p);
	bls_store_g2(out, &p);
	return BLS_G2_BYTES;
}

uint64_t evm_bls_map_g1_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return 5500;
}

uint64_t evm_bls_map_g2_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return 23800;
}
