/* The text console on a screen of plain memory. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/vga.h"

#define CELLS (VGA_ROWS * VGA_COLUMNS)

static unsigned cursor;
static bool ports_fail;

/* The CRT controller: the low byte picks a register, the high one is data. */
enum error sys_io_port_out(struct caddr ports, uint64_t port, uint64_t size,
			   uint64_t value)
{
	assert_int_equal(port, 0x3d4);
	assert_int_equal(size, 2);
	if (ports_fail)
		return ERR_EMPTY_SLOT;
	if ((value & 0xff) == 0x0e)
		cursor = (cursor & 0xff) | (value & 0xff00);
	else if ((value & 0xff) == 0x0f)
		cursor = (cursor & 0xff00) | value >> 8;
	return ERR_OK;
}

/* Cells beyond both ends show writes that leave the screen. */
struct fixture {
	uint16_t before[8], cells[CELLS], behind[8];
	struct vga vga;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0xee, sizeof(f));
	cursor = 0xffff;
	ports_fail = false;
	vga_init(&f.vga, f.cells, CADDR_ANY);
	*state = &f;
	return 0;
}

static void write_text(struct fixture *f, const char *text)
{
	f->vga.console.write(&f->vga.console, text, strlen(text));
}

static void assert_row(const struct fixture *f, unsigned row, const char *text)
{
	for (unsigned i = 0; i < VGA_COLUMNS; i++) {
		char c = i < strlen(text) ? text[i] : ' ';

		assert_int_equal(f->cells[row * VGA_COLUMNS + i],
				 0x0700 | (uint8_t)c);
	}
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 8; i++) {
		assert_int_equal(f->before[i], 0xeeee);
		assert_int_equal(f->behind[i], 0xeeee);
	}
	return 0;
}

static void test_starts_clear(void **state)
{
	for (unsigned row = 0; row < VGA_ROWS; row++)
		assert_row(*state, row, "");
	assert_int_equal(cursor, 0);
}

static void test_text_and_cursor(void **state)
{
	struct fixture *f = *state;

	write_text(f, "one\ntwo\rT\a");
	assert_row(f, 0, "one");
	assert_row(f, 1, "Two");
	assert_int_equal(cursor, 81);
}

static void test_rows_wrap_and_backspace_goes_back(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < VGA_COLUMNS + 1; i++)
		write_text(f, "x");
	assert_int_equal(cursor, 81);
	write_text(f, "\b \b\b \b");
	assert_int_equal(cursor, 79);
	assert_row(f, 1, "");
	assert_int_equal(f->cells[79], 0x0720);
	assert_int_equal(f->cells[78], 0x0778);
}

static void test_backspace_stops_at_the_top(void **state)
{
	struct fixture *f = *state;

	write_text(f, "a\b\b\b");
	assert_int_equal(cursor, 0);
}

static void test_scrolls(void **state)
{
	struct fixture *f = *state;
	char text[8];

	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		write_text(f, text);
	}
	assert_row(f, 0, "6");
	assert_row(f, 23, "29");
	assert_row(f, 24, "");
	assert_int_equal(cursor, 24 * VGA_COLUMNS);
}

static void test_works_without_the_cursor(void **state)
{
	struct fixture *f = *state;

	ports_fail = true;
	write_text(f, "text");
	assert_row(f, 0, "text");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_starts_clear),
		TEST(test_text_and_cursor),
		TEST(test_rows_wrap_and_backspace_goes_back),
		TEST(test_backspace_stops_at_the_top),
		TEST(test_scrolls),
		TEST(test_works_without_the_cursor),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
