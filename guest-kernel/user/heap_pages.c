/*
 * heap_pages.c: frames and page tables for the heap, from untyped memory.
 *
 * Retyping can run dry anywhere between a page's frame and its last table.
 * What was made stays noted (made, spare) and is used by the next call, so a
 * failure loses nothing.
 */
#include "guest-kernel/user/heap_pages.h"

#define PAGE	  UINT64_C(4096)
#define BATCH	  16 /* pages to make at least, so that small steps are rare */
#define PAGES_MAX ((CPOOL_SLOTS - 1) * (uint64_t)CPOOL_SLOTS)

static const enum abi_object table_type[] = {OBJECT_PT, OBJECT_PD, OBJECT_PDPT};

/* Retype from the first untyped that has the memory. */
static enum error retype(struct heap *h, enum abi_object type, unsigned count,
			 struct caddr dest)
{
	enum error err = ERR_NO_MEMORY;

	for (unsigned i = 0; i < h->untyped_count && err == ERR_NO_MEMORY; i++)
		err = sys_untyped_retype(h->untyped[i], type, 0, count, dest,
					 NULL);
	return err;
}

static bool make_directory(struct heap *h)
{
	struct caddr dir;
	uint64_t slot;

	if (h->directory.depth)
		return true;
	if (sys_cpool_free_slot(h->root, &slot) != ERR_OK)
		return false;
	dir = caddr_root(slot);
	if (retype(h, OBJECT_CPOOL, 1, dir) != ERR_OK)
		return false;
	h->directory = dir;
	return true;
}

/* The pool in slot `index` of the directory; they are made in order. */
static bool make_pool(struct heap *h, unsigned index)
{
	while (h->pools <= index) {
		if (retype(h, OBJECT_CPOOL, 1,
			   caddr_in(h->directory, h->pools)) != ERR_OK)
			return false;
		h->pools++;
	}
	return true;
}

static struct caddr table_slot(const struct heap *h, unsigned slot)
{
	return caddr_in(caddr_in(h->directory, 0), slot);
}

static struct caddr page_slot(const struct heap *h, uint64_t page)
{
	return caddr_in(caddr_in(h->directory, 1 + page / CPOOL_SLOTS),
			page % CPOOL_SLOTS);
}

/* A table of the level (0: PT) in a slot of its own, not yet hung in. */
static enum error make_table(struct heap *h, unsigned level)
{
	enum error err;

	if (h->spare[level])
		return ERR_OK;
	if (h->tables == CPOOL_SLOTS)
		return ERR_NO_SLOT;
	err = retype(h, table_type[level], 1, table_slot(h, h->tables));
	if (err == ERR_OK)
		h->spare[level] = 1 + h->tables++;
	return err;
}

/* Hang in the page table for va, and first what is missing above it. */
static enum error add_tables(struct heap *h, uint64_t va)
{
	unsigned level = 0;
	enum error err;

	for (;;) {
		err = make_table(h, level);
		if (err != ERR_OK)
			return err;
		err = sys_table_map(table_slot(h, h->spare[level] - 1), va,
				    h->pml4);
		if (err == ERR_NO_TABLE && level < 2) {
			level++;
			continue;
		}
		if (err != ERR_OK)
			return err;
		h->spare[level] = 0;
		if (level-- == 0)
			return ERR_OK;
	}
}

static bool map_next(struct heap *h)
{
	uint64_t va = h->base + h->mapped * PAGE;
	struct caddr page = page_slot(h, h->mapped);
	enum error err;

	err = sys_page_map(page, va, RIGHT_READ | RIGHT_WRITE, h->pml4);
	if (err == ERR_NO_TABLE) {
		err = add_tables(h, va);
		if (err == ERR_OK)
			err = sys_page_map(page, va, RIGHT_READ | RIGHT_WRITE,
					   h->pml4);
	}
	if (err != ERR_OK)
		return false;
	h->mapped++;
	return true;
}

/* A batch lies in one pool and is `want` pages, or what memory allows. */
static bool make_pages(struct heap *h, uint64_t want)
{
	unsigned room = CPOOL_SLOTS - h->made % CPOOL_SLOTS;
	unsigned count = want < room ? want : room;

	if (h->made >= PAGES_MAX || !make_pool(h, 1 + h->made / CPOOL_SLOTS))
		return false;
	for (; count; count /= 2) {
		if (retype(h, OBJECT_RAW_PAGE, count, page_slot(h, h->made)) ==
		    ERR_OK) {
			h->made += count;
			return true;
		}
	}
	return false;
}

void heap_pages_add(struct heap *h, uint64_t count)
{
	uint64_t goal = h->mapped + (count > BATCH ? count : BATCH);

	if (count > PAGES_MAX || !make_directory(h))
		return;
	while (h->mapped < goal) {
		if (h->mapped == h->made && !make_pages(h, goal - h->made))
			return;
		if (!map_next(h))
			return;
	}
}
