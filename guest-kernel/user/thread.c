/*
 * thread.c: threads. A thread's memory is one grain. Its place is a window of
 * addresses: a page that stays empty, the stack, another empty page, the task
 * buffer. At the stack's end lie its thread-local variables.
 */
#include "guest-kernel/user/thread.h"

#include "guest-kernel/user/lock.h"
#include "guest-kernel/user/space.h"
#include "guest-kernel/user/task.h"

#define PAGE	    UINT64_C(4096)
#define STACK_PAGES (THREAD_STACK / PAGE)
#define WINDOW	    (UINT64_C(1) << 18)

static uint64_t windows_taken; /* a bit each */

static __thread struct rt_thread *self;

_Static_assert(THREADS_MAX == 64, "a word of bits");
_Static_assert(THREAD_STACK + 3 * PAGE <= WINDOW, "fits");

struct rt_thread *rt_thread_self(void)
{
	return self;
}

void rt_thread_exit(int result)
{
	rt_exit((uint32_t)result);
}

static _Noreturn void begin(struct rt_thread *t)
{
	self = t;
	rt_thread_exit(t->run(t->argument));
}

/* ---- making ---- */

static uint64_t stack_of(const struct rt_thread *t)
{
	return space_stacks() + t->window * WINDOW + PAGE;
}

static enum error map_stack(struct rt_thread *t)
{
	struct caddr first;
	enum error err =
		grain_make(&t->grain, OBJECT_RAW_PAGE, 0, STACK_PAGES, &first);

	for (unsigned i = 0; i < STACK_PAGES && err == ERR_OK; i++) {
		err = space_map(space_own(), first, stack_of(t) + i * PAGE,
				RIGHT_READ | RIGHT_WRITE);
		first.path++;
	}
	return err;
}

static enum error map_buffer(struct rt_thread *t, uint64_t va,
			     struct caddr *buffer)
{
	enum error err =
		grain_make(&t->grain, OBJECT_TASK_BUFFER, 0, 1, buffer);

	return err == ERR_OK ? space_map(space_own(), *buffer, va,
					 RIGHT_READ | RIGHT_WRITE)
			     : err;
}

static enum error make_parts(struct rt_thread *t)
{
	uint64_t end = stack_of(t) + THREAD_STACK;
	/* As after a call: RSP + 8 is a multiple of 16. No caller: a zero. */
	uint64_t sp = ((end - TLS_AREA_SIZE) & -UINT64_C(16)) - 8;
	struct task_setup setup = {
		.ip = (uintptr_t)begin,
		.sp = sp,
		.argument = (uintptr_t)t,
		.pool = caddr_root(BOOT_SLOT_CPOOL),
		.table = caddr_root(BOOT_SLOT_PML4),
	};
	struct rt_task task = {.buffer = (void *)(end + PAGE),
			       .stack = stack_of(t),
			       .stack_end = end};
	enum error err = map_stack(t);

	err = err ? err : map_buffer(t, end + PAGE, &setup.buffer);
	err = err ? err : grain_make(&t->grain, OBJECT_TASK, 0, 1, &t->task);
	err = err ? err
		  : grain_make(&t->grain, OBJECT_ENDPOINT, 0, 1, &t->done);
	err = err ? err : grain_make(&t->grain, OBJECT_REPLY, 0, 1, &t->reply);
	if (err)
		return err;
	task.done = t->done;
	task.task = t->task;
	setup.fs_base = (uintptr_t)tls_make((void *)(sp + 8), &task);
	err = task_set_up(t->task, &setup, NULL);
	return err ? err : sys_task_set_fault_handler(t->task, 0, t->done);
}

static bool take_window(struct rt_thread *t)
{
	if (windows_taken == UINT64_MAX)
		return false;
	t->window = __builtin_ctzll(~windows_taken);
	windows_taken |= UINT64_C(1) << t->window;
	return true;
}

/* Revoking the grain ends the task, unmaps its memory, and has it back. */
static void unmake(struct rt_thread *t)
{
	rt_lock();
	grain_give(&t->grain);
	windows_taken &= ~(UINT64_C(1) << t->window);
	rt_unlock();
}

enum error rt_thread_make(struct rt_thread *t, int (*run)(void *),
			  void *argument)
{
	enum error err;

	*t = (struct rt_thread){.run = run, .argument = argument};
	err = rt_lock_begin();
	if (err != ERR_OK)
		return err;
	rt_lock();
	if (!take_window(t)) {
		err = ERR_NO_SPACE;
	} else if (!grain_take(&t->grain)) {
		windows_taken &= ~(UINT64_C(1) << t->window);
		err = ERR_NO_MEMORY;
	} else {
		err = make_parts(t);
		if (err != ERR_OK)
			unmake(t);
	}
	rt_unlock();
	return err;
}

enum error rt_thread_go(struct rt_thread *t)
{
	return sys_task_set_active(t->task, 1);
}

enum error rt_thread_start(struct rt_thread *t, int (*run)(void *),
			   void *argument)
{
	enum error err = rt_thread_make(t, run, argument);

	if (err != ERR_OK)
		return err;
	err = rt_thread_go(t);
	if (err != ERR_OK)
		unmake(t);
	return err;
}

bool rt_thread_join(struct rt_thread *t, int *result)
{
	bool ended = task_wait(t->done, t->reply, result);

	unmake(t);
	return ended;
}
