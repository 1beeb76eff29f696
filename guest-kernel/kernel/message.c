/*
 * message.c: what travels from task to task. Up to four words in registers,
 * further ones and capabilities by the task buffers (abi/syscall.h). What
 * finds no place at the receiver's end is left out, and the info word that it
 * gets says what came.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

/* Words beyond those in registers; how many the message has then. */
static unsigned copy_words(const struct task *from, const struct task *to,
			   unsigned length)
{
	const struct task_buffer *source = task_buffer(from);
	struct task_buffer *target = task_buffer(to);

	if (!source || !target)
		return MESSAGE_REGISTERS;
	memcpy(target->data, source->data,
	       (length - MESSAGE_REGISTERS) * sizeof(uint64_t));
	return length;
}

/* A frame for the time of a call: below a slot of the Reply. */
static struct slot *lend(struct task *to, struct slot *source, bool write,
			 unsigned n)
{
	struct reply *reply = to->calls;
	struct cap cap = source->cap;

	cap.rights &= RIGHT_READ | (write ? RIGHT_WRITE : 0);
	cap.space = 0;
	cap_derive(source, &reply->lent[n], &cap);
	return &reply->lent[n];
}

static struct slot *find(const struct task *task, uint64_t path, uint32_t depth,
			 unsigned rights)
{
	struct slot *slot;
	unsigned found;

	if (cpool_walk(&task->cpool, path, depth, rights, &slot, &found))
		return NULL;
	return slot;
}

static bool may_travel(const struct slot *slot, uint32_t kind, bool call)
{
	if (!slot || slot_empty(slot))
		return false;
	if (kind == MESSAGE_COPY)
		return cap_may_copy(&slot->cap) == ERR_OK;
	return call && TYPES_FRAME >> slot->cap.type & 1;
}

/* One capability; false: it could not go. Each field is read once. */
static bool copy_cap(struct task *from, struct task *to, unsigned n, bool call)
{
	const struct task_buffer *source = task_buffer(from);
	struct task_buffer *target = task_buffer(to);
	struct message_cap what = source->send[n], where = target->receive[n];
	struct slot *slot, *place;

	slot = find(from, what.path, what.depth, RIGHT_READ);
	place = find(to, where.path, where.depth, RIGHT_WRITE);
	if (!may_travel(slot, what.kind, call) || !place || !slot_empty(place))
		return false;
	if (what.kind != MESSAGE_COPY)
		slot = lend(to, slot, what.kind == MESSAGE_LEND_WRITE, n);
	cap_copy(slot, place);
	return true;
}

/* They go in order, up to the first that cannot. */
static unsigned copy_caps(struct task *from, struct task *to, unsigned count,
			  bool call)
{
	unsigned n = 0;

	if (!task_buffer(from) || !task_buffer(to))
		return 0;
	while (n < count && copy_cap(from, to, n, call))
		n++;
	return n;
}

void message_copy(struct task *from, struct task *to, uint64_t badge,
		  bool grant, uint64_t flags)
{
	const struct regs *f = &from->regs;
	struct regs *t = &to->regs;
	unsigned length = MESSAGE_LENGTH(f->rsi);
	unsigned caps = MESSAGE_CAPS(f->rsi);

	if (from->fault) {
		fault_message(from, to, badge);
		return;
	}
	if (length > MESSAGE_REGISTERS)
		length = copy_words(from, to, length);
	if (caps)
		caps = grant ? copy_caps(from, to, caps, flags & MESSAGE_CALL)
			     : 0;
	t->rax = ERR_OK;
	t->rdi = badge;
	t->rsi = (f->rsi & MESSAGE_LABEL) | flags | caps << MESSAGE_CAPS_SHIFT |
		 length;
	/* Nothing of the sender's but what it sends. */
	t->rdx = length > 0 ? f->rdx : 0;
	t->r10 = length > 1 ? f->r10 : 0;
	t->r8 = length > 2 ? f->r8 : 0;
	t->r9 = length > 3 ? f->r9 : 0;
}
