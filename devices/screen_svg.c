/*
 * screen_svg.c: a VGA text screen as SVG. Fonts differ from viewer to viewer,
 * so what is seen are the glyphs of font9x16.c, each written once as a path
 * and used where it stands; over them lies the text without a colour, which
 * viewers let one search, select and copy.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h"

#define WIDTH  GLYPH_WIDTH
#define HEIGHT GLYPH_HEIGHT

static bool is_blank(uint8_t c)
{
	static const uint16_t nothing[GLYPH_HEIGHT];

	return !memcmp(font9x16[c], nothing, sizeof(nothing));
}

/* Its dots, each run of them in a row as a rectangle. */
static void put_glyph(FILE *out, uint8_t c)
{
	fprintf(out, "<path id=\"g%u\" d=\"", c);
	for (unsigned y = 0; y < HEIGHT; y++)
		for (unsigned x = 0; x < WIDTH; x++) {
			unsigned from = x;

			while (x < WIDTH &&
			       font9x16[c][y] >> (WIDTH - 1 - x) & 1)
				x++;
			if (x > from)
				fprintf(out, "M%u %uh%uv1h-%uz", from, y,
					x - from, x - from);
		}
	fputs("\"/>\n", out);
}

static void put_glyphs(FILE *out, const uint8_t *cells, unsigned count)
{
	bool used[256] = {false};

	fputs("<defs>\n", out);
	for (unsigned i = 0; i < count; i++)
		used[cells[2 * i]] = true;
	for (unsigned c = 0; c < 256; c++)
		if (used[c] && !is_blank(c))
			put_glyph(out, c);
	fputs("</defs>\n", out);
}

/* One rectangle for each run of a background that is not black. */
static void put_backgrounds(FILE *out, const uint8_t *row, unsigned y,
			    const struct vga_screen *screen)
{
	for (unsigned x = 0; x < screen->cols;) {
		unsigned back = vga_background(row[2 * x + 1], screen->blink);
		unsigned from = x;

		while (x < screen->cols &&
		       vga_background(row[2 * x + 1], screen->blink) == back)
			x++;
		if (back)
			fprintf(out,
				"<rect x=\"%u\" y=\"%u\" width=\"%u\" "
				"height=\"%u\" fill=\"#%06x\"/>\n",
				from * WIDTH, y * HEIGHT, (x - from) * WIDTH,
				HEIGHT, vga_palette[back]);
	}
}

static void put_characters(FILE *out, const uint8_t *row, unsigned y,
			   const struct vga_screen *screen)
{
	int colour = -1;

	for (unsigned x = 0; x < screen->cols; x++) {
		int fore = vga_foreground(row[2 * x + 1]);

		if (is_blank(row[2 * x]))
			continue;
		if (fore != colour)
			fprintf(out, "%s<g fill=\"#%06x\">\n",
				colour < 0 ? "" : "</g>\n", vga_palette[fore]);
		colour = fore;
		fprintf(out, "<use href=\"#g%u\" x=\"%u\" y=\"%u\"/>\n",
			row[2 * x], x * WIDTH, y * HEIGHT);
	}
	if (colour >= 0)
		fputs("</g>\n", out);
}

static void put_cursor(FILE *out, const uint8_t *cells,
		       const struct vga_screen *screen)
{
	unsigned x = screen->cursor_x, y = screen->cursor_y;

	if (screen->cursor_x < 0 || screen->cursor_y < 0)
		return;
	fprintf(out,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
		"fill=\"#%06x\"/>\n",
		x * WIDTH, y * HEIGHT + CURSOR_FIRST, WIDTH,
		CURSOR_LAST - CURSOR_FIRST + 1,
		vga_palette[vga_foreground(
			cells[2 * (y * screen->cols + x) + 1])]);
}

static void put_code(FILE *out, unsigned code)
{
	char utf8[3];

	switch (code) {
	case '<':
		fputs("&lt;", out);
		break;
	case '>': /* "]]>" may not stand in text */
		fputs("&gt;", out);
		break;
	case '&':
		fputs("&amp;", out);
		break;
	default:
		fwrite(utf8, 1, utf8_encode(utf8, code), out);
	}
}

static unsigned text_width(const uint8_t *row, unsigned cols)
{
	while (cols && is_blank(row[2 * (cols - 1)]))
		cols--;
	return cols;
}

/* As wide as its cells, whatever font it is measured in. */
static void put_text(FILE *out, const uint8_t *row, unsigned y, unsigned cols)
{
	unsigned width = text_width(row, cols);

	if (!width)
		return;
	fprintf(out,
		"<text x=\"0\" y=\"%u\" textLength=\"%u\" "
		"lengthAdjust=\"spacingAndGlyphs\">",
		y * HEIGHT + 12, width * WIDTH);
	for (unsigned x = 0; x < width; x++) {
		unsigned code = cp437_to_unicode(row[2 * x]);

		put_code(out, code >= ' ' ? code : ' ');
	}
	fputs("</text>\n", out);
}

int screen_write_svg(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen)
{
	unsigned width = screen->cols * WIDTH, height = screen->rows * HEIGHT;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
		"height=\"%u\" viewBox=\"0 0 %u %u\" "
		"shape-rendering=\"crispEdges\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#000000\"/>\n",
		width, height, width, height);
	put_glyphs(out, cells, screen->cols * screen->rows);
	for (unsigned y = 0; y < screen->rows; y++) {
		const uint8_t *row = cells + 2 * y * screen->cols;

		put_backgrounds(out, row, y, screen);
		put_characters(out, row, y, screen);
	}
	put_cursor(out, cells, screen);
	fputs("<g fill-opacity=\"0\" font-family=\"monospace\" "
	      "font-size=\"15\" xml:space=\"preserve\">\n",
	      out);
	for (unsigned y = 0; y < screen->rows; y++)
		put_text(out, cells + 2 * y * screen->cols, y, screen->cols);
	fputs("</g>\n</svg>\n", out);
	if (fflush(out) || ferror(out))
		return fail(-EIO, "screen: cannot write its picture: %s",
			    strerror(errno));
	return 0;
}
