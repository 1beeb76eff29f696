/*
 * verify.c: what holds whenever the kernel is left, in words and as a check.
 *
 * 1. Tree. Every slot in it holds something; a first child's prev is the last
 *    child, every other prev is the sibling before; the last sibling's next
 *    is the parent. Every taken slot of a pool, a task or a channel's queue
 *    is in it, and no other but the zombies.
 * 2. Derivation. An Untyped's children lie in its used part; what is clear of
 *    the rest is zero. Any other capability's child is of the same object,
 *    has no right that it has not, and no port.
 * 3. Counts. An object counts the capabilities that name it and lie outside
 *    of it, and lives while there is one. One that dies has none, is on the
 *    list of the dying, and has a zombie in its header.
 * 4. Mappings. Whatever a user half maps is of a frame whose capability says
 *    so and allows it; whatever hangs in one is a table whose capability says
 *    so.
 * 5. Queues. A task is on the queue of its state and on no other; the running
 *    one is on none. No task waits at a channel that has an entry, nor for a
 *    bit that is set. An endpoint's queue holds senders or receivers.
 * 6. Calls. Who awaits an answer is owed it by one server, which has the
 *    Reply in its list. A priority above a task's own is that of a caller. At
 *    most one task that can run runs on a scheduling context.
 *
 * The checker marks counts and page-table entries as it finds their reasons,
 * then looks for what is unmarked or marked too often. Nothing recurses.
 */
#include "guest-kernel/kernel/kernel.h"

#define PTE_MARK  (UINT64_C(1) << 9) /* the processor ignores it */
#define SLOTS_MAX 10000000u

struct tally {
	uint64_t in_tree, zombies;
	uint64_t held; /* slots that something holds */
};

static struct slot *next_in_tree(struct slot *slot)
{
	if (slot->child)
		return slot->child;
	while (cap_is_last(slot)) {
		slot = cap_up(slot);
		if (slot == &kernel.caps)
			return NULL;
	}
	return slot->next;
}

static const char *links_wrong(const struct slot *parent)
{
	const struct slot *first = parent->child, *slot = first;
	unsigned count = 0;

	for (;;) {
		if (slot_empty(slot) || slot->cap.type >= OBJECT_COUNT)
			return "an empty slot is in the tree";
		if (++count > SLOTS_MAX)
			return "siblings have no end";
		if (cap_is_last(slot))
			break;
		if (slot->next->prev != slot)
			return "siblings' links disagree";
		slot = slot->next;
	}
	if (first->prev != slot)
		return "a first child does not lead to the last";
	return cap_up(slot) == parent ? NULL : "a last child has no parent";
}

/* ---- derivation ---- */

static uint64_t size_of(const struct cap *cap)
{
	switch (cap->type) {
	case OBJECT_UNTYPED:
		return cap->untyped.size;
	case OBJECT_CHANNEL:
		return object_bytes(cap->type, cap->bits);
	default:
		return object_bytes(cap->type, 0);
	}
}

static const char *child_of_untyped_wrong(const struct cap *parent,
					  const struct cap *child)
{
	uint64_t offset = child->base - parent->base;

	if (child->base < parent->base || offset > parent->untyped.used ||
	    size_of(child) > parent->untyped.used - offset)
		return "a child lies outside its Untyped's used part";
	if ((parent->flags ^ child->flags) & CAP_DEVICE)
		return "device memory has become memory, or the reverse";
	return NULL;
}

static const char *child_wrong(const struct cap *parent,
			       const struct cap *child)
{
	if (parent->type == OBJECT_UNTYPED)
		return child_of_untyped_wrong(parent, child);
	if (parent->type == OBJECT_IRQ_CONTROL &&
	    child->type == OBJECT_IRQ_HANDLER)
		return NULL;
	if (child->base != parent->base)
		return "a copy is of another object";
	if (child->type == OBJECT_ZOMBIE || parent->type == OBJECT_ZOMBIE)
		return NULL;
	if (child->type != parent->type)
		return "a copy is of another type";
	if (child->rights & ~parent->rights)
		return "a copy has more rights";
	if (child->type == OBJECT_IO_PORT &&
	    (child->port.first < parent->port.first ||
	     child->port.last > parent->port.last))
		return "a copy has more ports";
	return NULL;
}

static const char *children_wrong(const struct slot *parent)
{
	const struct slot *slot = parent->child;
	const char *wrong;

	for (;; slot = slot->next) {
		wrong = child_wrong(&parent->cap, &slot->cap);
		if (wrong || cap_is_last(slot))
			return wrong;
	}
}

