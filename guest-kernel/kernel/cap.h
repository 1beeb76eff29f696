/*
 * cap.h: capabilities, the slots they live in, and where they came from.
 *
 * A slot is empty (type NULL, no links) or in the one derivation tree. Its
 * children are what was made from it; what has no parent hangs under a root
 * slot in struct kernel. Three links suffice for everything to take the same
 * few steps, whatever the tree looks like:
 *
 *	child	the first child, or NULL
 *	next	the next sibling; of the last one the parent, with bit 0 set
 *	prev	the previous sibling; of the first one the last
 *
 * What always holds of the tree, kernel/verify.c says and checks.
 *
 * Slots lie in pools, in tasks, in the entries of channels, and one in every
 * object's header for when it dies (object.h).
 */
#ifndef KERNEL_CAP_H
#define KERNEL_CAP_H

#include <stdbool.h>

#include "guest-kernel/abi/object.h"

/* Untyped and frames: device memory. */
#define CAP_DEVICE 1u
/* In a task that has to know when it goes. */
#define CAP_VITAL  2u

struct cap {
	uint8_t type;	/* enum abi_object */
	uint8_t rights; /* RIGHT_* */
	uint8_t bits;	/* Channel: its queue has 2^bits entries */
	uint8_t flags;	/* CAP_* */
	/* PML4: its identifier. Frames, tables: where mapped; 0: nowhere. */
	uint16_t space;
	uint16_t zero;
	uint64_t base; /* physical address of the object or memory */
	union {
		/*
		 * Untyped, in bytes. What is used is a prefix; what lies
		 * between it and `cleared` is zero.
		 */
		struct {
			uint64_t size, used, cleared;
		} untyped;
		/* Frames and lower tables, if space is not 0. */
		struct {
			uint64_t generation; /* of the identifier */
			uint64_t va;
		} map;
		/* I/O ports, both included. */
		struct {
			uint64_t first, last;
		} port;
		/* Endpoints, notifications. */
		uint64_t badge;
	};
};

struct slot {
	struct cap cap;
	struct slot *child, *next, *prev;
};

_Static_assert(sizeof(struct cap) == 40, "a slot is 64 bytes");
_Static_assert(sizeof(struct slot) == 64, "a slot is 64 bytes");

/* Into the empty `slot`, as a capability the boot makes. */
void cap_root(struct slot *slot, const struct cap *cap);

/* Into the empty `slot`, as the first child of `parent`. */
void cap_derive(struct slot *parent, struct slot *slot, const struct cap *cap);

/* Could a copy be made? Page tables below the top hang in one place. */
enum error cap_may_copy(const struct cap *source);

/*
 * Into the empty `slot`, a child of `source` with its rights. The copy of a
 * frame is mapped nowhere. The copy of an Untyped takes what is left of it,
 * so that no byte is ever given out twice.
 */
void cap_copy(struct slot *source, struct slot *slot);

/* Would its object die if the capability went to a slot there? */
enum error cap_may_move(const struct slot *from, const struct slot *to);

/* From one slot to another, empty one: same place in the tree. */
void cap_move(struct slot *from, struct slot *to);

/*
 * Empty a slot. Its children go up to its parent. Whatever the capability
 * held is undone; if it was its object's last, the object is dying now
 * (object.h).
 */
void cap_delete(struct slot *slot);

/* A child becomes the last, and its children take its place. */
void cap_put_last(struct slot *parent, struct slot *slot);

/* Out of the tree, children up, and empty; nothing else. */
void cap_unlink(struct slot *slot);

static inline bool slot_empty(const struct slot *slot)
{
	return slot->cap.type == OBJECT_NULL;
}

/* ---- walking the tree ---- */

#define CAP_UP ((uintptr_t)1)

static inline bool cap_is_last(const struct slot *slot)
{
	return (uintptr_t)slot->next & CAP_UP;
}

/* Of the last sibling only. */
static inline struct slot *cap_up(const struct slot *last)
{
	return (struct slot *)((uintptr_t)last->next & ~CAP_UP);
}

#endif
