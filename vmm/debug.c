/*
 * debug.c: the list of points, and how a machine is held and goes on.
 *
 * Stops are told once, after the machine is held. A point whose space or
 * condition does not hold is passed by: nobody notices. While one CPU is
 * stepped, its interrupts are held off by the machine (m->held), at the one
 * place where they come in; so is all else that this module does to a run.
 */
#include "vmm/debug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"

#define CR3_SPACE UINT64_C(0x000ffffffffff000)

struct point {
	struct debug_point p;
	struct point *next;
};

struct stepping {
	bool on;
	unsigned cpu;
	uint64_t from, to;
};

struct debug {
	struct machine *m;
	struct point *points;
	struct debug_listener *listeners;
	const struct debug_scanner *scanner;
	struct stepping step;
	uint32_t vectors;
	uint64_t frozen; /* HOLD_TURNS(), until the next stop */
	bool step_interrupts;
	bool again; /* the place where it stands counts */
	bool final; /* the verdict in m->stop is to end the run */
	struct debug_stop last;
	uint64_t last_rip;
	uint64_t held_ns; /* the clock when it was held */
	struct reason limits;
};

/* ---- life ---- */

int debug_create(struct machine *m)
{
	struct debug *d;

	for (unsigned i = 0; i < m->cpu_count; i++)
		if (!m->cpu[i]->ops->set_debug)
			return fail(-ENOTSUP, "debug: %s cannot be debugged",
				    m->cpu[i]->ops->name);
	d = calloc(1, sizeof(*d));
	if (!d)
		return fail(-ENOMEM, "debug: no memory");
	d->m = m;
	for (unsigned i = 0; i < m->cpu_count && !d->limits.text[0]; i++)
		if (m->cpu[i]->ops->debug_limits)
			m->cpu[i]->ops->debug_limits(m->cpu[i], &d->limits);
	m->debug = d;
	return 0;
}

const char *debug_limits(const struct debug *d)
{
	return d->limits.text;
}

void debug_destroy(struct debug *d)
{
	if (!d)
		return;
	while (d->points) {
		struct point *next = d->points->next;

		free(d->points);
		d->points = next;
	}
	d->m->debug = NULL;
	free(d);
}

void debug_listen(struct debug *d, struct debug_listener *listener)
{
	struct debug_listener **at = &d->listeners;

	while (*at)
		at = &(*at)->next;
	listener->next = NULL;
	*at = listener;
}

void debug_unlisten(struct debug *d, struct debug_listener *listener)
{
	struct debug_listener **at = &d->listeners;

	while (*at && *at != listener)
		at = &(*at)->next;
	if (*at)
		*at = listener->next;
}

/* ---- points ---- */

static bool same(const struct debug_point *a, const struct debug_point *b)
{
	return a->kind == b->kind && a->addr == b->addr && a->len == b->len &&
	       a->space == b->space && a->owner == b->owner;
}

static struct point **find(struct debug *d, const struct debug_point *point)
{
	struct point **at = &d->points;

	while (*at && !same(&(*at)->p, point))
		at = &(*at)->next;
	return at;
}

int debug_add(struct debug *d, const struct debug_point *point)
{
	struct point **at = find(d, point), *new = *at;

	if (!point->len || point->addr + point->len - 1 < point->addr)
		return -EINVAL;
	if (!new) {
		new = calloc(1, sizeof(*new));
		if (!new)
			return -ENOMEM;
		*at = new;
	}
	new->p = *point;
	return 0;
}

static void drop(struct point **at)
{
	struct point *gone = *at;

	*at = gone->next;
	free(gone);
}

bool debug_remove(struct debug *d, const struct debug_point *point)
{
	struct point **at = find(d, point);

	if (!*at)
		return false;
	drop(at);
	return true;
}

void debug_remove_all(struct debug *d, const void *owner)
{
	for (struct point **at = &d->points; *at;)
		if ((*at)->p.owner == owner)
			drop(at);
		else
			at = &(*at)->next;
}

