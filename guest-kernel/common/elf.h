/*
 * elf.h: what an ELF file wants to have where. The kernel reads its init
 * program by this, and programs read those they start: both trust no byte of
 * the file.
 */
#ifndef COMMON_ELF_H
#define COMMON_ELF_H

#include <stdint.h>

#include "guest-kernel/abi/object.h"

#define ELF_SEGMENTS 16
#define ELF_PAGES    65536u /* of an image: pools of pools hold that many */

/* All of it lies in the file, and between the first page and `end`. */
struct elf_segment {
	uint64_t va, memory_size;
	uint64_t offset, file_size; /* the rest of the memory is zero */
	unsigned rights;
};

/* Segments are in order and share no page. */
struct elf_image {
	struct elf_segment segment[ELF_SEGMENTS];
	unsigned count;
	unsigned pages;
	uint64_t entry;	    /* in a segment that is executed */
	uint64_t base, end; /* in whole pages */
};

/*
 * Check an ELF64 executable for addresses from 1000h to `end`, and describe
 * it. NULL, or what is wrong with it: "it ...".
 */
const char *elf_parse(const uint8_t *file, uint64_t size, uint64_t end,
		      struct elf_image *image);

#endif
