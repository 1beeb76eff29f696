/*
 * The contracts at the first addresses against libraries that were written
 * independently of them: GMP for modexp and, with the textbook's formulas,
 * for the curves; libsecp256k1 for recovery; OpenSSL for P-256 and BLAKE2b.
 * The inputs are random, from a fixed seed, and lean to the edges.
 */
#include "tests/unit/evm_unit.h"

/* keys by their old, plain functions */
#define OPENSSL_API_COMPAT 10100

#include <gmp.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "evm/hash.h"
#include "evm/precompile.h"

static uint64_t seed = 1;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* Now and then all zeros or all ones, or with long runs of either. */
static void random_bytes(uint8_t *p, size_t len)
{
	unsigned kind = random_u64() % 8;

	for (size_t i = 0; i < len; i++)
		p[i] = kind == 0   ? 0
		       : kind == 1 ? 0xff
		       : kind == 2 ? (uint8_t) - (random_u64() >> 60 == 0)
				   : (uint8_t)random_u64();
}

static struct machine machine;

/* The output's length, or -1 for a failure. */
static long run(unsigned number, const uint8_t *input, size_t len)
{
	struct evm_message msg = {
		.gas = INT64_MAX / 2, .input = input, .input_len = len};

	assert_int_equal(
		evm_precompile_run(&machine.evm, number, &msg, &machine.result),
		0);
	if (machine.result.status != EVM_SUCCESS)
		return -1;
	return (long)machine.result.output_len;
}

static void load(mpz_t r, const uint8_t *p, size_t len)
{
	mpz_import(r, len, 1, 1, 1, 0, p);
}

static void store(uint8_t *p, size_t len, const mpz_t a)
{
	size_t n = (mpz_sizeinbase(a, 2) + 7) / 8;

	memset(p, 0, len);
	if (mpz_sgn(a) != 0)
		mpz_export(p + len - n, NULL, 1, 1, 1, 0, a);
}

/* The bits below any one of them. */
static void clear_below(uint8_t *p, size_t len)
{
	size_t bits = random_u64() % (8 * len);

	memset(p + len - bits / 8, 0, bits / 8);
	p[len - 1 - bits / 8] &= (uint8_t)(0xff << bits % 8);
}

#define LONGEST 1024 /* of modexp's numbers since Osaka */

static void store_length(uint8_t word[32], size_t len)
{
	word[30] = (uint8_t)(len >> 8);
	word[31] = (uint8_t)len;
}

static void check_modexp(size_t nb, size_t ne, size_t nm)
{
	uint8_t input[96 + 3 * LONGEST] = {0}, want[LONGEST];
	mpz_t b, e, m;

	store_length(input, nb);
	store_length(input + 32, ne);
	store_length(input + 64, nm);
	random_bytes(input + 96, nb);
	random_bytes(input + 96 + nb, ne);
	random_bytes(input + 96 + nb + ne, nm);
	if (nm > 0 && random_u64() % 2)
		input[96 + nb + ne + nm - 1] |= 1; /* odd */
	else if (nm > 0 && random_u64() % 2)
		clear_below(input + 96 + nb + ne, nm);
	mpz_inits(b, e, m, NULL);
	load(b, input + 96, nb);
	load(e, input + 96 + nb, ne);
	load(m, input + 96 + nb + ne, nm);
	if (mpz_sgn(m) != 0)
		mpz_powm(b, b, e, m);
	else
		mpz_set_ui(b, 0);
	store(want, nm, b);
	assert_int_equal(run(5, input, 96 + nb + ne + nm), nm);
	assert_memory_equal(machine.result.output, want, nm);
	mpz_clears(b, e, m, NULL);
}

/* Of all lengths around the block's, and some blocks. */
static void test_hashes_are_openssls(void **state)
{
	uint8_t input[400], ours[32], want[32];

	for (size_t len = 0; len < sizeof(input); len++) {
		random_bytes(input, len);
		evm_sha256(input, len, ours);
		SHA256(input, len, want);
		assert_memory_equal(ours, want, 32);
		evm_ripemd160(input, len, ours);
		RIPEMD160(input, len, want);
		assert_memory_equal(ours, want, 20);
	}
}

