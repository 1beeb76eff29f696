/*
 * image.h: ELF files into guest memory.
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

/* A file in memory and what its headers say. */
struct image {
	const char *path; /* not owned */
	uint8_t *data;	  /* the whole file */
	size_t size;
	bool elf64;
	uint64_t entry;
	struct image_segment seg[IMAGE_SEGMENTS];
	unsigned seg_count;

	bool has_pvh;
	uint64_t pvh_entry; /* physical, from the note Xen/18 */

	bool has_multiboot;
	uint32_t mb_flags;
	uint64_t mb_offset; /* of the header in the file */
};

/*
 * Read and check `path`: an x86 ELF64 or ELF32 executable (with `raw`
 * accepted: any file, for modules). -errno or -ENOEXEC, said.
 */
int image_open(const char *path, struct image *image);
int image_open_raw(const char *path, struct image *image);
void image_close(struct image *image);

/*
 * Copy the segments to their physical addresses and zero the rest of each.
 * Nothing is written unless all fit: -ENOEXEC when one leaves RAM, wraps, or
 * overlaps another or [reserved, reserved_end).
 */
int image_load(const struct image *image, const struct guestmem *gm,
	       uint64_t reserved, uint64_t reserved_end);

/* The first byte after the highest segment in physical memory. */
uint64_t image_end(const struct image *image);

#endif
