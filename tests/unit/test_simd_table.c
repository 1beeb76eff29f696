/*
 * The table of SSE and SSE2 instructions against Zydis: each opcode that the
 * disassembler knows is there by the same name, and no other is.
 */
#include <stdio.h>
#include <strings.h>

#include <Zydis/Zydis.h>

#include "tests/unit/unit.h"
#include "vmm/sim/simd.h"

/* Left to the core, or left out, as simd.h lists them. */
static bool elsewhere(enum simd_prefix prefix, uint8_t opcode)
{
	bool scalar = prefix == SIMD_F3 || prefix == SIMD_F2;

	switch (opcode) {
	case 0x0d:
	case 0x18:
	case 0xae:
	case 0xc3:
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
	return prefix == SIMD_NP && opcode >= 0x60;
}

/* The name of the SSE or SSE2 instruction, or NULL. */
static const char *zydis_name(const ZydisDecoder *decoder,
			      enum simd_prefix prefix, uint8_t opcode,
			      uint8_t modrm)
{
	static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
	uint8_t code[] = {prefixes[prefix], 0x0f, opcode, modrm, 0};
	ZydisDecodedInstruction insn;
	unsigned skip = prefix == SIMD_NP;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
		    decoder, NULL, code + skip, sizeof(code) - skip, &insn)))
		return NULL;
	if (insn.meta.isa_set != ZYDIS_ISA_SET_SSE &&
	    insn.meta.isa_set != ZYDIS_ISA_SET_SSE2)
		return NULL;
	return ZydisMnemonicGetString(insn.mnemonic);
}

static void test_the_table_is_complete_and_names_are_right(void **state)
{
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
			 ZYDIS_STACK_WIDTH_64);
	for (unsigned i = 0; i < 4 << 16; i++) {
		enum simd_prefix prefix = i >> 16;
		uint8_t opcode = i >> 8, modrm = i;
		const struct simd_row *row = simd_find(prefix, opcode, modrm);
		const char *name = zydis_name(&decoder, prefix, opcode, modrm);

		/* Addresses with SIB or displacement are of other lengths. */
		if (modrm >> 6 != 3 && (modrm & 0xc7) != 0)
			continue;
		if (elsewhere(prefix, opcode))
			name = NULL;
		if (!row != !name || (row && strcasecmp(row->name, name)))
			fail_msg("prefix %d, 0f %02x %02x: %s, not %s", prefix,
				 opcode, modrm, row ? row->name : "nothing",
				 name ? name : "nothing");
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
