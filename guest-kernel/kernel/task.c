/*
 * task.c: threads of execution. What a task needs (pool, address space, task
 * buffer) it holds as capabilities in slots of its own, so that taking those
 * back also takes them from the task.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

/* TASK_SET_*: what changes, and to what. */
struct setting {
	uint64_t *word;
	uint64_t value;
	struct slot *slot, *source;
};

void task_init(struct task *task)
{
	memset(task, 0, sizeof(*task));
	arch_task_init(&task->regs, &task->arch);
	task->number = ++kernel.task_count;
}

void task_stop(struct task *task)
{
	switch (task->state) {
	case TASK_READY:
		sched_unready(task);
		break;
	case TASK_WAITING:
		/* Its registers still hold the call: it is made again. */
		queue_remove(&task->channel->waiters, task);
		task->channel = NULL;
		task->state = TASK_INACTIVE;
		task->regs.rip -= SYSCALL_BYTES;
		break;
	}
}

struct task_buffer *task_buffer(const struct task *task)
{
	if (slot_empty(&task->buffer))
		return NULL;
	return arch_ptr(task->buffer.cap.base);
}

void task_return(struct task *task, enum error error, uint64_t result0,
		 uint64_t result1)
{
	task->regs.rax = error;
	task->regs.rdx = result0;
	task->regs.r10 = result1;
}

static enum error decode_word(const struct invocation *inv, uint64_t *word,
			      uint64_t end, struct setting *s)
{
	if (inv->words < 1)
		return ERR_TRUNCATED;
	if (end && inv->word[0] >= end)
		return ERR_RANGE;
	*s = (struct setting){.word = word, .value = inv->word[0]};
	return ERR_OK;
}

static enum error decode_slot(const struct invocation *inv, struct slot *slot,
			      unsigned type, struct setting *s)
{
	*s = (struct setting){.slot = slot};
	return cpool_argument(inv, 0, type, &s->source);
}

static enum error decode_setting(const struct invocation *inv,
				 struct task *task, struct setting *s)
{
	enum error err;

	switch (inv->label) {
	case TASK_SET_IP:
		err = decode_word(inv, &task->regs.rip, USER_END, s);
		break;
	case TASK_SET_SP:
		err = decode_word(inv, &task->regs.rsp, USER_END, s);
		break;
	case TASK_SET_FS_BASE:
		err = decode_word(inv, &task->arch.fs_base, USER_END, s);
		break;
	case TASK_SET_ARG:
		err = decode_word(inv, &task->regs.rdi, 0, s);
		break;
	case TASK_SET_CPOOL:
		err = decode_slot(inv, &task->cpool, OBJECT_CPOOL, s);
		break;
	case TASK_SET_TABLE:
		err = decode_slot(inv, &task->table, OBJECT_PML4, s);
		break;
	case TASK_SET_BUFFER:
		err = decode_slot(inv, &task->buffer, OBJECT_TASK_BUFFER, s);
		break;
	default:
		return ERR_NO_SUCH_CALL;
	}
	if (!err && task->state != TASK_INACTIVE)
		err = ERR_BAD_STATE;
	return err;
}

static void do_setting(const struct setting *s)
{
	if (s->word) {
		*s->word = s->value;
		return;
	}
	if (!slot_empty(s->slot))
		cap_remove(s->slot);
	cap_copy(s->source, s->slot);
}

static enum error decode_active(const struct invocation *inv,
				const struct task *task, bool *active)
{
	if (inv->words < 1)
		return ERR_TRUNCATED;
	if (inv->word[0] > 1)
		return ERR_RANGE;
	*active = inv->word[0];
	if (!*active)
		return ERR_OK;
	/* A fault can leave an IP that is no address to resume at. */
	if (slot_empty(&task->cpool) || slot_empty(&task->table) ||
	    task->regs.rip == 0 || task->regs.rip >= USER_END ||
	    task->regs.rsp == 0)
		return ERR_INCOMPLETE;
	return ERR_OK;
}

static void do_active(struct task *task, bool active)
{
	if (!active)
		task_stop(task);
	else if (task->state == TASK_INACTIVE)
		sched_ready(task);
}

enum error task_call(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	struct setting s;
	enum error err;
	bool active;

	if (inv->label == TASK_SET_ACTIVE) {
		err = decode_active(inv, task, &active);
		if (!err)
			do_active(task, active);
		return err;
	}
	err = decode_setting(inv, task, &s);
	if (!err)
		do_setting(&s);
	return err;
}
