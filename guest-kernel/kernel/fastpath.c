/*
 * fastpath.c: the common call and the common answer: up to four words, no
 * capability, no deadline, a partner that waits, and nothing inherited or
 * lent. They do what ipc.c would, in a third of its instructions
 * (docs/performance.md), for a kernel of small servers does little else. What
 * is not common is left alone, and false is returned: nothing has changed.
 */
#include "guest-kernel/kernel/kernel.h"

#define COMMON_CALL   (UINT64_C(1) << INFO_TARGET_SHIFT)
#define COMMON_ANSWER (COMMON_CALL | UINT64_C(1) << INFO_ARGUMENT_SHIFT)
#define LENGTH_BITS   7u

/* At most four words, paths of one byte, and nothing else. */
static bool common(uint64_t info, uint64_t form)
{
	return ((uint32_t)info & ~LENGTH_BITS) == form &&
	       MESSAGE_LENGTH(info) <= MESSAGE_REGISTERS;
}

/* A slot of the task's root pool, or NULL. */
static inline const struct cap *find(const struct task *task, uint64_t index,
				     unsigned type)
{
	const struct cap *pool = &task->cpool.cap, *cap;

	if (pool->type != OBJECT_CPOOL || !(pool->rights & RIGHT_READ) ||
	    index >= CPOOL_SLOTS)
		return NULL;
	cap = &cpool_of(pool)->slot[index].cap;
	return cap->type == type ? cap : NULL;
}

/* It may go on in this task's place: no other is to run first, nor to pay. */
static inline bool may_follow(const struct task *task, const struct task *next)
{
	return !((uintptr_t)task->context | (uintptr_t)next->context |
		 next->timeout.when) &&
	       task->priority == next->priority &&
	       task->own_priority == task->priority &&
	       kernel.sched.ready_end <= next->priority + 1u;
}

static inline void copy(const struct regs *from, struct regs *to,
			uint64_t badge, uint64_t flags)
{
	unsigned length = MESSAGE_LENGTH(from->rsi);

	to->rax = ERR_OK;
	to->rdi = badge;
	to->rsi = (from->rsi & MESSAGE_LABEL) | flags | length;
	to->rdx = from->rdx;
	to->r10 = from->r10;
	to->r8 = from->r8;
	to->r9 = from->r9;
	if (length == MESSAGE_REGISTERS)
		return;
	/* Nothing of the sender's but what it sends. */
	switch (length) {
	case 0:
		to->rdx = 0; /* fall through */
	case 1:
		to->r10 = 0; /* fall through */
	case 2:
		to->r8 = 0; /* fall through */
	case 3:
		to->r9 = 0;
	}
}

static void wait(struct task *task, unsigned state, struct object *at)
{
	task->state = state;
	task->waits = at;
}

static void go_on(struct task *next)
{
	next->state = TASK_READY;
	next->waits = NULL;
	kernel.sched.running = next;
}

bool fast_call(struct task *task)
{
	const struct regs *r = &task->regs;
	const struct cap *cap;
	struct endpoint *ep;
	struct task *server;
	struct reply *reply;

	if (!common(r->rsi, COMMON_CALL) || task->reply)
		return false;
	cap = find(task, r->rdi, OBJECT_ENDPOINT);
	if (!cap || !(cap->rights & RIGHT_WRITE))
		return false;
	ep = arch_ptr(cap->base);
	server = ep->queue.head;
	if (!server || !ep->receivers || !server->reply ||
	    !may_follow(task, server))
		return false;

	reply = server->reply;
	queue_pop(&ep->queue);
	server->reply = NULL;
	reply_link(reply, task, server,
		   cap->rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY));
	wait(task, TASK_ANSWERED, &reply->object);
	copy(r, &server->regs, cap->badge, MESSAGE_CALL);
	go_on(server);
	return true;
}

static bool has_bits(const struct task *task)
{
	const struct cap *cap = &task->notification.cap;

	return cap->type &&
	       ((const struct notification *)arch_ptr(cap->base))->bits;
}

bool fast_reply_receive(struct task *task)
{
	const struct regs *r = &task->regs;
	const struct cap *cap, *answer;
	struct endpoint *ep;
	struct task *caller;
	struct reply *reply;

	if (!common(r->rsi, COMMON_ANSWER))
		return false;
	cap = find(task, r->rdi, OBJECT_ENDPOINT);
	answer = find(task, r->r12, OBJECT_REPLY);
	if (!cap || !answer || !(cap->rights & RIGHT_READ))
		return false;
	ep = arch_ptr(cap->base);
	reply = arch_ptr(answer->base);
	caller = reply->caller;
	if (!caller || reply->server != task || caller->fault ||
	    reply_lends(reply) || (ep->queue.head && !ep->receivers) ||
	    has_bits(task) || !may_follow(task, caller))
		return false;

	reply_unlink(reply);
	caller->reply = NULL;
	copy(r, &caller->regs, 0, 0);
	go_on(caller);
	reply->server = task;
	task->reply = reply;
	wait(task, TASK_RECEIVING, &ep->object);
	ep->receivers = true;
	queue_append(&ep->queue, task);
	return true;
}
