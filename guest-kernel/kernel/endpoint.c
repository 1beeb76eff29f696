/*
 * endpoint.c: where senders and receivers meet. A queue holds one of both
 * kinds, first come first served; ipc.h says what always holds.
 */
#include "guest-kernel/kernel/kernel.h"

static struct task *dequeue(struct endpoint *ep)
{
	struct task *task = ep->queue.head;

	queue_remove(&ep->queue, task);
	return task;
}

static void wait_here(struct endpoint *ep, struct task *task, unsigned state)
{
	ipc_wait(task, state, &ep->object);
	ipc_deadline(task);
	ep->receivers = state == TASK_RECEIVING;
	queue_append(&ep->queue, task);
}

static bool may_grant(const struct cap *cap)
{
	return cap->rights & RIGHT_GRANT;
}

static bool may_answer_grant(const struct cap *cap)
{
	return cap->rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY);
}

/*
 * A receiver took a call. Without a Reply object nobody could answer it, and
 * the caller is told so; the message arrived all the same.
 */
static void begin_call(struct task *caller, struct task *server,
		       struct reply *reply, bool grant)
{
	if (!reply) {
		ipc_fail(caller, ERR_NO_REPLY);
		return;
	}
	if (caller == kernel.sched.running)
		sched_unready(caller);
	reply_begin(reply, caller, server, grant);
}

enum error endpoint_send(struct task *task, const struct slot *slot, bool call,
			 bool block)
{
	struct endpoint *ep = arch_ptr(slot->cap.base);
	uint64_t badge = slot->cap.badge;
	struct reply *reply;
	struct task *to;

	if (!ep->queue.head || !ep->receivers) {
		if (!block)
			return ERR_WOULD_BLOCK;
		task->badge = badge;
		task->send_rights = slot->cap.rights;
		wait_here(ep, task, call ? TASK_CALLING : TASK_SENDING);
		return ERR_OK;
	}
	to = ep->queue.head;
	reply = to->reply;
	if (call && !reply)
		return ERR_NO_REPLY;
	ipc_cancel(to);
	if (!call) {
		message_copy(task, to, badge, may_grant(&slot->cap), 0);
		task_return(task, ERR_OK, 0, 0);
		sched_ready(to);
		return ERR_OK;
	}
	begin_call(task, to, reply, may_answer_grant(&slot->cap));
	ipc_deadline(task);
	message_copy(task, to, badge, may_grant(&slot->cap), MESSAGE_CALL);
	sched_handover(to);
	return ERR_OK;
}

/* A message from the first of the senders. */
static void take(struct endpoint *ep, struct task *task, struct reply *reply)
{
	struct task *from = dequeue(ep);
	bool call = from->state == TASK_CALLING;
	bool grant = from->send_rights & RIGHT_GRANT;

	from->waits = NULL;
	from->state = TASK_INACTIVE;
	if (call && reply)
		begin_call(from, task, reply,
			   from->send_rights &
				   (RIGHT_GRANT | RIGHT_GRANT_REPLY));
	else
		timeout_cancel(&kernel.sched.timeouts, &from->timeout);
	message_copy(from, task, from->badge, grant,
		     call && reply ? MESSAGE_CALL : 0);
	if (call && reply)
		return;
	task_return(from, call ? ERR_NO_REPLY : ERR_OK, 0, 0);
	if (from->fault)
		fault_unhandled(from);
	else
		sched_ready(from);
}

enum error endpoint_receive(struct task *task, const struct slot *slot,
			    struct reply *reply, bool block)
{
	struct endpoint *ep = arch_ptr(slot->cap.base);

	if (notification_take_bound(task))
		return ERR_OK;
	if (ep->queue.head && !ep->receivers) {
		take(ep, task, reply);
		return ERR_OK;
	}
	if (!block)
		return ERR_WOULD_BLOCK;
	if (reply) {
		reply->server = task;
		task->reply = reply;
	}
	wait_here(ep, task, TASK_RECEIVING);
	return ERR_OK;
}

void endpoint_fault(struct task *task)
{
	const struct cap *cap = &task->fault_handler.cap;
	struct endpoint *ep = arch_ptr(cap->base);
	struct reply *reply;
	struct task *to;

	task->badge = cap->badge;
	task->send_rights = cap->rights & ~RIGHT_GRANT;
	if (!ep->queue.head || !ep->receivers || !ep->queue.head->reply) {
		if (ep->queue.head && ep->receivers) {
			fault_unhandled(task);
			return;
		}
		task->state = TASK_CALLING;
		task->waits = &ep->object;
		ep->receivers = false;
		queue_append(&ep->queue, task);
		return;
	}
	to = ep->queue.head;
	reply = to->reply;
	ipc_cancel(to);
	reply_begin(reply, task, to, false);
	message_copy(task, to, task->badge, false, MESSAGE_CALL);
	sched_handover(to);
}

bool endpoint_step(struct endpoint *ep)
{
	if (!ep->queue.head)
		return true;
	ipc_fail(ep->queue.head, ERR_GONE);
	return false;
}
