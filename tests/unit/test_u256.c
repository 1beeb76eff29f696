/*
 * 256-bit arithmetic against a slow model that works bit by bit, over pairs
 * of edge values and of random words of all lengths; and the EVM's own rules
 * (division by zero, signs, shifts too far) as a table.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "evm/u256.h"

#define BITS 520

struct bits {
	uint8_t bit[BITS]; /* least significant first */
};

static struct bits model(const struct u256 *a)
{
	struct bits r = {{0}};

	for (int i = 0; i < 256; i++)
		r.bit[i] = a->w[i / 64] >> (i % 64) & 1;
	return r;
}

static struct u256 word(const struct bits *a)
{
	struct u256 r = {{0}};

	for (int i = 0; i < 256; i++)
		r.w[i / 64] |= (uint64_t)a->bit[i] << (i % 64);
	return r;
}

static struct bits model_add(const struct bits *a, const struct bits *b)
{
	struct bits r;
	int carry = 0;

	for (int i = 0; i < BITS; i++) {
		int sum = a->bit[i] + b->bit[i] + carry;

		r.bit[i] = sum & 1;
		carry = sum >> 1;
	}
	return r;
}

/* a - b; whether a is less */
static int model_sub(struct bits *r, const struct bits *a, const struct bits *b)
{
	int borrow = 0;

	for (int i = 0; i < BITS; i++) {
		int diff = a->bit[i] - b->bit[i] - borrow;

		r->bit[i] = diff & 1;
		borrow = diff < 0;
	}
	return borrow;
}

static struct bits model_double(const struct bits *a, int low)
{
	struct bits r;

	memcpy(r.bit + 1, a->bit, BITS - 1);
	r.bit[0] = low;
	return r;
}

static struct bits model_mul(const struct bits *a, const struct bits *b)
{
	struct bits r = {{0}};

	for (int i = 255; i >= 0; i--) {
		r = model_double(&r, 0);
		if (a->bit[i])
			r = model_add(&r, b);
	}
	return r;
}

static void model_div(const struct bits *a, const struct bits *b,
		      struct bits *quotient, struct bits *rest)
{
	struct bits less;

	*quotient = *rest = (struct bits){{0}};
	for (int i = BITS - 1; i >= 0; i--) {
		*rest = model_double(rest, a->bit[i]);
		if (!model_sub(&less, rest, b)) {
			*rest = less;
			quotient->bit[i] = 1;
		}
	}
}

static void expect(const char *what, struct u256 got, struct u256 want)
{
	if (!u256_equal(&got, &want))
		fail_msg("%s: %016lx%016lx%016lx%016lx, not "
			 "%016lx%016lx%016lx%016lx",
			 what, got.w[3], got.w[2], got.w[1], got.w[0],
			 want.w[3], want.w[2], want.w[1], want.w[0]);
}

static void compare(struct u256 a, struct u256 b, struct u256 m)
{
	struct bits x = model(&a), y = model(&b), n = model(&m), q, r, t;

	t = model_add(&x, &y);
	expect("add", u256_add(&a, &b), word(&t));
	if (!u256_is_zero(&m)) {
		model_div(&t, &n, &q, &r);
		expect("addmod", u256_addmod(&a, &b, &m), word(&r));
	}
	t = model_mul(&x, &y);
	expect("mul", u256_mul(&a, &b), word(&t));
	if (!u256_is_zero(&m)) {
		model_div(&t, &n, &q, &r);
		expect("mulmod", u256_mulmod(&a, &b, &m), word(&r));
	}
	assert_int_equal(u256_less(&a, &b), model_sub(&t, &x, &y));
	expect("sub", u256_sub(&a, &b), word(&t));
	if (!u256_is_zero(&b)) {
		model_div(&x, &y, &q, &r);
		expect("div", u256_div(&a, &b), word(&q));
		expect("mod", u256_mod(&a, &b), word(&r));
	}
}

#define ONES (~UINT64_C(0))
#define TOP  (UINT64_C(1) << 63)

