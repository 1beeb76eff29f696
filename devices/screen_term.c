/*
 * screen_term.c: the VGA text screen by ECMA-48 control sequences, in the
 * terminal's own 16 colours.
 */
#include "devices/screen.h"

#include <string.h>

/* What is sent, and where that leaves the terminal's cursor and colours. */
struct frame {
	char *out;
	size_t len;
	unsigned x, y;
	int colours; /* the attribute in force, -1: unknown */
};

void screen_term_init(struct screen_term *t, unsigned cols, unsigned rows)
{
	memset(t, 0, sizeof(*t));
	t->cols = cols;
	t->rows = rows;
}

static void put(struct frame *f, const char *fmt, unsigned a, unsigned b)
	__attribute__((format(printf, 2, 0)));

static void put(struct frame *f, const char *fmt, unsigned a, unsigned b)
{
	f->len +=
		snprintf(f->out + f->len, SCREEN_TERM_MAX - f->len, fmt, a, b);
}

/* VGA counts blue, green, red from bit 0 on; terminals the other way. */
static unsigned ansi(unsigned colour)
{
	return (colour & 1) << 2 | (colour & 2) | (colour & 4) >> 2;
}

static void set_colours(struct frame *f, uint8_t attr, bool blink)
{
	unsigned fg = vga_foreground(attr), bg = vga_background(attr, blink);

	if (f->colours == attr)
		return;
	f->colours = attr;
	put(f, "\033[0;%u;%u", (fg & 8 ? 90 : 30) + ansi(fg),
	    (bg & 8 ? 100 : 40) + ansi(bg));
	put(f, blink && attr & 0x80 ? ";5m" : "m", 0, 0);
}

static void put_cell(struct frame *f, unsigned x, unsigned y,
		     const uint8_t *cell, bool blink)
{
	unsigned code = cp437_to_unicode(cell[0]);

	if (f->x != x || f->y != y)
		put(f, "\033[%u;%uH", y + 1, x + 1);
	set_colours(f, cell[1], blink);
	f->len += utf8_encode(f->out + f->len, code ? code : ' ');
	f->x = x + 1;
	f->y = y;
}

static void put_cursor(struct screen_term *t, struct frame *f,
		       const struct vga_screen *screen)
{
	bool moved = f->len > 0 || t->cursor_x != screen->cursor_x ||
		     t->cursor_y != screen->cursor_y;

	if (!moved && t->known)
		return;
	t->cursor_x = screen->cursor_x;
	t->cursor_y = screen->cursor_y;
	if (t->cursor_x < 0 || t->cursor_y < 0 || t->cursor_x >= (int)t->cols ||
	    t->cursor_y >= (int)t->rows)
		put(f, "\033[0m\033[?25l", 0, 0);
	else
		put(f, "\033[0m\033[%u;%uH\033[?25h", t->cursor_y + 1,
		    t->cursor_x + 1);
}

/* Another size or meaning of the cells makes all of them new. */
static void check_shape(struct screen_term *t, const struct vga_screen *screen)
{
	if (t->shown_cols == screen->cols && t->shown_rows == screen->rows &&
	    t->shown_blink == screen->blink)
		return;
	t->known = false;
	t->shown_cols = screen->cols;
	t->shown_rows = screen->rows;
	t->shown_blink = screen->blink;
}

size_t screen_term_draw(struct screen_term *t, const uint8_t *cells,
			const struct vga_screen *screen,
			char out[static SCREEN_TERM_MAX])
{
	struct frame f = {.out = out, .x = UINT32_MAX, .colours = -1};

	check_shape(t, screen);
	for (unsigned y = 0; y < screen->rows && y < t->rows; y++)
		for (unsigned x = 0; x < screen->cols && x < t->cols; x++) {
			size_t at = 2 * ((size_t)y * screen->cols + x);

			if (t->known && !memcmp(t->cells + at, cells + at, 2))
				continue;
			put_cell(&f, x, y, cells + at, screen->blink);
		}
	put_cursor(t, &f, screen);
	memcpy(t->cells, cells, 2 * (size_t)screen->cols * screen->rows);
	t->known = true;
	return f.len;
}
