/*
 * past.c: what the CPU did last, for a report after a bad end.
 *
 * Each delivery leaves an event in a ring, always. Where branches are to be
 * kept, each block that runs leaves a pointer in another one; for that no
 * block goes on to the next by itself, since even one store a block would
 * slow all runs by a twelfth. Branches are made of these when someone asks.
 * Nothing of it is the guest's to see.
 */
#include <string.h>

#include "vmm/sim/exec.h"

/* An entry: a block that ran whole; its op up to which it ran; an event. */
enum { TAG_BLOCK, TAG_OP, TAG_EVENT, TAGS = 3 };

static void add(struct past *p, uintptr_t entry)
{
	p->entry[p->at++] = entry;
}

void past_block(struct cpu *cpu, const struct block *b)
{
	add(&cpu->past, (uintptr_t)b | TAG_BLOCK);
}

/* Entries point into blocks, which are about to be overwritten. */
void past_forget_blocks(struct cpu *cpu)
{
	memset(cpu->past.entry, 0, sizeof(cpu->past.entry));
}

void past_part(struct cpu *cpu, const struct block *b, unsigned count)
{
	add(&cpu->past, (uintptr_t)&b->op[count - 1] | TAG_OP);
}

/* The last entry, a part of a block, ran `count` ops fewer. */
void past_shorten(struct cpu *cpu, unsigned count)
{
	struct past *p = &cpu->past;
	uintptr_t *last = &p->entry[(uint8_t)(p->at - 1)];
	const struct op *op = (const struct op *)(*last & ~(uintptr_t)TAGS);

	if ((*last & TAGS) != TAG_OP)
		return;
	if (op->pos < count)
		p->at--;
	else
		*last = (uintptr_t)(op - count) | TAG_OP;
}

struct vcpu_event *past_event(struct cpu *cpu)
{
	struct past *p = &cpu->past;
	unsigned slot = p->events++ % VCPU_EVENTS;

	add(p, (uintptr_t)slot << 2 | TAG_EVENT);
	return &p->event[slot];
}

/* What was found by the jump cache so far leads from block to block. */
void past_keep_branches(struct vcpu *vcpu, bool on)
{
	struct cpu *cpu = (struct cpu *)vcpu;

	cpu->mode_alone = on ? MODE_ALONE : 0;
	code_flush(cpu);
}

/* ---- telling ---- */

/* Where an entry began and its last instruction, and what follows that. */
struct run {
	uint64_t first, last, next;
};

static struct run run_of(uintptr_t entry)
{
	const struct op *op = (const struct op *)(entry & ~(uintptr_t)TAGS);
	const struct block *b = (const struct block *)op;

	if ((entry & TAGS) == TAG_BLOCK)
		op = &b->op[b->count ? b->count - 1 : 0];
	b = block_of(op);
	return (struct run){b->rip, op_rip(op), b->rip + op->next};
}

/* From an entry, or an event, to the block that ran after it. */
static bool branch_between(const struct past *p, uintptr_t from, uintptr_t to,
			   struct vcpu_branch *branch)
{
	const struct vcpu_event *event;
	struct run before, after = run_of(to);

	if ((from & TAGS) == TAG_EVENT) {
		event = &p->event[from >> 2];
		*branch = (struct vcpu_branch){event->rip, after.first,
					       event->vector};
		return true;
	}
	before = run_of(from);
	*branch = (struct vcpu_branch){before.last, after.first, -1};
	return after.first != before.next;
}

static void tell_branches(const struct past *p, struct vcpu_past *past)
{
	uint8_t at = p->at - 1;
	unsigned events = 0; /* older ones are overwritten */

	for (unsigned i = 1; i < PAST_ENTRIES; i++, at--) {
		uintptr_t to = p->entry[at];
		uintptr_t from = p->entry[(uint8_t)(at - 1)];

		events += (from & TAGS) == TAG_EVENT;
		if (past->branch_count == VCPU_BRANCHES || !from || !to ||
		    events > VCPU_EVENTS)
			return;
		if ((to & TAGS) != TAG_EVENT &&
		    branch_between(p, from, to,
				   &past->branch[past->branch_count]))
			past->branch_count++;
	}
}

void past_get(struct vcpu *vcpu, struct vcpu_past *past)
{
	const struct past *p = &((struct cpu *)vcpu)->past;

	memset(past, 0, sizeof(*past));
	for (unsigned i = 0; i < VCPU_EVENTS && i < p->events; i++)
		past->event[past->event_count++] =
			p->event[(p->events - 1 - i) % VCPU_EVENTS];
	tell_branches(p, past);
}
