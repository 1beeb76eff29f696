/* Scancodes in, characters out: a row is a sequence of keys and its text. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/keymap.h"

struct row {
	const char *codes; /* hex, spaces between */
	const char *text;
};

static void check(const struct row *row)
{
	struct keymap k = {0};
	char text[64] = "";
	size_t len = 0;
	const char *p = row->codes;
	unsigned code;
	int used;

	for (; sscanf(p, "%x%n", &code, &used) == 1; p += used) {
		int c = keymap_feed(&k, code);

		if (c != KEYMAP_NONE)
			text[len++] = c;
	}
	text[len] = 0;
	if (strcmp(text, row->text))
		fail_msg("%s: \"%s\", not \"%s\"", row->codes, text, row->text);
}

static void test_sequences(void **state)
{
	static const struct row rows[] = {
		{"1e 9e 30 b0", "ab"},
		{"26 a6 17 97 1f 9f 14 94 1c 9c", "list\n"},
		{"02 03 0a 0b 0c 0d 35", "1290-=/"},
		{"1e 1e 1e 9e", "aaa"}, /* the key's own repeat */
		/* Shift, left and right, holds until its own release. */
		{"2a 1e 9e aa 1e", "Aa"},
		{"36 02 82 b6 02", "!1"},
		{"2a 36 aa 1e b6 1e", "Aa"},
		{"2a 28 29 2b 33 34 35 27", "\"~|<>?:"},
		/* Caps lock is for letters; shift turns it round. */
		{"3a ba 1e 02 3a ba 1e", "A1a"},
		{"3a ba 2a 1e 02 aa 1e", "a!A"},
		/* Control makes control codes of letters only. */
		{"1d 2e ae 9d 2e", "\003c"},
		{"1d 16", "\025"},
		{"e0 1d 2e e0 9d 2e", "\003c"},
		{"1d 02 1c", "1\n"},
		{"1d 2a 16", "\025"},
		/* Editing keys, space, tab. */
		{"0e 39 0f", "\b \t"},
		/* Extended keys: Enter and slash of the keypad have text. */
		{"e0 1c e0 9c e0 35 e0 b5", "\n/"},
		{"e0 48 e0 c8 e0 50 e0 4b e0 53 1e", "a"},
		/* Print Screen sends shifts of its own: they shift nothing. */
		{"e0 2a e0 37 1e e0 b7 e0 aa 1e", "aa"},
		/* Pause is one key of six bytes and comes up by itself. */
		{"e1 1d 45 e1 9d c5 2e 4f", "c1"},
		/* The keypad, with and without num lock. */
		{"47 48 49 4a 4b 4e 52 53 37", "789-4+0.*"},
		{"45 c5 47 53 4a 4e 37 45 c5 47", "-+*7"},
		/* Keys without text, codes beyond the table, errors. */
		{"01 3b 44 46 54 55 57 58 7f ff 00 fa 38 b8", ""},
		{"56 2a 56", "\\|"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

/* Any bytes at all: it stays within its tables. */
static void test_any_pair_of_bytes(void **state)
{
	struct keymap k = {0};

	for (unsigned i = 0; i < 0x10000; i++) {
		int c = keymap_feed(&k, i >> 8);

		assert_in_range(c + 1, 0, 128);
		c = keymap_feed(&k, i & 0xff);
		assert_in_range(c + 1, 0, 128);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_any_pair_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
