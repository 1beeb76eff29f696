/*
 * malloc.c: C's names for the one heap of an address space. It begins where
 * the boot information says that addresses are free.
 */
#include "guest-kernel/user/heap.h"
#include "guest-kernel/user/lock.h"
#include "guest-kernel/user/space.h"

static struct heap *heap(void)
{
	static struct heap heap;

	heap.base = space_heap();
	return &heap;
}

void *malloc(size_t size)
{
	void *p;

	rt_lock();
	p = heap_alloc(heap(), size);
	rt_unlock();
	return p;
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	p = malloc(bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size)
{
	void *p;

	rt_lock();
	p = heap_resize(heap(), old, size);
	rt_unlock();
	return p;
}

void free(void *old)
{
	rt_lock();
	heap_free(heap(), old);
	rt_unlock();
}

void malloc_trim(void)
{
	rt_lock();
	heap_trim(heap(), 0);
	rt_unlock();
}
