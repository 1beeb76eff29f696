/*
 * ipc.h: messages from task to task.
 *
 * A message is the sender's registers, and its task buffer for what does not
 * fit there (abi/syscall.h): nothing is stored in between. A sender that has
 * to wait keeps both; a fault or a kernel's answer stands in for a sender's
 * registers where there is none. So endpoints are queues of tasks, and take
 * no memory for messages.
 *
 * States of a task here, what it waits at (task->waits), and its queue:
 *
 *	SENDING, CALLING	endpoint	its queue, while it holds senders
 *	RECEIVING		endpoint	its queue, while it holds
 *						receivers; or none but its
 *						own notification
 *	LISTENING		notification	its queue
 *	ANSWERED		reply		none: the Reply names it
 *
 * Of a Reply: `server` is the task that offers it (RECEIVING) or that took
 * the call; `caller` is who awaits the answer (ANSWERED), NULL before. It is
 * in its server's list of calls if and only if it has a caller and a server.
 * With a caller and no server the call has ended without an answer, but what
 * was lent must come back: the caller makes its call again, and does that
 * first. `ending` is the error it gets then; 0: the call goes on.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include "guest-kernel/abi/message.h"
#include "guest-kernel/kernel/object.h"
#include "guest-kernel/kernel/sched.h"

struct endpoint {
	struct object object;
	struct task_queue queue;
	uint32_t receivers; /* what the queue holds, if it holds any */
	uint32_t zero;
} __attribute__((aligned(64)));

struct notification {
	struct object object;
	uint64_t bits;
	struct task_queue queue;
	struct task *bound; /* wakes from its receives, too */
} __attribute__((aligned(64)));

struct reply {
	struct object object;
	struct task *caller, *server;
	struct reply *next, *prev;	    /* the server's other calls */
	struct slot lent[MESSAGE_CAPS_MAX]; /* between lender and server */
	struct sched_context *context; /* the caller's, lent to the server */
	uint32_t ending;	       /* see below; enum error */
	uint32_t grant;		       /* the answer may carry capabilities */
} __attribute__((aligned(64)));

/* ---- System calls ---- */

/*
 * SYS_CALL to SYS_NB_RECV, by the running task. An error is to be returned to
 * it; after ERR_OK its registers are as they must be, or it waits.
 */
enum error ipc_call(struct task *task, unsigned number);

/*
 * The common ones at once; false: it is not, and nothing has changed. The
 * processor's entry tries these first (trap.S).
 */
bool fast_call(struct task *task);
bool fast_reply_receive(struct task *task);

/* ---- Waiting ---- */

/* The running task waits at an object, in `state`. */
void ipc_wait(struct task *task, unsigned state, struct object *at);
/* No longer than to a time; if its info word has a deadline, to that. */
void ipc_arm(struct task *task, uint64_t when);
void ipc_deadline(struct task *task);
/* Off whatever it waits at; its state becomes TASK_INACTIVE. */
void ipc_cancel(struct task *task);
/* A wait ends with an error. */
void ipc_fail(struct task *task, enum error err);

/* ---- Messages (message.c) ---- */

/*
 * From a sender, whose registers or fault say what, to a task that is no
 * longer on any queue. `grant`: capabilities go along; `flags`: MESSAGE_*.
 */
void message_copy(struct task *from, struct task *to, uint64_t badge,
		  bool grant, uint64_t flags);

/* ---- The objects ---- */

enum error endpoint_send(struct task *task, const struct slot *slot, bool call,
			 bool block);
/* A fault is a call by the kernel in the task's name. */
void endpoint_fault(struct task *task);
enum error endpoint_receive(struct task *task, const struct slot *slot,
			    struct reply *reply, bool block);
bool endpoint_step(struct endpoint *ep); /* object.h */

void notification_signal(struct notification *n, uint64_t bits);
enum error notification_wait(struct task *task, struct notification *n,
			     bool block);
/* Bits for a receiver bound to one, if there are any. */
bool notification_take_bound(struct task *task);
void notification_deliver(struct task *task, uint64_t bits);
bool notification_step(struct notification *n); /* object.h */

/* The server takes the caller's call, to be answered by `reply`. */
void reply_begin(struct reply *reply, struct task *caller, struct task *server,
		 bool grant);
/* The caller awaits no answer any longer. */
void reply_forget(struct reply *reply);
/* The answer, by the registers of `server`. */
enum error reply_send(struct task *server, struct reply *reply,
		      struct task **woken);
/* A receiver that offered it does so no longer. */
void reply_withdraw(struct task *task);
/* What was lent is taken back; false: an interrupt is pending. */
bool reply_take_back(struct reply *reply);
bool reply_step(struct reply *reply); /* object.h */

/* Its priority: its own, or that of who awaits its answer. */
void task_inherit(struct task *task);

#define CALLS_AT_ONCE 32 /* a server's, not yet answered */
#define CHAIN_LENGTH  32 /* of servers that inherit a priority */

#endif
