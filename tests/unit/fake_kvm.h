/* fake_kvm.h: what kvm_debug.c and its parts ask KVM, in memory. */
#ifndef TESTS_UNIT_FAKE_KVM_H
#define TESTS_UNIT_FAKE_KVM_H

#include <linux/kvm.h>

#include "vmm/kvm.h"

struct fake_kvm {
	struct guestmem mem;
	struct kvm_cpu cpu;
	struct kvm_run run;
	struct x86_state state;
	struct kvm_debugregs regs;
	struct kvm_guest_debug told; /* the last time */
	unsigned tells;
	uint64_t now_ns;
};

/* There is one; flat 64-bit code without paging stands for all modes. */
struct fake_kvm *fake_kvm_create(void);
void fake_kvm_destroy(struct fake_kvm *f);

/* KVM_RUN ends with KVM_EXIT_DEBUG, the guest at `rip`. */
bool fake_kvm_debug(struct fake_kvm *f, unsigned exception, uint64_t rip,
		    uint64_t dr6, struct vcpu_exit *exit);

#endif
