/*
 * map.h: the hash table under accounts and storage. Nodes are embedded in
 * what they name and are never removed; besides the buckets all hang on one
 * list in the order they came, so that walks do not depend on the hash.
 * The owner compares keys; a table of all zero is empty.
 */
#ifndef EVM_MAP_H
#define EVM_MAP_H

#include "evm/evm.h"

struct evm_map_node {
	struct evm_map_node *chain; /* the next of the same bucket */
	struct evm_map_node *next;  /* the next that came */
	uint64_t hash;
};

struct evm_map {
	struct evm_map_node **bucket;
	size_t size; /* of bucket: a power of two, or 0 */
	size_t count;
	struct evm_map_node *first, *last;
};

static inline uint64_t evm_map_mix(uint64_t hash, uint64_t word)
{
	u256_wide product =
		(u256_wide)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline struct evm_map_node *evm_map_chain(const struct evm_map *map,
						 uint64_t hash)
{
	return map->size ? map->bucket[hash & (map->size - 1)] : NULL;
}

/* The node's hash is set; no equal one is there. */
int evm_map_add(struct evm_map *map, const struct evm_allocator *alloc,
		struct evm_map_node *node);
/* Frees the buckets; the nodes are their owner's. */
void evm_map_fini(struct evm_map *map, const struct evm_allocator *alloc);

#endif
