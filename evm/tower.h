/*
 * tower.h: the extensions a pairing needs, on the field that was included
 * before: Fp2 = Fp[i] / (i^2 + 1), Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] /
 * (w^2 - v), with xi = TOWER_XI + i. Products are Karatsuba's (Devegili, O
 * hEigeartaigh, Scott, Dahab, "Multiplication and squaring on pairing-friendly
 * fields", 2006). Results may stand where operands do.
 */
#if !defined(TOWER_XI) || defined(TOWER_DEFINED)
#error "tower.h: comes once, after the field `fp` and TOWER_XI"
#endif
#define TOWER_DEFINED

struct fp2 {
	struct fp a, b; /* a + b i */
};

struct fp6 {
	struct fp2 c[3];
};

struct fp12 {
	struct fp6 c[2];
};

LIMBS_CALLED void fp2_add(struct fp2 *r, const struct fp2 *x,
			  const struct fp2 *y)
{
	fp_add(&r->a, &x->a, &y->a);
	fp_add(&r->b, &x->b, &y->b);
}

LIMBS_CALLED void fp2_sub(struct fp2 *r, const struct fp2 *x,
			  const struct fp2 *y)
{
	fp_sub(&r->a, &x->a, &y->a);
	fp_sub(&r->b, &x->b, &y->b);
}

static inline void fp2_double(struct fp2 *r, const struct fp2 *x)
{
	fp2_add(r, x, x);
}

LIMBS_CALLED void fp2_halve(struct fp2 *r, const struct fp2 *x)
{
	fp_halve(&r->a, &x->a);
	fp_halve(&r->b, &x->b);
}

static inline void fp2_neg(struct fp2 *r, const struct fp2 *x)
{
	fp_neg(&r->a, &x->a);
	fp_neg(&r->b, &x->b);
}

static inline void fp2_conjugate(struct fp2 *r, const struct fp2 *x)
{
	r->a = x->a;
	fp_neg(&r->b, &x->b);
}

LIMBS_CALLED void fp2_mul(struct fp2 *r, const struct fp2 *x,
			  const struct fp2 *y)
{
	struct fp aa, bb, s, t;

	fp_mul(&aa, &x->a, &y->a);
	fp_mul(&bb, &x->b, &y->b);
	fp_add(&s, &x->a, &x->b);
	fp_add(&t, &y->a, &y->b);
	fp_mul(&s, &s, &t);
	fp_sub(&s, &s, &aa);
	fp_sub(&r->b, &s, &bb);
	fp_sub(&r->a, &aa, &bb);
}

/* (a + b)(a - b) + 2ab i */
LIMBS_CALLED void fp2_square(struct fp2 *r, const struct fp2 *x)
{
	struct fp sum, diff, ab;

	fp_add(&sum, &x->a, &x->b);
	fp_sub(&diff, &x->a, &x->b);
	fp_mul(&ab, &x->a, &x->b);
	fp_mul(&r->a, &sum, &diff);
	fp_double(&r->b, &ab);
}

LIMBS_CALLED void fp2_scale(struct fp2 *r, const struct fp2 *x,
			    const struct fp *k)
{
	fp_mul(&r->a, &x->a, k);
	fp_mul(&r->b, &x->b, k);
}

/* times xi */
LIMBS_CALLED void fp2_mul_xi(struct fp2 *r, const struct fp2 *x)
{
	struct fp2 t = *x;

	if (TOWER_XI == 9) { /* 9 = 2 * 2 * 2 + 1 */
		for (int i = 0; i < 3; i++)
			fp2_double(&t, &t);
		fp2_add(&t, &t, x);
	}

	struct fp a;

	fp_sub(&a, &t.a, &x->b);
	fp_add(&r->b, &t.b, &x->a);
	r->a = a;
}

static inline bool fp2_is_zero(const struct fp2 *x)
{
	return fp_is_zero(&x->a) && fp_is_zero(&x->b);
}

static inline bool fp2_equal(const struct fp2 *x, const struct fp2 *y)
{
	return fp_equal(&x->a, &y->a) && fp_equal(&x->b, &y->b);
}

static inline void fp2_set(struct fp2 *r, uint64_t small)
{
	*r = (struct fp2){0};
	fp_set(&r->a, small);
}

