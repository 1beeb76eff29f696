/*
 * The table of SSE to SSE4.2 instructions against Zydis: each opcode that the
 * disassembler knows is there by the same name, and no other is.
 */
#include <stdio.h>
#include <strings.h>

#include <Zydis/Zydis.h>

#include "tests/unit/unit.h"
#include "vmm/sim/simd.h"

/* Left to the core, or left out, as simd.h lists them. */
static bool elsewhere(enum simd_prefix prefix, uint16_t opcode)
{
	bool scalar = prefix == SIMD_F3 || prefix == SIMD_F2;

	switch (opcode) {
	case 0x01: /* monitor, mwait */
	case 0x0d:
	case 0x18:
	case 0xae:
	case 0xb8: /* popcnt */
	case 0xc3:
	case SIMD_0F38 | 0xf0: /* crc32 */
	case SIMD_0F38 | 0xf1:
		return true;
	case 0x2a:
	case 0x2c:
	case 0x2d:
		return !scalar;
	case 0xd6:
		return scalar;
	case 0xc2:
	case 0xc6:
		return false;
	}
	if (opcode >= (SIMD_0F38 | 0xc8)) /* SHA */
		return false;
	return prefix == SIMD_NP && opcode >= 0x60 &&
	       opcode != (SIMD_0F3A | 0xcc);
}

static bool is_sse(ZydisISASet set)
{
	switch (set) {
	case ZYDIS_ISA_SET_SSE:
	case ZYDIS_ISA_SET_SSE2:
	case ZYDIS_ISA_SET_SSE3:
	case ZYDIS_ISA_SET_SSSE3:
	case ZYDIS_ISA_SET_SSE4:
	case ZYDIS_ISA_SET_SSE42:
	case ZYDIS_ISA_SET_AES:
	case ZYDIS_ISA_SET_PCLMULQDQ:
	case ZYDIS_ISA_SET_SHA:
		return true;
	default:
		return false;
	}
}

static enum feature feature_of(ZydisISASet set)
{
	switch (set) {
	case ZYDIS_ISA_SET_SSE3:
		return FEATURE_SSE3;
	case ZYDIS_ISA_SET_SSSE3:
		return FEATURE_SSSE3;
	case ZYDIS_ISA_SET_SSE4:
		return FEATURE_SSE4_1;
	case ZYDIS_ISA_SET_SSE42:
		return FEATURE_SSE4_2;
	case ZYDIS_ISA_SET_AES:
		return FEATURE_AES;
	case ZYDIS_ISA_SET_PCLMULQDQ:
		return FEATURE_PCLMULQDQ;
	case ZYDIS_ISA_SET_SHA:
		return FEATURE_SHA;
	default:
		return FEATURE_SSE2;
	}
}

/* The name of the SSE instruction, or NULL. */
static const char *zydis_name(const ZydisDecoder *decoder,
			      enum simd_prefix prefix, uint16_t opcode,
			      uint8_t modrm, enum feature *feature)
{
	static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
	ZydisDecodedInstruction insn;
	uint8_t code[6] = {0};
	unsigned len = 0;

	if (prefix != SIMD_NP)
		code[len++] = prefixes[prefix];
	code[len++] = 0x0f;
	if (opcode >> 8)
		code[len++] = opcode >> 8;
	code[len++] = opcode;
	code[len] = modrm;
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, code,
							sizeof(code), &insn)))
		return NULL;
	*feature = feature_of(insn.meta.isa_set);
	return is_sse(insn.meta.isa_set) ? ZydisMnemonicGetString(insn.mnemonic)
					 : NULL;
}

static void check(const ZydisDecoder *decoder, enum simd_prefix prefix,
		  uint16_t opcode, uint8_t modrm)
{
	const struct simd_row *row = simd_find(prefix, opcode, modrm);
	enum feature feature = FEATURE_SSE2;
	const char *name = zydis_name(decoder, prefix, opcode, modrm, &feature);

	if (elsewhere(prefix, opcode))
		name = NULL;
	if (!row != !name || (row && (strcasecmp(row->name, name) ||
				      simd_feature(row) != feature)))
		fail_msg("prefix %d, 0f %04x %02x: %s, not %s", prefix, opcode,
			 modrm, row ? row->name : "nothing",
			 name ? name : "nothing");
}

static void test_the_table_is_complete_and_names_are_right(void **state)
{
	static const uint16_t maps[] = {0, SIMD_0F38, SIMD_0F3A};
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
			 ZYDIS_STACK_WIDTH_64);
	for (unsigned i = 0; i < 3 * 4 << 16; i++) {
		unsigned map = i / (4 << 16);
		uint8_t opcode = i >> 8, modrm = i;

		/* Addresses with SIB or displacement are of other lengths. */
		if (modrm >> 6 != 3 && (modrm & 0xc7) != 0)
			continue;
		if (map || (opcode != 0x38 && opcode != 0x3a))
			check(&decoder, i >> 16 & 3, maps[map] | opcode, modrm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_the_table_is_complete_and_names_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
