/*
 * fuzz_precompile.c: any input to the contracts at the first addresses. The
 * first byte chooses one, the second a shape: as it comes, or points that are
 * good, made from the rest by maps and products, of which a bit may then be
 * turned. Whatever it is, the contract ends, all memory comes back, and the
 * output is as long as it must be.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. \
 *		tests/fuzz/fuzz_precompile.c $(ls evm/?*.c) -o fuzz_precompile
 */
#include <stdlib.h>
#include <string.h>

#include "evm/precompile.h"
#include "tests/fuzz/memory.h"

#define INPUT_MAX 2048
#define GAS	  3000000 /* keeps blake2f and modexp short */

/* Number, the sizes its output may have. */
static const struct target {
	unsigned number;
	size_t size, other;
} targets[] = {
	{1, 32, 0},	{2, 32, 32},	{3, 32, 32},	{4, 0, 0},
	{5, 0, 0},	{6, 64, 64},	{7, 64, 64},	{8, 32, 32},
	{9, 64, 64},	{10, 64, 64},	{11, 128, 128}, {12, 128, 128},
	{13, 256, 256}, {14, 256, 256}, {15, 32, 32},	{16, 128, 128},
	{17, 256, 256}, {256, 32, 0},
};

#define TARGETS (sizeof(targets) / sizeof(targets[0]))

/* The output's length, or 0 for a failure. */
static size_t run(struct evm *evm, unsigned number, const uint8_t *input,
		  size_t len, uint8_t *out)
{
	struct evm_message msg = {.gas = GAS, .input = input, .input_len = len};
	struct evm_result result;

	if (evm_precompile_run(evm, number, &msg, &result) < 0)
		abort(); /* there is memory */
	if (result.gas_left < 0 || result.gas_left > GAS)
		abort();
	if (result.status != EVM_SUCCESS)
		return 0;
	if (out)
		memcpy(out, result.output, result.output_len);
	return result.output_len;
}

/* A point of BLS12-381 from a byte; always good. */
static size_t map(struct evm *evm, unsigned number, uint8_t from, uint8_t *out)
{
	uint8_t u[128] = {[63] = from, [127] = from ^ 0x55};
	size_t size = run(evm, number, u, number == 16 ? 64 : 128, out);

	if (size == 0)
		abort();
	return size;
}

/* Pieces one after the other: points of a kind, scalars, G1's of bn254. */
static size_t make_good(struct evm *evm, unsigned number, const uint8_t *data,
			size_t size, uint8_t *input)
{
	static const uint8_t base[64] = {[31] = 1, [63] = 2};
	bool g1 = number == 11 || number == 12, pair = number == 15;
	bool product = number == 12 || number == 14;
	uint8_t multiple[96];
	size_t len = 0;

	for (size_t i = 0; i < size && len < INPUT_MAX - 512; i++) {
		if (number == 6 || number == 7) {
			memcpy(multiple, base, 64);
			memset(multiple + 64, data[i], 32);
			len += run(evm, 7, multiple, 96, input + len);
			continue;
		}
		if (g1 || pair)
			len += map(evm, 16, data[i], input + len);
		if (!g1)
			len += map(evm, 17, data[i], input + len);
		if (product) {
			memset(input + len, data[i], 32);
			len += 32;
		}
	}
	return len;
}

static void check_commutes(struct evm *evm, unsigned number, uint8_t *input)
{
	size_t size = number == 6 ? 64 : number == 11 ? 128 : 256, got;
	uint8_t swapped[512], first[256], second[256];

	memcpy(swapped, input + size, size);
	memcpy(swapped + size, input, size);
	got = run(evm, number, input, 2 * size, first);
	if (got != run(evm, number, swapped, 2 * size, second) ||
	    memcmp(first, second, got) != 0)
		abort();
}

static void run_target(struct evm *evm, const uint8_t *data, size_t size)
{
	const struct target *t = &targets[data[0] % TARGETS];
	uint8_t input[INPUT_MAX] = {0};
	size_t len = size - 4 < INPUT_MAX ? size - 4 : INPUT_MAX, got;
	bool curve = t->number == 6 || t->number == 7 ||
		     (t->number >= 11 && t->number <= 15);

	if (data[1] % 2 && curve) {
		len = make_good(evm, t->number, data + 4,
				size - 4 < 6 ? size - 4 : 6, input);
		if (data[1] & 2 && len > 0)
			input[(data[2] << 8 | data[3]) % len] ^=
				(uint8_t)(1u << data[1] / 32);
	} else {
		memcpy(input, data + 4, len);
	}
	got = run(evm, t->number, input, len, NULL);
	if (t->size && got != 0 && got != t->size && got != t->other)
		abort();
	if (t->number == 6 || t->number == 11 || t->number == 13)
		check_commutes(evm, t->number, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evm evm = {.alloc = alloc};

	if (size < 4)
		return 0;
	evm.fork = data[0] / TARGETS % 2 ? EVM_OSAKA : EVM_PRAGUE;
	run_target(&evm, data, size);
	evm_fini(&evm);
	if (in_use != 0)
		abort();
	return 0;
}
