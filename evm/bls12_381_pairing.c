/*
 * bls12_381_pairing.c: the optimal ate pairing of BLS12-381. The parameter is
 * negative: its powers are those of its magnitude, inverted.
 */
#include "evm/bls12_381.h"

/* xi^((p - 1) / 6) */
static const struct fp2 frobenius_plain = {
	{{0x8d0775ed92235fb8, 0xf67ea53d63e7813d, 0x7b2443d784bab9c4,
	  0x0fd603fd3cbd5f4f, 0xc231beb4202c0d1f, 0x1904d3bf02bb0667}},
	{{0x2cf78a126ddc4af3, 0x282d5ac14d6c7ec2, 0xec0c8ec971f63c5f,
	  0x54a14787b6c7b36f, 0x88e9e902231f9fb8, 0x00fc3e2b36c4e032}}};

void bls_miller(struct fp12 *f, const struct g1_affine *p,
		const struct g2_affine *q, size_t n)
{
	struct miller m[BLS_PAIRS];
	struct fp2 twist_b;
	struct fp12 g;

	fp2_set(&twist_b, 4);
	fp2_mul_xi(&twist_b, &twist_b);
	for (size_t i = 0; i < n; i++)
		miller_init(&m[i], &p[i], &q[i]);
	miller_loop(&g, m, n, BLS_X, &twist_b);
	fp12_conjugate(&g, &g);
	fp12_mul(f, f, &g);
}

static void power_x(struct fp12 *r, const struct fp12 *f)
{
	cyclotomic_power(r, f, BLS_X);
	fp12_conjugate(r, r);
}

static void power_x_less_1(struct fp12 *r, const struct fp12 *f)
{
	struct fp12 inverse;

	fp12_conjugate(&inverse, f);
	power_x(r, f);
	fp12_mul(r, r, &inverse);
}

/*
 * f^(3 (p^4 - p^2 + 1) / r) = f^((x - 1)^2 (x + p)(x^2 + p^2 - 1) + 3)
 * (Hayashida, Hayasaka, Teruya, eprint 2020/875)
 */
static void hard_part(struct fp12 *f, const struct frobenius *t)
{
	struct fp12 y, u;

	power_x_less_1(&u, f);
	power_x_less_1(&y, &u);

	power_x(&u, &y);
	fp12_frobenius(&y, &y, t);
	fp12_mul(&y, &y, &u);

	power_x(&u, &y);
	power_x(&u, &u);
	fp12_conjugate(&y, &y); /* y^(x^2) / y * y^(p^2) */
	fp12_mul(&u, &u, &y);
	fp12_conjugate(&y, &y);
	fp12_frobenius(&y, &y, t);
	fp12_frobenius(&y, &y, t);
	fp12_mul(&y, &y, &u);

	cyclotomic_square(&u, f);
	fp12_mul(&u, &u, f);
	fp12_mul(f, &y, &u);
}

bool bls_is_one(struct fp12 *f)
{
	struct frobenius t;

	frobenius_init(&t, &frobenius_plain);
	easy_part(f, &t);
	hard_part(f, &t);
	return fp12_is_one(f);
}
