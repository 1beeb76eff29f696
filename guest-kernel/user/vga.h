/*
 * vga.h: the text screen, 80 columns of 25 rows, as a console. It knows \n,
 * \r and \b (which goes back over the start of a row) and scrolls.
 */
#ifndef USER_VGA_H
#define USER_VGA_H

#include <stdint.h>

#include "guest-kernel/user/console.h"
#include "guest-kernel/user/rt.h"

#define VGA_COLUMNS 80
#define VGA_ROWS    25

struct vga {
	struct console console;
	volatile uint16_t *cells; /* attribute << 8 | character */
	struct caddr ports;	  /* the CRT controller's, for the cursor */
	unsigned row, column;
};

/* Clears the screen. */
void vga_init(struct vga *vga, void *cells, struct caddr ports);

#endif
