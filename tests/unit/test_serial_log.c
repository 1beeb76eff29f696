/* test_serial_log.c: what the guest said, kept and searched. */
#include <stdio.h>
#include <string.h>

#include "shell/repl/serial_log.h"

#include "tests/unit/unit.h"

static struct serial_log l;

static int set_up(void **state)
{
	memset(&l, 0, sizeof(l));
	return 0;
}

static void say(const char *text)
{
	serial_log_add(&l, (const uint8_t *)text, strlen(text));
}

static bool find(const char *regex, char line[64])
{
	regex_t compiled;
	bool found;

	assert_int_equal(regcomp(&compiled, regex, REG_EXTENDED | REG_NEWLINE),
			 0);
	serial_log_begin(&l);
	found = serial_log_find(&l, &compiled, line, 64);
	regfree(&compiled);
	return found;
}

static void tail_is(size_t lines, const char *text)
{
	size_t len;
	const char *tail = serial_log_tail(&l, lines, &len);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(tail, text, len);
}

static void test_the_last_lines(void **state)
{
	tail_is(1, "");
	say("one\r\ntwo\nthree");
	tail_is(1, "three");
	tail_is(2, "two\nthree");
	tail_is(9, "one\ntwo\nthree");
	say("\n");
	tail_is(1, "three\n");
}

static void test_each_is_found_once(void **state)
{
	char line[64];

	say("a 1\na 2\n");
	assert_true(find("a [0-9]", line));
	assert_string_equal(line, "a 1");
	assert_true(find("a [0-9]", line));
	assert_string_equal(line, "a 2");
	assert_false(find("a [0-9]", line));
	say("a 3");
	assert_true(find("^a [0-9]$", line));
	assert_string_equal(line, "a 3");
}

static void test_a_line_that_comes_in_pieces(void **state)
{
	char line[64];

	say("first\nsec");
	assert_false(find("second", line));
	say("ond");
	assert_true(find("second", line));
	assert_string_equal(line, "second");
}

/* A pattern that matches nothing comes to an end all the same. */
static void test_an_empty_match(void **state)
{
	char line[64];

	say("abc\n");
	for (unsigned i = 0; i < 8; i++)
		find("x*", line);
	assert_true(l.searched <= l.len + l.lost);
}

static void test_more_than_there_is_room_for(void **state)
{
	char line[64], text[64];
	size_t len;

	say("early\n");
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "line %u\n", i);
		say(text);
	}
	assert_true(l.len <= 2 * SERIAL_LOG_SIZE);
	assert_false(find("early", line));
	assert_true(find("line 19999", line));
	tail_is(1, "line 19999\n");
	serial_log_tail(&l, SIZE_MAX, &len);
	assert_true(len >= SERIAL_LOG_SIZE);
}

static void test_zero_bytes_hide_nothing(void **state)
{
	char line[64];

	serial_log_add(&l, (const uint8_t *)"a\0b\n", 4);
	assert_true(find("ab", line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_last_lines, set_up),
		cmocka_unit_test_setup(test_each_is_found_once, set_up),
		cmocka_unit_test_setup(test_a_line_that_comes_in_pieces,
				       set_up),
		cmocka_unit_test_setup(test_an_empty_match, set_up),
		cmocka_unit_test_setup(test_more_than_there_is_room_for,
				       set_up),
		cmocka_unit_test_setup(test_zero_bytes_hide_nothing, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
