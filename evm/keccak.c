/*
 * keccak.c: keccak-256 (The Keccak reference 3.0; FIPS 202 but for the
 * padding, whose first byte is 01h here). The state is 25 lanes of 64 bits,
 * lane [x + 5y]; 136 bytes are taken in between two permutations.
 */
#include <stdbool.h>
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
 * chi takes a NOT for each lane. Where the processor has no ANDN, these lanes
 * are held inverted during the rounds, so that four of five cancel out ("lane
 * complementing" in the Keccak implementation overview 3.2). All is unrolled
 * and the masks are constants: the compiler finds which.
 */
#define INVERTED (1u << 1 | 1u << 2 | 1u << 8 | 1u << 12 | 1u << 17 | 1u << 20)

/* all ones if a lane is held inverted */
static inline uint64_t flip(uint32_t inverted, int lane)
{
	return -(uint64_t)(inverted >> lane & 1);
}

static inline void invert(uint64_t s[25])
{
#pragma GCC unroll 25
	for (int i = 0; i < 25; i++)
		s[i] ^= flip(INVERTED, i);
}

/* the same of what theta adds to column x: the parities of two columns */
static inline uint64_t flip_theta(uint32_t inverted, int x)
{
	const uint32_t column =
		1u << 0 | 1u << 5 | 1u << 10 | 1u << 15 | 1u << 20;
	uint32_t both = column << (x + 4) % 5 | column << (x + 1) % 5;

	return -(uint64_t)__builtin_parity(inverted & both);
}

/*
 * One round, from one state into another, with the parity c of each column of
 * the one and then of the other. theta: each lane takes in the parity of two
 * neighbouring columns. rho and pi: lanes turn and move. chi: the only step
 * that is not linear, along the rows. All loops are unrolled, so that lanes
 * are registers where there are enough.
 */
static inline __attribute__((always_inline)) void round_into(
	uint64_t to[25], const uint64_t s[25], uint64_t c[5], uint64_t constant,
	uint32_t inverted)
{
	uint64_t d[5], b[5];

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
				      turns[from + 5 * x]) ^
			       flip(inverted, from + 5 * x) ^
			       flip_theta(inverted, from);
		}
#pragma GCC unroll 5
		for (int x = 0; x < 5; x++) {
			uint64_t lane = b[x] ^
					(~b[(x + 1) % 5] & b[(x + 2) % 5]) ^
					flip(inverted, x + 5 * y);

			if (x == 0 && y == 0)
				lane ^= constant;
			to[x + 5 * y] = lane;
			c[x] = y == 0 ? lane : c[x] ^ lane;
		}
	}
}

static inline __attribute__((always_inline)) void rounds(uint64_t s[25],
							 uint32_t inverted)
{
	uint64_t t[25], c[5];

#pragma GCC unroll 5
	for (int x = 0; x < 5; x++)
		c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
	for (int i = 0; i < 24; i += 2) {
		round_into(t, s, c, round_constants[i], inverted);
		round_into(s, t, c, round_constants[i + 1], inverted);
	}
}

static void permute_plain(uint64_t s[25])
{
	invert(s);
	rounds(s, INVERTED);
	invert(s);
}

/* With ANDN and RORX, which need no copies, a sixth is spared. */
#if defined(__x86_64__) && __STDC_HOSTED__ && !defined(EVM_HAS_BMI)
#define EVM_HAS_BMI() \
	(__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
#endif

#ifdef EVM_HAS_BMI
__attribute__((target("bmi,bmi2"))) static void permute_bmi(uint64_t s[25])
{
	rounds(s, 0);
}

static bool has_bmi(void)
{
	return EVM_HAS_BMI();
}
#else
#define permute_bmi(s) permute_plain(s)
#define has_bmi()      false
#endif

static void permute(uint64_t s[25])
{
	if (has_bmi())
		permute_bmi(s);
	else
		permute_plain(s);
}

static uint64_t lane(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x;
}

void evm_keccak256(const uint8_t *data, size_t len, uint8_t out[32])
{
	uint64_t s[25], last = 0x01;
	size_t i;

#pragma GCC unroll 25
	for (i = 0; i < 25; i++)
		s[i] = 0;
	for (; len >= RATE; len -= RATE, data += RATE) {
		for (i = 0; i < RATE / 8; i++)
			s[i] ^= lane(data + i * 8);
		permute(s);
	}
	for (i = 0; len >= 8; len -= 8, data += 8)
		s[i++] ^= lane(data);
	while (len > 0)
		last = last << 8 | data[--len];
	s[i] ^= last;
	s[RATE / 8 - 1] ^= UINT64_C(1) << 63;
	permute(s);
	memcpy(out, s, 32);
}
