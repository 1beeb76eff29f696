/*
 * pairing.h: what the optimal ate pairings of BN and BLS12 curves share: the
 * steps of Miller's loop, the map of Frobenius, and the easy part of the final
 * exponentiation. It comes after tower.h and curve.h (as g1 and g2) and knows
 * by PAIRING_D_TWIST which way the curve of G2 is twisted.
 *
 * The running point is homogeneous, (x / z, y / z); the formulas of its steps
 * and of their lines are those of Aranha, Karabina, Longa, Gebotys and Lopez,
 * "Faster explicit formulas for computing pairings over ordinary curves"
 * (eprint 2010/526), with the lines scaled by an element of a subfield, which
 * the final exponentiation makes 1.
 */
#ifndef TOWER_DEFINED
#error "pairing.h: comes after tower.h and curve.h"
#endif

struct line {
	struct fp2 y, x, one; /* what y of P, x of P and 1 are multiplied by */
};

/* One pair of points, and where its loop is. */
struct miller {
	struct g1_affine p;
	struct g2_affine q, minus_q;
	struct g2_point t;
};

/* xi^(k (p - 1) / 6) for k from 0 to 5 */
struct frobenius {
	struct fp2 k[6];
};

LIMBS_CALLED void line_double(struct line *l, struct g2_point *t,
			      const struct fp2 *twist_b)
{
	struct fp2 a, b, c, e, f, g, h, j;

	fp2_mul(&a, &t->x, &t->y);
	fp2_halve(&a, &a);
	fp2_square(&b, &t->y);
	fp2_square(&c, &t->z);
	fp2_double(&e, &c);
	fp2_add(&e, &e, &c);
	fp2_mul(&e, &e, twist_b);
	fp2_double(&f, &e);
	fp2_add(&f, &f, &e);
	fp2_add(&g, &b, &f);
	fp2_halve(&g, &g);
	fp2_add(&h, &t->y, &t->z);
	fp2_square(&h, &h);
	fp2_sub(&h, &h, &b);
	fp2_sub(&h, &h, &c);
	fp2_square(&j, &t->x);

	fp2_neg(&l->y, &h);
	fp2_double(&l->x, &j);
	fp2_add(&l->x, &l->x, &j);
	fp2_sub(&l->one, &e, &b);

	fp2_sub(&t->x, &b, &f);
	fp2_mul(&t->x, &t->x, &a);
	fp2_square(&t->y, &g);
	fp2_square(&e, &e);
	fp2_double(&f, &e);
	fp2_add(&f, &f, &e);
	fp2_sub(&t->y, &t->y, &f);
	fp2_mul(&t->z, &b, &h);
}

LIMBS_CALLED void line_add(struct line *l, struct g2_point *t,
			   const struct g2_affine *q)
{
	struct fp2 o, d, dd, ddd, f, g, h, u;

	fp2_mul(&o, &q->y, &t->z);
	fp2_sub(&o, &t->y, &o);
	fp2_mul(&d, &q->x, &t->z);
	fp2_sub(&d, &t->x, &d);
	fp2_square(&dd, &d);
	fp2_mul(&ddd, &dd, &d);
	fp2_square(&f, &o);
	fp2_mul(&f, &f, &t->z);
	fp2_mul(&g, &t->x, &dd);
	fp2_add(&h, &ddd, &f);
	fp2_sub(&h, &h, &g);
	fp2_sub(&h, &h, &g);

	fp2_mul(&t->x, &d, &h);
	fp2_sub(&g, &g, &h);
	fp2_mul(&g, &g, &o);
	fp2_mul(&u, &t->y, &ddd);
	fp2_sub(&t->y, &g, &u);
	fp2_mul(&t->z, &t->z, &ddd);

	l->y = d;
	fp2_neg(&l->x, &o);
	fp2_mul(&l->one, &q->x, &o);
	fp2_mul(&u, &q->y, &d);
	fp2_sub(&l->one, &l->one, &u);
}

