/*
 * keccak.c: keccak-256 (The Keccak reference 3.0; FIPS 202 but for the
 * padding, whose first byte is 01h here). The state is 25 lanes of 64 bits,
 * lane [x + 5y]; 136 bytes are taken in between two permutations.
 */
#include <string.h>

#include "evm/hash.h"

#define RATE 136

static const uint64_t round_constants[24] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a,
	0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
	0x8000000080008081, 0x8000000000008009, 0x000000000000008a,
	0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
	0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
	0x000000000000800a, 0x800000008000000a, 0x8000000080008081,
	0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* how far rho turns lane [x + 5y] */
static const uint8_t turns[25] = {0,  1, 62, 28, 27, 36, 44, 6,	 55,
				  20, 3, 10, 43, 25, 39, 41, 45, 15,
				  21, 8, 18, 2,	 61, 56, 14};

static inline uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> ((64 - n) % 64);
}

/*
 * One round, from one state into another. theta: each lane takes in the
 * parity of two neighbouring columns. rho and pi: lanes turn and move. chi:
 * the only step that is not linear, along the rows. All loops are unrolled,
 * so that lanes are registers where there are enough.
 */
static inline __attribute__((always_inline)) void round_into(
	uint64_t to[25], const uint64_t s[25], uint64_t constant)
{
	uint64_t c[5], d[5], b[5];

#pragma GCC unroll 5
	for (int x = 0; x < 5; x++)
		c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
#pragma GCC unroll 5
	for (int x = 0; x < 5; x++)
		d[x] = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1);
#pragma GCC unroll 5
	for (int y = 0; y < 5; y++) {
#pragma GCC unroll 5
		for (int x = 0; x < 5; x++) {
			/* pi takes lane (x, y) from (x + 3y, x) */
			int from = (x + 3 * y) % 5;

			b[x] = rotate(s[from + 5 * x] ^ d[from],
				      turns[from + 5 * x]);
		}
#pragma GCC unroll 5
		for (int x = 0; x < 5; x++)
			to[x + 5 * y] =
				b[x] ^ (~b[(x + 1) % 5] & b[(x + 2) % 5]);
	}
	to[0] ^= constant;
}

static void permute(uint64_t s[25])
{
	uint64_t t[25];

	for (int i = 0; i < 24; i += 2) {
		round_into(t, s, round_constants[i]);
		round_into(s, t, round_constants[i + 1]);
	}
}

static void absorb(uint64_t s[25], const uint8_t block[RATE])
{
	for (int i = 0; i < RATE / 8; i++) {
		uint64_t lane;

		memcpy(&lane, block + i * 8, 8);
		s[i] ^= lane;
	}
	permute(s);
}

void evm_keccak256(const uint8_t *data, size_t len, uint8_t out[32])
{
	uint64_t s[25] = {0};
	uint8_t last[RATE] = {0};

	for (; len >= RATE; len -= RATE, data += RATE)
		absorb(s, data);
	if (len > 0)
		memcpy(last, data, len);
	last[len] = 0x01;
	last[RATE - 1] |= 0x80;
	absorb(s, last);
	memcpy(out, s, 32);
}
