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

static inline uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* theta: each lane takes in the parity of two neighbouring columns */
static inline void mix_columns(uint64_t s[25])
{
	uint64_t c[5], d;

	for (int x = 0; x < 5; x++)
		c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
	for (int x = 0; x < 5; x++) {
		d = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1);
		for (int y = 0; y < 25; y += 5)
			s[x + y] ^= d;
	}
}

/* rho and pi: lanes turn and move along one cycle through all but lane 0 */
static inline void move_lanes(uint64_t s[25])
{
	static const uint8_t to[24] = {10, 7,  11, 17, 18, 3,  5,  16,
				       8,  21, 24, 4,  15, 23, 19, 13,
				       12, 2,  20, 14, 22, 9,  6,  1};
	static const uint8_t turn[24] = {1,  3,	 6,  10, 15, 21, 28, 36,
					 45, 55, 2,  14, 27, 41, 56, 8,
					 25, 43, 62, 18, 39, 61, 20, 44};
	uint64_t moving = s[1], next;

#pragma GCC unroll 24
	for (int i = 0; i < 24; i++) {
		next = s[to[i]];
		s[to[i]] = rotate(moving, turn[i]);
		moving = next;
	}
}

/* chi: the only step that is not linear, along the rows */
static inline void mix_rows(uint64_t s[25])
{
	for (int y = 0; y < 25; y += 5) {
		uint64_t a = s[y], b = s[y + 1];

		s[y] ^= ~s[y + 1] & s[y + 2];
		s[y + 1] ^= ~s[y + 2] & s[y + 3];
		s[y + 2] ^= ~s[y + 3] & s[y + 4];
		s[y + 3] ^= ~s[y + 4] & a;
		s[y + 4] ^= ~a & b;
	}
}

static void permute(uint64_t s[25])
{
	for (int round = 0; round < 24; round++) {
		mix_columns(s);
		move_lanes(s);
		mix_rows(s);
		s[0] ^= round_constants[round];
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
