/*
 * secp256k1.c: recovering public keys (SEC 1, 4.1.6; the curve is SEC 2's:
 * y^2 = x^3 + 7). Points are Jacobian, (X / Z^2, Y / Z^3), with Z = 0 for
 * infinity. All that is computed here is public: nothing need take the same
 * time for all inputs.
 */
#include "evm/secp256k1.h"

/* The field's modulus, 2^256 - 2^32 - 977, and the group's order. */
static const struct u256 field = {{0xfffffffefffffc2f, 0xffffffffffffffff,
				   0xffffffffffffffff, 0xffffffffffffffff}};
static const struct u256 order = {{0xbfd25e8cd0364141, 0xbaaedce6af48a03b,
				   0xfffffffffffffffe, 0xffffffffffffffff}};

struct point {
	struct u256 x, y, z;
};

static const struct point generator = {
	{{0x59f2815b16f81798, 0x029bfcdb2dce28d9, 0x55a06295ce870b07,
	  0x79be667ef9dcbbac}},
	{{0x9c47d08ffb10d4b8, 0xfd17b448a6855419, 0x5da4fbfc0e1108a8,
	  0x483ada7726a3c465}},
	{{1}}};

static struct u256 add(const struct u256 *a, const struct u256 *b)
{
	return u256_addmod(a, b, &field);
}

static struct u256 sub(const struct u256 *a, const struct u256 *b)
{
	struct u256 r;

	if (u256_sub_borrow(&r, a, b))
		r = u256_add(&r, &field);
	return r;
}

