/* gdb's registers: their numbers and sizes, and the way there and back. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/registers.h"

static void test_the_g_packet_is_as_gdb_knows_it(void **state)
{
	unsigned len = 0;

	for (unsigned n = 0; n < REG_CORE; n++)
		len += reg_size(REG_X86_64, n);
	assert_int_equal(len, 552); /* core 276, SSE 260, two bases */
	assert_int_equal(reg_size(REG_X86_64, REG_RIP), 8);
	assert_int_equal(reg_size(REG_X86_64, REG_EFLAGS), 4);
	assert_int_equal(reg_size(REG_X86_64, REG_ST0), 10);
	assert_int_equal(reg_size(REG_X86_64, REG_XMM0), 16);
	assert_int_equal(reg_size(REG_X86_64, 1000), 0);

	len = 0;
	for (unsigned n = 0; n < REG_LOW_CORE; n++)
		len += reg_size(REG_I386, n);
	assert_int_equal(len, 308); /* core 176, SSE 132 */
	assert_int_equal(reg_size(REG_I386, REG_EIP), 4);
}

static void test_32_bit_names_are_of_the_same_registers(void **state)
{
	static const struct {
		unsigned low, wide;
	} rows[] = {{REG_EIP, REG_RIP},	  {REG_ESP, 7},
		    {REG_EBP, 6},	  {REG_LOW_EFLAGS, REG_EFLAGS},
		    {REG_LOW_CS, REG_CS}, {REG_LOW_CORE - 9, REG_XMM0}};
	struct x86_state s;
	uint8_t low[16], wide[16];

	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned size = reg_size(REG_I386, rows[i].low);

		memset(low, 0x11 * (i + 1), sizeof(low));
		reg_set(REG_I8086, &s, rows[i].low, low);
		reg_get(REG_X86_64, &s, rows[i].wide, wide);
		assert_memory_equal(low, wide, size < 4 ? size : 2);
	}
}

static void expect_described(enum reg_arch arch)
{
	char *text = reg_describe(arch, true), *at = text, name[32];
	unsigned bits, number, count = 0;

	while ((at = strstr(at, "<reg "))) {
		assert_int_equal(sscanf(at,
					"<reg name=\"%31[^\"]\" bitsize=\"%u\"",
					name, &bits),
				 2);
		at = strstr(at, "regnum=");
		assert_int_equal(sscanf(at, "regnum=\"%u\"", &number), 1);
		assert_int_equal(number, count);
		assert_int_equal(bits, 8 * reg_size(arch, number));
		count++;
	}
	assert_int_equal(reg_size(arch, count), 0);
	assert_non_null(strstr(text, reg_arch_name(arch)));
	free(text);
}

static void test_the_description_says_the_same(void **state)
{
	char *text = reg_describe(REG_X86_64, false);

	assert_null(strstr(text, "ymm"));
	assert_non_null(strstr(text, "org.gnu.gdb.i386.sse"));
	free(text);
	expect_described(REG_X86_64);
	expect_described(REG_I386);
	expect_described(REG_I8086);
}

/* Each register by itself, all ones and all zeros; the others stay. */
static void test_there_and_back(void **state)
{
	struct x86_state s, before;
	uint8_t in[16], out[16];

	for (unsigned n = 0; reg_size(REG_X86_64, n); n++) {
		memset(&s, 0x5a, sizeof(s));
		reg_get(REG_X86_64, &s, n, in);
		before = s;
		reg_set(REG_X86_64, &s, n, in);
		if (n != REG_ST0 + 10)
			assert_memory_equal(&s, &before, sizeof(s));
		memset(in, 0, sizeof(in));
		in[0] = 0x37;
		reg_set(REG_X86_64, &s, n, in);
		reg_get(REG_X86_64, &s, n, out);
		if (n != REG_ST0 + 10)
			assert_memory_equal(in, out, reg_size(REG_X86_64, n));
	}
}

static void test_tags_of_the_x87(void **state)
{
	struct x86_state s;
	uint16_t tags = 0;
	uint8_t buf[4];

	memset(&s, 0, sizeof(s));
	reg_get(REG_X86_64, &s, REG_ST0 + 10, buf);
	memcpy(&tags, buf, 2);
	assert_int_equal(tags, 0xffff); /* all empty */

	/* TOP is 6: register 6 is ST0, 7 is ST1. 1.0, and zero. */
	s.fxsave[3] = 6 << 3;
	s.fxsave[4] = 0xc0;
	s.fxsave[32 + 7] = 0x80;
	s.fxsave[32 + 8] = 0xff;
	s.fxsave[32 + 9] = 0x3f;
	reg_get(REG_X86_64, &s, REG_ST0 + 10, buf);
	memcpy(&tags, buf, 2);
	assert_int_equal(tags, 0x4fff);
	reg_set(REG_X86_64, &s, REG_ST0 + 10, buf);
	assert_int_equal(s.fxsave[4], 0xc0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_g_packet_is_as_gdb_knows_it),
		cmocka_unit_test(test_32_bit_names_are_of_the_same_registers),
		cmocka_unit_test(test_the_description_says_the_same),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_tags_of_the_x87),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
