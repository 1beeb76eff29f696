/*
 * modexp.c: precompile 5, base ^ exponent mod modulus of any length
 * (EIP-198, and the prices of EIP-2565 and EIP-7883). The modulus is an odd
 * number times 2^k; the power is computed modulo each and put together. What
 * must be divided, once, are digits of 32 bits, least significant first, by
 * Knuth's algorithm D (TAOCP 4.3.1), whose steps then need no division beyond
 * 64 bits.
 */
#include "evm/alloc.h"
#include "evm/power.h"
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

static void to_limbs(uint64_t *limbs, size_t n, const uint32_t *digits,
		     size_t count)
{
	memset(limbs, 0, n * sizeof(*limbs));
	for (size_t i = 0; i < count && i < 2 * n; i++)
		limbs[i / 2] |= (uint64_t)digits[i] << (i % 2 * 32);
}

/* The modulus, shifted up so that its top bit is set, and some scratch. */
struct modulus {
	const uint32_t *m;
	size_t n;
	unsigned shift;
	uint32_t *t; /* what is to be reduced; two digits more than that */
};

/* t mod m, to limbs: t has `len` digits and is zero above. */
static void take_mod(const struct modulus *mod, uint64_t *r, size_t len)
{
	mod->t[len] = 0;
	shift_left(mod->t, len + 1, mod->shift);
	reduce(mod->t, len + 1, mod->m, mod->n);
	shift_right(mod->t, mod->n, mod->shift);
	to_limbs(r, (mod->n + 1) / 2, mod->t, mod->n);
}

/* What is computed with, all of `n` limbs but the last two. */
struct work {
	size_t n;
	uint64_t *odd, *power_odd, *power_two, *base, *one, *table, *t;
	uint32_t *modulus, *digits; /* 2 n; and what is divided */
};

static size_t digits_wide(const struct layout *at, size_t n)
{
	size_t base = digit_count(at->base);

	return (base > 4 * n ? base : 4 * n) + 4;
}

/* In limbs: how much memory it is. */
static size_t work_size(const struct layout *at, size_t n)
{
	return (5 + EVM_POWER_TABLE) * n + (n + 1) + n +
	       (digits_wide(at, n) + 1) / 2;
}

static struct work work_at(uint64_t *p, size_t n)
{
	struct work w = {.n = n, .odd = p};

	w.power_odd = w.odd + n;
	w.power_two = w.power_odd + n;
	w.base = w.power_two + n;
	w.one = w.base + n;
	w.table = w.one + n;
	w.t = w.table + EVM_POWER_TABLE * n;
	w.modulus = (uint32_t *)(w.t + n + 1);
	w.digits = w.modulus + 2 * n;
	return w;
}

/* The base to the digits. */
static void load_base(struct work *w, const struct input *in,
		      const struct layout *at)
{
	memset(w->digits, 0, digits_wide(at, w->n) * sizeof(*w->digits));
	load(w->digits, in, 96, at->base);
}

/* base^exponent modulo the odd part, which is in `modulus`, not 1 */
static void power_odd(struct work *w, const struct input *in,
		      const struct layout *at, const struct evm_exponent *e)
{
	size_t digits = trim(w->modulus, 2 * w->n), n = (digits + 1) / 2;
	struct modulus mod = {.m = w->modulus, .n = digits, .t = w->digits};
	struct evm_ring ring = {.n = n, .m = w->odd, .t = w->t};

	to_limbs(w->odd, w->n, w->modulus, digits);
	ring.inverse = -evm_inverse_64(w->odd[0]);
	mod.shift = (unsigned)__builtin_clz(w->modulus[digits - 1]);
	shift_left(w->modulus, digits, mod.shift);

	w->digits[4 * n] = 1; /* 2^(128 n), which brings into the ring */
	take_mod(&mod, w->power_two, 4 * n + 1);
	load_base(w, in, at);
	take_mod(&mod, w->base, digit_count(at->base));
	evm_ring_mul(&ring, w->base, w->base, w->power_two);
	memset(w->power_odd, 0, w->n * sizeof(*w->power_odd));
	w->power_odd[0] = 1;
	evm_ring_mul(&ring, w->one, w->power_odd, w->power_two);
	evm_ring_power(&ring, w->power_odd, w->base, e, w->one, w->table);
	memset(w->one, 0, n * sizeof(*w->one));
	w->one[0] = 1;
	evm_ring_mul(&ring, w->power_odd, w->power_odd, w->one);
}

static struct evm_ring ring_two(const struct work *w, size_t k)
{
	return (struct evm_ring){
		.n = (k + 63) / 64, .mask = UINT64_MAX >> (-k % 64), .t = w->t};
}

