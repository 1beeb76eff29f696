/*
 * precompile_kzg.c: number 0ah: whether a polynomial, to which there is a
 * commitment, has the value y at z (EIP-4844; "verify_kzg_proof_impl" of the
 * consensus specification of Deneb). All of G2 that is needed is its generator
 * and the second point of the trusted setup.
 */
#include "evm/bls12_381.h"
#include "evm/hash.h"
#include "evm/precompile.h"

#define COMPRESSED     48
#define VERSION	       1
#define INPUT_SIZE     192 /* versioned hash, z, y, commitment, proof */
#define FIELD_ELEMENTS 4096

static const struct fp g1_plain[2] = {
	{{0xfb3af00adb22c6bb, 0x6c55e83ff97a1aef, 0xa14e3a3f171bac58,
	  0xc3688c4f9774b905, 0x2695638c4fa9ac0f, 0x17f1d3a73197d794}},
	{{0x0caa232946c5e7e1, 0xd03cc744a2888ae4, 0x00db18cb2c04b3ed,
	  0xfcf5e095d5d00af6, 0xa09e30ed741d8ae4, 0x08b3f481e3aaa0f1}}};
static const struct fp g2_plain[4] = {
	{{0xd48056c8c121bdb8, 0x0bac0326a805bbef, 0xb4510b647ae3d177,
	  0xc6e47ad4fa403b02, 0x260805272dc51051, 0x024aa2b2f08f0a91}},
	{{0xe5ac7d055d042b7e, 0x334cf11213945d57, 0xb5da61bbdc7f5049,
	  0x596bd0d09920b61a, 0x7dacd3a088274f65, 0x13e02b6052719f60}},
	{{0xe193548608b82801, 0x923ac9cc3baca289, 0x6d429a695160d12c,
	  0xadfd9baa8cbdd3a7, 0x8cc9cdc6da2e351a, 0x0ce5d527727d6e11}},
	{{0xaaa9075ff05f79be, 0x3f370d275cec1da1, 0x267492ab572e99ab,
	  0xcb3e287e85a763af, 0x32acd2b02bc28b99, 0x0606c4a02ea734cc}}};
static const struct fp setup_plain[4] = {
	{{0xc98edada20c1def2, 0x087041de621000ed, 0xa36851477ba4c60b,
	  0x3926c911cceceac9, 0x734429b7b38608e2, 0x185cbfee53492714}},
	{{0xafaaab24f3499f72, 0x2914e5870cb452d2, 0x1009a2ce615ac53d,
	  0x26187075cbfbefa8, 0x843bc287230af389, 0x15bfd7dd8cdeb128}},
	{{0xee689bfbbb832a99, 0x4ce26d105941f383, 0xe82451a496a9c979,
	  0x131569490e28de18, 0xd7d5ee8599d1fca2, 0x014353bdb96b626d}},
	{{0x23048ef30d0a154f, 0x9495346f3d7ac9cd, 0xda5ed1ba9bfa0789,
	  0xef79de09fc63671f, 0x03432fcae0181b4b, 0x1666c54b0a325295}}};

/* The order of the groups, which is the scalars' modulus. */
static const struct u256 order = {{0xffffffff00000001, 0x53bda402fffe5bfe,
				   0x3339d80809a1d805, 0x73eda753299d7d48}};

static void enter_g2(struct g2_affine *q, const struct fp plain[4])
{
	fp_enter(&q->x.a, &plain[0]);
	fp_enter(&q->x.b, &plain[1]);
	fp_enter(&q->y.a, &plain[2]);
	fp_enter(&q->y.b, &plain[3]);
}

/* Whether y is the larger one of y and -y, as numbers. */
static bool is_larger(const struct fp *y)
{
	struct fp plain, minus, diff;

	fp_leave(&plain, y);
	fp_neg(&minus, y);
	fp_leave(&minus, &minus);
	return limbs_sub(diff.w, minus.w, plain.w, 6);
}

