/*
 * modexp.c: precompile 5, base ^ exponent mod modulus of any length
 * (EIP-198, and the prices of EIP-2565 and EIP-7883). Numbers are digits of 32 bits, least significant first; products
 * are reduced by Knuth's algorithm D (TAOCP 4.3.1), whose steps then need no
 * division beyond 64 bits.
 */
#include "evm/alloc.h"
#include "evm/precompile.h"

#define LONGEST 1024

/* The call data. */
struct input {
	const uint8_t *bytes;
	size_t len;
};

/* A byte of it; zeros behind its end. */
static uint8_t input_byte(const struct input *in, uint64_t at)
{
	return at < in->len ? in->bytes[at] : 0;
}

static struct u256 input_word(const struct input *in, uint64_t at, uint64_t len)
{
	uint8_t word[32] = {0};

	for (uint64_t i = 0; i < len; i++)
		word[32 - len + i] = input_byte(in, at + i);
	return u256_load(word);
}

/* Where the three numbers are. */
struct layout {
	uint64_t base, exponent, modulus; /* lengths in bytes */
	uint64_t exponent_at, modulus_at;
};

/* EIP-198: x^2, rising more slowly from 64 and from 1024 bytes on */
static u256_wide complexity_198(uint64_t x)
{
	u256_wide square = (u256_wide)x * x;

	if (x <= 64)
		return square;
	if (x <= 1024)
		return square / 4 + (u256_wide)96 * x - 3072;
	return square / 16 + (u256_wide)480 * x - 199680;
}

/* How each fork's price is made: max(least, complexity * steps / divisor). */
struct price {
	unsigned least, divisor;
	unsigned step; /* for each bit of the exponent beyond 32 bytes */
	u256_wide complexity;
};

static struct price price(enum evm_fork fork, uint64_t longest)
{
	uint64_t words = (longest + 7) / 8;
	u256_wide square = (u256_wide)words * words;

	if (fork >= EVM_OSAKA) /* EIP-7883 */
		return (struct price){500, 1, 2,
				      longest <= 32 ? 16 : 2 * square};
	if (fork >= EVM_BERLIN) /* EIP-2565 */
		return (struct price){200, 3, 1, square};
	return (struct price){0, 20, 1, complexity_198(longest)};
}

/*
 * By hand, in 32-bit digits: compilers call a function of their library for
 * it, which a guest does not have. What does not fit is as much as can be.
 */
static uint64_t divide(u256_wide n, unsigned divisor)
{
	uint64_t top = (uint64_t)(n >> 64), low = (uint64_t)n, high, rest;

	if (top >= divisor)
		return UINT64_MAX;
	high = top << 32 | low >> 32;
	rest = high % divisor << 32 | (uint32_t)low;
	return (high / divisor) << 32 | rest / divisor;
}

static uint64_t modexp_cost(enum evm_fork fork, const struct input *in,
			    const struct layout *at)
{
	uint64_t first = at->exponent < 32 ? at->exponent : 32, bits, gas;
	struct u256 head = input_word(in, at->exponent_at, first);
	struct price p =
		price(fork, at->base > at->modulus ? at->base : at->modulus);
	u256_wide steps;

	bits = u256_bits(&head);
	steps = (u256_wide)8 * p.step * (at->exponent - first) +
		(bits ? bits - 1 : 0);
	if (steps == 0)
		steps = 1;
	if (p.complexity > UINT64_MAX || steps > UINT64_MAX)
		return p.complexity == 0 ? p.least : UINT64_MAX;
	gas = divide(p.complexity * steps, p.divisor);
	return gas > p.least ? gas : p.least;
}

/*
 * Lengths beyond 2^32 cannot be paid, but for that of the exponent when the
 * others are zero: then it only matters that it is long.
 */