/* (a - b i) / (a^2 + b^2) */
static inline void fp2_invert(struct fp2 *r, const struct fp2 *x)
{
	struct fp norm, bb;

	fp_square(&norm, &x->a);
	fp_square(&bb, &x->b);
	fp_add(&norm, &norm, &bb);
	fp_invert(&norm, &norm);
	fp2_conjugate(r, x);
	fp2_scale(r, r, &norm);
}

LIMBS_CALLED void fp6_add(struct fp6 *r, const struct fp6 *x,
			  const struct fp6 *y)
{
	for (int i = 0; i < 3; i++)
		fp2_add(&r->c[i], &x->c[i], &y->c[i]);
}

LIMBS_CALLED void fp6_sub(struct fp6 *r, const struct fp6 *x,
			  const struct fp6 *y)
{
	for (int i = 0; i < 3; i++)
		fp2_sub(&r->c[i], &x->c[i], &y->c[i]);
}

LIMBS_CALLED void fp6_neg(struct fp6 *r, const struct fp6 *x)
{
	for (int i = 0; i < 3; i++)
		fp2_neg(&r->c[i], &x->c[i]);
}

/* times v */
LIMBS_CALLED void fp6_mul_v(struct fp6 *r, const struct fp6 *x)
{
	struct fp2 top = x->c[2];

	r->c[2] = x->c[1];
	r->c[1] = x->c[0];
	fp2_mul_xi(&r->c[0], &top);
}

/* (x0 + x1)(y0 + y1) - p0 - p1: what x0 y1 + x1 y0 is */
LIMBS_CALLED void fp2_cross(struct fp2 *r, const struct fp2 *x0,
			    const struct fp2 *x1, const struct fp2 *y0,
			    const struct fp2 *y1, const struct fp2 *p0,
			    const struct fp2 *p1)
{
	struct fp2 s, t;

	fp2_add(&s, x0, x1);
	fp2_add(&t, y0, y1);
	fp2_mul(&s, &s, &t);
	fp2_sub(&s, &s, p0);
	fp2_sub(r, &s, p1);
}

LIMBS_CALLED void fp6_mul(struct fp6 *r, const struct fp6 *x,
			  const struct fp6 *y)
{
	const struct fp2 *a = x->c, *b = y->c;
	struct fp2 p[3], t0, t1, t2;

	for (int i = 0; i < 3; i++)
		fp2_mul(&p[i], &a[i], &b[i]);
	fp2_cross(&t0, &a[1], &a[2], &b[1], &b[2], &p[1], &p[2]);
	fp2_cross(&t1, &a[0], &a[1], &b[0], &b[1], &p[0], &p[1]);
	fp2_cross(&t2, &a[0], &a[2], &b[0], &b[2], &p[0], &p[2]);
	fp2_mul_xi(&t0, &t0);
	fp2_add(&r->c[0], &t0, &p[0]);
	fp2_mul_xi(&t0, &p[2]);
	fp2_add(&r->c[1], &t1, &t0);
	fp2_add(&r->c[2], &t2, &p[1]);
}

/* times b0 + b1 v */
LIMBS_CALLED void fp6_mul_01(struct fp6 *r, const struct fp6 *x,
			     const struct fp2 *b0, const struct fp2 *b1)
{
	const struct fp2 *a = x->c;
	struct fp2 p0, p1, t0, t1, t2;

	fp2_mul(&p0, &a[0], b0);
	fp2_mul(&p1, &a[1], b1);
	fp2_mul(&t0, &a[2], b1);
	fp2_mul(&t2, &a[2], b0);
	fp2_cross(&t1, &a[0], &a[1], b0, b1, &p0, &p1);
	fp2_mul_xi(&t0, &t0);
	fp2_add(&r->c[0], &t0, &p0);
	r->c[1] = t1;
	fp2_add(&r->c[2], &t2, &p1);
}

LIMBS_CALLED void fp6_scale(struct fp6 *r, const struct fp6 *x,
			    const struct fp2 *k)
{
	for (int i = 0; i < 3; i++)
		fp2_mul(&r->c[i], &x->c[i], k);
}

