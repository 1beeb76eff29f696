/* fake_kvm.c: see fake_kvm.h. It stands in for kvm.c and kvm_state.c. */
#include "tests/unit/fake_kvm.h"

#include <errno.h>
#include <string.h>

static struct fake_kvm fake;

int kvm_ioctl(int fd, unsigned long request, void *arg)
{
	struct kvm_regs *regs = arg;

	switch (request) {
	case KVM_SET_GUEST_DEBUG:
		memcpy(&fake.told, arg, sizeof(fake.told));
		fake.tells++;
		return 0;
	case KVM_GET_DEBUGREGS:
		memcpy(arg, &fake.regs, sizeof(fake.regs));
		return 0;
	case KVM_SET_DEBUGREGS:
		memcpy(&fake.regs, arg, sizeof(fake.regs));
		return 0;
	case KVM_GET_REGS:
		memset(regs, 0, sizeof(*regs));
		regs->rip = fake.state.rip;
		regs->rflags = fake.state.rflags;
		return 0;
	case KVM_SET_REGS:
		fake.state.rflags = regs->rflags;
		return 0;
	default:
		return -ENOTTY;
	}
}

void kvm_get_state(struct vcpu *vcpu, struct x86_state *state)
{
	*state = fake.state;
}

int kvm_set_state(struct vcpu *vcpu, const struct x86_state *state)
{
	fake.state = *state;
	return 0;
}

bool kvm_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	return x86_translate(vcpu->env.mem, &fake.state, gva, gpa);
}

static uint64_t now_ns(void *ctx)
{
	return fake.now_ns;
}

struct fake_kvm *fake_kvm_create(void)
{
	memset(&fake, 0, sizeof(fake));
	if (guestmem_init(&fake.mem, UINT64_C(1) << 20))
		return NULL;
	fake.cpu.run = &fake.run;
	fake.cpu.vcpu.env.mem = &fake.mem;
	fake.cpu.vcpu.env.now_ns = now_ns;
	x86_state_reset(&fake.state);
	fake.state.efer = EFER_LMA | EFER_LME | EFER_SCE;
	fake.state.seg[SEG_CS] = (struct x86_segment){
		0, UINT32_MAX, 8, SEG_ATTR_CODE | SEG_ATTR_L};
	return &fake;
}

void fake_kvm_destroy(struct fake_kvm *f)
{
	kvm_debug_fini(&f->cpu);
	guestmem_fini(&f->mem);
}

bool fake_kvm_debug(struct fake_kvm *f, unsigned exception, uint64_t rip,
		    uint64_t dr6, struct vcpu_exit *exit)
{
	f->state.rip = rip;
	f->run.debug.arch = (struct kvm_debug_exit_arch){
		.exception = exception, .pc = rip, .dr6 = dr6};
	return kvm_debug_exit(&f->cpu, exit);
}
