/*
 * keymap.c: one table for the plain and one for the shifted character of each
 * key; shift, control and the locks are noted as they go down and up. Keys
 * without a character, as the arrows, are swallowed whole.
 */
#include "guest-kernel/user/keymap.h"

#define RELEASED     0x80
#define EXTENDED     0xe0 /* the next code is of a key the PC/XT lacked */
#define PAUSE	     0xe1 /* e1 1d 45 goes down, e1 9d c5 comes up */
#define CONTROL	     0x1d
#define SHIFT_LEFT   0x2a
#define SHIFT_RIGHT  0x36
#define CAPS_LOCK    0x3a
#define NUM_LOCK     0x45
#define KEYPAD_FIRST 0x47
#define KEYPAD_LAST  0x53
#define KEYPAD_MINUS 0x4a
#define KEYPAD_PLUS  0x4e
#define KEYPAD_SLASH 0x35 /* after e0h */
#define ENTER	     0x1c /* with and without e0h */

/* From code 0; 0 where the key has no character. */
static const char plain[] = "\0\0001234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`"
			    "\0\\zxcvbnm,./\0*\0 \0\0\0\0\0\0\0\0\0\0\0\0\0"
			    "789-456+1230.\0\0\\";
static const char shifted[] =
	"\0\0!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~"
	"\0|ZXCVBNM<>?\0*\0 \0\0\0\0\0\0\0\0\0\0\0\0\0"
	"789-456+1230.\0\0|";

_Static_assert(sizeof(plain) == 0x58 && sizeof(shifted) == 0x58,
	       "keys 00h..56h and the end");

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool keypad_needs_num_lock(uint8_t key)
{
	return key >= KEYPAD_FIRST && key <= KEYPAD_LAST &&
	       key != KEYPAD_MINUS && key != KEYPAD_PLUS;
}

static int character(const struct keymap *k, uint8_t key)
{
	bool shift = k->shift_left || k->shift_right;
	char c;

	if (key >= sizeof(plain) - 1 ||
	    (k->num_lock_off && keypad_needs_num_lock(key)))
		return KEYMAP_NONE;
	if (k->caps_lock && is_letter(plain[key]))
		shift = !shift;
	c = shift ? shifted[key] : plain[key];
	if ((k->control_left || k->control_right) && is_letter(c))
		c &= 0x1f;
	return c ? c : KEYMAP_NONE;
}

static int feed_extended(struct keymap *k, uint8_t key, bool down)
{
	if (key == CONTROL)
		k->control_right = down;
	if (!down)
		return KEYMAP_NONE;
	if (key == ENTER)
		return '\n';
	return key == KEYPAD_SLASH ? '/' : KEYMAP_NONE;
}

static int feed_plain(struct keymap *k, uint8_t key, bool down)
{
	switch (key) {
	case SHIFT_LEFT:
		k->shift_left = down;
		return KEYMAP_NONE;
	case SHIFT_RIGHT:
		k->shift_right = down;
		return KEYMAP_NONE;
	case CONTROL:
		k->control_left = down;
		return KEYMAP_NONE;
	case CAPS_LOCK:
		k->caps_lock ^= down;
		return KEYMAP_NONE;
	case NUM_LOCK:
		k->num_lock_off ^= down;
		return KEYMAP_NONE;
	}
	return down ? character(k, key) : KEYMAP_NONE;
}

int keymap_feed(struct keymap *k, uint8_t code)
{
	bool extended = k->extended;

	if (k->skip) {
		k->skip--;
		return KEYMAP_NONE;
	}
	k->extended = code == EXTENDED;
	if (code == EXTENDED)
		return KEYMAP_NONE;
	if (code == PAUSE) {
		k->skip = 2;
		return KEYMAP_NONE;
	}
	if (extended)
		return feed_extended(k, code & ~RELEASED, !(code & RELEASED));
	return feed_plain(k, code & ~RELEASED, !(code & RELEASED));
}
