/* capture.c: what holds slots, and how tasks get there. */
#include "shell/inspect/capture.h"

#include <stdlib.h>
#include <string.h>

/* ---- slots in objects ---- */

uint64_t model_pool_slot(const struct model *m, const struct object *pool,
			 unsigned index)
{
	return layout_at(&m->layout, pool->base, INSPECT_CPOOL_SLOT) +
	       (uint64_t)index * m->layout.size[INSPECT_SIZE_SLOT];
}

static uint64_t entry_slot(const struct model *m, const struct object *channel,
			   unsigned index)
{
	uint64_t first =
		layout_get(&m->layout, channel->base, INSPECT_CHANNEL_FIRST);
	uint64_t mask = (UINT64_C(1) << channel->bits) - 1;

	return layout_at(&m->layout,
			 channel->base + m->layout.size[INSPECT_SIZE_CHANNEL] +
				 ((first + index) & mask) *
					 m->layout.size[INSPECT_SIZE_ENTRY],
			 INSPECT_ENTRY_SLOT);
}

static uint64_t slot_address(const struct model *m, const struct object *o,
			     enum role role, unsigned index)
{
	static const uint16_t field[] = {
		[ROLE_CPOOL] = INSPECT_TASK_CPOOL,
		[ROLE_TABLE] = INSPECT_TASK_TABLE,
		[ROLE_BUFFER] = INSPECT_TASK_BUFFER,
		[ROLE_FAULT_HANDLER] = INSPECT_TASK_FAULT_HANDLER,
		[ROLE_NOTIFICATION] = INSPECT_TASK_NOTIFICATION,
		[ROLE_CONTEXT] = INSPECT_TASK_CONTEXT_HELD,
		[ROLE_PORT] = INSPECT_TASK_PORT,
		[ROLE_LENT] = INSPECT_REPLY_LENT,
		[ROLE_ZOMBIE] = INSPECT_OBJECT_ZOMBIE,
	};
	const struct layout *l = &m->layout;

	if (role == ROLE_POOL)
		return model_pool_slot(m, o, index);
	if (role == ROLE_ENTRY)
		return entry_slot(m, o, index);
	if (o->type == OBJECT_IRQ_HANDLER)
		return layout_at(l,
				 layout_at(l, l->kernel, INSPECT_KERNEL_IRQ) +
					 o->base * l->size[INSPECT_SIZE_IRQ],
				 INSPECT_IRQ_NOTIFICATION);
	return layout_at(l, o->base, field[role]) +
	       (uint64_t)index * l->size[INSPECT_SIZE_SLOT];
}

uint32_t model_held(const struct model *m, const struct object *holder,
		    enum role role, unsigned index)
{
	uint32_t cap;

	if (holder->corrupt)
		return NIL;
	cap = model_cap_at(m, slot_address(m, holder, role, index));
	return cap != NIL && m->cap[cap].type == OBJECT_NULL ? NIL : cap;
}

static void hold(struct model *m, uint32_t holder, enum role role,
		 unsigned index)
{
	uint64_t at = slot_address(m, &m->object[holder], role, index);
	uint32_t i = model_cap_at(m, at);
	struct cap *cap;

	if (i == NIL) {
		if (!layout_get(&m->layout, at, INSPECT_CAP_TYPE))
			return;
		i = capture_cap(m, at);
		if (i == NIL)
			return;
		m->lost += m->broken;
		if (!m->cap[i].corrupt && !m->broken)
			m->cap[i].corrupt = "it is not in the derivation tree";
	}
	cap = &m->cap[i];
	if (cap->holder != NIL && !cap->corrupt)
		cap->corrupt = "its slot lies in two objects";
	cap->holder = holder;
	cap->role = role;
	cap->index = index;
}

static void hold_all(struct model *m, uint32_t holder, enum role role,
		     unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		hold(m, holder, role, i);
}

static void hold_entries(struct model *m, uint32_t holder)
{
	const struct object *o = &m->object[holder];
	uint64_t count = layout_get(&m->layout, o->base, INSPECT_CHANNEL_COUNT);

	if (count > UINT64_C(1) << o->bits) {
		m->object[holder].corrupt = "it has more entries than room";
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = entry_slot(m, &m->object[holder], i) -
			      layout_at(&m->layout, 0, INSPECT_ENTRY_SLOT);

		if (layout_get(&m->layout, at, INSPECT_ENTRY_KIND) ==
		    CHANNEL_CAP)
			hold(m, holder, ROLE_ENTRY, i);
	}
}

static void hold_by_task(struct model *m, uint32_t task)
{
	for (unsigned role = ROLE_CPOOL; role <= ROLE_CONTEXT; role++)
		hold(m, task, role, 0);
	hold_all(m, task, ROLE_PORT, TASK_PORTS);
}

