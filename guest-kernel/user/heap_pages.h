/* heap_pages.h: more pages at the end of a heap; only for heap.c. */
#ifndef USER_HEAP_PAGES_H
#define USER_HEAP_PAGES_H

#include "guest-kernel/user/heap.h"

/* Maps `count` pages more or somewhat more; if memory ends, fewer. */
void heap_pages_add(struct heap *h, uint64_t count);

#endif
