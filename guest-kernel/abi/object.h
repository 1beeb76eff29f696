/*
 * object.h: the kernel's object types, errors and rights, shared by the
 * kernel, user programs and the host's shell. This is the contract: numbers
 * are never reused, every list is an X-macro so that all sides print the same
 * names, and nothing here needs more than <stdint.h>. What can be asked of
 * the objects is in calls.h.
 */
#ifndef ABI_OBJECT_H
#define ABI_OBJECT_H

#include <stdint.h>

#define ABI_VERSION 2

/* name, number, what it is */
#define ABI_OBJECTS(X)                                               \
	X(NULL, 0, "empty slot")                                     \
	X(UNTYPED, 1, "memory to make objects from")                 \
	X(CPOOL, 2, "256 slots for capabilities")                    \
	X(TASK, 3, "a thread of execution")                          \
	X(CHANNEL, 4, "a bounded queue of messages")                 \
	X(RAW_PAGE, 5, "a 4 KiB frame")                              \
	X(TASK_BUFFER, 6, "a frame for a task's larger arguments")   \
	X(PML4, 7, "top page table: an address space")               \
	X(PDPT, 8, "third-level page table")                         \
	X(PD, 9, "second-level page table")                          \
	X(PT, 10, "first-level page table")                          \
	X(IO_PORT, 11, "a range of I/O ports")                       \
	X(LARGE_PAGE, 12, "a 2 MiB frame")                           \
	X(ENDPOINT, 13, "where a caller and a server meet")          \
	X(REPLY, 14, "the right to answer one call")                 \
	X(NOTIFICATION, 15, "a word of bits to wait for")            \
	X(IRQ_CONTROL, 16, "the right to hand out interrupts")       \
	X(IRQ_HANDLER, 17, "one interrupt line")                     \
	X(SCHED_CONTEXT, 18, "processor time: a budget in a period") \
	X(SCHED_CONTROL, 19, "the right to give out processor time") \
	X(ZOMBIE, 20, "an object on its way out; no user holds one")

enum abi_object {
#define ABI_OBJECT_ENUM(name, number, text) OBJECT_##name = (number),
	ABI_OBJECTS(ABI_OBJECT_ENUM)
#undef ABI_OBJECT_ENUM
		OBJECT_COUNT = 21
};

/* Sets of types: one bit each, and those that are invoked alike. */
enum abi_types {
#define ABI_TYPES_ENUM(name, number, text) TYPES_##name = 1 << (number),
	ABI_OBJECTS(ABI_TYPES_ENUM)
#undef ABI_TYPES_ENUM
		TYPES_FRAME =
			TYPES_RAW_PAGE | TYPES_LARGE_PAGE | TYPES_TASK_BUFFER,
	TYPES_TABLE = TYPES_PDPT | TYPES_PD | TYPES_PT,
	TYPES_ANY = (1 << OBJECT_COUNT) - 2,
};

/* name, number, what it says to a person */
#define ABI_ERRORS(X)                                                      \
	X(OK, 0, "done")                                                   \
	X(NO_SUCH_CALL, 1, "no such system call or label")                 \
	X(TRUNCATED, 2, "too few arguments")                               \
	X(BAD_ADDRESS, 3, "a capability address leads through no pool")    \
	X(EMPTY_SLOT, 4, "the slot is empty")                              \
	X(WRONG_TYPE, 5, "the capability is of another type")              \
	X(NO_RIGHT, 6, "the capability lacks the right")                   \
	X(SLOT_TAKEN, 7, "the target slot is not empty")                   \
	X(NO_SLOT, 8, "no free slot is left")                              \
	X(NO_MEMORY, 9, "the untyped memory is used up")                   \
	X(RANGE, 10, "an argument is out of range")                        \
	X(ALIGNMENT, 11, "an address is not aligned")                      \
	X(MAPPED, 12, "something is mapped there already")                 \
	X(NO_TABLE, 13, "a page table on the way is missing")              \
	X(NOT_MAPPED, 14, "it is not mapped")                              \
	X(WOULD_BLOCK, 15, "nothing there to take, or no room to put")     \
	X(NO_BUFFER, 16, "the task has no task buffer")                    \
	X(INCOMPLETE, 17, "the task lacks a pool, table or other setting") \
	X(BAD_STATE, 18, "not in the state the object is in")              \
	X(NO_COPY, 19, "a capability of this type can only be moved")      \
	X(NO_SPACE, 20, "all identifiers of address spaces are in use")    \
	X(GONE, 21, "the object was destroyed while it was waited for")    \
	X(NO_REPLY, 22, "who receives there named no Reply to answer by")  \
	X(TIMEOUT, 23, "the deadline came first")

