/*
 * sign.c: ECDSA on secp256k1; see sign.h. The library only recovers keys, but
 * that is enough: with the generator as the signature's point and s = 1 the
 * key it finds is (1 - hash) / x times the generator, so any multiple can be
 * had by choosing the hash.
 */
#include <string.h>

#include "evm/hash.h"
#include "evm/secp256k1.h"
#include "evm/tool/sign.h"

static const struct u256 order = {{0xbfd25e8cd0364141, 0xbaaedce6af48a03b,
				   0xfffffffffffffffe, 0xffffffffffffffff}};
static const struct u256 generator_x = {{0x59f2815b16f81798, 0x029bfcdb2dce28d9,
					 0x55a06295ce870b07,
					 0x79be667ef9dcbbac}};

static bool multiple(const struct u256 *k, struct u256 *x, struct u256 *y)
{
	struct u256 one = u256_from(1), hash;

	hash = u256_mulmod(k, &generator_x, &order);
	hash = u256_sub(&order, &hash);
	hash = u256_addmod(&hash, &one, &order);
	return secp256k1_recover(&hash, false, &generator_x, &one, x, y);
}

static struct u256 inverse(const struct u256 *a)
{
	struct u256 two = u256_from(2), e = u256_sub(&order, &two);
	struct u256 r = u256_from(1);

	for (int i = 255; i >= 0; i--) {
		r = u256_mulmod(&r, &r, &order);
		if (e.w[i / 64] >> (i % 64) & 1)
			r = u256_mulmod(&r, a, &order);
	}
	return r;
}

#define HMAC_MAX 97 /* v, a byte, the key and the hash */

static void hmac(const uint8_t key[32], const uint8_t *message, size_t len,
		 uint8_t out[32])
{
	uint8_t inner[64 + HMAC_MAX], outer[64 + 32];

	memset(inner, 0x36, 64);
	memset(outer, 0x5c, 64);
	for (size_t i = 0; i < 32; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	memcpy(inner + 64, message, len);
	evm_sha256(inner, 64 + len, outer + 64);
	evm_sha256(outer, sizeof(outer), out);
}

/* RFC 6979, 3.2: the state is a key and a value that are mixed in turn. */
struct nonces {
	uint8_t k[32], v[32];
};

static void mix(struct nonces *n, uint8_t mark, const uint8_t *seed, size_t len)
{
	uint8_t message[HMAC_MAX];

	memcpy(message, n->v, 32);
	message[32] = mark;
	if (len > 0)
		memcpy(message + 33, seed, len);
	hmac(n->k, message, 33 + len, n->k);
	hmac(n->k, n->v, 32, n->v);
}

static bool in_range(const struct u256 *a)
{
	return !u256_is_zero(a) && u256_less(a, &order);
}

static bool sign_with(struct evm_signed_tx *s, const struct u256 *key,
		      const struct u256 *hash, const struct u256 *k)
{
	struct u256 x, y, product, inverted;

	if (!in_range(k) || !multiple(k, &x, &y))
		return false;
	s->r = u256_mod(&x, &order);
	product = u256_mulmod(&s->r, key, &order);
	product = u256_addmod(&product, hash, &order);
	inverted = inverse(k);
	s->s = u256_mulmod(&product, &inverted, &order);
	s->odd = y.w[0] & 1;
	inverted = u256_sub(&order, &s->s);
	if (u256_less(&inverted, &s->s)) { /* EIP-2: the lower one */
		s->s = inverted;
		s->odd = !s->odd;
	}
	return !u256_is_zero(&s->r) && !u256_is_zero(&s->s);
}

bool sign_tx(struct evm_signed_tx *s, const struct u256 *key)
{
	struct u256 hash = u256_load(s->signing_hash.bytes), k;
	struct nonces n = {{0}};
	uint8_t seed[64];

	if (!in_range(key))
		return false;
	hash = u256_mod(&hash, &order);
	u256_store(seed, key);
	u256_store(seed + 32, &hash);
	memset(n.v, 1, sizeof(n.v));
	mix(&n, 0, seed, sizeof(seed));
	mix(&n, 1, seed, sizeof(seed));
	for (;;) {
		hmac(n.k, n.v, 32, n.v);
		k = u256_load(n.v);
		if (sign_with(s, key, &hash, &k))
			return true;
		mix(&n, 0, NULL, 0);
	}
}

bool key_address(const struct u256 *key, struct evm_address *addr)
{
	uint8_t bytes[64], hash[32];
	struct u256 x, y;

	if (!in_range(key) || !multiple(key, &x, &y))
		return false;
	u256_store(bytes, &x);
	u256_store(bytes + 32, &y);
	evm_keccak256(bytes, sizeof(bytes), hash);
	memcpy(addr->bytes, hash + 12, sizeof(addr->bytes));
	return true;
}