const struct debug_point *debug_nth(const struct debug *d, unsigned n)
{
	const struct point *p = d->points;

	while (p && n--)
		p = p->next;
	return p ? &p->p : NULL;
}

int debug_catch(struct debug *d, uint32_t vectors)
{
	for (unsigned i = 0; vectors && i < d->m->cpu_count; i++)
		if (!d->m->cpu[i]->ops->catches)
			return -ENOTSUP;
	d->vectors = vectors;
	return 0;
}

uint32_t debug_caught(const struct debug *d)
{
	return d->vectors;
}

void debug_freeze(struct debug *d, unsigned cpu)
{
	d->frozen |= HOLD_TURNS(cpu);
}

void debug_step_interrupts(struct debug *d, bool on)
{
	d->step_interrupts = on;
}

void debug_meet_again(struct debug *d)
{
	d->again = true;
}

/* ---- what the CPUs are told ---- */

static int by_kind_and_address(const void *a, const void *b)
{
	const struct vcpu_point *p = a, *q = b;

	if (p->kind != q->kind)
		return p->kind < q->kind ? -1 : 1;
	return p->addr < q->addr ? -1 : p->addr > q->addr;
}

/* Sorted, each once; NULL with *count 0 when there is none. */
static struct vcpu_point *gather(const struct debug *d, unsigned *count)
{
	struct vcpu_point *list;
	unsigned n = 0, kept = 0;

	*count = 0;
	for (const struct point *p = d->points; p; p = p->next)
		n++;
	list = n ? calloc(n, sizeof(*list)) : NULL;
	if (!list)
		return NULL;
	n = 0;
	for (const struct point *p = d->points; p; p = p->next)
		list[n++] = (struct vcpu_point){
			p->p.addr, p->p.kind == POINT_EXEC ? 1 : p->p.len,
			p->p.kind};
	qsort(list, n, sizeof(*list), by_kind_and_address);
	for (unsigned i = 0; i < n; i++)
		if (!kept || list[i].len != list[kept - 1].len ||
		    by_kind_and_address(&list[i], &list[kept - 1]))
			list[kept++] = list[i];
	*count = kept;
	return list;
}

/* `pass`: the CPU that is not to stop at where it is. */
static int tell_cpus(struct debug *d, int pass)
{
	struct machine *m = d->m;
	struct vcpu_debug ask = {.vectors = d->vectors};
	struct vcpu_point *list = gather(d, &ask.count);
	int err = d->points && !list ? -ENOMEM : 0;

	ask.point = list;
	for (unsigned i = 0; !err && i < m->cpu_count; i++) {
		ask.step = d->step.on && d->step.cpu == i;
		ask.pass = pass == (int)i;
		err = m->cpu[i]->ops->set_debug(m->cpu[i], &ask);
	}
	free(list);
	return err;
}

static void hold_interrupts(struct debug *d)
{
	uint64_t held = d->frozen;

	if (d->step.on && !d->step_interrupts)
		held |= HOLD_EVENTS(d->step.cpu);
	machine_hold(d->m, held);
}

/* ---- held and going ---- */

static uint64_t rip_of(struct machine *m, unsigned cpu, uint64_t *linear)
{
	struct x86_state s;

	m->cpu[cpu]->ops->get_state(m->cpu[cpu], &s);
	*linear = x86_linear_rip(&s);
	return s.rip;
}

void debug_hold(struct debug *d, const struct debug_stop *stop)
{
	struct debug_listener *next;

	d->last = *stop;
	d->step.on = d->again = false;
	d->frozen = 0;
	machine_hold(d->m, 0);
	debug_remove_all(d, d); /* a step's own */
	rip_of(d->m, stop->cpu, &d->last_rip);
	if (!d->m->paused)
		d->held_ns = clock_now(&d->m->clock);
	d->m->paused = true;
	for (struct debug_listener *l = d->listeners; l; l = next) {
		next = l->next;
		if (l->stopped)
			l->stopped(l->ctx, &d->last);
	}
}

void debug_interrupt(struct debug *d)
{
	struct debug_stop stop = {.reason = DEBUG_INTERRUPT,
				  .cpu = d->m->turn.cpu};

	if (!d->m->paused)
		debug_hold(d, &stop);
}

