/*
 * space.h: mapping frames into an address space, with the page tables that are
 * missing on the way.
 */
#ifndef USER_SPACE_H
#define USER_SPACE_H

#include "guest-kernel/user/rt.h"

/*
 * `make` makes a page table and says where it is. Making can run dry between
 * two tables: what was made and not yet hung in is kept and used by the next
 * call, so a failure loses nothing.
 */
struct space {
	struct caddr pml4;
	enum error (*make)(struct space *space, enum abi_object type,
			   struct caddr *slot);
	struct caddr spare[3]; /* by level; depth 0: none */
};

enum error space_map(struct space *space, struct caddr frame, uint64_t va,
		     uint64_t rights);

/* The caller's own address space. Its tables stay for ever. */
struct space *space_own(void);

/*
 * The runtime's places among the addresses that the boot information calls
 * free. The heap has a terabyte, all that follows comes after it.
 */
static inline uint64_t space_heap(void)
{
	return rt_boot_info()->free_base;
}

/* One page, for short uses under rt_lock(). */
static inline uint64_t space_scratch(void)
{
	return space_heap() + (UINT64_C(1) << 40);
}

/* Threads' stacks: THREADS_MAX windows (thread.c). */
static inline uint64_t space_stacks(void)
{
	return space_scratch() + (UINT64_C(1) << 30);
}

#endif
