/*
 * cap.h: capabilities, the slots they live in, and where they came from.
 *
 * A slot is empty (type NULL, on no list) or on the one derivation list: the
 * preorder walk of the forest in which a capability's children are those that
 * were made from it. A slot's descendants are the run of slots behind it with
 * a greater depth, so revoking is deleting that run, and no slot needs more
 * than its two links and its depth. For every slot on the list:
 *
 *	next->depth <= depth + 1
 *	an Untyped's descendants lie in its used part
 *	a descendant of any other capability is of its type, and has no more
 *	rights
 *
 * Slots lie in pools, in tasks (pool, table and buffer) and in the entries of
 * channels. Those of tasks have no descendants: no path leads to them.
 */
#ifndef KERNEL_CAP_H
#define KERNEL_CAP_H

#include <stdbool.h>

#include "guest-kernel/abi/object.h"

struct cap {
	uint8_t type;	/* enum abi_object */
	uint8_t rights; /* RIGHT_* */
	uint8_t bits;	/* Channel: its queue has 2^bits entries */
	uint8_t zero[5];
	uint64_t base; /* physical address of the object or memory */
	union {
		/* Untyped, in bytes; what is used is a prefix. */
		struct {
			uint64_t size, used;
		} untyped;
		/* Frames and lower tables: where mapped; table 0: nowhere. */
		struct {
			uint64_t table, va;
		} map;
		/* I/O ports, both included. */
		struct {
			uint64_t first, last;
		} port;
	};
	uint64_t badge; /* of endpoints; 0 */
};

struct slot {
	struct cap cap;
	struct slot *next, *prev;
	uint32_t depth;
	uint32_t zero;
};

_Static_assert(sizeof(struct cap) == 40, "a slot is 64 bytes");
_Static_assert(sizeof(struct slot) == 64, "a slot is 64 bytes");

/* The list with nothing on it. */
void cap_list_init(struct slot *head);

/* Into the empty `slot`, as a root: a capability the boot makes. */
void cap_root(struct slot *head, struct slot *slot, const struct cap *cap);

/* Into the empty `slot`, as a child of `parent`. */
void cap_derive(struct slot *parent, struct slot *slot, const struct cap *cap);

/*
 * Could a copy of `source` be made? Lower page tables only once they hang
 * somewhere, so that no table ever hangs in two places.
 */
enum error cap_may_copy(const struct slot *source);

/*
 * Into the empty `slot`, a child of `source` with its rights. The copy of a
 * frame is mapped nowhere. The copy of an Untyped takes what is left of it,
 * so that no byte is ever given out twice.
 */
void cap_copy(struct slot *source, struct slot *slot);

/* From one slot to another, empty one: same place in the tree. */
void cap_move(struct slot *from, struct slot *to);

/* Empty a slot that has no descendants. */
void cap_remove(struct slot *slot);

static inline bool slot_empty(const struct slot *slot)
{
	return slot->cap.type == OBJECT_NULL;
}

#endif
