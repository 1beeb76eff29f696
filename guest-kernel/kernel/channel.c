/*
 * channel.c: bounded queues of messages.
 *
 * An entry is complete in itself: a payload is copied when it is put, and a
 * capability is a derived copy whose slot is in the entry. So the sender may
 * go on or vanish. Takers that find nothing wait, first come first served.
 * No task waits while there is an entry.
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
	struct place place;	    /* CHANNEL_CAP */
};

void channel_init(struct channel *ch, unsigned bits)
{
	*ch = (struct channel){.bits = bits};
}

static bool full(const struct channel *ch)
{
	return ch->count == 1u << ch->bits;
}

static struct entry *entry_at(struct channel *ch, uint32_t n)
{
	return &ch->entry[(ch->first + n) & ((1u << ch->bits) - 1)];
}

static enum error find_place(const struct task *task,
			     const struct destination *dest,
			     struct place *place)
{
	enum error err;
	int index;

	if (dest->depth) {
		err = cpool_place(&task->cpool, dest->path, dest->depth, place);
		if (!err && !slot_empty(&place->pool->slot[place->index]))
			err = ERR_SLOT_TAKEN;
		return err;
	}
	if (slot_empty(&task->cpool))
		return ERR_BAD_ADDRESS;
	place->pool = cpool_of(&task->cpool.cap);
	index = cpool_free_slot(place->pool);
	if (index < 0)
		return ERR_NO_SLOT;
	place->index = index;
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
		return find_place(task, dest, &t->place);
	default:
		return ERR_OK;
	}
}

/* Takes the entry off the queue; returns what the taker is told. */
static uint64_t do_take(struct channel *ch, const struct take *t)
{
	struct entry *e = t->entry;

	ch->first = (ch->first + 1) & ((1u << ch->bits) - 1);
	ch->count--;
	switch (e->kind) {
	case CHANNEL_PAYLOAD:
		memcpy(t->buffer->data, e->payload, e->length);
		t->buffer->length = e->length;
		return e->length;
	case CHANNEL_CAP:
		cap_move(&e->slot, &t->place.pool->slot[t->place.index]);
		return t->place.index;
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
		queue_remove(&ch->waiters, task);
		task->channel = NULL;
		err = decode_take(ch, task, &task->dest, &t);
		if (err) {
			task_return(task, err, 0, 0);
		} else {
			uint32_t kind = t.entry->kind;

			task_return(task, ERR_OK, kind, do_take(ch, &t));
		}
		sched_ready(task);
	}
}

static enum error decode_put_payload(const struct invocation *inv,
				     struct put *p)
{
	const struct task_buffer *buffer = task_buffer(inv->caller);

	if (inv->words < 1)
		return ERR_TRUNCATED;
	if (inv->word[0] > TASK_BUFFER_BYTES)
		return ERR_RANGE;
	if (!buffer)
		return ERR_NO_BUFFER;
	p->length = inv->word[0];
	p->payload = buffer->data;
	return ERR_OK;
}

static enum error decode_put_cap(const struct invocation *inv, struct put *p)
{
	enum error err;

	if (!(inv->self->cap.rights & RIGHT_GRANT))
		return ERR_NO_RIGHT;
	err = cpool_argument(inv, 0, OBJECT_NULL, &p->source);
	return err ? err : cap_may_copy(p->source);
}

static enum error decode_put(const struct invocation *inv,
			     const struct channel *ch, uint32_t kind,
			     struct put *p)
{
	enum error err = ERR_OK;

	*p = (struct put){.kind = kind};
	if (!(inv->self->cap.rights & RIGHT_WRITE))
		return ERR_NO_RIGHT;
	switch (kind) {
	case CHANNEL_RAW:
		if (inv->words < 1)
			return ERR_TRUNCATED;
		p->value = inv->word[0];
		break;
	case CHANNEL_PAYLOAD:
		err = decode_put_payload(inv, p);
		break;
	case CHANNEL_CAP:
		err = decode_put_cap(inv, p);
		break;
	}
	if (!err && full(ch))
		err = ERR_WOULD_BLOCK;
	return err;
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

static enum error put(struct invocation *inv, uint32_t kind)
{
	struct channel *ch = channel_of(&inv->self->cap);
	struct put p;
	enum error err = decode_put(inv, ch, kind, &p);

	if (!err)
		do_put(ch, &p);
	return err;
}

static void do_wait(struct channel *ch, struct task *task,
		    const struct destination *dest)
{
	sched_unready(task);
	task->state = TASK_WAITING;
	task->channel = ch;
	task->dest = *dest;
	queue_append(&ch->waiters, task);
}

static enum error decode_destination(const struct invocation *inv,
				     struct destination *dest)
{
	struct place place;

	if (inv->words < (inv->depth ? 2u : 1u))
		return ERR_TRUNCATED;
	if (inv->word[0] & ~(uint64_t)CHANNEL_TRY)
		return ERR_RANGE;
	*dest = (struct destination){.depth = inv->depth};
	if (!inv->depth)
		return ERR_OK;
	dest->path = inv->word[1];
	return find_place(inv->caller, dest, &place);
}

static enum error take(struct invocation *inv)
{
	struct channel *ch = channel_of(&inv->self->cap);
	struct destination dest;
	struct take t;
	enum error err;

	if (!(inv->self->cap.rights & RIGHT_READ))
		return ERR_NO_RIGHT;
	err = decode_destination(inv, &dest);
	if (err)
		return err;
	if (ch->count == 0) {
		if (inv->word[0] & CHANNEL_TRY)
			return ERR_WOULD_BLOCK;
		do_wait(ch, inv->caller, &dest);
		return ERR_OK;
	}
	err = decode_take(ch, inv->caller, &dest, &t);
	if (err)
		return err;
	inv->result[0] = t.entry->kind;
	inv->result[1] = do_take(ch, &t);
	return ERR_OK;
}

void channel_input(struct channel *ch, uint64_t value)
{
	struct put p = {.kind = CHANNEL_RAW, .value = value};

	if (full(ch))
		ch->dropped++;
	else
		do_put(ch, &p);
}

enum error channel_call(struct invocation *inv)
{
	switch (inv->label) {
	case CHANNEL_PUT_RAW:
		return put(inv, CHANNEL_RAW);
	case CHANNEL_PUT_PAYLOAD:
		return put(inv, CHANNEL_PAYLOAD);
	case CHANNEL_PUT_CAP:
		return put(inv, CHANNEL_CAP);
	case CHANNEL_TAKE:
		return take(inv);
	default:
		return ERR_NO_SUCH_CALL;
	}
}
