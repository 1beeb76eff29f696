/*
 * secp256k1.c: recovering public keys (SEC 1, 4.1.6; the curve is SEC 2's:
 * y^2 = x^3 + 7). The field's modulus is 2^256 - 2^32 - 977, so that what is
 * above 256 bits comes back below, times 2^32 + 977; elements are plain
 * numbers. Scalars are split in halves by the curve's endomorphism. All that
 * is computed here is public: nothing need take the same time for all inputs.
 */
#include <string.h>

#include "evm/limbs.h"
#include "evm/secp256k1.h"

#define FIELD(name) fn##name
#define FIELD_LIMBS 4
#define FIELD_MODULUS                                                       \
	{                                                                   \
		0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, \
			0xffffffffffffffff                                  \
	}
#define FIELD_R2                                                            \
	{                                                                   \
		0x896cf21467d7d140, 0x741496c20e7cf878, 0xe697f5e45bcd07c6, \
			0x9d671cd581c69bc5                                  \
	}
#define FIELD_INVERSE 0x4b0dff665588b13f
#include "evm/field.h" /* the scalars: numbers modulo the group's order */

#define FOLD		    0x1000003d1 /* 2^256 modulo the field's modulus */
#define FIELD_MINUS_INVERSE 0xd838091dd2253531 /* -1 / modulus mod 2^64 */

struct fp {
	uint64_t w[4];
};

static const struct u256 field = {{0xfffffffefffffc2f, 0xffffffffffffffff,
				   0xffffffffffffffff, 0xffffffffffffffff}};

/*
 * An element is any number below 2^256, so some have two forms; fp_normalize()
 * gives the smaller. r += carry * 2^256, which may carry once more, but then
 * r is small.
 */
static inline void fp_fold_carry(uint64_t r[4], uint64_t carry)
{
	uint64_t fold[4] = {FOLD & -carry};

	if (__builtin_expect(limbs_add(r, r, fold, 4), 0))
		r[0] += FOLD;
}

static inline void fp_add(struct fp *r, const struct fp *a, const struct fp *b)
{
	struct fp t;

	fp_fold_carry(t.w, limbs_add(t.w, a->w, b->w, 4));
	*r = t;
}

static inline void fp_sub(struct fp *r, const struct fp *a, const struct fp *b)
{
	struct fp t;
	uint64_t fold[4] = {FOLD & -limbs_sub(t.w, a->w, b->w, 4)};

	if (__builtin_expect(limbs_sub(t.w, t.w, fold, 4), 0))
		t.w[0] -= FOLD;
	*r = t;
}

static inline void fp_normalize(struct fp *r)
{
	static const uint64_t fold[4] = {FOLD};
	struct fp less;

	if (limbs_add(less.w, r->w, fold, 4))
		*r = less;
}

static inline void fp_double(struct fp *r, const struct fp *a)
{
	fp_add(r, a, a);
}

static inline void fp_neg(struct fp *r, const struct fp *a)
{
	struct fp zero = {{0}};

	fp_sub(r, &zero, a);
}

/*
 * r = a number of eight limbs. What is above 256 bits is brought below twice;
 * that this carries once more is so rare that a branch is foreseen.
 */
static inline void fp_fold(struct fp *r, const uint64_t w[8])
{
	static const uint64_t fold[4] = {FOLD};
	uint64_t high[4] = {0}, low[4];
	limbs_wide t = 0;

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t = (limbs_wide)w[4 + i] * FOLD + w[i] + (uint64_t)(t >> 64);
		low[i] = (uint64_t)t;
	}
	t = (limbs_wide)(uint64_t)(t >> 64) * FOLD;
	high[0] = (uint64_t)t;
	high[1] = (uint64_t)(t >> 64);
	if (__builtin_expect(limbs_add(low, low, high, 4), 0))
		limbs_add(low, low, fold, 4);
	memcpy(r->w, low, sizeof(low));
}

static inline void fp_mul(struct fp *r, const struct fp *a, const struct fp *b)
{
	uint64_t w[8];

#ifdef LIMBS_ADX
	if (limbs_have_adx()) {
		limbs_mul_adx(w, a->w, b->w);
		limbs_fold_adx(r->w, w, FOLD);
		return;
	}
#endif
	limbs_mul(w, a->w, b->w);
	fp_fold(r, w);
}

static inline void fp_square(struct fp *r, const struct fp *a)
{
#ifdef LIMBS_ADX
	uint64_t w[8];

	if (limbs_have_adx()) {
		limbs_square_adx(w, a->w);
		limbs_fold_adx(r->w, w, FOLD);
		return;
	}
#endif
	fp_mul(r, a, a);
}

