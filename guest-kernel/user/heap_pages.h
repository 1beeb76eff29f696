/* heap_pages.h: grains at the end of a heap; only for heap.c. */
#ifndef USER_HEAP_PAGES_H
#define USER_HEAP_PAGES_H

#include "guest-kernel/user/heap.h"

/* Maps `count` grains more; if memory ends, fewer. */
void heap_pages_add(struct heap *heap, uint64_t count);

/* Unmaps the last ones and gives them back. */
void heap_pages_remove(struct heap *heap, unsigned count);

#endif
