/* map.c: the hash table of map.h. It grows to keep chains short. */
#include "evm/alloc.h"
#include "evm/map.h"

static int grow(struct evm_map *map, const struct evm_allocator *alloc)
{
	size_t size = map->size ? map->size * 2 : 8;
	struct evm_map_node **bucket = evm_alloc(alloc, size * sizeof(*bucket));

	if (!bucket)
		return EVM_ERR_NO_MEMORY;
	memset(bucket, 0, size * sizeof(*bucket));
	for (struct evm_map_node *n = map->first; n; n = n->next) {
		n->chain = bucket[n->hash & (size - 1)];
		bucket[n->hash & (size - 1)] = n;
	}
	evm_free(alloc, map->bucket, map->size * sizeof(*bucket));
	map->bucket = bucket;
	map->size = size;
	return 0;
}

int evm_map_add(struct evm_map *map, const struct evm_allocator *alloc,
		struct evm_map_node *node)
{
	struct evm_map_node **head;

	if (map->count == map->size && grow(map, alloc) < 0)
		return EVM_ERR_NO_MEMORY;
	head = &map->bucket[node->hash & (map->size - 1)];
	node->chain = *head;
	node->next = NULL;
	*head = node;
	if (map->last)
		map->last->next = node;
	else
		map->first = node;
	map->last = node;
	map->count++;
	return 0;
}

void evm_map_fini(struct evm_map *map, const struct evm_allocator *alloc)
{
	evm_free(alloc, map->bucket, map->size * sizeof(struct evm_map_node *));
	*map = (struct evm_map){0};
}