/* r = a / 2: an odd number is even with the modulus, which is odd, added */
static inline void fp_half(struct fp *r, const struct fp *a)
{
	uint64_t odd = -(a->w[0] & 1), carry;
	uint64_t add[4] = {field.w[0] & odd, field.w[1] & odd, field.w[2] & odd,
			   field.w[3] & odd};
	struct fp t;

	carry = limbs_add(t.w, a->w, add, 4);
	for (int i = 0; i < 3; i++)
		r->w[i] = t.w[i] >> 1 | t.w[i + 1] << 63;
	r->w[3] = t.w[3] >> 1 | carry << 63;
}

static inline bool fp_is_zero(const struct fp *a)
{
	struct fp t = *a;

	fp_normalize(&t);
	return limbs_is_zero(t.w, 4);
}

static inline bool fp_equal(const struct fp *a, const struct fp *b)
{
	struct fp t;

	fp_sub(&t, a, b);
	return fp_is_zero(&t);
}

static inline void fp_set(struct fp *r, uint64_t small)
{
	*r = (struct fp){{small}};
}

/* r = a^(2^n) * b */
static void square_times(struct fp *r, const struct fp *a, int n,
			 const struct fp *b)
{
	struct fp t = *a;

	while (n-- > 0)
		fp_square(&t, &t);
	fp_mul(r, &t, b);
}

/*
 * The modulus begins with 223 bits of 1, and so does the power for roots:
 * a^(2^223 - 1), and short ones on the way.
 */
struct ones {
	struct fp x2, x22, x223;
};

static void ones_init(struct ones *o, const struct fp *a)
{
	struct fp x3, x6, x9, x11, x44, x88, x176, x220;

	square_times(&o->x2, a, 1, a);
	square_times(&x3, &o->x2, 1, a);
	square_times(&x6, &x3, 3, &x3);
	square_times(&x9, &x6, 3, &x3);
	square_times(&x11, &x9, 2, &o->x2);
	square_times(&o->x22, &x11, 11, &x11);
	square_times(&x44, &o->x22, 22, &o->x22);
	square_times(&x88, &x44, 44, &x44);
	square_times(&x176, &x88, 88, &x88);
	square_times(&x220, &x176, 44, &x44);
	square_times(&o->x223, &x220, 3, &x3);
}

static inline void fp_invert(struct fp *r, const struct fp *a)
{
	struct fp t = *a;

	fp_normalize(&t);
	limbs_invert(r->w, t.w, field.w, FIELD_MINUS_INVERSE, 4);
}

/* a^((p + 1) / 4), whose square is a or -a: 0 and 22 of 1, 00001100 */
static bool fp_sqrt(struct fp *r, const struct fp *a)
{
	struct fp square;
	struct ones o;

	ones_init(&o, a);
	square_times(r, &o.x223, 23, &o.x22);
	square_times(r, r, 6, &o.x2);
	fp_square(r, r);
	fp_square(r, r);
	fp_square(&square, r);
	return fp_equal(&square, a);
}

#define CURVE_A	    0
#define CURVE(name) k1_##name
#define COORD(name) fp##name
#include "evm/curve.h"
#include "evm/secp256k1_base.h"

/* Lambda times a point has beta times its x: GLV's endomorphism. */
static const struct fp beta = {{0xc1396c28719501ee, 0x9cf0497512f58995,
				0x6e64479eac3434e9, 0x7ae96a2b657c0710}};
static const struct fn minus_lambda = {{0xe0cfc810b51283cf, 0xa880b9fc8ec739c2,
					0x5ad9e3fd77ed9ba4,
					0xac9c52b33fa3cf1f}};
/* A short vector (a1, b1), and a2 = -b1, b2 = a1 of another; 2^384 b / n */
static const struct fn minus_b1 = {{0x6f547fa90abfe4c3, 0xe4437ed6010e8828}};
static const struct fn minus_b2 = {{0xd765cda83db1562c, 0x8a280ac50774346d,
				    0xfffffffffffffffe, 0xffffffffffffffff}};
static const struct u256 scale_1 = {{0xe893209a45dbb031, 0x3daa8a1471e8ca7f,
				     0xe86c90e49284eb15, 0x3086d221a7d46bcd}};
static const struct u256 scale_2 = {{0x1571b4ae8ac47f71, 0x221208ac9df506c6,
				     0x6f547fa90abfe4c4, 0xe4437ed6010e8828}};
static const struct fn half_order = {{0xdfe92f46681b20a0, 0x5d576e7357a4501d,
				      0xffffffffffffffff, 0x7fffffffffffffff}};

/* Half of a scalar: signed digits, all of the other sign if `minus`. */
struct half {
	int8_t digits[SCALAR_DIGITS];
	bool minus;
};

