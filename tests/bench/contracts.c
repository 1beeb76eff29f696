/*
 * contracts.c: our hashes, signatures and modexp beside other libraries' on
 * the same input, in turn, in one process: median CPU time of 41 rounds.
 *
 *	cc -O2 -I. tests/bench/contracts.c build/evm/libevm-core.a
 *		KECCAK -lsecp256k1 -lgmp -lcrypto
 *
 * KECCAK is evmone's lib/evmone_precompiles/keccak.c, or an object of it.
 */
/* keys and digests by their old, plain functions */
#define OPENSSL_API_COMPAT 10100

#include <gmp.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "evm/hash.h"
#include "evm/precompile.h"
#include "evm/secp256k1.h"

#define ROUNDS 41

struct hash_256 {
	uint64_t words[4];
};

struct hash_256 ethash_keccak256(const uint8_t *data, size_t size);

static uint8_t data[96 + 3 * 1024];
static size_t size; /* of what is hashed */
static struct hash_256 hash;

static secp256k1_context *context;
static secp256k1_ecdsa_recoverable_signature signature;
static const uint8_t digest[32] = {1, 2, 3};
static struct u256 number[3]; /* digest, r, s */
static int parity;

static EC_KEY *key;
static ECDSA_SIG *ecdsa;

static mpz_t base, exponent, modulus, power;
static unsigned contract;
static struct evm machine = {.fork = EVM_OSAKA};
static struct evm_message message = {.gas = INT64_MAX / 2, .input = data};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void their_hash(void)
{
	hash = ethash_keccak256(data, size);
}

static void our_hash(void)
{
	evm_keccak256(data, size, (uint8_t *)&hash);
}

static void their_recovery(void)
{
	secp256k1_pubkey key;

	if (!secp256k1_ecdsa_recover(context, &key, &signature, digest))
		abort();
}

static void our_recovery(void)
{
	struct u256 x, y;

	if (!secp256k1_recover(&number[0], parity, &number[1], &number[2], &x,
			       &y))
		abort();
}

static void their_power(void)
{
	mpz_powm(power, base, exponent, modulus);
}

static void their_verification(void)
{
	if (ECDSA_do_verify(digest, sizeof(digest), ecdsa, key) != 1)
		abort();
}

static void their_sha256(void)
{
	SHA256(data, message.input_len, (uint8_t *)&hash);
}

static void their_ripemd160(void)
{
	RIPEMD160(data, message.input_len, (uint8_t *)&hash);
}

static void run_contract(void)
{
	struct evm_result result;

	if (evm_precompile_run(&machine, contract, &message, &result) < 0)
		abort();
	if (result.status != EVM_SUCCESS || result.output_len == 0)
		abort();
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double time_of(void (*f)(void), int times)
{
	double begin = now();

	for (int i = 0; i < times; i++)
		f();
	return (now() - begin) / times;
}

static void row(const char *name, void (*theirs)(void), void (*ours)(void))
{
	int times = 1 + (int)(300 / (time_of(ours, 1) + 0.1));
	double a[ROUNDS], b[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		a[i] = time_of(theirs, times);
		b[i] = time_of(ours, times);
	}
	qsort(a, ROUNDS, sizeof(a[0]), compare);
	qsort(b, ROUNDS, sizeof(b[0]), compare);
	printf("| %s | %.4g us | %.4g us | %.2f |\n", name, a[ROUNDS / 2],
	       b[ROUNDS / 2], a[ROUNDS / 2] / b[ROUNDS / 2]);
}

static void sign(void)
{
	static const uint8_t key[32] = {9, 9, 9};
	uint8_t compact[64];

	context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN |
					   SECP256K1_CONTEXT_VERIFY);
	if (!secp256k1_ecdsa_sign_recoverable(context, &signature, digest, key,
					      NULL, NULL))
		abort();
	secp256k1_ecdsa_recoverable_signature_serialize_compact(
		context, compact, &parity, &signature);
	number[0] = u256_load(digest);
	number[1] = u256_load(compact);
	number[2] = u256_load(compact + 32);
}

/* Numbers of `len` bytes, the exponent of `exp`. */
static void row_power(size_t len, size_t exp, bool odd)
{
	uint8_t *p = data + 96, *last = p + 2 * len + exp - 1;
	char name[64];

	memset(data, 0, 96);
	for (int i = 0; i < 3; i++) {
		size_t n = i == 1 ? exp : len;

		data[32 * i + 30] = (uint8_t)(n >> 8);
		data[32 * i + 31] = (uint8_t)n;
	}
	for (uint8_t *q = p; q <= last; q++)
		*q = (uint8_t)(rand() >> 7);
	*last = (uint8_t)((*last & ~1) | odd);
	message.input_len = 96 + 2 * len + exp;
	mpz_import(base, len, 1, 1, 0, 0, p);
	mpz_import(exponent, exp, 1, 1, 0, 0, p + len);
	mpz_import(modulus, len, 1, 1, 0, 0, p + len + exp);
	snprintf(name, sizeof(name), "modexp, %zu bytes, exponent %zu, %s", len,
		 exp, odd ? "odd" : "even");
	contract = 5;
	row(name, their_power, run_contract);
}

/* A signature of P-256, and the contract's input for it. */
static void sign_p256(void)
{
	const BIGNUM *r, *s;
	BIGNUM *x = BN_new(), *y = BN_new();

	key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	if (!key || !x || !y || !EC_KEY_generate_key(key))
		abort();
	ecdsa = ECDSA_do_sign(digest, sizeof(digest), key);
	if (!ecdsa || !EC_POINT_get_affine_coordinates(
			      EC_KEY_get0_group(key),
			      EC_KEY_get0_public_key(key), x, y, NULL))
		abort();
	ECDSA_SIG_get0(ecdsa, &r, &s);
	memcpy(data, digest, sizeof(digest));
	BN_bn2binpad(r, data + 32, 32);
	BN_bn2binpad(s, data + 64, 32);
	BN_bn2binpad(x, data + 96, 32);
	BN_bn2binpad(y, data + 128, 32);
	message.input_len = 160;
	BN_free(x);
	BN_free(y);
}

static void *resize(void *ctx, void *old, size_t had, size_t want)
{
	(void)ctx;
	(void)had;
	if (want > 0)
		return realloc(old, want);
	free(old);
	return NULL;
}

int main(void)
{
	static const size_t sizes[] = {64, 136, 2048};
	char name[32];

	machine.alloc.resize = resize;
	mpz_inits(base, exponent, modulus, power, NULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = sizes[i];
		snprintf(name, sizeof(name), "keccak-256, %zu bytes", size);
		row(name, their_hash, our_hash);
	}
	sign();
	row("recovery of a key", their_recovery, our_recovery);
	sign_p256();
	contract = 0x100;
	row("P256VERIFY", their_verification, run_contract);
	message.input_len = 1024;
	contract = 2;
	row("SHA-256, 1,024 bytes", their_sha256, run_contract);
	contract = 3;
	row("RIPEMD-160, 1,024 bytes", their_ripemd160, run_contract);
	row_power(32, 32, true);
	row_power(32, 32, false);
	row_power(64, 64, true);
	row_power(128, 128, true);
	row_power(128, 128, false);
	row_power(256, 3, true);
	row_power(256, 256, true);
	row_power(512, 32, true);
	row_power(1024, 3, true);
	row_power(1024, 32, true);
	row_power(1024, 32, false);
	return 0;
}
