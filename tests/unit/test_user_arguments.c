/* A command line as the words of main(). */
#include "tests/unit/unit.h"

#include <string.h>

#include "guest-kernel/user/arguments.h"

static struct arguments a;

static char name[] = "init";

static const struct {
	const char *line;
	const char *words[5];
} rows[] = {
	{"", {"init"}},
	{"   ", {"init"}},
	{"one", {"init", "one"}},
	{" one  two ", {"init", "one", "two"}},
	{"a=\"b c\" d", {"init", "a=b c", "d"}},
	{"'it is' \"it's\"", {"init", "it is", "it's"}},
	{"\"\" x", {"init", "", "x"}},
	{"open\" end", {"init", "open end"}},
	{"a\tb", {"init", "a\tb"}},
};

static void test_words(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int count = 0;

		arguments_split(&a, name, rows[i].line);
		for (; rows[i].words[count]; count++)
			assert_string_equal(a.word[count],
					    rows[i].words[count]);
		assert_int_equal(a.count, count);
		assert_null(a.word[count]);
	}
}

static void test_the_longest_line_fits(void **state)
{
	static char line[BOOT_CMDLINE_SIZE];

	memset(line, 'x', sizeof(line) - 1);
	arguments_split(&a, name, line);
	assert_int_equal(a.count, 2);
	assert_string_equal(a.word[1], line);
}

static void test_too_many_words_are_left_out(void **state)
{
	static char line[BOOT_CMDLINE_SIZE];

	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? ' ' : 'x';
	arguments_split(&a, name, line);
	assert_int_equal(a.count, ARGUMENTS_MAX);
	assert_null(a.word[ARGUMENTS_MAX]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_the_longest_line_fits),
		cmocka_unit_test(test_too_many_words_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
