/* tasks.h: tasks, their queues, registers and what they run. */
#ifndef SHELL_INSPECT_TASKS_H
#define SHELL_INSPECT_TASKS_H

#include "shell/inspect/inspect.h"
#include "shell/inspect/model.h"

/* Along a queue of tasks, to QUEUE_MAX of them. */
#define QUEUE_MAX 256

struct queue {
	uint64_t at;
	uint32_t seen;
	bool corrupt; /* it led elsewhere, or in a circle */
};

void queue_begin(const struct model *m, struct queue *q, uint64_t queue);
/* The next task's object; NIL: no more. */
uint32_t queue_next(const struct model *m, struct queue *q);

/* "running", "waiting", ...; "faulted" when it stopped by that. */
const char *task_state_text(const struct model *m, const struct object *task);
bool task_running(const struct model *m, const struct object *task);

/* Its PML4; 0: it has none. */
uint64_t task_top(const struct model *m, const struct object *task);

#endif