static bool find_numbers(const struct input *in, struct layout *at)
{
	struct u256 base = input_word(in, 0, 32);
	struct u256 exponent = input_word(in, 32, 32);
	struct u256 modulus = input_word(in, 64, 32);

	if (!u256_fits_u64(&base) || !u256_fits_u64(&modulus) ||
	    base.w[0] >> 32 || modulus.w[0] >> 32)
		return false;
	if (!u256_fits_u64(&exponent) || exponent.w[0] >> 56) {
		if (base.w[0] != 0 || modulus.w[0] != 0)
			return false;
		exponent = u256_from(UINT64_C(1) << 56);
	}
	*at = (struct layout){
		.base = base.w[0],
		.exponent = exponent.w[0],
		.modulus = modulus.w[0],
		.exponent_at = 96 + base.w[0],
		.modulus_at = 96 + base.w[0] + exponent.w[0],
	};
	return true;
}

static size_t digit_count(uint64_t bytes)
{
	return (size_t)(bytes + 3) / 4;
}

static void load(uint32_t *digits, const struct input *in, uint64_t at,
		 uint64_t len)
{
	memset(digits, 0, digit_count(len) * sizeof(*digits));
	for (uint64_t i = 0; i < len; i++)
		digits[i / 4] |= (uint32_t)input_byte(in, at + len - 1 - i)
				 << (i % 4 * 8);
}

static size_t trim(const uint32_t *digits, size_t n)
{
	while (n > 0 && digits[n - 1] == 0)
		n--;
	return n;
}

