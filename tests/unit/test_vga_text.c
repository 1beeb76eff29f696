/* The VGA's registers, and the screen they describe. */
#include "tests/unit/chip.h"

/* Register numbers are the port less 3c0h. */
enum {
	AC = 0x00,
	AC_READ = 0x01,
	MISC_WRITE = 0x02,
	SEQ = 0x04,
	DAC_MASK = 0x06,
	DAC_READ = 0x07,
	DAC_WRITE = 0x08,
	DAC = 0x09,
	MISC = 0x0c,
	GC = 0x0e,
	CRTC = 0x14,
	STATUS = 0x1a,
};

static struct test_time now;
static struct device *vga;

static int setup(void **state)
{
	time_init(&now);
	vga = vga_create(&now.clock);
	return 0;
}

static int teardown(void **state)
{
	vga->ops->destroy(vga);
	return 0;
}

static uint8_t get(unsigned file, uint8_t index)
{
	wr(vga, file, index);
	return rd(vga, file + 1);
}

static void set(unsigned file, uint8_t index, uint8_t val)
{
	wr(vga, file, index);
	wr(vga, file + 1, val);
}

static struct vga_screen screen(void)
{
	struct vga_screen s;

	vga_screen(vga, &s);
	return s;
}

static void test_mode_3_after_reset(void **state)
{
	struct vga_screen s = screen();

	assert_int_equal(s.cols, 80);
	assert_int_equal(s.rows, 25);
	assert_int_equal(s.text_gpa, 0xb8000);
	assert_int_equal(s.cursor_x, 0);
	assert_int_equal(s.cursor_y, 0);
	assert_true(s.blink);
	assert_int_equal(rd(vga, MISC), 0x67); /* colour: 3d4h, not 3b4h */
	assert_int_equal(get(CRTC, 0x0a), 0x0d);
	assert_int_equal(get(CRTC, 0x0b), 0x0e);
	assert_int_equal(rd(vga, 0x1f), 0xff); /* nothing there */
}

static void test_cursor(void **state)
{
	static const struct {
		unsigned cell, start;
		int x, y;
	} rows[] = {
		{0, 0, 0, 0},	   {79, 0, 79, 0},	{80, 0, 0, 1},
		{1999, 0, 79, 24}, {2000, 0, -1, -1},	{85, 80, 5, 0},
		{79, 80, -1, -1},  {0xffff, 0, -1, -1},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		set(CRTC, 0x0e, rows[i].cell >> 8);
		set(CRTC, 0x0f, rows[i].cell);
		set(CRTC, 0x0c, rows[i].start >> 8);
		set(CRTC, 0x0d, rows[i].start);
		assert_int_equal(screen().cursor_x, rows[i].x);
		assert_int_equal(screen().cursor_y, rows[i].y);
	}
}

static void test_cursor_can_be_hidden(void **state)
{
	set(CRTC, 0x0a, 0x2d);
	assert_int_equal(screen().cursor_x, -1);
	set(CRTC, 0x0a, 0x0e);
	assert_int_equal(screen().cursor_x, 0);
	set(CRTC, 0x0a, 0x0f); /* begins below its end */
	assert_int_equal(screen().cursor_x, -1);
}

static void test_scrolling_by_start_address(void **state)
{
	set(CRTC, 0x0c, 80 >> 8);
	set(CRTC, 0x0d, 80);
	assert_int_equal(screen().text_gpa, 0xb8000 + 160);
	set(CRTC, 0x0c, 0xff); /* would run out of the window */
	set(CRTC, 0x0d, 0xff);
	assert_int_equal(screen().text_gpa, 0xb8000 + 0x8000 - 4000);
	set(GC, 6, 0x0a);
	assert_int_equal(screen().text_gpa, 0xb0000 + 0x8000 - 4000);
}

/* Whatever the registers say, the cells lie in text memory. */
static void test_hostile_geometry(void **state)
{
	static const uint8_t vals[] = {0x00, 0x01, 0x1f, 0x7f, 0x80, 0xff};

	set(CRTC, 0x11, 0); /* unlock */
	for (unsigned reg = 0; reg < 0x19; reg++)
		for (unsigned i = 0; i < COUNT(vals); i++) {
			struct vga_screen s;

			set(CRTC, reg, vals[i]);
			set(CRTC, 0x11, 0);
			s = screen();
			assert_in_range(s.cols, 1, VGA_COLS_MAX);
			assert_in_range(s.rows, 1, VGA_ROWS_MAX);
			assert_true(s.text_gpa >= 0xb8000);
			assert_true(s.text_gpa + s.cols * s.rows * 2 <=
				    0xc0000);
		}
}