static void test_modexp_is_gmps(void **state)
{
	for (int i = 0; i < 3000; i++)
		check_modexp(random_u64() % 70, random_u64() % 20,
			     random_u64() % 70);
	for (int i = 0; i < 60; i++)
		check_modexp(random_u64() % 160, random_u64() % 70,
			     random_u64() % 160);
	/* of each number of limbs, also a few bytes less */
	for (size_t n = 1; n <= 36; n++)
		for (size_t less = 0; less < 8; less += 7)
			check_modexp(8 * n, 1 + random_u64() % 40,
				     8 * n - less);
	for (int i = 0; i < 12; i++)
		check_modexp(random_u64() % (LONGEST + 1), random_u64() % 12,
			     LONGEST - random_u64() % 100);
	for (int i = 0; i < 8; i++)
		check_modexp(LONGEST, 9, LONGEST);
}

/* Where all is one, or two digits of the division are the same. */
static void test_modexp_at_the_edges(void **state)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
	uint8_t input[96 + 40 + 2 + 40] = {0}, want[40];
	mpz_t b, e, m;

	mpz_inits(b, e, m, NULL);
	for (unsigned i = 0; i < 6 * 6 * 6 * 6 * 3; i++) {
		size_t nb = 8 * (1 + i % 3) + 16, nm = 24;
		uint8_t *base = input + 96, *modulus = base + nb + 2;

		store_length(input, nb);
		store_length(input + 32, 2);
		store_length(input + 64, nm);
		memset(base, edges[i / 3 % 6], nb);
		base[nb / 2] = edges[i / 18 % 6];
		memset(modulus, edges[i / 108 % 6], nm);
		modulus[nm - 1 - i % 9] = edges[i / 648 % 6];
		base[nb] = (uint8_t)i;
		base[nb + 1] = (uint8_t)(i * 7);
		load(b, base, nb);
		load(e, base + nb, 2);
		load(m, modulus, nm);
		if (mpz_sgn(m) != 0)
			mpz_powm(b, b, e, m);
		else
			mpz_set_ui(b, 0);
		store(want, nm, b);
		assert_int_equal(run(5, input, 96 + nb + 2 + nm), nm);
		assert_memory_equal(machine.result.output, want, nm);
	}
	mpz_clears(b, e, m, NULL);
}

/* A curve y^2 = x^3 + a x + b, by the formulas of any textbook. */
struct curve {
	mpz_t p;
	unsigned long a;
	size_t bytes; /* of a coordinate in the contract's input */
};

struct point {
	mpz_t x, y;
	bool infinite;
};

static void point_init(struct point *r)
{
	mpz_inits(r->x, r->y, NULL);
	r->infinite = true;
}

static void point_fini(struct point *r)
{
	mpz_clears(r->x, r->y, NULL);
}

static void slope(mpz_t l, const struct curve *c, const struct point *p,
		  const struct point *q)
{
	mpz_t t;

	mpz_init(t);
	if (mpz_cmp(p->x, q->x) != 0) {
		mpz_sub(l, q->y, p->y);
		mpz_sub(t, q->x, p->x);
	} else {
		mpz_mul(l, p->x, p->x);
		mpz_mul_ui(l, l, 3);
		mpz_add_ui(l, l, c->a);
		mpz_mul_ui(t, p->y, 2);
	}
	mpz_invert(t, t, c->p);
	mpz_mul(l, l, t);
	mpz_clear(t);
}

/* r += q */
static void point_add(const struct curve *c, struct point *r,
		      const struct point *q)
{
	mpz_t l, x, t;

	if (q->infinite)
		return;
	if (r->infinite) {
		mpz_set(r->x, q->x);
		mpz_set(r->y, q->y);
		r->infinite = false;
		return;
	}
	mpz_inits(l, x, t, NULL);
	mpz_add(t, r->y, q->y);
	if (mpz_cmp(r->x, q->x) == 0 && mpz_divisible_p(t, c->p)) {
		r->infinite = true;
	} else {
		slope(l, c, r, q);
		mpz_mul(x, l, l);
		mpz_sub(x, x, r->x);
		mpz_sub(x, x, q->x);
		mpz_mod(x, x, c->p);
		mpz_sub(t, r->x, x);
		mpz_mul(t, t, l);
		mpz_sub(t, t, r->y);
		mpz_mod(r->y, t, c->p);
		mpz_set(r->x, x);
	}
	mpz_clears(l, x, t, NULL);
}

static void point_mul(const struct curve *c, struct point *r,
		      const struct point *p, const uint8_t k[32])
{
	r->infinite = true;
	for (int i = 0; i < 256; i++) {
		point_add(c, r, r);
		if (k[i / 8] >> (7 - i % 8) & 1)
			point_add(c, r, p);
	}
}

static void point_store(const struct curve *c, uint8_t *out,
			const struct point *p)
{
	memset(out, 0, 2 * c->bytes);
	if (p->infinite)
		return;
	store(out, c->bytes, p->x);
	store(out + c->bytes, c->bytes, p->y);
}

