/*
 * kvm_debug_plan.c: which point gets a debug register and which an INT3.
 */
#include "vmm/kvm_debug.h"

#include <errno.h>
#include <stdlib.h>

#define DR7_FIXED (UINT64_C(1) << 10)
#define DR7_EXACT (UINT64_C(1) << 9)

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
		      const struct vcpu_point *point, unsigned lacks)
{
	int err = 0;

	if (point->kind == POINT_READ || lacks & KVM_LACKS_WATCH)
		return -ENOSPC;
	for (uint64_t at = 0, size; !err && at < point->len; at += size) {
		size = piece_at(point->addr + at, point->len - at);
		err = take_reg(plan, point, point->addr + at, size);
	}
	return err;
}

static int plan_break(struct kvm_debug_plan *plan,
		      const struct vcpu_point *point, unsigned lacks)
{
	if (!(lacks & KVM_LACKS_BREAK) &&
	    take_reg(plan, point, point->addr, 1) == 0)
		return 0;
	if (lacks & KVM_LACKS_INT3)
		return -ENOSPC;
	plan->patch[plan->patches++].addr = point->addr;
	return 0;
}

int kvm_debug_plan(const struct vcpu_debug *debug, unsigned lacks,
		   struct kvm_debug_plan *plan)
{
	int err = debug->step && lacks & KVM_LACKS_STEP ? -ENOSPC : 0;

	*plan = (struct kvm_debug_plan){.regs = 0};
	for (unsigned i = 0; !err && i < debug->count; i++)
		if (debug->point[i].kind != POINT_EXEC)
			err = plan_watch(plan, &debug->point[i], lacks);
	if (err)
		return err;
	plan->patch = calloc(debug->count + 1, sizeof(*plan->patch));
	if (!plan->patch)
		return -ENOMEM;
	for (unsigned i = 0; !err && i < debug->count; i++)
		if (debug->point[i].kind == POINT_EXEC)
			err = plan_break(plan, &debug->point[i], lacks);
	if (err)
		kvm_debug_plan_fini(plan);
	return err;
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
