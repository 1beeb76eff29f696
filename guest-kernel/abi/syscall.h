/*
 * syscall.h: how a user program calls the kernel.
 *
 * `syscall`, with
 *	rax	enum abi_syscall
 *	rdi	path of the target capability
 *	rsi	info word (SYS_INVOKE), see below
 *	rdx r10 r8 r9	words 0..3
 * returns
 *	rax	enum error
 *	rdx r10	result words 0 and 1, or rdx what the error is about
 *	r8	result word 2, of the calls that have three
 * and changes rcx and r11 besides; all else is kept, also the FPU's state and
 * the FS and GS bases. Segment selectors are not: DS, ES, FS and GS hold null
 * ones whenever a task begins a turn.
 *
 * A capability address is a path of 1..8 one-byte indices, the most
 * significant first, with its depth: path 0x0105, depth 2 is slot 5 of the
 * pool in slot 1 of the task's root pool. (Bits above the depth are zero.)
 * Every pool on the way must be held with RIGHT_READ. Arguments are words in
 * the order of calls.h; of capability arguments the word is the path. The
 * depths are in the info word, of the first three in order:
 *
 *	 63..36    35..24         23..20    19..16   15..0
 *	  zero    third second    target    words    label
 *	          first depth      depth
 *
 * `words` counts the arguments' words.
 *
 * Larger arguments lie in the task buffer, a page the task shares with the
 * kernel: struct task_buffer. The kernel reads each field once.
 */
#ifndef ABI_SYSCALL_H
#define ABI_SYSCALL_H

#include "guest-kernel/abi/calls.h"
#include "guest-kernel/abi/message.h"

/*
 * SYS_INVOKE		invoke a capability (calls.h)
 * SYS_YIELD		let the next task run
 * SYS_EXIT		end the calling task: it becomes inactive
 * SYS_PRINT		rdi: length, to 1024; text in the task buffer. One log
 *			line: "[kernel] Userspace print: TEXT". Bytes that are
 *			no printable ASCII come out as '?'.
 * SYS_PUTC		rdi: a byte, raw to the log (COM1 and port e9h)
 * SYS_LIST_CPOOL	log the caller's root pool, a line a taken slot
 * SYS_TEST_SUCCEED	end the run: port 501h gets 31h
 * SYS_TEST_FAIL	end the run: port 501h gets 30h
 * SYS_CALL to SYS_NB_RECV	messages: message.h
 * SYS_VERSION		returns ABI_VERSION
 * SYS_SET_FS_BASE	rdi: the base of the caller's FS segment; of user space
 *			only
 * SYS_CLOCK		returns the nanoseconds since the boot
 *
 * PRINT to TEST_FAIL stand for services that a finished system would give by
 * capability; they are here for bringing one up.
 */
#define ABI_SYSCALLS(X)    \
	X(INVOKE, 0)       \
	X(YIELD, 1)        \
	X(EXIT, 2)         \
	X(PRINT, 3)        \
	X(PUTC, 4)         \
	X(LIST_CPOOL, 5)   \
	X(TEST_SUCCEED, 6) \
	X(TEST_FAIL, 7)    \
	X(CALL, 8)         \
	X(REPLY_RECV, 9)   \
	X(SEND, 10)        \
	X(NB_SEND, 11)     \
	X(RECV, 12)        \
	X(NB_RECV, 13)     \
	X(VERSION, 14)     \
	X(SET_FS_BASE, 15) \
	X(CLOCK, 16)

enum abi_syscall {
#define ABI_SYSCALL_ENUM(name, number) SYS_##name = (number),
	ABI_SYSCALLS(ABI_SYSCALL_ENUM)
#undef ABI_SYSCALL_ENUM
		SYS_COUNT = 17
};

#define INFO_LABEL_SHIFT	   0
#define INFO_WORDS_SHIFT	   16
#define INFO_TARGET_SHIFT	   20
#define INFO_ARGUMENT_SHIFT	   24 /* the first; 4 bits each */
#define INFO_BITS		   36

/*
 * What an error is about, in rdx: which argument (0: the target, 1 the first
 * and so on; DETAIL_NONE when it is none of them), and types (enum
 * abi_object): the one expected, or the first of several, and the one found.
 * Of BAD_ADDRESS: what was found where the path wanted a pool.
 *
 *	 23..16    15..8      7..0
 *	  found   expected   argument
 */
#define DETAIL_NONE		   0xffu
#define DETAIL_ARGUMENT(detail)	   ((detail)&0xff)
#define DETAIL_EXPECTED(detail)	   ((detail) >> 8 & 0xff)
#define DETAIL_FOUND(detail)	   ((detail) >> 16 & 0xff)
#define DETAIL(arg, expect, found) ((arg) | (expect) << 8 | (found) << 16)

/* One page, at an address the task chose when it mapped it. */
struct task_buffer {
	uint64_t length;
	uint8_t data[TASK_BUFFER_BYTES];
	struct message_cap send[MESSAGE_CAPS_MAX], receive[MESSAGE_CAPS_MAX];
};

_Static_assert(sizeof(struct task_buffer) == 8 + TASK_BUFFER_BYTES + 96, "ABI");

#endif