LIMBS_CALLED void fp6_invert(struct fp6 *r, const struct fp6 *x)
{
	const struct fp2 *a = x->c;
	struct fp2 t[3], u, norm;

	/* t0 = a0^2 - xi a1 a2, t1 = xi a2^2 - a0 a1, t2 = a1^2 - a0 a2 */
	fp2_square(&t[0], &a[0]);
	fp2_mul(&u, &a[1], &a[2]);
	fp2_mul_xi(&u, &u);
	fp2_sub(&t[0], &t[0], &u);
	fp2_square(&t[1], &a[2]);
	fp2_mul_xi(&t[1], &t[1]);
	fp2_mul(&u, &a[0], &a[1]);
	fp2_sub(&t[1], &t[1], &u);
	fp2_square(&t[2], &a[1]);
	fp2_mul(&u, &a[0], &a[2]);
	fp2_sub(&t[2], &t[2], &u);

	/* the norm: a0 t0 + xi (a2 t1 + a1 t2) */
	fp2_mul(&norm, &a[2], &t[1]);
	fp2_mul(&u, &a[1], &t[2]);
	fp2_add(&norm, &norm, &u);
	fp2_mul_xi(&norm, &norm);
	fp2_mul(&u, &a[0], &t[0]);
	fp2_add(&norm, &norm, &u);
	fp2_invert(&norm, &norm);
	for (int i = 0; i < 3; i++)
		fp2_mul(&r->c[i], &t[i], &norm);
}

LIMBS_CALLED void fp12_set_one(struct fp12 *r)
{
	*r = (struct fp12){0};
	fp_set(&r->c[0].c[0].a, 1);
}

static inline bool fp12_is_one(const struct fp12 *x)
{
	struct fp12 one;
	bool same = true;

	fp12_set_one(&one);
	for (int i = 0; i < 6; i++)
		same &= fp2_equal(&x->c[i / 3].c[i % 3],
				  &one.c[i / 3].c[i % 3]);
	return same;
}

LIMBS_CALLED void fp12_mul(struct fp12 *r, const struct fp12 *x,
			   const struct fp12 *y)
{
	struct fp6 p0, p1, s, t;

	fp6_mul(&p0, &x->c[0], &y->c[0]);
	fp6_mul(&p1, &x->c[1], &y->c[1]);
	fp6_add(&s, &x->c[0], &x->c[1]);
	fp6_add(&t, &y->c[0], &y->c[1]);
	fp6_mul(&s, &s, &t);
	fp6_sub(&s, &s, &p0);
	fp6_sub(&r->c[1], &s, &p1);
	fp6_mul_v(&p1, &p1);
	fp6_add(&r->c[0], &p0, &p1);
}

/* (x0 + x1)(x0 + v x1) - (1 + v) x0 x1 + 2 x0 x1 w */
LIMBS_CALLED void fp12_square(struct fp12 *r, const struct fp12 *x)
{
	struct fp6 p, s, t;

	fp6_mul(&p, &x->c[0], &x->c[1]);
	fp6_add(&s, &x->c[0], &x->c[1]);
	fp6_mul_v(&t, &x->c[1]);
	fp6_add(&t, &t, &x->c[0]);
	fp6_mul(&s, &s, &t);
	fp6_sub(&s, &s, &p);
	fp6_add(&r->c[1], &p, &p);
	fp6_mul_v(&p, &p);
	fp6_sub(&r->c[0], &s, &p);
}

/* What inverts an element of norm 1, as all are after the easy part. */
LIMBS_CALLED void fp12_conjugate(struct fp12 *r, const struct fp12 *x)
{
	r->c[0] = x->c[0];
	fp6_neg(&r->c[1], &x->c[1]);
}

LIMBS_CALLED void fp12_invert(struct fp12 *r, const struct fp12 *x)
{
	struct fp6 norm, t;

	fp6_mul(&norm, &x->c[0], &x->c[0]);
	fp6_mul(&t, &x->c[1], &x->c[1]);
	fp6_mul_v(&t, &t);
	fp6_sub(&norm, &norm, &t);
	fp6_invert(&norm, &norm);
	fp12_conjugate(r, x);
	fp6_mul(&r->c[0], &r->c[0], &norm);
	fp6_mul(&r->c[1], &r->c[1], &norm);
}
