/* The inspector's words: tables in both forms, and system calls. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/abi/syscall.h"
#include "shell/inspect/names.h"
#include "shell/inspect/syscalls.h"
#include "shell/inspect/table.h"
#include "vmm/x86.h"

static char printed[4096];

static void keep(void *ctx, const char *text, size_t len)
{
	size_t at = strlen(printed);

	assert_true(at + len < sizeof(printed));
	memcpy(printed + at, text, len);
	printed[at + len] = 0;
}

static struct inspect_out output(bool json, bool colour)
{
	printed[0] = 0;
	return (struct inspect_out){
		.write = keep, .json = json, .colour = colour};
}

static void print_table(struct inspect_out *out)
{
	struct table t;

	table_begin(&t, out, "thing");
	table_row(&t);
	table_cell(&t, "name", CELL_NAME, "%s", "a");
	table_cell(&t, "size", CELL_RIGHT | CELL_NUMBER, "%d", 7);
	table_cell(&t, "for people", CELL_PEOPLE, "%s", "x");
	table_row(&t);
	table_cell(&t, "name", CELL_NAME, "%s", "l\u00f6ng \"n\\e\"");
	table_cell(&t, "size", CELL_RIGHT | CELL_NUMBER, "%d", 1234567);
	table_cell(&t, "for people", CELL_PEOPLE, "%s", "");
	table_cell(&t, "for programs", CELL_JSON, "%s", "y");
	assert_int_equal(table_end(&t), 2);
}

static void test_people_get_columns(void **state)
{
	struct inspect_out out = output(false, false);

	print_table(&out);
	assert_string_equal(printed, "name           size  for people\n"
				     "a                 7  x\n"
				     "l\u00f6ng \"n\\e\"  1234567\n");
}

static void test_programs_get_an_object_a_row(void **state)
{
	struct inspect_out out = output(true, false);

	print_table(&out);
	assert_string_equal(
		printed,
		"{\"kind\":\"thing\",\"name\":\"a\",\"size\":7}\n"
		"{\"kind\":\"thing\",\"name\":\"l\u00f6ng \\\"n\\\\e\\\"\","
		"\"size\":1234567,\"for programs\":\"y\"}\n");
}

static void test_programs_get_no_control_characters(void **state)
{
	struct inspect_out out = output(true, false);
	struct table t;

	table_begin(&t, &out, "thing");
	table_row(&t);
	table_cell(&t, "name", 0, "%s", "a\n\033[2J\177");
	table_end(&t);
	assert_string_equal(printed, "{\"kind\":\"thing\",\"name\":"
				     "\"a\\u000a\\u001b[2J\\u007f\"}\n");
}

static void test_colours_only_where_they_are_allowed(void **state)
{
	struct inspect_out out = output(false, true);

	print_table(&out);
	assert_non_null(strstr(printed, "\033[1ma\033[0m"));
	out = output(false, false);
	print_table(&out);
	assert_null(strchr(printed, '\033'));
}

static void test_an_empty_table_is_nothing(void **state)
{
	for (unsigned json = 0; json < 2; json++) {
		struct inspect_out out = output(json, false);
		struct table t;

		table_begin(&t, &out, "thing");
		assert_int_equal(table_end(&t), 0);
		assert_string_equal(printed, "");
	}
}

static void test_amounts_are_short(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1025, "1.0 KiB"},
		{UINT64_C(1) << 20, "1 MiB"},
		{UINT64_MAX, "16777216 TiB"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(bytes_text(rows[i].bytes).text,
				    rows[i].text);
	assert_string_equal(time_text(999).text, "999 ns");
	assert_string_equal(time_text(1500000).text, "1.5 ms");
	assert_string_equal(rights_text(RIGHT_ALL).text, "rwgxp");
	assert_string_equal(rights_text(RIGHT_WRITE).text, "-w---");
	assert_string_equal(state_name(200), "?");
}

/* ---- system calls ---- */

static uint64_t info(unsigned label, unsigned target, unsigned first)
{
	return label | (uint64_t)target << INFO_TARGET_SHIFT |
	       (uint64_t)first << INFO_ARGUMENT_SHIFT;
}

static void test_calls_are_said_with_their_arguments(void **state)
{
	uint64_t retype[16] = {[GPR_RAX] = SYS_INVOKE,
			       [GPR_RDI] = 2,
			       [GPR_RSI] = info(UNTYPED_RETYPE, 1, 2),
			       [GPR_RDX] = OBJECT_TASK,
			       [GPR_R8] = 1,
			       [GPR_R9] = 0x0510};
	uint64_t mint[16] = {[GPR_RAX] = SYS_INVOKE,
			     [GPR_RDI] = 0xf5,
			     [GPR_RSI] = info(CPOOL_MINT, 1, 1),
			     [GPR_RDX] = 2,
			     [GPR_R10] = RIGHT_WRITE,
			     [GPR_R8] = 0x12345,
			     [GPR_R9] = 7};

	assert_string_equal(call_text(retype).text,
			    "untyped_retype(2, type=TASK, size=0, count=1, "
			    "destination=5/16)");
	assert_true(call_may_change(retype));
	assert_string_equal(call_text(mint).text,
			    "cpool_mint(245, index=2, rights=-w---, "
			    "badge=0x12345, source=7)");
}

static void test_calls_that_are_none_are_said_too(void **state)
{
	static const uint64_t wild[] = {0, 17, 99, UINT64_MAX};

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		uint64_t gpr[16];

		for (unsigned n = 0; n < 16; n++)
			gpr[n] = UINT64_MAX;
		gpr[GPR_RAX] = wild[i];
		assert_true(strlen(call_text(gpr).text) > 0);
		call_may_change(gpr);
	}
	assert_string_equal(error_name(ERR_SLOT_TAKEN), "SLOT_TAKEN");
	assert_string_equal(error_name(UINT64_MAX), "?");
}

static void test_calls_that_change_no_capability_are_known(void **state)
{
	static const uint16_t harmless[] = {UNTYPED_INFO, PAGE_MAP, TASK_INFO,
					    IRQ_HANDLER_ACK,
					    CHANNEL_PUT_PAYLOAD},
			      others[] = {CPOOL_DELETE,	   CPOOL_REVOKE,
					  CHANNEL_PUT_CAP, CHANNEL_TAKE,
					  TASK_SET_CPOOL,  IRQ_CONTROL_GET};
	uint64_t gpr[16] = {[GPR_RAX] = SYS_INVOKE};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		gpr[GPR_RSI] = harmless[i];
		assert_false(call_may_change(gpr));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		gpr[GPR_RSI] = others[i];
		assert_true(call_may_change(gpr));
	}
	gpr[GPR_RAX] = SYS_YIELD;
	assert_false(call_may_change(gpr));
	gpr[GPR_RAX] = SYS_CALL;
	assert_true(call_may_change(gpr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_people_get_columns),
		cmocka_unit_test(test_programs_get_an_object_a_row),
		cmocka_unit_test(test_programs_get_no_control_characters),
		cmocka_unit_test(test_colours_only_where_they_are_allowed),
		cmocka_unit_test(test_an_empty_table_is_nothing),
		cmocka_unit_test(test_amounts_are_short),
		cmocka_unit_test(test_calls_are_said_with_their_arguments),
		cmocka_unit_test(test_calls_that_are_none_are_said_too),
		cmocka_unit_test(
			test_calls_that_change_no_capability_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
