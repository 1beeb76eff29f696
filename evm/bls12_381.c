/*
 * bls12_381.c: points of the curve from bytes and to bytes, and whether they
 * are in the groups of prime order (M. Scott, "A note on group membership
 * tests for G1, G2 and GT on BLS pairing-friendly curves", eprint 2021/1130).
 */
#include "evm/bls12_381.h"

/* A cube root of 1: (beta x, y) is -x^2 times the point (x, y) of G1. */
static const struct fp beta_plain = {{0x2e01fffffffefffe, 0xde17d813620a0002,
				      0xddb3a93be6f89688, 0xba69c6076a0f77ea,
				      0x5f19672fdf76ce51, 0x0000000000000000}};
/* xi^((1 - p) / 3) and xi^((1 - p) / 2) */
static const struct fp2 psi_x_plain = {
	{{0x0000000000000000, 0x0000000000000000, 0x0000000000000000,
	  0x0000000000000000, 0x0000000000000000, 0x0000000000000000}},
	{{0x8bfd00000000aaad, 0x409427eb4f49fffd, 0x897d29650fb85f9b,
	  0xaa0d857d89759ad4, 0xec02408663d4de85, 0x1a0111ea397fe699}}};
static const struct fp2 psi_y_plain = {
	{{0xf1ee7b04121bdea2, 0x304466cf3e67fa0a, 0xef396489f61eb45e,
	  0x1c3dedd930b1cf60, 0xe2e9c448d77a2cd9, 0x135203e60180a68e}},
	{{0xc81084fbede3cc09, 0xee67992f72ec05f4, 0x77f76e17009241c5,
	  0x48395dabc2d3435e, 0x6831e36d6bd17ffe, 0x06af0e0437ff400b}}};

bool bls_load_fp(struct fp *r, const uint8_t *bytes)
{
	uint8_t any = 0;

	for (int i = 0; i < 16; i++)
		any |= bytes[i];
	return any == 0 && fp_load(r, bytes + 16);
}

bool bls_load_fp2(struct fp2 *r, const uint8_t *bytes)
{
	return bls_load_fp(&r->a, bytes) &&
	       bls_load_fp(&r->b, bytes + BLS_FP_BYTES);
}

bool bls_load_g1(struct g1_affine *p, const uint8_t *bytes)
{
	struct fp four;

	if (!bls_load_fp(&p->x, bytes) ||
	    !bls_load_fp(&p->y, bytes + BLS_FP_BYTES))
		return false;
	fp_set(&four, 4);
	return g1_is_origin(p) || g1_on_curve(p, &four);
}

bool bls_load_g2(struct g2_affine *q, const uint8_t *bytes)
{
	struct fp2 b;

	if (!bls_load_fp2(&q->x, bytes) ||
	    !bls_load_fp2(&q->y, bytes + 2 * BLS_FP_BYTES))
		return false;
	fp2_set(&b, 4);
	fp2_mul_xi(&b, &b);
	return g2_is_origin(q) || g2_on_curve(q, &b);
}

static void store_fp(uint8_t *bytes, const struct fp *a)
{
	memset(bytes, 0, 16);
	fp_store(bytes + 16, a);
}

void bls_store_g1(uint8_t *bytes, const struct g1_point *p)
{
	struct g1_affine a;

	g1_to_affine(&a, p);
	store_fp(bytes, &a.x);
	store_fp(bytes + BLS_FP_BYTES, &a.y);
}

void bls_store_g2(uint8_t *bytes, const struct g2_point *q)
{
	struct g2_affine a;

	g2_to_affine(&a, q);
	store_fp(bytes, &a.x.a);
	store_fp(bytes + BLS_FP_BYTES, &a.x.b);
	store_fp(bytes + 2 * BLS_FP_BYTES, &a.y.a);
	store_fp(bytes + 3 * BLS_FP_BYTES, &a.y.b);
}

bool bls_in_g1(const struct g1_point *p)
{
	struct g1_point t, moved = *p;
	struct fp beta;

	fp_enter(&beta, &beta_plain);
	fp_mul(&moved.x, &moved.x, &beta);
	g1_mul_u64(&t, p, BLS_X);
	g1_mul_u64(&t, &t, BLS_X);
	g1_add(&t, &t, &moved);
	return g1_is_infinity(&t);
}

void bls_g2_psi(struct g2_point *r, const struct g2_point *q)
{
	struct fp2 kx, ky;

	fp_enter(&kx.a, &psi_x_plain.a);
	fp_enter(&kx.b, &psi_x_plain.b);
	fp_enter(&ky.a, &psi_y_plain.a);
	fp_enter(&ky.b, &psi_y_plain.b);
	g2_psi(r, q, &kx, &ky);
}

/* psi(q) = x q, and x is negative. */
bool bls_in_g2(const struct g2_point *q)
{
	struct g2_point t, moved;

	bls_g2_psi(&moved, q);
	g2_mul_u64(&t, q, BLS_X);
	g2_add(&t, &t, &moved);
	return g2_is_infinity(&t);
}

bool bls_fp_sqrt(struct fp *r, const struct fp *a)
{
	struct fp one = {{1}}, e, square, root;
	bool is;

	limbs_add(e.w, fp_modulus.w, one.w, 6);
	for (int i = 0; i < 2; i++) /* the sum is even, its half too */
		mod_halve(e.w, e.w, one.w, 6);
	fp_power(&root, a, e.w, 380);
	fp_square(&square, &root);
	is = fp_equal(&square, a);
	*r = root;
	return is;
}
