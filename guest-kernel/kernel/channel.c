/*
 * channel.c: bounded queues of messages.
 *
 * An entry is complete in itself: a payload is copied when it is put, and a
 * capability is a derived copy whose slot is in the entry. So the sender may
 * go on or vanish; if the capability is taken back, so is the entry. Takers
 * that find nothing wait, and so do putters that find no room, first come
 * first served. No task waits to take while there is an entry, nor to put
 * while there is room.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

struct put {
	uint32_t kind;
	uint32_t length;
	uint64_t value;
	const uint8_t *payload;
	struct slot *source;
};

/* How the oldest entry leaves. */
struct take {
	struct entry *entry;
	struct task_buffer *buffer; /* CHANNEL_PAYLOAD */
	struct slot *slot;	    /* CHANNEL_CAP */
	unsigned index;
};

void channel_init(struct channel *ch)
{
	/* Zero is empty. */
}

static uint32_t room(const struct channel *ch)
{
	return UINT32_C(1) << ch->object.bits;
}

static struct entry *entry_at(struct channel *ch, uint32_t n)
{
	return &ch->entry[(ch->first + n) & (room(ch) - 1)];
}

static enum error find_place(const struct task *task,
			     const struct destination *dest, struct take *t)
{
	unsigned found;
	enum error err;
	int index;

	if (dest->depth) {
		err = cpool_walk(&task->cpool, dest->path, dest->depth,
				 RIGHT_WRITE, &t->slot, &found);
		t->index = dest->path & 0xff;
		if (!err && !slot_empty(t->slot))
			err = ERR_SLOT_TAKEN;
		return err;
	}
	if (slot_empty(&task->cpool))
		return ERR_BAD_ADDRESS;
	if (!(task->cpool.cap.rights & RIGHT_WRITE))
		return ERR_NO_RIGHT;
	index = cpool_lowest_free(cpool_of(&task->cpool.cap));
	if (index < 0)
		return ERR_NO_SLOT;
	t->index = index;
	t->slot = &cpool_of(&task->cpool.cap)->slot[index];
	return ERR_OK;
}

static enum error decode_take(struct channel *ch, const struct task *task,
			      const struct destination *dest, struct take *t)
{
	*t = (struct take){.entry = entry_at(ch, 0)};
	switch (t->entry->kind) {
	case CHANNEL_PAYLOAD:
		t->buffer = task_buffer(task);
		return t->buffer ? ERR_OK : ERR_NO_BUFFER;
	case CHANNEL_CAP:
		return find_place(task, dest, t);
	default:
		return ERR_OK;
	}
}

static void drop_first(struct channel *ch)
{
	ch->first = (ch->first + 1) & (room(ch) - 1);
	ch->count--;
}

/* An entry whose capability was taken back is none. */
static void drop_revoked(struct channel *ch)
{
	while (ch->count > 0) {
		const struct entry *e = entry_at(ch, 0);

		if (e->kind != CHANNEL_CAP || !slot_empty(&e->slot))
			break;
		drop_first(ch);
	}
}

/* Takes the entry off the queue; returns what the taker is told. */
static uint64_t do_take(struct channel *ch, const struct take *t)
{
	struct entry *e = t->entry;

	drop_first(ch);
	switch (e->kind) {
	case CHANNEL_PAYLOAD:
		memcpy(t->buffer->data, e->payload, e->length);
		t->buffer->length = e->length;
		return e->length;
	case CHANNEL_CAP:
		cap_move(&e->slot, t->slot);
		return t->index;
	default:
		return e->value;
	}
}

/*
 * Waiters get what is there. One that cannot take it (no slot, no buffer)
 * ends its wait with that error. Each turn ends one wait.
 */
static void serve_waiters(struct channel *ch)
{
	struct task *task;
	struct take t;
	enum error err;

	while (ch->count > 0 && (task = ch->waiters.head)) {
		ipc_cancel(task);
		err = decode_take(ch, task, &task->dest, &t);
		if (err) {
			task_return(task, err, DETAIL_NONE, 0);
		} else {
			uint32_t kind = t.entry->kind;

			task_return(task, ERR_OK, kind, do_take(ch, &t));
		}
		sched_ready(task);
	}
}

static void do_put(struct channel *ch, const struct put *p)
{
	struct entry *e = entry_at(ch, ch->count);

	ch->count++;
	e->kind = p->kind;
	e->length = p->length;
	e->value = p->value;
	if (p->kind == CHANNEL_PAYLOAD)
		memcpy(e->payload, p->payload, p->length);
	if (p->kind == CHANNEL_CAP) {
		e->slot = (struct slot){0};
		cap_copy(p->source, &e->slot);
	}
	serve_waiters(ch);
}

/* ---- putting ---- */

static enum error decode_bytes(const struct task *task, uint64_t length,
			       struct put *p)
{
	const struct task_buffer *buffer = task_buffer(task);

	if (length > TASK_BUFFER_BYTES)
		return ERR_RANGE;
	if (!buffer)
		return ERR_NO_BUFFER;
	*p = (struct put){.kind = CHANNEL_PAYLOAD,
			  .length = length,
			  .payload = buffer->data};
	return ERR_OK;
}

