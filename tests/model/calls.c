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

struct m_object *m_last_home;
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
		m_last_home = cap->object;
		slot = &cap->object->slot[path >> (8 * depth) & 0xff];
		cap = *slot;
	}
	*err = ERR_OK;
	return slot;
}

static enum error run(struct decoded *d, unsigned label)
{
	switch (label) {
	case UNTYPED_RETYPE:
		return m_retype(d);
	case UNTYPED_INFO:
		m_reset(d->self);
		d->result[0] = d->self->size;
		d->result[1] = model_left(d->self);
		return ERR_OK;
	case CHANNEL_PUT_RAW:
	case CHANNEL_PUT_CAP:
		return m_channel_put(d, label);
	case CHANNEL_TAKE:
		return m_channel_take(d);
	}
	return rows[label].types == TYPES_CPOOL ? m_pool_call(d, label)
						: m_task_call(d, label);
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
	d->home[i] = m_last_home;
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
