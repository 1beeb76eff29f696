/*
 * sched.c: who runs. One queue, round robin: its head is the running task, a
 * tick or a yield sends it to the end. A task is on the queue if and only if
 * it is ready.
 */
#include "guest-kernel/kernel/kernel.h"

void queue_append(struct task_queue *queue, struct task *task)
{
	task->next = NULL;
	task->prev = queue->tail;
	if (queue->tail)
		queue->tail->next = task;
	else
		queue->head = task;
	queue->tail = task;
}

void queue_remove(struct task_queue *queue, struct task *task)
{
	if (task->prev)
		task->prev->next = task->next;
	else
		queue->head = task->next;
	if (task->next)
		task->next->prev = task->prev;
	else
		queue->tail = task->prev;
	task->next = task->prev = NULL;
}

void sched_ready(struct task *task)
{
	check(task->state != TASK_READY);
	task->state = TASK_READY;
	queue_append(&kernel.ready, task);
	kernel.ready_count++;
}

void sched_unready(struct task *task)
{
	check(task->state == TASK_READY);
	task->state = TASK_INACTIVE;
	queue_remove(&kernel.ready, task);
	kernel.ready_count--;
}

void sched_rotate(void)
{
	struct task *task = kernel.ready.head;

	if (!task)
		return;
	queue_remove(&kernel.ready, task);
	queue_append(&kernel.ready, task);
}

struct task *sched_current(void)
{
	return kernel.ready.head;
}

bool sched_contended(void)
{
	return kernel.ready_count > 1;
}
