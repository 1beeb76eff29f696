/*
 * message.h: messages between tasks, and what the kernel itself says in them.
 *
 * `syscall`, with
 *	rax	SYS_CALL, SYS_REPLY_RECV, SYS_SEND, SYS_NB_SEND, SYS_RECV or
 *		SYS_NB_RECV
 *	rdi	path of the target capability
 *	rsi	info word, see below
 *	rdx r10 r8 r9	the message's words 0..3
 *	r12	path of a Reply object (REPLY_RECV, RECV, NB_RECV)
 *	r13	deadline, if the info word has MESSAGE_DEADLINE: nanoseconds of
 *		SYS_CLOCK; a wait beyond it ends with TIMEOUT
 * returns
 *	rax	enum error
 * and, when a message came (CALL: the answer),
 *	rdi	the badge of the capability by which it was sent
 *	rsi	info word
 *	rdx r10 r8 r9	words 0..3; those beyond the length are zero
 *
 *	 63..32   27..24   23..20   18         17..16   7..0
 *	 label    depth    depth    deadline   caps     length in words
 *	          of r12   of rdi
 *
 * In the info word that is returned, bits 27..18 have MESSAGE_CALL,
 * MESSAGE_NOTIFICATION and MESSAGE_FAULT instead. All other bits are zero.
 *
 * Words from the fifth on lie in the sender's task buffer, from the start of
 * its data, and come to the start of the receiver's. A message with
 * capabilities needs RIGHT_GRANT on the sender's endpoint, an answer with
 * some RIGHT_GRANT or RIGHT_GRANT_REPLY on the caller's. What to send is in
 * the sender's buffer (send), where to put them in the receiver's (receive).
 * They are copied as by CPOOL_COPY. A frame can also be lent with a call: the
 * server's capability has RIGHT_READ, and RIGHT_WRITE if it is lent for
 * writing, of the caller's rights; it and all its copies are gone, and
 * unmapped, before the caller goes on, be it by the answer, by its deadline,
 * or because the Reply was destroyed.
 *
 * Words and capabilities that find no buffer or slot at the receiver's end
 * are left out; the info word it gets says how many came. Capabilities go in
 * order, up to the first that cannot.
 *
 * Targets:
 *	ENDPOINT	Send (RIGHT_WRITE) and receive (RIGHT_READ). CALL waits
 *			for the answer, given through the Reply object that
 *			the receiver named; where it named none the caller
 *			gets NO_REPLY.
 *	REPLY		SEND or NB_SEND answers. One use: it can then take the
 *			next call.
 *	NOTIFICATION	SEND or NB_SEND or-s the capability's badge, or word 0
 *			if it has none, into the bits. RECV waits for a bit and
 *			takes all, as the badge.
 *
 * REPLY_RECV answers the call that r12's Reply holds, if its caller still
 * waits, and receives the next message, with the same Reply.
 */
#ifndef ABI_MESSAGE_H
#define ABI_MESSAGE_H

#include <stdint.h>

#define MESSAGE_REGISTERS      4u
#define MESSAGE_WORDS	       132u /* 4, and 1024 bytes in the buffer */
#define MESSAGE_CAPS_MAX       3u

#define MESSAGE_CAPS_SHIFT     16
#define MESSAGE_LABEL_SHIFT    32
#define MESSAGE_LABEL	       UINT64_C(0xffffffff00000000)
#define MESSAGE_DEADLINE       (UINT64_C(1) << 18)
#define MESSAGE_ZERO	       UINT64_C(0xf008ff00) /* what must be */
#define MESSAGE_CALL	       (UINT64_C(1) << 20)  /* it awaits an answer */
#define MESSAGE_NOTIFICATION   (UINT64_C(1) << 21)  /* the badge is bits */
#define MESSAGE_FAULT	       (UINT64_C(1) << 22)  /* the kernel's words */

#define MESSAGE_LENGTH(info)   ((unsigned)((info)&0xff))
#define MESSAGE_CAPS(info)     ((unsigned)((info) >> MESSAGE_CAPS_SHIFT & 3))
#define MESSAGE_LABEL_OF(info) ((uint32_t)((info) >> MESSAGE_LABEL_SHIFT))
#define MESSAGE_INFO(label, caps, length)           \
	((uint64_t)(label) << MESSAGE_LABEL_SHIFT | \
	 (uint64_t)(caps) << MESSAGE_CAPS_SHIFT | (length))

enum message_cap_kind {
	MESSAGE_COPY = 0,
	MESSAGE_LEND = 1,	/* a frame, to read */
	MESSAGE_LEND_WRITE = 2, /* a frame, to read and write */
};

/* In the task buffer: a capability to send, or an empty slot for one. */
struct message_cap {
	uint64_t path;
	uint32_t depth;
	uint32_t kind; /* enum message_cap_kind, of what is sent */
};

/*
 * Faults. The handler receives a call with MESSAGE_FAULT, the kind as its
 * label and the words: where it happened (RIP); the address of a page fault,
 * the number of an unknown system call, the path of a wrong capability
 * address; the exception's vector, and its error code in the upper half; the
 * stack pointer. The answer's label FAULT_RESUME lets the task go on where
 * its registers say (TASK_SET_REGISTERS changes them); with any other it
 * stays suspended.
 */
#define ABI_FAULTS(X)                                        \
	X(PAGE, 1, "page fault")                             \
	X(PROTECTION, 2, "protection, segment or alignment") \
	X(OPCODE, 3, "invalid opcode")                       \
	X(ARITHMETIC, 4, "divide, overflow or FPU error")    \
	X(DEBUG, 5, "debug trap or breakpoint")              \
	X(SYSCALL, 6, "unknown system call")                 \
	X(CAPABILITY, 7, "capability address leads nowhere") \
	X(BUDGET, 8, "scheduling context is used up")

enum abi_fault {
#define ABI_FAULT_ENUM(name, number, text) FAULT_##name = (number),
	ABI_FAULTS(ABI_FAULT_ENUM)
#undef ABI_FAULT_ENUM
		FAULT_COUNT = 9
};

#define FAULT_RESUME	    0u

/*
 * TASK_SET_FAULT_HANDLER's flags: what is an error code, or a wait for the
 * next refill, unless the handler asks for it.
 */
#define FAULT_ON_SYSCALL    1u
#define FAULT_ON_CAPABILITY 2u
#define FAULT_ON_BUDGET	    4u
#define FAULT_ON_ALL	    7u

/* TASK_GET_REGISTERS and TASK_SET_REGISTERS: in the caller's task buffer. */
struct task_registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags, fs_base, gs_base;
};

#endif
