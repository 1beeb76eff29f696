/*
 * heap.c: blocks with boundary tags, over grains that heap_pages.c brings.
 *
 * Every block knows its own size and that of the one before it, so both
 * neighbours are found without a search. Sizes are multiples of 16 and count
 * the header. Free blocks hang in lists by the logarithm of their size. Two
 * free blocks never touch. The last block is a mark without room, in use.
 */
#include "guest-kernel/user/heap.h"
#include "guest-kernel/user/heap_pages.h"

#define ALIGN	  16
#define BLOCK_MIN sizeof(struct heap_block)
#define ROOM_MAX  (UINT64_C(1) << 46) /* what can be asked for, or less */
#define IN_USE	  1u

struct heap_block {
	uint64_t before; /* size of the block before, 0 for the first */
	uint64_t size;	 /* | IN_USE */
	struct heap_block *next, *prev; /* in the bin, if free */
};

#define HEADER offsetof(struct heap_block, next)

static uint64_t size_of(const struct heap_block *b)
{
	return b->size & ~(uint64_t)IN_USE;
}

static struct heap_block *after(struct heap_block *b)
{
	return (struct heap_block *)((uint8_t *)b + size_of(b));
}

static struct heap_block *before(struct heap_block *b)
{
	return (struct heap_block *)((uint8_t *)b - b->before);
}

static unsigned bin_of(uint64_t size)
{
	return 63 - __builtin_clzll(size);
}

static void bin_add(struct heap *h, struct heap_block *b)
{
	struct heap_block **first = &h->bin[bin_of(b->size)];

	b->prev = NULL;
	b->next = *first;
	if (*first)
		(*first)->prev = b;
	*first = b;
}

static void bin_remove(struct heap *h, struct heap_block *b)
{
	if (b->prev)
		b->prev->next = b->next;
	else
		h->bin[bin_of(b->size)] = b->next;
	if (b->next)
		b->next->prev = b->prev;
}

/* Make `b` a free block of `size`, joined with its free neighbours. */
static void release(struct heap *h, struct heap_block *b, uint64_t size)
{
	struct heap_block *next = (struct heap_block *)((uint8_t *)b + size);

	b->size = 0; /* so that freeing it again is seen */
	if (b->before && !(before(b)->size & IN_USE)) {
		b = before(b);
		bin_remove(h, b);
		size += b->size;
	}
	if (!(next->size & IN_USE)) {
		bin_remove(h, next);
		size += next->size;
	}
	b->size = size;
	after(b)->before = size;
	bin_add(h, b);
}

/* Cut what a block in use has beyond `size` off, if a block can be made. */
static void trim(struct heap *h, struct heap_block *b, uint64_t size)
{
	uint64_t rest = size_of(b) - size;
	struct heap_block *cut;

	if (rest < BLOCK_MIN)
		return;
	b->size = size | IN_USE;
	cut = after(b);
	cut->before = size;
	release(h, cut, rest);
}

/* What lies free at the end already: growing need only add the rest. */
static uint64_t free_tail(struct heap *h)
{
	if (!h->last || before(h->last)->size & IN_USE)
		return 0;
	return h->last->before;
}

/* Ends the heap's memory with a mark, where its grains end. */
static void put_mark(struct heap *h)
{
	uint64_t end = h->base + h->grains * GRAIN_BYTES;

	h->last = (struct heap_block *)(end - HEADER);
	h->last->size = IN_USE;
}

/*
 * More grains: the mark becomes a free block, and a new mark ends it. If fewer
 * came than were asked for, they serve smaller wishes.
 */
static void grow(struct heap *h, uint64_t size)
{
	uint64_t missing = size + HEADER - free_tail(h);
	struct heap_block *first = h->last;
	unsigned before = h->grains;

	heap_pages_add(h, (missing + GRAIN_BYTES - 1) / GRAIN_BYTES);
	if (h->grains == before)
		return;
	if (!first) {
		first = (struct heap_block *)h->base;
		first->before = 0;
	}
	put_mark(h);
	release(h, first, (uintptr_t)h->last - (uintptr_t)first);
}

void heap_trim(struct heap *h, uint64_t keep)
{
	uint64_t tail = free_tail(h), count;
	struct heap_block *b;

	if (tail < keep + BLOCK_MIN)
		return;
	count = (tail - keep - BLOCK_MIN) / GRAIN_BYTES;
	if (count == 0)
		return;
	b = before(h->last);
	bin_remove(h, b);
	heap_pages_remove(h, count);
	put_mark(h);
	b->size = (uintptr_t)h->last - (uintptr_t)b;
	h->last->before = b->size;
	bin_add(h, b);
}

static struct heap_block *find(struct heap *h, uint64_t size)
{
	for (unsigned i = bin_of(size); i < HEAP_BINS; i++) {
		for (struct heap_block *b = h->bin[i]; b; b = b->next) {
			if (b->size >= size)
				return b;
		}
	}
	return NULL;
}

/* The block's size for `size` bytes of room, 0 if that cannot be. */
static uint64_t block_size(size_t size)
{
	uint64_t all;

	if (size > ROOM_MAX)
		return 0;
	all = (size + HEADER + ALIGN - 1) & -(uint64_t)ALIGN;
	return all < BLOCK_MIN ? BLOCK_MIN : all;
}

void *heap_alloc(struct heap *h, size_t want)
{
	uint64_t size = block_size(want);
	struct heap_block *b;

	if (!size)
		return NULL;
	b = find(h, size);
	if (!b) {
		grow(h, size);
		b = find(h, size);
	}
	if (!b)
		return NULL;
	bin_remove(h, b);
	b->size |= IN_USE;
	trim(h, b, size);
	return (uint8_t *)b + HEADER;
}

/* A wrong pointer would ruin the heap: rather end here, where it is seen. */
static struct heap_block *block_of(struct heap *h, void *old)
{
	uintptr_t at = (uintptr_t)old - HEADER;
	struct heap_block *b = (struct heap_block *)at;

	if (at % ALIGN || at < h->base || at >= (uintptr_t)h->last ||
	    !(b->size & IN_USE) || size_of(b) > (uintptr_t)h->last - at ||
	    after(b)->before != size_of(b))
		rt_panic("free: %p is no block in use", old);
	return b;
}

void heap_free(struct heap *h, void *old)
{
	struct heap_block *b;

	if (!old)
		return;
	b = block_of(h, old);
	release(h, b, size_of(b));
	heap_trim(h, HEAP_KEEP);
}

void *heap_resize(struct heap *h, void *old, size_t want)
{
	uint64_t size = block_size(want), room;
	struct heap_block *b;
	void *new;

	if (!old)
		return heap_alloc(h, want);
	b = block_of(h, old);
	if (size && size <= size_of(b)) {
		trim(h, b, size);
		return old;
	}
	new = heap_alloc(h, want);
	if (!new)
		return NULL;
	room = size_of(b) - HEADER;
	memcpy(new, old, room < want ? room : want);
	heap_free(h, old);
	return new;
}
