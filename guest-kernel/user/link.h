/*
 * link.h: the guest's end of the debug link (abi/link.h): requests in, answers
 * out. What comes over the line is foreign: it is checked before anything is
 * done, and the worst that a frame can ask for is what the program's
 * capabilities allow.
 */
#ifndef USER_LINK_H
#define USER_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "guest-kernel/abi/link.h"
#include "guest-kernel/abi/syscall.h"

/* One system call, by its registers; r13 is a deadline here. */
struct link_registers {
	uint64_t rax, rdi, rsi, rdx, r10, r8, r9, r12, r13;
};

struct link {
	struct link_parser parser;
	struct link_hello hello; /* what HELLO gets */
	struct task_buffer *buffer;
	uint32_t answered;   /* the last request's sequence, if: */
	uint32_t answer_len; /* not 0 */
	uint8_t answer[LINK_FRAME_MAX];

	/* link_driver.c's, or a test's. */
	void (*call)(struct link_registers *registers);
	uint64_t (*clock)(void);
	void (*send)(const uint8_t *bytes, size_t len);
};

/* Bytes from the line, as they come. */
void link_receive(struct link *link, uint8_t byte);

#endif
