/*
 * malloc.c: C's names for the one heap of the init program. The main untyped
 * memory is used first, then the others as they are listed.
 */
#include "guest-kernel/user/heap.h"

static struct heap heap;

void malloc_init(const struct boot_info *info)
{
	heap = (struct heap){
		.root = caddr_root(BOOT_SLOT_CPOOL),
		.pml4 = caddr_root(BOOT_SLOT_PML4),
		.base = BOOT_HEAP,
		.untyped[0] = caddr_root(BOOT_SLOT_UNTYPED),
		.untyped_count = 1,
	};
	for (unsigned i = 0; i < info->untyped_count; i++) {
		unsigned slot = info->untyped[i].slot;

		if (slot != BOOT_SLOT_UNTYPED && !info->untyped[i].flags &&
		    heap.untyped_count < BOOT_UNTYPEDS)
			heap.untyped[heap.untyped_count++] = caddr_root(slot);
	}
}

void *malloc(size_t size)
{
	return heap_alloc(&heap, size);
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	p = heap_alloc(&heap, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size)
{
	return heap_resize(&heap, old, size);
}

void free(void *old)
{
	heap_free(&heap, old);
}
