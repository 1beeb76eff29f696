/*
 * keymap.h: scancodes of set 1, as the keyboard controller gives them, to
 * characters of the US layout.
 */
#ifndef USER_KEYMAP_H
#define USER_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#define KEYMAP_NONE (-1)

/* All zero at the start: nothing is held down, num lock is on. */
struct keymap {
	bool shift_left, shift_right, control_left, control_right;
	bool caps_lock, num_lock_off;
	bool extended; /* after e0h */
	uint8_t skip;  /* bytes of the Pause key to come */
};

/*
 * The character that this byte completes, or KEYMAP_NONE. With Control a
 * letter gives 1..26. Enter is '\n', Backspace is '\b'.
 */
int keymap_feed(struct keymap *keymap, uint8_t code);

#endif
