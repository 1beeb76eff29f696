/*
 * heap.h: memory in pieces, made from untyped memory a page at a time.
 *
 * The heap lies in one run of addresses that grows at its end. Its frames are
 * made and mapped in batches, and never given back: the kernel cannot take
 * them apart yet. What is freed is joined with its free neighbours and used
 * again.
 */
#ifndef USER_HEAP_H
#define USER_HEAP_H

#include "guest-kernel/user/rt.h"

#define HEAP_BINS 48

struct heap_block;

struct heap {
	struct caddr untyped[BOOT_UNTYPEDS]; /* tried in this order */
	unsigned untyped_count;
	struct caddr root, pml4;
	uint64_t base;

	/*
	 * The pool in a slot of the root pool, made at the first use, depth 0
	 * until then. Its slot 0 is a pool of page tables, the others are
	 * pools of frames: page i is in slot i % 256 of pool 1 + i / 256.
	 */
	struct caddr directory;
	unsigned pools, tables;
	unsigned spare[3];     /* made but not hung in: 1 + slot, by level */
	uint64_t made, mapped; /* pages; the heap is base .. mapped */

	struct heap_block *last; /* the mark at the end; NULL: no page yet */
	struct heap_block *bin[HEAP_BINS]; /* free blocks, by their log2 */
};

void *heap_alloc(struct heap *heap, size_t size);
void heap_free(struct heap *heap, void *old);
void *heap_resize(struct heap *heap, void *old, size_t size);

/* Tells malloc() where its memory is (malloc.c). */
void malloc_init(const struct boot_info *info);

#endif
