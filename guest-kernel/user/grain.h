/*
 * grain.h: untyped memory in pieces that come back.
 *
 * An Untyped gives memory out from its beginning to its end, and has it back
 * only when nothing made of it is left. What shall come back is therefore made
 * of a grain: an Untyped of 256 KiB, cut from the boot information's, with 64
 * slots for what is made of it. Giving a grain back revokes all of that; the
 * grain then waits for its next user, whoever that is: the heap, a thread or
 * a child. Grains are never joined again.
 *
 * What stays for ever, pools and page tables, is made of the large Untypeds
 * themselves. Nothing here locks: callers hold rt_lock() (lock.h).
 */
#ifndef USER_GRAIN_H
#define USER_GRAIN_H

#include "guest-kernel/user/rt.h"

#define GRAIN_BYTES (UINT64_C(256) << 10)
#define GRAIN_SLOTS 64u
#define GRAIN_PAGES 64u
#define GRAINS_MAX  960u /* as many as one pool of pools has room for */

struct grain {
	unsigned index;
	unsigned used; /* of the slots */
};

/*
 * False when there is no memory or slot for another.
 */
bool grain_take(struct grain *grain);
void grain_give(struct grain *grain);

/* The Untyped itself. */
struct caddr grain_untyped(const struct grain *grain);
/* Where its n-th object is. */
struct caddr grain_slot(const struct grain *grain, unsigned n);

/* Objects made of it, in the slots from `first` on. */
enum error grain_make(struct grain *grain, enum abi_object type, uint64_t size,
		      unsigned count, struct caddr *first);

/* Of the large Untypeds, for ever: see above. */
enum error memory_make(enum abi_object type, struct caddr dest);

/* The same in a slot of the directory; each of these is made once. */
enum memory_slot {
	MEMORY_TABLES, /* space.c */
	MEMORY_LOCK,   /* lock.c */
	MEMORY_SLOTS
};

enum error memory_keep(enum memory_slot which, enum abi_object type,
		       struct caddr *slot);

#endif
