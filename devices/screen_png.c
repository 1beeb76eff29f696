/*
 * screen_png.c: a VGA text screen as a PNG file, by libpng.
 *
 * The palette is the VGA's and no time is stored, so that a picture is a
 * function of the screen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "devices/screen.h"
#include "vmm/log.h"

static void fill_palette(uint8_t palette[16 * 3])
{
	for (unsigned i = 0; i < 16; i++) {
		palette[3 * i] = vga_palette[i] >> 16;
		palette[3 * i + 1] = vga_palette[i] >> 8;
		palette[3 * i + 2] = vga_palette[i];
	}
}

static int write_image(FILE *out, png_image *image, const uint8_t *dots)
{
	uint8_t palette[16 * 3];

	fill_palette(palette);
	if (png_image_write_to_stdio(image, out, 0, dots, 0, palette) &&
	    fflush(out) == 0 && !ferror(out))
		return 0;
	return fail(-EIO, "screen: cannot write its picture: %s",
		    image->message[0] ? image->message : strerror(errno));
}

int screen_write_png(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = screen->cols * GLYPH_WIDTH,
		.height = screen->rows * GLYPH_HEIGHT,
		.format = PNG_FORMAT_RGB_COLORMAP,
		.colormap_entries = 16,
	};
	uint8_t *dots;
	int err;

	if (!screen->cols || !screen->rows)
		return fail(-EINVAL, "screen: there is no text screen to draw");
	dots = malloc((size_t)image.width * image.height);
	if (!dots)
		return fail(-ENOMEM, "screen: out of memory");
	screen_draw(dots, cells, screen);
	err = write_image(out, &image, dots);
	png_image_free(&image);
	free(dots);
	return err;
}