static enum error decode_cap(struct slot *source, struct put *p)
{
	*p = (struct put){.kind = CHANNEL_CAP, .source = source};
	return cap_may_copy(&source->cap);
}

/*
 * What a waiting task puts: its registers still hold the call. Of its
 * capability nothing is known any more but the path.
 */
static enum error decode_waiting(const struct task *task, struct put *p)
{
	const struct regs *r = &task->regs;
	struct slot *slot;
	unsigned found;
	enum error err;

	switch (r->rsi & 0xffff) {
	case CHANNEL_PUT_RAW:
		*p = (struct put){.kind = CHANNEL_RAW, .value = r->rdx};
		return ERR_OK;
	case CHANNEL_PUT_PAYLOAD:
		return decode_bytes(task, r->rdx, p);
	default:
		err = cpool_walk(&task->cpool, r->rdx,
				 r->rsi >> INFO_ARGUMENT_SHIFT & 0xf,
				 RIGHT_READ, &slot, &found);
		if (err)
			return err;
		return slot_empty(slot) ? ERR_EMPTY_SLOT : decode_cap(slot, p);
	}
}

static void lose_first(struct channel *ch)
{
	struct entry *e = entry_at(ch, 0);

	drop_first(ch);
	if (e->kind == CHANNEL_CAP && !slot_empty(&e->slot))
		cap_delete(&e->slot);
}

/* There is room again. Each turn ends one wait. */
static void serve_putters(struct channel *ch)
{
	struct task *task;

	while (ch->count < room(ch) && (task = ch->putters.head)) {
		struct put p;
		enum error err = decode_waiting(task, &p);

		ipc_cancel(task);
		if (!err)
			do_put(ch, &p);
		task_return(task, err, err ? DETAIL_NONE : 0, 0);
		sched_ready(task);
	}
}

static void wait_until(struct task *task, uint64_t flags)
{
	if (flags & CHANNEL_DEADLINE)
		ipc_arm(task, task->regs.r13);
}

static enum error add(struct invocation *inv, const struct put *p)
{
	struct channel *ch = channel_of(&inv->self->cap);
	uint64_t flags = inv->word[1];

	if (flags &
	    ~(uint64_t)(CHANNEL_TRY | CHANNEL_OVERWRITE | CHANNEL_DEADLINE))
		return refuse(inv, 2, ERR_RANGE);
	if (ch->count == room(ch)) {
		if (flags & CHANNEL_OVERWRITE) {
			lose_first(ch);
		} else if (flags & CHANNEL_TRY) {
			return ERR_WOULD_BLOCK;
		} else {
			ipc_wait(inv->caller, TASK_PUTTING, &ch->object);
			queue_append(&ch->putters, inv->caller);
			wait_until(inv->caller, flags);
			return ERR_OK;
		}
	}
	do_put(ch, p);
	return ERR_OK;
}

enum error channel_put_raw(struct invocation *inv)
{
	return add(inv,
		   &(struct put){.kind = CHANNEL_RAW, .value = inv->word[0]});
}

enum error channel_put_bytes(struct invocation *inv)
{
	struct put p;
	enum error err = decode_bytes(inv->caller, inv->word[0], &p);

	return err ? refuse(inv, 1, err) : add(inv, &p);
}

enum error channel_put_cap(struct invocation *inv)
{
	struct put p;
	enum error err = decode_cap(inv->cap[0], &p);

	return err ? refuse(inv, 1, err) : add(inv, &p);
}

/* ---- taking ---- */

static void do_wait(struct channel *ch, struct task *task,
		    const struct destination *dest)
{
	ipc_wait(task, TASK_WAITING, &ch->object);
	task->dest = *dest;
	queue_append(&ch->waiters, task);
}

enum error channel_take_entry(struct invocation *inv)
{
	struct channel *ch = channel_of(&inv->self->cap);
	struct destination dest = {inv->word[1], inv->depth[1]};
	struct take t;
	enum error err;

	if (inv->word[0] & ~(uint64_t)(CHANNEL_TRY | CHANNEL_DEADLINE))
		return refuse(inv, 1, ERR_RANGE);
	drop_revoked(ch);
	serve_putters(ch);
	if (ch->count == 0) {
		if (inv->word[0] & CHANNEL_TRY)
			return ERR_WOULD_BLOCK;
		do_wait(ch, inv->caller, &dest);
		wait_until(inv->caller, inv->word[0]);
		return ERR_OK;
	}
	err = decode_take(ch, inv->caller, &dest, &t);
	if (err)
		return err;
	inv->result[0] = t.entry->kind;
	inv->result[1] = do_take(ch, &t);
	serve_putters(ch);
	return ERR_OK;
}

/* Tasks that wait are told; entries go, with the capabilities in them. */
bool channel_step(struct channel *ch)
{
	struct task *task =
		ch->waiters.head ? ch->waiters.head : ch->putters.head;

	if (task)
		ipc_fail(task, ERR_GONE);
	else if (ch->count)
		lose_first(ch);
	return !ch->waiters.head && !ch->putters.head && ch->count == 0;
}
