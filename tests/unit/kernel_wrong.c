/*
 * kernel_wrong.c: what must hold between any two calls (cap.h, kernel.h),
 * found out from the derivation list alone.
 */
#include "tests/unit/fake_arch.h"

#define DEPTHS	4096
#define OBJECTS 4096

struct seen {
	unsigned listed;  /* slots on the list */
	unsigned objects; /* that hold slots, once each */
	const struct cap *object[OBJECTS];
};

static bool is_frame_or_object(unsigned type)
{
	return type != OBJECT_UNTYPED && type != OBJECT_IO_PORT;
}

static const char *child_wrong(const struct cap *parent,
			       const struct cap *child)
{
	if (parent->type == OBJECT_UNTYPED) {
		if (child->type == OBJECT_UNTYPED)
			return NULL; /* a copy: took what was left */
		if (child->base < parent->base ||
		    child->base + object_bytes(child->type, child->bits) >
			    parent->base + parent->untyped.used)
			return "a child lies outside its Untyped's used part";
		return NULL;
	}
	if (child->type != parent->type || child->base != parent->base)
		return "a copy is of another object";
	if (child->rights & ~parent->rights)
		return "a copy has more rights";
	return NULL;
}

static const char *walk_list(struct seen *seen)
{
	const struct slot *above[DEPTHS];
	const struct slot *slot = kernel.caps.next, *prev = &kernel.caps;
	const char *wrong;

	for (; slot != &kernel.caps; prev = slot, slot = slot->next) {
		if (slot->prev != prev)
			return "the list's links disagree";
		if (slot_empty(slot) || slot->cap.type >= OBJECT_COUNT)
			return "an empty slot is on the list";
		if (slot->depth >= DEPTHS ||
		    slot->depth > (prev == &kernel.caps ? 0 : prev->depth + 1))
			return "a slot is too deep";
		above[slot->depth] = slot;
		if (slot->depth) {
			const struct cap *up = &above[slot->depth - 1]->cap;

			wrong = child_wrong(up, &slot->cap);
			if (wrong)
				return wrong;
		}
		if (++seen->listed > 1000000)
			return "the list has no end";
		if (is_frame_or_object(slot->cap.type) &&
		    seen->objects < OBJECTS &&
		    (slot->depth == 0 ||
		     above[slot->depth - 1]->cap.type == OBJECT_UNTYPED))
			seen->object[seen->objects++] = &slot->cap;
	}
	return kernel.caps.prev == prev ? NULL : "the list's end is wrong";
}

static unsigned count_pool(const struct cpool *pool)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		count += !slot_empty(&pool->slot[i]);
	return count;
}

static unsigned count_channel(const struct channel *ch)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ch->count; i++)
		count += ch->entry[(ch->first + i) & ((1u << ch->bits) - 1)]
				 .kind == CHANNEL_CAP;
	return count;
}

static unsigned count_task(const struct task *task)
{
	return !slot_empty(&task->cpool) + !slot_empty(&task->table) +
	       !slot_empty(&task->buffer);
}

static bool on_queue(const struct task_queue *queue, const struct task *task)
{
	const struct task *prev = NULL;

	for (const struct task *t = queue->head; t; prev = t, t = t->next) {
		if (t->prev != prev)
			return false;
		if (t == task)
			return true;
	}
	return false;
}

static const char *task_wrong(const struct task *task)
{
	if ((task->state == TASK_READY) != on_queue(&kernel.ready, task))
		return "a task's state and the ready queue disagree";
	if (task->state == TASK_WAITING &&
	    !on_queue(&task->channel->waiters, task))
		return "a waiting task is on no channel's queue";
	return NULL;
}

static const char *channel_wrong(const struct channel *ch)
{
	if (ch->count > 1u << ch->bits)
		return "a channel has more entries than room";
	if (ch->count && ch->waiters.head)
		return "a task waits while there is an entry";
	return NULL;
}

const char *kernel_wrong(const struct task *first)
{
	static struct seen seen;
	unsigned held = 0, ready = 0;
	const char *wrong;

	seen = (struct seen){0};
	wrong = walk_list(&seen);
	for (unsigned i = 0; i < seen.objects && !wrong; i++) {
		const struct cap *cap = seen.object[i];

		if (cap->type == OBJECT_CPOOL)
			held += count_pool(cpool_of(cap));
		if (cap->type == OBJECT_CHANNEL) {
			held += count_channel(channel_of(cap));
			wrong = channel_wrong(channel_of(cap));
		}
		if (cap->type == OBJECT_TASK) {
			held += count_task(task_of(cap));
			wrong = task_wrong(task_of(cap));
		}
	}
	if (wrong)
		return wrong;
	for (const struct task *t = kernel.ready.head; t; t = t->next)
		if (++ready > kernel.ready_count)
			break;
	if (ready != kernel.ready_count)
		return "ready tasks are miscounted";
	if (first)
		held += count_task(first);
	if (held != seen.listed)
		return "a slot is taken and not on the list, or the reverse";
	return NULL;
}
