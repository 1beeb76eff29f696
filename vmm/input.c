/*
 * input.c: a box of what has come, a log of what was applied.
 *
 * Live, what comes waits in the box until the CPUs stand at a point that a
 * replay finds again; then it is applied and logged. In a replay the log is
 * gone through instead, and the box waits for the present.
 */
#include "vmm/input.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/machine.h"

#define NEVER UINT64_MAX

/* ---- what they do ---- */

/* The CPUs may have kept something of what was written. */
static void forget_caches(struct machine *m)
{
	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct x86_state state;

		m->cpu[i]->ops->get_state(m->cpu[i], &state);
		m->cpu[i]->ops->set_state(m->cpu[i], &state);
	}
}

static void write_memory(struct machine *m, const struct input_event *in)
{
	uint64_t gpa;

	if (in->len < sizeof(gpa))
		return;
	memcpy(&gpa, in->data, sizeof(gpa));
	guestmem_write(&m->mem, gpa, in->data + sizeof(gpa),
		       in->len - sizeof(gpa));
	forget_caches(m);
}

static void set_cpu(struct machine *m, const struct input_event *in)
{
	struct x86_state state;
	uint64_t index;

	if (in->len != sizeof(index) + sizeof(state))
		return;
	memcpy(&index, in->data, sizeof(index));
	memcpy(&state, in->data + sizeof(index), sizeof(state));
	if (index < m->cpu_count)
		m->cpu[index]->ops->set_state(m->cpu[index], &state);
}

static void hold(struct machine *m, const struct input_event *in)
{
	if (in->len == sizeof(m->held))
		memcpy(&m->held, in->data, sizeof(m->held));
}

static void apply(struct machine *m, const struct input_event *in)
{
	const struct input_handler *h = &m->inputs.handler[in->kind];

	if (in->kind == INPUT_OF_MEMORY)
		write_memory(m, in);
	else if (in->kind == INPUT_OF_CPU)
		set_cpu(m, in);
	else if (in->kind == INPUT_OF_HOLD)
		hold(m, in);
	else if (h->apply)
		h->apply(h->ctx, in->data, in->len);
}

void input_handler(struct machine *m, enum input_kind kind, input_fn *fn,
		   void *ctx)
{
	m->inputs.handler[kind] = (struct input_handler){fn, ctx};
}

/* ---- lists ---- */

/* `data` is the list's from now on, unless it fails. */
static int append(struct input_event **list, size_t *count, size_t *room,
		  const struct input_event *in)
{
	if (*count == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct input_event *grown =
			realloc(*list, more * sizeof(**list));

		if (!grown)
			return fail(-ENOMEM, "input: out of memory");
		*list = grown;
		*room = more;
	}
	(*list)[(*count)++] = *in;
	return 0;
}

/* A copy whose bytes are its own; data NULL: no memory, said. */
static struct input_event copy_of(const struct input_event *in)
{
	struct input_event copy = *in;

	copy.data = malloc(in->len ? in->len : 1);
	if (!copy.data)
		fail(-ENOMEM, "input: out of memory");
	else if (in->len)
		memcpy(copy.data, in->data, in->len);
	return copy;
}

int input_log(struct machine *m, const struct input_event *in)
{
	struct inputs *all = &m->inputs;
	struct input_event copy = copy_of(in);
	int err = copy.data ? append(&all->log, &all->count, &all->room, &copy)
			    : -ENOMEM;

	if (err)
		free(copy.data);
	return err;
}

void input_cut(struct machine *m, size_t count)
{
	struct inputs *all = &m->inputs;

	while (all->count > count)
		free(all->log[--all->count].data);
	if (all->next > all->count)
		all->next = all->count;
}

void inputs_fini(struct machine *m)
{
	struct inputs *all = &m->inputs;

	input_cut(m, 0);
	while (all->box_count)
		free(all->box[--all->box_count].data);
	free(all->log);
	free(all->box);
}

/* ---- live ---- */

/*
 * Done for the first time, and the bytes are the log's now. A log that lacks
 * one is no log: without memory for it the run cannot go on.
 */
static void applied(struct machine *m, struct input_event *in)
{
	struct inputs *all = &m->inputs;

	if (all->applied)
		all->applied(all->applied_ctx, in);
	if (!all->keep)
		free(in->data);
	else if (append(&all->log, &all->count, &all->room, in))
		machine_stop(m, STOP_HOST, 0, "");
	else
		all->next = all->count;
}

static void empty_box(struct machine *m, enum input_point point)
{
	struct inputs *all = &m->inputs;

	for (size_t i = 0; i < all->box_count; i++) {
		struct input_event *in = &all->box[i];

		in->count = machine_count(m);
		in->ns = clock_now(&m->clock);
		in->point = point;
		in->joined = i > 0;
		apply(m, in);
		applied(m, in);
	}
	all->box_count = 0;
	all->waiting = 0;
	all->box_due = NEVER;
}

