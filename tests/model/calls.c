/* calls.c: abi/calls.h, of the model. */
#include "tests/model/internal.h"

enum kind { END, NUMBER, CAP, MAYBE, TAKE, PLACE, MAYBE_PLACE };

struct row {
	uint32_t types;
	unsigned rights;
	struct {
		enum kind kind;
		uint32_t types;
	} argument[4];
};

/* clang-format off */
#define ARG_NONE		    { END, 0 }
#define ARG_WORD(name)		    { NUMBER, 0 }
#define ARG_CAP(types, name)	    { CAP, TYPES_##types }
#define ARG_MAYBE_CAP(types, name)  { MAYBE, TYPES_##types }
#define ARG_TAKE(types, name)	    { TAKE, TYPES_##types }
#define ARG_PLACE(name)		    { PLACE, 0 }
#define ARG_MAYBE_PLACE(name)	    { MAYBE_PLACE, 0 }
/* clang-format on */

#define ROW(name, label, number, types, rights, a, b, c, d, ...) \
	[number] = {                                             \
		TYPES_##types, rights, {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},

static const struct row rows[LABEL_COUNT] = {ABI_CALLS(ROW)};

/* A call with all that its row says found and checked. */
struct decoded {
	struct m_object *task;
	struct m_cap *self;
	uint64_t word[4];
	unsigned depth[4];
	struct m_cap **slot[4];
	struct m_object *home[4]; /* the pools that these lie in */
	uint64_t result[3];
};

static struct m_object *last_home;
static unsigned last_found;

struct m_cap **m_find_slot(struct m_object *task, uint64_t path, unsigned depth,
			   unsigned rights, enum error *err)
{
	const struct m_cap *cap = task->held[HELD_POOL];
	struct m_cap **slot = NULL;

	last_found = OBJECT_NULL;
	*err = ERR_BAD_ADDRESS;
	if (depth == 0 || depth > CADDR_DEPTH_MAX ||
	    (depth < 8 && path >> (8 * depth)))
		return NULL;
	while (depth--) {
		unsigned need = depth ? RIGHT_READ : rights;

		last_found = cap ? cap->type : OBJECT_NULL;
		*err = ERR_BAD_ADDRESS;
		if (!cap || cap->type != OBJECT_CPOOL)
			return NULL;
		*err = ERR_NO_RIGHT;
		if ((cap->rights & need) != need)
			return NULL;
		last_home = cap->object;
		slot = &cap->object->slot[path >> (8 * depth) & 0xff];
		cap = *slot;
	}
	*err = ERR_OK;
	return slot;
}

/* ---- Untypeds ---- */

static void reset(struct m_cap *untyped)
{
	if (!m_cap_child(untyped))
		untyped->had = 0;
}

uint64_t model_left(const struct m_cap *untyped)
{
	return m_cap_child(untyped) ? untyped->size - untyped->had
				    : untyped->size;
}

/* What an object takes, and at a multiple of what it begins. */
static uint64_t bytes_of(unsigned type, uint64_t size, uint64_t *align)
{
	*align = 64;
	switch (type) {
	case OBJECT_CHANNEL:
		return size <= CHANNEL_BITS_MAX ? CHANNEL_BYTES(size) : 0;
	case OBJECT_UNTYPED:
		*align = size % PAGE_BYTES ? 64 : PAGE_BYTES;
		return size % UNTYPED_UNIT ? 0 : size;
	}
	if (size)
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
		return *align = LARGE_PAGE_BYTES;
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return *align = PAGE_BYTES;
	}
	return 0;
}

static bool has_state(unsigned type)
{
	return type == OBJECT_CPOOL || type == OBJECT_TASK ||
	       type == OBJECT_CHANNEL || type == OBJECT_ENDPOINT ||
	       type == OBJECT_REPLY || type == OBJECT_NOTIFICATION ||
	       type == OBJECT_SCHED_CONTEXT;
}

static enum error retype(struct decoded *d)
{
	uint64_t type = d->word[0], count = d->word[2], align, bytes, first;
	struct m_cap cap = {.type = type, .rights = RIGHT_ALL};

