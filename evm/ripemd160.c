/*
 * ripemd160.c: RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996). Two lines of
 * 80 steps run over each block with different orders, functions and
 * constants; their results are added crosswise. All is little endian.
 */
#include <string.h>

#include "evm/hash.h"

/* Which word of the block, and by how much the sum turns, for each step. */
static const uint8_t words[2][80] = {
	{0, 1,	2,  3,	4,  5,	6,  7,	8,  9, 10, 11, 12, 13, 14, 15,
	 7, 4,	13, 1,	10, 6,	15, 3,	12, 0, 9,  5,  2,  14, 11, 8,
	 3, 10, 14, 4,	9,  15, 8,  1,	2,  7, 0,  6,  13, 11, 5,  12,
	 1, 9,	11, 10, 0,  8,	12, 4,	13, 3, 7,  15, 14, 5,  6,  2,
	 4, 0,	5,  9,	7,  12, 2,  10, 14, 1, 3,  8,  11, 6,  15, 13},
	{5,  14, 7,  0, 9, 2,  11, 4,  13, 6,  15, 8,  1,  10, 3,  12,
	 6,  11, 3,  7, 0, 13, 5,  10, 14, 15, 8,  12, 4,  9,  1,  2,
	 15, 5,	 1,  3, 7, 14, 6,  9,  11, 8,  12, 2,  10, 0,  4,  13,
	 8,  6,	 4,  1, 3, 11, 15, 0,  5,  12, 2,  13, 9,  7,  10, 14,
	 12, 15, 10, 4, 1, 5,  8,  7,  6,  2,  13, 14, 0,  3,  9,  11},
};
static const uint8_t turns[2][80] = {
	{11, 14, 15, 12, 5,  8,	 7,  9,	 11, 13, 14, 15, 6,  7,	 9,  8,
	 7,  6,	 8,  13, 11, 9,	 7,  15, 7,  12, 15, 9,	 11, 7,	 13, 12,
	 11, 13, 6,  7,	 14, 9,	 13, 15, 14, 8,	 13, 6,	 5,  12, 7,  5,
	 11, 12, 14, 15, 14, 15, 9,  8,	 9,  14, 5,  6,	 8,  6,	 5,  12,
	 9,  15, 5,  11, 6,  8,	 13, 12, 5,  12, 13, 14, 11, 8,	 5,  6},
	{8,  9,	 9,  11, 13, 15, 15, 5,	 7,  7,	 8,  11, 14, 14, 12, 6,
	 9,  13, 15, 7,	 12, 8,	 9,  11, 7,  7,	 12, 7,	 6,  15, 13, 11,
	 9,  7,	 15, 11, 8,  6,	 6,  14, 12, 13, 5,  14, 13, 13, 7,  5,
	 15, 5,	 8,  11, 14, 14, 6,  14, 6,  9,	 12, 9,	 12, 5,	 15, 8,
	 8,  5,	 12, 9,	 12, 5,	 14, 6,	 8,  13, 6,  5,	 15, 13, 11, 11},
};
static const uint32_t constants[2][5] = {
	{0x00000000, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e},
	{0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0x00000000},
};

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static inline uint32_t mix(int which, uint32_t x, uint32_t y, uint32_t z)
{
	switch (which) {
	case 0:
		return x ^ y ^ z;
	case 1:
		return (x & y) | (~x & z);
	case 2:
		return (x | ~y) ^ z;
	case 3:
		return (x & z) | (y & ~z);
	default:
		return x ^ (y | ~z);
	}
}

static void run_line(uint32_t s[5], const uint32_t x[16], int line)
{
	for (int i = 0; i < 80; i++) {
		int round = i / 16, f = line ? 4 - round : round;
		uint32_t t = s[0] + mix(f, s[1], s[2], s[3]) +
			     x[words[line][i]] + constants[line][round];

		t = rotate(t, turns[line][i]) + s[4];
		s[0] = s[4];
		s[4] = s[3];
		s[3] = rotate(s[2], 10);
		s[2] = s[1];
		s[1] = t;
	}
}

static void compress(uint32_t h[5], const uint8_t block[64])
{
	uint32_t x[16], left[5], right[5], first;

	memcpy(x, block, sizeof(x));
	memcpy(left, h, sizeof(left));
	memcpy(right, h, sizeof(right));
	run_line(left, x, 0);
	run_line(right, x, 1);
	first = h[1] + left[2] + right[3];
	h[1] = h[2] + left[3] + right[4];
	h[2] = h[3] + left[4] + right[0];
	h[3] = h[4] + left[0] + right[1];
	h[4] = h[0] + left[1] + right[2];
	h[0] = first;
}

void evm_ripemd160(const uint8_t *data, size_t len, uint8_t out[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			 0xc3d2e1f0};
	uint64_t bits = (uint64_t)len * 8;
	uint8_t last[128] = {0};
	size_t end;

	for (; len >= 64; len -= 64, data += 64)
		compress(h, data);
	if (len > 0)
		memcpy(last, data, len);
	last[len] = 0x80;
	end = len < 56 ? 64 : 128;
	memcpy(last + end - 8, &bits, 8);
	for (size_t i = 0; i < end; i += 64)
		compress(h, last + i);
	memcpy(out, h, 20);
}
