/*
 * mips.c: the simulator's speed: a 256-bit multiplication, keccak-f[1600] and
 * a sort, the same code as a guest and natively.
 *
 * As a guest it is booted by the PVH note through mips_start.S, leaves the
 * sums at no port and ends by the exit port. Natively it prints them, so that
 * the compiler cannot drop the work.
 */
#include <stdint.h>

#include "tests/bench/mips.h"

#define WORDS 512

static uint64_t rotate(uint64_t val, unsigned by)
{
	return by ? val << by | val >> (64 - by) : val;
}

/* a = a * b mod 2^256, schoolbook. */
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

static uint64_t run_multiply(unsigned rounds)
{
	uint64_t a[4] = {3, 5, 7, 11}, b[4] = {13, 17, 19, 23};

	for (unsigned i = 0; i < rounds; i++) {
		multiply(a, b);
		b[i & 3] ^= a[3];
	}
	return a[0] ^ a[1] ^ a[2] ^ a[3];
}

/* The round constants are made by the reference's LFSR. */
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
	uint64_t c[5], t = s[1], row[5];
	unsigned x = 1, y = 0, next;

	for (unsigned i = 0; i < 5; i++)
		c[i] = s[i] ^ s[i + 5] ^ s[i + 10] ^ s[i + 15] ^ s[i + 20];
	for (unsigned i = 0; i < 25; i++)
		s[i] ^= c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1);
	t = s[1];
	for (unsigned i = 0; i < 24; i++) {
		uint64_t old;

		next = (2 * x + 3 * y) % 5;
		x = y;
		y = next;
		old = s[x + 5 * y];
		s[x + 5 * y] = rotate(t, (i + 1) * (i + 2) / 2 % 64);
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

static uint64_t run_keccak(unsigned rounds)
{
	uint64_t s[25] = {1};

	for (unsigned i = 0; i < rounds; i++) {
		uint8_t lfsr = 1;

		for (unsigned r = 0; r < 24; r++)
			keccak_round(s, round_constant(&lfsr));
	}
	return s[0] ^ s[24];
}

/* Heap sort: no library, and branches that depend on the data. */
static void sift(uint32_t *a, unsigned at, unsigned count)
{
	while (2 * at + 1 < count) {
		unsigned child = 2 * at + 1;
		uint32_t val = a[at];

		if (child + 1 < count && a[child] < a[child + 1])
			child++;
		if (val >= a[child])
			return;
		a[at] = a[child];
		a[child] = val;
		at = child;
	}
}

static uint64_t run_sort(unsigned rounds)
{
	static uint32_t a[WORDS];
	uint32_t seed = 1;
	uint64_t sum = 0;

	for (unsigned n = 0; n < rounds; n++) {
		for (unsigned i = 0; i < WORDS; i++) {
			seed = seed * 1664525 + 1013904223;
			a[i] = seed >> 8;
		}
		for (unsigned i = WORDS / 2; i-- > 0;)
			sift(a, i, WORDS);
		for (unsigned i = WORDS; i-- > 1;) {
			uint32_t top = a[0];

			a[0] = a[i];
			a[i] = top;
			sift(a, 0, i);
		}
		sum += a[n % WORDS];
	}
	return sum;
}

/* About a third of the instructions each. */
uint64_t mips_run(unsigned rounds)
{
	return run_multiply(520 * rounds) ^ run_keccak(6 * rounds) ^
	       run_sort(rounds);
}