/* base^exponent modulo 2^k */
static void power_two(struct work *w, const struct input *in,
		      const struct layout *at, const struct evm_exponent *e,
		      size_t k)
{
	struct evm_ring ring = ring_two(w, k);

	load_base(w, in, at);
	to_limbs(w->base, ring.n, w->digits, digit_count(at->base));
	memset(w->one, 0, ring.n * sizeof(*w->one));
	w->one[0] = 1;
	evm_ring_power(&ring, w->power_two, w->base, e, w->one, w->table);
	w->power_two[ring.n - 1] &= ring.mask;
}

/* r = a - b, of n limbs */
static void subtract(uint64_t *r, const uint64_t *a, const uint64_t *b,
		     size_t n)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < n; i++) {
		u256_wide diff = (u256_wide)a[i] - b[i] - borrow;

		r[i] = (uint64_t)diff;
		borrow = (uint64_t)(diff >> 64) & 1;
	}
}

/* table = 1 / odd modulo 2^k: Newton's iteration, from 64 bits on */
static void invert_odd(struct work *w, const struct evm_ring *ring)
{
	uint64_t *x = w->table, *y = x + w->n, *two = y + w->n;
	size_t n = ring->n;

	memset(x, 0, 3 * w->n * sizeof(*x));
	two[0] = 2;
	x[0] = evm_inverse_64(w->odd[0]);
	for (size_t right = 1; right < n; right *= 2) {
		evm_ring_mul(ring, y, w->odd, x);
		subtract(y, two, y, n);
		evm_ring_mul(ring, x, x, y);
	}
}

/*
 * power_odd += odd * y, where y = (power_two - power_odd) / odd modulo 2^k:
 * the number below odd * 2^k that is both.
 */
static void put_together(struct work *w, size_t k)
{
	struct evm_ring ring = ring_two(w, k);
	uint64_t *y = w->power_two, *r = w->power_odd;

	invert_odd(w, &ring);
	subtract(y, y, r, ring.n);
	evm_ring_mul(&ring, y, y, w->table);
	for (size_t i = 0; i < ring.n; i++) {
		u256_wide x = 0;

		for (size_t j = 0; i + j < w->n; j++) {
			x = (u256_wide)w->odd[j] * y[i] + r[i + j] +
			    (uint64_t)(x >> 64);
			r[i + j] = (uint64_t)x;
		}
	}
}

/* Takes all factors of two out, and says how many they were. */
static size_t make_odd(uint32_t *m, size_t n)
{
	size_t zeros = 0, bits;

	while (m[zeros] == 0)
		zeros++;
	bits = (size_t)__builtin_ctz(m[zeros]);
	memmove(m, m + zeros, (n - zeros) * sizeof(*m));
	memset(m + n - zeros, 0, zeros * sizeof(*m));
	shift_right(m, n, (unsigned)bits);
	return 32 * zeros + bits;
}

/* The memory is all zero. */
static void compute(struct work *w, const struct input *in,
		    const struct layout *at, uint8_t *out)
{
	uint64_t have =
		in->len > at->exponent_at ? in->len - at->exponent_at : 0;
	struct evm_exponent e = {have ? in->bytes + at->exponent_at : NULL,
				 have, at->exponent};
	size_t twos;

	memset(out, 0, at->modulus);
	load(w->modulus, in, at->modulus_at, at->modulus);
	if (trim(w->modulus, 2 * w->n) == 0)
		return; /* modulo 0 the EVM has 0 */
	twos = make_odd(w->modulus, 2 * w->n);
	w->odd[0] = 1;
	if (trim(w->modulus, 2 * w->n) > 1 || w->modulus[0] > 1)
		power_odd(w, in, at, &e);
	if (twos > 0) {
		power_two(w, in, at, &e, twos);
		put_together(w, twos);
	}
	for (size_t i = 0; i < at->modulus; i++)
		out[at->modulus - 1 - i] =
			(uint8_t)(w->power_odd[i / 8] >> (i % 8 * 8));
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
	uint64_t *memory;
	struct work w;
	size_t n, size;

	if (!find_numbers(&in, &at))
		return EVM_ERR_INPUT;
	if (at.modulus == 0)
		return 0;
	n = (size_t)(at.modulus + 7) / 8;
	size = work_size(&at, n) * sizeof(*memory);
	memory = evm_alloc(alloc, size);
	if (!memory)
		return EVM_ERR_NO_MEMORY;
	memset(memory, 0, size);
	w = work_at(memory, n);
	compute(&w, &in, &at, out);
	evm_free(alloc, memory, size);
	return (ptrdiff_t)at.modulus;
}
