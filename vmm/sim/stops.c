/*
 * stops.c: a debugger's breakpoints, watchpoints and steps.
 *
 * Guest memory is never touched. An instruction with a breakpoint is decoded
 * into a block of its own whose op leads back to run(), which then looks; a
 * page with a watchpoint has no tag in the TLBs that an access could match,
 * so that mem.c sees them all. Where nothing is set neither is asked for.
 *
 * All stops are between two instructions, and none of this is part of the
 * state: the guest runs the same with or without.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* ---- the points ---- */

static uint64_t linear_rip(const struct cpu *cpu)
{
	if (cpu->code64)
		return cpu->rip;
	return (uint32_t)(cpu->rip + cpu->s.seg[SEG_CS].base);
}

bool stops_exec(const struct cpu *cpu, uint64_t lin)
{
	const struct vcpu_point *point = cpu->stops.point;
	unsigned low = 0, high = cpu->stops.execs;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (point[mid].addr < lin)
			low = mid + 1;
		else
			high = mid;
	}
	return low < cpu->stops.execs && point[low].addr == lin;
}

static bool meets(const struct vcpu_point *p, uint64_t at, uint64_t size)
{
	return at < p->addr ? p->addr - at < size : at - p->addr < p->len;
}

bool stops_in_page(const struct cpu *cpu, uint64_t page)
{
	const struct stops *p = &cpu->stops;

	for (unsigned i = p->execs; i < p->count; i++)
		if (meets(&p->point[i], page, PAGE_SIZE))
			return true;
	return false;
}

bool stops_touch(struct cpu *cpu, uint64_t lin, unsigned size, bool write)
{
	struct stops *p = &cpu->stops;

	for (unsigned i = p->execs; i < p->count; i++) {
		const struct vcpu_point *point = &p->point[i];

		if (point->kind == (write ? POINT_READ : POINT_WRITE) ||
		    !meets(point, lin, size))
			continue;
		if (p->touched)
			return true;
		p->touched = true;
		p->hit = (struct vcpu_debug_event){
			.cause = DEBUG_CAUSE_TOUCH,
			.point = *point,
			.addr = lin > point->addr ? lin : point->addr};
		return true;
	}
	return false;
}

/* ---- the run ---- */

void exec_point(struct cpu *cpu, const struct op *op)
{
	cpu->left += block_of(op)->count;
	cpu->rip = block_of(op)->rip;
}

static bool tell(struct cpu *cpu, const struct vcpu_debug_event *event)
{
	cpu->exit->debug = *event;
	cpu->stops.step = STEP_NOT;
	return true;
}

/* The fault has not happened: its instruction is to run again. */
static bool catches(struct cpu *cpu)
{
	struct stops *p = &cpu->stops;
	const struct fault *f = &cpu->fault;
	struct vcpu_debug_event event = {.cause = DEBUG_CAUSE_EXCEPTION,
					 .vector = f->vector};

	if (f->kind != EVENT_FAULT || !p->fresh_fault ||
	    !(p->vectors >> f->vector & 1) ||
	    (p->passed_fault && p->pass_rip == linear_rip(cpu)))
		return false;
	cpu->fault_pending = false;
	cpu->left++;
	return tell(cpu, &event);
}

/* Has REP left its instruction with iterations still to be done? */
static bool repeats(const struct cpu *cpu)
{
	const struct block *cut = (const struct block *)cpu->cut;

	return cpu->rip == cpu->stops.step_rip && cut->rip == cpu->rip &&
	       cut->op[0].flags & (OP_REPE | OP_REPNE);
}

bool stops_stop(struct cpu *cpu)
{
	struct stops *p = &cpu->stops;
	struct vcpu_debug_event event = {.cause = DEBUG_CAUSE_STEP};

	if (cpu->fault_pending)
		return catches(cpu);
	if (p->touched) {
		p->touched = false;
		return tell(cpu, &p->hit);
	}
	if (p->step != STEP_DONE)
		return false;
	if (!p->delivered && repeats(cpu)) {
		p->step = STEP_WANTED;
		return false;
	}
	return tell(cpu, &event);
}

void stops_delivered(struct cpu *cpu)
{
	struct stops *p = &cpu->stops;

	p->delivered = true;
	if (p->step)
		p->step = STEP_DONE;
}

static bool passes(struct stops *p, uint64_t lin)
{
	p->passed_fault = p->pass && p->pass_rip == lin;
	if (p->passed_fault)
		p->pass = false;
	return p->passed_fault;
}

enum stops_way stops_way(struct cpu *cpu)
{
	struct stops *p = &cpu->stops;
	uint64_t lin = linear_rip(cpu);
	struct vcpu_debug_event event = {
		.cause = DEBUG_CAUSE_POINT,
		.point = {.addr = lin, .len = 1, .kind = POINT_EXEC}};

	if (stops_stop(cpu))
		return STOPS_STOP;
	if (!passes(p, lin) && stops_exec(cpu, lin)) {
		tell(cpu, &event);
		return STOPS_STOP;
	}
	if (p->step) {
		p->step = STEP_DONE;
		p->step_rip = cpu->rip;
		p->delivered = false;
		return STOPS_ALONE;
	}
	return p->passed_fault ? STOPS_ALONE : STOPS_RUN;
}

/* ---- what the debugger asks ---- */

static bool same_points(const struct stops *p, const struct vcpu_debug *d)
{
	for (unsigned i = 0; i < p->count && i < d->count; i++)
		if (p->point[i].addr != d->point[i].addr ||
		    p->point[i].len != d->point[i].len ||
		    p->point[i].kind != d->point[i].kind)
			return false;
	return p->count == d->count;
}

/* Blocks and tags are for the points that were. */
static int replace(struct cpu *cpu, const struct vcpu_debug *d)
{
	struct stops *p = &cpu->stops;
	struct vcpu_point *copy = NULL;

	if (d->count) {
		copy = malloc(d->count * sizeof(*copy));
		if (!copy)
			return -ENOSPC;
		memcpy(copy, d->point, d->count * sizeof(*copy));
	}
	free(p->point);
	p->point = copy;
	p->count = d->count;
	p->execs = 0;
	while (p->execs < p->count && copy[p->execs].kind == POINT_EXEC)
		p->execs++;
	code_flush(cpu);
	mmu_hide_watched(cpu);
	return 0;
}

int stops_set(struct vcpu *vcpu, const struct vcpu_debug *debug)
{
	static const struct vcpu_debug nothing;
	struct cpu *cpu = (struct cpu *)vcpu;
	struct stops *p = &cpu->stops;
	int err = 0;

	if (!debug)
		debug = &nothing;
	if (!same_points(p, debug))
		err = replace(cpu, debug);
	if (err)
		return err;
	p->vectors = debug->vectors;
	p->step = debug->step ? STEP_WANTED : STEP_NOT;
	p->pass = debug->pass;
	p->pass_rip = linear_rip(cpu);
	p->passed_fault = p->touched = false;
	cpu->debugged = p->count || debug->step || debug->vectors;
	return 0;
}

void stops_fini(struct cpu *cpu)
{
	free(cpu->stops.point);
}
