/*
 * blake2.c: number 9: the compression function of BLAKE2b (RFC 7693, 3.2)
 * with any number of rounds (EIP-152).
 */
#include "evm/precompile.h"

#define INPUT_SIZE 213 /* rounds 4, h 64, m 128, t 16, last 1 */

static const uint64_t iv[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint64_t rotate(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static inline void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x,
		       uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 63);
}

static inline void mix_all(uint64_t v[16], const uint64_t m[16],
			   const uint8_t s[16])
{
	mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
	mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
	mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
	mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
	mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
	mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
	mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
	mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

static uint32_t rounds(const uint8_t *input)
{
	return (uint32_t)input[0] << 24 | (uint32_t)input[1] << 16 |
	       (uint32_t)input[2] << 8 | input[3];
}

static void load(uint64_t *words, const uint8_t *bytes, int n)
{
	for (int i = 0; i < n; i++)
		words[i] = __builtin_bswap64(u256_load_be64(bytes + 8 * i));
}

uint64_t evm_blake2f_gas(enum evm_fork fork, const uint8_t *input, size_t len)
{
	return len == INPUT_SIZE ? rounds(input) : 0;
}

ptrdiff_t evm_blake2f(const struct evm_allocator *alloc, const uint8_t *input,
		      size_t len, uint8_t *out)
{
	uint64_t h[8], m[16], t[2], v[16];

	if (len != INPUT_SIZE || input[INPUT_SIZE - 1] > 1)
		return EVM_ERR_INPUT;
	load(h, input + 4, 8);
	load(m, input + 68, 16);
	load(t, input + 196, 2);
	memcpy(v, h, sizeof(h));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= t[0];
	v[13] ^= t[1];
	if (input[INPUT_SIZE - 1])
		v[14] = ~v[14];
	for (uint32_t i = 0, n = rounds(input); i < n; i++)
		mix_all(v, m, sigma[i % 10]);
	for (int i = 0; i < 8; i++)
		u256_store_be64(out + 8 * i,
				__builtin_bswap64(h[i] ^ v[i] ^ v[i + 8]));
	return 64;
}
