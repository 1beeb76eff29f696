/* cap.c: the derivation tree, and what holds for it; see cap.h. */
#include "guest-kernel/kernel/kernel.h"

static struct slot *tag(struct slot *parent)
{
	return (struct slot *)((uintptr_t)parent | CAP_UP);
}

/* The slot whose `child` points here, or NULL: it is not the first. */
static struct slot *parent_of_first(const struct slot *slot)
{
	return cap_is_last(slot->prev) ? cap_up(slot->prev) : NULL;
}

static void link_first(struct slot *parent, struct slot *slot)
{
	struct slot *first = parent->child;

	if (first) {
		slot->next = first;
		slot->prev = first->prev;
		first->prev = slot;
	} else {
		slot->next = tag(parent);
		slot->prev = slot;
	}
	parent->child = slot;
}

/*
 * Where `slot` stands among its siblings, `first` to `last` stand from now
 * on, linked to each other already. It may be one of its own replacements.
 */
static void replace(struct slot *slot, struct slot *first, struct slot *last)
{
	struct slot *parent = parent_of_first(slot);
	struct slot *next = slot->next, *prev = slot->prev;
	bool was_last = cap_is_last(slot);

	last->next = next;
	first->prev = prev == slot ? last : prev;
	if (parent)
		parent->child = first;
	else
		prev->next = first;
	if (!was_last)
		next->prev = last;
	else if (!parent)
		cap_up(last)->child->prev = last;
}

static void remove_leaf(struct slot *slot)
{
	struct slot *parent = parent_of_first(slot);
	struct slot *next = slot->next, *prev = slot->prev;

	if (parent && cap_is_last(slot)) {
		parent->child = NULL;
		return;
	}
	if (parent)
		parent->child = next;
	else
		prev->next = next;
	if (cap_is_last(slot))
		cap_up(slot)->child->prev = prev;
	else
		next->prev = prev;
}

static void take_out(struct slot *slot)
{
	if (slot->child)
		replace(slot, slot->child, slot->child->prev);
	else
		remove_leaf(slot);
	slot->child = NULL;
}

void cap_unlink(struct slot *slot)
{
	take_out(slot);
	*slot = (struct slot){0};
}

void cap_put_last(struct slot *parent, struct slot *slot)
{
	struct slot *first;

	take_out(slot);
	first = parent->child;
	link_first(parent, slot);
	if (!first)
		return;
	/* The links back are a ring already: only those forth are to change. */
	parent->child = first;
	slot->prev->next = slot;
	slot->next = tag(parent);
}

/*
 * A capability that lies in its own object does not keep it alive: no path
 * leads to it once the others are gone.
 */
static bool lies_inside(const struct slot *slot, const struct cap *cap)
{
	uintptr_t base = (uintptr_t)arch_ptr(cap->base);

	return (uintptr_t)slot - base < object_bytes(cap->type, cap->bits);
}

/* The count that this capability is part of, or NULL. */
static uint32_t *count_of(const struct slot *slot)
{
	uint32_t *count = object_count(&slot->cap);

	return count && !lies_inside(slot, &slot->cap) ? count : NULL;
}

static void insert(struct slot *parent, struct slot *slot,
		   const struct cap *cap)
{
	uint32_t *count;

	check(slot_empty(slot));
	slot->cap = *cap;
	slot->child = NULL;
	link_first(parent, slot);
	count = count_of(slot);
	if (count)
		++*count;
}

void cap_root(struct slot *slot, const struct cap *cap)
{
	insert(&kernel.caps, slot, cap);
}

void cap_derive(struct slot *parent, struct slot *slot, const struct cap *cap)
{
	check(!slot_empty(parent));
	insert(parent, slot, cap);
}

enum error cap_may_copy(const struct cap *source)
{
	return TYPES_TABLE >> source->type & 1 ? ERR_NO_COPY : ERR_OK;
}

void cap_copy(struct slot *source, struct slot *slot)
{
	struct cap copy = source->cap;

	switch (copy.type) {
	case OBJECT_RAW_PAGE:
	case OBJECT_LARGE_PAGE:
	case OBJECT_TASK_BUFFER:
		copy.space = 0;
		copy.map.generation = 0;
		copy.map.va = 0;
		break;
	case OBJECT_UNTYPED:
		untyped_rest(source, &copy);
		source->cap.untyped.used = source->cap.untyped.size;
		break;
	}
	cap_derive(source, slot, &copy);
}

enum error cap_may_move(const struct slot *from, const struct slot *to)
{
	uint32_t *count = count_of(from);

	return count && *count == 1 && lies_inside(to, &from->cap)
		       ? ERR_BAD_STATE
		       : ERR_OK;
}

void cap_move(struct slot *from, struct slot *to)
{
	uint32_t *count = count_of(from);

	check(slot_empty(to) && !slot_empty(from));
	if (count)
		--*count;
	to->cap = from->cap;
	to->child = from->child;
	to->next = from->next;
	to->prev = from->prev == from ? to : from->prev;
	if (to->child)
		to->child->prev->next = tag(to);
	replace(from, to, to);
	*from = (struct slot){0};
	count = count_of(to);
	if (count)
		++*count;
}

void cap_delete(struct slot *slot)
{
	struct cap cap = slot->cap;
	uint32_t *count = count_of(slot);

	if (count && *count == 1 && object_dies_in_steps(cap.type)) {
		object_dies(slot);
		return;
	}
	if (count)
		--*count;
	if (cap.flags & CAP_VITAL)
		task_loses(slot);
	cap_unlink(slot);
	object_capability_gone(&cap, count && *count == 0);
}
