/*
 * object.h: the kernel's object types, errors and invocation labels, shared
 * by the kernel, user programs and the host's shell. This is the contract:
 * numbers are never reused, every list is an X-macro so that all sides print
 * the same names, and nothing here needs more than <stdint.h>.
 */
#ifndef ABI_OBJECT_H
#define ABI_OBJECT_H

#include <stdint.h>

#define ABI_VERSION 1

/* name, number, what it is */
#define ABI_OBJECTS(X)                                             \
	X(NULL, 0, "empty slot")                                   \
	X(UNTYPED, 1, "memory to make objects from")               \
	X(CPOOL, 2, "256 slots for capabilities")                  \
	X(TASK, 3, "a thread of execution")                        \
	X(CHANNEL, 4, "a bounded queue of messages")               \
	X(RAW_PAGE, 5, "a 4 KiB frame")                            \
	X(TASK_BUFFER, 6, "a frame for a task's larger arguments") \
	X(PML4, 7, "top page table: an address space")             \
	X(PDPT, 8, "third-level page table")                       \
	X(PD, 9, "second-level page table")                        \
	X(PT, 10, "first-level page table")                        \
	X(IO_PORT, 11, "a range of I/O ports")

enum abi_object {
#define ABI_OBJECT_ENUM(name, number, text) OBJECT_##name = (number),
	ABI_OBJECTS(ABI_OBJECT_ENUM)
#undef ABI_OBJECT_ENUM
		OBJECT_COUNT = 12
};

/* name, number, what it says to a person */
#define ABI_ERRORS(X)                                                      \
	X(OK, 0, "done")                                                   \
	X(NO_SUCH_CALL, 1, "no such system call or label for this object") \
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
	X(BAD_STATE, 18, "not in the state the object is in")

enum error {
#define ABI_ERROR_ENUM(name, number, text) ERR_##name = (number),
	ABI_ERRORS(ABI_ERROR_ENUM)
#undef ABI_ERROR_ENUM
		ERR_COUNT = 19
};

/* Rights of a capability; a derived one never has more than its source. */
#define RIGHT_READ  1u /* read a frame, take from a channel */
#define RIGHT_WRITE 2u /* write a frame, put into a channel */
#define RIGHT_GRANT 4u /* pass capabilities on through it */
#define RIGHT_EXEC  8u /* execute from a frame */
#define RIGHT_ALL   15u

