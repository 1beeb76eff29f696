/*
 * curve.h: points of y^2 = x^3 + a x + b over one of the fields that were included
 * before. It is included once for each group, with CURVE(name) for the names
 * it defines and COORD(name) for those of the field: `struct CURVE(point)`,
 * `struct CURVE(affine)` and the functions below. CURVE_A is 0 or -3.
 *
 * A point is Jacobian: (x / z^2, y / z^3), z = 0 for infinity. An affine
 * point of zeros is infinity: it is on no curve here, as b is not 0. The
 * formulas are of the Explicit-Formulas Database (add-2007-bl; dbl-2009-l
 * where a is 0).
 */
#if !defined(CURVE) || !defined(COORD)
#error "curve.h: CURVE() and COORD() come first"
#endif

#include "evm/scalar.h"

#define POINT	struct CURVE(point)
#define AFFINE	struct CURVE(affine)
#define TERM	struct CURVE(term)
#define ELEMENT struct COORD()

struct CURVE(affine) {
	ELEMENT x, y;
};

struct CURVE(point) {
	ELEMENT x, y, z;
};

static inline bool CURVE(is_infinity)(const POINT *p)
{
	return COORD(_is_zero)(&p->z);
}

static inline bool CURVE(is_origin)(const AFFINE *p)
{
	return COORD(_is_zero)(&p->x) && COORD(_is_zero)(&p->y);
}

static inline bool CURVE(on_curve)(const AFFINE *p, const ELEMENT *b)
{
	ELEMENT left, right;

	COORD(_square)(&left, &p->y);
	COORD(_square)(&right, &p->x);
	COORD(_mul)(&right, &right, &p->x);
	for (int i = 0; i < -CURVE_A; i++)
		COORD(_sub)(&right, &right, &p->x);
	COORD(_add)(&right, &right, b);
	return COORD(_equal)(&left, &right);
}

static inline void CURVE(from_affine)(POINT *r, const AFFINE *p)
{
	*r = (POINT){.x = p->x, .y = p->y};
	if (!CURVE(is_origin)(p))
		COORD(_set)(&r->z, 1);
}

LIMBS_CALLED void CURVE(to_affine)(AFFINE *r, const POINT *p)
{
	ELEMENT inverse, square;

	COORD(_invert)(&inverse, &p->z); /* of zero: zero, so zeros remain */
	COORD(_square)(&square, &inverse);
	COORD(_mul)(&r->x, &p->x, &square);
	COORD(_mul)(&square, &square, &inverse);
	COORD(_mul)(&r->y, &p->y, &square);
}

static inline void CURVE(neg)(POINT *r, const POINT *p)
{
	*r = *p;
	COORD(_neg)(&r->y, &p->y);
}

/* 3x^2 + a z^4, given x^2 */
static inline void CURVE(slope)(ELEMENT *r, const ELEMENT *xx, const POINT *p)
{
	ELEMENT z = *xx;

	if (CURVE_A != 0) { /* -3: x^2 - z^4 in the place of x^2 */
		COORD(_square)(&z, &p->z);
		COORD(_square)(&z, &z);
		COORD(_sub)(&z, xx, &z);
	}
	COORD(_double)(r, &z);
	COORD(_add)(r, r, &z);
}

LIMBS_CALLED void CURVE(double)(POINT *r, const POINT *p)
{
	ELEMENT a, b, c, d, e, z;

	COORD(_square)(&a, &p->x);
	COORD(_square)(&b, &p->y);
	COORD(_square)(&c, &b);
	COORD(_add)(&d, &p->x, &b);
	COORD(_square)(&d, &d);
	COORD(_sub)(&d, &d, &a);
	COORD(_sub)(&d, &d, &c);
	COORD(_double)(&d, &d);
	CURVE(slope)(&e, &a, p);
	COORD(_mul)(&z, &p->y, &p->z);
	COORD(_double)(&r->z, &z);
	COORD(_square)(&r->x, &e);
	COORD(_sub)(&r->x, &r->x, &d);
	COORD(_sub)(&r->x, &r->x, &d);
	COORD(_sub)(&d, &d, &r->x);
	COORD(_mul)(&r->y, &e, &d);
	for (int i = 0; i < 3; i++)
		COORD(_double)(&c, &c);
	COORD(_sub)(&r->y, &r->y, &c);
}

/*
 * The second half of an addition, once both points have the same
 * denominator: u and s are x and y of the first, h and d the differences of
 * the second's, z what their product of denominators is.
 */
LIMBS_CALLED void CURVE(add_finish)(POINT *r, const ELEMENT *u,
				    const ELEMENT *s, const ELEMENT *h,
				    const ELEMENT *d, const ELEMENT *z)
{
	ELEMENT hh, hhh, v;

	COORD(_square)(&hh, h);
	COORD(_mul)(&hhh, &hh, h);
	COORD(_mul)(&v, u, &hh);
	COORD(_mul)(&r->z, z, h);
	COORD(_mul)(&hh, &hhh, s);
	COORD(_square)(&r->x, d);
	COORD(_sub)(&r->x, &r->x, &hhh);
	COORD(_sub)(&r->x, &r->x, &v);
	COORD(_sub)(&r->x, &r->x, &v);
	COORD(_sub)(&v, &v, &r->x);
	COORD(_mul)(&v, &v, d);
	COORD(_sub)(&r->y, &v, &hh);
}