/* f times a line at p: at a D twist (y) + (x + one v) w */
static inline void mul_line_d(struct fp12 *f, const struct line *l)
{
	struct fp6 a, b, s;
	struct fp2 sum;

	fp6_scale(&a, &f->c[0], &l->y);
	fp6_mul_01(&b, &f->c[1], &l->x, &l->one);
	fp2_add(&sum, &l->y, &l->x);
	fp6_add(&s, &f->c[0], &f->c[1]);
	fp6_mul_01(&s, &s, &sum, &l->one);
	fp6_sub(&s, &s, &a);
	fp6_sub(&f->c[1], &s, &b);
	fp6_mul_v(&b, &b);
	fp6_add(&f->c[0], &a, &b);
}

/* at an M twist (one + x v) + (y v) w */
static inline void mul_line_m(struct fp12 *f, const struct line *l)
{
	struct fp6 a, b, s;
	struct fp2 sum;

	fp6_mul_01(&a, &f->c[0], &l->one, &l->x);
	fp6_scale(&b, &f->c[1], &l->y);
	fp6_mul_v(&b, &b);
	fp2_add(&sum, &l->x, &l->y);
	fp6_add(&s, &f->c[0], &f->c[1]);
	fp6_mul_01(&s, &s, &l->one, &sum);
	fp6_sub(&s, &s, &a);
	fp6_sub(&f->c[1], &s, &b);
	fp6_mul_v(&b, &b);
	fp6_add(&f->c[0], &a, &b);
}

LIMBS_CALLED void mul_line(struct fp12 *f, struct line *l,
			   const struct g1_affine *p)
{
	fp2_scale(&l->y, &l->y, &p->y);
	fp2_scale(&l->x, &l->x, &p->x);
	if (PAIRING_D_TWIST)
		mul_line_d(f, l);
	else
		mul_line_m(f, l);
}

/* Neither point may be infinity: the value of such a pair is 1. */
static inline void miller_init(struct miller *m, const struct g1_affine *p,
			       const struct g2_affine *q)
{
	*m = (struct miller){.p = *p, .q = *q, .minus_q = *q};
	fp2_neg(&m->minus_q.y, &q->y);
	g2_from_affine(&m->t, q);
}

/* f = the product of all lines to k * Q, by the signed binary digits of k */
static inline void miller_loop(struct fp12 *f, struct miller *m, size_t n,
			       limbs_wide k, const struct fp2 *twist_b)
{
	limbs_wide three = k * 3;
	struct line l;
	int top = 127;

	while (!limbs_wide_bit(three, top))
		top--;
	fp12_set_one(f);
	for (int i = top - 1; i > 0; i--) {
		bool up = limbs_wide_bit(three, i);
		bool down = limbs_wide_bit(k, i);

		fp12_square(f, f);
		for (size_t j = 0; j < n; j++) {
			line_double(&l, &m[j].t, twist_b);
			mul_line(f, &l, &m[j].p);
			if (up == down)
				continue;
			line_add(&l, &m[j].t, up ? &m[j].q : &m[j].minus_q);
			mul_line(f, &l, &m[j].p);
		}
	}
}

/* `base` is xi^((p - 1) / 6) as a plain number. */
static inline void frobenius_init(struct frobenius *t, const struct fp2 *base)
{
	fp2_set(&t->k[0], 1);
	fp_enter(&t->k[1].a, &base->a);
	fp_enter(&t->k[1].b, &base->b);
	for (int i = 2; i < 6; i++)
		fp2_mul(&t->k[i], &t->k[i - 1], &t->k[1]);
}

/* r = x^p: w^p is w * xi^((p - 1) / 6) */
LIMBS_CALLED void fp12_frobenius(struct fp12 *r, const struct fp12 *x,
				 const struct frobenius *t)
{
	for (int i = 0; i < 6; i++) {
		struct fp2 *c = &r->c[i % 2].c[i / 2];

		fp2_conjugate(c, &x->c[i % 2].c[i / 2]);
		fp2_mul(c, c, &t->k[i]);
	}
}