bool debug_held(const struct debug *d)
{
	return d->m->paused;
}

const struct debug_stop *debug_last(const struct debug *d)
{
	return &d->last;
}

static bool ends_run(const struct debug_stop *stop)
{
	return stop->reason == DEBUG_END || stop->reason == DEBUG_TRIPLE;
}

/* The host's time does not go on for the guest while it is held. */
static void let_go(struct debug *d)
{
	struct machine *m = d->m;
	struct debug_listener *next;

	if (!m->cpu[0]->ops->counted_time)
		m->clock.skipped_ns -= clock_now(&m->clock) - d->held_ns;
	m->paused = false;
	if (ends_run(&d->last)) {
		d->final = true;
		machine_stop(m, d->last.verdict, d->last.code, d->last.why);
	}
	for (struct debug_listener *l = d->listeners; l; l = next) {
		next = l->next;
		if (l->resumed)
			l->resumed(l->ctx);
	}
}

static int go(struct debug *d)
{
	uint64_t linear;
	int pass = -1, err;

	if (!ends_run(&d->last) && !d->again) {
		rip_of(d->m, d->last.cpu, &linear);
		if (linear == d->last_rip)
			pass = d->last.cpu;
	}
	err = tell_cpus(d, pass);
	if (err) {
		d->step.on = false;
		return err == -ENOMEM ? -ENOSPC : err;
	}
	hold_interrupts(d);
	let_go(d);
	return 0;
}

int debug_continue(struct debug *d)
{
	if (!d->m->paused)
		return -EBUSY;
	d->step.on = false;
	return go(d);
}

/*
 * What wakes a halted CPU is an interrupt, whose handler is not to be
 * entered: the step is over when it has returned.
 */
static int step_halted(struct debug *d, unsigned cpu)
{
	struct debug_point after = {.kind = POINT_EXEC,
				    .len = 1,
				    .space = DEBUG_ANY_SPACE,
				    .owner = d,
				    .once = true};
	int err;

	rip_of(d->m, cpu, &after.addr);
	err = debug_add(d, &after);
	if (!err)
		err = tell_cpus(d, -1);
	if (err)
		return -ENOSPC;
	let_go(d);
	return 0;
}

int debug_step(struct debug *d, unsigned cpu, uint64_t from, uint64_t to)
{
	struct x86_state s;

	if (!d->m->paused)
		return -EBUSY;
	d->m->cpu[cpu]->ops->get_state(d->m->cpu[cpu], &s);
	d->step = (struct stepping){false, cpu, from, to};
	if (s.halted && !d->step_interrupts)
		return step_halted(d, cpu);
	d->step.on = true;
	return go(d);
}

int debug_scan(struct debug *d, const struct debug_scanner *scanner)
{
	d->scanner = scanner;
	d->step.on = false;
	return tell_cpus(d, -1);
}

/* ---- what the CPUs come back with ---- */

static bool same_place(const struct debug_point *p, const struct vcpu_point *v)
{
	return p->kind == v->kind && p->addr == v->addr &&
	       (p->kind == POINT_EXEC || p->len == v->len);
}

static bool holds(const struct debug_point *p, struct machine *m, unsigned cpu)
{
	struct x86_state s;

	if (p->space != DEBUG_ANY_SPACE) {
		m->cpu[cpu]->ops->get_state(m->cpu[cpu], &s);
		if ((s.cr3 & CR3_SPACE) != (p->space & CR3_SPACE))
			return false;
	}
	return !p->wanted || p->wanted(p->ctx, p, cpu);
}

/* Count those that hold, and drop what was to be met once. */
static bool meet(struct debug *d, unsigned cpu, const struct vcpu_point *v,
		 bool *own)
{
	bool met = false;

	for (struct point **at = &d->points; *at;) {
		struct debug_point *p = &(*at)->p;

		if (!same_place(p, v) || !holds(p, d->m, cpu)) {
			at = &(*at)->next;
			continue;
		}
		met = true;
		*own |= p->owner == d;
		p->hits++;
		if (p->once)
			drop(at);
		else
			at = &(*at)->next;
	}
	return met;
}