static void hold_by(struct model *m, uint32_t holder)
{
	const struct object *o = &m->object[holder];

	if (o->corrupt)
		return;
	switch (o->type) {
	case OBJECT_CPOOL:
		hold_all(m, holder, ROLE_POOL, CPOOL_SLOTS);
		break;
	case OBJECT_TASK:
		hold_by_task(m, holder);
		break;
	case OBJECT_CHANNEL:
		hold_entries(m, holder);
		break;
	case OBJECT_REPLY:
		hold_all(m, holder, ROLE_LENT, 3);
		break;
	case OBJECT_IRQ_HANDLER:
		hold(m, holder, ROLE_NOTIFICATION, 0);
		break;
	}
	if (m->object[holder].dying)
		hold(m, holder, ROLE_ZOMBIE, 0);
}

/* ---- counts ---- */

/* Capabilities of an object that lie in itself do not count. */
static void count_caps(struct model *m, uint32_t *counted)
{
	for (uint32_t i = 0; i < m->cap_count; i++) {
		const struct cap *cap = &m->cap[i];
		const struct object *o;

		if (cap->object == NIL || cap->type == OBJECT_ZOMBIE)
			continue;
		o = &m->object[cap->object];
		counted[cap->object] += cap->at - o->base >= o->bytes;
	}
}

static void check_counts(struct model *m)
{
	uint32_t *counted = calloc(m->object_count + 1, sizeof(*counted));

	if (!counted)
		return;
	count_caps(m, counted);
	for (uint32_t i = 0; i < m->object_count; i++) {
		struct object *o = &m->object[i];

		if (!o->corrupt && object_has_header(o->type) &&
		    layout_get(&m->layout, o->base, INSPECT_OBJECT_COUNT) !=
			    counted[i])
			o->corrupt = "its capabilities are miscounted";
	}
	free(counted);
}

void capture_held(struct model *m)
{
	/* Objects that are found on the way come to the end of the list. */
	for (uint32_t i = 0; i < m->object_count; i++)
		hold_by(m, i);
	for (uint32_t i = 0; i < m->cap_count; i++)
		if (m->cap[i].holder == NIL && !m->cap[i].corrupt)
			m->cap[i].corrupt = "its slot lies in no object";
	if (!m->cut)
		check_counts(m);
	m->corrupt = m->root_corrupt != NULL;
	for (uint32_t i = 0; i < m->cap_count; i++)
		m->corrupt += m->cap[i].corrupt != NULL;
	for (uint32_t i = 0; i < m->object_count; i++)
		m->corrupt += m->object[i].corrupt != NULL;
}

/* ---- paths ---- */

struct by_number {
	uint32_t number, index;
};

static int compare_tasks(const void *a, const void *b)
{
	const struct by_number *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static bool sort_tasks(struct model *m)
{
	struct by_number *list = calloc(m->object_count + 1, sizeof(*list));
	uint32_t count = 0;

	m->task = calloc(m->object_count + 1, sizeof(*m->task));
	for (uint32_t i = 0; list && i < m->object_count; i++)
		if (m->object[i].type == OBJECT_TASK)
			list[count++] =
				(struct by_number){m->object[i].number, i};
	if (list && count)
		qsort(list, count, sizeof(*list), compare_tasks);
	for (uint32_t i = 0; m->task && i < count; i++)
		m->task[i] = list[i].index;
	m->task_count = m->task ? count : 0;
	free(list);
	return list && m->task;
}

/* A pool that no task before reaches, and none by a shorter path. */
static void reach(struct model *m, uint32_t cap, uint32_t task,
		  const struct object *from, unsigned index, uint32_t *queue,
		  uint32_t *count)
{
	struct object *pool;

	if (cap == NIL || m->cap[cap].type != OBJECT_CPOOL ||
	    m->cap[cap].object == NIL)
		return;
	pool = &m->object[m->cap[cap].object];
	if (pool->corrupt || pool->task != NIL ||
	    (from && from->depth + 1 >= CADDR_DEPTH_MAX))
		return;
	pool->task = task;
	if (from) {
		memcpy(pool->path, from->path, sizeof(pool->path));
		pool->path[from->depth] = index;
		pool->depth = from->depth + 1;
	}
	queue[(*count)++] = m->cap[cap].object;
}

/* Breadth first; each pool is in the queue once. */
static void reach_all(struct model *m, uint32_t task, uint32_t *queue)
{
	uint32_t count = 0;

	reach(m, model_held(m, &m->object[task], ROLE_CPOOL, 0), task, NULL, 0,
	      queue, &count);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned n = 0; n < CPOOL_SLOTS; n++)
			reach(m,
			      model_held(m, &m->object[queue[i]], ROLE_POOL, n),
			      task, &m->object[queue[i]], n, queue, &count);
}

bool capture_tasks(struct model *m)
{
	uint32_t *queue = calloc(m->object_count + 1, sizeof(*queue));
	bool ok = queue && sort_tasks(m);

	for (uint32_t i = 0; ok && i < m->task_count; i++)
		reach_all(m, m->task[i], queue);
	free(queue);
	return ok;
}

uint32_t model_task(const struct model *m, uint32_t number)
{
	for (uint32_t i = 0; i < m->task_count; i++)
		if (m->object[m->task[i]].number == number)
			return m->task[i];
	return NIL;
}
