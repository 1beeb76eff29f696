/*
 * The table of x87 instructions against Zydis: each one that the disassembler
 * knows is there by the same name, and no other is.
 */
#include <strings.h>

#include <Zydis/Zydis.h>

#include "tests/unit/unit.h"
#include "vmm/sim/x87.h"

static void check(const ZydisDecoder *decoder, uint8_t opcode, uint8_t modrm)
{
	const struct x87_row *row = x87_find(opcode, modrm);
	const uint8_t code[] = {opcode, modrm, 0, 0, 0, 0, 0, 0};
	ZydisDecodedInstruction insn;
	const char *name = NULL;

	if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, code,
						       sizeof(code), &insn)))
		name = ZydisMnemonicGetString(insn.mnemonic);
	if (!row != !name || (row && strcasecmp(row->name, name)))
		fail_msg("%02x %02x: %s, not %s", opcode, modrm,
			 row ? row->name : "nothing", name ? name : "nothing");
}

static void test_the_table_is_complete_and_names_are_right(void **state)
{
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
			 ZYDIS_STACK_WIDTH_64);
	for (unsigned i = 0; i < 8 << 8; i++)
		check(&decoder, 0xd8 + (i >> 8), i);
}

static void test_no_two_rows_are_of_one_encoding(void **state)
{
	const struct x87_row *row;

	for (size_t i = 0; (row = x87_row_at(i)); i++)
		for (unsigned m = row->first; m <= row->last; m++)
			assert_ptr_equal(x87_find(row->opcode, m), row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_the_table_is_complete_and_names_are_right),
		cmocka_unit_test(test_no_two_rows_are_of_one_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
