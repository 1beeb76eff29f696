/* channels.c: channels, of the model. */
#include "tests/model/internal.h"

static void drop_first(struct m_object *ch)
{
	ch->entries--;
	for (unsigned i = 0; i < ch->entries; i++)
		ch->entry[i] = ch->entry[i + 1];
}

/* Where the first entry's capability is to go; NULL: it has none. */
static enum error find_place(const struct m_object *ch, struct m_object *task,
			     uint64_t path, unsigned depth,
			     struct m_cap ***slot, uint64_t *value)
{
	struct m_cap *root = task->held[HELD_POOL];
	enum error err = ERR_OK;

	*slot = NULL;
	if (ch->entry[0].kind == CHANNEL_CAP && depth) {
		*slot = m_find_slot(task, path, depth, RIGHT_WRITE, &err);
		if (err)
			return err;
		if (**slot)
			return ERR_SLOT_TAKEN;
		*value = path & 0xff;
	} else if (ch->entry[0].kind == CHANNEL_CAP) {
		if (!root)
			return ERR_BAD_ADDRESS;
		if (!(root->rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		m_last_home = root->object;
		for (*value = 0; *value < CPOOL_SLOTS; ++*value)
			if (!m_last_home->slot[*value])
				break;
		if (*value == CPOOL_SLOTS)
			return ERR_NO_SLOT;
		*slot = &m_last_home->slot[*value];
	}
	return ERR_OK;
}

/* The first entry, for a task that is told of it. */
static enum error take_first(struct m_object *ch, struct m_object *task,
			     uint64_t path, unsigned depth)
{
	struct m_entry e = ch->entry[0];
	struct m_cap **slot;
	enum error err = find_place(ch, task, path, depth, &slot, &e.value);

	if (err)
		return err;
	drop_first(ch);
	if (slot) {
		*slot = e.cap;
		m_cap_rehome(e.cap, m_last_home);
	}
	m_tell(task, ERR_OK);
	task->word[0] = e.kind;
	task->word[1] = e.value;
	task->words = 2;
	return ERR_OK;
}

static void serve_takers(struct m_object *ch)
{
	while (ch->entries && ch->queue.count) {
		struct m_object *task = ch->queue.task[0];
		enum error err;

		m_wait_end(task);
		task->state = TASK_READY;
		err = take_first(ch, task, task->call.r10,
				 task->call.rsi >> INFO_ARGUMENT_SHIFT & 0xf);
		if (err)
			m_tell(task, err);
	}
}

static void put(struct m_object *ch, unsigned kind, uint64_t value,
		struct m_cap *source)
{
	struct m_entry *e = &ch->entry[ch->entries++];

	*e = (struct m_entry){kind, value, NULL};
	if (source)
		m_copy_cap(source, &e->cap, ch);
	serve_takers(ch);
}

/* What a task that waits is to put; NULL: no capability. */
static enum error find_source(struct m_object *task, struct m_cap ***slot)
{
	const struct call *c = &task->call;
	enum error err = ERR_OK;

	*slot = NULL;
	if ((c->rsi & 0xffff) != CHANNEL_PUT_CAP)
		return ERR_OK;
	*slot = m_find_slot(task, c->rdx, c->rsi >> INFO_ARGUMENT_SHIFT & 0xf,
			    RIGHT_READ, &err);
	if (!err && !**slot)
		err = ERR_EMPTY_SLOT;
	if (!err && m_no_copy(**slot))
		err = ERR_NO_COPY;
	return err;
}

/* Those before the first who can put are told: before anything is taken. */
static void tell_putters(struct m_object *ch)
{
	while (ch->putters.count) {
		struct m_object *task = ch->putters.task[0];
		struct m_cap **slot;
		enum error err = find_source(task, &slot);

		if (!err)
			break;
		m_wait_end(task);
		m_tell(task, err);
		task->state = TASK_READY;
	}
}

static void serve_putters(struct m_object *ch)
{
	while (ch->entries < 1u << ch->bits && ch->putters.count) {
		struct m_object *task = ch->putters.task[0];
		const struct call *c = &task->call;
		struct m_cap **slot;
		enum error err = find_source(task, &slot);

		m_wait_end(task);
		if (!err)
			put(ch, slot ? CHANNEL_CAP : CHANNEL_RAW, c->rdx,
			    slot ? *slot : NULL);
		m_tell(task, err);
		task->state = TASK_READY;
	}
}

static void lose_first(struct m_object *ch)
{
	struct m_cap *cap = ch->entry[0].cap;

	if (cap)
		m_cap_delete(cap);
	drop_first(ch);
}

enum error m_channel_put(struct decoded *d, unsigned label)
{
	struct m_object *ch = d->self->object;
	struct m_cap *source = NULL;
	uint64_t flags = d->word[1];

	if (label == CHANNEL_PUT_CAP) {
		source = *d->slot[0];
		if (m_no_copy(source))
			return ERR_NO_COPY;
	}
	if (flags & ~(uint64_t)(CHANNEL_TRY | CHANNEL_OVERWRITE))
		return ERR_RANGE; /* no deadlines here */
	if (ch->entries == 1u << ch->bits && flags & CHANNEL_OVERWRITE) {
		lose_first(ch);
	} else if (ch->entries == 1u << ch->bits) {
		if (flags & CHANNEL_TRY)
			return ERR_WOULD_BLOCK;
		d->task->state = TASK_PUTTING;
		d->task->waits = ch;
		m_queue_add(&ch->putters, d->task);
		return ERR_OK;
	}
	put(ch, source ? CHANNEL_CAP : CHANNEL_RAW, d->word[0], source);
	return ERR_OK;
}

enum error m_channel_take(struct decoded *d)
{
	struct m_object *ch = d->self->object;
	struct m_cap **slot;
	uint64_t value;
	enum error err;

	if (d->word[0] & ~(uint64_t)CHANNEL_TRY)
		return ERR_RANGE;
	/* What was taken back is no entry, once it comes first. */
	while (ch->entries && ch->entry[0].kind == CHANNEL_CAP &&
	       !ch->entry[0].cap)
		drop_first(ch);
	serve_putters(ch);
	if (!ch->entries) {
		if (d->word[0] & CHANNEL_TRY)
			return ERR_WOULD_BLOCK;
		d->task->state = TASK_WAITING;
		d->task->waits = ch;
		m_queue_add(&ch->queue, d->task);
		return ERR_OK;
	}
	err = find_place(ch, d->task, d->word[1], d->depth[1], &slot, &value);
	if (err)
		return err;
	tell_putters(ch);
	take_first(ch, d->task, d->word[1], d->depth[1]);
	d->result[0] = d->task->word[0];
	d->result[1] = d->task->word[1];
	serve_putters(ch);
	return ERR_OK;
}
