/*
 * screen.h: what a VGA text screen shows, as text and as a picture.
 *
 * `cells` is the text memory at vga_screen.text_gpa: cols * rows pairs of a
 * character byte (code page 437) and an attribute byte. The caller copies it
 * out of guest memory, so that nothing changes while it is drawn.
 */
#ifndef DEVICES_SCREEN_H
#define DEVICES_SCREEN_H

#include <stdint.h>
#include <stdio.h>

#include "devices/devices.h"

/* The glyph the VGA shows for `byte` as a Unicode code point; 0 is a blank. */
unsigned cp437_to_unicode(uint8_t byte);

/* UTF-8 of a code point below 0x10000: 1 to 3 bytes, their number returned. */
unsigned utf8_encode(char out[static 3], unsigned code);

/* The 16 colours of text mode as the VGA's DAC has them at reset: 0xrrggbb. */
extern const uint32_t vga_palette[16];

/* Attribute byte to palette indexes; `blink` as in struct vga_screen. */
unsigned vga_foreground(uint8_t attr);
unsigned vga_background(uint8_t attr, bool blink);

/* A character's glyph: 16 rows of 9 dots, bit 8 the leftmost (font9x16.c). */
#define GLYPH_WIDTH  9
#define GLYPH_HEIGHT 16
extern const uint16_t font9x16[256][GLYPH_HEIGHT];

/* The cursor's scan lines, as the BIOS sets them for 16-line cells. */
#define CURSOR_FIRST 13
#define CURSOR_LAST  14

/*
 * The screen as dots, one palette index a byte, row after row without gaps:
 * cols * GLYPH_WIDTH by rows * GLYPH_HEIGHT of them. What blinks is drawn, as
 * in the first phase.
 */
void screen_draw(uint8_t *dots, const uint8_t *cells,
		 const struct vga_screen *screen);

/*
 * Lines of UTF-8 text; blanks at the end of a line and empty lines at the end
 * of the screen are cut. 0, or -EIO (said).
 */
int screen_write_text(FILE *out, const uint8_t *cells,
		      const struct vga_screen *screen);

/*
 * A PNG of what screen_draw() draws (80x25: 720x400). Equal screens give
 * equal bytes. 0 or -errno (said).
 */
int screen_write_png(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen);

/*
 * The same as SVG: the very glyphs, as paths, so that it looks alike wherever
 * it is shown, and the text itself, to be found and copied. Likewise.
 */
int screen_write_svg(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen);

/*
 * The screen in a terminal (screen_term.c): what is there is remembered, and
 * only what changed is sent. At most `cols` by `rows` cells are used, from
 * the upper left corner.
 */
struct screen_term {
	unsigned cols, rows;
	bool known; /* the fields below are what the terminal shows */
	int cursor_x, cursor_y;
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX]; /* 80x25: 80 a row */
	unsigned shown_cols, shown_rows;
	bool shown_blink;
};

/* The most that one frame takes: a position, colours and three bytes each. */
#define SCREEN_TERM_MAX (32 * VGA_COLS_MAX * VGA_ROWS_MAX + 64)

/* Nothing is known of the terminal's contents: the next frame is whole. */
void screen_term_init(struct screen_term *t, unsigned cols, unsigned rows);

/* What to send to get from the last frame to this one; its length. */
size_t screen_term_draw(struct screen_term *t, const uint8_t *cells,
			const struct vga_screen *screen,
			char out[static SCREEN_TERM_MAX]);

#endif
