/*
 * child.h: other programs, each in an address space of its own.
 *
 * A child is made of grains, its own memory too, so that all of it comes back
 * when it is destroyed. It is started as the init program is: with a boot_info
 * of its own, and these slots in its root pool:
 *
 *	  0	the root pool itself
 *	  2, 6.. Untypeds: its memory, grains and what else it is given
 *	  3	its PML4
 *	248	Endpoint: where it says that it ends
 *	253	its own Task
 *	255	Channel: what the parent gave; or empty
 */
#ifndef USER_CHILD_H
#define USER_CHILD_H

#include "guest-kernel/user/grain.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/space.h"

#define CHILD_GRAINS 128 /* 32 MiB */
#define CHILD_STACK  (UINT64_C(64) << 10)

/* A copy of a capability of the parent's, for a slot of the child's pool. */
struct child_gift {
	unsigned slot;
	struct caddr cap;
	uint64_t rights, badge; /* as CPOOL_MINT has them */
};

struct child_options {
	const char *arguments; /* its command line; NULL: none */
	unsigned grains;       /* of memory of its own, to 32 */
	/*
	 * An Untyped of any size that becomes its memory, too, until the caller
	 * revokes it; depth 0: none. It takes the place of a grain.
	 */
	struct caddr memory;
	uint64_t memory_bytes;
	struct caddr channel;		/* for its slot 255; depth 0: none */
	const struct child_gift *gifts; /* to slots that are not named above */
	unsigned gift_count;
};

struct child {
	struct caddr task, pool, done, reply;
	struct space space;
	struct grain current; /* the last of: */
	uint16_t grain[CHILD_GRAINS];
	unsigned grains;
	const char *problem; /* of child_make(): what failed, for people */
};

/*
 * Makes a child from an ELF file in memory; it does not run yet. On an error
 * nothing is left, and `problem` says what could not be done. ERR_RANGE with
 * a `problem` that begins with "it" is about the file.
 */
enum error child_make(struct child *child, const void *file, uint64_t size,
		      const struct child_options *options);
enum error child_go(struct child *child);

/*
 * Waits for its end. False: it has panicked, or faulted, which the log is told
 * then; else its main()'s result.
 */
bool child_join(struct child *child, int *result);

/* Ends it, wherever it is, and gives all its memory back. */
void child_destroy(struct child *child);

#endif
