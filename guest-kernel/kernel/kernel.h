/*
 * kernel.h: the kernel's objects, its one piece of state, and who does what.
 *
 * One system call runs at a time, with interrupts off. Memory comes from
 * Untypeds only. An invocation is decoded first (decode_x: every check, may
 * return an error, changes nothing) and done then (do_x: cannot fail). What
 * takes long is done in steps and can be broken off between them: the call is
 * made again (ERR_RESTART). Objects are named by physical address and are
 * used through arch_ptr().
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
#include "guest-kernel/kernel/ipc.h"
#include "guest-kernel/kernel/irq.h"
#include "guest-kernel/kernel/object.h"
#include "guest-kernel/kernel/sched.h"
#include "guest-kernel/kernel/sched_context.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

/* ---- Objects ---- */

struct cpool {
	struct object object;
	struct slot slot[CPOOL_SLOTS] __attribute__((aligned(64)));
};

/*
 * Where a taker wants a capability put: a path in its own pools, and never a
 * pointer, for the pool may be gone before there is something to put.
 */
struct destination {
	uint64_t path;
	uint32_t depth; /* 0: the lowest free slot of the root pool */
};

struct task {
	struct object object;
	struct regs regs; /* TSS.RSP0 points at its end while the task runs */
	struct arch_state arch;
	struct slot cpool, table, buffer;
	struct slot fault_handler;     /* Endpoint */
	struct slot notification;      /* it is bound to */
	struct slot context_held;      /* SchedContext it is bound to */
	struct slot ports[TASK_PORTS]; /* IoPorts it reaches by itself */
	struct task *next, *prev;      /* on the one queue its state names */
	struct object *waits;	       /* where; NULL: it does not */
	struct destination dest;       /* WAITING */
	struct timeout timeout;	       /* of its wait */
	struct sched_context *context; /* whose time it runs on, or NULL */
	struct reply *reply; /* RECEIVING: offered; ANSWERED: awaited (ipc.h) */
	struct reply *calls; /* that it took and did not answer */
	uint32_t call_count;
	uint8_t state;	      /* enum abi_task_state */
	uint8_t priority;     /* that it has now */
	uint8_t own_priority; /* without what it inherited */
	uint8_t max_priority; /* that it may give */
	uint64_t badge;	      /* SENDING, CALLING: what it sends by */
	uint8_t send_rights;  /* and with which rights */
	uint8_t fault;	      /* enum abi_fault: is being handled */
	uint8_t fault_flags;  /* FAULT_ON_x */
	uint8_t zero;
	uint32_t number; /* for people, in order of creation */
	uint64_t fault_address;
	/* Where the call returns to that was broken off when it had nothing
	 * left to do but drain what is dying; 0: none. */
	uint64_t drains_at;
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
	struct object object; /* its bits: 2^bits entries */
	struct task_queue waiters, putters;
	uint32_t first, count;
	struct entry entry[];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct cpool) == CPOOL_BYTES, "ABI");
_Static_assert(sizeof(struct task) == TASK_BYTES, "ABI");
_Static_assert(sizeof(struct endpoint) == ENDPOINT_BYTES, "ABI");
_Static_assert(sizeof(struct notification) == NOTIFICATION_BYTES, "ABI");
_Static_assert(sizeof(struct reply) == REPLY_BYTES, "ABI");
_Static_assert(sizeof(struct sched_context) == SCHED_CONTEXT_BYTES, "ABI");
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

/*
 * An address space's identifier is an index; 0 is none. Who has noted where
 * something is mapped has noted the generation, too, and knows by it that the
 * space is still the one that was meant.
 */
#define SPACES 4096

struct space {
	uint64_t top;	     /* its PML4; 0: free */
	uint64_t generation; /* from 1 on; goes up when the space goes */
	uint32_t count;	     /* capabilities of the PML4 */
	uint32_t next_free;  /* in use: verify.c's marks; 0 otherwise */
};

/* ---- The state ---- */

struct kernel {
	struct slot caps; /* the parent of what the boot made */
	struct object *dying, *dying_last;
	struct sched sched; /* the one processor's */
	struct irq irq[IRQS];
	uint32_t task_count;   /* ever made */
	uint64_t top_table;    /* a PML4 whose upper half is the kernel's */
	uint32_t spaces_begun; /* identifiers that were ever in use */
	uint32_t spaces_used;
	uint32_t space_free; /* the first that is free again, or 0 */
	struct space space[SPACES];
};

extern struct kernel kernel;

#include "guest-kernel/kernel/lists.h"

/* ---- Invocations (invoke.c) ---- */

#define ARGUMENTS 4

/* What a row of ABI_CALLS asks for was checked, and is here. */
struct invocation {
	struct task *caller;
	struct slot *self;	     /* what is invoked */
	uint64_t word[ARGUMENTS];    /* numbers, and paths as they came */
	struct slot *cap[ARGUMENTS]; /* CAP, PLACE; NULL: none was given */
	uint8_t depth[ARGUMENTS];    /* of their paths */
	uint64_t result[3];
	uint32_t detail; /* of an error: DETAIL() */
};

