/*
 * dirty.h: which pages of the guest's memory were written since one last
 * looked. Several may look, each with a set of its own.
 *
 * Only for CPUs that can tell (vcpu_ops.track_writes). The first write to a
 * page after each look is noted on the CPU's slow path, so that tracking
 * costs by the pages, not by the writes.
 */
#ifndef VMM_DIRTY_H
#define VMM_DIRTY_H

#include "vmm/machine.h"

struct dirty_set {
	uint64_t *bits[GUESTMEM_REGIONS]; /* by page */
	struct dirty_set *next;
};

/*
 * Begin with all pages that are not zero. The machine must not be inside
 * run(). -ENOTSUP, not said, when a CPU cannot tell; -ENOMEM, said.
 */
int dirty_begin(struct machine *m, struct dirty_set *set);

/* Accepts a zeroed one. */
void dirty_end(struct machine *m, struct dirty_set *set);

/* Bring all sets up to date. */
void dirty_collect(struct machine *m);

/* Every page of RAM was perhaps written behind the CPUs' back. */
void dirty_note(struct dirty_set *set, const struct guestmem *gm, uint64_t gpa);

/*
 * Take the next page out of the set, from *gpa on, which is its address then;
 * false: there is none.
 */
bool dirty_take(struct dirty_set *set, const struct guestmem *gm,
		uint64_t *gpa);

#endif