static const struct u256 edges[] = {
	{{0}},
	{{1}},
	{{ONES}},
	{{0, 1}},
	{{ONES, ONES}},
	{{0, 0, 1}},
	{{ONES, 0, ONES}},
	{{0, TOP}},
	{{ONES, ONES, ONES}},
	{{0, 0, 0, 1}},
	{{0, 0, 0, TOP}},
	{{1, 0, 0, TOP}},
	{{ONES, ONES, ONES, TOP - 1}},
	{{ONES - 1, ONES, ONES, ONES}},
	{{ONES, ONES, ONES, ONES}},
	{{0, ONES, TOP - 1, TOP}}, /* Knuth's step D6: add back */
};

#define EDGES (sizeof(edges) / sizeof(edges[0]))

static void test_edges_equal_the_model(void **state)
{
	for (size_t i = 0; i < EDGES; i++)
		for (size_t j = 0; j < EDGES; j++)
			compare(edges[i], edges[j], edges[(i * 7 + j) % EDGES]);
}

static uint64_t seed = 1;

static uint64_t random_limb(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	switch (seed >> 8 & 7) {
	case 0:
		return 0;
	case 1:
		return ONES;
	case 2:
		return seed >> 40;
	default:
		return seed * UINT64_C(0x2545f4914f6cdd1d);
	}
}

static struct u256 random_word(void)
{
	struct u256 r = {{0}};

	for (uint64_t i = 0, n = random_limb() % 4; i <= n; i++)
		r.w[i] = random_limb();
	return r;
}

static void test_random_words_equal_the_model(void **state)
{
	for (int i = 0; i < 300; i++)
		compare(random_word(), random_word(), random_word());
}

/* Many more than the slow model allows: a = q * b + r with r below b. */
static void test_division_can_be_undone(void **state)
{
	for (int i = 0; i < 100000; i++) {
		struct u256 a = random_word(), b = random_word(), q, r, back;

		if (u256_is_zero(&b))
			continue;
		q = u256_div(&a, &b);
		r = u256_mod(&a, &b);
		assert_true(u256_less(&r, &b));
		back = u256_mul(&q, &b);
		back = u256_add(&back, &r);
		expect("a", back, a);
	}
}

typedef struct u256 binary(const struct u256 *a, const struct u256 *b);

#define NEGATIVE(n)                                        \
	{                                                  \
		{                                          \
			(uint64_t) - (n), ONES, ONES, ONES \
		}                                          \
	}
#define MINIMUM                      \
	{                            \
		{                    \
			0, 0, 0, TOP \
		}                    \
	}