	reset(d->self);
	if (type >= OBJECT_COUNT)
		return ERR_RANGE;
	bytes = bytes_of(type, d->word[1], &align);
	if (bytes == 0 || count == 0 || count > CPOOL_SLOTS)
		return ERR_RANGE;
	first = (d->self->base + d->self->had + align - 1) / align * align -
		d->self->base;
	if (first > d->self->size || count > (d->self->size - first) / bytes)
		return ERR_NO_MEMORY;
	if (count > CPOOL_SLOTS - (d->word[3] & 0xff))
		return ERR_RANGE;
	for (uint64_t i = 0; i < count; i++)
		if (d->slot[3][i])
			return ERR_SLOT_TAKEN;
	for (uint64_t i = 0; i < count; i++) {
		if (has_state(type))
			cap.object = m_object_new(type);
		if (type == OBJECT_CHANNEL)
			cap.object->bits = cap.value = d->word[1];
		cap.base = d->self->base + first + i * bytes;
		cap.size = bytes;
		d->slot[3][i] = m_cap_new(&cap, d->self, d->home[3]);
	}
	d->self->had = first + count * bytes;
	d->result[0] = d->self->size - d->self->had;
	return ERR_OK;
}

/* ---- pools ---- */

void m_copy_cap(struct m_cap *source, struct m_cap **slot,
		struct m_object *home)
{
	struct m_cap copy = *source;

	if (source->type == OBJECT_UNTYPED) {
		reset(source);
		copy.base = source->base + source->had;
		copy.size = source->size - source->had;
		copy.had = 0;
		source->had = source->size;
	}
	*slot = m_cap_new(&copy, source, home);
}

static bool no_copy(const struct m_cap *cap)
{
	return TYPES_TABLE >> cap->type & 1;
}

static enum error badge_error(const struct m_cap *source, uint64_t badge)
{
	if (!badge)
		return ERR_OK;
	if (source->type == OBJECT_ENDPOINT ||
	    source->type == OBJECT_NOTIFICATION)
		return source->value ? ERR_BAD_STATE : ERR_OK;
	return ERR_RANGE; /* no ports here */
}

static enum error pool_call(struct decoded *d, unsigned label)
{
	struct m_object *pool = d->self->object;
	struct m_cap **slot, *cap;

	if (label == CPOOL_FREE_SLOT) {
		for (unsigned i = 0; i < CPOOL_SLOTS; i++)
			if (!pool->slot[i]) {
				d->result[0] = i;
				return ERR_OK;
			}
		return ERR_NO_SLOT;
	}
	if (d->word[0] >= CPOOL_SLOTS)
		return ERR_RANGE;
	slot = &pool->slot[d->word[0]];
	cap = *slot;
	switch (label) {
	case CPOOL_TYPE:
		d->result[0] = cap ? cap->type : OBJECT_NULL;
		return ERR_OK;
	case CPOOL_INFO:
		d->result[0] = cap ? cap->type : OBJECT_NULL;
		d->result[1] = cap ? cap->rights : 0;
		d->result[2] = cap ? cap->value : 0;
		return ERR_OK;
	case CPOOL_DELETE:
		if (cap)
			m_cap_delete(cap);
		return ERR_OK;
	case CPOOL_REVOKE:
		if (!cap)
			return ERR_EMPTY_SLOT;
		m_cap_revoke(cap);
		return ERR_OK;
	}
	if (cap)
		return ERR_SLOT_TAKEN;
	switch (label) {
	case CPOOL_COPY:
		if (no_copy(*d->slot[1]))
			return ERR_NO_COPY;
		m_copy_cap(*d->slot[1], slot, pool);
		return ERR_OK;
	case CPOOL_MINT:
		if (d->word[1] & ~(uint64_t)RIGHT_ALL)
			return ERR_RANGE;
		if (badge_error(*d->slot[3], d->word[2]))
			return badge_error(*d->slot[3], d->word[2]);
		if (no_copy(*d->slot[3]))
			return ERR_NO_COPY;
		m_copy_cap(*d->slot[3], slot, pool);
		(*slot)->rights &= d->word[1];
		if (d->word[2])
			(*slot)->value = d->word[2];
		return ERR_OK;
	default: /* CPOOL_MOVE */
		cap = *d->slot[1];
		if (cap->object == pool && cap->home != pool &&
		    pool->count == 1)
			return ERR_BAD_STATE;
		*d->slot[1] = NULL;
		*slot = cap;
		m_cap_rehome(cap, pool);
		return ERR_OK;
	}
}

