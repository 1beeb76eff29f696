/*
 * swu.h: the map of an element of a field to a point of y^2 = x^3 + a x + b
 * (RFC 9380, 6.6.2), and an isogeny from there. Included once for each group,
 * as curve.h is.
 */
#define AFFINE	struct CURVE(affine)
#define ELEMENT struct COORD()

/* x^3 + a x + b */
static void CURVE(right_side)(ELEMENT *r, const ELEMENT *x,
			      const struct CURVE(swu) * s)
{
	ELEMENT t;

	COORD(_square)(&t, x);
	COORD(_add)(&t, &t, &s->a);
	COORD(_mul)(&t, &t, x);
	COORD(_add)(r, &t, &s->b);
}

static void CURVE(swu_map)(AFFINE *p, const struct CURVE(swu) * s,
			   const ELEMENT *u)
{
	ELEMENT zu, t, side, one;

	COORD(_set)(&one, 1);
	COORD(_square)(&zu, u);
	COORD(_mul)(&zu, &zu, &s->z); /* z u^2 */
	COORD(_square)(&t, &zu);
	COORD(_add)(&t, &t, &zu);
	if (COORD(_is_zero)(&t)) { /* x = b / (z a) */
		COORD(_mul)(&side, &s->z, &s->a);
		COORD(_invert)(&t, &side);
		COORD(_mul)(&p->x, &s->b, &t);
	} else { /* x = -b / a (1 + 1 / t) = -b (t + 1) / (a t) */
		COORD(_mul)(&side, &t, &s->a);
		COORD(_invert)(&side, &side);
		COORD(_add)(&t, &t, &one);
		COORD(_mul)(&t, &t, &side);
		COORD(_mul)(&t, &t, &s->b);
		COORD(_neg)(&p->x, &t);
	}
	CURVE(right_side)(&side, &p->x, s);
	if (!COORD(_sqrt)(&p->y, &side)) {
		COORD(_mul)(&p->x, &p->x, &zu);
		CURVE(right_side)(&side, &p->x, s);
		COORD(_sqrt)(&p->y, &side);
	}
	if (COORD(_is_odd)(&p->y) != COORD(_is_odd)(u))
		COORD(_neg)(&p->y, &p->y);
}

/* A quotient of polynomials: plain coefficients, the constant ones first. */
struct CURVE(fraction) {
	const ELEMENT *num;
	size_t num_count;
	const ELEMENT *den;
	size_t den_count;
};

static void CURVE(evaluate)(ELEMENT *r, const ELEMENT *k, size_t n,
			    const ELEMENT *x)
{
	ELEMENT t;

	COORD(_enter)(r, &k[n - 1]);
	while (--n > 0) {
		COORD(_mul)(r, r, x);
		COORD(_enter)(&t, &k[n - 1]);
		COORD(_add)(r, r, &t);
	}
}

/*
 * (fx(x), y fy(x)), without a division: with the product of both denominators
 * as Z. Where that is zero the point goes to infinity.
 */
static void CURVE(isogeny)(struct CURVE(point) * r, const AFFINE *p,
			   const struct CURVE(fraction) * fx,
			   const struct CURVE(fraction) * fy)
{
	ELEMENT xn, xd, yn, yd, t;

	CURVE(evaluate)(&xn, fx->num, fx->num_count, &p->x);
	CURVE(evaluate)(&xd, fx->den, fx->den_count, &p->x);
	CURVE(evaluate)(&yn, fy->num, fy->num_count, &p->x);
	CURVE(evaluate)(&yd, fy->den, fy->den_count, &p->x);
	COORD(_mul)(&yn, &yn, &p->y);
	COORD(_mul)(&r->z, &xd, &yd);
	COORD(_mul)(&t, &r->z, &yd); /* xd yd^2 */
	COORD(_mul)(&r->x, &xn, &t);
	COORD(_mul)(&t, &t, &xd);
	COORD(_mul)(&t, &t, &xd); /* xd^3 yd^2 */
	COORD(_mul)(&r->y, &yn, &t);
}

#undef AFFINE
#undef ELEMENT
#undef CURVE
#undef COORD
