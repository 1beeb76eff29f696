/* messages.c: abi/message.h, of the model. */
#include "tests/model/internal.h"

static void deliver_bits(struct m_object *task, struct m_object *n)
{
	m_tell(task, ERR_OK);
	task->rdi = n->bits_set;
	task->rsi = MESSAGE_NOTIFICATION;
	for (unsigned i = 0; i < 4; i++)
		task->word[i] = 0;
	task->words = 6;
	n->bits_set = 0;
}

void m_signal_bits(struct m_object *n, uint64_t bits)
{
	struct m_object *task = n->queue.count ? n->queue.task[0] : NULL;

	n->bits_set |= bits;
	if (!task && n->bound && n->bound->state == TASK_RECEIVING)
		task = n->bound;
	if (!n->bits_set || !task)
		return;
	m_wait_end(task);
	deliver_bits(task, n);
	task->state = TASK_READY;
}

static void copy_message(const struct m_object *from, struct m_object *to,
			 uint64_t badge, uint64_t flags)
{
	const struct call *c = &from->call;
	uint64_t word[4] = {c->rdx, c->r10, c->r8, c->r9};
	unsigned length = MESSAGE_LENGTH(c->rsi);

	if (length > 4 && !(from->held[HELD_BUFFER] && to->held[HELD_BUFFER]))
		length = 4;
	m_tell(to, ERR_OK);
	to->rdi = badge;
	to->rsi = (c->rsi & MESSAGE_LABEL) | flags | length;
	for (unsigned i = 0; i < 4; i++)
		to->word[i] = i < length ? word[i] : 0;
	to->words = 6;
}

static void begin_call(struct m_object *caller, struct m_object *server,
		       struct m_object *reply)
{
	reply->caller = caller;
	reply->server = server;
	caller->state = TASK_ANSWERED;
	caller->waits = NULL;
	caller->reply = reply;
}

static enum error send(struct m_object *task, const struct m_cap *cap,
		       bool call, bool block)
{
	struct m_object *ep = cap->object, *to, *reply;

	if (!(cap->rights & RIGHT_WRITE))
		return ERR_NO_RIGHT;
	if (!ep->queue.count || !ep->receivers) {
		if (!block)
			return ERR_WOULD_BLOCK;
		task->badge = cap->value;
		task->state = call ? TASK_CALLING : TASK_SENDING;
		task->waits = ep;
		ep->receivers = false;
		m_queue_add(&ep->queue, task);
		return ERR_OK;
	}
	to = ep->queue.task[0];
	reply = to->reply;
	if (call && !reply)
		return ERR_NO_REPLY;
	m_wait_end(to);
	to->state = TASK_READY;
	copy_message(task, to, cap->value, call ? MESSAGE_CALL : 0);
	if (call)
		begin_call(task, to, reply);
	else
		m_tell(task, ERR_OK);
	return ERR_OK;
}

static enum error answer(struct m_object *task, struct m_object *reply)
{
	struct m_object *caller = reply->caller;

	if (!caller)
		return ERR_GONE;
	m_wait_end(caller);
	caller->state = TASK_READY;
	copy_message(task, caller, 0, 0);
	return ERR_OK;
}

static void take(struct m_object *task, struct m_object *ep,
		 struct m_object *reply)
{
	struct m_object *from = ep->queue.task[0];
	bool call = from->state == TASK_CALLING;

	m_wait_end(from);
	copy_message(from, task, from->badge, call && reply ? MESSAGE_CALL : 0);
	if (call && reply) {
		begin_call(from, task, reply);
		return;
	}
	m_tell(from, call ? ERR_NO_REPLY : ERR_OK);
	from->state = TASK_READY;
}

static enum error wait_bits(struct m_object *task, struct m_object *n,
			    bool block)
{
	if (n->bits_set) {
		deliver_bits(task, n);
		return ERR_OK;
	}
	if (!block)
		return ERR_WOULD_BLOCK;
	task->state = TASK_LISTENING;
	task->waits = n;
	m_queue_add(&n->queue, task);
	return ERR_OK;
}

static enum error receive(struct m_object *task, const struct m_cap *cap,
			  struct m_object *reply, bool block)
{
	struct m_object *ep = cap->object;
	struct m_cap *bound = task->held[HELD_NOTE];

