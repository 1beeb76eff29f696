/*
 * screen.c: a VGA text screen as UTF-8 lines and as dots.
 */
#include <errno.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h"

/* ---- Text ---- */

static bool is_blank(uint8_t c)
{
	return c == 0x00 || c == 0x20 || c == 0xff;
}

/* Characters of a row before its trailing blanks. */
static unsigned text_width(const uint8_t *row, unsigned cols)
{
	while (cols && is_blank(row[2 * (cols - 1)]))
		cols--;
	return cols;
}

static void write_row(FILE *out, const uint8_t *row, unsigned cols)
{
	char utf8[3];

	for (unsigned x = 0; x < cols; x++) {
		uint8_t c = is_blank(row[2 * x]) ? ' ' : row[2 * x];

		fwrite(utf8, 1, utf8_encode(utf8, cp437_to_unicode(c)), out);
	}
	putc('\n', out);
}

int screen_write_text(FILE *out, const uint8_t *cells,
		      const struct vga_screen *screen)
{
	size_t pitch = 2 * (size_t)screen->cols;
	unsigned rows = screen->rows;

	while (rows && !text_width(cells + (rows - 1) * pitch, screen->cols))
		rows--;
	for (unsigned y = 0; y < rows; y++) {
		const uint8_t *row = cells + y * pitch;

		write_row(out, row, text_width(row, screen->cols));
	}
	if (fflush(out) || ferror(out))
		return fail(-EIO, "screen: cannot write its text: %s",
			    strerror(errno));
	return 0;
}

/* ---- Dots ---- */

static bool has_cursor(const struct vga_screen *screen, unsigned x, unsigned y)
{
	return screen->cursor_x >= 0 && screen->cursor_y >= 0 &&
	       (unsigned)screen->cursor_x == x &&
	       (unsigned)screen->cursor_y == y;
}

/* The cell at x, y into `dots`, a screen of dots `pitch` wide. */
static void draw_cell(uint8_t *dots, size_t pitch, const uint8_t *cell,
		      const struct vga_screen *screen, unsigned x, unsigned y)
{
	uint8_t fore = vga_foreground(cell[1]);
	uint8_t back = vga_background(cell[1], screen->blink);
	bool cursor = has_cursor(screen, x, y);

	dots += (size_t)y * GLYPH_HEIGHT * pitch + (size_t)x * GLYPH_WIDTH;
	for (unsigned line = 0; line < GLYPH_HEIGHT; line++, dots += pitch) {
		unsigned bits = font9x16[cell[0]][line];

		if (cursor && line >= CURSOR_FIRST && line <= CURSOR_LAST)
			bits = (1u << GLYPH_WIDTH) - 1;
		for (unsigned i = 0; i < GLYPH_WIDTH; i++)
			dots[i] =
				bits >> (GLYPH_WIDTH - 1 - i) & 1 ? fore : back;
	}
}

void screen_draw(uint8_t *dots, const uint8_t *cells,
		 const struct vga_screen *screen)
{
	size_t pitch = (size_t)screen->cols * GLYPH_WIDTH;

	for (unsigned y = 0; y < screen->rows; y++)
		for (unsigned x = 0; x < screen->cols; x++, cells += 2)
			draw_cell(dots, pitch, cells, screen, x, y);
}
