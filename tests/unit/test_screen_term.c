/* What is sent to a terminal, and that only changes are. */
#include "tests/unit/unit.h"

#include <string.h>

#include "devices/screen.h"

#define COLS 80
#define ROWS 25

struct fixture {
	struct screen_term term;
	struct vga_screen screen;
	uint8_t cells[2 * COLS * ROWS];
	char out[SCREEN_TERM_MAX + 1];
};

static struct fixture f;

static void cell(unsigned x, unsigned y, uint8_t c, uint8_t attr)
{
	f.cells[2 * (y * COLS + x)] = c;
	f.cells[2 * (y * COLS + x) + 1] = attr;
}

static const char *draw(void)
{
	size_t len = screen_term_draw(&f.term, f.cells, &f.screen, f.out);

	assert_true(len <= SCREEN_TERM_MAX);
	f.out[len] = 0;
	return f.out;
}

/* A blank screen that the terminal already shows. */
static int setup(void **state)
{
	memset(&f, 0, sizeof(f));
	f.screen = (struct vga_screen){.cols = COLS, .rows = ROWS};
	for (unsigned i = 0; i < COLS * ROWS; i++)
		cell(i, 0, ' ', 0x07);
	screen_term_init(&f.term, 100, ROWS);
	draw();
	return 0;
}

static void test_the_first_frame_is_whole(void **state)
{
	screen_term_init(&f.term, 100, ROWS);
	assert_true(strlen(draw()) >= COLS * ROWS);
}

static void test_nothing_changed_is_nothing_sent(void **state)
{
	assert_string_equal(draw(), "");
}

static void test_one_cell_is_one_cell(void **state)
{
	cell(2, 1, 'A', 0x07);
	assert_string_equal(draw(), "\033[2;3H\033[0;37;40mA"
				    "\033[0m\033[1;1H\033[?25h");
	assert_string_equal(draw(), "");
}

static void test_neighbours_share_position_and_colours(void **state)
{
	cell(0, 0, 'h', 0x1e);
	cell(1, 0, 'i', 0x1e);
	assert_string_equal(draw(), "\033[1;1H\033[0;93;44mhi"
				    "\033[0m\033[1;1H\033[?25h");
}

/* VGA's colour bits are blue, green, red; a terminal's red, green, blue. */
static void test_colours(void **state)
{
	static const struct {
		uint8_t attr;
		bool blink;
		const char *sgr;
	} rows[] = {
		{0x01, false, "\033[0;34;40m"},
		{0x04, false, "\033[0;31;40m"},
		{0x26, false, "\033[0;33;42m"},
		{0x0f, false, "\033[0;97;40m"},
		{0xf0, false, "\033[0;30;107m"},
		{0xf0, true, "\033[0;30;47;5m"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f.screen.blink = rows[i].blink;
		draw();
		cell(5, 5, 'a' + i, rows[i].attr);
		assert_non_null(strstr(draw(), rows[i].sgr));
	}
}

static void test_code_page_437_becomes_utf8(void **state)
{
	cell(0, 0, 0xc9, 7);
	cell(1, 0, 0x01, 7);
	cell(2, 0, 0x00, 7);
	assert_non_null(strstr(draw(), "m\342\225\224\342\230\272 \033[0m"));
}

/* No byte of the guest's can be a control code for the terminal. */
static void test_no_control_code_gets_through(void **state)
{
	for (unsigned c = 0; c < 256; c++)
		cell(c % COLS, c / COLS, c, 7);
	for (const char *p = draw(); *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\033');
	assert_null(strchr(f.out, 0x9b) ? strstr(f.out, "\033\033") : NULL);
}

static void test_the_cursor_moves_and_hides(void **state)
{
	f.screen.cursor_x = 4;
	f.screen.cursor_y = 2;
	assert_string_equal(draw(), "\033[0m\033[3;5H\033[?25h");
	f.screen.cursor_x = f.screen.cursor_y = -1;
	assert_string_equal(draw(), "\033[0m\033[?25l");
	assert_string_equal(draw(), "");
}

static void test_a_larger_screen_is_cut(void **state)
{
	f.screen.cols = 20;
	f.screen.rows = 10;
	screen_term_init(&f.term, 10, 5);
	draw();
	f.cells[2 * 10] = 'x';	     /* column 10 */
	f.cells[2 * (5 * 20)] = 'x'; /* row 5 */
	assert_string_equal(draw(), "");
	f.cells[2 * 9] = 'y';
	assert_non_null(strstr(draw(), "\033[1;10H"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_first_frame_is_whole, setup),
		cmocka_unit_test_setup(test_nothing_changed_is_nothing_sent,
				       setup),
		cmocka_unit_test_setup(test_one_cell_is_one_cell, setup),
		cmocka_unit_test_setup(
			test_neighbours_share_position_and_colours, setup),
		cmocka_unit_test_setup(test_colours, setup),
		cmocka_unit_test_setup(test_code_page_437_becomes_utf8, setup),
		cmocka_unit_test_setup(test_no_control_code_gets_through,
				       setup),
		cmocka_unit_test_setup(test_the_cursor_moves_and_hides, setup),
		cmocka_unit_test_setup(test_a_larger_screen_is_cut, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
