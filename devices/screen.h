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

/*
 * Lines of UTF-8 text; blanks at the end of a line and empty lines at the end
 * of the screen are cut. 0, or -EIO (said).
 */
int screen_write_text(FILE *out, const uint8_t *cells,
		      const struct vga_screen *screen);

/*
 * A PNG of cells of 9x16 dots (80x25: 720x400) with the cursor. Equal screens
 * give equal bytes. 0 or -errno (said).
 */
int screen_write_png(const char *path, const uint8_t *cells,
		     const struct vga_screen *screen);

#endif
