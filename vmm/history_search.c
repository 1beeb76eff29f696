/*
 * history_search.c: what happened last before now.
 *
 * The run is gone over again from one moment to the next, beginning with the
 * latest; the last hit of the first such part that has one is the answer.
 * Who wrote to a page did so in a part at whose ends the page is not the same
 * one, so all other parts are passed over.
 */
#include <errno.h>
#include <string.h>

#include "vmm/history_parts.h"

/* One part after the other, the latest first, until it says so. */
struct search {
	struct history *h;
	/* From h->moment[i] to `end`: look; < 0: an error; 1: found. */
	int (*part)(struct search *s, unsigned i, uint64_t end);
	void *ctx;
};

static int go_back(struct search *s)
{
	struct history *h = s->h;
	uint64_t end = machine_count(h->m);
	int found = 0;

	while (!found && end > history_first(h)) {
		unsigned i = history_find(h, end - 1);
		uint64_t begin = h->moment[i]->count;

		found = s->part(s, i, end);
		end = begin;
	}
	return found;
}

/* ---- the last write ---- */

struct last_write {
	struct search search; /* first */
	struct write_watch watch;
	struct history_hit *hit;
	uint64_t end;
	bool found;
};

static void written(void *ctx, unsigned cpu, uint64_t retired)
{
	struct last_write *w = ctx;
	struct machine *m = w->search.h->m;
	uint64_t count = retired;

	for (unsigned i = 0; i < m->cpu_count; i++)
		if (i != cpu)
			count += m->cpu[i]->ops->elapsed_ns(m->cpu[i]);
	if (count >= w->end)
		return;
	*w->hit = (struct history_hit){count, cpu};
	w->found = true;
}

/* Did a page of the range change between these two, or may it have? */
static bool may_be_written(const struct last_write *w, unsigned i, uint64_t end)
{
	const struct history *h = w->search.h;
	const struct page_maps *maps = &h->memory.maps;
	uint64_t last = w->watch.gpa + w->watch.len - 1;

	if (i + 1 == h->moments || h->moment[i + 1]->count > end)
		return true;
	for (uint64_t at = w->watch.gpa & -GUEST_PAGE_SIZE; at <= last;
	     at += GUEST_PAGE_SIZE)
		if (pages_get(maps, h->moment[i]->pages, at) !=
		    pages_get(maps, h->moment[i + 1]->pages, at))
			return true;
	return false;
}

static int look_for_write(struct search *s, unsigned i, uint64_t end)
{
	struct last_write *w = (struct last_write *)s;
	struct machine *m = s->h->m;
	int err;

	if (!may_be_written(w, i, end))
		return 0;
	history_restore(s->h, s->h->moment[i]);
	w->end = end;
	w->found = false;
	m->cpu[0]->ops->watch_writes(m->cpu[0], &w->watch);
	err = history_run_to(s->h, end, false);
	m->cpu[0]->ops->watch_writes(m->cpu[0], NULL);
	return err ? err : w->found;
}

static bool is_ram(const struct machine *m, uint64_t gpa, uint64_t len)
{
	return len && guestmem_ptr(&m->mem, gpa, len);
}

int history_last_write(struct history *h, uint64_t gpa, uint64_t len,
		       struct history_hit *hit)
{
	uint64_t now = machine_count(h->m);
	bool live = history_live(h);
	struct last_write w = {
		.search = {.h = h, .part = look_for_write},
		.watch = {.gpa = gpa, .len = len, .written = written},
		.hit = hit,
	};
	int found, err;

	if (!is_ram(h->m, gpa, len))
		return -EFAULT;
	err = history_leave_present(h);
	if (err)
		return err;
	history_disarm(h);
	w.watch.ctx = &w;
	found = go_back(&w.search);
	if (found < 0)
		return found;
	err = live ? history_present(h) : history_goto(h, now);
	if (err)
		return err;
	return found ? 0 : -ENOENT;
}

/* ---- the last stop ---- */

struct last_stop {
	struct search search; /* first */
	struct debug_stop stop;
	uint64_t count, end;
	bool found;
};

/* What touches is told after the instruction, and wants to be seen before. */
static void met(void *ctx, const struct debug_stop *stop)
{
	struct last_stop *l = ctx;
	uint64_t count = machine_count(l->search.h->m);
	uint64_t first = history_first(l->search.h);

	if (stop->reason != DEBUG_POINT && stop->reason != DEBUG_WATCH)
		return;
	if (stop->reason == DEBUG_WATCH)
		count -= count > first;
	if (count >= l->end)
		return;
	l->stop = *stop;
	l->count = count;
	l->found = true;
}

/* What touches at the very end of the part was done in it. */
static int look_for_stop(struct search *s, unsigned i, uint64_t end)
{
	struct last_stop *l = (struct last_stop *)s;
	struct debug_scanner scanner = {l, met};
	struct debug *d = s->h->m->debug;
	int err;

	history_restore(s->h, s->h->moment[i]);
	l->end = end;
	l->found = false;
	err = debug_scan(d, &scanner);
	if (!err)
		err = history_run_to(s->h, end, false);
	debug_scan(d, NULL);
	history_disarm(s->h);
	return err ? err : l->found;
}

int history_reverse_continue(struct history *h)
{
	struct last_stop l = {.search = {.h = h, .part = look_for_stop}};
	int found, err;

	if (!h->m->debug)
		return -ENOTSUP;
	err = history_leave_present(h);
	if (err)
		return err;
	history_disarm(h);
	found = go_back(&l.search);
	if (found < 0)
		return found;
	err = history_goto(h, found ? l.count : history_first(h));
	if (err)
		return err;
	if (!found)
		l.stop = (struct debug_stop){.reason = DEBUG_BEGIN,
					     .cpu = h->m->turn.cpu};
	h->stop = l.stop;
	return 0;
}