/* k * scale / 2^384, rounded */
static void scaled(struct fn *r, const struct fn *k, const struct u256 *scale)
{
	struct u256 x = {{k->w[0], k->w[1], k->w[2], k->w[3]}};
	uint64_t w[8];
	limbs_wide low;

	u256_mul_full(w, &x, scale);
	low = (limbs_wide)w[6] + (w[5] >> 63);
	*r = (struct fn){{(uint64_t)low, w[7] + (uint64_t)(low >> 64)}};
}

static void half_init(struct half *h, const struct fn *k, int width)
{
	struct fn t, positive = *k;

	h->minus = limbs_sub(t.w, half_order.w, k->w, 4);
	if (h->minus)
		fn_neg(&positive, k);
	scalar_digits(h->digits, positive.w, width);
}

/* a * b for plain numbers */
static void multiply(struct fn *r, const struct fn *a, const struct fn *b)
{
	struct fn t;

	fn_enter(&t, a);
	fn_mul(r, &t, b);
}

/*
 * k = h[0] + lambda h[1], each of 128 bits at most (Gallant, Lambert,
 * Vanstone, "Faster point multiplication on elliptic curves with efficient
 * endomorphisms", 2001).
 */
static void split(struct half h[2], const struct fn *k, int width)
{
	struct fn c1, c2, k1, k2;

	scaled(&c1, k, &scale_1);
	scaled(&c2, k, &scale_2);
	multiply(&c1, &c1, &minus_b1);
	multiply(&c2, &c2, &minus_b2);
	fn_add(&k2, &c1, &c2);
	multiply(&k1, &k2, &minus_lambda);
	fn_add(&k1, &k1, k);
	half_init(&h[0], &k1, width);
	half_init(&h[1], &k2, width);
}

/*
 * 2 p with slope 3/2 x^2 in the place of 3 x^2, which has half the sums that
 * k1_double() has, as z needs none.
 */
static void twice(struct k1_point *r, const struct k1_point *p)
{
	struct fp slope, t, yy, x;

	fp_mul(&r->z, &p->y, &p->z);
	fp_square(&yy, &p->y);
	fp_square(&t, &p->x);
	fp_double(&slope, &t);
	fp_add(&slope, &slope, &t);
	fp_half(&slope, &slope);
	fp_mul(&t, &p->x, &yy);
	fp_square(&x, &slope);
	fp_sub(&x, &x, &t);
	fp_sub(&x, &x, &t);
	fp_sub(&t, &t, &x);
	fp_mul(&t, &t, &slope);
	fp_square(&yy, &yy);
	fp_sub(&r->y, &t, &yy);
	r->x = x;
}

/* How q is from r: the differences of x and y for the denominator z of r. */
static inline void differences(struct fp *h, struct fp *d,
			       const struct k1_point *r,
			       const struct k1_affine *q, const struct fp *z)
{
	struct fp zz;

	fp_square(&zz, z);
	fp_mul(h, &q->x, &zz);
	fp_sub(h, h, &r->x);
	fp_mul(&zz, &zz, z);
	fp_mul(d, &q->y, &zz);
	fp_sub(d, d, &r->y);
}

static void scale(struct k1_affine *p, const struct fp *z)
{
	struct fp zz;

	fp_square(&zz, z);
	fp_mul(&p->x, &p->x, &zz);
	fp_mul(&zz, &zz, z);
	fp_mul(&p->y, &p->y, &zz);
}

/*
 * The odd multiples of a point, and lambda times them: (x, y) for a common
 * denominator, as if that were 1. The formulas do not see it: they have no
 * use for the curve's b, which is all that such a change of scale changes.
 */
struct odd {
	struct k1_affine p[2][SCALAR_ODD];
	struct fp z;
};

/* p has the denominator 1, so it and its multiples are never 2p or -2p. */
static void odd_init(struct odd *odd, const struct k1_point *p)
{
	struct k1_point sum, step;
	struct k1_affine affine;
	struct fp grown[SCALAR_ODD], h, d; /* grown: z by how much */

	twice(&step, p);
	affine = (struct k1_affine){step.x, step.y};
	odd->p[0][0] = (struct k1_affine){p->x, p->y};
	scale(&odd->p[0][0], &step.z);
	k1_from_affine(&sum, &odd->p[0][0]);
	for (int i = 1; i < SCALAR_ODD; i++) {
		differences(&h, &d, &sum, &affine, &sum.z);
		grown[i] = h;
		k1_add_finish(&sum, &sum.x, &sum.y, &h, &d, &sum.z);
		odd->p[0][i] = (struct k1_affine){sum.x, sum.y};
	}
	fp_mul(&odd->z, &sum.z, &step.z);
	fp_set(&d, 1);
	for (int i = SCALAR_ODD - 1; i >= 0; i--) {
		if (i < SCALAR_ODD - 1)
			scale(&odd->p[0][i], &d);
		odd->p[1][i] = odd->p[0][i];
		fp_mul(&odd->p[1][i].x, &odd->p[1][i].x, &beta);
		if (i > 0)
			fp_mul(&d, &d, &grown[i]);
	}
}

