/*
 * What must hold of the contracts on curves whatever computes them: pairings
 * are bilinear, maps lead into the groups, points outside are refused where
 * the group matters, and a commitment opens at the points of its polynomial
 * only.
 */
#include "tests/unit/evm_unit.h"

#include "evm/hash.h"
#include "evm/precompile.h"

#define FP     64
#define G1     128
#define G2     256
#define SCALAR 32

enum {

	KZG = 10,
	G1_ADD,
	G1_MSM,
	G2_ADD,
	G2_MSM,
	PAIRING,
	MAP_G1,
	MAP_G2
};

static struct machine machine;

/* The output's length, or -1 for a failure; `out` may be the input. */
static long run(unsigned number, const uint8_t *input, size_t len, uint8_t *out)
{
	struct evm_message msg = {
		.gas = INT64_MAX / 2, .input = input, .input_len = len};

	assert_int_equal(
		evm_precompile_run(&machine.evm, number, &msg, &machine.result),
		0);
	if (machine.result.status != EVM_SUCCESS)
		return -1;
	memcpy(out, machine.result.output, machine.result.output_len);
	return (long)machine.result.output_len;
}

static void scalar(uint8_t *p, uint64_t k)
{
	struct u256 word = u256_from(k);

	u256_store(p, &word);
}

/* The group's order, as a scalar. */
static void order(uint8_t *p)
{
	static const struct u256 r = {{0xffffffff00000001, 0x53bda402fffe5bfe,
				       0x3339d80809a1d805, 0x73eda753299d7d48}};

	u256_store(p, &r);
}

static void map(uint8_t *out, unsigned number, uint8_t u)
{
	uint8_t input[2 * FP] = {[FP - 1] = u, [2 * FP - 1] = 3};
	long size = number == MAP_G1 ? G1 : G2;

	assert_int_equal(
		run(number, input, number == MAP_G1 ? FP : 2 * FP, out), size);
}

static void multiply(uint8_t *point, unsigned number, uint64_t k)
{
	size_t size = number == G1_MSM ? G1 : G2;
	uint8_t input[G2 + SCALAR];

	memcpy(input, point, size);
	scalar(input + size, k);
	assert_int_equal(run(number, input, size + SCALAR, point), size);
}

/* y of G1 to p - y: by a sum with the point times the order less one */
static void negate(uint8_t *point)
{
	uint8_t input[G1 + SCALAR];

	memcpy(input, point, G1);
	order(input + G1);
	input[G1 + SCALAR - 1] -= 1;
	assert_int_equal(run(G1_MSM, input, sizeof(input), point), G1);
}

static void test_maps_lead_into_the_groups(void **state)
{
	uint8_t input[G2 + SCALAR], out[G2], zero[G2] = {0};

	for (unsigned u = 0; u < 8; u++) {
		map(input, MAP_G1, (uint8_t)u);
		order(input + G1);
		assert_int_equal(run(G1_MSM, input, G1 + SCALAR, out), G1);
		assert_memory_equal(out, zero, G1);
		map(input, MAP_G2, (uint8_t)u);
		order(input + G2);
		assert_int_equal(run(G2_MSM, input, G2 + SCALAR, out), G2);
		assert_memory_equal(out, zero, G2);
	}
}

/* e(a P, b Q) e(-(a b + more) P, Q) */
static uint8_t bilinear(uint64_t a, uint64_t b, uint64_t more)
{
	uint8_t input[2 * (G1 + G2)], out[32];

	map(input, MAP_G1, 1);
	memcpy(input + G1 + G2, input, G1);
	map(input + G1, MAP_G2, 2);
	memcpy(input + 2 * G1 + G2, input + G1, G2);
	multiply(input, G1_MSM, a);
	multiply(input + G1, G2_MSM, b);
	multiply(input + G1 + G2, G1_MSM, a * b + more);
	negate(input + G1 + G2);
	assert_int_equal(run(PAIRING, input, sizeof(input), out), 32);
	return out[31];
}

static void test_pairings_are_bilinear(void **state)
{
	assert_int_equal(bilinear(1, 1, 0), 1);
	assert_int_equal(bilinear(1, 1, 1), 0);
	assert_int_equal(bilinear(7, 11, 0), 1);
	assert_int_equal(bilinear(0xffffffff, 0xfffffffe, 0), 1);
	assert_int_equal(bilinear(0xffffffff, 0xfffffffe, 1), 0);
	assert_int_equal(bilinear(0, 5, 0), 1);
}

