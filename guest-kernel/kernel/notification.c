/*
 * notification.c: a word of bits. Signals are or-ed into it until somebody
 * takes all of them at once: who waits for it, or the task it is bound to
 * when that one receives at an endpoint. No task waits while a bit is set.
 */
#include "guest-kernel/kernel/kernel.h"

void notification_deliver(struct task *task, uint64_t bits)
{
	struct regs *r = &task->regs;

	r->rax = ERR_OK;
	r->rdi = bits;
	r->rsi = MESSAGE_NOTIFICATION;
	r->rdx = r->r10 = r->r8 = r->r9 = 0;
}

static struct task *who_waits(const struct notification *n)
{
	if (n->queue.head)
		return n->queue.head;
	if (n->bound && n->bound->state == TASK_RECEIVING)
		return n->bound;
	return NULL;
}

void notification_signal(struct notification *n, uint64_t bits)
{
	struct task *task;

	n->bits |= bits;
	task = n->bits ? who_waits(n) : NULL;
	if (!task)
		return;
	ipc_cancel(task);
	notification_deliver(task, n->bits);
	n->bits = 0;
	sched_ready(task);
}

static bool take(struct task *task, struct notification *n)
{
	if (!n->bits)
		return false;
	notification_deliver(task, n->bits);
	n->bits = 0;
	return true;
}

bool notification_take_bound(struct task *task)
{
	if (slot_empty(&task->notification))
		return false;
	return take(task, arch_ptr(task->notification.cap.base));
}

enum error notification_wait(struct task *task, struct notification *n,
			     bool block)
{
	if (take(task, n))
		return ERR_OK;
	if (!block)
		return ERR_WOULD_BLOCK;
	ipc_wait(task, TASK_LISTENING, &n->object);
	ipc_deadline(task);
	queue_append(&n->queue, task);
	return ERR_OK;
}

bool notification_step(struct notification *n)
{
	if (!n->queue.head)
		return true;
	ipc_fail(n->queue.head, ERR_GONE);
	return false;
}
