/*
 * channel.c: bounded queues of messages.
 *
 * An entry is complete in itself: a payload is copied when it is put, and a
 * capability is a derived copy whose slot is in the entry. So the sender may
 * go on or vanish; if the capability is taken back, so is the entry. Takers
 * that find nothing wait, and so do putters that find no room, first come
 * first served. No task waits to take while there is an entry, nor to put
 * while there is room.
 *
 * Those who wait and then cannot go on (no slot for what comes, nothing left
 * to put) may be many. So before anything is put or taken their waits are
 * ended, with the error, until the first in line can go on; in steps between
 * which the call can be interrupted.
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

/* How a task takes an entry of that kind. */
static enum error decode_take(uint32_t kind, const struct task *task,
			      const struct destination *dest, struct take *t)
{
	*t = (struct take){.index = 0};
	switch (kind) {
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
static bool first_revoked(struct channel *ch)
{
	const struct entry *e = entry_at(ch, 0);

	return ch->count > 0 && e->kind == CHANNEL_CAP && slot_empty(&e->slot);
}

/* Takes the first entry off the queue; returns what the taker is told. */
static uint64_t do_take(struct channel *ch, const struct take *t)
{
	struct entry *e = entry_at(ch, 0);

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

static void refuse_waiting(struct task *task, enum error err)
{
	ipc_cancel(task);
	task_return(task, err, DETAIL_NONE, 0);
	sched_ready(task);
}

/* So many waits have been ended: is it time to let an interrupt in? */
static bool broken_off(unsigned ended)
{
	return ended % STEPS_AT_ONCE == 0 && arch_interrupt_pending();
}

/*
 * The first who waits to take can take an entry of that kind, or nobody waits
 * any more. False: broken off.
 */
static bool find_taker(struct channel *ch, uint32_t kind)
{
	struct task *task;
	struct take t;
	enum error err;

	for (unsigned n = 1; (task = ch->waiters.head); n++) {
		err = decode_take(kind, task, &task->dest, &t);
		if (!err)
			break;
		refuse_waiting(task, err);
		if (broken_off(n))
			return false;
	}
	return true;
}

/* Waiters get what is there: after find_taker() the first one does. */
static void serve_waiters(struct channel *ch)
{
	struct task *task;
	struct take t;
	enum error err;

	while (ch->count > 0 && (task = ch->waiters.head)) {
		uint32_t kind = entry_at(ch, 0)->kind;

		err = decode_take(kind, task, &task->dest, &t);
		if (err) {
			refuse_waiting(task, err);
			continue;
		}
		ipc_cancel(task);
		task_return(task, ERR_OK, kind, do_take(ch, &t));
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

/*
 * The first who waits to put can, or nobody waits any more. False: broken
 * off.
 */
static bool find_putter(struct channel *ch)
{
	struct task *task;
	struct put p;
	enum error err;

	for (unsigned n = 1; (task = ch->putters.head); n++) {
		err = decode_waiting(task, &p);
		if (!err)
			break;
		refuse_waiting(task, err);
		if (broken_off(n))
			return false;
	}
	return true;
}

/* There is room again: after find_putter() the first one fills it. */
static void serve_putters(struct channel *ch)
{
	struct task *task;

	while (ch->count < room(ch) && (task = ch->putters.head)) {
		struct put p;
		enum error err = decode_waiting(task, &p);

		if (err) {
			refuse_waiting(task, err);
			continue;
		}
		ipc_cancel(task);
		do_put(ch, &p);
		task_return(task, ERR_OK, 0, 0);
		sched_ready(task);
	}
}

/* Until the first entry is one. False: broken off. */
static bool drop_revoked(struct channel *ch)
{
	for (unsigned n = 1; first_revoked(ch); n++) {
		if (!find_putter(ch))
			return false;
		drop_first(ch);
		serve_putters(ch);
		if (broken_off(n))
			return false;
	}
	return true;
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
	} else if (!find_taker(ch, p->kind)) {
		return ERR_RESTART;
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
	if (!drop_revoked(ch))
		return ERR_RESTART;
	if (ch->count == 0) {
		if (inv->word[0] & CHANNEL_TRY)
			return ERR_WOULD_BLOCK;
		do_wait(ch, inv->caller, &dest);
		wait_until(inv->caller, inv->word[0]);
		return ERR_OK;
	}
	inv->result[0] = entry_at(ch, 0)->kind;
	err = decode_take(inv->result[0], inv->caller, &dest, &t);
	if (err)
		return err;
	if (!find_putter(ch))
		return ERR_RESTART;
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