/* The same x: the same point, or one and its negative. */
static inline void CURVE(add_same_x)(POINT *r, const POINT *p, const ELEMENT *d)
{
	if (COORD(_is_zero)(d))
		CURVE(double)(r, p);
	else
		*r = (POINT){0};
}

LIMBS_CALLED void CURVE(add)(POINT *r, const POINT *p, const POINT *q)
{
	ELEMENT pzz, qzz, u, s, h, d, z;

	if (CURVE(is_infinity)(p) || CURVE(is_infinity)(q)) {
		*r = CURVE(is_infinity)(p) ? *q : *p;
		return;
	}
	COORD(_square)(&pzz, &p->z);
	COORD(_square)(&qzz, &q->z);
	COORD(_mul)(&u, &p->x, &qzz);
	COORD(_mul)(&h, &q->x, &pzz);
	COORD(_sub)(&h, &h, &u);
	COORD(_mul)(&qzz, &qzz, &q->z);
	COORD(_mul)(&pzz, &pzz, &p->z);
	COORD(_mul)(&s, &p->y, &qzz);
	COORD(_mul)(&d, &q->y, &pzz);
	COORD(_sub)(&d, &d, &s);
	if (COORD(_is_zero)(&h)) {
		CURVE(add_same_x)(r, p, &d);
		return;
	}
	COORD(_mul)(&z, &p->z, &q->z);
	CURVE(add_finish)(r, &u, &s, &h, &d, &z);
}

/* q is not infinite. */
static inline void CURVE(add_affine)(POINT *r, const POINT *p, const AFFINE *q)
{
	ELEMENT zz, h, d;

	if (CURVE(is_infinity)(p)) {
		CURVE(from_affine)(r, q);
		return;
	}
	COORD(_square)(&zz, &p->z);
	COORD(_mul)(&h, &q->x, &zz);
	COORD(_sub)(&h, &h, &p->x);
	COORD(_mul)(&zz, &zz, &p->z);
	COORD(_mul)(&d, &q->y, &zz);
	COORD(_sub)(&d, &d, &p->y);
	if (COORD(_is_zero)(&h))
		CURVE(add_same_x)(r, p, &d);
	else
		CURVE(add_finish)(r, &p->x, &p->y, &h, &d, &p->z);
}

static inline bool CURVE(equal)(const POINT *p, const POINT *q)
{
	POINT minus, sum;

	CURVE(neg)(&minus, q);
	CURVE(add)(&sum, p, &minus);
	return CURVE(is_infinity)(&sum);
}

/* r = k * p, by the signed binary digits of k */
LIMBS_CALLED void CURVE(mul_u64)(POINT *r, const POINT *p, uint64_t k)
{
	limbs_wide three = (limbs_wide)k * 3;
	POINT base = *p, minus;

	CURVE(neg)(&minus, p);
	*r = (POINT){0};
	for (int i = 65; i > 0; i--) {
		bool up = limbs_wide_bit(three, i);
		bool down = limbs_wide_bit(k, i);

		CURVE(double)(r, r);
		if (up != down)
			CURVE(add)(r, r, up ? &base : &minus);
	}
}

/* What the multiplication of one point needs: p, 3p, ... 15p; the digits. */
struct CURVE(term) {
	POINT odd[SCALAR_ODD];
	int8_t digits[SCALAR_DIGITS];
};

static inline void CURVE(term_init)(TERM *t, const POINT *p,
				    const uint64_t k[4])
{
	POINT twice;

	scalar_digits(t->digits, k, SCALAR_WINDOW);
	t->odd[0] = *p;
	CURVE(double)(&twice, p);
	for (int i = 1; i < SCALAR_ODD; i++)
		CURVE(add)(&t->odd[i], &t->odd[i - 1], &twice);
}

/* The sum of the terms' products; they share the doublings (Straus, 1964). */
static inline void CURVE(sum_terms)(POINT *r, const TERM *terms, size_t n)
{
	*r = (POINT){0};
	for (int i = SCALAR_DIGITS - 1; i >= 0; i--) {
		if (!CURVE(is_infinity)(r))
			CURVE(double)(r, r);
		for (size_t j = 0; j < n; j++) {
			int digit = terms[j].digits[i];
			POINT minus;

			if (digit > 0)
				CURVE(add)(r, r, &terms[j].odd[digit / 2]);
			if (digit >= 0)
				continue;
			CURVE(neg)(&minus, &terms[j].odd[-digit / 2]);
			CURVE(add)(r, r, &minus);
		}
	}
}

#undef POINT
#undef AFFINE
#undef TERM
#undef ELEMENT
#undef CURVE
#undef COORD