static void test_timing_registers_are_locked(void **state)
{
	set(CRTC, 0x01, 0x27);
	assert_int_equal(get(CRTC, 0x01), 0x4f);
	set(CRTC, 0x07, 0x00); /* but the line compare bit */
	assert_int_equal(get(CRTC, 0x07), 0x0f);
	set(CRTC, 0x11, 0x0e);
	set(CRTC, 0x01, 0x27);
	assert_int_equal(get(CRTC, 0x01), 0x27);
	assert_int_equal(screen().cols, 40);
}

static void test_attribute_flip_flop(void **state)
{
	rd(vga, STATUS);
	wr(vga, AC, 0x10);
	wr(vga, AC, 0x04);
	assert_false(screen().blink);
	wr(vga, AC, 0x10);
	assert_int_equal(rd(vga, AC_READ), 0x04);
	rd(vga, STATUS); /* an index comes next again */
	wr(vga, AC, 0x30);
	wr(vga, AC, 0x0c);
	assert_true(screen().blink);
	wr(vga, AC, 0x21); /* the palette is locked */
	wr(vga, AC, 0x3f);
	wr(vga, AC, 0x21);
	assert_int_equal(rd(vga, AC_READ), 0x01);
	wr(vga, AC, 0x00);
	wr(vga, AC, 0x01); /* open */
	wr(vga, AC, 0x3f);
	wr(vga, AC, 0x01);
	assert_int_equal(rd(vga, AC_READ), 0x3f);
}

static void test_palette(void **state)
{
	static const uint8_t brown[] = {0x2a, 0x15, 0x00};

	wr(vga, DAC_READ, 0x14); /* what attribute 6 leads to */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(rd(vga, DAC), brown[i]);
	assert_int_equal(rd(vga, DAC_READ), 3);
	wr(vga, DAC_WRITE, 0xff);
	for (unsigned i = 0; i < 6; i++) /* on from colour 0 */
		wr(vga, DAC, 0xc0 | i);
	assert_int_equal(rd(vga, DAC_READ), 0);
	wr(vga, DAC_READ, 0xff);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rd(vga, DAC), i);
}

static void test_files_keep_their_registers(void **state)
{
	static const struct {
		uint8_t file, index, val;
	} rows[] = {{SEQ, 2, 0x0f},
		    {SEQ, 4, 0x06},
		    {GC, 5, 0x00},
		    {GC, 8, 0xa5},
		    {CRTC, 0x18, 0x5a}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		set(rows[i].file, rows[i].index, rows[i].val);
		assert_int_equal(get(rows[i].file, rows[i].index), rows[i].val);
	}
	set(CRTC, 0x1f, 0x55); /* beyond the last */
	assert_int_equal(get(CRTC, 0x1f), 0);
	set(SEQ, 7, 0x55);
	assert_int_equal(get(SEQ, 7), 0);
	wr(vga, MISC_WRITE, 0x63);
	assert_int_equal(rd(vga, MISC), 0x63);
}

/* 70 frames a second: two lines of retrace in 449. */
static void test_retrace_follows_the_clock(void **state)
{
	static const struct {
		uint64_t ns;
		uint8_t status;
	} rows[] = {
		{0, 0},
		{25421, 0},
		{25422, 1},
		{31777, 1},
		{31778, 0},
		{UINT64_C(399) * 31778, 0},
		{UINT64_C(400) * 31778, 1},
		{UINT64_C(412) * 31778 - 1, 1},
		{UINT64_C(412) * 31778, 9},
		{UINT64_C(414) * 31778 - 1, 9},
		{UINT64_C(414) * 31778, 1},
		{UINT64_C(449) * 31778, 0},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		now.ns = rows[i].ns;
		assert_int_equal(rd(vga, STATUS), rows[i].status);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_mode_3_after_reset),
		T(test_cursor),
		T(test_cursor_can_be_hidden),
		T(test_scrolling_by_start_address),
		T(test_hostile_geometry),
		T(test_timing_registers_are_locked),
		T(test_attribute_flip_flop),
		T(test_palette),
		T(test_files_keep_their_registers),
		T(test_retrace_follows_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
