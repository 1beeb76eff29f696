/*
 * image_multiboot.c: the header of Multiboot 1 (specification 0.6.96, section
 * 3.1) in a file: where it is, and what a flat file says of its addresses.
 */
#include "vmm/image_multiboot.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/log.h"

#define MB_SEARCH    8192
#define MB_MAGIC     0x1badb002u
#define MB_ADDRESSES (1u << 16)

static int bad(const struct image *image, const char *why)
{
	return fail(-ENOEXEC, "%s: %s", image->path, why);
}

uint32_t image_le32(const struct image *image, uint64_t offset)
{
	uint32_t word;

	memcpy(&word, image->data + offset, sizeof(word));
	return word;
}

static bool find_header(const struct image *image, size_t end, uint64_t *where)
{
	for (size_t at = 0; at + 12 <= end; at += 4) {
		uint32_t flags = image_le32(image, at + 4);
		size_t len = flags & MB_ADDRESSES ? 32 : 12;

		if (image_le32(image, at) != MB_MAGIC || at + len > end ||
		    MB_MAGIC + flags + image_le32(image, at + 8) != 0)
			continue;
		*where = at;
		return true;
	}
	return false;
}

void image_find_multiboot(struct image *image)
{
	size_t end = image->size < MB_SEARCH ? image->size : MB_SEARCH;

	image->has_multiboot = find_header(image, end, &image->mb_offset);
	if (image->has_multiboot)
		image->mb_flags = image_le32(image, image->mb_offset + 4);
}

int image_refuse_multiboot(const struct image *image)
{
	static const char none[] =
		"has neither a PVH note nor a Multiboot header";
	unsigned version = 1, limit = MB_SEARCH;
	uint64_t at;

	if (!find_header(image, image->size, &at)) {
		version = 2;
		limit = MB2_SEARCH;
		if (!image_find_header2(image, image->size, &at))
			return fail(-ENOEXEC,
				    "%s: %s, so there is no way to start it",
				    image->path, none);
	}
	return fail(
		-ENOEXEC,
		"%s: %s where it counts: one of Multiboot %u is at %#" PRIx64
		" of the file, and it has to be in the first %u KiB; place "
		"its section before all others",
		image->path, none, version, at, limit >> 10);
}

bool image_has_addresses(const struct image *image)
{
	return image->has_multiboot && image->mb_flags & MB_ADDRESSES;
}

int image_use_flat(struct image *image, uint64_t at,
		   const struct flat_addresses *flat)
{
	uint32_t load = flat->load;
	uint64_t offset, filesz, memsz;

	if (load > flat->header || flat->header - load > at)
		return bad(image, "the addresses in its Multiboot header do "
				  "not fit the header's place in the file");
	offset = at - (flat->header - load);
	filesz = flat->load_end ? (uint64_t)flat->load_end - load
				: image->size - offset;
	memsz = flat->bss_end ? (uint64_t)flat->bss_end - load : filesz;
	if ((flat->load_end && flat->load_end < load) ||
	    (flat->bss_end && flat->bss_end < load) || filesz > memsz ||
	    memsz == 0)
		return bad(image, "the addresses in its Multiboot header are "
				  "in the wrong order");
	if (!image_in_file(image, offset, filesz))
		return bad(image, "truncated: its Multiboot header says that "
				  "there is more to load");
	image->seg[0] = (struct image_segment){
		.paddr = load,
		.vaddr = load,
		.filesz = filesz,
		.memsz = memsz,
		.offset = offset,
		.flags = PF_R | PF_W | PF_X,
	};
	image->seg_count = 1;
	image->entry = flat->entry;
	return 0;
}

/* Section 3.1.3: header_addr, load_addr, load_end_addr, bss_end_addr, entry. */
int image_use_addresses(struct image *image)
{
	uint64_t at = image->mb_offset;
	const struct flat_addresses flat = {
		.header = image_le32(image, at + 12),
		.load = image_le32(image, at + 16),
		.load_end = image_le32(image, at + 20),
		.bss_end = image_le32(image, at + 24),
		.entry = image_le32(image, at + 28),
	};

	return image_use_flat(image, at, &flat);
}
