/* pages.c: trees of 64 ways with counted owners; the lowest nodes are pages. */
#include "vmm/pages.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/guestmem.h"

#define WAY_BITS 6
#define WAYS	 (1u << WAY_BITS)

/* A page is a node, too, with bytes where others have ways. */
struct page_node {
	size_t owners;
	struct page_node *way[];
};

#define NODE_SIZE (sizeof(struct page_node) + WAYS * sizeof(void *))
#define LEAF_SIZE (sizeof(struct page_node) + GUEST_PAGE_SIZE)

static uint8_t *bytes_of(const struct page_node *leaf)
{
	return (uint8_t *)(leaf + 1);
}

static unsigned way_of(uint64_t gpa, unsigned depth)
{
	return gpa / GUEST_PAGE_SIZE >> (depth - 1) * WAY_BITS & (WAYS - 1);
}

static uint64_t way_gpa(unsigned way, unsigned depth)
{
	return ((uint64_t)way << (depth - 1) * WAY_BITS) * GUEST_PAGE_SIZE;
}

void pages_init(struct page_maps *all, uint64_t last_gpa)
{
	*all = (struct page_maps){.depth = 1};
	while (last_gpa / GUEST_PAGE_SIZE >> all->depth * WAY_BITS)
		all->depth++;
}

struct page_node *pages_share(struct page_node *map)
{
	if (map)
		map->owners++;
	return map;
}

/* As deep as the tree is. */
static void drop(struct page_maps *all, struct page_node *node, unsigned depth)
{
	if (!node || --node->owners)
		return;
	for (unsigned i = 0; depth && i < WAYS; i++)
		drop(all, node->way[i], depth - 1);
	all->bytes -= depth ? NODE_SIZE : LEAF_SIZE;
	free(node);
}

void pages_drop(struct page_maps *all, struct page_node *map)
{
	drop(all, map, all->depth);
}

static struct page_node *make(struct page_maps *all, size_t size)
{
	struct page_node *node = malloc(size);

	if (!node)
		return NULL;
	node->owners = 1;
	all->bytes += size;
	return node;
}

/* Its owner's alone, to be changed: it, a copy of it, or an empty one. */
static struct page_node *own(struct page_maps *all, struct page_node *node)
{
	struct page_node *copy;

	if (node && node->owners == 1)
		return node;
	copy = make(all, NODE_SIZE);
	if (!copy)
		return NULL;
	if (!node) {
		memset(copy->way, 0, WAYS * sizeof(copy->way[0]));
		return copy;
	}
	memcpy(copy->way, node->way, WAYS * sizeof(copy->way[0]));
	for (unsigned i = 0; i < WAYS; i++)
		pages_share(copy->way[i]);
	node->owners--;
	return copy;
}

bool pages_put(struct page_maps *all, struct page_node **map, uint64_t gpa,
	       const uint8_t *bytes)
{
	struct page_node *leaf = make(all, LEAF_SIZE), **at = map;

	for (unsigned depth = all->depth; leaf && depth; depth--) {
		struct page_node *node = own(all, *at);

		if (!node) {
			drop(all, leaf, 0);
			return false;
		}
		*at = node;
		at = &node->way[way_of(gpa, depth)];
	}
	if (!leaf)
		return false;
	memcpy(bytes_of(leaf), bytes, GUEST_PAGE_SIZE);
	drop(all, *at, 0);
	*at = leaf;
	return true;
}

const uint8_t *pages_get(const struct page_maps *all,
			 const struct page_node *map, uint64_t gpa)
{
	for (unsigned depth = all->depth; map && depth; depth--)
		map = map->way[way_of(gpa, depth)];
	return map ? bytes_of(map) : NULL;
}

struct comparison {
	void (*differs)(void *ctx, uint64_t gpa);
	void *ctx;
};

static void compare(const struct comparison *c, const struct page_node *a,
		    const struct page_node *b, unsigned depth, uint64_t gpa)
{
	if (a == b)
		return;
	if (!depth) {
		c->differs(c->ctx, gpa);
		return;
	}
	for (unsigned i = 0; i < WAYS; i++)
		compare(c, a ? a->way[i] : NULL, b ? b->way[i] : NULL,
			depth - 1, gpa + way_gpa(i, depth));
}

void pages_compare(const struct page_maps *all, const struct page_node *a,
		   const struct page_node *b,
		   void (*differs)(void *ctx, uint64_t gpa), void *ctx)
{
	struct comparison c = {differs, ctx};

	compare(&c, a, b, all->depth, 0);
}
