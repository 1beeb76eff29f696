/* task.h: what every new task is given before it runs. */
#ifndef USER_TASK_H
#define USER_TASK_H

#include "guest-kernel/user/rt.h"

/* Words that are 0 stay as they are, which in a new task is 0. */
struct task_setup {
	uint64_t ip, sp, argument, fs_base;
	struct caddr pool, table, buffer;
};

/*
 * Sets an inactive task up. When that is refused, `step` is which setting:
 * "stack", "instruction", ...; it may be NULL.
 */
enum error task_set_up(struct caddr task, const struct task_setup *setup,
		       const char **step);

/*
 * Waits for the end of a task whose rt_task.done and fault handler are this
 * Endpoint; a fault needs a Reply, and stays suspended. False: it has panicked or, which the log is told, faulted; else
 * `result`, which may be NULL, is what it gave rt_exit().
 */
bool task_wait(struct caddr done, struct caddr reply, int *result);

#endif