/* (0, 2) is on the curve, and of order 3. */
static void test_points_outside_the_group_are_refused(void **state)
{
	uint8_t input[G1 + G2] = {[G1 - 1] = 2}, out[G1];

	assert_int_equal(run(G1_ADD, input, 2 * G1, out), G1);
	assert_memory_equal(out, input, G1);
	assert_int_equal(run(G1_MSM, input, G1 + SCALAR, out), -1);
	assert_int_equal(run(PAIRING, input, sizeof(input), out), -1);
	input[G1 - 1] = 3; /* not on the curve */
	assert_int_equal(run(G1_ADD, input, 2 * G1, out), -1);
	input[G1 - 1] = 2;
	input[15] = 1; /* above 48 bytes */
	assert_int_equal(run(G1_ADD, input, 2 * G1, out), -1);
}

/* 3 P + 3 P + ... of more terms than are taken together */
static void test_sums_of_many_terms(void **state)
{
	uint8_t input[37 * (G1 + SCALAR)], once[G1], out[G1];

	map(once, MAP_G1, 9);
	for (size_t i = 0; i < 37; i++) {
		memcpy(input + i * (G1 + SCALAR), once, G1);
		scalar(input + i * (G1 + SCALAR) + G1, 3);
	}
	multiply(once, G1_MSM, 3 * 37);
	assert_int_equal(run(G1_MSM, input, sizeof(input), out), G1);
	assert_memory_equal(out, once, G1);
	assert_int_equal(run(G1_MSM, input, sizeof(input) - 1, out), -1);
	assert_int_equal(run(G1_MSM, input, 0, out), -1);
	input[36 * (G1 + SCALAR) + 20] ^= 1;
	assert_int_equal(run(G1_MSM, input, sizeof(input), out), -1);
}

/* G1's generator compressed, and infinity: a constant polynomial's proof. */
static const uint8_t generator[48] = {
	0x97, 0xf1, 0xd3, 0xa7, 0x31, 0x97, 0xd7, 0x94, 0x26, 0x95, 0x63, 0x8c,
	0x4f, 0xa9, 0xac, 0x0f, 0xc3, 0x68, 0x8c, 0x4f, 0x97, 0x74, 0xb9, 0x05,
	0xa1, 0x4e, 0x3a, 0x3f, 0x17, 0x1b, 0xac, 0x58, 0x6c, 0x55, 0xe8, 0x3f,
	0xf9, 0x7a, 0x1a, 0xef, 0xfb, 0x3a, 0xf0, 0x0a, 0xdb, 0x22, 0xc6, 0xbb};

static void constant_one(uint8_t input[192])
{
	memset(input, 0, 192);
	evm_sha256(generator, 48, input);
	input[0] = 1;
	scalar(input + 32, 12345); /* z */
	scalar(input + 64, 1);	   /* y */
	memcpy(input + 96, generator, 48);
	input[144] = 0xc0;
}

static void test_a_constant_opens_to_itself_only(void **state)
{
	/* a flag, a bit of each part, and what EIP-4844 says of z and y */
	static const uint8_t change[] = {0, 31, 95, 96, 100, 144, 191};
	uint8_t input[192], out[64];

	constant_one(input);
	assert_int_equal(run(KZG, input, 192, out), 64);
	assert_int_equal(out[30], 0x10); /* 4096 field elements */
	assert_int_equal(run(KZG, input, 191, out), -1);
	for (size_t i = 0; i < sizeof(change); i++) {
		constant_one(input);
		input[change[i]] ^= 0x10;
		assert_int_equal(run(KZG, input, 192, out), -1);
	}
	constant_one(input);
	input[63] ^= 1; /* any other z will do */
	assert_int_equal(run(KZG, input, 192, out), 64);
	order(input + 32);
	assert_int_equal(run(KZG, input, 192, out), -1);
}

static int setup(void **state)
{
	return machine_init(&machine, EVM_OSAKA);
}

static int teardown(void **state)
{
	machine_fini(&machine);
	assert_int_equal(machine.meter.bytes, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_lead_into_the_groups),
		cmocka_unit_test(test_pairings_are_bilinear),
		cmocka_unit_test(test_points_outside_the_group_are_refused),
		cmocka_unit_test(test_sums_of_many_terms),
		cmocka_unit_test(test_a_constant_opens_to_itself_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