/* Multiples of the generator: sums of two and products, in one place. */
static void check_curve(const struct curve *c, const struct point *g,
			unsigned add, unsigned mul)
{
	uint8_t k[32], input[2 * 128], want[128];
	size_t size = 2 * c->bytes;
	struct point p, q;

	point_init(&p);
	point_init(&q);
	random_bytes(k, 32);
	point_mul(c, &p, g, k);
	if (random_u64() % 4)
		random_bytes(k, 32);
	point_mul(c, &q, g, k);
	if (random_u64() % 4 == 0 && !q.infinite)
		mpz_sub(q.y, c->p, q.y);
	point_store(c, input, &p);
	point_store(c, input + size, &q);
	random_bytes(k, 32);
	point_add(c, &q, &p);
	point_store(c, want, &q);
	assert_int_equal(run(add, input, 2 * size), size);
	assert_memory_equal(machine.result.output, want, size);

	point_mul(c, &q, &p, k);
	point_store(c, want, &q);
	memcpy(input + size, k, 32);
	assert_int_equal(run(mul, input, size + 32), size);
	assert_memory_equal(machine.result.output, want, size);
	point_fini(&p);
	point_fini(&q);
}

static void check_curves(const char *p, const char *x, const char *y,
			 size_t bytes, unsigned add, unsigned mul)
{
	struct curve c = {.bytes = bytes};
	struct point g = {.infinite = false};

	mpz_init_set_str(c.p, p, 16);
	mpz_init_set_str(g.x, x, 16);
	mpz_init_set_str(g.y, y, 16);
	for (int i = 0; i < 40; i++)
		check_curve(&c, &g, add, mul);
	mpz_clear(c.p);
	point_fini(&g);
}

static void test_sums_and_products_are_gmps(void **state)
{
	check_curves("30644e72e131a029b85045b68181585d"
		     "97816a916871ca8d3c208c16d87cfd47",
		     "1", "2", 32, 6, 7);
	check_curves("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf"
		     "6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
		     "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905"
		     "a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
		     "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af6"
		     "00db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
		     64, 11, 12);
}

/* The address that libsecp256k1 recovers; false if it recovers none. */
static bool recover(const secp256k1_context *c, const uint8_t *input,
		    uint8_t address[32])
{
	secp256k1_ecdsa_recoverable_signature signature;
	secp256k1_pubkey key;
	uint8_t point[65];
	size_t len = sizeof(point);

	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
		    c, &signature, input + 64, input[63] - 27) ||
	    !secp256k1_ecdsa_recover(c, &key, &signature, input))
		return false;
	secp256k1_ec_pubkey_serialize(c, point, &len, &key,
				      SECP256K1_EC_UNCOMPRESSED);
	evm_keccak256(point + 1, 64, address);
	memset(address, 0, 12);
	return true;
}

static void test_recovery_is_libsecp256k1s(void **state)
{
	secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	uint8_t input[128], want[32];
	long some = 0;

	for (int i = 0; i < 1500; i++) {
		bool is;

		random_bytes(input, 32);
		random_bytes(input + 64, 32);
		random_bytes(input + 96, 32);
		memset(input + 32, 0, 31);
		input[63] = 27 + random_u64() % 2;
		is = recover(c, input, want);
		some += is;
		assert_int_equal(run(1, input, 128), is ? 32 : 0);
		if (is)
			assert_memory_equal(machine.result.output, want, 32);
	}
	assert_true(some > 300);
	secp256k1_context_destroy(c);
}

/*
 * A square that carries once more when what is above 256 bits has come down
 * twice, and then from its lowest limb into the next: 2^64 + 2461797, of a
 * number near 2^256. There is no point with this x.
 */
static void test_recovery_carries_to_the_end(void **state)
{
	static const uint8_t x[32] = {
		0xff, 0xff, 0xfd, 0x78, 0x20, 0xe3, 0x2d, 0xac,
		0x91, 0xc8, 0x68, 0xc7, 0xb6, 0xe9, 0xc6, 0x5e,
		0x0f, 0x42, 0x6b, 0x62, 0x3c, 0xe7, 0x70, 0xc7,
		0xdb, 0x77, 0x7b, 0xca, 0x1a, 0x68, 0x5f, 0x16,
	};
	secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	uint8_t input[128] = {5}, want[32];

	memcpy(input + 64, x, 32);
	input[63] = 27;
	input[127] = 3;
	assert_false(recover(c, input, want));
	assert_int_equal(run(1, input, 128), 0);
	secp256k1_context_destroy(c);
}

