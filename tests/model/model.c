/* model.c: see model.h: the objects, the tree, and all that ends. */
#include "tests/model/internal.h"

#include <string.h>

#define CAPS	4096
#define OBJECTS 2048

bool model_unsaid;

static struct m_cap caps[CAPS];
static struct m_object objects[OBJECTS];
static unsigned caps_made, objects_made;

/* ---- capabilities ---- */

struct m_cap *m_cap_new(const struct m_cap *like, struct m_cap *parent,
			struct m_object *home)
{
	struct m_cap *cap = NULL;

	for (unsigned i = 0; i < caps_made && !cap; i++)
		if (!caps[i].used)
			cap = &caps[i];
	if (!cap)
		cap = &caps[caps_made++];
	*cap = *like;
	cap->used = true;
	cap->children = 0;
	cap->parent = parent;
	if (parent)
		parent->children++;
	cap->home = home;
	if (cap->object && cap->home != cap->object)
		cap->object->count++;
	return cap;
}

struct m_cap *m_cap_child(const struct m_cap *cap)
{
	if (!cap->children)
		return NULL;
	for (unsigned i = 0; i < caps_made; i++)
		if (caps[i].used && caps[i].parent == cap)
			return &caps[i];
	return NULL;
}

void m_cap_rehome(struct m_cap *cap, struct m_object *home)
{
	if (cap->object && cap->home != cap->object)
		cap->object->count--;
	cap->home = home;
	if (cap->object && cap->home != cap->object)
		cap->object->count++;
}

/* The slot that it lies in; it is looked for. */
static struct m_cap **slot_of(const struct m_cap *cap)
{
	struct m_object *home = cap->home;

	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		if (home->slot[i] == cap)
			return &home->slot[i];
	for (unsigned i = 0; i < HELD; i++)
		if (home->held[i] == cap)
			return &home->held[i];
	for (unsigned i = 0; i < home->entries; i++)
		if (home->entry[i].cap == cap)
			return &home->entry[i].cap;
	return NULL;
}

static void lose_table_or_binding(const struct m_cap *cap, unsigned held)
{
	struct m_object *task = cap->home;

	if (held == HELD_TABLE)
		m_task_stop(task);
	if (held == HELD_NOTE)
		cap->object->bound = NULL;
}

void m_cap_delete(struct m_cap *cap)
{
	struct m_object *object = cap->object;
	bool counts = object && cap->home != object;
	struct m_cap *child;

	for (unsigned i = 0; i < HELD; i++)
		if (cap->home->held[i] == cap)
			lose_table_or_binding(cap, i);
	*slot_of(cap) = NULL;
	while ((child = m_cap_child(cap))) {
		child->parent = cap->parent;
		cap->children--;
		if (cap->parent)
			cap->parent->children++;
	}
	if (cap->parent)
		cap->parent->children--;
	cap->used = false;
	if (counts && --object->count == 0)
		m_object_end(object);
}

void m_cap_revoke(struct m_cap *cap)
{
	struct m_cap *child;

	while (cap->used && (child = m_cap_child(cap)))
		m_cap_delete(child);
	model_unsaid = !cap->used;
}

/* ---- objects ---- */

struct m_object *m_object_new(unsigned type)
{
	struct m_object *object = &objects[objects_made++];

	memset(object, 0, sizeof(*object));
	object->type = type;
	return object;
}

void m_queue_add(struct m_queue *q, struct m_object *task)
{
	q->task[q->count++] = task;
}

void m_queue_remove(struct m_queue *q, const struct m_object *task)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < q->count; i++)
		if (q->task[i] != task)
			q->task[kept++] = q->task[i];
	q->count = kept;
}

/* Its wait is over, for whatever reason. */
void m_wait_end(struct m_object *task)
{
	if (task->waits) {
		m_queue_remove(&task->waits->queue, task);
		m_queue_remove(&task->waits->putters, task);
	}
	if (task->reply) {
		if (task->state == TASK_ANSWERED)
			task->reply->caller = NULL;
		task->reply->server = NULL;
	}
	task->reply = NULL;
	task->waits = NULL;
	task->state = TASK_INACTIVE;
}

void m_task_stop(struct m_object *task)
{
	if (task->state == TASK_INACTIVE)
		return;
	if (task->state != TASK_READY) {
		m_wait_end(task);
		task->again = true;
	}
	task->state = TASK_INACTIVE;
}

void m_tell(struct m_object *task, enum error err)
{
	task->told = true;
	task->rax = err;
	task->words = 0;
	task->has_detail = false;
}

void m_fail_wait(struct m_object *task, enum error err)
{
	m_wait_end(task);
	m_tell(task, err);
	task->state = TASK_READY;
}

static void task_end(struct m_object *task)
{
	m_task_stop(task);
	task->gone = true;
	for (unsigned i = 0; i < objects_made; i++)
		if (objects[i].type == OBJECT_REPLY &&
		    objects[i].server == task && objects[i].caller)
			m_fail_wait(objects[i].caller, ERR_GONE);
	for (unsigned i = 0; i < HELD; i++)
		if (task->held[i])
			m_cap_delete(task->held[i]);
}

void m_object_end(struct m_object *o)
{
	if (o->type == OBJECT_TASK)
		task_end(o);
	while (o->queue.count)
		m_fail_wait(o->queue.task[0], ERR_GONE);
	while (o->putters.count)
		m_fail_wait(o->putters.task[0], ERR_GONE);
	if (o->type == OBJECT_REPLY && o->caller)
		m_fail_wait(o->caller, ERR_GONE);
	else if (o->type == OBJECT_REPLY && o->server)
		o->server->reply = NULL;
	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		if (o->slot[i])
			m_cap_delete(o->slot[i]);
	for (unsigned i = 0; i < o->entries; i++)
		if (o->entry[i].cap)
			m_cap_delete(o->entry[i].cap);
	o->gone = true;
}

/* ---- the beginning ---- */

static struct m_object *root_home;

static struct m_cap *root_cap(unsigned type, struct m_object *object,
			      unsigned slot)
{
	struct m_cap cap = {
		.type = type, .rights = RIGHT_ALL, .object = object};

	return root_home->slot[slot] = m_cap_new(&cap, NULL, root_home);
}

struct m_object *model_start(uint64_t base, uint64_t bytes)
{
	struct m_object *pool, *task;
	struct m_cap *untyped;

	model_unsaid = false;
	caps_made = objects_made = 0;
	root_home = pool = m_object_new(OBJECT_CPOOL);
	task = m_object_new(OBJECT_TASK);
	root_cap(OBJECT_CPOOL, pool, 0);
	root_cap(OBJECT_TASK_BUFFER, NULL, 1);
	untyped = root_cap(OBJECT_UNTYPED, NULL, 2);
	untyped->base = base;
	untyped->size = bytes;
	root_cap(OBJECT_TASK, task, 255);
	root_cap(OBJECT_PML4, NULL, 254);
	task->held[HELD_TABLE] =
		m_cap_new(pool->slot[254], pool->slot[254], task);
	task->held[HELD_POOL] = m_cap_new(pool->slot[0], pool->slot[0], task);
	task->held[HELD_BUFFER] = m_cap_new(pool->slot[1], pool->slot[1], task);
	task->ip = task->sp = true;
	task->state = TASK_READY;
	return task;
}
