/*
 * record_sum.c: a hash of the state that costs by what was written.
 *
 * Memory's part is the sum of a hash of each page with its address, so a page
 * that changed is taken out and put in again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/record.h"

static uint64_t *share_of(struct state_sum *sum, uint64_t gpa)
{
	const struct guestmem_region *r = sum->m->mem.region;
	unsigned i = gpa - r[0].base < r[0].len ? 0 : 1;

	return &sum->page[i][(gpa - r[i].base) / GUEST_PAGE_SIZE];
}

/* Zero pages count nothing, whoever wrote the zeros. */
static uint64_t page_hash(const uint8_t *page, uint64_t gpa)
{
	if (!page[0] && !memcmp(page, page + 1, GUEST_PAGE_SIZE - 1))
		return 0;
	return machine_mix(gpa, page, GUEST_PAGE_SIZE);
}

static void take_pages(struct state_sum *sum)
{
	struct machine *m = sum->m;
	uint64_t gpa = 0;

	dirty_collect(m);
	sum->written = 0;
	while (dirty_take(&sum->dirty, &m->mem, &gpa)) {
		uint64_t *share = share_of(sum, gpa);

		sum->memory -= *share;
		*share = page_hash(guestmem_ptr(&m->mem, gpa, GUEST_PAGE_SIZE),
				   gpa);
		sum->memory += *share;
		sum->written++;
	}
}

int state_sum_init(struct state_sum *sum, struct machine *m)
{
	*sum = (struct state_sum){.m = m};
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		uint64_t pages = m->mem.region[i].len / GUEST_PAGE_SIZE;

		if (!pages)
			continue;
		sum->page[i] = calloc(pages, sizeof(*sum->page[i]));
		if (!sum->page[i])
			return fail(-ENOMEM, "record: out of memory");
	}
	return dirty_begin(m, &sum->dirty);
}

void state_sum_fini(struct state_sum *sum)
{
	if (!sum->m)
		return;
	dirty_end(sum->m, &sum->dirty);
	for (int i = 0; i < GUESTMEM_REGIONS; i++)
		free(sum->page[i]);
	*sum = (struct state_sum){0};
}

uint64_t state_sum(struct state_sum *sum)
{
	take_pages(sum);
	return machine_mix(machine_hash_registers(sum->m), &sum->memory,
			   sizeof(sum->memory));
}
