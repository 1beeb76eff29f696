/*
 * image.h: ELF files, flat files and bzImages into guest memory.
 *
 * A file is foreign data: every field is checked before it is used. What is
 * wrong with one is said in one line that names the file and the reason.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/guestmem.h"

#define IMAGE_SEGMENTS 32

/* A PT_LOAD in guest-physical memory. */
struct image_segment {
	uint64_t paddr, vaddr;
	uint64_t filesz, memsz;
	uint64_t offset; /* in the file */
	uint32_t flags;	 /* PF_R, PF_W, PF_X */
};

/* Where an image may be put as a whole. */
struct image_range {
	bool wanted;	   /* it may be moved, and is told where it is */
	uint32_t min, max; /* its first byte, and the end of its last */
	uint32_t align;	   /* a power of two */
	enum { RANGE_ANY, RANGE_LOWEST, RANGE_HIGHEST } preference;
};

/* A file in memory and what its headers say. */
struct image {
	const char *path; /* not owned */
	uint8_t *data;	  /* the whole file */
	size_t size;
	bool elf64;
	uint64_t entry;
	struct image_segment seg[IMAGE_SEGMENTS];
	unsigned seg_count; /* 0: Multiboot 2's header will say */

	bool has_pvh;
	uint64_t pvh_entry; /* physical, from the note Xen/18 */

	bool has_linux; /* no ELF file: a bzImage (image_linux.h) */

	bool has_multiboot;
	uint32_t mb_flags;
	uint64_t mb_offset; /* of the header in the file */

	bool has_multiboot2;
	uint64_t mb2_offset;
	uint32_t mb2_len;
	/* What image_use_multiboot2() read there: */
	bool entry_is_physical; /* `entry`, which else is as the ELF file has it */
	struct image_range relocation;
};

/* Under 1 MiB but the devices' and the firmware's: nothing is loaded here. */
#define IMAGE_HOLE     UINT64_C(0x9fc00)
#define IMAGE_HOLE_END UINT64_C(0x100000)

/*
 * Read and check `path`: an x86 ELF64 or ELF32 executable, a bzImage, or any
 * file whose Multiboot header says where it goes. -errno or -ENOEXEC, said. image_open_raw() takes any file, for modules.
 */
int image_open(const char *path, struct image *image);
int image_open_raw(const char *path, struct image *image);
/* Accepts a zeroed or closed one. */
void image_close(struct image *image);

/*
 * Copy the segments to their physical addresses in fresh RAM (all zero: the
 * rest of each segment is, too). Nothing is written unless all fit: -ENOEXEC
 * when one leaves RAM, wraps, or overlaps another, [reserved, reserved_end)
 * or the hole under 1 MiB.
 */
int image_load(const struct image *image, const struct guestmem *gm,
	       uint64_t reserved, uint64_t reserved_end);

/* The lowest segment, and the first byte after the highest, in physical
 * memory. */
uint64_t image_start(const struct image *image);
uint64_t image_end(const struct image *image);

/* The physical address of the entry point; false: it is in no segment. */
bool image_entry(const struct image *image, uint64_t *pa);

/* Is there that much in the file? */
bool image_in_file(const struct image *image, uint64_t offset, uint64_t len);

/* Does a segment lie at physical `pa`? */
bool image_holds(const struct image *image, uint64_t pa);

#endif
