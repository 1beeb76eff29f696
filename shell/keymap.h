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

struct key {
	uint16_t code; /* set 1; 0xe000 added for E0-prefixed ones */
	bool shift, ctrl;
};

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

#endif
