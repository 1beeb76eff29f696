/*
 * A VGA text screen as SVG: drawn again here, from the few shapes that it is
 * made of, it has the dots of screen_draw().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h" /* before cmocka, which has a macro fail() */
#include "tests/unit/unit.h"

#define COLS   80
#define ROWS   25
#define WIDTH  720
#define HEIGHT 400

static const struct vga_screen screen = {
	.cols = COLS, .rows = ROWS, .cursor_x = 7, .cursor_y = 23};

static uint32_t seen[HEIGHT][WIDTH];
static char text[1 << 20];
static char *glyph[256];

static void paint(unsigned x, unsigned y, unsigned w, unsigned h,
		  uint32_t colour)
{
	assert_true(x + w <= WIDTH && y + h <= HEIGHT);
	for (unsigned j = y; j < y + h; j++)
		for (unsigned i = x; i < x + w; i++)
			seen[j][i] = colour;
}

/* "M1 2h3v1h-3z..." at x, y. */
static void paint_glyph(const char *path, unsigned x, unsigned y,
			uint32_t colour)
{
	unsigned dx, dy, w, back;
	int used;

	while (sscanf(path, "M%u %uh%uv1h-%uz%n", &dx, &dy, &w, &back, &used) ==
	       4) {
		assert_int_equal(w, back);
		paint(x + dx, y + dy, w, 1, colour);
		path += used;
	}
	assert_int_equal(*path, '"');
}

/* One line of the file; false: none of those that are seen. */
static bool draw_line(char *line, uint32_t *colour)
{
	unsigned c, x, y, w, h, rgb;
	int used = 0;

	if (sscanf(line, "<path id=\"g%u\" d=\"%n", &c, &used) == 1 && used)
		glyph[c] = line + used;
	else if (sscanf(line,
			"<rect x=\"%u\" y=\"%u\" width=\"%u\" "
			"height=\"%u\" fill=\"#%6x\"/>",
			&x, &y, &w, &h, &rgb) == 5)
		paint(x, y, w, h, rgb);
	else if (sscanf(line, "<g fill=\"#%6x\">", &rgb) == 1)
		*colour = rgb;
	else if (sscanf(line, "<use href=\"#g%u\" x=\"%u\" y=\"%u\"/>", &c, &x,
			&y) == 3)
		paint_glyph(glyph[c], x, y, *colour);
	else
		return false;
	return true;
}

static void write_screen(const uint8_t *cells)
{
	FILE *out = tmpfile();
	size_t len;

	assert_non_null(out);
	assert_int_equal(screen_write_svg(out, cells, &screen), 0);
	rewind(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	assert_true(len < sizeof(text) - 1);
	text[len] = 0;
	fclose(out);
}

static void test_it_has_the_dots(void **state)
{
	static uint8_t cells[2 * COLS * ROWS], dots[WIDTH * HEIGHT];
	uint32_t colour = 0;
	unsigned drawn = 0;

	for (unsigned i = 0; i < COLS * ROWS; i++) {
		cells[2 * i] = i;
		cells[2 * i + 1] = i / 8;
	}
	screen_draw(dots, cells, &screen);
	write_screen(cells);
	memset(seen, 0, sizeof(seen));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		drawn += draw_line(line, &colour);
	assert_true(drawn > 2000);
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(seen[i / WIDTH][i % WIDTH],
				 vga_palette[dots[i]]);
}

static void test_the_text_is_there_and_does_no_harm(void **state)
{
	static uint8_t cells[2 * COLS * ROWS];
	static const char said[] = "a <b> & ]]>";

	for (unsigned i = 0; i < COLS * ROWS; i++)
		cells[2 * i + 1] = 7;
	for (unsigned i = 0; said[i]; i++)
		cells[2 * i] = said[i];
	write_screen(cells);
	assert_non_null(strstr(text, ">a &lt;b&gt; &amp; ]]&gt;</text>"));
	assert_null(strstr(text, "y=\"28\"")); /* no empty lines */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_has_the_dots),
		cmocka_unit_test(test_the_text_is_there_and_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