static bool counts(const struct machine *m)
{
	return m->cpu_count && m->cpu[0]->ops->counted_time;
}

void input_give(struct machine *m, enum input_kind kind, const void *data,
		size_t len)
{
	struct inputs *all = &m->inputs;
	struct input_event in = {
		.kind = kind, .len = len, .data = (uint8_t *)data};

	assert(len <= INPUT_MAX);
	if (!counts(m)) {
		apply(m, &in);
		return;
	}
	in = copy_of(&in);
	if (!in.data ||
	    append(&all->box, &all->box_count, &all->box_room, &in)) {
		free(in.data);
		return;
	}
	all->waiting += len;
	if (all->box_count == 1)
		all->box_due = machine_count(m) + all->started;
}

static bool all_asleep(const struct machine *m)
{
	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct x86_state state;

		m->cpu[i]->ops->get_state(m->cpu[i], &state);
		if (!state.halted)
			return false;
	}
	return true;
}

int input_poke(struct machine *m, enum input_kind kind, const void *data,
	       size_t len)
{
	struct input_event in = {
		.kind = kind, .len = len, .data = (uint8_t *)data};

	assert(len <= INPUT_MAX);
	if (m->inputs.replay)
		return -EROFS;
	in = copy_of(&in);
	if (!in.data)
		return -ENOMEM;
	in.count = machine_count(m);
	in.ns = clock_now(&m->clock);
	in.point = all_asleep(m) ? INPUT_IDLE : INPUT_RUNNING;
	apply(m, &in);
	applied(m, &in);
	return 0;
}

/* ---- a replay ---- */

static const struct input_event *next_logged(const struct machine *m)
{
	const struct inputs *all = &m->inputs;

	return all->next < all->count ? &all->log[all->next] : NULL;
}

static void take_batch(struct machine *m)
{
	struct inputs *all = &m->inputs;

	do
		apply(m, &all->log[all->next++]);
	while (all->next < all->count && all->log[all->next].joined);
}

static size_t ask_log(struct machine *m, enum input_kind kind, uint8_t *buf,
		      size_t size)
{
	const struct input_event *in = next_logged(m);

	if (!in || in->point != INPUT_ASKED || in->kind != kind ||
	    in->count != machine_count(m) || in->ns != clock_now(&m->clock) ||
	    in->len > size)
		return 0;
	memcpy(buf, in->data, in->len);
	m->inputs.next++;
	return in->len;
}

size_t input_ask(struct machine *m, enum input_kind kind,
		 size_t (*source)(void *ctx, uint8_t *buf, size_t size),
		 void *ctx, uint8_t *buf, size_t size)
{
	struct input_event in = {
		.kind = kind, .point = INPUT_ASKED, .data = buf};

	if (m->inputs.replay)
		return ask_log(m, kind, buf, size);
	in.len = source(ctx, buf, size < INPUT_MAX ? size : INPUT_MAX);
	if (!in.len || !(m->inputs.keep || m->inputs.applied))
		return in.len;
	in = copy_of(&in);
	in.count = machine_count(m);
	in.ns = clock_now(&m->clock);
	if (in.data)
		applied(m, &in);
	else
		machine_stop(m, STOP_HOST, 0, "");
	return in.len;
}

/* ---- the three points ---- */

uint64_t input_due(const struct machine *m)
{
	const struct inputs *all = &m->inputs;
	const struct input_event *in;

	if (!all->replay)
		return all->box_count ? all->box_due : NEVER;
	in = next_logged(m);
	return in && in->point == INPUT_RUNNING ? in->count : NEVER;
}

void input_reach(struct machine *m)
{
	uint64_t count = machine_count(m);

	while (!m->stop && input_due(m) <= count)
		if (m->inputs.replay)
			take_batch(m);
		else
			empty_box(m, INPUT_RUNNING);
	m->inputs.started = true;
}

bool input_idle(struct machine *m, uint64_t next_ns)
{
	const struct inputs *all = &m->inputs;
	const struct input_event *in = next_logged(m);

	if (!all->replay) {
		if (!all->box_count || clock_now(&m->clock) >= next_ns)
			return false;
		empty_box(m, INPUT_IDLE);
		return true;
	}
	if (!in)
		return all->ran_out && all->ran_out(all->ran_out_ctx);
	if (in->point != INPUT_IDLE || in->count != machine_count(m)) {
		if (next_ns == NEVER)
			machine_stop(m, STOP_HOST, 0,
				     "the run went another way than its log");
		return next_ns == NEVER;
	}
	if (in->ns >= next_ns)
		return false;
	clock_skip_to(&m->clock, in->ns);
	take_batch(m);
	return true;
}
