/*
 * keccak-256, SHA-256 and RIPEMD-160: published values, and lengths on both
 * sides of where the padding starts a new block.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"

/* keccak-256 as it is where the processor has no ANDN */
#ifdef __x86_64__
#define EVM_HAS_BMI() false
#endif
#define evm_keccak256 keccak256_plain
#include "evm/keccak.c"
#undef evm_keccak256

typedef void hash_fn(const uint8_t *data, size_t len, uint8_t *out);

/* `count` times the text */
static const struct row {
	hash_fn *hash;
	const char *text;
	size_t count;
	const char *digest;
} rows[] = {
	{evm_keccak256, "", 0,
	 "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
	{evm_keccak256, "abc", 1,
	 "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
	{evm_keccak256, "a", 135,
	 "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446"},
	{evm_keccak256, "a", 136,
	 "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"},
	{evm_keccak256, "a", 137,
	 "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39"},
	{evm_keccak256, "a", 272,
	 "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8"},
	{evm_keccak256, "a", 1 << 20,
	 "f5f3e54ad3d703f8e9edfd7ce79341b1d9286a692fa6c13ff13ee6ea94dbf97d"},
	{evm_sha256, "", 0,
	 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{evm_sha256, "abc", 1,
	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{evm_sha256, "a", 55,
	 "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
	{evm_sha256, "a", 56,
	 "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
	{evm_sha256, "a", 64,
	 "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
	{evm_sha256, "a", 1000000,
	 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	{evm_ripemd160, "", 0, "9c1185a5c5e9fc54612808977ee8f548b2258d31"},
	{evm_ripemd160, "abc", 1, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
	{evm_ripemd160, "a", 55, "0d8a8c9063a48576a7c97e9f95253a6e53ff6765"},
	{evm_ripemd160, "a", 56, "e72334b46c83cc70bef979e15453706c95b888be"},
	{evm_ripemd160, "a", 64, "9dfb7d374ad924f3f88de96291c33e9abed53e32"},
	{evm_ripemd160, "a", 1000000,
	 "52783243c1697bdbe16d37f97f68f08325dc1528"},
};

static void check(const struct row *row)
{
	size_t unit = strlen(row->text), len = unit * row->count;
	uint8_t *data = malloc(len + 1), digest[32];
	char text[65];

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)row->text[i % unit];
	row->hash(data, len, digest);
	free(data);
	for (size_t i = 0; i < strlen(row->digest) / 2; i++)
		snprintf(text + i * 2, 3, "%02x", digest[i]);
	assert_string_equal(text, row->digest);
}

static void test_published_values(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row plain = rows[i];

		check(&rows[i]);
		if (plain.hash != evm_keccak256)
			continue;
		plain.hash = keccak256_plain;
		check(&plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
