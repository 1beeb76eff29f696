/*
 * history.c: the row of kept moments, and moving along it.
 *
 * Live, a mark keeps a moment when enough has run, the later the more pages
 * were written, so that keeping stays a small part of the run. When memory
 * ends, the moments that leave the smallest gaps go; the first one never
 * does. On the way to a past instant more are kept, closer and closer to it:
 * who went back once goes back again.
 */
#include "vmm/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/history_parts.h"
#include "vmm/log.h"

#define SPACING	     UINT64_C(8000000)
#define PAGE_SPACING UINT64_C(16000)   /* instructions for each page written */
#define FINEST	     UINT64_C(250000)  /* between moments on the way */
#define PATIENCE     UINT64_C(4000000) /* until asked for interrupts */

/* ---- the row ---- */

unsigned history_find(const struct history *h, uint64_t count)
{
	unsigned low = 0, high = h->moments;

	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (h->moment[middle]->count <= count)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void take_out(struct history *h, unsigned i)
{
	h->bytes -= h->moment[i]->bytes;
	moment_free(&h->memory, h->moment[i]);
	memmove(&h->moment[i], &h->moment[i + 1],
		(--h->moments - i) * sizeof(h->moment[0]));
}

static bool too_much(const struct history *h)
{
	return h->moments == MOMENTS_MAX ||
	       h->bytes + h->memory.maps.bytes > h->limit;
}

/* Never the first, and the last only when there is no other. */
static unsigned least_missed(const struct history *h)
{
	unsigned best = h->moments - 1;
	uint64_t gap, least = UINT64_MAX;

	for (unsigned i = 1; i + 1 < h->moments; i++) {
		gap = h->moment[i + 1]->count - h->moment[i - 1]->count;
		if (gap >= least)
			continue;
		least = gap;
		best = i;
	}
	return best;
}

static void make_room(struct history *h)
{
	while (h->moments > 1 && too_much(h))
		take_out(h, least_missed(h));
}

static void put_in(struct history *h, struct moment *mo)
{
	unsigned i = h->moments;

	while (i > 0 && h->moment[i - 1]->count > mo->count)
		i--;
	memmove(&h->moment[i + 1], &h->moment[i],
		(h->moments++ - i) * sizeof(h->moment[0]));
	h->moment[i] = mo;
	h->bytes += mo->bytes;
	h->taken++;
	h->pages += h->memory.taken;
	make_room(h);
}

/* A moment here, unless there is one. */
static int keep(struct history *h)
{
	uint64_t count = machine_count(h->m);
	struct moment *mo;

	if (h->moments && h->moment[history_find(h, count)]->count == count)
		return 0;
	mo = moment_take(&h->memory, h->m);
	if (!mo)
		return -ENOMEM;
	put_in(h, mo);
	return 0;
}

static void set_tick(struct history *h, uint64_t after)
{
	uint64_t least = h->memory.taken * PAGE_SPACING;

	h->tick.count = machine_count(h->m) + (after > least ? after : least);
	machine_mark(h->m, &h->tick);
}

/* Without memory there is no history of what follows, but a run. */
static void ticked(void *ctx)
{
	struct history *h = ctx;

	if (keep(h) == 0)
		set_tick(h, SPACING);
}

/* ---- past and present ---- */

static void be_live(struct history *h)
{
	moment_free(&h->memory, h->present);
	h->present = NULL;
	h->m->past = false;
	h->m->inputs.replay = h->recorded;
	machine_unmark(h->m, &h->arrival);
	set_tick(h, SPACING);
}

static void arrived(void *ctx)
{
	struct history *h = ctx;

	moment_restore(&h->memory, h->m, h->present);
	be_live(h);
}

/* A debugger holds a run that is over as if it were not. */
static void take_verdict(struct history *h)
{
	const struct debug *d = h->m->debug;
	const struct debug_stop *last;
	char *why;

	if (h->present->stop || !d || !debug_held(d))
		return;
	last = debug_last(d);
	if (last->reason != DEBUG_END && last->reason != DEBUG_TRIPLE)
		return;
	why = strdup(last->why);
	if (!why)
		return;
	free(h->present->why);
	h->present->why = why;
	h->present->stop = last->verdict;
	h->present->stop_code = last->code;
}

int history_leave_present(struct history *h)
{
	if (h->present)
		return 0;
	h->present = moment_take(&h->memory, h->m);
	if (!h->present)
		return -ENOMEM;
	take_verdict(h);
	machine_unmark(h->m, &h->tick);
	h->m->past = true;
	h->m->inputs.replay = true;
	h->arrival = (struct mark){
		.count = h->present->count, .reached = arrived, .ctx = h};
	machine_mark(h->m, &h->arrival);
	return 0;
}

void history_restore(struct history *h, const struct moment *mo)
{
	moment_restore(&h->memory, h->m, mo);
	h->m->stop = STOP_NONE;
	h->m->why[0] = '\0';
}

/* ---- running to an instant ---- */

struct stopper {
	struct machine *m;
	bool there;
};

static void stop_here(void *ctx)
{
	struct stopper *s = ctx;

	s->there = true;
	s->m->stop = STOP_BREAK;
}

/* By the log, to a count that is not after the present's. */
static int run_part(struct history *h, uint64_t count)
{
	struct machine *m = h->m;
	struct stopper s = {.m = m};
	struct mark mark = {.count = count, .reached = stop_here, .ctx = &s};
	bool deaf = m->deaf;

	/* Where this is the present's count, it is not the present yet. */
	machine_unmark(m, &h->arrival);
	m->deaf = true;
	machine_mark(m, &mark);
	machine_rerun(m);
	machine_unmark(m, &mark);
	machine_mark(m, &h->arrival);
	m->deaf = deaf;
	if (!s.there)
		return fail(-EIO,
			    "history: the run stopped at %" PRIu64
			    " on the way to %" PRIu64 ": %s",
			    machine_count(m), count, m->why);
	m->stop = STOP_NONE;
	return 0;
}

/* Half-way to where it goes, where a moment may be kept. */
static uint64_t next_part(const struct history *h, uint64_t count)
{
	uint64_t now = machine_count(h->m), part = (count - now) / 2;

	if (part < FINEST)
		part = count - now;
	return now + (part < PATIENCE ? part : PATIENCE);
}

int history_run_to(struct history *h, uint64_t count, bool keeping)
{
	uint64_t start = machine_count(h->m);
	uint64_t half = start + (count - start) / 2;
	int err = 0;

	while (!err && machine_count(h->m) < count) {
		err = run_part(h, next_part(h, count));
		if (err || machine_count(h->m) == count)
			break;
		if (h->asked && h->asked(h->asked_ctx))
			return -EINTR;
		if (keeping && machine_count(h->m) >= half) {
			keep(h); /* or not: it is only quicker */
			half += (count - half) / 2;
		}
	}
	return err;
}

void history_disarm(struct history *h)
{
	for (unsigned i = 0; i < h->m->cpu_count; i++)
		if (h->m->cpu[i]->ops->set_debug)
			h->m->cpu[i]->ops->set_debug(h->m->cpu[i], NULL);
}

/* ---- what one asks for ---- */

uint64_t history_first(const struct history *h)
{
	return h->moment[0]->count;
}

uint64_t history_now(const struct history *h)
{
	return machine_count(h->m);
}

uint64_t history_last(const struct history *h)
{
	return h->present ? h->present->count : machine_count(h->m);
}

bool history_live(const struct history *h)
{
	return !h->present;
}

const struct history_hit *history_hit(const struct history *h)
{
	return &h->hit;
}

void history_interrupt(struct history *h, bool (*asked)(void *ctx), void *ctx)
{
	h->asked = asked;
	h->asked_ctx = ctx;
}

const struct debug_stop *history_stop(const struct history *h)
{
	return &h->stop;
}

/* The verdict is told with the stop, and not by a machine that is held. */
static void tell_present(struct history *h)
{
	struct machine *m = h->m;

	h->stop = (struct debug_stop){.reason = DEBUG_STEP,
				      .cpu = m->turn.cpu,
				      .verdict = m->stop,
				      .code = m->stop_code};
	if (!m->stop)
		return;
	h->stop.reason = m->stop == STOP_TRIPLE ? DEBUG_TRIPLE : DEBUG_END;
	snprintf(h->stop.why, sizeof(h->stop.why), "%s", m->why);
	if (m->debug && debug_held(m->debug))
		m->stop = STOP_NONE;
}

int history_present(struct history *h)
{
	if (h->present)
		arrived(h);
	tell_present(h);
	return 0;
}

int history_goto(struct history *h, uint64_t count)
{
	uint64_t now = machine_count(h->m);
	const struct moment *mo;
	int err;

	if (count < history_first(h) || count > history_last(h))
		return fail(-ERANGE,
			    "history: the run goes from %" PRIu64
			    " to %" PRIu64,
			    history_first(h), history_last(h));
	if (count == history_last(h))
		return history_present(h);
	err = history_leave_present(h);
	if (err)
		return err;
	history_disarm(h);
	mo = h->moment[history_find(h, count)];
	if (now > count || mo->count > now || h->m->stop)
		history_restore(h, mo);
	err = history_run_to(h, count, true);
	h->stop = (struct debug_stop){.reason = DEBUG_STEP,
				      .cpu = h->m->turn.cpu};
	return err;
}

int history_step_back(struct history *h)
{
	uint64_t now = machine_count(h->m);

	return now <= history_first(h) ? -ERANGE : history_goto(h, now - 1);
}

bool history_recorded(const struct history *h)
{
	return h->recorded || h->m->inputs.applied;
}

int history_fork(struct history *h)
{
	if (history_recorded(h))
		return -EBUSY;
	if (!h->present)
		return 0;
	input_cut(h->m, h->m->inputs.next);
	while (h->moment[h->moments - 1]->count > machine_count(h->m))
		take_out(h, h->moments - 1);
	be_live(h);
	return 0;
}

int history_restart(struct history *h)
{
	int err;

	if (history_recorded(h))
		return -EBUSY;
	err = history_leave_present(h);
	if (err)
		return err;
	history_disarm(h);
	history_restore(h, h->moment[0]);
	return history_fork(h);
}

/* ---- life ---- */

struct history *history_create(struct machine *m, uint64_t mem)
{
	struct history *h;

	if (!m->cpu[0]->ops->counted_time || !m->cpu[0]->ops->keep) {
		fail(-ENOTSUP,
		     "history: %s cannot repeat a run; going back needs "
		     "--accel sim",
		     m->cpu[0]->ops->name);
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (!h) {
		fail(-ENOMEM, "history: out of memory");
		return NULL;
	}
	h->m = m;
	h->limit = mem;
	h->tick = (struct mark){.reached = ticked, .ctx = h};
	m->inputs.keep = true;
	h->recorded = m->inputs.replay;
	if (!h->recorded)
		input_cut(m, 0);
	if (moment_memory_init(&h->memory, m) || keep(h)) {
		history_destroy(h);
		return NULL;
	}
	set_tick(h, SPACING);
	return h;
}

/* All of the run that was; what it wrote is not tracked any more. */
static void forget(struct history *h)
{
	if (h->present)
		be_live(h);
	machine_unmark(h->m, &h->tick);
	while (h->moments)
		take_out(h, h->moments - 1);
	moment_memory_fini(&h->memory, h->m);
}

int history_again(struct history *h)
{
	forget(h);
	input_cut(h->m, 0);
	if (moment_memory_init(&h->memory, h->m) || keep(h)) {
		machine_stop(h->m, STOP_HOST, 0, "");
		return -ENOMEM;
	}
	set_tick(h, SPACING);
	return 0;
}

void history_destroy(struct history *h)
{
	if (!h)
		return;
	forget(h);
	h->m->inputs.keep = false;
	free(h);
}

void history_get_stats(const struct history *h, struct history_stats *stats)
{
	*stats = (struct history_stats){
		.moments = h->moments,
		.bytes = h->bytes + h->memory.maps.bytes,
		.taken = h->taken,
		.pages = h->pages,
	};
}
