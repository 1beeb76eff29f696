/* object.c: what is common to all objects; see object.h. */
#include "guest-kernel/kernel/kernel.h"

#define TYPES_WITH_HEADER                                            \
	(TYPES_CPOOL | TYPES_TASK | TYPES_CHANNEL | TYPES_ENDPOINT | \
	 TYPES_REPLY | TYPES_NOTIFICATION | TYPES_SCHED_CONTEXT)

uint64_t object_bytes(unsigned type, uint64_t size)
{
	if (type == OBJECT_CHANNEL)
		return size <= CHANNEL_BITS_MAX ? CHANNEL_BYTES(size) : 0;
	if (type == OBJECT_UNTYPED)
		return size % UNTYPED_UNIT == 0 ? size : 0;
	if (size != 0)
		return 0;
	switch (type) {
	case OBJECT_CPOOL:
		return CPOOL_BYTES;
	case OBJECT_TASK:
		return TASK_BYTES;
	case OBJECT_ENDPOINT:
		return ENDPOINT_BYTES;
	case OBJECT_NOTIFICATION:
		return NOTIFICATION_BYTES;
	case OBJECT_REPLY:
		return REPLY_BYTES;
	case OBJECT_SCHED_CONTEXT:
		return SCHED_CONTEXT_BYTES;
	case OBJECT_LARGE_PAGE:
		return LARGE_PAGE_BYTES;
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return PAGE_SIZE;
	default:
		return 0;
	}
}

uint64_t object_align(unsigned type, uint64_t bytes)
{
	if (type == OBJECT_UNTYPED)
		return bytes % PAGE_SIZE ? UNTYPED_UNIT : PAGE_SIZE;
	if (TYPES_WITH_HEADER >> type & 1)
		return 64;
	return bytes;
}

static void object_begin(struct object *obj)
{
	switch (obj->type) {
	case OBJECT_CHANNEL:
		channel_init((struct channel *)obj);
		break;
	case OBJECT_TASK:
		task_init((struct task *)obj);
		break;
	case OBJECT_SCHED_CONTEXT:
		sched_context_init((struct sched_context *)obj);
		break;
	}
}

struct cap object_create(unsigned type, uint64_t base, uint64_t size)
{
	struct cap cap = {.type = type, .rights = RIGHT_ALL, .base = base};

	if (type == OBJECT_CHANNEL)
		cap.bits = size;
	if (TYPES_WITH_HEADER >> type & 1) {
		struct object *obj = arch_ptr(base);

		obj->type = type;
		obj->bits = cap.bits;
		object_begin(obj);
	}
	if (type == OBJECT_UNTYPED)
		cap.untyped.size = size;
	if (type == OBJECT_PML4)
		cap.space = space_create(base);
	return cap;
}

uint32_t *object_count(const struct cap *cap)
{
	if (TYPES_WITH_HEADER >> cap->type & 1)
		return &((struct object *)arch_ptr(cap->base))->count;
	if (cap->type == OBJECT_PML4)
		return &kernel.space[cap->space].count;
	if (cap->type == OBJECT_IRQ_HANDLER)
		return &kernel.irq[cap->base].count;
	return NULL;
}

bool object_dies_in_steps(unsigned type)
{
	return TYPES_WITH_HEADER >> type & 1;
}

void object_dies(struct slot *last)
{
	struct object *obj = arch_ptr(last->cap.base);

	if (obj->type == OBJECT_TASK)
		task_dies((struct task *)obj);
	cap_move(last, &obj->zombie);
	obj->zombie.cap.type = OBJECT_ZOMBIE;
	obj->at = 0;
	obj->dying = NULL;
	if (kernel.dying)
		kernel.dying_last->dying = obj;
	else
		kernel.dying = obj;
	kernel.dying_last = obj;
}

void object_capability_gone(const struct cap *cap, bool last)
{
	switch (cap->type) {
	case OBJECT_RAW_PAGE:
	case OBJECT_LARGE_PAGE:
	case OBJECT_TASK_BUFFER:
		frame_unmap(cap);
		break;
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		table_unhook(cap);
		break;
	case OBJECT_PML4:
		if (last)
			space_destroy(cap->space);
		break;
	case OBJECT_IRQ_HANDLER:
		if (last)
			irq_release(cap->base);
		break;
	}
}

/* True when nothing of the object is left. */
static bool step(struct object *obj)
{
	switch (obj->type) {
	case OBJECT_CPOOL:
		return cpool_step((struct cpool *)obj);
	case OBJECT_CHANNEL:
		return channel_step((struct channel *)obj);
	case OBJECT_TASK:
		return task_step((struct task *)obj);
	case OBJECT_ENDPOINT:
		return endpoint_step((struct endpoint *)obj);
	case OBJECT_NOTIFICATION:
		return notification_step((struct notification *)obj);
	case OBJECT_REPLY:
		return reply_step((struct reply *)obj);
	default:
		return true;
	}
}

bool object_step(void)
{
	struct object *obj = kernel.dying;

	if (!obj)
		return false;
	if (step(obj)) {
		kernel.dying = obj->dying;
		obj->dying = NULL;
		cap_unlink(&obj->zombie);
	}
	return true;
}

bool object_drain(void)
{
	for (unsigned n = 1; object_step(); n++)
		if (n % STEPS_AT_ONCE == 0 && arch_interrupt_pending())
			return false;
	return true;
}

static bool on_way(const struct way *way, const struct slot *slot)
{
	if (slot->cap.type != OBJECT_CPOOL)
		return false;
	for (unsigned i = 0; i < way->count; i++)
		if (way->slot[i] == slot)
			return true;
	return false;
}

/* From a child on, nothing is left but what the call goes by. */
static bool only_way(const struct way *way, const struct slot *child)
{
	while (on_way(way, child) && !child->child) {
		if (cap_is_last(child))
			return true;
		child = child->next;
	}
	return false;
}

static void delete_way(struct slot *child)
{
	struct slot *next;

	for (; child; child = next) {
		next = cap_is_last(child) ? NULL : child->next;
		cap_delete(child);
	}
}

/* False: nothing is left to be done for the children of `slot`. */
static bool revoke_step(struct slot *slot, const struct way *way)
{
	struct slot *first = slot->child;

	if (first->cap.type == OBJECT_ZOMBIE) {
		/* It goes when its object's last step is done. */
		object_step();
	} else if (!on_way(way, first)) {
		cap_delete(first);
	} else if (only_way(way, first)) {
		delete_way(first);
		return false;
	} else {
		cap_put_last(slot, first);
	}
	return true;
}

bool object_revoke(struct slot *slot, const struct way *way)
{
	for (unsigned n = 1; slot->child; n++) {
		if (!revoke_step(slot, way))
			break;
		if (n % STEPS_AT_ONCE == 0 && arch_interrupt_pending())
			return false;
	}
	return true;
}
