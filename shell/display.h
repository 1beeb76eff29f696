/*
 * display.h: the VGA screen, the serial line's last lines and the monitor's
 * own messages in this terminal.
 *
 *	rows 1-25   the screen
 *	row 26	    how to leave
 *	rows 27..   the last lines of the serial line and of messages
 *
 * Drawn by a host timer, at most 60 times a second, and only what changed. A
 * terminal that does not take a frame gets no further one until it has.
 */
#ifndef SHELL_DISPLAY_H
#define SHELL_DISPLAY_H

#include "devices/devices.h"
#include "devices/screen.h"

#define DISPLAY_LINES 64
#define DISPLAY_LINE  256

struct display {
	const struct board *board;
	bool on;
	uint8_t escape;	     /* the byte of the key that ends the run */
	int fd;		     /* the terminal's, not blocking */
	unsigned cols, rows; /* of the terminal */
	struct screen_term term;
	char line[DISPLAY_LINES][DISPLAY_LINE]; /* a ring */
	unsigned line_count; /* ever; the last one may still grow */
	size_t column;	     /* in the last one */
	bool lines_changed;
	size_t sent, len; /* of `frame` */
	char frame[SCREEN_TERM_MAX + DISPLAY_LINES * (DISPLAY_LINE + 16)];
};

/* Is there a terminal, large enough? 0 or -EINVAL, said. */
int display_check(void);

/* Take the terminal over: from now on it shows the board's screen. */
int display_begin(struct display *d, const struct board *board);

/* Draw the last frame and give the terminal back. */
void display_end(struct display *d);

/* Where the serial line's bytes go. */
struct byte_sink display_sink(struct display *d);

/* The terminal changed its size, or was someone else's: draw all of it. */
void display_redraw(void *display);

#endif
