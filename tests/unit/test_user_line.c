/* The line editor: what is typed, what the line is, what the console shows. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/line.h"

struct fixture {
	struct console console; /* first: the write casts */
	struct line line;
	char shown[4096];
	size_t len;
	char lines[1024]; /* the finished ones, each ended by '|' */
	size_t done;
};

static void show(struct console *console, const char *text, size_t len)
{
	struct fixture *f = (struct fixture *)console;

	assert_true(f->len + len < sizeof(f->shown));
	memcpy(f->shown + f->len, text, len);
	f->len += len;
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){.console = {show}};
	line_init(&f.line, &f.console, "> ");
	line_start(&f.line);
	*state = &f;
	return 0;
}

static void type(struct fixture *f, const char *keys)
{
	for (; *keys; keys++) {
		if (!line_key(&f->line, *keys))
			continue;
		f->done +=
			snprintf(f->lines + f->done, sizeof(f->lines) - f->done,
				 "%s|", f->line.text);
		line_start(&f->line);
	}
}

static void test_typed_and_echoed(void **state)
{
	struct fixture *f = *state;

	type(f, "list\nhelp\n");
	assert_string_equal(f->lines, "list|help|");
	assert_string_equal(f->shown, "> list\n> help\n> ");
}

static void test_editing(void **state)
{
	static const struct {
		const char *keys, *lines;
	} rows[] = {
		{"a\r\nb\r\n", "a|b|"}, /* \r\n is one Enter */
		{"a\n\nb\r\r", "a||b||"},
		{"lisx\bt\n", "list|"},
		{"lisx\177t\n", "list|"},
		{"\b\b\177x\b\b\by\n", "y|"}, /* nothing before the start */
		{"wrong\025right\n", "right|"},
		{"\025\n", "|"},
		{"never\003this\n", "this|"},
		{"\033[Aup\033[1;5Cx\033OPy\033mz\n", "upxyz|"},
		{"\001\002\t\037a\n", "a|"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(state);
		type(*state, rows[i].keys);
		assert_string_equal(((struct fixture *)*state)->lines,
				    rows[i].lines);
	}
}

static void test_what_editing_shows(void **state)
{
	struct fixture *f = *state;

	type(f, "ab\b\025\bc\003");
	assert_string_equal(f->shown, "> ab\b \b\b \bc^C\n> ");
}

static void test_a_full_line_takes_no_more(void **state)
{
	struct fixture *f = *state;
	char keys[LINE_SIZE + 8];

	memset(keys, 'x', sizeof(keys));
	keys[LINE_SIZE - 1] = 0;
	type(f, keys);
	assert_int_equal(f->len, 2 + LINE_SIZE - 1);
	type(f, "yyy");
	assert_string_equal(f->shown + f->len - 4, "x\a\a\a");
	type(f, "\n");
	keys[LINE_SIZE - 1] = '|';
	keys[LINE_SIZE] = 0;
	assert_string_equal(f->lines, keys);
}

static void test_bytes_above_ascii_are_ignored(void **state)
{
	struct fixture *f = *state;

	type(f, "a\200\377b\n");
	assert_string_equal(f->lines, "ab|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_typed_and_echoed, setup),
		cmocka_unit_test_setup(test_editing, setup),
		cmocka_unit_test_setup(test_what_editing_shows, setup),
		cmocka_unit_test_setup(test_a_full_line_takes_no_more, setup),
		cmocka_unit_test_setup(test_bytes_above_ascii_are_ignored,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
