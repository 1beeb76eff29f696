/*
 * tasks.c: CPUs and tasks as gdb's threads.
 *
 * A task's registers are those that it will go on with in user mode; one that
 * runs has its CPU's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/machine_target.h"

#define CR3_SPACE UINT64_C(0x000ffffffffff000)

/* ---- address spaces ---- */

static uint32_t pid_of_space(struct machine_target *t, uint64_t cr3)
{
	cr3 &= CR3_SPACE;
	for (unsigned i = 0; i < t->spaces; i++)
		if (t->space[i] == cr3)
			return 2 + i;
	if (!cr3 || t->spaces == SPACES_MAX)
		return 1;
	t->space[t->spaces++] = cr3;
	return 1 + t->spaces;
}

bool mt_space(const struct machine_target *t, uint32_t pid, uint64_t *space)
{
	if (pid < 1 || pid > 1 + t->spaces)
		return false;
	*space = pid == 1 ? DEBUG_ANY_SPACE : t->space[pid - 2];
	return true;
}

/* ---- registers ---- */

const struct x86_state *mt_state(struct machine_target *t, unsigned cpu)
{
	if (t->cached_cpu != (int)cpu) {
		t->m->cpu[cpu]->ops->get_state(t->m->cpu[cpu], &t->cache);
		t->cached_cpu = cpu;
	}
	return &t->cache;
}

void mt_forget_state(struct machine_target *t)
{
	t->cached_cpu = -1;
	t->tasks_known = false;
}

/* ---- tasks ---- */

/* False: no memory, so that the rest stays unknown. */
static bool add_task(struct machine_target *t, const struct gdb_task *task)
{
	unsigned room = t->task_room ? 2 * t->task_room : 16;
	struct gdb_task *more;

	if (t->tasks == t->task_room) {
		more = realloc(t->task, room * sizeof(*more));
		if (!more)
			return false;
		t->task = more;
		t->task_room = room;
	}
	t->task[t->tasks++] = *task;
	return true;
}

static void list_tasks(struct machine_target *t)
{
	const struct gdb_hooks *h = &t->config->hooks;
	struct gdb_task task;

	if (t->tasks_known && debug_held(t->d))
		return;
	t->tasks = 0;
	for (uint32_t after = 0;
	     h->next_task && h->next_task(h->ctx, after, &task) &&
	     task.number > after && add_task(t, &task);
	     after = task.number)
		;
	t->tasks_known = true;
}

bool mt_next_task(struct machine_target *t, uint32_t after,
		  struct gdb_task *task)
{
	list_tasks(t);
	for (unsigned i = 0; i < t->tasks; i++)
		if (t->task[i].number > after) {
			*task = t->task[i];
			return true;
		}
	return false;
}

uint32_t mt_pid_of(struct machine_target *t, const struct gdb_task *task)
{
	return pid_of_space(t, task->cr3);
}

static struct gdb_id id_of_task(struct machine_target *t,
				const struct gdb_task *task)
{
	uint32_t pid = pid_of_space(t, task->cr3);

	if (pid > 1 && !t->adopted[pid - 2])
		pid = 1;
	return (struct gdb_id){pid, TASK_TID + task->number};
}

/* All spaces that there are now have their numbers after this. */
static void number_spaces(struct machine_target *t)
{
	struct gdb_task task = {.number = 0};

	while (mt_next_task(t, task.number, &task))
		pid_of_space(t, task.cr3);
}

bool mt_adopt(void *target, uint32_t pid, bool on)
{
	struct machine_target *t = target;

	number_spaces(t);
	if (pid < 2 || pid - 2 >= t->spaces)
		return false;
	t->adopted[pid - 2] = on;
	return true;
}

bool mt_task_of(struct machine_target *t, struct gdb_id id,
		struct gdb_task *task)
{
	if (id.tid <= TASK_TID)
		return false;
	return mt_next_task(t, id.tid - TASK_TID - 1, task) &&
	       task->number == id.tid - TASK_TID &&
	       id_of_task(t, task).pid == id.pid;
}

int mt_cpu_of(struct machine_target *t, struct gdb_id id)
{
	struct gdb_task task;

	if (id.pid == 1 && id.tid >= 1 && id.tid <= t->m->cpu_count)
		return id.tid - 1;
	if (mt_task_of(t, id, &task) && task.running)
		return t->m->turn.cpu;
	return -1;
}

bool mt_alive(void *target, struct gdb_id id)
{
	struct machine_target *t = target;
	struct gdb_task task;

	if (id.pid == 1 && id.tid >= 1 && id.tid <= t->m->cpu_count)
		return true;
	return mt_task_of(t, id, &task);
}

struct gdb_id mt_runner(struct machine_target *t, uint32_t pid, unsigned cpu)
{
	struct gdb_task task;

	for (uint32_t n = 0; pid != 1 && mt_next_task(t, n, &task);
	     n = task.number)
		if (task.running && id_of_task(t, &task).pid == pid)
			return id_of_task(t, &task);
	return (struct gdb_id){1, cpu + 1};
}

/* ---- the list ---- */

static void tell_cpu(struct machine_target *t, unsigned cpu,
		     struct gdb_thread *thread)
{
	const struct x86_state *s = mt_state(t, cpu);
	const char *mode = !(s->cr0 & CR0_PE)		 ? "real mode"
			   : !(s->efer & EFER_LMA)	 ? "32-bit"
			   : s->seg[SEG_CS].selector & 3 ? "ring 3"
							 : "ring 0";

	*thread = (struct gdb_thread){.id = {1, cpu + 1}, .core = cpu};
	snprintf(thread->name, sizeof(thread->name), "cpu%u", cpu);
	snprintf(thread->extra, sizeof(thread->extra), "%s, cr3=%#llx%s", mode,
		 (unsigned long long)s->cr3,
		 s->halted == HALT_HLT	       ? ", halted"
		 : s->halted == HALT_WAIT_SIPI ? ", not started"
					       : "");
}

bool mt_thread(void *target, unsigned n, struct gdb_thread *thread)
{
	struct machine_target *t = target;
	const struct gdb_task *task;

	if (n < t->m->cpu_count) {
		tell_cpu(t, n, thread);
		return true;
	}
	list_tasks(t);
	n -= t->m->cpu_count;
	if (n >= t->tasks)
		return false;
	task = &t->task[n];
	*thread = (struct gdb_thread){.id = id_of_task(t, task)};
	snprintf(thread->name, sizeof(thread->name), "%s", task->name);
	snprintf(thread->extra, sizeof(thread->extra), "%s%s", task->state,
		 task->running ? ", on cpu0" : "");
	return true;
}
