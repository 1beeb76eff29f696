/*
 * reply.c: calls that were taken and are to be answered.
 *
 * Who awaits an answer lends its priority to the server and, if that has no
 * processor time of its own, its scheduling context. Both go back with the
 * answer. What the caller lent of its memory hangs below slots in the Reply
 * (message.c), and is taken back before the caller goes on.
 */
#include "guest-kernel/kernel/kernel.h"

static unsigned inherited(const struct task *task)
{
	unsigned priority = task->own_priority;

	for (const struct reply *r = task->calls; r; r = r->next)
		if (r->caller->priority > priority)
			priority = r->caller->priority;
	return priority;
}

void task_inherit(struct task *task)
{
	for (unsigned i = 0; i < CHAIN_LENGTH && task; i++) {
		unsigned priority = inherited(task);

		if (priority == task->priority)
			break;
		sched_priority(task, priority);
		task = task->state == TASK_ANSWERED ? task->reply->server
						    : NULL;
	}
}

void reply_begin(struct reply *reply, struct task *caller, struct task *server,
		 bool grant)
{
	reply_link(reply, caller, server, grant);
	caller->state = TASK_ANSWERED;
	caller->waits = &reply->object;
	if (caller->priority > server->priority)
		task_inherit(server);
	if (caller->context && !server->context)
		sched_context_lend(reply);
}

void reply_withdraw(struct task *task)
{
	if (!task->reply)
		return;
	task->reply->server = NULL;
	task->reply = NULL;
}

/* The bond between the two, and all that went along it. */
static void separate(struct reply *reply)
{
	struct task *caller = reply->caller, *server = reply->server;

	if (reply->context)
		sched_context_return(reply);
	reply_unlink(reply);
	caller->reply = NULL;
	caller->waits = NULL;
	caller->state = TASK_INACTIVE;
	if (server->priority != server->own_priority)
		task_inherit(server);
}

void reply_forget(struct reply *reply)
{
	struct task *caller = reply->caller;

	separate(reply);
	if (!reply_lends(reply))
		return;
	reply->caller = caller;
	reply->ending = ERR_OK;
	caller->reply = reply;
}

/*
 * One of the capabilities that descend from what was lent, and so many; true:
 * none is left. All of them are of frames, and no object dies with one.
 */
static bool take_back_one(struct reply *reply)
{
	for (unsigned i = 0; i < MESSAGE_CAPS_MAX; i++) {
		struct slot *slot = &reply->lent[i];

		if (slot_empty(slot))
			continue;
		cap_delete(slot->child ? slot->child : slot);
		return false;
	}
	return true;
}

bool reply_take_back(struct reply *reply)
{
	for (unsigned n = 1; !take_back_one(reply); n++)
		if (n % STEPS_AT_ONCE == 0 && arch_interrupt_pending())
			return false;
	return true;
}

enum error reply_send(struct task *server, struct reply *reply,
		      struct task **woken)
{
	struct task *caller = reply->caller;

	*woken = NULL;
	/* Without a server, the call has ended otherwise. */
	if (!caller || !reply->server)
		return ERR_GONE;
	if (!reply_take_back(reply))
		return ERR_RESTART;
	timeout_cancel(&kernel.sched.timeouts, &caller->timeout);
	separate(reply);
	if (caller->fault) {
		fault_answered(caller, MESSAGE_LABEL_OF(server->regs.rsi));
		return ERR_OK;
	}
	message_copy(server, caller, 0, reply->grant, 0);
	*woken = caller;
	return ERR_OK;
}

/* The caller of a Reply that is no more learns it. */
static void give_up(struct reply *reply)
{
	struct task *caller = reply->caller;

	if (reply->server) {
		ipc_fail(caller, ERR_GONE);
		return;
	}
	/* It is about to make its call again, only to take back. */
	caller->reply = NULL;
	if (reply->ending == ERR_OK)
		return;
	caller->regs.rip += SYSCALL_BYTES;
	task_return(caller, reply->ending, 0, 0);
}

bool reply_step(struct reply *reply)
{
	if (!take_back_one(reply))
		return false;
	if (reply->caller)
		give_up(reply);
	else if (reply->server)
		reply_withdraw(reply->server);
	return true;
}
