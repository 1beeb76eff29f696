/* Characters and terminal sequences as keys of a US keyboard. */
#include "tests/unit/unit.h"

#include <string.h>

#include "shell/keymap.h"

static const struct {
	uint8_t c;
	uint16_t code; /* 0: no key */
	bool shift, ctrl;
} characters[] = {
	{'a', 0x1e, false, false},  {'z', 0x2c, false, false},
	{'A', 0x1e, true, false},   {'Z', 0x2c, true, false},
	{'1', 0x02, false, false},  {'0', 0x0b, false, false},
	{'!', 0x02, true, false},   {')', 0x0b, true, false},
	{'-', 0x0c, false, false},  {'_', 0x0c, true, false},
	{'=', 0x0d, false, false},  {'+', 0x0d, true, false},
	{'[', 0x1a, false, false},  {'}', 0x1b, true, false},
	{';', 0x27, false, false},  {'"', 0x28, true, false},
	{'\'', 0x28, false, false}, {'`', 0x29, false, false},
	{'~', 0x29, true, false},   {'\\', 0x2b, false, false},
	{'|', 0x2b, true, false},   {',', 0x33, false, false},
	{'?', 0x35, true, false},   {' ', 0x39, false, false},
	{'\n', 0x1c, false, false}, {'\r', 0x1c, false, false},
	{'\t', 0x0f, false, false}, {'\b', 0x0e, false, false},
	{0x7f, 0x0e, false, false}, {0x1b, 0x01, false, false},
	{0x03, 0x2e, false, true},  {0x01, 0x1e, false, true},
	{0x1a, 0x2c, false, true},  {0x1c, 0x2b, false, true},
	{0, 0, false, false},	    {0x80, 0, false, false},
	{0xff, 0, false, false},
};

static void test_characters(void **state)
{
	struct key key;

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]);
	     i++) {
		bool found = keymap_key(characters[i].c, &key);

		if (found != (characters[i].code != 0) ||
		    (found && (key.code != characters[i].code ||
			       key.shift != characters[i].shift ||
			       key.ctrl != characters[i].ctrl)))
			fail_msg("character %#x: %#x", characters[i].c,
				 key.code);
	}
}

static void test_every_printable_character_has_a_key(void **state)
{
	struct key key;

	for (uint8_t c = ' '; c < 0x7f; c++)
		assert_true(keymap_key(c, &key));
}

static const struct {
	const char *bytes;
	size_t used;
	uint16_t code; /* 0: no key */
} sequences[] = {
	{"x", 1, 0x2d},	       {"xy", 1, 0x2d},
	{"\033", 1, 0x01},     {"\033x", 1, 0x01},
	{"\033[A", 3, 0xe048}, {"\033[Arest", 3, 0xe048},
	{"\033OB", 3, 0xe050}, {"\033[3~", 4, 0xe053},
	{"\033[15~", 5, 0x3f}, {"\033OP", 3, 0x3b},
	{"\033[1;5C", 6, 0},   {"\033[200~", 6, 0},
	{"\033[", 1, 0x01},    {"\033[1", 3, 0},
	{"\303\244", 1, 0},
};

static void test_sequences(void **state)
{
	struct key key;
	bool found;

	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const char *bytes = sequences[i].bytes;
		size_t used = keymap_decode((const uint8_t *)bytes,
					    strlen(bytes), &key, &found);

		if (used != sequences[i].used ||
		    found != (sequences[i].code != 0) ||
		    (found && key.code != sequences[i].code))
			fail_msg("row %zu: %zu used, %#x", i, used, key.code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_every_printable_character_has_a_key),
		cmocka_unit_test(test_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
