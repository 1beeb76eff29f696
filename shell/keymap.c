/* keymap.c: the US layout, and what terminals (xterm and kin) send. */
#include "shell/keymap.h"

#include <string.h>

#define E0	   0xe000
#define ESCAPE	   0x1b
#define KEY_ESCAPE 0x01

/* By set 1 code from 02h on; a zero is a key without a character. */
static const char plain[] = "1234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0"
			    "\\zxcvbnm,./\0\0\0 ";
static const char shifted[] = "!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0"
			      "|ZXCVBNM<>?\0\0\0 ";
#define FIRST_CODE 0x02

_Static_assert(sizeof(plain) == sizeof(shifted), "one layout");

static uint16_t find(const char *layout, uint8_t c)
{
	const char *at = c ? memchr(layout, c, sizeof(plain) - 1) : NULL;

	return at ? at - layout + FIRST_CODE : 0;
}

bool keymap_key(uint8_t c, struct key *key)
{
	*key = (struct key){.code = 0};
	if (c == '\r')
		c = '\n';
	if (c == 0x7f)
		c = '\b';
	if (c == ESCAPE)
		key->code = KEY_ESCAPE;
	else
		key->code = find(plain, c);
	if (key->code)
		return true;
	key->code = find(shifted, c);
	key->shift = key->code != 0;
	if (key->code || c == 0 || c >= 0x20)
		return key->code != 0;
	/* 01h..1fh: Ctrl and the character 40h above, lower case. */
	key->code = find(plain, c <= 26 ? c + 0x60 : c + 0x40);
	key->ctrl = key->code != 0;
	return key->ctrl;
}

struct sequence {
	const char *text; /* behind ESC */
	uint16_t code;
};

static const struct sequence sequences[] = {
	{"[A", E0 | 0x48},  {"[B", E0 | 0x50},	{"[C", E0 | 0x4d},
	{"[D", E0 | 0x4b},  {"OA", E0 | 0x48},	{"OB", E0 | 0x50},
	{"OC", E0 | 0x4d},  {"OD", E0 | 0x4b},	{"[H", E0 | 0x47},
	{"[F", E0 | 0x4f},  {"OH", E0 | 0x47},	{"OF", E0 | 0x4f},
	{"[1~", E0 | 0x47}, {"[2~", E0 | 0x52}, {"[3~", E0 | 0x53},
	{"[4~", E0 | 0x4f}, {"[5~", E0 | 0x49}, {"[6~", E0 | 0x51},
	{"OP", 0x3b},	    {"OQ", 0x3c},	{"OR", 0x3d},
	{"OS", 0x3e},	    {"[15~", 0x3f},	{"[17~", 0x40},
	{"[18~", 0x41},	    {"[19~", 0x42},	{"[20~", 0x43},
	{"[21~", 0x44},	    {"[23~", 0x57},	{"[24~", 0x58},
	{"OM", E0 | 0x1c},
};

/*
 * How long the sequence at `bytes` (behind its ESC) is: a CSI ends with a
 * byte from 40h on (ECMA-48 5.4), an SS3 is two bytes; 0: neither.
 */
static size_t sequence_len(const uint8_t *bytes, size_t len)
{
	if (len < 2 || (bytes[0] != '[' && bytes[0] != 'O'))
		return 0;
	if (bytes[0] == 'O')
		return 2;
	for (size_t i = 1; i < len; i++)
		if (bytes[i] >= 0x40)
			return i + 1;
	return len;
}

size_t keymap_decode(const uint8_t *bytes, size_t len, struct key *key,
		     bool *found)
{
	size_t tail = bytes[0] == ESCAPE ? sequence_len(bytes + 1, len - 1) : 0;

	*found = false;
	if (tail == 0) {
		*found = keymap_key(bytes[0], key);
		return 1;
	}
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (strlen(sequences[i].text) == tail &&
		    !memcmp(sequences[i].text, bytes + 1, tail)) {
			*key = (struct key){.code = sequences[i].code};
			*found = true;
			break;
		}
	return 1 + tail;
}