static const char *untyped_wrong(const struct cap *cap)
{
	uint64_t used = cap->untyped.used, cleared = cap->untyped.cleared;

	if (used > cap->untyped.size || cleared > cap->untyped.size)
		return "an Untyped has used more than it has";
	if (cleared > used && !(cap->flags & CAP_DEVICE) &&
	    (*(uint64_t *)arch_ptr(cap->base + used) ||
	     *(uint64_t *)arch_ptr(cap->base + cleared - 8)))
		return "an Untyped's clear memory is not zero";
	return NULL;
}

/* ---- marking ---- */

static bool counted(const struct slot *slot)
{
	uintptr_t base = (uintptr_t)arch_ptr(slot->cap.base);

	return object_count(&slot->cap) &&
	       (uintptr_t)slot - base >= size_of(&slot->cap);
}

static void mark_object(const struct slot *slot)
{
	if (!counted(slot))
		return;
	if (slot->cap.type == OBJECT_PML4)
		kernel.space[slot->cap.space].next_free++;
	else if (slot->cap.type == OBJECT_IRQ_HANDLER)
		kernel.irq[slot->cap.base].marks++;
	else
		((struct object *)arch_ptr(slot->cap.base))->marks++;
}

static const char *mark_mapping(const struct cap *cap)
{
	uint64_t *entry = NULL;

	if (TYPES_FRAME >> cap->type & 1)
		entry = frame_entry(cap);
	if (TYPES_TABLE >> cap->type & 1)
		entry = table_entry(cap);
	if (!entry)
		return NULL;
	*entry |= PTE_MARK;
	if (TYPES_TABLE >> cap->type & 1)
		return NULL;
	if ((*entry & PTE_W && !(cap->rights & RIGHT_WRITE)) ||
	    (!(*entry & PTE_NX) && !(cap->rights & RIGHT_EXEC)))
		return "a frame is mapped with more rights";
	if (cap->flags & CAP_DEVICE && !(*entry & PTE_PCD))
		return "device memory is cached";
	return NULL;
}

static const char *slot_wrong(struct slot *slot)
{
	const char *wrong = slot->child ? links_wrong(slot) : NULL;

	if (!wrong && slot->child)
		wrong = children_wrong(slot);
	if (!wrong && slot->cap.type == OBJECT_UNTYPED)
		wrong = untyped_wrong(&slot->cap);
	if (wrong)
		return wrong;
	mark_object(slot);
	return mark_mapping(&slot->cap);
}

/* ---- what objects hold ---- */

static uint64_t held_by_pool(const struct cpool *pool)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		count += !slot_empty(&pool->slot[i]);
	return count;
}

static uint64_t held_by_channel(const struct channel *ch)
{
	uint32_t mask = (UINT32_C(1) << ch->object.bits) - 1;
	uint64_t count = 0;

	for (uint32_t i = 0; i < ch->count; i++) {
		const struct entry *e = &ch->entry[(ch->first + i) & mask];

		count += e->kind == CHANNEL_CAP && !slot_empty(&e->slot);
	}
	return count;
}

static uint64_t held_by_task(const struct task *task)
{
	uint64_t count = !slot_empty(&task->cpool) + !slot_empty(&task->table) +
			 !slot_empty(&task->buffer) +
			 !slot_empty(&task->fault_handler) +
			 !slot_empty(&task->notification) +
			 !slot_empty(&task->context_held);

	for (unsigned i = 0; i < TASK_PORTS; i++)
		count += !slot_empty(&task->ports[i]);
	return count;
}

static uint64_t held_by_reply(const struct reply *reply)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < MESSAGE_CAPS_MAX; i++)
		count += !slot_empty(&reply->lent[i]);
	return count;
}

static uint64_t held_by(const struct object *obj)
{
	switch (obj->type) {
	case OBJECT_CPOOL:
		return held_by_pool((const struct cpool *)obj);
	case OBJECT_CHANNEL:
		return held_by_channel((const struct channel *)obj);
	case OBJECT_TASK:
		return held_by_task((const struct task *)obj);
	case OBJECT_REPLY:
		return held_by_reply((const struct reply *)obj);
	default:
		return 0;
	}
}

/* ---- queues ---- */

static bool on_queue(const struct task_queue *queue, const struct task *task)
{
	const struct task *prev = NULL, *t = queue->head;

	for (; t; prev = t, t = t->next) {
		if (t->prev != prev)
			return false;
		if (t == task)
			return true;
	}
	return false;
}

