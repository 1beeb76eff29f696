/*
 * memory.h: which memory there is, while the kernel boots.
 *
 * Sets of page-aligned physical ranges, sorted, disjoint and not touching;
 * and the arena: the one range the boot takes its pages from. What is left
 * of all becomes Untypeds.
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stdint.h>

#include "guest-kernel/abi/bootinfo.h"

struct range {
	uint64_t base, end;
};

#define RANGES 64

struct range_set {
	unsigned count;
	struct range range[RANGES];
};

/* A file in memory, by its bytes. */
struct module {
	struct range range;
	char name[BOOT_NAME_SIZE];
};

/* What the loader told, copied from wherever it lay. */
struct boot {
	struct range_set memory;  /* RAM that is free */
	struct range arena;	  /* in none of the above; grows upwards */
	struct range_set devices; /* no RAM, nor the kernel's: for drivers */
	struct range module;	  /* the init image, by its bytes */
	unsigned further_count;	  /* modules behind it */
	struct module further[BOOT_MODULE_MAX];
	char cmdline[BOOT_CMDLINE_SIZE];
};

/* The whole pages in [base, end), below the direct map's end. */
void ranges_add(struct range_set *set, uint64_t base, uint64_t end);
/* Every page that [base, end) touches. */
void ranges_remove(struct range_set *set, uint64_t base, uint64_t end);
const struct range *ranges_largest(const struct range_set *set, uint64_t below);

/* Take the largest free range below `below` as the arena. */
void arena_init(struct boot *boot, uint64_t below);
/* Pages that lie together, as they are; panics when there are none. */
uint64_t arena_pages(struct boot *boot, unsigned count);

#endif
