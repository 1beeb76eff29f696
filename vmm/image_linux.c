/*
 * image_linux.c: a bzImage as an image of one segment.
 *
 * Some sectors are for real mode, the first of them with the setup header;
 * then comes the kernel proper, which unpacks itself. The header says where
 * that wants to be, and how much memory it needs there before it looks at the
 * memory map.
 */
#include "vmm/image_linux.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/log.h"

#define SECTOR	       512
#define OLD_SECTORS    4 /* what 0 means */
#define LOADED_HIGH    1 /* in LINUX_FLAGS */
/* The first that says where it wants to be: Linux 2.6.31. */
#define VERSION_NEEDED 0x20a

uint64_t image_linux_field(const struct image *image, size_t at, size_t len)
{
	uint64_t val = 0;

	memcpy(&val, image->data + at, len);
	return val;
}

bool image_is_linux(const struct image *image)
{
	return image->size >= LINUX_MAGIC + 4 &&
	       !memcmp(image->data + LINUX_MAGIC, "HdrS", 4);
}

static int check_version(const struct image *image)
{
	unsigned version;

	if (image->size < LINUX_HEADER_MIN)
		return fail(-ENOEXEC,
			    "%s: truncated: the Linux kernel's header is cut "
			    "off",
			    image->path);
	version = image_linux_field(image, LINUX_VERSION, 2);
	if (version >= VERSION_NEEDED)
		return 0;
	return fail(-ENOEXEC,
		    "%s: a Linux kernel of boot protocol %u.%02u; 2.10 (Linux "
		    "2.6.31) or later is needed",
		    image->path, version >> 8, version & 0xff);
}

int image_take_linux(struct image *image)
{
	uint64_t sectors, setup, size, start, all;
	int err = check_version(image);

	if (err)
		return err;
	sectors = image_linux_field(image, LINUX_SECTORS, 1);
	setup = ((sectors ? sectors : OLD_SECTORS) + 1) * SECTOR;
	size = image_linux_field(image, LINUX_SIZE, 4) * 16;
	start = image_linux_field(image, LINUX_PREFERRED, 8);
	all = image_linux_field(image, LINUX_INIT_SIZE, 4);
	if (setup >= image->size || size > image->size - setup + 15)
		return fail(-ENOEXEC,
			    "%s: truncated: %" PRIu64 " bytes by its header, "
			    "the file has %zu",
			    image->path, setup + size, image->size);
	if (!(image_linux_field(image, LINUX_FLAGS, 1) & LOADED_HIGH) ||
	    start < IMAGE_HOLE_END)
		return fail(-ENOEXEC,
			    "%s: a Linux kernel that wants to be under 1 MiB",
			    image->path);
	size = image->size - setup;
	image->has_linux = true;
	image->entry = start;
	image->seg_count = 1;
	image->seg[0] = (struct image_segment){.paddr = start,
					       .vaddr = start,
					       .filesz = size,
					       .memsz = all > size ? all : size,
					       .offset = setup};
	return 0;
}
