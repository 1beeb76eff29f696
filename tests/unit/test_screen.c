/*
 * A VGA text screen as lines and as dots.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h" /* before cmocka, which has a macro fail() */
#include "tests/unit/unit.h"

#define COLS 10
#define ROWS 4

static const struct vga_screen plain = {
	.cols = COLS, .rows = ROWS, .cursor_x = -1, .cursor_y = -1};

static void blank(uint8_t *cells)
{
	for (unsigned i = 0; i < COLS * ROWS; i++) {
		cells[2 * i] = ' ';
		cells[2 * i + 1] = 0x07;
	}
}

static void put(uint8_t *cells, unsigned x, unsigned y, const char *text,
		uint8_t attr)
{
	for (cells += 2 * (y * COLS + x); *text; cells += 2) {
		cells[0] = *text++;
		cells[1] = attr;
	}
}

static void assert_text(const uint8_t *cells, const struct vga_screen *screen,
			const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(screen_write_text(out, cells, screen), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_text_is_utf8_without_trailing_blanks(void **state)
{
	uint8_t cells[2 * COLS * ROWS];

	blank(cells);
	put(cells, 0, 0, "full width", 0x07);
	put(cells, 2, 2, "\xc9\xcd\xbb \x01 \xe1", 0x1f);
	assert_text(cells, &plain, "full width\n\n  ╔═╗ ☺ ß\n");
}

static void test_all_kinds_of_blank_are_spaces(void **state)
{
	uint8_t cells[2 * COLS * ROWS] = {0};

	put(cells, 4, 0, "x\xff", 0x07); /* zeroes before, a FFh behind */
	assert_text(cells, &plain, "    x\n");
	cells[2 * 4] = 0;
	assert_text(cells, &plain, "");
}

static void ignore(void *ctx, const char *line)
{
	snprintf(ctx, 200, "%s", line);
}

static void test_a_full_disk_is_an_error(void **state)
{
	uint8_t cells[2 * COLS * ROWS];
	char said[200] = "";
	FILE *out = fopen("/dev/full", "w");

	if (!out)
		skip();
	log_set_hook(ignore, said);
	blank(cells);
	put(cells, 0, 0, "x", 0x07);
	assert_int_equal(screen_write_text(out, cells, &plain), -EIO);
	log_set_hook(NULL, NULL);
	assert_non_null(strstr(said, "No space left"));
	fclose(out);
}

static void test_every_code_has_one_glyph_in_unicode(void **state)
{
	char utf8[3];

	for (unsigned a = 0; a < 256; a++) {
		unsigned code = cp437_to_unicode(a);

		assert_int_equal(utf8_encode(utf8, code), code < 0x80	 ? 1
							  : code < 0x800 ? 2
									 : 3);
		for (unsigned b = 1; b < a; b++) /* 00h and 20h are blanks */
			assert_int_not_equal(code, cp437_to_unicode(b));
	}
	assert_int_equal(cp437_to_unicode(0x7f), 0x2302);
	assert_int_equal(cp437_to_unicode(0x80), 0x00c7);
	assert_int_equal(cp437_to_unicode(0xe1), 0x00df);
	assert_int_equal(cp437_to_unicode(0xfe), 0x25a0);
}

/* ---- Dots ---- */

struct dots {
	uint8_t at[ROWS * GLYPH_HEIGHT][COLS * GLYPH_WIDTH];
};

static void test_glyphs_stand_in_their_cells(void **state)
{
	uint8_t cells[2 * COLS * ROWS];
	struct dots dots;

	blank(cells);
	put(cells, 3, 1, "\xdb", 0x1e); /* a full block */
	memset(&dots, 0xee, sizeof(dots));
	screen_draw(dots.at[0], cells, &plain);
	for (unsigned y = 0; y < ROWS * GLYPH_HEIGHT; y++)
		for (unsigned x = 0; x < COLS * GLYPH_WIDTH; x++)
			assert_int_equal(dots.at[y][x],
					 y / 16 == 1 && x / 9 == 3 ? 14 : 0);
	put(cells, 3, 1, "L", 0x1e);
	screen_draw(dots.at[0], cells, &plain);
	assert_int_equal(dots.at[16 + 5][3 * 9 + 1], 14); /* its stem */
	assert_int_equal(dots.at[16 + 5][3 * 9 + 2], 1);
	assert_int_equal(dots.at[16 + 11][3 * 9 + 6], 14); /* its foot */
	assert_int_equal(dots.at[16 + 15][3 * 9 + 1], 1);
}

static void test_the_cursor_is_an_underline_in_the_cells_colour(void **state)
{
	struct vga_screen screen = plain;
	uint8_t cells[2 * COLS * ROWS];
	struct dots dots;

	screen.cursor_x = COLS - 1;
	screen.cursor_y = ROWS - 1;
	blank(cells);
	screen_draw(dots.at[0], cells, &screen);
	for (unsigned y = 0; y < ROWS * GLYPH_HEIGHT; y++)
		for (unsigned x = 0; x < COLS * GLYPH_WIDTH; x++)
			assert_int_equal(dots.at[y][x],
					 (y == 61 || y == 62) && x >= 81 ? 7
									 : 0);
}

static void test_bit_7_is_a_colour_unless_it_blinks(void **state)
{
	struct vga_screen screen = plain;
	uint8_t cells[2 * COLS * ROWS];
	struct dots dots;

	blank(cells);
	put(cells, 0, 0, " ", 0xc2);
	screen_draw(dots.at[0], cells, &screen);
	assert_int_equal(dots.at[0][0], 12);
	screen.blink = true;
	screen_draw(dots.at[0], cells, &screen);
	assert_int_equal(dots.at[0][0], 4);
}

/* The VGA repeats the eighth column of these; here the font has the ninth. */
static void test_lines_and_blocks_join_the_next_cell(void **state)
{
	for (unsigned c = 0xc0; c <= 0xdf; c++)
		for (unsigned line = 0; line < GLYPH_HEIGHT; line++)
			assert_int_equal(font9x16[c][line] & 1,
					 font9x16[c][line] >> 1 & 1);
	/* and those that reach the last row of dots began in the first */
	assert_int_equal(font9x16[0xb3][0], font9x16[0xb3][15]);
	assert_int_equal(font9x16[0xba][0], font9x16[0xba][15]);
	assert_int_equal(font9x16[0xdb][15], 0x1ff);
	assert_int_not_equal(font9x16[0xb1][0], font9x16[0xb1][15]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_utf8_without_trailing_blanks),
		cmocka_unit_test(test_all_kinds_of_blank_are_spaces),
		cmocka_unit_test(test_a_full_disk_is_an_error),
		cmocka_unit_test(test_every_code_has_one_glyph_in_unicode),
		cmocka_unit_test(test_glyphs_stand_in_their_cells),
		cmocka_unit_test(
			test_the_cursor_is_an_underline_in_the_cells_colour),
		cmocka_unit_test(test_bit_7_is_a_colour_unless_it_blinks),
		cmocka_unit_test(test_lines_and_blocks_join_the_next_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
