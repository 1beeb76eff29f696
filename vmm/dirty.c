/* dirty.c: bitmaps by page, filled from the one that the CPUs write to. */
#include "vmm/dirty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"

static size_t words(const struct guestmem_region *r)
{
	return (r->len / GUEST_PAGE_SIZE + 63) / 64;
}

static bool bits_create(const struct guestmem *gm,
			uint64_t *bits[GUESTMEM_REGIONS])
{
	bool ok = true;

	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		size_t count = words(&gm->region[i]);

		bits[i] = count ? calloc(count, sizeof(*bits[i])) : NULL;
		ok &= !count || bits[i];
	}
	return ok;
}

static void bits_destroy(uint64_t *bits[GUESTMEM_REGIONS])
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		free(bits[i]);
		bits[i] = NULL;
	}
}

static bool page_is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, GUEST_PAGE_SIZE - 1);
}

static void set_bit(uint64_t *bits, uint64_t page)
{
	bits[page / 64] |= UINT64_C(1) << page % 64;
}

static void add_used(struct dirty_set *set, const struct guestmem *gm)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		for (uint64_t at = 0; at < r->len; at += GUEST_PAGE_SIZE)
			if (!page_is_zero(r->host + at))
				set_bit(set->bits[i], at / GUEST_PAGE_SIZE);
	}
}

static void track(struct machine *m)
{
	for (unsigned i = 0; i < m->cpu_count; i++)
		m->cpu[i]->ops->track_writes(m->cpu[i]);
}

int dirty_begin(struct machine *m, struct dirty_set *set)
{
	*set = (struct dirty_set){.next = m->dirty_sets};
	for (unsigned i = 0; i < m->cpu_count; i++)
		if (!m->cpu[i]->ops->track_writes)
			return -ENOTSUP;
	if (!bits_create(&m->mem, set->bits) ||
	    (!m->mem.dirty[0] && !bits_create(&m->mem, m->mem.dirty))) {
		bits_destroy(set->bits);
		if (!m->dirty_sets)
			bits_destroy(m->mem.dirty);
		return fail(-ENOMEM, "memory: none left to keep track of "
				     "writes");
	}
	dirty_collect(m);
	m->dirty_sets = set;
	track(m);
	add_used(set, &m->mem);
	return 0;
}

void dirty_end(struct machine *m, struct dirty_set *set)
{
	struct dirty_set **at = &m->dirty_sets;

	while (*at && *at != set)
		at = &(*at)->next;
	if (*at)
		*at = set->next;
	bits_destroy(set->bits);
	if (!m->dirty_sets)
		bits_destroy(m->mem.dirty);
}

void dirty_collect(struct machine *m)
{
	if (!m->dirty_sets)
		return;
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		size_t count = words(&m->mem.region[i]);
		uint64_t *new = m->mem.dirty[i];

		for (size_t w = 0; w < count; w++) {
			struct dirty_set *set = m->dirty_sets;

			for (; new[w] && set; set = set->next)
				set->bits[i][w] |= new[w];
			new[w] = 0;
		}
	}
	track(m);
}

void dirty_note(struct dirty_set *set, const struct guestmem *gm, uint64_t gpa)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		if (gpa - r->base < r->len)
			set_bit(set->bits[i],
				(gpa - r->base) / GUEST_PAGE_SIZE);
	}
}

static bool take_from(uint64_t *bits, const struct guestmem_region *r,
		      uint64_t *gpa)
{
	size_t count = words(r), w = 0;

	if (*gpa > r->base)
		w = (*gpa - r->base) / GUEST_PAGE_SIZE / 64;
	for (; w < count; w++) {
		if (!bits[w])
			continue;
		*gpa = r->base +
		       (64 * w + __builtin_ctzll(bits[w])) * GUEST_PAGE_SIZE;
		bits[w] &= bits[w] - 1;
		return true;
	}
	return false;
}

/* Those before *gpa in its word are taken, too: it only spares time. */
bool dirty_take(struct dirty_set *set, const struct guestmem *gm, uint64_t *gpa)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++)
		if (set->bits[i] &&
		    take_from(set->bits[i], &gm->region[i], gpa))
			return true;
	return false;
}
