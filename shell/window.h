/*
 * window.h: the VGA screen in a window of the host's, its keyboard the
 * guest's. Drawn by a host timer, sixty times a second and only if anything
 * changed; scaled by whole numbers. A key goes down and up when the person's
 * does, wherever it stands on their layout; when the window loses the focus
 * all keys go up. Closing the window ends the run.
 */
#ifndef SHELL_WINDOW_H
#define SHELL_WINDOW_H

#include "devices/devices.h"
#include "shell/feeder.h"
#include "shell/sdl.h"

#define WINDOW_KEYS 256 /* USB HID usages */

struct window {
	const struct board *board;
	struct feeder *feeder;
	const char *name; /* of what runs, for the title */
	struct sdl sdl;
	void *window, *renderer, *texture;
	bool begun;
	bool dirty;	   /* what is shown is not what it was drawn as */
	const char *state; /* in the title */
	bool held[WINDOW_KEYS];
	struct vga_screen shown;
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX];
};

/* Shows it, black yet. 0 or -errno, said. */
int window_open(struct window *w, const struct board *board,
		struct feeder *feeder, const char *name);
/* Draw and take keys from now on. */
int window_begin(struct window *w);
/* Accepts a zeroed one. */
void window_close(struct window *w);
bool window_is_open(const struct window *w);

#endif
