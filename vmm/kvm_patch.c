/*
 * kvm_patch.c: INT3s in guest memory. They are there only inside run(), so
 * that nobody outside of it ever sees one.
 */
#include "vmm/kvm.h"

#define INT3 0xcc

static void plant(struct kvm_cpu *cpu, struct kvm_patch *p,
		  const struct x86_state *s)
{
	const struct kvm_debug *d = &cpu->debug;
	const struct guestmem *mem = cpu->vcpu.env.mem;
	uint8_t int3 = INT3;

	p->planted = x86_translate(mem, s, p->addr, &p->gpa) &&
		     !(d->passing && p->gpa == d->pass_gpa) &&
		     guestmem_read(mem, p->gpa, &p->byte, 1) &&
		     guestmem_write(mem, p->gpa, &int3, 1);
}

void kvm_patch_plant(struct kvm_cpu *cpu, const struct x86_state *s)
{
	struct kvm_debug_plan *plan = &cpu->debug.plan;

	for (unsigned i = 0; i < plan->patches; i++)
		plant(cpu, &plan->patch[i], s);
}

/*
 * In the other order: two may be at one place by two addresses. Where the
 * guest has written since, what it wrote stays (an INT3 of its own cannot be
 * told from ours).
 */
void kvm_patch_pull(struct kvm_cpu *cpu)
{
	const struct guestmem *mem = cpu->vcpu.env.mem;
	struct kvm_debug_plan *plan = &cpu->debug.plan;

	for (unsigned i = plan->patches; i-- > 0;) {
		struct kvm_patch *p = &plan->patch[i];
		uint8_t now = 0;

		if (p->planted && guestmem_read(mem, p->gpa, &now, 1) &&
		    now == INT3)
			guestmem_write(mem, p->gpa, &p->byte, 1);
		p->planted = false;
	}
}

const struct kvm_patch *kvm_patch_met(struct kvm_cpu *cpu, uint64_t pc)
{
	const struct kvm_debug_plan *plan = &cpu->debug.plan;
	const struct kvm_patch *alias = NULL;
	uint64_t gpa;

	if (!plan->patches || !kvm_translate(&cpu->vcpu, pc, &gpa))
		return NULL;
	for (unsigned i = 0; i < plan->patches; i++) {
		const struct kvm_patch *p = &plan->patch[i];

		if (!p->planted || p->gpa != gpa)
			continue;
		if (p->addr == pc)
			return p;
		alias = p;
	}
	return alias;
}
