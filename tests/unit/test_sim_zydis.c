/*
 * Random bytes through our decoder and through Zydis: equal lengths, equal
 * opinions of what is an instruction, for the classes that are implemented.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include <Zydis/Zydis.h>

#include "vmm/sim/sim.h"

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

/* The families that CPUID offers, x87 and all. */
static bool offered(const ZydisDecodedInstruction *z)
{
	static const char *const sets[] = {
		"I86",	       "I186",	       "I286PROTECTED", "I286REAL",
		"I386",	       "I486",	       "I486REAL",	"CMOV",
		"PENTIUMREAL", "PPRO",	       "LONGMODE",	"CMPXCHG16B",
		"SSE",	       "SSE2",	       "FAT_NOP",	"POPCNT",
		"X87",	       "LAHF",	       "FXSAVE",	"FXSAVE64",
		"RDTSCP",      "RDWRFSGS",     "SMAP",		"PAUSE",
		"CLFSH",       "PREFETCH_NOP", "SSE3",		"SSSE3",
		"SSE4",	       "SSE42",	       "MOVBE",		"BMI1",
		"BMI2",	       "ADOX_ADCX",    "LZCNT",		"RDRAND",
		"RDSEED",      "RDPID",	       "CLFLUSHOPT",	"CLWB",
		"XSAVE",       "XSAVEOPT",     "XSAVEC",	"INVPCID",
		"AES",	       "PCLMULQDQ",    "SHA",		"SSE3X87",
		"FCMOV",       "FCOMI",	       "PENTIUMMMX",	"SSE2MMX",
		"SSSE3MMX",    "AVX",	       "AVX2",		"AVX2GATHER",
		"AVXAES",      "FMA",	       "F16C",		"XSAVES"};
	const char *name = ZydisISASetGetString(z->meta.isa_set);

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (!strcmp(name, sets[i]))
			return true;
	return false;
}

/* Where we and Zydis may differ, each for its reason. */
static bool excused(const ZydisDecodedInstruction *z)
{
	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2: /* undefined on purpose */
	case ZYDIS_MNEMONIC_RSM: /* #UD outside SMM */
	case ZYDIS_MNEMONIC_SYSENTER:
	case ZYDIS_MNEMONIC_SYSEXIT: /* no SEP in CPUID */
		return true;
	default:
		return false;
	}
}

/* MPX, which is a NOP where CPUID has no MPX; Zydis knows its forms only. */
static bool is_mpx(const struct insn *insn)
{
	return insn->map == 1 && (insn->opcode & 0xfe) == 0x1a;
}

static bool ours_is_ud(const uint8_t byte[15], unsigned bits, struct insn *insn)
{
	enum decode got = insn_decode(insn, byte, 15, bits);
	struct op op = {.len = insn->len, .next = insn->len};

	if (got != DECODE_OK)
		return true;
	insn->features = UINT64_MAX;
	op_bind(&op, insn);
	return op.fn == exec_ud;
}

static void check(const ZydisDecoder *decoder, const uint8_t byte[15],
		  unsigned bits)
{
	ZydisDecodedInstruction z;
	ZydisDecoderContext context;
	struct insn insn;
	bool ud = ours_is_ud(byte, bits, &insn), known;
	const char *why = NULL;

	known = ZYAN_SUCCESS(
		ZydisDecoderDecodeInstruction(decoder, &context, byte, 15, &z));
	if (known && (!offered(&z) || excused(&z)))
		return;
	if (known && ud)
		why = "#UD here, not for Zydis";
	else if (!known && !ud && !is_mpx(&insn))
		why = "#UD for Zydis, not here";
	else if (known && z.length != insn.len)
		why = "other length";
	if (!why)
		return;
	for (unsigned i = 0; i < 15; i++)
		print_error("%02x ", byte[i]);
	print_error("(%u): %s: %s, %u and %u\n", bits, why,
		    known ? ZydisMnemonicGetString(z.mnemonic) : "?", insn.len,
		    known ? z.length : 0);
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
