/*
 * kernel.h: the kernel's objects, its one piece of state, and who does what.
 *
 * One system call runs at a time, with interrupts off and to its end. Memory
 * comes from Untypeds only. An invocation is decoded first (decode_x: every
 * check, may return an error, changes nothing) and done then (do_x: cannot
 * fail). Objects are named by physical address and are used through
 * arch_ptr().
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-kernel/abi/bootinfo.h"
#include "guest-kernel/abi/object.h"
#include "guest-kernel/abi/syscall.h"
#include "guest-kernel/arch/x86_64/arch.h"
#include "guest-kernel/kernel/cap.h"

/* ---- Objects ---- */

struct cpool {
	struct slot slot[CPOOL_SLOTS];
};

enum task_state {
	TASK_INACTIVE,
	TASK_READY,   /* on the ready queue, whose head runs */
	TASK_WAITING, /* to take from a channel: on its queue of waiters */
};

struct task_queue {
	struct task *head, *tail;
};

/* Where a taker wants a capability put: a path in its own pools. */
struct destination {
	uint64_t path;
	uint32_t depth; /* 0: the lowest free slot of the root pool */
};

struct task {
	struct regs regs; /* TSS.RSP0 points at its end while the task runs */
	struct arch_state arch;
	struct slot cpool, table, buffer;
	struct task *next, *prev; /* on the one queue its state names */
	struct channel *channel;  /* while waiting */
	struct destination dest;  /* while waiting */
	uint32_t state;		  /* enum task_state */
	uint32_t number;	  /* for people, in order of creation */
} __attribute__((aligned(64)));

struct entry {
	struct slot slot; /* CHANNEL_CAP: a capability like any other */
	uint32_t kind;	  /* enum channel_kind */
	uint32_t length;  /* CHANNEL_PAYLOAD, in bytes */
	uint64_t value;	  /* CHANNEL_RAW */
	uint8_t payload[TASK_BUFFER_BYTES];
} __attribute__((aligned(64)));

/* A ring of entries. No task waits while it holds one. */
struct channel {
	struct task_queue waiters;
	uint32_t first, count;
	uint32_t bits;
	uint32_t dropped; /* input that found no room */
	struct entry entry[];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct cpool) == CPOOL_BYTES, "ABI");
_Static_assert(sizeof(struct task) == TASK_BYTES, "ABI");
_Static_assert(sizeof(struct channel) + sizeof(struct entry) ==
		       CHANNEL_BYTES(0),
	       "ABI");
_Static_assert(sizeof(struct channel) + 256 * sizeof(struct entry) ==
		       CHANNEL_BYTES(8),
	       "ABI");

static inline struct cpool *cpool_of(const struct cap *cap)
{
	return arch_ptr(cap->base);
}

static inline struct task *task_of(const struct cap *cap)
{
	return arch_ptr(cap->base);
}

static inline struct channel *channel_of(const struct cap *cap)
{
	return arch_ptr(cap->base);
}

/* ---- The state ---- */

struct kernel {
	struct slot caps; /* head of the derivation list */
	struct task_queue ready;
	uint32_t ready_count;
	uint32_t task_count;   /* ever made */
	uint64_t top_table;    /* a PML4 whose upper half is the kernel's */
	struct channel *input; /* keyboard and serial line; NULL before boot */
};

extern struct kernel kernel;

/* ---- Invocations ---- */

struct invocation {
	struct task *caller;
	struct slot *self; /* what is invoked */
	uint32_t label;
	unsigned words; /* plain ones and the argument's path */
	unsigned depth; /* of the argument's path; 0: none */
	uint64_t word[4];
	uint64_t result[2];
};

/* One for each type (syscall.c picks); untyped.c, cpool.c and so on. */
enum error untyped_call(struct invocation *inv);
enum error cpool_call(struct invocation *inv);
enum error task_call(struct invocation *inv);
enum error channel_call(struct invocation *inv);
enum error page_call(struct invocation *inv);
enum error table_call(struct invocation *inv);
enum error io_port_call(struct invocation *inv);

/* A call by the running task, from its registers and into them. */
void syscall_handle(struct task *task);

/* ---- Capability addresses (cpool.c) ---- */

/* A place in a pool, perhaps empty. */
struct place {
	struct cpool *pool;
	unsigned index;
};

enum error cpool_place(const struct slot *root, uint64_t path, unsigned depth,
		       struct place *place);
/* The slot there, which must hold something. */
enum error cpool_lookup(const struct slot *root, uint64_t path, unsigned depth,
			struct slot **slot);
/* The lowest empty slot, or -1. */
int cpool_free_slot(const struct cpool *pool);
/* An invocation's capability argument, whose path is word `at`. */
enum error cpool_argument(const struct invocation *inv, unsigned at,
			  unsigned type, struct slot **slot);

/* ---- Objects' making (untyped.c) ---- */

/* Bytes an object takes, aligned as it must be; 0: no user can make it. */
uint64_t object_bytes(unsigned type, uint64_t bits);
uint64_t object_align(unsigned type);
/* Make the object in memory; its first capability. */
struct cap object_create(unsigned type, uint64_t base, unsigned bits);

/* ---- Tasks (task.c, sched.c) ---- */

void task_init(struct task *task);
/* Off any queue. A wait is broken off; it goes on when the task does. */
void task_stop(struct task *task);
/* Its task buffer, or NULL. */
struct task_buffer *task_buffer(const struct task *task);
void task_return(struct task *task, enum error error, uint64_t result0,
		 uint64_t result1);

void queue_append(struct task_queue *queue, struct task *task);
void queue_remove(struct task_queue *queue, struct task *task);
/* An inactive or no longer waiting task becomes ready, behind all others. */
void sched_ready(struct task *task);
void sched_unready(struct task *task);
/* The running task goes behind the others. */
void sched_rotate(void);
/* Who runs; NULL: nobody can. */
struct task *sched_current(void);
/* Two or more want the processor: a tick is needed. */
bool sched_contended(void);

/* ---- Channels (channel.c) ---- */

void channel_init(struct channel *ch, unsigned bits);
/* From an interrupt. A value that finds no room is counted and lost. */
void channel_input(struct channel *ch, uint64_t value);

/* ---- Address spaces (vspace.c) ---- */

void vspace_init_top(uint64_t table);
/* Entries for a frame; rights are RIGHT_READ and others. */
uint64_t vspace_page_entry(uint64_t base, unsigned rights);
#define TABLE_ENTRY_BITS (PTE_P | PTE_W | PTE_U)
/* The entry of the table of `level` (4: PML4) that covers va. */
enum error vspace_walk(uint64_t top, uint64_t va, unsigned level,
		       uint64_t **entry);
/* Eight bytes of user memory; false where none is mapped for the user. */
bool vspace_read_word(uint64_t top, uint64_t va, uint64_t *word);
unsigned table_level(unsigned type);

/* ---- Faults (fault.c) ---- */

/* A user task faulted: say so, stop it. */
void fault_user(struct task *task, const char *name, uint64_t address,
		bool has_address);
void fault_report(const struct regs *regs, const char *name, uint64_t address,
		  bool has_address);

/* ---- The log (print.c) ---- */

/* %s, %u (32 bits), %x and %lx (with 0x), %c: nothing else, no widths. */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);
_Noreturn __attribute__((format(printf, 1, 2))) void panic(const char *format,
							   ...);

#define check(condition)       \
	((condition) ? (void)0 \
		     : panic("%s:%u: %s", __FILE__, __LINE__, #condition))

extern const char *const object_names[OBJECT_COUNT];

#endif
