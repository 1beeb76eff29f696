/*
 * lists.h: the lists that tasks and Replies are on, inline: a call and its
 * answer go through six of these. Included by kernel.h.
 */
#ifndef KERNEL_LISTS_H
#define KERNEL_LISTS_H

static inline void queue_append(struct task_queue *queue, struct task *task)
{
	task->next = NULL;
	task->prev = queue->tail;
	if (queue->tail)
		queue->tail->next = task;
	else
		queue->head = task;
	queue->tail = task;
}

static inline void queue_prepend(struct task_queue *queue, struct task *task)
{
	task->prev = NULL;
	task->next = queue->head;
	if (queue->head)
		queue->head->prev = task;
	else
		queue->tail = task;
	queue->head = task;
}

static inline void queue_remove(struct task_queue *queue, struct task *task)
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

/* The first of a queue that has one. */
static inline struct task *queue_pop(struct task_queue *queue)
{
	struct task *task = queue->head, *next = task->next;

	queue->head = next;
	if (next)
		next->prev = NULL;
	else
		queue->tail = NULL;
	task->next = NULL;
	return task;
}

/* The two of them as caller and server; no more than that. */
static inline void reply_link(struct reply *reply, struct task *caller,
			      struct task *server, bool grant)
{
	reply->caller = caller;
	reply->server = server;
	reply->grant = grant;
	caller->reply = reply;
	reply->prev = NULL;
	reply->next = server->calls;
	if (server->calls)
		server->calls->prev = reply;
	server->calls = reply;
	server->call_count++;
}

static inline void reply_unlink(struct reply *reply)
{
	struct task *server = reply->server;

	if (reply->prev)
		reply->prev->next = reply->next;
	else
		server->calls = reply->next;
	if (reply->next)
		reply->next->prev = reply->prev;
	reply->next = reply->prev = NULL;
	server->call_count--;
	reply->caller = reply->server = NULL;
}

/* Something was lent along the call, of memory or time. */
static inline bool reply_lends(const struct reply *reply)
{
	_Static_assert(MESSAGE_CAPS_MAX == 3, "all of them");
	return reply->context ||
	       (reply->lent[0].cap.type | reply->lent[1].cap.type |
		reply->lent[2].cap.type);
}

/* Who goes on, on the way out; NULL: nobody can. */
static inline struct task *sched_next(void)
{
	const struct sched *sched = &kernel.sched;

	return sched->running && !sched->reschedule ? sched->running
						    : sched_pick();
}

#endif