/*
 * Sums that meet infinity, the same point and its negative on the way: r is x
 * of a small multiple of the base, and so is what is added.
 */
static void test_recovery_of_small_multiples(void **state)
{
	secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	uint8_t input[128], want[32], key[32], point[65];
	secp256k1_pubkey multiple;
	size_t len;

	for (int i = 0; i < 40 * 40 * 2; i++) {
		bool is;

		memset(input, 0, sizeof(input));
		memset(key, 0, sizeof(key));
		key[31] = (uint8_t)(1 + i / 80);
		assert_int_equal(secp256k1_ec_pubkey_create(c, &multiple, key),
				 1);
		len = sizeof(point);
		secp256k1_ec_pubkey_serialize(c, point, &len, &multiple,
					      SECP256K1_EC_UNCOMPRESSED);
		memcpy(input + 64, point + 1, 32);
		input[63] = (uint8_t)(27 + i % 2);
		input[31] = (uint8_t)(i / 2 % 40);
		input[127] = (uint8_t)(1 + i / 2 % 7);
		is = recover(c, input, want);
		assert_int_equal(run(1, input, 128), is ? 32 : 0);
		if (is)
			assert_memory_equal(machine.result.output, want, 32);
	}
	secp256k1_context_destroy(c);
}

static void store_bn(uint8_t *out, const BIGNUM *n)
{
	assert_int_equal(BN_bn2binpad(n, out, 32), 32);
}

/* A signature of a fresh key, and one bit of all that turned. */
static void check_p256(EC_KEY *key)
{
	const EC_GROUP *group = EC_KEY_get0_group(key);
	BIGNUM *x = BN_new(), *y = BN_new();
	uint8_t input[160];
	ECDSA_SIG *sig;

	assert_int_equal(EC_KEY_generate_key(key), 1);
	random_bytes(input, 32);
	sig = ECDSA_do_sign(input, 32, key);
	EC_POINT_get_affine_coordinates(group, EC_KEY_get0_public_key(key), x,
					y, NULL);
	store_bn(input + 32, ECDSA_SIG_get0_r(sig));
	store_bn(input + 64, ECDSA_SIG_get0_s(sig));
	store_bn(input + 96, x);
	store_bn(input + 128, y);
	assert_int_equal(run(0x100, input, 160), 32);
	assert_int_equal(machine.result.output[31], 1);
	input[random_u64() % 160] ^= 1u << random_u64() % 8;
	assert_int_equal(run(0x100, input, 160), 0);
	ECDSA_SIG_free(sig);
	BN_free(x);
	BN_free(y);
}

static void test_p256_signatures_of_openssl(void **state)
{
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);

	for (int i = 0; i < 60; i++)
		check_p256(key);
	EC_KEY_free(key);
}

static void test_blake2_is_openssls(void **state)
{
	static const uint64_t iv[8] = {
		0x6a09e667f3bcc908 ^ 0x01010040,
		0xbb67ae8584caa73b,
		0x3c6ef372fe94f82b,
		0xa54ff53a5f1d36f1,
		0x510e527fade682d1,
		0x9b05688c2b3e6c1f,
		0x1f83d9abfb41bd6b,
		0x5be0cd19137e2179,
	};
	uint8_t input[213], want[64];
	unsigned len;

	for (size_t n = 0; n <= 128; n++) {
		memset(input, 0, sizeof(input));
		input[3] = 12;
		memcpy(input + 4, iv, 64);
		random_bytes(input + 68, n);
		input[196] = (uint8_t)n;
		input[212] = 1;
		EVP_Digest(input + 68, n, want, &len, EVP_blake2b512(), NULL);
		assert_int_equal(run(9, input, 213), 64);
		assert_memory_equal(machine.result.output, want, 64);
	}
}

static int setup(void **state)
{
	return machine_init(&machine, EVM_OSAKA);
}

static int teardown(void **state)
{
	machine_fini(&machine);
	assert_int_equal(machine.meter.bytes, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes_are_openssls),
		cmocka_unit_test(test_modexp_is_gmps),
		cmocka_unit_test(test_modexp_at_the_edges),
		cmocka_unit_test(test_sums_and_products_are_gmps),
		cmocka_unit_test(test_recovery_is_libsecp256k1s),
		cmocka_unit_test(test_recovery_carries_to_the_end),
		cmocka_unit_test(test_recovery_of_small_multiples),
		cmocka_unit_test(test_p256_signatures_of_openssl),
		cmocka_unit_test(test_blake2_is_openssls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