#define IS_COMPRESSED 0x80
#define IS_INFINITY   0x40
#define IS_LARGER     0x20

static bool load_infinity(struct g1_affine *p, const uint8_t *bytes)
{
	uint8_t any = bytes[0] & 0x3f;

	for (int i = 1; i < COMPRESSED; i++)
		any |= bytes[i];
	*p = (struct g1_affine){0};
	return any == 0;
}

/* x and three bits: Zcash's format for points of G1 */
static bool decompress(struct g1_affine *p, const uint8_t *bytes)
{
	uint8_t plain[COMPRESSED];
	struct g1_point point;
	struct fp side, four;

	if (!(bytes[0] & IS_COMPRESSED))
		return false;
	if (bytes[0] & IS_INFINITY)
		return load_infinity(p, bytes);
	memcpy(plain, bytes, COMPRESSED);
	plain[0] &= 0x1f;
	if (!fp_load(&p->x, plain))
		return false;
	fp_set(&four, 4);
	fp_square(&side, &p->x);
	fp_mul(&side, &side, &p->x);
	fp_add(&side, &side, &four);
	if (!bls_fp_sqrt(&p->y, &side))
		return false;
	if (is_larger(&p->y) != ((bytes[0] & IS_LARGER) != 0))
		fp_neg(&p->y, &p->y);
	g1_from_affine(&point, p);
	return bls_in_g1(&point);
}

/* c - y G + z proof */
static void numerator(struct g1_affine *r, const struct g1_affine *c,
		      const struct g1_affine *proof, const struct u256 *z,
		      const struct u256 *y)
{
	struct g1_term terms[2];
	struct g1_affine g;
	struct g1_point p;

	fp_enter(&g.x, &g1_plain[0]);
	fp_enter(&g.y, &g1_plain[1]);
	fp_neg(&g.y, &g.y);
	g1_from_affine(&p, &g);
	g1_term_init(&terms[0], &p, y->w);
	g1_from_affine(&p, proof);
	g1_term_init(&terms[1], &p, z->w);
	g1_sum_terms(&p, terms, 2);
	g1_from_affine(&terms[0].odd[0], c);
	g1_add(&p, &p, &terms[0].odd[0]);
	g1_to_affine(r, &p);
}

static void multiply_pair(struct fp12 *f, const struct g1_affine *p,
			  const struct fp q_plain[4])
{
	struct g2_affine q;

	enter_g2(&q, q_plain);
	if (!g1_is_origin(p))
		bls_miller(f, p, &q, 1);
}

/* e(c - y G + z proof, G2) e(-proof, setup) = 1 */
static bool verify(const struct g1_affine *c, const struct g1_affine *proof,
		   const struct u256 *z, const struct u256 *y)
{
	struct g1_affine p;
	struct fp12 f;

	fp12_set_one(&f);
	numerator(&p, c, proof, z, y);
	multiply_pair(&f, &p, g2_plain);
	p = *proof;
	fp_neg(&p.y, &p.y);
	multiply_pair(&f, &p, setup_plain);
	return bls_is_one(&f);
}

ptrdiff_t evm_kzg(const struct evm_allocator *alloc, const uint8_t *input,
		  size_t len, uint8_t *out)
{
	struct u256 z, y, elements = u256_from(FIELD_ELEMENTS);
	struct g1_affine c, proof;
	uint8_t hash[32];

	if (len != INPUT_SIZE)
		return EVM_ERR_INPUT;
	evm_sha256(input + 96, COMPRESSED, hash);
	hash[0] = VERSION;
	z = u256_load(input + 32);
	y = u256_load(input + 64);
	if (memcmp(hash, input, 32) != 0 || !u256_less(&z, &order) ||
	    !u256_less(&y, &order) || !decompress(&c, input + 96) ||
	    !decompress(&proof, input + 96 + COMPRESSED) ||
	    !verify(&c, &proof, &z, &y))
		return EVM_ERR_INPUT;
	u256_store(out, &elements);
	u256_store(out + 32, &order);
	return 64;
}