/* r += q, or -q, whose denominator is 1 / z. */
static void add(struct k1_point *r, const struct k1_affine *q, bool minus,
		const struct fp *z)
{
	struct k1_affine p = *q;
	struct fp zr, h, d;

	if (minus)
		fp_neg(&p.y, &p.y);
	if (k1_is_infinity(r)) {
		if (z)
			scale(&p, z);
		k1_from_affine(r, &p);
		return;
	}
	zr = r->z;
	if (z)
		fp_mul(&zr, &zr, z);
	differences(&h, &d, r, &p, &zr);
	if (fp_is_zero(&h))
		k1_add_same_x(r, r, &d);
	else
		k1_add_finish(r, &r->x, &r->y, &h, &d, &r->z);
}

/* r += the digit's multiple of the base, or of lambda times it */
static void add_base(struct k1_point *r, int digit, bool lambda,
		     const struct fp *z)
{
	struct k1_affine p = base[(digit < 0 ? -digit : digit) / 2];

	if (lambda)
		fp_mul(&p.x, &p.x, &beta);
	add(r, &p, digit < 0, z);
}

/* a * G + b * p; a and b are plain numbers below the order */
static void combine(struct k1_point *r, const struct fn *a, const struct fn *b,
		    const struct k1_point *p)
{
	struct half g[2], h[2];
	struct odd odd;

	split(g, a, BASE_WINDOW);
	split(h, b, SCALAR_WINDOW);
	odd_init(&odd, p);
	*r = (struct k1_point){0};
	for (int i = 128; i >= 0; i--) {
		if (!k1_is_infinity(r))
			twice(r, r);
		for (int j = 0; j < 2; j++) {
			int digit = g[j].digits[i];

			if (digit)
				add_base(r, g[j].minus ? -digit : digit, j,
					 &odd.z);
			digit = h[j].digits[i];
			if (digit)
				add(r,
				    &odd.p[j][(digit < 0 ? -digit : digit) / 2],
				    (digit < 0) != h[j].minus, NULL);
		}
	}
	fp_mul(&r->z, &r->z, &odd.z);
}

/* The point with this x and an odd y or not. */
static bool lift(const struct u256 *x, bool odd, struct k1_point *p)
{
	struct fp seven = {{7}}, c;

	if (!u256_less(x, &field))
		return false;
	*p = (struct k1_point){.x = {{x->w[0], x->w[1], x->w[2], x->w[3]}},
			       .z = {{1}}};
	fp_square(&c, &p->x);
	fp_mul(&c, &c, &p->x);
	fp_add(&c, &c, &seven);
	if (!fp_sqrt(&p->y, &c))
		return false;
	fp_normalize(&p->y);
	if ((p->y.w[0] & 1) != odd)
		fp_neg(&p->y, &p->y);
	return true;
}

/* A plain number from 1 to the order less 1. */
static bool scalar(struct fn *r, const struct u256 *a)
{
	struct fn t;

	*r = (struct fn){{a->w[0], a->w[1], a->w[2], a->w[3]}};
	return !fn_is_zero(r) && limbs_sub(t.w, r->w, fn_modulus.w, 4);
}

static void to_u256(struct u256 *r, const struct fp *a)
{
	*r = (struct u256){{a->w[0], a->w[1], a->w[2], a->w[3]}};
}

/* The key is (s * R - hash * G) / r. */
bool secp256k1_recover(const struct u256 *hash, bool odd, const struct u256 *r,
		       const struct u256 *s, struct u256 *x, struct u256 *y)
{
	struct fn inverse, a, b, t;
	struct k1_affine affine;
	struct k1_point point, key;

	if (!scalar(&inverse, r) || !scalar(&b, s) || !lift(r, odd, &point))
		return false;
	fn_enter(&inverse, &inverse);
	fn_invert(&inverse, &inverse);
	a = (struct fn){{hash->w[0], hash->w[1], hash->w[2], hash->w[3]}};
	if (!limbs_sub(t.w, a.w, fn_modulus.w, 4))
		a = t;
	fn_neg(&a, &a);
	fn_mul(&a, &a, &inverse);
	fn_mul(&b, &b, &inverse);
	combine(&key, &a, &b, &point);
	if (k1_is_infinity(&key))
		return false;
	k1_to_affine(&affine, &key);
	fp_normalize(&affine.x);
	fp_normalize(&affine.y);
	to_u256(x, &affine.x);
	to_u256(y, &affine.y);
	return true;
}
