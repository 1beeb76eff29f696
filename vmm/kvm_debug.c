/*
 * kvm_debug.c: breakpoints, watchpoints and steps by KVM_SET_GUEST_DEBUG.
 *
 * Points are told to KVM when run() begins, and again every millisecond: by
 * then an address may lead elsewhere. A #BP or #DB that is none of ours is
 * the guest's, who gets it with the DR6 that it would have had.
 *
 * Interrupts and NMIs stay out of steps without KVM_GUESTDBG_BLOCKIRQ: all come
 * from our own devices, and the machine holds them off (vmm/debug.c).
 *
 * To go on from a breakpoint, its instruction is stepped alone, without it
 * and without interrupts. If an event takes the guest elsewhere in the middle
 * of a step, the step is over where that is noticed, at the latest when run()
 * looks again; its return then brings back our trap flag, which is dropped.
 */
#include "vmm/kvm_debug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include "vmm/kvm.h"

#define LOOK_AGAIN 1000000u /* ns */
#define DR6_REGS   UINT64_C(0xf)
#define DR6_STEP   (UINT64_C(1) << 14)
#define NOWHERE	   UINT64_MAX

int kvm_set_debug(struct vcpu *vcpu, const struct vcpu_debug *debug)
{
	struct kvm_debug *d = &kvm_cpu(vcpu)->debug;
	struct kvm_debug_plan plan = {.regs = 0};
	int err = 0;

	if (debug && debug->vectors)
		return -ENOSPC;
	if (debug)
		err = kvm_debug_plan(debug, d->lacks, &plan);
	if (err)
		return err;
	kvm_debug_plan_fini(&d->plan);
	d->plan = plan;
	d->step = debug && debug->step;
	d->pass = debug && debug->pass;
	d->passing = d->single.begun = false;
	d->on = d->step || plan.regs || plan.patches;
	return 0;
}

void kvm_debug_fini(struct kvm_cpu *cpu)
{
	kvm_debug_plan_fini(&cpu->debug.plan);
}

/* ---- what KVM is told ---- */

static bool single(const struct kvm_debug *d)
{
	return d->on && (d->step || d->passing);
}

/* A stray trap flag is to come to us, which KVM does with registers in use. */
static bool uses_regs(const struct kvm_debug *d)
{
	return (d->on && d->plan.regs) || d->single.strays;
}

static bool passed(const struct kvm_debug *d, unsigned reg)
{
	const struct vcpu_point *r = &d->plan.reg[reg];

	return d->passing && r->kind == POINT_EXEC && r->addr == d->pass_at;
}

/* DR7's bits of register `from`, for register `to`: enabled, kind, length. */
static uint64_t move_bits(uint64_t dr7, unsigned from, unsigned to)
{
	return (dr7 >> (2 * from) & 3) << (2 * to) |
	       (dr7 >> (16 + 4 * from) & 0xf) << (16 + 4 * to);
}

/*
 * While registers are ours the guest's own do nothing: let them have those
 * that are left.
 */
static void lend_rest(struct kvm_cpu *cpu, struct kvm_guest_debug *ask)
{
	struct kvm_debug *d = &cpu->debug;
	struct kvm_debugregs own = {0};
	unsigned reg = d->plan.regs;

	memset(d->guest_reg, -1, sizeof(d->guest_reg));
	kvm_ioctl(cpu->fd, KVM_GET_DEBUGREGS, &own);
	for (unsigned i = 0; i < KVM_DEBUG_REGS && reg < KVM_DEBUG_REGS; i++) {
		if (!(own.dr7 >> (2 * i) & 3))
			continue;
		ask->arch.debugreg[reg] = own.db[i];
		ask->arch.debugreg[7] |= move_bits(own.dr7, i, reg);
		d->guest_reg[reg++] = i;
	}
}

static void put_regs(struct kvm_cpu *cpu, struct kvm_guest_debug *ask)
{
	const struct kvm_debug *d = &cpu->debug;

	ask->control |= KVM_GUESTDBG_USE_HW_BP;
	ask->arch.debugreg[7] = kvm_debug_dr7(&d->plan);
	for (unsigned i = 0; i < d->plan.regs; i++) {
		ask->arch.debugreg[i] = d->plan.reg[i].addr;
		if (passed(d, i))
			ask->arch.debugreg[7] &= ~(UINT64_C(3) << (2 * i));
	}
	lend_rest(cpu, ask);
}

