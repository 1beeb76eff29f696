/*
 * precompile_bn254.c: numbers 6, 7 and 8: addition and multiplication on
 * y^2 = x^3 + 3 (EIP-196) and the check that a product of pairings is 1
 * (EIP-197), on the Barreto-Naehrig curve of 254 bits ("alt_bn128") with
 * parameter x = 44e992b44a6909f1h. G2 is on its D twist by xi = 9 + i.
 */
#include <string.h>

#include "evm/precompile.h"

#define FIELD(name) fp##name
#define FIELD_LIMBS 4
#define FIELD_MODULUS                                                       \
	{                                                                   \
		0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, \
			0x30644e72e131a029                                  \
	}
#define FIELD_R2                                                            \
	{                                                                   \
		0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6, \
			0x06d89f71cab8351f                                  \
	}
#define FIELD_INVERSE	0x87d20782e4866389
#define TOWER_XI	9
#define PAIRING_D_TWIST true

#include "evm/field.h"
#include "evm/tower.h"

#define CURVE_A	    0
#define CURVE(name) g1_##name
#define COORD(name) fp##name
#include "evm/curve.h"
#define CURVE(name) g2_##name
#define COORD(name) fp2##name
#include "evm/curve.h"

#include "evm/pairing.h"

#define G1_BYTES   64
#define G2_BYTES   128
#define PAIR_BYTES (G1_BYTES + G2_BYTES)
#define PAIRS	   4 /* whose loops go together */

static const uint64_t curve_x = 0x44e992b44a6909f1;

/* 3 / xi and xi^((p - 1) / 6) */
static const struct fp2 twist_b_plain = {
	{{0x3267e6dc24a138e5, 0xb5b4c5e559dbefa3, 0x81be18991be06ac3,
	  0x2b149d40ceb8aaae}},
	{{0xe4a2bd0685c315d2, 0xa74fa084e52d1852, 0xcd2cafadeed8fdf4,
	  0x009713b03af0fed4}}};
static const struct fp2 frobenius_plain = {
	{{0xd60b35dadcc9e470, 0x5c521e08292f2176, 0xe8b99fdd76e68b60,
	  0x1284b71c2865a7df}},
	{{0xca5cf05f80f362ac, 0x747992778eeec7e5, 0xa6327cfe12150b8e,
	  0x246996f3b4fae7e6}}};

/* What is computed once for a product of pairings. */
struct constants {
	struct fp2 twist_b;
	struct frobenius frobenius;
};

static bool load_g1(struct g1_affine *p, const uint8_t *bytes)
{
	struct fp three;

	if (!fp_load(&p->x, bytes) ||
	    !fp_load(&p->y, bytes + sizeof(struct fp)))
		return false;
	fp_set(&three, 3);
	return g1_is_origin(p) || g1_on_curve(p, &three);
}

static void store_g1(uint8_t *bytes, const struct g1_point *p)
{
	struct g1_affine a;

	g1_to_affine(&a, p);
	fp_store(bytes, &a.x);
	fp_store(bytes + sizeof(struct fp), &a.y);
}

/* The imaginary part comes first. */
static bool load_fp2(struct fp2 *x, const uint8_t *bytes)
{
	return fp_load(&x->b, bytes) &&
	       fp_load(&x->a, bytes + sizeof(struct fp));
}

/*
 * Whether q has the order of G1: [x + 1] q + psi([x] q) + psi^2([x] q) =
 * psi^3([2x] q) (Dai, Lin, Zhao, Zhou, eprint 2022/348).
 */
static bool in_g2(const struct g2_point *q, const struct constants *c)
{
	const struct fp2 *kx = &c->frobenius.k[2], *ky = &c->frobenius.k[3];
	struct g2_point t, sum;

	g2_mul_u64(&t, q, curve_x);
	g2_add(&sum, &t, q);
	g2_psi(&t, &t, kx, ky);
	g2_add(&sum, &sum, &t);
	g2_psi(&t, &t, kx, ky);
	g2_add(&sum, &sum, &t);
	g2_psi(&t, &t, kx, ky);
	g2_double(&t, &t);
	return g2_equal(&t, &sum);
}

static bool load_g2(struct g2_affine *q, const uint8_t *bytes,
		    const struct constants *c)
{
	struct g2_point point;

	if (!load_fp2(&q->x, bytes) ||
	    !load_fp2(&q->y, bytes + 2 * sizeof(struct fp)))
		return false;
	if (g2_is_origin(q))
		return true;
	g2_from_affine(&point, q);
	return g2_on_curve(q, &c->twist_b) && in_g2(&point, c);
}

/* The two lines that end the loop: by psi(Q) and by -psi^2(Q). */
static void last_lines(struct fp12 *f, struct miller *m,
		       const struct constants *c)
{
	const struct fp2 *kx = &c->frobenius.k[2], *ky = &c->frobenius.k[3];
	struct g2_affine q;
	struct g2_point t;
	struct line l;

	g2_from_affine(&t, &m->q);
	for (int i = 0; i < 2; i++) {
		g2_psi(&t, &t, kx, ky);
		q = (struct g2_affine){t.x, t.y};
		if (i == 1)
			fp2_neg(&q.y, &q.y);
		line_add(&l, &m->t, &q);
		mul_line(f, &l, &m->p);
	}
}

static void miller(struct fp12 *f, struct miller *m, size_t n,
		   const struct constants *c)
{
	miller_loop(f, m, n, (limbs_wide)curve_x * 6 + 2, &c->twist_b);
	for (size_t i = 0; i < n; i++)
		last_lines(f, &m[i], c);
}