/* 2x + 3 (y - x) or 3y + 2x, as in the squaring below */
LIMBS_CALLED void triple_less(struct fp2 *r, const struct fp2 *y,
			      const struct fp2 *x)
{
	struct fp2 t;

	fp2_sub(&t, y, x);
	fp2_double(&t, &t);
	fp2_add(r, &t, y);
}

LIMBS_CALLED void triple_more(struct fp2 *r, const struct fp2 *y,
			      const struct fp2 *x)
{
	struct fp2 t;

	fp2_add(&t, y, x);
	fp2_double(&t, &t);
	fp2_add(r, &t, y);
}

/* (x + y s)^2 in Fp4 = Fp2[s] / (s^2 - xi) */
LIMBS_CALLED void fp4_square(struct fp2 *even, struct fp2 *odd,
			     const struct fp2 *x, const struct fp2 *y)
{
	struct fp2 xx, yy, t;

	fp2_square(&xx, x);
	fp2_square(&yy, y);
	fp2_add(&t, x, y);
	fp2_square(&t, &t);
	fp2_sub(&t, &t, &xx);
	fp2_sub(odd, &t, &yy);
	fp2_mul_xi(&yy, &yy);
	fp2_add(even, &xx, &yy);
}

/*
 * A square where x^(p^4 - p^2 + 1) = 1 (Granger, Scott, "Faster squaring in
 * the cyclotomic subgroup of sixth degree extensions", 2010).
 */
LIMBS_CALLED void cyclotomic_square(struct fp12 *r, const struct fp12 *x)
{
	const struct fp2 *g = x->c[0].c, *h = x->c[1].c;
	struct fp2 even[3], odd[3];

	fp4_square(&even[0], &odd[0], &g[0], &h[1]);
	fp4_square(&even[1], &odd[1], &h[0], &g[2]);
	fp4_square(&even[2], &odd[2], &g[1], &h[2]);
	fp2_mul_xi(&odd[2], &odd[2]);
	for (int i = 0; i < 3; i++)
		triple_less(&r->c[0].c[i], &even[i], &g[i]);
	triple_more(&r->c[1].c[0], &odd[2], &h[0]);
	triple_more(&r->c[1].c[1], &odd[0], &h[1]);
	triple_more(&r->c[1].c[2], &odd[1], &h[2]);
}

/* r = x^k in the same subgroup, where the conjugate is the inverse */
LIMBS_CALLED void cyclotomic_power(struct fp12 *r, const struct fp12 *x,
				   uint64_t k)
{
	limbs_wide three = (limbs_wide)k * 3;
	struct fp12 base = *x, inverse;
	bool started = false;

	fp12_conjugate(&inverse, x);
	fp12_set_one(r);
	for (int i = 65; i > 0; i--) {
		bool up = limbs_wide_bit(three, i);
		bool down = limbs_wide_bit(k, i);

		if (started)
			cyclotomic_square(r, r);
		if (up == down)
			continue;
		fp12_mul(r, r, up ? &base : &inverse);
		started = true;
	}
}

/* f^((p^6 - 1)(p^2 + 1)) */
static inline void easy_part(struct fp12 *f, const struct frobenius *t)
{
	struct fp12 inverse, g;

	fp12_invert(&inverse, f);
	fp12_conjugate(f, f);
	fp12_mul(f, f, &inverse);
	fp12_frobenius(&g, f, t);
	fp12_frobenius(&g, &g, t);
	fp12_mul(f, f, &g);
}

/*
 * psi: the map of Frobenius seen from the twisted curve, by the powers 2 and 3
 * of the constant at a D twist, of its inverse at an M twist.
 */
LIMBS_CALLED void g2_psi(struct g2_point *r, const struct g2_point *q,
			 const struct fp2 *kx, const struct fp2 *ky)
{
	fp2_conjugate(&r->x, &q->x);
	fp2_mul(&r->x, &r->x, kx);
	fp2_conjugate(&r->y, &q->y);
	fp2_mul(&r->y, &r->y, ky);
	fp2_conjugate(&r->z, &q->z);
}