/* `inject`: an exception that is the guest's, as a control bit. */
static void tell(struct kvm_cpu *cpu, uint32_t inject)
{
	struct kvm_debug *d = &cpu->debug;
	struct kvm_guest_debug ask = {.control = inject};

	if (d->on || uses_regs(d))
		ask.control |= KVM_GUESTDBG_ENABLE;
	if (d->on && d->plan.patches)
		ask.control |= KVM_GUESTDBG_USE_SW_BP;
	if (single(d))
		ask.control |= KVM_GUESTDBG_SINGLESTEP;
	if (uses_regs(d))
		put_regs(cpu, &ask);
	kvm_ioctl(cpu->fd, KVM_SET_GUEST_DEBUG, &ask);
	d->was_on = ask.control != 0;
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

static void pass(struct kvm_cpu *cpu, const struct x86_state *s)
{
	struct kvm_debug *d = &cpu->debug;

	d->passing = true;
	d->single.begun = false;
	d->pass_at = kvm_linear_rip(s);
	if (!x86_translate(cpu->vcpu.env.mem, s, d->pass_at, &d->pass_gpa))
		d->pass_gpa = NOWHERE;
}

void kvm_debug_enter(struct kvm_cpu *cpu)
{
	struct kvm_debug *d = &cpu->debug;
	const struct vcpu_env *env = &cpu->vcpu.env;
	struct x86_state s;

	if (!d->on && !d->was_on)
		return;
	kvm_get_state(&cpu->vcpu, &s);
	if (d->pass && point_at(&d->plan, kvm_linear_rip(&s)))
		pass(cpu, &s);
	d->pass = false;
	kvm_patch_plant(cpu, &s);
	tell(cpu, 0);
	d->look_ns = env->now_ns(env->ctx) + LOOK_AGAIN;
}

void kvm_debug_leave(struct kvm_cpu *cpu)
{
	kvm_patch_pull(cpu);
}

/* ---- what KVM comes back with ---- */

static bool stop(struct kvm_cpu *cpu, struct vcpu_exit *exit,
		 enum vcpu_debug_cause cause, const struct vcpu_point *point,
		 uint64_t addr)
{
	cpu->debug.passing = cpu->debug.single.begun = false;
	exit->reason = EXIT_DEBUG;
	exit->debug = (struct vcpu_debug_event){.cause = cause, .addr = addr};
	if (point)
		exit->debug.point = *point;
	return false;
}

/* One of ours, that an event had pushed, has come back. */
static bool drop_stray(struct kvm_cpu *cpu)
{
	struct kvm_debug *d = &cpu->debug;
	struct kvm_regs regs = {0};

	if (!d->single.strays || kvm_ioctl(cpu->fd, KVM_GET_REGS, &regs) < 0 ||
	    !(regs.rflags & FLAG_TF))
		return false;
	d->single.strays--;
	regs.rflags &= ~FLAG_TF;
	kvm_ioctl(cpu->fd, KVM_SET_REGS, &regs);
	return true;
}

static bool met(struct kvm_cpu *cpu, struct vcpu_exit *exit, uint64_t pc)
{
	struct vcpu_point point = {pc, 1, POINT_EXEC};

	drop_stray(cpu);
	return stop(cpu, exit, DEBUG_CAUSE_POINT, &point, pc);
}

/* Points as they are to be now. */
static bool anew(struct kvm_cpu *cpu)
{
	struct x86_state s;

	kvm_get_state(&cpu->vcpu, &s);
	kvm_patch_pull(cpu);
	kvm_patch_plant(cpu, &s);
	tell(cpu, 0);
	return true;
}

/* It was one to pass a point, or one that was asked for. */
static bool step_over(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	struct kvm_debug *d = &cpu->debug;

	if (d->step)
		return stop(cpu, exit, DEBUG_CAUSE_STEP, NULL, 0);
	d->passing = d->single.begun = false;
	return anew(cpu);
}

/* By another address than the point's it is the guest's own way: let it. */
static bool on_breakpoint(struct kvm_cpu *cpu, struct vcpu_exit *exit,
			  uint64_t pc)
{
	const struct kvm_patch *p = kvm_patch_met(cpu, pc);
	struct x86_state s;

	if (p && p->addr == pc)
		return met(cpu, exit, pc);
	if (!p) {
		tell(cpu, KVM_GUESTDBG_INJECT_BP);
		return true;
	}
	kvm_get_state(&cpu->vcpu, &s);
	pass(cpu, &s);
	return anew(cpu);
}

/*
 * The guest's #DB. KVM has not put the cause into the guest's DR6; one before
 * its instruction (DR7's kind 0) is pushed with RF (SDM 3 17.3.1.1).
 */
static bool give_debug(struct kvm_cpu *cpu, uint64_t cause)
{
	struct kvm_debugregs own = {0};
	struct kvm_regs regs = {0};
	bool before = false;

	kvm_ioctl(cpu->fd, KVM_GET_DEBUGREGS, &own);
	for (unsigned i = 0; i < KVM_DEBUG_REGS; i++)
		before |= (cause >> i & 1) && !(own.dr7 >> (16 + 4 * i) & 3);
	own.dr6 = (own.dr6 & ~DR6_REGS) | cause;
	kvm_ioctl(cpu->fd, KVM_SET_DEBUGREGS, &own);
	if (before && kvm_ioctl(cpu->fd, KVM_GET_REGS, &regs) >= 0) {
		regs.rflags |= FLAG_RF;
		kvm_ioctl(cpu->fd, KVM_SET_REGS, &regs);
	}
	tell(cpu, KVM_GUESTDBG_INJECT_DB);
	return true;
}

/* Bits of the guest's registers among those that were met. */
static uint64_t guests_own(const struct kvm_debug *d, uint64_t dr6)
{
	uint64_t own = 0;

	if (!uses_regs(d))
		return dr6 & DR6_REGS;
	for (unsigned i = d->plan.regs; i < KVM_DEBUG_REGS; i++)
		if (dr6 >> i & 1 && d->guest_reg[i] >= 0)
			own |= UINT64_C(1) << d->guest_reg[i];
	return own;
}

/* Bits 3:0 of DR6 say which registers; a step may come with them. */
static bool on_debug(struct kvm_cpu *cpu, struct vcpu_exit *exit, uint64_t pc,
		     uint64_t dr6)
{
	struct kvm_debug *d = &cpu->debug;
	uint64_t own = guests_own(d, dr6);

	for (unsigned i = 0; i < d->plan.regs; i++) {
		const struct vcpu_point *r = &d->plan.reg[i];

		if (!(dr6 >> i & 1) || passed(d, i))
			continue;
		kvm_step_clean(cpu);
		if (r->kind == POINT_EXEC)
			return met(cpu, exit, pc);
		return stop(cpu, exit, DEBUG_CAUSE_TOUCH, &d->plan.asked[i],
			    r->addr);
	}
	if (dr6 & DR6_STEP && single(d)) {
		kvm_step_clean(cpu);
		return step_over(cpu, exit);
	}
	if (dr6 & DR6_STEP && !own && drop_stray(cpu))
		return true;
	return give_debug(cpu, own | (dr6 & DR6_STEP));
}

bool kvm_debug_exit(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	const struct kvm_debug_exit_arch *arch = &cpu->run->debug.arch;

	if (arch->exception == VEC_BP)
		return on_breakpoint(cpu, exit, arch->pc);
	return on_debug(cpu, exit, arch->pc, arch->dr6);
}

bool kvm_debug_single(const struct kvm_cpu *cpu)
{
	return single(&cpu->debug);
}

/* HLT leaves without a trap; all else that moves without one is an event. */
bool kvm_debug_goes_on(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	struct kvm_debug *d = &cpu->debug;
	struct x86_state s;

	kvm_get_state(&cpu->vcpu, &s);
	if (!d->single.begun)
		return !kvm_step_begin(cpu, &s) || step_over(cpu, exit);
	if (kvm_linear_rip(&s) == d->single.from)
		return true;
	if (d->single.insn != INSN_HLT)
		d->single.strays++;
	return step_over(cpu, exit);
}
