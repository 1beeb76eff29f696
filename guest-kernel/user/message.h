/*
 * message.h: sending and receiving, as C functions (abi/message.h has the
 * meanings). A struct message is what travels in registers; further words and
 * capabilities are put into, and found in, the task buffer by the caller.
 */
#ifndef USER_MESSAGE_H
#define USER_MESSAGE_H

#include "guest-kernel/user/calls.h"

struct message {
	uint64_t info; /* MESSAGE_INFO(), MESSAGE_x */
	uint64_t word[MESSAGE_REGISTERS];
	uint64_t badge; /* of what was received */
};

/* No deadline: the wait may take for ever. */
#define NO_DEADLINE UINT64_MAX

/*
 * The system call itself: SYS_CALL to SYS_NB_RECV. On ERR_OK of those that
 * receive, *m is what came. `reply` may be CADDR_ANY where there is none.
 */
static inline enum error message_call(unsigned number, struct caddr target,
				      struct caddr reply, uint64_t deadline,
				      struct message *m)
{
	register uint64_t r10 __asm__("r10") = m->word[1];
	register uint64_t r8 __asm__("r8") = m->word[2];
	register uint64_t r9 __asm__("r9") = m->word[3];
	register uint64_t r12 __asm__("r12") = reply.path;
	register uint64_t r13 __asm__("r13") = deadline;
	uint64_t rax = number, rdi = target.path, rdx = m->word[0];
	uint64_t rsi = m->info | (uint64_t)target.depth << INFO_TARGET_SHIFT |
		       (uint64_t)reply.depth << INFO_ARGUMENT_SHIFT |
		       (deadline != NO_DEADLINE ? MESSAGE_DEADLINE : 0);

	__asm__ volatile("syscall"
			 : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx),
			   "+r"(r10), "+r"(r8), "+r"(r9)
			 : "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory");
	if (rax != ERR_OK)
		return rax;
	*m = (struct message){rsi, {rdx, r10, r8, r9}, rdi};
	return ERR_OK;
}

/* Send and wait for the answer, which takes the message's place. */
static inline enum error message_ask(struct caddr endpoint, struct message *m)
{
	return message_call(SYS_CALL, endpoint, CADDR_ANY, NO_DEADLINE, m);
}

/* Receive; a call is to be answered by `reply`. */
static inline enum error message_receive(struct caddr endpoint,
					 struct caddr reply, struct message *m)
{
	return message_call(SYS_RECV, endpoint, reply, NO_DEADLINE, m);
}

/* Answer what `reply` holds, and receive the next. */
static inline enum error message_answer(struct caddr endpoint,
					struct caddr reply, struct message *m)
{
	return message_call(SYS_REPLY_RECV, endpoint, reply, NO_DEADLINE, m);
}

/* One-way, to whoever receives; nothing comes back. */
static inline enum error message_send(struct caddr target, struct message m)
{
	return message_call(SYS_SEND, target, CADDR_ANY, NO_DEADLINE, &m);
}

/* Set bits of a notification: those of its badge, if it has one. */
static inline enum error notify(struct caddr notification, uint64_t bits)
{
	return message_send(notification, (struct message){.word = {bits}});
}

/* Wait for a bit, until the deadline; all that are set are taken. */
static inline enum error notification_wait(struct caddr notification,
					   uint64_t deadline, uint64_t *bits)
{
	struct message m = {0};
	enum error err =
		message_call(SYS_RECV, notification, CADDR_ANY, deadline, &m);

	*bits = err ? 0 : m.badge;
	return err;
}

/* Nanoseconds since the kernel's boot. */
static inline uint64_t sys_clock(void)
{
	uint64_t rax = SYS_CLOCK, rdx;

	__asm__ volatile("syscall"
			 : "+a"(rax), "=d"(rdx)
			 :
			 : "rcx", "r11", "r10", "r8", "memory");
	return rdx;
}

#endif
