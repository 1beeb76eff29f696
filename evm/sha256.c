/* sha256.c: SHA-256 (FIPS 180-4). */
#include <stdbool.h>
#include <string.h>

#include "evm/hash.h"
#include "evm/sha256.h"

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static inline uint32_t sigma(uint32_t x, unsigned a, unsigned b, unsigned shift)
{
	return rotate(x, a) ^ rotate(x, b) ^ x >> shift;
}

static inline uint32_t sum(uint32_t x, unsigned a, unsigned b, unsigned c)
{
	return rotate(x, a) ^ rotate(x, b) ^ rotate(x, c);
}

static void schedule(uint32_t w[64], const uint8_t block[64])
{
	for (int i = 0; i < 16; i++) {
		memcpy(&w[i], block + i * 4, 4);
		w[i] = __builtin_bswap32(w[i]);
	}
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + sigma(w[i - 15], 7, 18, 3) + w[i - 7] +
		       sigma(w[i - 2], 17, 19, 10);
}

/* The state turns by a place in each round: its names do, not its words. */
static void compress(uint32_t h[8], const uint8_t block[64])
{
	uint32_t w[64], s[8];

	schedule(w, block);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 64; i += 8) {
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) {
			uint32_t a = s[-j & 7], b = s[(1 - j) & 7];
			uint32_t c = s[(2 - j) & 7], e = s[(4 - j) & 7];
			uint32_t choice =
				s[(6 - j) & 7] ^
				(e & (s[(5 - j) & 7] ^ s[(6 - j) & 7]));
			uint32_t t = s[(7 - j) & 7] + sum(e, 6, 11, 25) +
				     choice + constants[i + j] + w[i + j];

			s[(3 - j) & 7] += t;
			s[(7 - j) & 7] = t + sum(a, 2, 13, 22) +
					 ((a & b) | (c & (a | b)));
		}
	}
	for (int i = 0; i < 8; i++)
		h[i] += s[i];
}

/* A guest does not ask what there is, and clang 14 does not know the name. */
#if defined(__x86_64__) && __STDC_HOSTED__ && !defined(__clang__)
static bool has_own(void)
{
	return __builtin_cpu_supports("sha") &&
	       __builtin_cpu_supports("sse4.1");
}
#else
#define evm_sha256_blocks_x86_64(h, data, blocks, constants) ((void)0)

static bool has_own(void)
{
	return false;
}
#endif

static void compress_all(uint32_t h[8], const uint8_t *data, size_t blocks)
{
	if (has_own()) {
		evm_sha256_blocks_x86_64(h, data, blocks, constants);
		return;
	}
	for (; blocks > 0; blocks--, data += 64)
		compress(h, data);
}

void evm_sha256(const uint8_t *data, size_t len, uint8_t out[32])
{
	uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	uint64_t bits = __builtin_bswap64((uint64_t)len * 8);
	uint8_t last[128] = {0};
	size_t end;

	if (len >= 64) {
		compress_all(h, data, len / 64);
		data += len - len % 64;
		len %= 64;
	}
	if (len > 0)
		memcpy(last, data, len);
	last[len] = 0x80;
	end = len < 56 ? 64 : 128;
	memcpy(last + end - 8, &bits, 8);
	compress_all(h, last, end / 64);
	for (int i = 0; i < 8; i++) {
		h[i] = __builtin_bswap32(h[i]);
		memcpy(out + i * 4, &h[i], 4);
	}
}
