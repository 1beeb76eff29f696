/*
 * image_multiboot.h: the headers of Multiboot 1 and 2 in a file, for image.c
 * and boot.c. Both may be there; which one counts is chosen at the start.
 */
#ifndef VMM_IMAGE_MULTIBOOT_H
#define VMM_IMAGE_MULTIBOOT_H

#include "vmm/image.h"

/* Look for them, with their checksums right. */
void image_find_multiboot(struct image *image);
void image_find_multiboot2(struct image *image);

/* The same of Multiboot 2 in the first `end` bytes, of which a kernel's header
 * has to be in the first MB2_SEARCH. */
#define MB2_SEARCH 32768
bool image_find_header2(const struct image *image, size_t end, uint64_t *where);

/* Neither ELF file nor bzImage, and nothing says where it goes: -ENOEXEC, with
 * what it seems to be. In image.c. */
int image_refuse_format(const struct image *image);

/* A kernel that nothing starts: say why, and where a header is that came too
 * late in the file. -ENOEXEC. */
int image_refuse_multiboot(const struct image *image);

/*
 * Multiboot 1's flag bit 16: the header itself says what goes where, whatever
 * the file's format; image_use_addresses() puts that in place of the ELF
 * segments and entry. -ENOEXEC, said, when it cannot be.
 */
bool image_has_addresses(const struct image *image);
int image_use_addresses(struct image *image);

/*
 * Read the tags of the Multiboot 2 header, refuse what is demanded and not
 * there, and take addresses, entry point and relocation from it. -ENOEXEC,
 * said.
 */
int image_use_multiboot2(struct image *image);

/* Move the segments as image->relocation has it; for a loader of Multiboot 2. */
int image_relocate(struct image *image, const struct guestmem *gm);

/* What a header of either version says of a flat file; 0 is none for an end. */
struct flat_addresses {
	uint32_t header; /* where the header, which is at `at`, goes */
	uint32_t load, load_end, bss_end, entry;
};

int image_use_flat(struct image *image, uint64_t at,
		   const struct flat_addresses *flat);

/* A word of the file; it is in it. */
uint32_t image_le32(const struct image *image, uint64_t offset);

#endif
