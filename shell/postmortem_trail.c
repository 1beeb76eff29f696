/* postmortem_trail.c: the last instructions, found by going back to them. */
#include <inttypes.h>
#include <stdio.h>

#include "shell/postmortem.h"
#include "vmm/log.h"

#define TRAIL 32

struct step {
	uint64_t rip, cr3;
	unsigned cpu, ring;
};

static struct step step_of(struct machine *m)
{
	struct vcpu *cpu = m->cpu[m->turn.cpu];
	struct x86_state s;

	cpu->ops->get_state(cpu, &s);
	return (struct step){s.rip, s.cr3, m->turn.cpu,
			     (s.seg[SEG_SS].attr & SEG_ATTR_DPL) >> 5};
}

static void say_step(struct postmortem *p, const struct step *s)
{
	char name[128], cpu[16] = "";

	postmortem_name(postmortem_program(p, s->ring, s->cr3), s->rip, name,
			sizeof(name));
	if (p->m->cpu_count > 1)
		snprintf(cpu, sizeof(cpu), "cpu %u: ", s->cpu);
	log_warn("    %s0x%016" PRIx64 "%s", cpu, s->rip, name);
}

bool postmortem_trail(struct postmortem *p, struct history *h)
{
	uint64_t now = history_now(h), from = history_first(h);
	bool live = history_live(h);
	struct step step[TRAIL];
	unsigned count = 0;

	if (now - from > TRAIL)
		from = now - TRAIL;
	while (from + count < now && history_goto(h, from + count) == 0)
		step[count++] = step_of(p->m);
	if ((live ? history_present(h) : history_goto(h, now)) < 0)
		return false;
	if (count)
		log_warn("  last instructions, the newest last:");
	for (unsigned i = 0; i < count; i++)
		say_step(p, &step[i]);
	return true;
}
