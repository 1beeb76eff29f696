/* postmortem_past.c: the last interrupts and branches of a CPU that knows. */
#include <inttypes.h>
#include <stdio.h>

#include "shell/postmortem.h"
#include "vmm/log.h"
#include "vmm/trace.h"

#define EVENTS_SHOWN 8

static const char *kind(const struct vcpu_event *e)
{
	if (!e->delivered)
		return "could not be delivered";
	if (e->external)
		return "from outside";
	return e->soft ? "by INT" : "exception";
}

static uint64_t current_cr3(struct postmortem *p)
{
	struct vcpu *cpu = p->m->cpu[p->m->turn.cpu];
	struct x86_state s;

	cpu->ops->get_state(cpu, &s);
	return s.cr3;
}

/* The kernel's, or else of the program that runs. */
static void name_any(struct postmortem *p, uint64_t va, char *text, size_t size)
{
	postmortem_name(&p->kernel, va, text, size);
	if (!*text)
		postmortem_name(postmortem_program(p, 3, current_cr3(p)), va,
				text, size);
}

/* Whose user code it was is guessed: by the page tables of now. */
static void say_event(struct postmortem *p, const struct vcpu_event *e)
{
	uint64_t cr3 = current_cr3(p);
	char name[128], error[32] = "", address[40] = "";

	postmortem_name(postmortem_program(p, e->cpl, cr3), e->rip, name,
			sizeof(name));
	if (e->has_error)
		snprintf(error, sizeof(error), " error %#" PRIx32, e->error);
	if (e->vector == VEC_PF && !e->external)
		snprintf(address, sizeof(address), " address %#" PRIx64,
			 e->address);
	log_warn("    %-3s %02xh%s%s, %s, at 0x%016" PRIx64
		 "%s, ring %u, after %" PRIu64 " instructions",
		 e->external ? "" : trace_vector(e->vector), e->vector, error,
		 address, kind(e), e->rip, name, e->cpl, e->count);
}

static void say_events(struct postmortem *p, const struct vcpu_past *past)
{
	if (past->event_count)
		log_warn("  last interrupts and exceptions, the newest first:");
	for (unsigned i = 0; i < past->event_count && i < EVENTS_SHOWN; i++)
		say_event(p, &past->event[i]);
}

static void say_branches(struct postmortem *p, const struct vcpu_past *past)
{
	char from[128], to[128];

	if (past->branch_count)
		log_warn("  last branches, the newest first:");
	for (unsigned i = 0; i < past->branch_count; i++) {
		const struct vcpu_branch *b = &past->branch[i];

		name_any(p, b->from, from, sizeof(from));
		name_any(p, b->to, to, sizeof(to));
		log_warn("    0x%016" PRIx64 "%s -> 0x%016" PRIx64 "%s%s",
			 b->from, from, b->to, to,
			 b->vector < 0 ? "" : ", an interrupt");
	}
}

void postmortem_past(struct postmortem *p)
{
	struct vcpu *cpu = p->m->cpu[p->m->turn.cpu];
	struct vcpu_past past;

	if (!cpu->ops->get_past)
		return;
	cpu->ops->get_past(cpu, &past);
	say_events(p, &past);
	say_branches(p, &past);
	if (!past.branch_count && !p->branches)
		log_warn("  run it again with --branches to see the last "
			 "branches");
}
