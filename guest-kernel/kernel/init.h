/*
 * init.h: the init program: its image, and what the boot makes for it.
 */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

#include "guest-kernel/kernel/kernel.h"
#include "guest-kernel/kernel/memory.h"

#define INIT_SEGMENTS 16
#define INIT_PAGES    65536u /* of the image: pools of pools hold that many */

struct init_segment {
	uint64_t va, memory_size;
	uint64_t offset, file_size;
	unsigned rights;
};

struct init_image {
	struct init_segment segment[INIT_SEGMENTS];
	unsigned count;
	unsigned pages;
	uint64_t entry;
	uint64_t base, end; /* in whole pages */
};

/* Check an ELF file and describe it. NULL, or what is wrong with it. */
const char *init_parse(const uint8_t *file, uint64_t size,
		       struct init_image *image);

/* Make the first task and all it finds; the arena gives the memory. */
void init_create(struct boot *boot, const struct init_image *image);

/* From a described machine to a ready init program (main.c). */
void kernel_start(struct boot *boot);

#endif
