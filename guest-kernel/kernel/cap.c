/* cap.c: the derivation list; cap.h says what always holds. */
#include "guest-kernel/kernel/kernel.h"

static void link_after(struct slot *where, struct slot *slot)
{
	slot->prev = where;
	slot->next = where->next;
	where->next->prev = slot;
	where->next = slot;
}

void cap_list_init(struct slot *head)
{
	*head = (struct slot){.next = head, .prev = head};
}

void cap_root(struct slot *head, struct slot *slot, const struct cap *cap)
{
	check(slot_empty(slot));
	slot->cap = *cap;
	slot->depth = 0;
	link_after(head->prev, slot);
}

void cap_derive(struct slot *parent, struct slot *slot, const struct cap *cap)
{
	check(slot_empty(slot) && !slot_empty(parent));
	slot->cap = *cap;
	slot->depth = parent->depth + 1;
	link_after(parent, slot);
}

enum error cap_may_copy(const struct slot *source)
{
	switch (source->cap.type) {
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return source->cap.map.table ? ERR_OK : ERR_NOT_MAPPED;
	default:
		return ERR_OK;
	}
}

void cap_copy(struct slot *source, struct slot *slot)
{
	struct cap copy = source->cap;

	switch (copy.type) {
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
		copy.map.table = 0;
		copy.map.va = 0;
		break;
	case OBJECT_UNTYPED:
		source->cap.untyped.used = source->cap.untyped.size;
		break;
	}
	cap_derive(source, slot, &copy);
}

void cap_move(struct slot *from, struct slot *to)
{
	check(slot_empty(to) && !slot_empty(from));
	*to = *from;
	to->prev->next = to;
	to->next->prev = to;
	*from = (struct slot){0};
}

void cap_remove(struct slot *slot)
{
	slot->prev->next = slot->next;
	slot->next->prev = slot->prev;
	*slot = (struct slot){0};
}