static void multiply(uint32_t *r, const uint32_t *a, const uint32_t *b,
		     size_t n)
{
	memset(r, 0, 2 * n * sizeof(*r));
	for (size_t i = 0; i < n; i++) {
		uint64_t carry = 0;

		for (size_t j = 0; j < n; j++) {
			carry += (uint64_t)a[i] * b[j] + r[i + j];
			r[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		r[i + n] = (uint32_t)carry;
	}
}

/* One step of D: u[0..n] minus a multiple of m[0..n-1], whose top bit is 1. */
static void reduce_step(uint32_t *u, const uint32_t *m, size_t n)
{
	uint64_t top = (uint64_t)u[n] << 32 | u[n - 1], q = top / m[n - 1];
	uint64_t carry = 0, rest;
	int64_t diff, borrow = 0;

	if (q >> 32)
		q = UINT32_MAX;
	rest = top - q * m[n - 1];
	while (n > 1 && !(rest >> 32) &&
	       q * m[n - 2] > (rest << 32 | u[n - 2])) {
		q--;
		rest += m[n - 1];
	}
	for (size_t i = 0; i < n; i++) {
		carry += q * m[i];
		diff = (int64_t)u[i] - (uint32_t)carry + borrow;
		u[i] = (uint32_t)diff;
		borrow = diff >> 32;
		carry >>= 32;
	}
	diff = (int64_t)u[n] - (int64_t)carry + borrow;
	u[n] = (uint32_t)diff;
	if (diff >= 0)
		return;
	carry = 0; /* one too many: add it back */
	for (size_t i = 0; i < n; i++) {
		carry += (uint64_t)u[i] + m[i];
		u[i] = (uint32_t)carry;
		carry >>= 32;
	}
	u[n] += (uint32_t)carry;
}

/* u mod m: u has `len` digits and room for one more above, at first zero. */
static void reduce(uint32_t *u, size_t len, const uint32_t *m, size_t n)
{
	u[len] = 0;
	for (size_t i = len - n + 1; len >= n && i-- > 0;)
		reduce_step(u + i, m, n);
}

/* Everything times 2^shift, so that the modulus has its top bit set. */
static void shift_left(uint32_t *digits, size_t n, unsigned shift)
{
	uint32_t below = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t digit = digits[i];

		digits[i] = digit << shift | below;
		below = shift ? digit >> (32 - shift) : 0;
	}
}

static void shift_right(uint32_t *digits, size_t n, unsigned shift)
{
	for (size_t i = 0; i < n; i++)
		digits[i] = digits[i] >> shift |
			    (shift && i + 1 < n ? digits[i + 1] << (32 - shift)
						: 0);
}

/* The modulus, shifted up so that its top bit is set, and some scratch. */
struct modulus {
	const uint32_t *m;
	size_t n;
	unsigned shift;
	uint32_t *t; /* what is to be reduced; two digits more than that */
};

/* r = t mod m: t has `len` digits and is zero above, to n + 2. */
static void take_mod(const struct modulus *mod, uint32_t *r, size_t len)
{
	mod->t[len] = 0;
	shift_left(mod->t, len + 1, mod->shift);
	reduce(mod->t, len + 1, mod->m, mod->n);
	shift_right(mod->t, mod->n, mod->shift);
	memcpy(r, mod->t, mod->n * sizeof(*r));
}

static void multiply_mod(const struct modulus *mod, uint32_t *r,
			 const uint32_t *a)
{
	multiply(mod->t, r, a, mod->n);
	take_mod(mod, r, 2 * mod->n);
}

static void power_mod(const struct modulus *mod, const struct input *in,
		      const struct layout *at, uint32_t *r, const uint32_t *a)
{
	bool started = false;

	for (uint64_t i = 0; i < at->exponent * 8; i++) {
		uint8_t byte = input_byte(in, at->exponent_at + i / 8);

		if (started)
			multiply_mod(mod, r, r);
		if (!(byte >> (7 - i % 8) & 1))
			continue;
		started = true;
		multiply_mod(mod, r, a);
	}
}

/* The scratch is all zero: the modulus, the result, the base, and t. */
static void compute(const struct input *in, const struct layout *at,
		    uint32_t *scratch, uint8_t *out)
{
	size_t size = digit_count(at->modulus);
	uint32_t *m = scratch, *r = m + size, *a = r + size;
	struct modulus mod = {.m = m, .n = size, .t = a + size};

	if (at->modulus == 0)
		return; /* there is no output, nor a place for it */
	memset(out, 0, at->modulus);
	load(m, in, at->modulus_at, at->modulus);
	mod.n = trim(m, size);
	if (mod.n == 0)
		return; /* modulo 0 the EVM has 0 */
	mod.shift = (unsigned)__builtin_clz(m[mod.n - 1]);
	shift_left(m, mod.n, mod.shift);

	mod.t[0] = 1; /* which is 0 modulo 1 */
	take_mod(&mod, r, 1);
	memset(mod.t, 0, (size + 2) * sizeof(*mod.t));
	load(mod.t, in, 96, at->base);
	take_mod(&mod, a, digit_count(at->base));
	power_mod(&mod, in, at, r, a);
	for (size_t i = 0; i < mod.n * 4 && i < at->modulus; i++)
		out[at->modulus - 1 - i] = (uint8_t)(r[i / 4] >> (i % 4 * 8));
}

/* EIP-7823: no longer numbers than that are taken from Osaka on. */
static bool too_long(enum evm_fork fork, const struct layout *at)
{
	return fork >= EVM_OSAKA &&
	       (at->base > LONGEST || at->modulus > LONGEST ||
		at->exponent > LONGEST);
}

uint64_t evm_modexp_gas(enum evm_fork fork, const uint8_t *input, size_t len)
{
	struct input in = {input, len};
	struct layout at;

	if (!find_numbers(&in, &at) || too_long(fork, &at))
		return UINT64_MAX;
	return modexp_cost(fork, &in, &at);
}

size_t evm_modexp_size(const uint8_t *input, size_t len)
{
	struct input in = {input, len};
	struct layout at;

	return find_numbers(&in, &at) ? at.modulus : 0;
}

ptrdiff_t evm_modexp(const struct evm_allocator *alloc, const uint8_t *input,
		     size_t len, uint8_t *out)
{
	struct input in = {input, len};
	struct layout at;
	uint32_t *scratch;
	size_t n, wide, size;

	if (!find_numbers(&in, &at))
		return EVM_ERR_INPUT;
	n = digit_count(at.modulus);
	wide = digit_count(at.base) > 2 * n ? digit_count(at.base) : 2 * n;
	size = (3 * n + wide + 4) * sizeof(*scratch);
	scratch = evm_alloc(alloc, size);
	if (!scratch)
		return EVM_ERR_NO_MEMORY;
	memset(scratch, 0, size);
	compute(&in, &at, scratch, out);
	evm_free(alloc, scratch, size);
	return (ptrdiff_t)at.modulus;
}
