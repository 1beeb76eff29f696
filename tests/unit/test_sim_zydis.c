/*
 * Random bytes through our decoder and through Zydis: equal lengths, equal
 * opinions of what is an instruction, for the classes that are implemented.
 */
#include "tests/unit/unit.h"

#include "tests/unit/zydis_legal.h"

static uint64_t seed;

static uint64_t random64(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed ^ seed >> 29;
}

/* Few prefixes, and many opcodes of the second map. */
static void random_bytes(uint8_t byte[15])
{
	static const uint8_t prefix[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0,
					 0x64, 0x2e, 0x48, 0x41, 0x4f};
	unsigned n = 0;
	uint64_t r;

	for (unsigned i = 0; i < 15; i++)
		byte[i] = random64() >> 32;
	r = random64();
	if ((r >> 40 & 3) == 0) { /* VEX, maps 1 to 3 */
		byte[0] = 0xc4;
		byte[1] = (byte[1] & 0xe0) | (1 + (r >> 32) % 3);
		return;
	}
	while ((r & 3) == 0 && n < 3) {
		byte[n++] = prefix[(r >> 8) % sizeof(prefix)];
		r = random64();
	}
	if (r & 0x100) {
		byte[n++] = 0x0f;
		if (!(r & 0x600))
			byte[n] = r & 0x800 ? 0x38 : 0x3a;
	}
}

static void check(const ZydisDecoder *decoder, const uint8_t byte[15],
		  unsigned bits)
{
	const char *why = zydis_differs(decoder, byte, bits);

	if (!why)
		return;
	for (unsigned i = 0; i < 15; i++)
		print_error("%02x ", byte[i]);
	print_error("(%u): %s\n", bits, why);
	assert_null(why);
}

static void random_check(ZydisMachineMode mode, ZydisStackWidth width,
			 unsigned bits)
{
	ZydisDecoder decoder;
	uint8_t byte[15];

	seed = bits;
	assert_true(ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, width)));
	for (unsigned i = 0; i < 200000; i++) {
		random_bytes(byte);
		check(&decoder, byte, bits);
	}
}

static void test_64_bit_code_agrees(void **state)
{
	random_check(ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64, 64);
}

static void test_32_bit_code_agrees(void **state)
{
	random_check(ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_64_bit_code_agrees),
		cmocka_unit_test(test_32_bit_code_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
