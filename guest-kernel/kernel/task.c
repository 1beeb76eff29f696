/*
 * task.c: threads of execution. What a task needs (pool, address space, task
 * buffer) it holds as capabilities in slots of its own, so that taking those
 * back also takes them from the task.
 */
#include "guest-kernel/kernel/kernel.h"

void task_init(struct task *task)
{
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

void task_loses_table(struct slot *table)
{
	task_stop(container_of(table, struct task, table));
}

void task_dies(struct task *task)
{
	task_stop(task);
	arch_task_gone(task);
}

bool task_step(struct task *task)
{
	struct slot *held[] = {&task->cpool, &task->table, &task->buffer};

	for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (!slot_empty(held[i]))
			cap_delete(held[i]);
	return true;
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

/* A task's settings are changed only while it is inactive. */
static enum error set_word(struct invocation *inv, uint64_t *word, uint64_t end)
{
	if (end && inv->word[0] >= end)
		return refuse(inv, 1, ERR_RANGE);
	if (task_of(&inv->self->cap)->state != TASK_INACTIVE)
		return refuse(inv, 0, ERR_BAD_STATE);
	*word = inv->word[0];
	return ERR_OK;
}

static enum error set_slot(struct invocation *inv, struct slot *slot)
{
	if (task_of(&inv->self->cap)->state != TASK_INACTIVE)
		return refuse(inv, 0, ERR_BAD_STATE);
	/* The old one may be the last of what the source lies in. */
	if (!slot_empty(slot))
		cap_delete(slot);
	cap_copy(inv->cap[0], slot);
	return ERR_OK;
}

enum error task_set_ip(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->regs.rip, USER_END);
}

enum error task_set_sp(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->regs.rsp, USER_END);
}

enum error task_set_fs_base(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->arch.fs_base, USER_END);
}

enum error task_set_arg(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->regs.rdi, 0);
}

enum error task_set_cpool(struct invocation *inv)
{
	return set_slot(inv, &task_of(&inv->self->cap)->cpool);
}

enum error task_set_table(struct invocation *inv)
{
	struct slot *table = &task_of(&inv->self->cap)->table;
	enum error err = set_slot(inv, table);

	if (!err)
		table->cap.flags |= CAP_VITAL;
	return err;
}

enum error task_set_buffer(struct invocation *inv)
{
	return set_slot(inv, &task_of(&inv->self->cap)->buffer);
}

static enum error decode_active(struct invocation *inv, const struct task *task)
{
	if (inv->word[0] > 1)
		return refuse(inv, 1, ERR_RANGE);
	if (inv->word[0] == 0)
		return ERR_OK;
	/* A fault can leave an IP that is no address to resume at. */
	if (slot_empty(&task->cpool) || slot_empty(&task->table) ||
	    task->regs.rip == 0 || task->regs.rip >= USER_END ||
	    task->regs.rsp == 0)
		return refuse(inv, 0, ERR_INCOMPLETE);
	return ERR_OK;
}

enum error task_set_active(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	enum error err = decode_active(inv, task);

	if (err)
		return err;
	if (inv->word[0] == 0)
		task_stop(task);
	else if (task->state == TASK_INACTIVE)
		sched_ready(task);
	return ERR_OK;
}
