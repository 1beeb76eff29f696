/*
 * ipc.c: the system calls that send and receive, and how a wait ends.
 */
#include "guest-kernel/kernel/kernel.h"

/* ---- Waiting ---- */

void ipc_wait(struct task *task, unsigned state, struct object *at)
{
	sched_unready(task);
	task->state = state;
	task->waits = at;
}

void ipc_arm(struct task *task, uint64_t when)
{
	timeout_arm(&kernel.sched.timeouts, &task->timeout, when ? when : 1);
}

void ipc_deadline(struct task *task)
{
	if (task->regs.rsi & MESSAGE_DEADLINE)
		ipc_arm(task, task->regs.r13);
}

static struct endpoint *endpoint_of_wait(const struct task *task)
{
	return container_of(task->waits, struct endpoint, object);
}

static struct channel *channel_of_wait(const struct task *task)
{
	return container_of(task->waits, struct channel, object);
}

void ipc_cancel(struct task *task)
{
	timeout_cancel(&kernel.sched.timeouts, &task->timeout);
	switch (task->state) {
	case TASK_WAITING:
		queue_remove(&channel_of_wait(task)->waiters, task);
		break;
	case TASK_PUTTING:
		queue_remove(&channel_of_wait(task)->putters, task);
		break;
	case TASK_SENDING:
	case TASK_CALLING:
		queue_remove(&endpoint_of_wait(task)->queue, task);
		break;
	case TASK_RECEIVING:
		queue_remove(&endpoint_of_wait(task)->queue, task);
		reply_withdraw(task);
		break;
	case TASK_LISTENING:
		queue_remove(
			&container_of(task->waits, struct notification, object)
				 ->queue,
			task);
		break;
	case TASK_ANSWERED:
		reply_forget(task->reply);
		break;
	}
	task->waits = NULL;
	task->state = TASK_INACTIVE;
}

void ipc_fail(struct task *task, enum error err)
{
	ipc_cancel(task);
	if (task->fault) {
		fault_unhandled(task);
		return;
	}
	if (task->reply) {
		task->reply->ending = err;
		task->regs.rip -= SYSCALL_BYTES;
	} else {
		task_return(task, err, 0, 0);
	}
	sched_ready(task);
}

/* ---- The calls ---- */

static enum error walk(struct task *task, uint64_t path, unsigned depth,
		       struct slot **slot)
{
	unsigned found;
	enum error err;

	err = cpool_walk(&task->cpool, path, depth, RIGHT_READ, slot, &found);
	if (!err && slot_empty(*slot))
		err = ERR_EMPTY_SLOT;
	return err;
}

/* A Reply that is free to take a call; none when the depth is 0. */
static enum error decode_reply(struct task *task, uint64_t info, bool answer,
			       struct reply **reply)
{
	unsigned depth = info >> INFO_ARGUMENT_SHIFT & 0xf;
	struct slot *slot;
	enum error err;

	*reply = NULL;
	if (!depth)
		return answer ? ERR_TRUNCATED : ERR_OK;
	err = walk(task, task->regs.r12, depth, &slot);
	if (err)
		return err;
	if (slot->cap.type != OBJECT_REPLY)
		return ERR_WRONG_TYPE;
	*reply = arch_ptr(slot->cap.base);
	if (!answer && ((*reply)->caller || (*reply)->server))
		return ERR_BAD_STATE;
	return task->call_count < CALLS_AT_ONCE ? ERR_OK : ERR_BAD_STATE;
}

static enum error send(struct task *task, struct slot *slot, bool call,
		       bool block)
{
	struct task *woken;
	enum error err;

	switch (slot->cap.type) {
	case OBJECT_ENDPOINT:
		if (!(slot->cap.rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		return endpoint_send(task, slot, call, block);
	case OBJECT_NOTIFICATION:
		if (!(slot->cap.rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		if (call)
			return ERR_WRONG_TYPE;
		notification_signal(arch_ptr(slot->cap.base),
				    slot->cap.badge ? slot->cap.badge
						    : task->regs.rdx);
		task_return(task, ERR_OK, 0, 0);
		return ERR_OK;
	case OBJECT_REPLY:
		if (call)
			return ERR_WRONG_TYPE;
		err = reply_send(task, arch_ptr(slot->cap.base), &woken);
		if (err)
			return err;
		if (woken)
			sched_ready(woken);
		task_return(task, ERR_OK, 0, 0);
		return ERR_OK;
	default:
		return ERR_WRONG_TYPE;
	}
}

static enum error receive(struct task *task, struct slot *slot,
			  struct reply *reply, bool block)
{
	if (!(slot->cap.rights & RIGHT_READ))
		return ERR_NO_RIGHT;
	if (slot->cap.type == OBJECT_ENDPOINT)
		return endpoint_receive(task, slot, reply, block);
	return notification_wait(task, arch_ptr(slot->cap.base), block);
}

static bool receivable(const struct slot *slot)
{
	return slot->cap.type == OBJECT_ENDPOINT ||
	       slot->cap.type == OBJECT_NOTIFICATION;
}

/* The answer, if it is still awaited, and then the next message. */
static enum error reply_receive(struct task *task, struct slot *slot)
{
	struct task *woken = NULL;
	struct reply *reply;
	enum error err;

	err = decode_reply(task, task->regs.rsi, true, &reply);
	if (err)
		return err;
	if (!receivable(slot))
		return ERR_WRONG_TYPE;
	if (!(slot->cap.rights & RIGHT_READ))
		return ERR_NO_RIGHT;
	/* Another task has offered it: it is not ours to answer with. */
	if (reply->server && !reply->caller)
		return ERR_BAD_STATE;
	err = reply_send(task, reply, &woken);
	if (err == ERR_RESTART)
		return err;
	/* Taking back may have taken what we receive with. */
	err = receive(task, slot, reply, true);
	if (woken && task->state != TASK_READY)
		sched_handover(woken);
	else if (woken)
		sched_ready(woken);
	return err;
}

/*
 * The task's call ended without an answer, and what it lent has to come back
 * before it goes on: it made the call again to do that itself.
 */
static enum error finish_call(struct task *task)
{
	struct reply *reply = task->reply;
	enum error err = reply->ending;

	if (!reply_take_back(reply))
		return ERR_RESTART;
	reply->caller = NULL;
	reply->ending = 0;
	task->reply = NULL;
	return err;
}

enum error ipc_call(struct task *task, unsigned number)
{
	const struct regs *r = &task->regs;
	struct reply *reply;
	struct slot *slot;
	enum error err;

	if (task->reply) {
		err = finish_call(task);
		if (err != ERR_OK)
			return err;
	}
	if (r->rsi & MESSAGE_ZERO || MESSAGE_LENGTH(r->rsi) > MESSAGE_WORDS)
		return ERR_RANGE;
	err = walk(task, r->rdi, r->rsi >> INFO_TARGET_SHIFT & 0xf, &slot);
	if (err)
		return err;
	switch (number) {
	case SYS_CALL:
		return send(task, slot, true, true);
	case SYS_SEND:
	case SYS_NB_SEND:
		return send(task, slot, false, number == SYS_SEND);
	case SYS_REPLY_RECV:
		return reply_receive(task, slot);
	default:
		if (!receivable(slot))
			return ERR_WRONG_TYPE;
		err = decode_reply(task, r->rsi, false, &reply);
		if (err)
			return err;
		return receive(task, slot, reply, number == SYS_RECV);
	}
}
