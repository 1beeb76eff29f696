/*
 * thread.h: functions that run as tasks of this address space, each with a
 * stack, a task buffer and thread-local variables of its own.
 */
#ifndef USER_THREAD_H
#define USER_THREAD_H

#include "guest-kernel/user/grain.h"
#include "guest-kernel/user/rt.h"

#define THREADS_MAX  64
#define THREAD_STACK (UINT64_C(64) << 10)

/* The caller's, and where it is until rt_thread_join(). */
struct rt_thread {
	int (*run)(void *argument);
	void *argument;
	struct caddr task; /* for priorities and the like */

	struct grain grain; /* all that it is made of */
	struct caddr done;  /* Endpoint: its end, or its fault */
	struct caddr reply; /* for the latter */
	unsigned window;    /* which of the places for stacks is its */
};

/*
 * Below its stack and above it nothing is mapped: what runs over faults. An
 * error leaves nothing behind.
 */
enum error rt_thread_start(struct rt_thread *thread, int (*run)(void *argument),
			   void *argument);

/* Made as by rt_thread_start(), but waits for rt_thread_go(). */
enum error rt_thread_make(struct rt_thread *thread, int (*run)(void *argument),
			  void *argument);
enum error rt_thread_go(struct rt_thread *thread);

/*
 * Waits for its end and gives its memory back. False: it has panicked, or
 * faulted, which the log is told then; else
 * `result`, which may be NULL, is what `run` returned.
 */
bool rt_thread_join(struct rt_thread *thread, int *result);

/* Ends the calling thread, which then has this result. */
_Noreturn void rt_thread_exit(int result);

/* The calling thread; NULL for a task that rt_thread_make() has not made. */
struct rt_thread *rt_thread_self(void);

#endif
