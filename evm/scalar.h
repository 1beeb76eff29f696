/*
 * scalar.h: the signed digits of a number of 256 bits, for multiplications of
 * points: in windows of w bits, so that at most every w-th digit is not zero,
 * and those are odd and below 2^(w - 1) in magnitude (Moeller, "Improved techniques
 * for fast exponentiation", 2002).
 */
#ifndef EVM_SCALAR_H
#define EVM_SCALAR_H

#include <stdint.h>
#include <string.h>

#define SCALAR_DIGITS 257
#define SCALAR_WINDOW 5
#define SCALAR_ODD    8 /* how many odd digits of that window are positive */

/* `n` bits from `at` on, in a number of 256 */
static inline unsigned scalar_bits(const uint64_t k[4], int at, int n)
{
	uint64_t bits = at < 256 ? k[at / 64] >> (at % 64) : 0;

	if (at % 64 + n > 64 && at / 64 < 3)
		bits |= k[at / 64 + 1] << (64 - at % 64);
	return (unsigned)(bits & ((1u << n) - 1));
}

/* The bits that go on as the last window's carry does are skipped at once. */
static inline void scalar_digits(int8_t digits[SCALAR_DIGITS],
				 const uint64_t k[4], int width)
{
	unsigned carry = 0, window, change;

	memset(digits, 0, SCALAR_DIGITS);
	for (int i = 0; i < SCALAR_DIGITS;) {
		change = scalar_bits(k, i, 16) ^ (0xffff & -carry);
		if (change == 0) {
			i += 16;
			continue;
		}
		i += __builtin_ctz(change);
		if (i >= SCALAR_DIGITS)
			break;
		window = scalar_bits(k, i, width) + carry;
		carry = window >> (width - 1) & 1;
		digits[i] = (int8_t)((int)window - (int)(carry << width));
		i += width;
	}
}

#endif