/*
 * f^((p^4 - p^2 + 1) / r), by the addition chain of Scott, Benger, Charlemagne,
 * Dominguez Perez and Kachisa, "On the final exponentiation for calculating
 * pairings on ordinary elliptic curves" (eprint 2008/490).
 */
static void hard_part(struct fp12 *f, const struct frobenius *t)
{
	struct fp12 fx, fxx, fxxx, y0, y1, u;

	cyclotomic_power(&fx, f, curve_x);
	cyclotomic_power(&fxx, &fx, curve_x);
	cyclotomic_power(&fxxx, &fxx, curve_x);

	fp12_frobenius(&u, &fxxx, t); /* y6 */
	fp12_mul(&u, &u, &fxxx);
	fp12_conjugate(&u, &u);
	cyclotomic_square(&y0, &u);
	fp12_frobenius(&u, &fxx, t); /* y4 */
	fp12_mul(&y1, &fx, &u);
	fp12_conjugate(&y1, &y1);
	fp12_mul(&y0, &y0, &y1);
	fp12_conjugate(&y1, &fxx); /* y5 */
	fp12_mul(&y0, &y0, &y1);

	fp12_mul(&y1, &y1, &y0); /* and y3 */
	fp12_frobenius(&fx, &fx, t);
	fp12_conjugate(&fx, &fx);
	fp12_mul(&y1, &y1, &fx);
	fp12_frobenius(&u, &u, t); /* y2 */
	fp12_mul(&y0, &y0, &u);

	cyclotomic_square(&y1, &y1);
	fp12_mul(&y1, &y1, &y0);
	cyclotomic_square(&y1, &y1);
	fp12_conjugate(&u, f); /* y1 */
	fp12_mul(&y0, &y1, &u);
	fp12_frobenius(&u, f, t); /* y0 */
	fp12_mul(&y1, &y1, &u);
	fp12_frobenius(&u, &u, t);
	fp12_mul(&y1, &y1, &u);
	fp12_frobenius(&u, &u, t);
	fp12_mul(&y1, &y1, &u);
	cyclotomic_square(&y0, &y0);
	fp12_mul(f, &y0, &y1);
}

static void constants_init(struct constants *c)
{
	fp_enter(&c->twist_b.a, &twist_b_plain.a);
	fp_enter(&c->twist_b.b, &twist_b_plain.b);
	frobenius_init(&c->frobenius, &frobenius_plain);
}

/* f *= the loops of up to PAIRS pairs; false if one is not what it must be */
static bool multiply_pairs(struct fp12 *f, const uint8_t *bytes, size_t n,
			   const struct constants *c)
{
	struct miller m[PAIRS];
	struct g1_affine p;
	struct g2_affine q;
	struct fp12 g;
	size_t count = 0;

	for (size_t i = 0; i < n; i++, bytes += PAIR_BYTES) {
		if (!load_g1(&p, bytes) || !load_g2(&q, bytes + G1_BYTES, c))
			return false;
		if (!g1_is_origin(&p) && !g2_is_origin(&q))
			miller_init(&m[count++], &p, &q);
	}
	if (count == 0)
		return true;
	miller(&g, m, count, c);
	fp12_mul(f, f, &g);
	return true;
}

ptrdiff_t evm_bn254_pairing(const struct evm_allocator *alloc,
			    const uint8_t *input, size_t len, uint8_t *out)
{
	struct constants c;
	struct fp12 f;
	size_t n = len / PAIR_BYTES, now;

	if (len % PAIR_BYTES != 0)
		return EVM_ERR_INPUT;
	constants_init(&c);
	fp12_set_one(&f);
	for (; n > 0; n -= now, input += now * PAIR_BYTES) {
		now = n < PAIRS ? n : PAIRS;
		if (!multiply_pairs(&f, input, now, &c))
			return EVM_ERR_INPUT;
	}
	easy_part(&f, &c.frobenius);
	hard_part(&f, &c.frobenius);
	memset(out, 0, 32);
	out[31] = fp12_is_one(&f);
	return 32;
}

ptrdiff_t evm_bn254_add(const struct evm_allocator *alloc, const uint8_t *input,
			size_t len, uint8_t *out)
{
	uint8_t bytes[2 * G1_BYTES];
	struct g1_affine a, b;
	struct g1_point p, q;

	evm_precompile_input(bytes, sizeof(bytes), input, len);
	if (!load_g1(&a, bytes) || !load_g1(&b, bytes + G1_BYTES))
		return EVM_ERR_INPUT;
	g1_from_affine(&p, &a);
	g1_from_affine(&q, &b);
	g1_add(&p, &p, &q);
	store_g1(out, &p);
	return G1_BYTES;
}

ptrdiff_t evm_bn254_mul(const struct evm_allocator *alloc, const uint8_t *input,
			size_t len, uint8_t *out)
{
	uint8_t bytes[G1_BYTES + 32];
	struct g1_affine a;
	struct g1_point p;
	struct g1_term term;
	struct u256 k;

	evm_precompile_input(bytes, sizeof(bytes), input, len);
	if (!load_g1(&a, bytes))
		return EVM_ERR_INPUT;
	k = u256_load(bytes + G1_BYTES);
	g1_from_affine(&p, &a);
	g1_term_init(&term, &p, k.w);
	g1_sum_terms(&p, &term, 1);
	store_g1(out, &p);
	return G1_BYTES;
}
