/*
 * kvm_debug.c: breakpoints, watchpoints and steps by KVM_SET_GUEST_DEBUG.
 *
 * INT3s are put where the addresses lead when run() begins, and taken away
 * when it ends, so that nobody outside of it ever sees one. Where nothing is
 * mapped yet is looked again every millisecond. An INT3 that is none of ours
 * is the guest's, who gets its #BP.
 *
 * To go on from a breakpoint, its instruction is stepped alone, without it
 * and without interrupts.
 */
#include "vmm/kvm_debug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include "vmm/kvm.h"

#define INT3	   0xcc
#define LOOK_AGAIN 1000000u /* ns */
#define DR6_STEP   (UINT64_C(1) << 14)
#define DR7_FIXED  (UINT64_C(1) << 10)
#define DR7_EXACT  (UINT64_C(1) << 9)

/* ---- the plan ---- */

/* The largest aligned piece that `len` bytes at `addr` begin with. */
static uint64_t piece_at(uint64_t addr, uint64_t len)
{
	uint64_t size = 8;

	while (size > len || addr % size)
		size /= 2;
	return size;
}

static int take_reg(struct kvm_debug_plan *plan, const struct vcpu_point *asked,
		    uint64_t addr, uint64_t len)
{
	if (plan->regs == KVM_DEBUG_REGS)
		return -ENOSPC;
	plan->asked[plan->regs] = *asked;
	plan->reg[plan->regs++] = (struct vcpu_point){addr, len, asked->kind};
	return 0;
}

static int plan_watch(struct kvm_debug_plan *plan,
		      const struct vcpu_point *point)
{
	int err = point->kind == POINT_READ ? -ENOSPC : 0;

	for (uint64_t at = 0, size; !err && at < point->len; at += size) {
		size = piece_at(point->addr + at, point->len - at);
		err = take_reg(plan, point, point->addr + at, size);
	}
	return err;
}

int kvm_debug_plan(const struct vcpu_debug *debug, struct kvm_debug_plan *plan)
{
	int err = 0;

	*plan = (struct kvm_debug_plan){.regs = 0};
	for (unsigned i = 0; !err && i < debug->count; i++)
		if (debug->point[i].kind != POINT_EXEC)
			err = plan_watch(plan, &debug->point[i]);
	if (err)
		return err;
	plan->patch = calloc(debug->count + 1, sizeof(*plan->patch));
	if (!plan->patch)
		return -ENOMEM;
	for (unsigned i = 0; i < debug->count; i++) {
		const struct vcpu_point *p = &debug->point[i];

		if (p->kind == POINT_EXEC && take_reg(plan, p, p->addr, 1))
			plan->patch[plan->patches++].addr = p->addr;
	}
	return 0;
}

void kvm_debug_plan_fini(struct kvm_debug_plan *plan)
{
	free(plan->patch);
	*plan = (struct kvm_debug_plan){.regs = 0};
}

/* Enabled in all tasks, its kind and its length, for each. */
uint64_t kvm_debug_dr7(const struct kvm_debug_plan *plan)
{
	static const uint8_t kinds[] = {
		[POINT_EXEC] = 0, [POINT_WRITE] = 1, [POINT_ACCESS] = 3};
	static const uint8_t lens[] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};
	uint64_t dr7 = DR7_FIXED | DR7_EXACT;

	for (unsigned i = 0; i < plan->regs; i++) {
		const struct vcpu_point *r = &plan->reg[i];

		dr7 |= UINT64_C(2) << (2 * i);
		dr7 |= (uint64_t)kinds[r->kind] << (16 + 4 * i);
		dr7 |= (uint64_t)lens[r->len] << (18 + 4 * i);
	}
	return dr7;
}

int kvm_set_debug(struct vcpu *vcpu, const struct vcpu_debug *debug)
{
	struct kvm_debug *d = &kvm_cpu(vcpu)->debug;
	struct kvm_debug_plan plan = {.regs = 0};
	int err = 0;

	if (debug && debug->vectors)
		return -ENOSPC;
	if (debug)
		err = kvm_debug_plan(debug, &plan);
	if (err)
		return err;
	kvm_debug_plan_fini(&d->plan);
	d->plan = plan;
	d->step = debug && debug->step;
	d->pass = debug && debug->pass;
	d->passing = d->pending = false;
	d->on = d->step || plan.regs || plan.patches;
	return 0;
}

void kvm_debug_fini(struct kvm_cpu *cpu)
{
	kvm_debug_plan_fini(&cpu->debug.plan);
}

/* ---- INT3s ---- */

static void plant(struct kvm_cpu *cpu, struct kvm_patch *p,
		  const struct x86_state *s)
{
	const struct guestmem *mem = cpu->vcpu.env.mem;
	uint8_t int3 = INT3;

	p->planted = x86_translate(mem, s, p->addr, &p->gpa) &&
		     guestmem_read(mem, p->gpa, &p->byte, 1) &&
		     guestmem_write(mem, p->gpa, &int3, 1);
	cpu->debug.pending |= !p->planted;
}

/* In the other order: two may be at one place by two addresses. */
static void pull(struct kvm_cpu *cpu)
{
	struct kvm_debug_plan *plan = &cpu->debug.plan;

	for (unsigned i = plan->patches; i-- > 0;) {
		struct kvm_patch *p = &plan->patch[i];

		if (p->planted)
			guestmem_write(cpu->vcpu.env.mem, p->gpa, &p->byte, 1);
		p->planted = false;
	}
}

static bool passed(const struct kvm_debug *d, uint64_t addr)
{
	return d->passing && d->pass_at == addr;
}

