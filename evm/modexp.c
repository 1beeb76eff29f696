/*
 * modexp.c: precompile 5, base ^ exponent mod modulus of any length
 * (EIP-198, and the prices of EIP-2565 and EIP-7883). The modulus is an odd
 * number times 2^k; the power is computed modulo each and put together.
 */
#include "evm/alloc.h"
#include "evm/power.h"
#include "evm/precompile.h"
#include "evm/rows.h"

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

static size_t limb_count(uint64_t bytes)
{
	return (size_t)(bytes + 7) / 8;
}

/* To limbs that are zero. */
static void load(uint64_t *limbs, const struct input *in, uint64_t at,
		 uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		limbs[i / 8] |= (uint64_t)input_byte(in, at + len - 1 - i)
				<< (i % 8 * 8);
}

static size_t trim(const uint64_t *limbs, size_t n)
{
	while (n > 0 && limbs[n - 1] == 0)
		n--;
	return n;
}

static void shift_left(uint64_t *r, const uint64_t *a, size_t n, unsigned shift)
{
	uint64_t below = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t limb = a[i];

		r[i] = limb << shift | below;
		below = limb >> 1 >> (63 - shift);
	}
}

static void shift_right(uint64_t *a, size_t n, unsigned shift)
{
	for (size_t i = 0; i < n; i++)
		a[i] = a[i] >> shift |
		       (i + 1 < n ? a[i + 1] << 1 << (63 - shift) : 0);
}

/*
 * What is computed with, all of `n` limbs but for `t` with 2 n, the table of
 * powers, and `wide`: the base, n limbs below it and two above.
 */
struct work {
	size_t n;
	uint64_t *odd, *shifted, *power_odd, *power_two, *base, *t, *table,
		*wide;
};

/* In limbs: how much memory it is. */
static size_t work_size(const struct layout *at, size_t n)
{
	return (7 + EVM_POWER_TABLE + 1) * n + limb_count(at->base) + 2;
}

static struct work work_at(uint64_t *p, size_t n)
{
	struct work w = {.n = n, .odd = p};

	w.shifted = w.odd + n;
	w.power_odd = w.shifted + n;
	w.power_two = w.power_odd + n;
	w.base = w.power_two + n;
	w.t = w.base + n;
	w.table = w.t + 2 * n;
	w.wide = w.table + EVM_POWER_TABLE * n;
	return w;
}

/* base = that of the input times 2^(64 n) modulo odd, which has n limbs */
static void enter(struct work *w, const struct input *in,
		  const struct layout *at, size_t n)
{
	size_t len = n + limb_count(at->base) + 2;
	unsigned shift = (unsigned)__builtin_clzll(w->odd[n - 1]);

	shift_left(w->shifted, w->odd, n, shift);
	load(w->wide + n, in, 96, at->base);
	shift_left(w->wide, w->wide, len, shift);
	rows_mod(w->wide, len, w->shifted, n);
	shift_right(w->wide, n, shift);
	memcpy(w->base, w->wide, n * sizeof(*w->base));
}

/* base^exponent modulo the odd part, which is not 1 */
static void power_odd(struct work *w, const struct input *in,
		      const struct layout *at, const struct evm_exponent *e)
{
	struct evm_ring ring = {.n = trim(w->odd, w->n),
				.m = w->odd,
				.inverse = -evm_inverse_64(w->odd[0]),
				.t = w->t};

	enter(w, in, at, ring.n);
	if (evm_ring_power(&ring, w->power_odd, w->base, e, w->table))
		evm_ring_leave(&ring, w->power_odd);
	else
		w->power_odd[0] = 1;
}

/* a modulo 2^k, where that is in a's last limb */
static void cut(uint64_t *a, size_t k)
{
	a[(k - 1) / 64] &= UINT64_MAX >> (-k % 64);
}

static struct evm_ring ring_two(const struct work *w, size_t k)
{
	return (struct evm_ring){.n = (k + 63) / 64, .t = w->t};
}

/*
 * The last k bits of the exponent, in bytes, are enough modulo 2^k: those of
 * an odd base repeat, and an even base has become zero before the others
 * count. Whether others, which are left out, are not zero.
 */
static bool shorten(struct evm_exponent *e, size_t k)
{
	uint64_t keep = (k + 7) / 8, out;
	bool any = false;

	if (e->len <= keep)
		return false;
	out = e->len - keep;
	if (out > e->have)
		out = e->have;
	for (uint64_t i = 0; i < out; i++)
		any = any || e->bytes[i];
	if (out > 0)
		e->bytes += out;
	e->have -= out;
	e->len = keep;
	return any;
}

/* base^exponent modulo 2^k */
static void power_two(struct work *w, const struct input *in,
		      const struct layout *at, struct evm_exponent e, size_t k)
{
	struct evm_ring ring = ring_two(w, k);
	size_t len = 8 * ring.n;
	bool is_long = shorten(&e, k);

	if (at->base < len)
		len = at->base;
	memset(w->base, 0, ring.n * sizeof(*w->base));
	load(w->base, in, 96 + at->base - len, len);
	if (is_long && w->base[0] % 2 == 0)
		return; /* zero */
	if (!evm_ring_power(&ring, w->power_two, w->base, &e, w->table))
		w->power_two[0] = 1;
	cut(w->power_two, k);
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

/*
 * table = 1 / odd modulo 2^(64 n): Newton's iteration, from 64 bits on, of
 * which each time twice as many are right.
 */
static void invert_odd(struct work *w, struct evm_ring ring)
{
	uint64_t *x = w->table, *y = x + w->n, *two = y + w->n;
	size_t n = ring.n;

	memset(x, 0, 3 * w->n * sizeof(*x));
	two[0] = 2;
	x[0] = evm_inverse_64(w->odd[0]);
	for (size_t right = 1; right < n; right *= 2) {
		ring.n = 2 * right < n ? 2 * right : n;
		evm_ring_mul(&ring, y, w->odd, x);
		subtract(y, two, y, ring.n);
		evm_ring_mul(&ring, x, x, y);
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

	invert_odd(w, ring);
	subtract(y, y, r, ring.n);
	evm_ring_mul(&ring, y, y, w->table);
	cut(y, k);
	for (size_t i = 0; i < ring.n; i++)
		rows_add(r + i, w->odd, w->n - i, y[i]);
}

/* Takes all factors of two out, and says how many they were. */
static size_t make_odd(uint64_t *m, size_t n)
{
	size_t zeros = 0, bits;

	while (m[zeros] == 0)
		zeros++;
	bits = (size_t)__builtin_ctzll(m[zeros]);
	memmove(m, m + zeros, (n - zeros) * sizeof(*m));
	memset(m + n - zeros, 0, zeros * sizeof(*m));
	shift_right(m, n, (unsigned)bits);
	return 64 * zeros + bits;
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
	load(w->odd, in, at->modulus_at, at->modulus);
	if (trim(w->odd, w->n) == 0)
		return; /* modulo 0 the EVM has 0 */
	twos = make_odd(w->odd, w->n);
	if (trim(w->odd, w->n) > 1 || w->odd[0] > 1)
		power_odd(w, in, at, &e);
	if (twos > 0) {
		power_two(w, in, at, e, twos);
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
	n = limb_count(at.modulus);
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
