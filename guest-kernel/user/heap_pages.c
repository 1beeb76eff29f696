/*
 * heap_pages.c: a grain of the heap is a grain full of frames, mapped side by
 * side. One that cannot be mapped whole is given back at once.
 */
#include "guest-kernel/user/heap_pages.h"

#include "guest-kernel/user/space.h"

#define PAGE UINT64_C(4096)

_Static_assert(GRAIN_PAGES <= GRAIN_SLOTS, "a slot for each frame");
_Static_assert(GRAIN_PAGES *PAGE == GRAIN_BYTES, "full of them");

static bool map_grain(struct grain *g, uint64_t va)
{
	struct caddr page;

	if (grain_make(g, OBJECT_RAW_PAGE, 0, GRAIN_PAGES, &page) != ERR_OK)
		return false;
	for (unsigned i = 0; i < GRAIN_PAGES; i++) {
		if (space_map(space_own(), grain_slot(g, i), va + i * PAGE,
			      RIGHT_READ | RIGHT_WRITE) != ERR_OK)
			return false;
	}
	return true;
}

void heap_pages_add(struct heap *h, uint64_t count)
{
	struct grain g;

	for (; count > 0 && h->grains < GRAINS_MAX; count--) {
		if (!grain_take(&g))
			return;
		if (!map_grain(&g, h->base + h->grains * GRAIN_BYTES)) {
			grain_give(&g);
			return;
		}
		h->grain[h->grains++] = g.index;
	}
}

void heap_pages_remove(struct heap *h, unsigned count)
{
	while (count-- > 0) {
		struct grain g = {.index = h->grain[--h->grains]};

		grain_give(&g);
	}
}
