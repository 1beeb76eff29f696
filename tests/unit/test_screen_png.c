/*
 * A VGA text screen as a PNG file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

#include "devices/screen.h"
#include "vmm/log.h" /* before cmocka, which has a macro fail() */
#include "tests/unit/unit.h"

#define COLS   80
#define ROWS   25
#define WIDTH  720
#define HEIGHT 400

static const struct vga_screen screen = {
	.cols = COLS, .rows = ROWS, .cursor_x = 7, .cursor_y = 24};

/* A temporary file's name. */
struct file {
	char path[32];
};

static struct file file_create(void)
{
	struct file f = {"/tmp/vmm-screen-XXXXXX"};
	int fd = mkstemp(f.path);

	assert_true(fd >= 0);
	close(fd);
	return f;
}

/* Every character in every colour. */
static void fill(uint8_t *cells)
{
	for (unsigned i = 0; i < COLS * ROWS; i++) {
		cells[2 * i] = i;
		cells[2 * i + 1] = i / 8;
	}
}

static void write_to(const char *path, const uint8_t *cells)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(screen_write_png(out, cells, &screen), 0);
	assert_int_equal(fclose(out), 0);
}

static void test_the_file_has_the_dots_in_their_colours(void **state)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	static uint8_t cells[2 * COLS * ROWS], dots[WIDTH * HEIGHT];
	static uint8_t rgb[WIDTH * HEIGHT][3];
	struct file f = file_create();

	fill(cells);
	screen_draw(dots, cells, &screen);
	write_to(f.path, cells);
	assert_true(png_image_begin_read_from_file(&image, f.path));
	assert_int_equal(image.width, WIDTH);
	assert_int_equal(image.height, HEIGHT);
	assert_true(image.format & PNG_FORMAT_FLAG_COLORMAP);
	image.format = PNG_FORMAT_RGB;
	assert_true(png_image_finish_read(&image, NULL, rgb, 0, NULL));
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(rgb[i][0] << 16 | rgb[i][1] << 8 | rgb[i][2],
				 vga_palette[dots[i]]);
	unlink(f.path);
}

static size_t contents(const char *path, uint8_t *buf, size_t size)
{
	FILE *in = fopen(path, "rb");
	size_t len;

	assert_non_null(in);
	len = fread(buf, 1, size, in);
	fclose(in);
	return len;
}

static void test_equal_screens_give_equal_files(void **state)
{
	static uint8_t cells[2 * COLS * ROWS], one[1 << 17], two[1 << 17];
	struct file f = file_create(), g = file_create();
	size_t len;

	fill(cells);
	write_to(f.path, cells);
	write_to(g.path, cells);
	len = contents(f.path, one, sizeof(one));
	assert_in_range(len, 1, sizeof(one) - 1);
	assert_int_equal(contents(g.path, two, sizeof(two)), len);
	assert_memory_equal(one, two, len);
	assert_null(memmem(one, len, "tIME", 4));
	cells[2 * 1000] ^= 1;
	write_to(g.path, cells);
	assert_true(contents(g.path, two, sizeof(two)) != len ||
		    memcmp(one, two, len));
	unlink(f.path);
	unlink(g.path);
}

static void keep(void *ctx, const char *line)
{
	snprintf(ctx, 200, "%s", line);
}

static void test_errors_are_said(void **state)
{
	static uint8_t cells[2 * COLS * ROWS];
	const struct vga_screen none = {.cols = 80};
	FILE *full = fopen("/dev/full", "w");
	char said[200] = "";

	log_set_hook(keep, said);
	if (full) {
		assert_int_equal(screen_write_png(full, cells, &screen), -EIO);
		assert_non_null(strstr(said, "cannot write its picture"));
		fclose(full);
	}
	assert_int_equal(screen_write_png(stdout, cells, &none), -EINVAL);
	log_set_hook(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_has_the_dots_in_their_colours),
		cmocka_unit_test(test_equal_screens_give_equal_files),
		cmocka_unit_test(test_errors_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
