/*
 * space.h: address spaces of tasks, from their page tables in memory. However
 * the tables are linked, a walk looks at TABLES_MAX of them at most, and at no
 * more than there are pages of memory.
 */
#ifndef SHELL_INSPECT_SPACE_H
#define SHELL_INSPECT_SPACE_H

#include "shell/inspect/model.h"

#define TABLES_MAX 16384

/* Page-table bits. */
#define MAP_WRITE  (UINT64_C(1) << 1)
#define MAP_USER   (UINT64_C(1) << 2)
#define MAP_PCD	   (UINT64_C(1) << 4)
#define MAP_NX	   (UINT64_C(1) << 63)

struct page {
	uint64_t va, pa, bytes;
	uint64_t flags; /* MAP_*: what all levels allow */
};

/* False: enough. */
typedef bool space_page_fn(void *ctx, const struct page *page);

/*
 * Every page of the user half, lowest first. False: it is not all of it, for
 * tables lie nowhere or are too many, or it was enough.
 */
bool space_walk(const struct guestmem *mem, uint64_t top, space_page_fn *fn,
		void *ctx);

/* The page at an address; false: there is none. */
bool space_page(const struct guestmem *mem, uint64_t top, uint64_t va,
		struct page *page);

/* Bytes of a task's; false: not all of them are there. */
bool space_read(const struct guestmem *mem, uint64_t top, uint64_t va,
		void *buf, size_t len);

/*
 * The PML4 of an identifier, as long as the generation is the same; 0 for
 * either: any. 0: there is none.
 */
uint64_t space_top(const struct model *m, unsigned id, uint64_t generation);
/* Of a PML4; 0: none. */
unsigned space_id(const struct model *m, uint64_t top);

/* A frame or table is where its capability says; the top of that space. */
bool cap_mapped(const struct model *m, const struct cap *cap, uint64_t *top);

#endif
