/*
 * moment.h: a machine at one instant, in memory, to go back to.
 *
 * It has what a snapshot's file has (vmm/snapshot.h), and what only this
 * process can use: the translations that the CPUs hold, whatever keepers add,
 * how many inputs had been applied. Memory is a page map (vmm/pages.h).
 */
#ifndef VMM_MOMENT_H
#define VMM_MOMENT_H

#include "vmm/dirty.h"
#include "vmm/machine.h"
#include "vmm/pages.h"

struct moment {
	uint64_t count; /* instructions retired */
	uint64_t skipped_ns;
	struct machine_turn turn;
	uint64_t held;
	struct page_node *pages;
	size_t next_input;
	size_t bytes; /* of this, without the pages */

	struct moment_cpu {
		struct x86_state state;
		uint64_t retired;
		void *kept;
	} * cpu;
	unsigned cpu_count;
	uint8_t *devices; /* their states in a row */
	void **kept;	  /* the keepers' */
	unsigned kept_count;

	enum stop_kind stop;
	uint64_t stop_code;
	char *why;
};

/* Memory as it was last kept or restored, and what was written since. */
struct moment_memory {
	struct page_maps maps;
	struct page_node *last;
	struct dirty_set dirty;
	uint64_t taken; /* pages that the last moment added */
};

int moment_memory_init(struct moment_memory *mem, struct machine *m);
void moment_memory_fini(struct moment_memory *mem, struct machine *m);

/* The machine stands between two calls of run(). NULL: no memory, said. */
struct moment *moment_take(struct moment_memory *mem, struct machine *m);
void moment_free(struct moment_memory *mem, struct moment *moment);

/* The machine is what it was. */
void moment_restore(struct moment_memory *mem, struct machine *m,
		    const struct moment *moment);

#endif
