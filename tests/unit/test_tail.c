/* The last lines of a serial line, whatever a guest sends. */
#include "vmm/log.h" /* its fail() before cmocka's */

#include "tests/unit/unit.h"

#include <string.h>

#include "shell/tail.h"

static char said[TAIL_LINES * (TAIL_LINE + 8) + 200];

static void note(void *ctx, const char *line)
{
	strcat(said, line + strlen("vmm: "));
	strcat(said, "\n");
}

static const char *say(const char *bytes, size_t len)
{
	static struct tail tail;
	struct byte_sink sink;

	memset(&tail, 0, sizeof(tail));
	sink = tail_sink(&tail, (struct byte_sink){NULL, NULL});
	for (size_t i = 0; i < len; i++)
		sink.send(sink.host, (const uint8_t *)bytes + i, 1);
	said[0] = 0;
	log_set_hook(note, NULL);
	tail_say(&tail, "T:");
	log_set_hook(NULL, NULL);
	return said;
}

static void test_what_is_said(void **state)
{
	static const struct {
		const char *bytes, *said;
	} rows[] = {
		{"", ""},
		{"a", "  T:\n    a\n"},
		{"a\n", "  T:\n    a\n"},
		{"a\r\n\nb", "  T:\n    a\n    \n    b\n"},
		{"\033[2J\x80", "  T:\n    ?[2J?\n"},
		{"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
		 "  T:\n    1\n    2\n    3\n    4\n    5\n    6\n    7\n"
		 "    8\n    9\n    10\n    11\n    12\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(say(rows[i].bytes, strlen(rows[i].bytes)),
				    rows[i].said);
}

static void test_a_long_line_is_cut(void **state)
{
	char bytes[3 * TAIL_LINE];

	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(strlen(say(bytes, sizeof(bytes))),
			 strlen("  T:\n    \n") + TAIL_LINE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_said),
		cmocka_unit_test(test_a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