static const struct task_queue *queue_of(const struct task *task)
{
	const struct object *at = task->waits;

	switch (task->state) {
	case TASK_READY:
		return &kernel.sched.ready[task->priority];
	case TASK_WAITING:
		return &((const struct channel *)at)->waiters;
	case TASK_PUTTING:
		return &((const struct channel *)at)->putters;
	case TASK_SENDING:
	case TASK_CALLING:
	case TASK_RECEIVING:
		return &((const struct endpoint *)at)->queue;
	case TASK_LISTENING:
		return &((const struct notification *)at)->queue;
	default:
		return NULL;
	}
}

static const char *call_wrong(const struct task *task)
{
	const struct reply *reply = task->reply;

	if (task->state == TASK_ANSWERED &&
	    (!reply || reply->caller != task || !reply->server))
		return "a task awaits an answer that nobody owes";
	if (task->state == TASK_RECEIVING && reply &&
	    (reply->server != task || reply->caller))
		return "an offered Reply is another's";
	return NULL;
}

static const char *calls_wrong(const struct task *task)
{
	const struct reply *reply = task->calls, *prev = NULL;
	unsigned count = 0, priority = task->own_priority;

	for (; reply; prev = reply, reply = reply->next) {
		if (reply->prev != prev || reply->server != task ||
		    !reply->caller || ++count > task->call_count)
			return "a server's calls are not its own";
		if (reply->caller->priority > priority)
			priority = reply->caller->priority;
	}
	if (count != task->call_count)
		return "a server's calls are miscounted";
	/* Beyond CHAIN_LENGTH it may be lower. */
	return task->priority > priority ? "a priority is inherited from nobody"
					 : NULL;
}

static const char *context_wrong(const struct task *task)
{
	const struct sched_context *sc = task->context;

	if ((task->state == TASK_PARKED) != (sc && sc->parked == task))
		return "a task and the context it is parked at disagree";
	if (!slot_empty(&task->context_held) &&
	    ((const struct sched_context *)arch_ptr(
		     task->context_held.cap.base))
			    ->bound != task)
		return "a task's context is bound to another";
	return NULL;
}

static const char *task_wrong(const struct task *task)
{
	const struct task_queue *queue = queue_of(task);
	const char *wrong;

	if (queue && task != kernel.sched.running && !on_queue(queue, task))
		return "a task is not on the queue of its state";
	if (task == kernel.sched.running &&
	    (task->state != TASK_READY || task->next || task->prev))
		return "the running task is not ready, or queued";
	if ((task->state == TASK_READY || task->state == TASK_PARKED) &&
	    slot_empty(&task->table))
		return "a task is ready and has no address space";
	wrong = call_wrong(task);
	if (!wrong)
		wrong = calls_wrong(task);
	return wrong ? wrong : context_wrong(task);
}

static const char *endpoint_wrong(const struct endpoint *ep)
{
	for (const struct task *t = ep->queue.head; t; t = t->next) {
		bool receiver = t->state == TASK_RECEIVING;

		if (t->waits != &ep->object || receiver != ep->receivers)
			return "an endpoint's queue holds both kinds";
	}
	return NULL;
}

static const char *notification_wrong(const struct notification *n)
{
	if (n->bits && n->queue.head)
		return "a task waits while a bit is set";
	if (n->bits && n->bound && n->bound->state == TASK_RECEIVING)
		return "a bound task waits while a bit is set";
	return NULL;
}

static const char *channel_wrong(const struct channel *ch)
{
	if (ch->count > UINT32_C(1) << ch->object.bits)
		return "a channel has more entries than room";
	if (ch->count && ch->waiters.head)
		return "a task waits while there is an entry";
	if (ch->putters.head && ch->count != UINT32_C(1) << ch->object.bits)
		return "a task waits while there is room";
	return NULL;
}

static const char *ready_wrong(void)
{
	const struct sched *sched = &kernel.sched;
	unsigned end = 0;

	for (unsigned p = 0; p < PRIORITIES; p++) {
		const struct task *t = sched->ready[p].head;

		end = t ? p + 1 : end;

		if (!t != !(sched->ready_bits[p / 64] >> p % 64 & 1))
			return "a priority's bit is wrong";
		for (; t; t = t->next)
			if (t->state != TASK_READY || t->priority != p)
				return "a task on a ready queue is not ready";
	}
	return end == sched->ready_end ? NULL
				       : "the highest priority is another";
}

static const char *state_wrong(const struct object *obj)
{
	switch (obj->type) {
	case OBJECT_TASK:
		return task_wrong((const struct task *)obj);
	case OBJECT_CHANNEL:
		return channel_wrong((const struct channel *)obj);
	case OBJECT_ENDPOINT:
		return endpoint_wrong((const struct endpoint *)obj);
	case OBJECT_NOTIFICATION:
		return notification_wrong((const struct notification *)obj);
	default:
		return NULL;
	}
}

