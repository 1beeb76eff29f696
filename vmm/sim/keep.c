/*
 * keep.c: what going back in time needs of a CPU: its TLBs as they are, and
 * word of what is written.
 *
 * A guest that changes a page table and does not flush goes on with what the
 * TLBs hold. So that a run repeated from its middle does the same, the entries
 * are kept with it. Only the jump cache is not: it is empty after recall().
 */
#include <stdlib.h>

#include "vmm/log.h"
#include "vmm/sim/exec.h"

struct kept {
	size_t count;
	uint64_t debug_hits;
	uint64_t large[2][2];
	unsigned events; /* as the report after a bad end shows them */
	struct vcpu_event event[VCPU_EVENTS];
	struct kept_entry {
		uint32_t tlb, index;
		struct tlb_entry entry;
	} entry[];
};

static size_t count_entries(const struct cpu *cpu)
{
	size_t count = 0;

	for (unsigned k = 0; k < TLB_COUNT; k++)
		for (unsigned i = 0; i < TLB_SIZE / 64; i++)
			count += __builtin_popcountll(cpu->tlbs[k].filled[i]);
	return count;
}

static void keep_tlb(struct kept *kept, const struct cpu *cpu, unsigned k)
{
	const struct tlb *tlb = &cpu->tlbs[k];

	for (unsigned i = 0; i < TLB_SIZE / 64; i++)
		for (uint64_t left = tlb->filled[i]; left; left &= left - 1) {
			unsigned n = 64 * i + __builtin_ctzll(left);

			kept->entry[kept->count++] =
				(struct kept_entry){k, n, tlb->entry[n]};
		}
}

void *sim_keep(struct vcpu *vcpu, size_t *len)
{
	const struct cpu *cpu = (const struct cpu *)vcpu;
	struct kept *kept;

	*len = sizeof(*kept) + count_entries(cpu) * sizeof(kept->entry[0]);
	kept = malloc(*len);
	if (!kept)
		return NULL;
	kept->count = 0;
	kept->debug_hits = cpu->debug_hits;
	kept->events = cpu->past.events;
	memcpy(kept->event, cpu->past.event, sizeof(kept->event));
	for (unsigned i = 0; i < 2; i++) {
		kept->large[i][0] = cpu->large[i].base;
		kept->large[i][1] = cpu->large[i].mask;
	}
	for (unsigned k = 0; k < TLB_COUNT; k++)
		keep_tlb(kept, cpu, k);
	return kept;
}

/* set_state() has emptied all. The first store to each page is to be seen. */
void sim_recall(struct vcpu *vcpu, const void *bytes)
{
	struct cpu *cpu = (struct cpu *)vcpu;
	const struct kept *kept = bytes;

	cpu->debug_hits = kept->debug_hits;
	cpu->past.events = kept->events;
	memcpy(cpu->past.event, kept->event, sizeof(kept->event));
	for (unsigned i = 0; i < 2; i++) {
		cpu->large[i].base = kept->large[i][0];
		cpu->large[i].mask = kept->large[i][1];
	}
	for (size_t i = 0; i < kept->count; i++) {
		const struct kept_entry *from = &kept->entry[i];
		struct tlb *tlb = &cpu->tlbs[from->tlb];

		tlb->entry[from->index] = from->entry;
		tlb->entry[from->index].write = TLB_NONE;
		tlb->filled[from->index / 64] |= UINT64_C(1)
						 << from->index % 64;
		tlb->filled_words |= UINT64_C(1) << from->index / 64;
	}
	if (cpu->debugged)
		mmu_hide_watched(cpu);
}

void sim_track_writes(struct vcpu *vcpu)
{
	mmu_protect_all((struct cpu *)vcpu);
}

void sim_watch_writes(struct vcpu *vcpu, const struct write_watch *watch)
{
	struct cpu *cpu = (struct cpu *)vcpu;
	const struct write_watch *old = cpu->pages->watch;

	if (old)
		pages_watch(cpu, old->gpa, old->len, false);
	cpu->pages->watch = watch;
	if (watch)
		pages_watch(cpu, watch->gpa, watch->len, true);
}

void keep_written(struct cpu *cpu, uint64_t gpa, unsigned size)
{
	const struct write_watch *w = cpu->pages->watch;

	if (!w ||
	    (gpa < w->gpa ? w->gpa - gpa >= size : gpa - w->gpa >= w->len))
		return;
	w->written(w->ctx, cpu->vcpu.env.index, cpu_retired(cpu));
}