static const struct row {
	const char *what;
	binary *op;
	struct u256 a, b, result;
} rows[] = {
	{"div by 0", u256_div, {{7}}, {{0}}, {{0}}},
	{"mod by 0", u256_mod, {{7}}, {{0}}, {{0}}},
	{"sdiv by 0", u256_div_signed, NEGATIVE(7), {{0}}, {{0}}},
	{"smod by 0", u256_mod_signed, NEGATIVE(7), {{0}}, {{0}}},
	{"-7 / 2", u256_div_signed, NEGATIVE(7), {{2}}, NEGATIVE(3)},
	{"7 / -2", u256_div_signed, {{7}}, NEGATIVE(2), NEGATIVE(3)},
	{"-7 / -2", u256_div_signed, NEGATIVE(7), NEGATIVE(2), {{3}}},
	{"min / -1", u256_div_signed, MINIMUM, NEGATIVE(1), MINIMUM},
	{"-7 mod 2", u256_mod_signed, NEGATIVE(7), {{2}}, NEGATIVE(1)},
	{"7 mod -2", u256_mod_signed, {{7}}, NEGATIVE(2), {{1}}},
	{"2 ^ 255", u256_exp, {{2}}, {{255}}, MINIMUM},
	{"2 ^ 256", u256_exp, {{2}}, {{256}}, {{0}}},
	{"0 ^ 0", u256_exp, {{0}}, {{0}}, {{1}}},
	{"3 ^ 41", u256_exp, {{3}}, {{41}}, {{0xfa2a1cf67b5fb863, 1}}},
	{"byte 0",
	 u256_byte,
	 {{0}},
	 {{0, 0, 0, UINT64_C(0xab) << 56}},
	 {{0xab}}},
	{"byte 31", u256_byte, {{31}}, {{0x1234}}, {{0x34}}},
	{"byte 30", u256_byte, {{30}}, {{0x1234}}, {{0x12}}},
	{"byte 23", u256_byte, {{23}}, {{0, 0x55}}, {{0x55}}},
	{"byte 32", u256_byte, {{32}}, {{ONES}}, {{0}}},
	{"byte 2^64", u256_byte, {{0, 1}}, {{ONES, ONES, ONES, ONES}}, {{0}}},
	{"extend 80h", u256_sign_extend, {{0}}, {{0x80}}, NEGATIVE(128)},
	{"extend 7fh", u256_sign_extend, {{0}}, {{0x1237f}}, {{0x7f}}},
	{"extend 2", u256_sign_extend, {{1}}, {{0x18000}}, NEGATIVE(0x8000)},
	{"extend 31", u256_sign_extend, {{31}}, MINIMUM, MINIMUM},
	{"extend 30",
	 u256_sign_extend,
	 {{30}},
	 {{0, 0, 0, TOP >> 8}},
	 {{0, 0, 0, ONES << 55}}},
	{"shl 0", u256_shl, {{0}}, {{5}}, {{5}}},
	{"shl 64", u256_shl, {{64}}, {{5}}, {{0, 5}}},
	{"shl 255", u256_shl, {{255}}, {{3}}, MINIMUM},
	{"shl 256", u256_shl, {{256}}, {{3}}, {{0}}},
	{"shr 255", u256_shr, {{255}}, MINIMUM, {{1}}},
	{"shr 256", u256_shr, {{256}}, MINIMUM, {{0}}},
	{"shr 2^64", u256_shr, {{0, 1}}, MINIMUM, {{0}}},
	{"sar 255", u256_sar, {{255}}, MINIMUM, NEGATIVE(1)},
	{"sar 256", u256_sar, {{256}}, MINIMUM, NEGATIVE(1)},
	{"sar 1", u256_sar, {{1}}, NEGATIVE(3), NEGATIVE(2)},
	{"sar of 8", u256_sar, {{2}}, {{8}}, {{2}}},
};

static void test_rules_of_the_evm(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].what, rows[i].op(&rows[i].a, &rows[i].b),
		       rows[i].result);
}

static void test_modulo_zero_is_zero(void **state)
{
	struct u256 a = edges[EDGES - 1], zero = {{0}};

	expect("addmod", u256_addmod(&a, &a, &zero), zero);
	expect("mulmod", u256_mulmod(&a, &a, &zero), zero);
}

static void test_signed_order(void **state)
{
	static const struct u256 order[] = {MINIMUM, NEGATIVE(1), {{0}}, {{1}}};

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			assert_int_equal(u256_less_signed(&order[i], &order[j]),
					 i < j);
}

static void test_bytes_are_most_significant_first(void **state)
{
	uint8_t bytes[32];
	struct u256 a = {{0x1f, 2, 3, UINT64_C(0x0100000000000000)}};

	u256_store(bytes, &a);
	assert_int_equal(bytes[0], 1);
	assert_int_equal(bytes[31], 0x1f);
	expect("load", u256_load(bytes), a);
	expect("short", u256_load_bytes(bytes + 23, 9),
	       (struct u256){{0x1f, 2}});
	assert_int_equal(u256_bits(&a), 249);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges_equal_the_model),
		cmocka_unit_test(test_random_words_equal_the_model),
		cmocka_unit_test(test_division_can_be_undone),
		cmocka_unit_test(test_rules_of_the_evm),
		cmocka_unit_test(test_modulo_zero_is_zero),
		cmocka_unit_test(test_signed_order),
		cmocka_unit_test(test_bytes_are_most_significant_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
