/* work_hash.c: SHA-256, keccak-f[1600] and multiplication modulo 2^256. */
#include "tests/bench/work.h"

/* ---- SHA-256 (FIPS 180-4), its compression alone ---- */

static const uint32_t k256[64] = {
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
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t ror32(uint32_t val, unsigned by)
{
	return val >> by | val << (32 - by);
}

static void sha256_block(uint32_t h[8], uint32_t w[64])
{
	uint32_t s[8];

	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (ror32(a, 7) ^ ror32(a, 18) ^ a >> 3) +
		       (ror32(b, 17) ^ ror32(b, 19) ^ b >> 10);
	}
	for (unsigned i = 0; i < 8; i++)
		s[i] = h[i];
	for (unsigned i = 0; i < 64; i++) {
		uint32_t a = s[0], e = s[4];
		uint32_t t1 = s[7] +
			      (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
			      ((e & s[5]) ^ (~e & s[6])) + k256[i] + w[i];
		uint32_t t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
			      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		for (unsigned j = 7; j > 0; j--)
			s[j] = s[j - 1];
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		h[i] += s[i];
}

uint64_t work_sha256(unsigned rounds)
{
	uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	uint32_t w[64];

	for (unsigned n = 0; n < rounds; n++) {
		for (unsigned i = 0; i < 16; i++)
			w[i] = n + i;
		sha256_block(h, w);
	}
	return (uint64_t)h[0] << 32 | h[7];
}

/* ---- keccak-f[1600] (FIPS 202), the round constants by their LFSR ---- */

static uint64_t rol64(uint64_t val, unsigned by)
{
	return by ? val << by | val >> (64 - by) : val;
}

static uint64_t round_constant(uint8_t *lfsr)
{
	uint64_t rc = 0;

	for (unsigned j = 0; j < 7; j++) {
		if (*lfsr & 1)
			rc |= UINT64_C(1) << ((1u << j) - 1);
		*lfsr = *lfsr << 1 ^ (*lfsr >> 7) * 0x71;
	}
	return rc;
}

static void keccak_round(uint64_t s[25], uint64_t rc)
{
	uint64_t c[5], row[5], t;
	unsigned x = 1, y = 0, next;

	for (unsigned i = 0; i < 5; i++)
		c[i] = s[i] ^ s[i + 5] ^ s[i + 10] ^ s[i + 15] ^ s[i + 20];
	for (unsigned i = 0; i < 25; i++)
		s[i] ^= c[(i + 4) % 5] ^ rol64(c[(i + 1) % 5], 1);
	t = s[1];
	for (unsigned i = 0; i < 24; i++) {
		uint64_t old;

		next = (2 * x + 3 * y) % 5;
		x = y;
		y = next;
		old = s[x + 5 * y];
		s[x + 5 * y] = rol64(t, (i + 1) * (i + 2) / 2 % 64);
		t = old;
	}
	for (unsigned j = 0; j < 25; j += 5) {
		for (unsigned i = 0; i < 5; i++)
			row[i] = s[j + i];
		for (unsigned i = 0; i < 5; i++)
			s[j + i] =
				row[i] ^ (~row[(i + 1) % 5] & row[(i + 2) % 5]);
	}
	s[0] ^= rc;
}

uint64_t work_keccak(unsigned rounds)
{
	uint64_t s[25] = {1};

	for (unsigned i = 0; i < rounds; i++) {
		uint8_t lfsr = 1;

		for (unsigned r = 0; r < 24; r++)
			keccak_round(s, round_constant(&lfsr));
	}
	return s[0] ^ s[24];
}

/* ---- a = a * b mod 2^256, schoolbook ---- */

static void multiply(uint64_t a[4], const uint64_t b[4])
{
	uint64_t r[4] = {0};

	for (unsigned i = 0; i < 4; i++) {
		uint64_t carry = 0;

		for (unsigned j = 0; i + j < 4; j++) {
			unsigned __int128 t = (unsigned __int128)a[i] * b[j] +
					      r[i + j] + carry;

			r[i + j] = t;
			carry = t >> 64;
		}
	}
	for (unsigned i = 0; i < 4; i++)
		a[i] = r[i];
}

uint64_t work_multiply(unsigned rounds)
{
	uint64_t a[4] = {3, 5, 7, 11}, b[4] = {13, 17, 19, 23};

	for (unsigned i = 0; i < rounds; i++) {
		multiply(a, b);
		b[i & 3] ^= a[3];
	}
	return a[0] ^ a[1] ^ a[2] ^ a[3];
}
