/*
 * resume.c: from what gdb asks of threads to what the machine does with its
 * CPUs.
 */
#include <errno.h>

#include "gdbstub/machine_target.h"

struct plan {
	struct gdb_action cpu[MACHINE_CPUS];
	struct gdb_id stepper;
	int steps;   /* the CPU; -1: none */
	bool awaits; /* `stepper` is a task that is on none */
	bool any;
};

static void plan_thread(struct machine_target *t, struct plan *plan,
			struct gdb_id id, struct gdb_action action)
{
	int cpu = mt_cpu_of(t, id);

	if (action.step == GDB_STAY)
		return;
	plan->any = true;
	if (cpu < 0 && action.step == GDB_STEP && plan->steps < 0) {
		plan->awaits = true;
		plan->stepper = id;
	}
	if (cpu < 0)
		return;
	if (action.step == GDB_STEP && plan->steps < 0) {
		plan->steps = cpu;
		plan->awaits = false;
		plan->stepper = id;
		plan->cpu[cpu] = action;
	} else if (plan->cpu[cpu].step == GDB_STAY) {
		plan->cpu[cpu] = (struct gdb_action){.step = GDB_GO};
	}
}

static bool runs_again(void *ctx, const struct debug_point *point, unsigned cpu)
{
	struct machine_target *t = ctx;
	struct gdb_task task;

	mt_forget_state(t);
	return mt_next_task(t, t->awaited - 1, &task) &&
	       task.number == t->awaited && task.running;
}

/* The step of a task that waits is over when it goes on in user mode. */
static bool await_task(struct machine_target *t, struct gdb_id id)
{
	struct gdb_task task;
	struct debug_point at = {.kind = POINT_EXEC,
				 .len = 1,
				 .owner = &t->awaited,
				 .wanted = runs_again,
				 .ctx = t};

	if (!mt_task_of(t, id, &task))
		return false;
	at.addr = task.rip;
	at.space = task.cr3;
	t->awaited = task.number;
	return debug_add(t->d, &at) == 0;
}

/*
 * gdb takes a breakpoint away to step over it. One that is there when it lets
 * the machine go, and was not met or was set since, is to be met: `jump' to
 * where it stands.
 */
static bool at_new_point(struct machine_target *t)
{
	const struct debug_stop *stop = debug_last(t->d);
	uint64_t pc = x86_linear_rip(mt_state(t, stop->cpu));

	for (const struct mt_point *p = t->points; p; p = p->next)
		if (p->at.addr == pc && p->at.kind <= GDB_HW_BREAK &&
		    (p->fresh || stop->reason != DEBUG_POINT))
			return true;
	return false;
}

/*
 * A CPU goes if its own thread does, or the task on it. Where only tasks go
 * that are on none, all CPUs do, so that their turn may come.
 */
bool mt_resume(void *target,
	       struct gdb_action (*action)(void *ctx, struct gdb_id id),
	       void *ctx)
{
	struct machine_target *t = target;
	struct plan plan = {.steps = -1};
	struct gdb_thread thread;
	bool none = true;
	int err;

	t->too_much = false;
	for (unsigned n = 0; mt_thread(t, n, &thread); n++)
		plan_thread(t, &plan, thread.id, action(ctx, thread.id));
	if (!plan.any)
		return false;
	for (unsigned i = 0; i < t->m->cpu_count; i++)
		none &= plan.cpu[i].step == GDB_STAY;
	for (unsigned i = 0; i < t->m->cpu_count && !none; i++)
		if (plan.cpu[i].step == GDB_STAY)
			debug_freeze(t->d, i);
	t->stepper = plan.stepper;
	if (plan.awaits && !await_task(t, plan.stepper))
		return false;
	mt_forget_state(t);
	if (plan.steps < 0 && at_new_point(t))
		debug_meet_again(t->d);
	if (plan.steps >= 0)
		err = debug_step(t->d, plan.steps, plan.cpu[plan.steps].from,
				 plan.cpu[plan.steps].to);
	else
		err = debug_continue(t->d);
	t->too_much = err == -ENOSPC;
	return err == 0;
}