/*
 * Invocations: label, number, arguments as `words | capability arguments`.
 * How they travel is in syscall.h.
 *
 * UNTYPED_RETYPE	type, bits, count | destination
 *	Make `count` (1..256) objects of `type` in free slots that begin at the
 *	destination; all slots lie in one pool. `bits` is the size for CHANNEL
 *	(its queue has 2^bits entries, 0..8); else 0. Memory is zeroed. Returns
 *	the bytes left in the untyped. No UNTYPED, no IO_PORT.
 * UNTYPED_INFO		-
 *	Returns bytes in all and bytes left.
 * CPOOL_FREE_SLOT	-
 *	Returns the lowest empty index of the pool.
 * CPOOL_TYPE		index
 *	Returns the type (enum abi_object) of what a slot holds.
 * TASK_SET_IP, TASK_SET_SP, TASK_SET_FS_BASE	value
 *	Canonical user addresses only.
 * TASK_SET_ARG		value
 *	RDI when it first runs.
 * TASK_SET_CPOOL, TASK_SET_TABLE, TASK_SET_BUFFER	- | capability
 *	May be set again; TASK_SET_* other than ACTIVE want an inactive task.
 * TASK_SET_ACTIVE	0 or 1
 *	Start or stop. To start it needs pool, table, IP and SP. A task that
 *	was stopped while it waited makes its call again when it is started.
 * CHANNEL_PUT_RAW	value
 * CHANNEL_PUT_PAYLOAD	length; the bytes are in the caller's task buffer
 * CHANNEL_PUT_CAP	- | capability
 *	Add an entry behind the others; WOULD_BLOCK when the queue is full:
 *	nothing is ever overwritten. All want RIGHT_WRITE, a capability also
 *	RIGHT_GRANT. A capability put is a derived copy with the same rights:
 *	of a frame, mapped nowhere; of an Untyped, with all that was left of
 *	it (the source has nothing left while the copy lives); of a lower page
 *	table, only if it hangs somewhere (else NOT_MAPPED).
 * CHANNEL_TAKE		flags | slot to receive a capability in
 *	The oldest entry. Blocks while there is none, first come first served,
 *	unless flags has CHANNEL_TRY. Returns kind (enum channel_kind) and:
 *	the value; the length of the payload, which is in the task buffer; or
 *	the slot's index, for a capability. Depth 0 for the slot: the lowest
 *	free one of the root pool. With no slot for it the entry stays queued.
 *	Wants RIGHT_READ.
 * PAGE_MAP		va, rights | top table
 *	Map a frame (or task buffer) at a user address, with at most the
 *	rights of the capability, RIGHT_READ among them. Tables must be there
 *	(TABLE_MAP). A capability maps its frame once; the same place again
 *	changes the rights, another is BAD_STATE: take a copy.
 * PAGE_UNMAP		-
 * TABLE_MAP		va | top table
 *	Hang a PDPT, PD or PT into the address space where it covers va.
 * IO_PORT_IN		port, size 1, 2 or 4; wants RIGHT_READ
 * IO_PORT_OUT		port, size, value; wants RIGHT_WRITE
 */
#define ABI_LABELS(X)                 \
	X(UNTYPED_RETYPE, 1, 3)       \
	X(UNTYPED_INFO, 2, 0)         \
	X(CPOOL_FREE_SLOT, 3, 0)      \
	X(CPOOL_TYPE, 4, 1)           \
	X(TASK_SET_IP, 5, 1)          \
	X(TASK_SET_SP, 6, 1)          \
	X(TASK_SET_FS_BASE, 7, 1)     \
	X(TASK_SET_ARG, 8, 1)         \
	X(TASK_SET_CPOOL, 9, 0)       \
	X(TASK_SET_TABLE, 10, 0)      \
	X(TASK_SET_BUFFER, 11, 0)     \
	X(TASK_SET_ACTIVE, 12, 1)     \
	X(CHANNEL_PUT_RAW, 13, 1)     \
	X(CHANNEL_PUT_PAYLOAD, 14, 1) \
	X(CHANNEL_PUT_CAP, 15, 0)     \
	X(CHANNEL_TAKE, 16, 1)        \
	X(PAGE_MAP, 17, 2)            \
	X(PAGE_UNMAP, 18, 0)          \
	X(TABLE_MAP, 19, 1)           \
	X(IO_PORT_IN, 20, 2)          \
	X(IO_PORT_OUT, 21, 3)

enum abi_label {
#define ABI_LABEL_ENUM(name, number, words) name = (number),
	ABI_LABELS(ABI_LABEL_ENUM)
#undef ABI_LABEL_ENUM
		LABEL_COUNT = 22
};

#define CHANNEL_TRY 1u

enum channel_kind { CHANNEL_RAW = 1, CHANNEL_PAYLOAD = 2, CHANNEL_CAP = 3 };

#define CPOOL_SLOTS	    256
#define CADDR_DEPTH_MAX	    8
#define TASK_BUFFER_BYTES   1024 /* of payload */
#define CHANNEL_BITS_MAX    8

/*
 * What objects take from an Untyped. Frames and page tables take a page, and
 * begin at one; the others begin at a multiple of 64 bytes.
 */
#define CPOOL_BYTES	    (CPOOL_SLOTS * 64)
#define TASK_BYTES	    960
#define CHANNEL_BYTES(bits) (64 + (UINT64_C(1152) << (bits)))

#endif
