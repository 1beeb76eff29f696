/*
 * pages.h: what the guest's memory held at many instants, each page kept once
 * for as long as it did not change.
 *
 * A page map is a tree over the pages' numbers that never changes once it is
 * shared: a new one is a copy of the way to what is new. So the next instant
 * costs what was written since, two instants are compared by what differs,
 * and any of them can be forgotten. A page that no map knows is zero.
 */
#ifndef VMM_PAGES_H
#define VMM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_node;

struct page_maps {
	unsigned depth; /* of all trees */
	size_t bytes;	/* in use by all of them */
};

/* For pages up to the one at `last_gpa`. */
void pages_init(struct page_maps *all, uint64_t last_gpa);

/* Another owner of the same map; NULL, the empty one, is accepted, here and
 * below. */
struct page_node *pages_share(struct page_node *map);
void pages_drop(struct page_maps *all, struct page_node *map);

/* Put a copy of the page at `bytes` into *map; false, and *map as it was: no
 * memory. */
bool pages_put(struct page_maps *all, struct page_node **map, uint64_t gpa,
	       const uint8_t *bytes);

/* The page's bytes, or NULL: zeros. The same pointer: not written between. */
const uint8_t *pages_get(const struct page_maps *all,
			 const struct page_node *map, uint64_t gpa);

/* Call `differs` for each page that is not the same one in both. */
void pages_compare(const struct page_maps *all, const struct page_node *a,
		   const struct page_node *b,
		   void (*differs)(void *ctx, uint64_t gpa), void *ctx);

#endif
