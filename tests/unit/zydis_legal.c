/* zydis_legal.c: what both call an instruction, and the reasons to differ. */
#include "tests/unit/zydis_legal.h"

#include <stddef.h>
#include <string.h>

#include "vmm/sim/sim.h"

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

const char *zydis_differs(const ZydisDecoder *decoder, const uint8_t byte[15],
			  unsigned bits)
{
	ZydisDecodedInstruction z;
	ZydisDecoderContext context;
	struct insn insn;
	bool ud = ours_is_ud(byte, bits, &insn), known;

	known = ZYAN_SUCCESS(
		ZydisDecoderDecodeInstruction(decoder, &context, byte, 15, &z));
	if (known && (!offered(&z) || excused(&z)))
		return NULL;
	if (known && ud)
		return "#UD here, not for Zydis";
	if (!known && !ud && !is_mpx(&insn))
		return "#UD for Zydis, not here";
	if (known && z.length != insn.len)
		return "other length";
	return NULL;
}