/* ---- channels ---- */

static void drop_first(struct m_object *ch)
{
	ch->entries--;
	for (unsigned i = 0; i < ch->entries; i++)
		ch->entry[i] = ch->entry[i + 1];
}

/* The first entry, for a task that is told of it. */
static enum error take_first(struct m_object *ch, struct m_object *task,
			     uint64_t path, unsigned depth)
{
	struct m_entry e = ch->entry[0];
	struct m_cap **slot = NULL, *root = task->held[HELD_POOL];
	enum error err = ERR_OK;

	if (e.kind == CHANNEL_CAP && depth) {
		slot = m_find_slot(task, path, depth, RIGHT_WRITE, &err);
		if (err)
			return err;
		if (*slot)
			return ERR_SLOT_TAKEN;
		e.value = path & 0xff;
	} else if (e.kind == CHANNEL_CAP) {
		if (!root)
			return ERR_BAD_ADDRESS;
		if (!(root->rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		last_home = root->object;
		for (e.value = 0; e.value < CPOOL_SLOTS; e.value++)
			if (!last_home->slot[e.value])
				break;
		if (e.value == CPOOL_SLOTS)
			return ERR_NO_SLOT;
		slot = &last_home->slot[e.value];
	}
	drop_first(ch);
	if (slot) {
		*slot = e.cap;
		m_cap_rehome(e.cap, last_home);
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

static void serve_putters(struct m_object *ch)
{
	while (ch->entries < 1u << ch->bits && ch->putters.count) {
		struct m_object *task = ch->putters.task[0];
		const struct call *c = &task->call;
		struct m_cap **slot = NULL;
		enum error err = ERR_OK;

		if ((c->rsi & 0xffff) == CHANNEL_PUT_CAP) {
			slot = m_find_slot(task, c->rdx,
					   c->rsi >> INFO_ARGUMENT_SHIFT & 0xf,
					   RIGHT_READ, &err);
			if (!err && !*slot)
				err = ERR_EMPTY_SLOT;
			if (!err && no_copy(*slot))
				err = ERR_NO_COPY;
		}
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

static enum error channel_put(struct decoded *d, unsigned label)
{
	struct m_object *ch = d->self->object;
	struct m_cap *source = NULL;
	uint64_t flags = d->word[1];

	if (label == CHANNEL_PUT_CAP) {
		source = *d->slot[0];
		if (no_copy(source))
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

static enum error channel_take(struct decoded *d)
{
	struct m_object *ch = d->self->object;
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
	err = take_first(ch, d->task, d->word[1], d->depth[1]);
	if (err)
		return err;
	d->result[0] = d->task->word[0];
	d->result[1] = d->task->word[1];
	serve_putters(ch);
	return ERR_OK;
}

/* ---- tasks ---- */

#define USER_SPACE UINT64_C(0x7ffffffff000)

static enum error set_word(struct decoded *d, bool address)
{
	if (address && d->word[0] >= USER_SPACE)
		return ERR_RANGE;
	return d->self->object->state == TASK_INACTIVE ? ERR_OK : ERR_BAD_STATE;
}

static enum error hold(struct decoded *d, unsigned which, bool inactive)
{
	struct m_object *task = d->self->object;

	if (inactive && task->state != TASK_INACTIVE)
		return ERR_BAD_STATE;
	if (task->held[which])
		m_cap_delete(task->held[which]);
	if (d->slot[0])
		m_copy_cap(*d->slot[0], &task->held[which], task);
	return ERR_OK;
}

static enum error set_active(struct decoded *d)
{
	struct m_object *task = d->self->object;

	if (d->word[0] > 1)
		return ERR_RANGE;
	if (d->word[0] == 0) {
		m_task_stop(task);
		return ERR_OK;
	}
	if (!task->held[HELD_POOL] || !task->held[HELD_TABLE] || !task->ip ||
	    !task->sp)
		return ERR_INCOMPLETE;
	if (task->state == TASK_INACTIVE)
		task->state = TASK_READY;
	return ERR_OK;
}

static enum error bind(struct decoded *d)
{
	struct m_object *task = d->self->object, *n = NULL;
	struct m_cap *cap = d->slot[0] ? *d->slot[0] : NULL;

	if (cap) {
		n = cap->object;
		if (!(cap->rights & RIGHT_READ))
			return ERR_NO_RIGHT;
		if (n->bound && n->bound != task)
			return ERR_BAD_STATE;
	}
	hold(d, HELD_NOTE, false);
	if (n) {
		n->bound = task;
		m_signal_bits(n, 0);
	}
	return ERR_OK;
}

static enum error task_call(struct decoded *d, unsigned label)
{
	struct m_object *task = d->self->object;
	enum error err;

	switch (label) {
	case TASK_SET_IP:
		err = set_word(d, true);
		if (!err) {
			task->ip = d->word[0] != 0;
			task->again = false;
		}
		return err;
	case TASK_SET_SP:
		err = set_word(d, true);
		if (!err)
			task->sp = d->word[0] != 0;
		return err;
	case TASK_SET_FS_BASE:
		return set_word(d, true);
	case TASK_SET_CPOOL:
		return hold(d, HELD_POOL, true);
	case TASK_SET_TABLE:
		return hold(d, HELD_TABLE, true);
	case TASK_SET_BUFFER:
		return hold(d, HELD_BUFFER, true);
	case TASK_SET_ACTIVE:
		return set_active(d);
	case TASK_BIND:
		return bind(d);
	default: /* TASK_INFO */
		d->result[0] = task->state;
		return ERR_OK;
	}
}

/* ---- all of them ---- */

static enum error run(struct decoded *d, unsigned label)
{
	switch (label) {
	case UNTYPED_RETYPE:
		return retype(d);
	case UNTYPED_INFO:
		reset(d->self);
		d->result[0] = d->self->size;
		d->result[1] = model_left(d->self);
		return ERR_OK;
	case CHANNEL_PUT_RAW:
	case CHANNEL_PUT_CAP:
		return channel_put(d, label);
	case CHANNEL_TAKE:
		return channel_take(d);
	}
	return rows[label].types == TYPES_CPOOL ? pool_call(d, label)
						: task_call(d, label);
}

static enum error refuse(struct m_object *task, enum error err, uint64_t detail)
{
	m_tell(task, err);
	task->has_detail = true;
	task->word[0] = detail;
	return err;
}

static enum error about_path(struct m_object *task, enum error err, unsigned at)
{
	return refuse(task, err,
		      DETAIL(at, (unsigned)OBJECT_CPOOL, last_found));
}

static enum error about_type(struct m_object *task, uint32_t types,
			     const struct m_cap *cap, unsigned at)
{
	return refuse(task, ERR_WRONG_TYPE,
		      DETAIL(at, (unsigned)__builtin_ctz(types), cap->type));
}

static enum error find_target(struct decoded *d, const struct row *row)
{
	const struct call *c = &d->task->call;
	struct m_cap **slot;
	enum error err;

	slot = m_find_slot(d->task, c->rdi, c->rsi >> INFO_TARGET_SHIFT & 0xf,
			   RIGHT_READ, &err);
	if (!slot)
		return about_path(d->task, err, 0);
	if (!*slot)
		return refuse(d->task, ERR_EMPTY_SLOT, 0);
	d->self = *slot;
	if (!(row->types >> d->self->type & 1))
		return about_type(d->task, row->types, d->self, 0);
	if (row->rights & ~d->self->rights)
		return refuse(d->task, ERR_NO_RIGHT, 0);
	return ERR_OK;
}

static enum error find_argument(struct decoded *d, const struct row *row,
				unsigned i)
{
	static const unsigned rights[] = {
		[CAP] = RIGHT_READ,
		[MAYBE] = RIGHT_READ,
		[TAKE] = RIGHT_READ | RIGHT_WRITE,
		[PLACE] = RIGHT_WRITE,
		[MAYBE_PLACE] = RIGHT_WRITE,
	};
	enum kind kind = row->argument[i].kind;
	struct m_cap **slot;
	enum error err;

	slot = m_find_slot(d->task, d->word[i], d->depth[i], rights[kind],
			   &err);
	if (!slot)
		return about_path(d->task, err, i + 1);
	d->slot[i] = slot;
	d->home[i] = last_home;
	if (kind == PLACE || kind == MAYBE_PLACE)
		return *slot ? refuse(d->task, ERR_SLOT_TAKEN, i + 1) : ERR_OK;
	if (!*slot)
		return refuse(d->task, ERR_EMPTY_SLOT, i + 1);
	if (!(row->argument[i].types >> (*slot)->type & 1))
		return about_type(d->task, row->argument[i].types, *slot,
				  i + 1);
	return ERR_OK;
}

static enum error decode(struct decoded *d, const struct row *row)
{
	const struct call *c = &d->task->call;
	unsigned words = c->rsi >> INFO_WORDS_SHIFT & 0xf, paths = 0;
	enum error err = find_target(d, row);

	for (unsigned i = 0; !err && i < 4 && row->argument[i].kind; i++) {
		enum kind kind = row->argument[i].kind;

		if (kind != NUMBER) {
			d->depth[i] =
				c->rsi >> (INFO_ARGUMENT_SHIFT + 4 * paths++) &
				0xf;
			if ((kind == MAYBE || kind == MAYBE_PLACE) &&
			    !d->depth[i])
				continue;
		}
		if (words <= i)
			return refuse(d->task, ERR_TRUNCATED, i + 1);
		if (kind != NUMBER)
			err = find_argument(d, row, i);
	}
	return err;
}

static void invoke(struct m_object *task)
{
	const struct call *c = &task->call;
	struct decoded d = {.task = task,
			    .word = {c->rdx, c->r10, c->r8, c->r9}};
	unsigned label = c->rsi & 0xffff;
	enum error err;

	if (c->rsi >> INFO_BITS || (c->rsi >> INFO_WORDS_SHIFT & 0xf) > 4) {
		m_tell(task, ERR_RANGE);
		return;
	}
	if (label >= LABEL_COUNT || !rows[label].types) {
		m_tell(task, ERR_NO_SUCH_CALL);
		return;
	}
	if (decode(&d, &rows[label]))
		return;
	err = run(&d, label);
	if (task->state == TASK_WAITING || task->state == TASK_PUTTING)
		return;
	m_tell(task, err);
	if (err)
		return;
	for (unsigned i = 0; i < 3; i++)
		task->word[i] = d.result[i];
	task->words = label == TASK_INFO				? 1
		      : label == UNTYPED_RETYPE				? 1
		      : label == UNTYPED_INFO				? 2
		      : label == CHANNEL_TAKE				? 2
		      : label == CPOOL_INFO				? 3
		      : label == CPOOL_TYPE || label == CPOOL_FREE_SLOT ? 1
									: 0;
}

void model_call(struct m_object *task)
{
	uint64_t number = task->call.rax;

	task->told = false;
	task->again = false;
	if (number == SYS_INVOKE) {
		invoke(task);
	} else if (number >= SYS_CALL && number <= SYS_NB_RECV) {
		m_message_call(task);
	} else if (number == SYS_EXIT) {
		m_tell(task, ERR_OK);
		task->state = TASK_INACTIVE;
	} else {
		m_tell(task, number == SYS_YIELD ? ERR_OK : ERR_NO_SUCH_CALL);
	}
}
