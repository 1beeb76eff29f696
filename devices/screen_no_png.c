/* screen_no_png.c: pictures, in a build without libpng. */
#include <errno.h>

#include "devices/screen.h"
#include "vmm/log.h"

int screen_write_png(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen)
{
	return fail(-ENOTSUP, "screen: vmm was built without libpng; install "
			      "libpng-dev and build again");
}