/* True when there is a stop to tell. */
static bool look_at(struct debug *d, unsigned cpu,
		    const struct vcpu_debug_event *e, struct debug_stop *stop)
{
	bool own = false, met;
	uint64_t rip, linear;

	switch (e->cause) {
	case DEBUG_CAUSE_STEP:
		stop->reason = DEBUG_STEP;
		rip = rip_of(d->m, cpu, &linear);
		return rip < d->step.from || rip >= d->step.to;
	case DEBUG_CAUSE_EXCEPTION:
		stop->reason = DEBUG_EXCEPTION;
		stop->vector = e->vector;
		return true;
	case DEBUG_CAUSE_POINT:
	case DEBUG_CAUSE_TOUCH:
		stop->reason = e->cause == DEBUG_CAUSE_POINT ? DEBUG_POINT
							     : DEBUG_WATCH;
		stop->point = e->point;
		stop->addr = e->addr;
		met = meet(d, cpu, &e->point, &own);
		if (own)
			stop->reason = DEBUG_STEP;
		return met;
	}
	return true;
}

/* Where a range is stepped, each point in it counts. */
static void go_on(struct debug *d, unsigned cpu,
		  const struct vcpu_debug_event *e)
{
	bool before = e->cause == DEBUG_CAUSE_POINT ||
		      e->cause == DEBUG_CAUSE_EXCEPTION;

	tell_cpus(d, before ? (int)cpu : -1);
}

static void triple(struct debug *d, unsigned cpu, const struct vcpu_exit *exit)
{
	struct debug_stop stop = {
		.reason = DEBUG_TRIPLE, .cpu = cpu, .verdict = STOP_TRIPLE};

	snprintf(stop.why, sizeof(stop.why), "%s", exit->why);
	debug_hold(d, &stop);
}

bool debug_exit(struct debug *d, unsigned cpu, const struct vcpu_exit *exit)
{
	struct debug_stop stop = {.cpu = cpu};

	if (exit->reason == EXIT_SHUTDOWN) {
		if (!d->listeners || d->scanner)
			return false;
		triple(d, cpu, exit);
		return true;
	}
	if (!look_at(d, cpu, &exit->debug, &stop)) {
		go_on(d, cpu, &exit->debug);
	} else if (d->scanner) {
		d->scanner->met(d->scanner->ctx, &stop);
		go_on(d, cpu, &exit->debug);
	} else if (d->listeners) {
		debug_hold(d, &stop);
	} else {
		d->step.on = false;
		machine_hold(d->m, 0);
		go_on(d, cpu, &exit->debug);
	}
	return true;
}

/* A person's or the host's end is not put off, and a pause is none. */
bool debug_ended(struct debug *d)
{
	struct machine *m = d->m;
	struct debug_stop stop = {.reason = DEBUG_END,
				  .cpu = m->turn.cpu,
				  .verdict = m->stop,
				  .code = m->stop_code};

	switch (m->stop) {
	case STOP_QUIT:
	case STOP_SIGNAL:
	case STOP_HOST:
	case STOP_TIMEOUT:
	case STOP_PAUSE:
		return false;
	default:
		break;
	}
	if (d->final || d->scanner || !d->listeners)
		return false;
	memcpy(stop.why, m->why, sizeof(stop.why));
	m->stop = STOP_NONE;
	debug_hold(d, &stop);
	return true;
}

const char *debug_reason_text(enum debug_reason reason)
{
	static const char *const text[] = {
		[DEBUG_INTERRUPT] = "interrupted",
		[DEBUG_STEP] = "stepped",
		[DEBUG_POINT] = "breakpoint",
		[DEBUG_WATCH] = "watchpoint",
		[DEBUG_EXCEPTION] = "exception",
		[DEBUG_TRIPLE] = "triple fault",
		[DEBUG_END] = "the run is over",
		[DEBUG_BEGIN] = "the beginning of what is known",
		[DEBUG_RESTART] = "restarted",
	};

	return text[reason];
}
