/* test_words.c: lines of vmm shell's as words. */
#include <stdio.h>
#include <string.h>

#include "shell/words.h"

#include "tests/unit/unit.h"

static struct words w;

/* Read one command; its words with | between them. */
static const char *words_of(const char *line)
{
	static char text[2 * WORDS_SIZE];
	const char *why = NULL;
	size_t len = 0;

	if (!words_read(&line, &w, &why))
		return why;
	text[0] = 0;
	for (unsigned i = 0; i < w.count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s",
				i ? "|" : "", w.word[i]);
	assert_null(w.word[w.count]);
	return text;
}

static void test_lines(void **state)
{
	static const struct {
		const char *line, *words;
	} row[] = {
		{"", ""},
		{" \t ", ""},
		{"list", "list"},
		{" a  b\tc ", "a|b|c"},
		{"a;b", "a"},
		{"a ; b", "a"},
		{"a # b", "a"},
		{"# a", ""},
		{"task task#2", "task|task#2"},
		{"a 'b c;d#e' f", "a|b c;d#e|f"},
		{"a \"b 'c\" d", "a|b 'c|d"},
		{"a \"b\\\"c\"", "a|b\\\"c"},
		{"a 'b\\n'", "a|b\\n"},
		{"a '' b", "a||b"},
		{"a b'c'd", "a|bcd"},
		{"a 'b", "a quote is not closed"},
		{"a 'b\nc'", "a quote is not closed"},
		{"a \"b\\", "a quote is not closed"},
		{"a\r", "a"},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_string_equal(words_of(row[i].line), row[i].words);
}

static void test_commands_follow_each_other(void **state)
{
	const char *line = "a b; ;c # d; e\nf;", *why;
	const char *words[] = {"a", NULL, "c", "f"};

	for (unsigned i = 0; i < 4; i++) {
		assert_true(words_read(&line, &w, &why));
		if (words[i])
			assert_string_equal(w.word[0], words[i]);
		else
			assert_int_equal(w.count, 0);
	}
	assert_int_equal(*line, 0);
}

static void test_the_command_as_it_stands(void **state)
{
	const char *line = "  caps --svg 'a b.svg' ; list", *why;

	assert_true(words_read(&line, &w, &why));
	assert_int_equal(w.raw_len, strlen("caps --svg 'a b.svg' "));
	assert_memory_equal(w.raw, "caps --svg 'a b.svg' ", w.raw_len);
}

static void test_too_much(void **state)
{
	char line[2 * WORDS_SIZE];

	memset(line, 'a', sizeof(line));
	line[WORDS_SIZE / 2] = 0;
	assert_string_equal(words_of(line), "the line is too long");
	line[WORDS_SIZE / 2 - 1] = 0;
	assert_int_equal(strlen(words_of(line)), WORDS_SIZE / 2 - 1);

	for (unsigned i = 0; i < WORDS_MAX; i++)
		memcpy(line + 2 * i, "a ", 3);
	words_of(line);
	assert_int_equal(w.count, WORDS_MAX);
	strcat(line, "a");
	assert_string_equal(words_of(line), "too many words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_commands_follow_each_other),
		cmocka_unit_test(test_the_command_as_it_stands),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
