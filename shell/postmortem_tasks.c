/*
 * postmortem_tasks.c: each task of our kernel: what it waits for or does, and
 * who called whom in it, from the registers with which it will go on.
 */
#include <inttypes.h>

#include "shell/inspect/space.h"
#include "shell/postmortem.h"
#include "vmm/log.h"

#define TASKS_SHOWN 16

struct space {
	const struct guestmem *mem;
	uint64_t top;
};

static bool read_space(void *ctx, uint64_t va, uint64_t *word)
{
	const struct space *s = ctx;

	return space_read(s->mem, s->top, va, word, sizeof(*word));
}

static void say_task(struct postmortem *p, const struct inspect_task *task)
{
	struct postmortem_program *of = postmortem_program(p, 3, task->cr3);
	struct space space = {&p->m->mem, task->cr3 & PTE_ADDR};
	struct x86_state s = {.rip = task->rip};
	struct backtrace_target target = {{read_space, &space},
					  postmortem_symbols(of),
					  postmortem_source(of)};
	struct source_regs regs;
	struct backtrace b;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		s.gpr[i] = task->gpr[i];
	log_warn("  %s, %s%s", task->name, task->state_name,
		 task->running ? ", on a processor" : "");
	if (!task->cr3 || !task->rip)
		return;
	backtrace_regs(&s, &regs);
	backtrace_of(&target, &regs, &b);
	postmortem_backtrace(of, s.rip, &b);
}

void postmortem_tasks(struct postmortem *p)
{
	struct inspect_task task = {.number = 0};
	unsigned count = 0;
	char why[256];

	if (inspect_check(p->inspect, why, sizeof(why)))
		return; /* not our kernel */
	while (inspect_next_task(p->inspect, task.number, &task) == 0) {
		if (count++ == TASKS_SHOWN) {
			log_warn("  and more tasks; --look tasks lists them");
			break;
		}
		say_task(p, &task);
	}
}