/* ---- objects, each once: at the first capability that finds its marks ---- */

static const char *object_wrong(const struct slot *slot, struct tally *tally)
{
	struct object *obj;
	uint64_t marks;

	if (!counted(slot) || slot->cap.type == OBJECT_PML4 ||
	    slot->cap.type == OBJECT_IRQ_HANDLER)
		return NULL;
	obj = arch_ptr(slot->cap.base);
	marks = obj->marks;
	if (!marks)
		return NULL;
	obj->marks = 0;
	if (marks != obj->count)
		return "an object's capabilities are miscounted";
	if (obj->type != slot->cap.type || !slot_empty(&obj->zombie))
		return "a living object has a wrong header";
	tally->held += held_by(obj);
	return state_wrong(obj);
}

static const char *dying_wrong(struct tally *tally)
{
	const struct object *obj = kernel.dying;
	uint64_t dying = 0;

	for (; obj; obj = obj->dying) {
		if (obj->count || obj->zombie.cap.type != OBJECT_ZOMBIE)
			return "a dying object is not dead";
		if (!obj->dying && obj != kernel.dying_last)
			return "the list of the dying ends elsewhere";
		tally->held += held_by(obj) + 1;
		if (++dying > tally->zombies)
			break;
	}
	return dying == tally->zombies ? NULL : "a zombie is not dying";
}

static const char *irqs_wrong(struct tally *tally)
{
	for (unsigned i = 0; i < IRQS; i++) {
		struct irq *irq = &kernel.irq[i];

		if (irq->marks != irq->count)
			return "an interrupt's capabilities are miscounted";
		irq->marks = 0;
		tally->held += !slot_empty(&irq->notification);
		if (!irq->count && !slot_empty(&irq->notification))
			return "an interrupt that nobody has tells somebody";
	}
	return NULL;
}

/* ---- address spaces ---- */

/*
 * Depth first through the tables of a space, from address to address. All
 * that is present must be marked; the marks are taken away.
 */
static const char *space_wrong(struct space *space)
{
	uint64_t *at[5] = {[4] = arch_ptr(space->top)};
	uint64_t *end[5] = {[4] = at[4] + KERNEL_HALF};
	unsigned level = 4;

	while (level <= 4) {
		uint64_t *entry = at[level];

		if (entry == end[level]) {
			level++;
			continue;
		}
		at[level]++;
		if (!(*entry & PTE_P))
			continue;
		if (!(*entry & PTE_MARK))
			return "something is mapped and has no capability";
		*entry &= ~PTE_MARK;
		if (level == 1 || *entry & PTE_PS)
			continue;
		at[--level] = arch_ptr(*entry & PTE_ADDR);
		end[level] = at[level] + TABLE_ENTRIES;
	}
	return NULL;
}

static const char *spaces_wrong(void)
{
	unsigned used = 0;

	for (unsigned id = 1; id <= kernel.spaces_begun; id++) {
		struct space *space = &kernel.space[id];
		const char *wrong;

		if (!space->top)
			continue;
		used++;
		if (space->next_free != space->count || !space->count)
			return "a PML4's capabilities are miscounted";
		space->next_free = 0;
		wrong = space_wrong(space);
		if (wrong)
			return wrong;
	}
	return used == kernel.spaces_used ? NULL : "spaces are miscounted";
}

static const char *tree_wrong(struct tally *tally)
{
	const char *wrong =
		kernel.caps.child ? links_wrong(&kernel.caps) : NULL;
	struct slot *slot = kernel.caps.child;

	for (; slot && !wrong; slot = next_in_tree(slot)) {
		if (++tally->in_tree > SLOTS_MAX)
			return "the tree has no end";
		tally->zombies += slot->cap.type == OBJECT_ZOMBIE;
		wrong = slot_wrong(slot);
	}
	return wrong;
}

const char *verify(void)
{
	struct tally tally = {0};
	const char *wrong = tree_wrong(&tally);

	for (struct slot *slot = kernel.caps.child; slot && !wrong;
	     slot = next_in_tree(slot))
		wrong = object_wrong(slot, &tally);
	if (!wrong)
		wrong = dying_wrong(&tally);
	if (!wrong)
		wrong = irqs_wrong(&tally);
	if (!wrong && tally.held != tally.in_tree)
		wrong = "a slot is taken and not in the tree, or the reverse";
	if (!wrong)
		wrong = ready_wrong();
	return wrong ? wrong : spaces_wrong();
}