enum error {
#define ABI_ERROR_ENUM(name, number, text) ERR_##name = (number),
	ABI_ERRORS(ABI_ERROR_ENUM)
#undef ABI_ERROR_ENUM
		ERR_COUNT = 24
};

/*
 * Rights of a capability; a derived one never has more than its source.
 * Bits, names, and what they are for.
 */
#define ABI_RIGHTS(X)                                               \
	X(READ, 1, "read a frame, take, receive, look into a pool") \
	X(WRITE, 2, "write a frame, put, send, change a pool")      \
	X(GRANT, 4, "pass capabilities on through it")              \
	X(EXEC, 8, "execute from a frame")                          \
	X(GRANT_REPLY, 16, "pass on the right to answer a call")

enum abi_right {
#define ABI_RIGHT_ENUM(name, bit, text) RIGHT_##name = (bit),
	ABI_RIGHTS(ABI_RIGHT_ENUM)
#undef ABI_RIGHT_ENUM
		RIGHT_ALL = 31
};

#define CPOOL_SLOTS	  256
#define CADDR_DEPTH_MAX	  8
#define TASK_BUFFER_BYTES 1024 /* of payload */
#define CHANNEL_BITS_MAX  8

/* A task's state, as TASK_INFO says it. */
enum abi_task_state {
	TASK_INACTIVE,
	TASK_READY,	/* running, or ready to */
	TASK_PARKED,	/* ready, but its scheduling context is used up */
	TASK_WAITING,	/* to take from a channel */
	TASK_SENDING,	/* at an endpoint, for a receiver */
	TASK_CALLING,	/* the same, with a call */
	TASK_RECEIVING, /* at an endpoint, for a message */
	TASK_LISTENING, /* at a notification, for a bit */
	TASK_ANSWERED,	/* for the answer to its call */
	TASK_PUTTING,	/* for room in a channel */
};

/* Flags of putting and taking. */
#define CHANNEL_TRY	  1u
#define CHANNEL_OVERWRITE 2u
#define CHANNEL_DEADLINE  4u

/* IRQ_CONTROL_GET's flags. */
#define IRQ_LEVEL	  1u
#define IRQ_LOW		  2u

#define TASK_PORTS	  4 /* ranges that a task can hold */

enum channel_kind { CHANNEL_RAW = 1, CHANNEL_PAYLOAD = 2, CHANNEL_CAP = 3 };

/* UNTYPED_INFO's flags. */
#define UNTYPED_DEVICE	    1u /* frames only; the kernel leaves it alone */

/*
 * What objects take from an Untyped. Frames and page tables begin at a
 * multiple of their size, an Untyped of whole pages at a page, the others at
 * a multiple of 64 bytes.
 */
#define PAGE_BYTES	    4096
#define LARGE_PAGE_BYTES    (UINT64_C(1) << 21)
#define UNTYPED_UNIT	    64 /* an Untyped's size is a multiple */
#define CPOOL_BYTES	    (128 + CPOOL_SLOTS * 64)
#define TASK_BYTES	    1984
#define ENDPOINT_BYTES	    128
#define NOTIFICATION_BYTES  128
#define REPLY_BYTES	    320
#define SCHED_CONTEXT_BYTES 320
#define CHANNEL_BYTES(bits) (128 + (UINT64_C(1152) << (bits)))

#endif
