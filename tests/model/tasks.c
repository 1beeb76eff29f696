/* tasks.c: what is asked of tasks, of the model. */
#include "tests/model/internal.h"

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

enum error m_task_call(struct decoded *d, unsigned label)
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
