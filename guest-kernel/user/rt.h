/*
 * rt.h: what a user program finds around it: the system calls, a heap, text,
 * strings and the way out when all is lost. rinit, the EVM's init program and
 * the kernel's tests are written on it; it needs nothing but the ABI.
 *
 * A program defines main(), which the first task of its address space calls
 * with the words of the kernel's command line; argv[0] is "init". One whose
 * image further tasks run from the beginning, too, defines user_main()
 * instead. Globals are shared by all tasks of one address space;
 * variables with __thread are each task's own.
 */
#ifndef USER_RT_H
#define USER_RT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-kernel/abi/bootinfo.h"
#include "guest-kernel/abi/object.h"
#include "guest-kernel/abi/syscall.h"
#include "guest-kernel/user/calls.h"

/*
 * Every task that is started at the image's entry comes to it: the first with
 * the boot information, any other with NULL. Returning ends the task; from
 * the first, other than 0 is a panic. Unless a program has its own, it calls
 * main() in the first task and ends any other.
 */
int user_main(const struct boot_info *info);

/*
 * Of this address space; NULL before the first task has begun. It tells where
 * things are: no program need know an address.
 */
const struct boot_info *rt_boot_info(void);

/* crt0.S; an address to start further tasks of this image at. */
void _start(void);

/* ---- the task itself (tls.c) ---- */

/* What every task has at the base of its FS segment. */
struct rt_task {
	struct rt_task *self; /* where the x86-64 ABI wants it */
	struct task_buffer *buffer;
	uint64_t stack, stack_end; /* for backtraces */
	struct caddr task;	   /* its capability; depth 0: not known */
	struct caddr done;	   /* Endpoint for rt_exit(); depth 0: none */
	bool first;		   /* of its address space */
};

static inline struct rt_task *rt_self(void)
{
	struct rt_task *self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}

/* Ends the task, once who waits for it has the value. */
_Noreturn void rt_exit(uint64_t value);
#define RT_PANICKED (UINT64_C(1) << 32) /* beyond any int */

/*
 * Room for a task's rt_task and its copy of the thread-local variables; the
 * linker knows how much (user.ld).
 */
extern const char tls_area_size[];
#define TLS_AREA_SIZE ((uintptr_t)tls_area_size)

/*
 * Fills such a room; the rest of `task` but `self` is as given. What it
 * returns is the FS base.
 */
struct rt_task *tls_make(void *area, const struct rt_task *task);

/* ---- system calls (calls.h, syscall.c) ---- */

/* What was taken: the value, the length in the task buffer, or the slot. */
struct taken {
	enum channel_kind kind;
	uint64_t value;
};

/* Through the task buffer, whose contents are lost. */
enum error sys_channel_put_payload(struct caddr channel, const void *data,
				   size_t len);
enum error sys_channel_take(struct caddr channel, uint64_t flags,
			    struct caddr slot, struct taken *taken);

void sys_yield(void);
_Noreturn void sys_exit(void);
enum error sys_print(const char *text, size_t len); /* one line of the log */
void sys_putc(char c);
void sys_list_cpool(void);
_Noreturn void sys_test_succeed(void);
_Noreturn void sys_test_fail(void);

/* The base of the caller's FS segment. */
enum error sys_set_fs_base(uint64_t base);

/* The task's buffer, or NULL. */
static inline struct task_buffer *rt_buffer(void)
{
	return rt_self()->buffer;
}

/* ---- names of the ABI's numbers (names.c), for people ---- */

const char *error_name(enum error error); /* "SLOT_TAKEN" */
const char *error_text(enum error error); /* "the target slot is not empty" */
const char *object_name(uint64_t type);	  /* "CPOOL" */

/*
 * Why a call was refused, and over which argument (failure.c): "WRONG_TYPE:
 * the capability is of another type (table: wanted PML4, found CPOOL)".
 */
void sys_failure_text(const struct sys_failure *failure, char *text,
		      size_t size);
#define FAILURE_TEXT_SIZE 160

/* ---- text (printf.c) ---- */

/*
 * As C's, with d i u x X o c s p and %, the flags - 0 + # and space, width,
 * precision, * for both, and the lengths hh h l ll z j t. No floating point.
 * Returns the length that the whole text has.
 */
int rt_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
__attribute__((format(printf, 3, 4))) int rt_snprintf(char *buf, size_t size,
						      const char *fmt, ...);

/* A line of the kernel's log, by SYS_PRINT. */
__attribute__((format(printf, 1, 2))) void rt_print(const char *fmt, ...);

/*
 * A bug of ours, or something we cannot go on without: say it with a
 * backtrace of return addresses. The init program fails the run, any other
 * task ends with RT_PANICKED.
 */
__attribute__((format(printf, 1, 2))) _Noreturn void rt_panic(const char *fmt,
							      ...);

/* assert() of <assert.h> works, too. */
_Noreturn void __assert_fail(const char *what, const char *file, unsigned line,
			     const char *function);

/* ---- memory (malloc.c on heap.c; string.c) ---- */

/*
 * From the untyped memory of the boot_info, 16-byte aligned. NULL when it is
 * used up. Of the root pool it takes one slot, at the first use. For all
 * threads.
 */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *old);

/* Gives back to the kernel what is free at the heap's end. */
void malloc_trim(void);

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *in, int byte, size_t len);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);

#endif
