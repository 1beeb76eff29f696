/*
 * keymap.h: characters and a terminal's key sequences as keys of a US PC
 * keyboard, by their set 1 make codes.
 */
#ifndef SHELL_KEYMAP_H
#define SHELL_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_SHIFT 0x2a
#define KEY_CTRL  0x1d

enum key_how { KEY_TAP, KEY_DOWN, KEY_UP };

struct key {
	uint16_t code;	  /* set 1; 0xe000 added for E0-prefixed ones */
	bool shift, ctrl; /* of one that is tapped */
	uint8_t how;
};

/* A key and how, besides its code, as two bytes that are kept. */
static inline void key_pack(const struct key *key, uint8_t bytes[2])
{
	bytes[0] = key->shift | key->how << 4;
	bytes[1] = key->ctrl;
}

static inline struct key key_unpack(uint16_t code, const uint8_t bytes[2])
{
	return (struct key){code, bytes[0] & 1, bytes[1] & 1,
			    (bytes[0] >> 4) % 3};
}

/* The key that types an ASCII character; false: there is none. */
bool keymap_key(uint8_t c, struct key *key);

/*
 * The first key in what a terminal sent, `len` > 0 bytes: a character, or an
 * escape sequence (CSI, SS3). The bytes used, at least one; *found is false
 * when they mean no key here. A lone escape is the Escape key: terminals send
 * a sequence in one piece.
 */
size_t keymap_decode(const uint8_t *bytes, size_t len, struct key *key,
		     bool *found);

/* The key at a place, by its USB HID usage; false: a PC has none. */
bool keymap_usb(unsigned usage, uint16_t *code);

#endif
