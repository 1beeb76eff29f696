/*
 * heap.h: memory in pieces of any size, from grains.
 *
 * The heap lies in one run of addresses that grows and shrinks at its end, a
 * grain at a time. What is freed is joined with its free neighbours and used
 * again; what is then free at the end, beyond some reserve, goes back.
 */
#ifndef USER_HEAP_H
#define USER_HEAP_H

#include "guest-kernel/user/grain.h"
#include "guest-kernel/user/rt.h"

#define HEAP_BINS 48
#define HEAP_KEEP (UINT64_C(1) << 20) /* the reserve */

struct heap_block;

struct heap {
	uint64_t base;
	unsigned grains;	    /* in use; the heap is as long */
	uint16_t grain[GRAINS_MAX]; /* their indices */

	struct heap_block *last; /* the mark at the end; NULL: no memory yet */
	struct heap_block *bin[HEAP_BINS]; /* free blocks, by their log2 */
};

void *heap_alloc(struct heap *heap, size_t size);
void heap_free(struct heap *heap, void *old);
void *heap_resize(struct heap *heap, void *old, size_t size);

/* Gives back what is free at the end, but `keep` bytes. */
void heap_trim(struct heap *heap, uint64_t keep);

#endif
