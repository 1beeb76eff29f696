/*
 * object.h: kernel objects: their memory, their counts and their ends.
 *
 * Objects with state begin with a struct object, which counts the
 * capabilities that name it and lie outside of it. When the last one goes,
 * the object dies: that capability moves into the header's slot as a ZOMBIE,
 * so that the Untyped below still has a child and its memory stays taken, and
 * the object waits on the list of the dying. Each object_step() then undoes a
 * bounded part of the oldest one: a slot, an entry, a waiter. So nothing
 * recurses, however pools nest, and whoever drains the list can stop between
 * any two steps.
 *
 * To add a type with state: its struct begins with struct object; rows in
 * object.c for its size and header, and a case in object_begin(), for what it
 * is when its memory is zero, and in step(), for its end.
 */
#ifndef KERNEL_OBJECT_H
#define KERNEL_OBJECT_H

#include <stdbool.h>

#include "guest-kernel/kernel/cap.h"

struct object {
	uint32_t count; /* capabilities outside of it; 0: dying */
	uint8_t type, bits;
	uint16_t at; /* dying: how far it is */
	union {
		struct object *dying; /* the next on that list */
		uint64_t marks;	      /* else verify.c's; 0 otherwise */
	};
	struct slot zombie;
};

/* Bytes an object takes; 0: no user can make it so. `size` as RETYPE's. */
uint64_t object_bytes(unsigned type, uint64_t size);
uint64_t object_align(unsigned type, uint64_t bytes);

/* Make the object in zero memory; its first capability, for cap_derive(). */
struct cap object_create(unsigned type, uint64_t base, uint64_t size);

/* How many capabilities name its object; NULL: that is not counted. */
uint32_t *object_count(const struct cap *cap);

/* For cap_delete() alone. */
bool object_dies_in_steps(unsigned type);
void object_dies(struct slot *last);
/* A capability is in no slot any more; `last`: nor is any other. */
void object_capability_gone(const struct cap *cap, bool last);

/* Steps between two looks for an interrupt: one is 100 to 400
 * instructions. */
#define STEPS_AT_ONCE 8

/* One bounded step; false: no object is dying. */
bool object_step(void);

/*
 * Steps until nothing is dying (true), or an interrupt is pending (false);
 * then the call has to be made again.
 */
bool object_drain(void);

/*
 * The slots of pools that a call goes by: the root's, and those on the path to
 * its target. What they hold goes last, so that the call still finds its way
 * when it is made again.
 */
struct way {
	struct slot *slot[CADDR_DEPTH_MAX + 1];
	unsigned count;
};

/*
 * Deletes all that descends from a slot (true), or as much as there is time
 * for (false). Some of it may be dying then.
 */
bool object_revoke(struct slot *slot, const struct way *way);

#endif