static void plant_all(struct kvm_cpu *cpu, const struct x86_state *s)
{
	struct kvm_debug *d = &cpu->debug;

	d->pending = false;
	for (unsigned i = 0; i < d->plan.patches; i++)
		if (!passed(d, d->plan.patch[i].addr))
			plant(cpu, &d->plan.patch[i], s);
	d->look_ns = kvm_host_ns() + LOOK_AGAIN;
}

/* ---- what KVM is told ---- */

static uint64_t linear(const struct x86_state *s)
{
	if (s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L)
		return s->rip;
	return (uint32_t)(s->rip + s->seg[SEG_CS].base);
}

static uint64_t dr7_now(const struct kvm_debug *d)
{
	uint64_t dr7 = kvm_debug_dr7(&d->plan);

	for (unsigned i = 0; i < d->plan.regs; i++)
		if (d->plan.reg[i].kind == POINT_EXEC &&
		    passed(d, d->plan.reg[i].addr))
			dr7 &= ~(UINT64_C(3) << (2 * i));
	return dr7;
}

/* `inject`: an exception that is the guest's, as a control bit. */
static void tell(struct kvm_cpu *cpu, uint32_t inject)
{
	struct kvm_debug *d = &cpu->debug;
	struct kvm_guest_debug ask = {.control = inject};

	if (d->on)
		ask.control |= KVM_GUESTDBG_ENABLE;
	if (d->on && d->plan.patches)
		ask.control |= KVM_GUESTDBG_USE_SW_BP;
	if (d->on && (d->step || d->passing))
		ask.control |= KVM_GUESTDBG_SINGLESTEP;
	if (d->on && d->plan.regs) {
		ask.control |= KVM_GUESTDBG_USE_HW_BP;
		for (unsigned i = 0; i < d->plan.regs; i++)
			ask.arch.debugreg[i] = d->plan.reg[i].addr;
		ask.arch.debugreg[7] = dr7_now(d);
	}
	kvm_ioctl(cpu->fd, KVM_SET_GUEST_DEBUG, &ask);
	d->was_on = d->on;
}

static bool point_at(const struct kvm_debug_plan *plan, uint64_t addr)
{
	for (unsigned i = 0; i < plan->regs; i++)
		if (plan->reg[i].kind == POINT_EXEC &&
		    plan->reg[i].addr == addr)
			return true;
	for (unsigned i = 0; i < plan->patches; i++)
		if (plan->patch[i].addr == addr)
			return true;
	return false;
}

void kvm_debug_enter(struct kvm_cpu *cpu)
{
	struct kvm_debug *d = &cpu->debug;
	struct x86_state s;

	if (!d->on && !d->was_on)
		return;
	kvm_get_state(&cpu->vcpu, &s);
	if (d->pass && point_at(&d->plan, linear(&s))) {
		d->passing = true;
		d->pass_at = linear(&s);
	}
	d->pass = false;
	plant_all(cpu, &s);
	tell(cpu, 0);
}

void kvm_debug_leave(struct kvm_cpu *cpu)
{
	if (cpu->debug.on)
		pull(cpu);
}

/* ---- what KVM comes back with ---- */

static bool stop(struct vcpu_exit *exit, enum vcpu_debug_cause cause,
		 const struct vcpu_point *point, uint64_t addr)
{
	exit->reason = EXIT_DEBUG;
	exit->debug = (struct vcpu_debug_event){.cause = cause, .addr = addr};
	if (point)
		exit->debug.point = *point;
	return false;
}

static bool met(struct vcpu_exit *exit, uint64_t pc)
{
	struct vcpu_point point = {pc, 1, POINT_EXEC};

	return stop(exit, DEBUG_CAUSE_POINT, &point, pc);
}

/* The one step without the point is done: all again. */
static bool end_pass(struct kvm_cpu *cpu)
{
	struct x86_state s;

	cpu->debug.passing = false;
	kvm_get_state(&cpu->vcpu, &s);
	pull(cpu);
	plant_all(cpu, &s);
	tell(cpu, 0);
	return true;
}

static bool on_breakpoint(struct kvm_cpu *cpu, struct vcpu_exit *exit,
			  uint64_t pc)
{
	const struct kvm_debug_plan *plan = &cpu->debug.plan;

	for (unsigned i = 0; i < plan->patches; i++)
		if (plan->patch[i].planted && plan->patch[i].addr == pc)
			return met(exit, pc);
	tell(cpu, KVM_GUESTDBG_INJECT_BP);
	return true;
}

/* Bits 3:0 of DR6 say which registers; a step may come with them. */
static bool on_debug(struct kvm_cpu *cpu, struct vcpu_exit *exit, uint64_t pc,
		     uint64_t dr6)
{
	struct kvm_debug *d = &cpu->debug;

	for (unsigned i = 0; i < d->plan.regs; i++) {
		const struct vcpu_point *r = &d->plan.reg[i];

		if (!(dr6 >> i & 1))
			continue;
		d->passing = false;
		if (r->kind == POINT_EXEC)
			return met(exit, pc);
		return stop(exit, DEBUG_CAUSE_TOUCH, &d->plan.asked[i],
			    r->addr);
	}
	if (dr6 & DR6_STEP && d->step) {
		d->passing = false;
		return stop(exit, DEBUG_CAUSE_STEP, NULL, 0);
	}
	if (dr6 & DR6_STEP && d->passing)
		return end_pass(cpu);
	tell(cpu, KVM_GUESTDBG_INJECT_DB);
	return true;
}

bool kvm_debug_exit(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	const struct kvm_debug_exit_arch *arch = &cpu->run->debug.arch;

	if (arch->exception == VEC_BP)
		return on_breakpoint(cpu, exit, arch->pc);
	return on_debug(cpu, exit, arch->pc, arch->dr6);
}