	if (!(cap->rights & RIGHT_READ))
		return ERR_NO_RIGHT;
	if (cap->type == OBJECT_NOTIFICATION)
		return wait_bits(task, ep, block);
	if (bound && bound->object->bits_set) {
		deliver_bits(task, bound->object);
		return ERR_OK;
	}
	if (ep->queue.count && !ep->receivers) {
		take(task, ep, reply);
		return ERR_OK;
	}
	if (!block)
		return ERR_WOULD_BLOCK;
	if (reply) {
		reply->server = task;
		task->reply = reply;
	}
	task->state = TASK_RECEIVING;
	task->waits = ep;
	ep->receivers = true;
	m_queue_add(&ep->queue, task);
	return ERR_OK;
}

static enum error do_send(struct m_object *task, const struct m_cap *cap,
			  unsigned number)
{
	bool call = number == SYS_CALL;
	enum error err;

	if (cap->type == OBJECT_ENDPOINT)
		return send(task, cap, call, number != SYS_NB_SEND);
	if (cap->type == OBJECT_NOTIFICATION) {
		if (!(cap->rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		if (call)
			return ERR_WRONG_TYPE;
		m_signal_bits(cap->object,
			      cap->value ? cap->value : task->call.rdx);
		m_tell(task, ERR_OK);
		return ERR_OK;
	}
	if (cap->type != OBJECT_REPLY || call)
		return ERR_WRONG_TYPE;
	err = answer(task, cap->object);
	if (!err)
		m_tell(task, ERR_OK);
	return err;
}

static enum error find_reply(struct m_object *task, bool needed,
			     struct m_object **reply)
{
	unsigned depth = task->call.rsi >> INFO_ARGUMENT_SHIFT & 0xf;
	struct m_cap **slot;
	enum error err;

	*reply = NULL;
	if (!depth)
		return needed ? ERR_TRUNCATED : ERR_OK;
	slot = m_find_slot(task, task->call.r12, depth, RIGHT_READ, &err);
	if (!slot)
		return err;
	if (!*slot)
		return ERR_EMPTY_SLOT;
	if ((*slot)->type != OBJECT_REPLY)
		return ERR_WRONG_TYPE;
	*reply = (*slot)->object;
	if (!needed && ((*reply)->caller || (*reply)->server))
		return ERR_BAD_STATE;
	return ERR_OK;
}

static enum error do_receive(struct m_object *task, const struct m_cap *cap,
			     unsigned number)
{
	bool answers = number == SYS_REPLY_RECV;
	bool fits = cap->type == OBJECT_ENDPOINT ||
		    cap->type == OBJECT_NOTIFICATION;
	struct m_object *reply;
	enum error err;

	if (!answers && !fits)
		return ERR_WRONG_TYPE;
	err = find_reply(task, answers, &reply);
	if (err)
		return err;
	if (!fits)
		return ERR_WRONG_TYPE;
	if (!answers)
		return receive(task, cap, reply, number == SYS_RECV);
	if (!(cap->rights & RIGHT_READ))
		return ERR_NO_RIGHT;
	if (reply->server && !reply->caller)
		return ERR_BAD_STATE;
	answer(task, reply);
	return receive(task, cap, reply, true);
}

void m_message_call(struct m_object *task)
{
	const struct call *c = &task->call;
	struct m_cap **slot;
	enum error err;

	if (c->rsi & MESSAGE_ZERO || MESSAGE_LENGTH(c->rsi) > MESSAGE_WORDS) {
		m_tell(task, ERR_RANGE);
		return;
	}
	slot = m_find_slot(task, c->rdi, c->rsi >> INFO_TARGET_SHIFT & 0xf,
			   RIGHT_READ, &err);
	if (slot && !*slot)
		err = ERR_EMPTY_SLOT;
	if (!err &&
	    (c->rax == SYS_CALL || c->rax == SYS_SEND || c->rax == SYS_NB_SEND))
		err = do_send(task, *slot, c->rax);
	else if (!err)
		err = do_receive(task, *slot, c->rax);
	if (err)
		m_tell(task, err);
}