/* r += (the four limbs of high) * 2^256, which is 2^32 + 977 in the field */
static uint64_t fold(struct u256 *r, const uint64_t *high, int limbs)
{
	uint64_t carry = 0;

	for (int i = 0; i < 4; i++) {
		u256_wide t =
			(u256_wide)(i < limbs ? high[i] : 0) * 0x1000003d1 +
			r->w[i] + carry;

		r->w[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
	return carry;
}

static struct u256 mul(const struct u256 *a, const struct u256 *b)
{
	uint64_t product[8];
	struct u256 r;
	uint64_t carry;

	u256_mul_full(product, a, b);
	r = (struct u256){{product[0], product[1], product[2], product[3]}};
	carry = fold(&r, product + 4, 4);
	while (carry)
		carry = fold(&r, &carry, 1);
	if (!u256_less(&r, &field))
		r = u256_sub(&r, &field);
	return r;
}

static struct u256 square(const struct u256 *a)
{
	return mul(a, a);
}

static struct u256 power(const struct u256 *a, const struct u256 *exponent)
{
	struct u256 r = u256_from(1);

	for (int i = (int)u256_bits(exponent) - 1; i >= 0; i--) {
		r = square(&r);
		if (exponent->w[i / 64] >> (i % 64) & 1)
			r = mul(&r, a);
	}
	return r;
}

/* a^(p - 2), Fermat */
static struct u256 invert(const struct u256 *a)
{
	struct u256 two = u256_from(2), exponent = u256_sub(&field, &two);

	return power(a, &exponent);
}

/* Modulo the order: the same, with the general multiplication. */
static struct u256 order_invert(const struct u256 *a)
{
	struct u256 two = u256_from(2), exponent = u256_sub(&order, &two);
	struct u256 r = u256_from(1);

	for (int i = 255; i >= 0; i--) {
		r = u256_mulmod(&r, &r, &order);
		if (exponent.w[i / 64] >> (i % 64) & 1)
			r = u256_mulmod(&r, a, &order);
	}
	return r;
}

/* S = 4XY^2, M = 3X^2: X' = M^2 - 2S, Y' = M(S - X') - 8Y^4, Z' = 2YZ */
static struct point twice(const struct point *p)
{
	struct u256 yy = square(&p->y), s = mul(&p->x, &yy), m, t;
	struct point r;

	s = add(&s, &s);
	s = add(&s, &s);
	t = square(&p->x);
	m = add(&t, &t);
	m = add(&m, &t);
	r.x = square(&m);
	r.x = sub(&r.x, &s);
	r.x = sub(&r.x, &s);
	t = sub(&s, &r.x);
	r.y = mul(&m, &t);
	t = square(&yy);
	t = add(&t, &t);
	t = add(&t, &t);
	t = add(&t, &t);
	r.y = sub(&r.y, &t);
	r.z = mul(&p->y, &p->z);
	r.z = add(&r.z, &r.z);
	return r;
}

/*
 * U = XZ'^2, S = YZ'^3 of each, H and R their differences:
 * X = R^2 - H^3 - 2UH^2, Y = R(UH^2 - X) - SH^3, Z = HZZ'
 */
static struct point plus(const struct point *p, const struct point *q)
{
	struct u256 pzz = square(&p->z), qzz = square(&q->z), h, rr, hh, hhh, t;
	struct u256 u = mul(&p->x, &qzz), u2 = mul(&q->x, &pzz);
	struct u256 s = mul(&p->y, &qzz), s2 = mul(&q->y, &pzz);
	struct point r = {{{0}}, {{0}}, {{0}}};

	if (u256_is_zero(&p->z))
		return *q;
	if (u256_is_zero(&q->z))
		return *p;
	s = mul(&s, &q->z);
	s2 = mul(&s2, &p->z);
	h = sub(&u2, &u);
	rr = sub(&s2, &s);
	if (u256_is_zero(&h))
		return u256_is_zero(&rr) ? twice(p) : r;
	hh = square(&h);
	hhh = mul(&hh, &h);
	u = mul(&u, &hh);
	r.x = square(&rr);
	r.x = sub(&r.x, &hhh);
	r.x = sub(&r.x, &u);
	r.x = sub(&r.x, &u);
	t = sub(&u, &r.x);
	r.y = mul(&rr, &t);
	t = mul(&s, &hhh);
	r.y = sub(&r.y, &t);
	r.z = mul(&p->z, &q->z);
	r.z = mul(&r.z, &h);
	return r;
}

static bool bit(const struct u256 *a, int i)
{
	return a->w[i / 64] >> (i % 64) & 1;
}

/* a * p + b * q, both scalars at once */
static struct point combine(const struct u256 *a, const struct point *p,
			    const struct u256 *b, const struct point *q)
{
	struct point r = {{{0}}, {{0}}, {{0}}}, both = plus(p, q);

	for (int i = 255; i >= 0; i--) {
		r = twice(&r);
		if (bit(a, i) && bit(b, i))
			r = plus(&r, &both);
		else if (bit(a, i))
			r = plus(&r, p);
		else if (bit(b, i))
			r = plus(&r, q);
	}
	return r;
}

/* The point with this x and an odd y or not; the root is c^((p + 1) / 4). */
static bool lift(const struct u256 *x, bool odd, struct point *p)
{
	struct u256 seven = u256_from(7), one = u256_from(1), c, exponent;
	struct u256 two = u256_from(2), back;

	if (!u256_less(x, &field))
		return false;
	c = square(x);
	c = mul(&c, x);
	c = add(&c, &seven);
	exponent = u256_add(&field, &one);
	exponent = u256_shr(&two, &exponent);
	p->x = *x;
	p->y = power(&c, &exponent);
	p->z = one;
	back = square(&p->y);
	if (!u256_equal(&back, &c))
		return false;
	if ((p->y.w[0] & 1) != odd)
		p->y = sub(&field, &p->y);
	return true;
}

static bool scalar(const struct u256 *a)
{
	return !u256_is_zero(a) && u256_less(a, &order);
}

/* The key is (s * R - hash * G) / r. */
bool secp256k1_recover(const struct u256 *hash, bool odd, const struct u256 *r,
		       const struct u256 *s, struct u256 *x, struct u256 *y)
{
	struct u256 inverse, a, b, z;
	struct point big_r, key;

	if (!scalar(r) || !scalar(s) || !lift(r, odd, &big_r))
		return false;
	inverse = order_invert(r);
	a = u256_mod(hash, &order);
	a = u256_sub(&order, &a);
	a = u256_mulmod(&a, &inverse, &order);
	b = u256_mulmod(s, &inverse, &order);
	key = combine(&a, &generator, &b, &big_r);
	if (u256_is_zero(&key.z))
		return false;
	inverse = invert(&key.z);
	z = square(&inverse);
	*x = mul(&key.x, &z);
	z = mul(&z, &inverse);
	*y = mul(&key.y, &z);
	return true;
}
