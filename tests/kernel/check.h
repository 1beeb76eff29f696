/*
 * check.h: what the kernel's user-mode tests share. Each is an init program:
 * it puts a TAP line on the log for every fact it shows, and ends the run by
 * the exit port. Trouble in the setting up is a panic, which fails the run.
 */
#ifndef TESTS_KERNEL_CHECK_H
#define TESTS_KERNEL_CHECK_H

#include "guest-kernel/user/rt.h"

/* ---- the verdict ---- */

void check(bool ok, const char *name);
void check_error(enum error got, enum error expected, const char *name);
void check_equal(uint64_t got, uint64_t expected, const char *name);

/* The plan, then success if every check was ok. What user_main() returns. */
int check_done(void);

/* ---- capabilities of the init program ---- */

#define ROOT	caddr_root(BOOT_SLOT_CPOOL)
#define UNTYPED caddr_root(BOOT_SLOT_UNTYPED)
#define PML4	caddr_root(BOOT_SLOT_PML4)

/* A new object in the next of the root's slots from 32 on. */
struct caddr make(enum abi_object type, unsigned bits);

/* From now on objects are made of `untyped` instead of UNTYPED. */
void make_from(struct caddr untyped);

/* Deletes all that make() and who calls it have made; stacks are free again. */
void unmake(void);

/* A copy of the capability in the empty `slot`. */
void copy_to(struct caddr cap, struct caddr slot);

/* The type of what the root's slot holds. */
uint64_t type_in(struct caddr pool, unsigned index);

/* ---- memory ---- */

/* Addresses for the tests, with nothing there and no tables. */
#define AREA UINT64_C(0x200000000000)

/* Makes the tables for va in our address space, where they are missing. */
void make_tables(uint64_t va);

/* A new frame, mapped at va, with tables as needed. */
struct caddr map_new(uint64_t va, uint64_t rights);

/* ---- tasks ---- */

#define TASKS	   12

/* The root's slots from here on are make()'s; beyond, they are the caller's. */
#define MADE_FIRST 32
#define MADE_END   200

struct thread {
	struct caddr task;
	struct task_buffer *buffer;
	uint64_t top; /* of the stack; holds the return to sys_exit() */
};

/*
 * A task of our address space and pool, with a stack and a task buffer of its
 * own, set up to call entry(argument) but not active.
 */
struct thread thread_make(void (*entry)(uint64_t argument), uint64_t argument);
struct thread thread_start(void (*entry)(uint64_t argument), uint64_t argument);

/* Lets a task that is not active begin anew, at another function. */
void thread_restart(const struct thread *thread, void (*entry)(uint64_t),
		    uint64_t argument);

/* Yields until *word is `value`; false if that takes absurdly long. */
bool await(const volatile uint64_t *word, uint64_t value);
/* The same until it is not 0 any more. */
bool await_any(const volatile uint64_t *word);
void yield_often(void);

/*
 * The time stamp counter counts instructions: this is the simulator. Elsewhere
 * a host may be elsewhere for a while, and times are no promise.
 */
bool counts_instructions(void);

/* ---- calls with any registers ---- */

struct raw {
	uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
};

static inline void raw_call(struct raw *r)
{
	register uint64_t r10 __asm__("r10") = r->r10;
	register uint64_t r8 __asm__("r8") = r->r8;
	register uint64_t r9 __asm__("r9") = r->r9;

	__asm__ volatile("syscall"
			 : "+a"(r->rax), "+D"(r->rdi), "+S"(r->rsi),
			   "+d"(r->rdx), "+r"(r10), "+r"(r8), "+r"(r9)
			 :
			 : "rcx", "r11", "memory");
	r->r10 = r10;
	r->r8 = r8;
	r->r9 = r9;
}

/* An info word, of a call with one capability argument at most. */
#define INFO(label, words, target, argument)                         \
	((uint64_t)(label) | (uint64_t)(words) << INFO_WORDS_SHIFT | \
	 (uint64_t)(target) << INFO_TARGET_SHIFT |                   \
	 (uint64_t)(argument) << INFO_ARGUMENT_SHIFT)

/* A repeatable stream of numbers (xorshift). */
uint64_t next_random(uint64_t *seed);

#endif