/* Not of the ABI: the call is to be made again, after what is pending. */
#define ERR_RESTART		  ((enum error)255)

/* One function a row, named as the row, in the file of its object. */
#define CALL_PROTOTYPE(name, ...) enum error name(struct invocation *inv);
ABI_CALLS(CALL_PROTOTYPE)
#undef CALL_PROTOTYPE

/* SYS_INVOKE by a task, from its registers. */
enum error invoke(struct task *task, struct invocation *inv);

/* Says which argument an error is about (0: the target), and returns it. */
static inline enum error refuse(struct invocation *inv, unsigned argument,
				enum error err)
{
	inv->detail = DETAIL(argument, 0u, 0u);
	return err;
}

/* A call by the running task, from its registers and into them. */
void syscall_handle(struct task *task);

/* ---- Pools (cpool.c) ---- */

/*
 * The slot that a path leads to, perhaps empty. `rights` are those the last
 * pool must have. *found is the type of what was reached last, for BAD_ADDRESS
 * and NO_RIGHT.
 */
enum error cpool_walk(const struct slot *root, uint64_t path, unsigned depth,
		      unsigned rights, struct slot **slot, unsigned *found);
/* Its slots, from the root's own on; it leads to a pool. */
void cpool_way(struct slot *root, uint64_t path, unsigned depth,
	       struct way *way);
/* Goes on with a call that drains (task->drains_at). */
enum error cpool_drain(struct task *caller);
/* The lowest empty slot, or -1. */
int cpool_lowest_free(const struct cpool *pool);
bool cpool_step(struct cpool *pool); /* object.h */

/* ---- Untyped memory (untyped.c) ---- */

/* A capability for what is left of an Untyped: all, if it has no children. */
void untyped_rest(struct slot *untyped, struct cap *rest);

/* ---- Tasks (task.c, sched.c) ---- */

void task_init(struct task *task);
/* Off any queue. A wait is broken off; it goes on when the task does. */
void task_stop(struct task *task);
/* Its task buffer, or NULL. */
struct task_buffer *task_buffer(const struct task *task);
static inline void task_return(struct task *task, enum error error,
			       uint64_t result0, uint64_t result1)
{
	task->regs.rax = error;
	task->regs.rdx = result0;
	task->regs.r10 = result1;
}

/* A slot of a task, with CAP_VITAL, is about to be emptied. */
void task_loses(struct slot *slot);
/* It has all it needs to run. */
bool task_complete(const struct task *task);
/* The deadline of its wait has come. */
void task_timed_out(struct task *task);
void task_dies(struct task *task);
bool task_step(struct task *task); /* object.h */

/* ---- Channels (channel.c) ---- */

void channel_init(struct channel *ch);
bool channel_step(struct channel *ch); /* object.h */

/* ---- Address spaces (vspace.c) ---- */

/* A PML4 in zero memory gets the kernel's half and an identifier. */
unsigned space_create(uint64_t top);
void space_destroy(unsigned id);
unsigned space_left(void); /* identifiers */

/* The capability is of no slot: what it has mapped goes. */
void frame_unmap(const struct cap *cap);
void table_unhook(const struct cap *cap);

/* Where a frame is mapped, or a table hangs: the entry; NULL: nowhere. */
uint64_t *frame_entry(const struct cap *cap);
uint64_t *table_entry(const struct cap *cap);

/* The entry for a frame. rights: RIGHT_READ and others. */
uint64_t vspace_page_entry(const struct cap *cap, unsigned rights);
#define TABLE_ENTRY_BITS (PTE_P | PTE_W | PTE_U)
/* The entry of the table of `level` (4: PML4) that covers va. */
enum error vspace_walk(uint64_t top, uint64_t va, unsigned level,
		       uint64_t **entry);
/* Eight bytes of a user's RAM; false where there are none. */
bool vspace_read_word(uint64_t top, uint64_t va, uint64_t *word);
unsigned table_level(unsigned type);

/* ---- Faults (fault.c) ---- */

/*
 * The running task faulted: its handler is told, or it is suspended and that
 * is reported. The registers have vector and error code.
 */
void fault_user(struct task *task, enum abi_fault kind, uint64_t address);
void fault_unhandled(struct task *task);
/* What the handler receives, and what its answer does. */
void fault_message(const struct task *from, struct task *to, uint64_t badge);
void fault_answered(struct task *task, uint32_t label);
void fault_report(const struct regs *regs, const char *name, uint64_t address,
		  bool has_address);

/* ---- The invariants (verify.c) ---- */

/* NULL, or which one does not hold. */
const char *verify(void);
/* At every exit of the kernel: in the verifying kernel a panic if one does
 * not hold, in the ordinary one nothing (verify_exit.c, verify_none.c). */
void verify_exit(void);
/* No system call returns before that. */
extern const bool verify_always;

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
