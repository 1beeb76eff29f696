/*
 * kvm_debug.h: how a debugger's points are given to the host's processor:
 * watchpoints and the first breakpoints by its debug registers, all other
 * breakpoints by an INT3 in guest memory that is there only inside run().
 */
#ifndef VMM_KVM_DEBUG_H
#define VMM_KVM_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/vcpu.h"

#define KVM_DEBUG_REGS 4

/* One that has an INT3. */
struct kvm_patch {
	uint64_t addr; /* linear */
	uint64_t gpa;
	uint8_t byte; /* what was there */
	bool planted;
};

struct kvm_debug_plan {
	struct vcpu_point reg[KVM_DEBUG_REGS]; /* as the register has it */
	struct vcpu_point asked[KVM_DEBUG_REGS];
	unsigned regs;
	struct kvm_patch *patch; /* owned */
	unsigned patches;
};

/*
 * Who gets what. -ENOSPC when watchpoints need more than the registers can
 * do: lengths are made of 1, 2, 4 and 8 aligned bytes, and none tells reads
 * from writes. -ENOMEM.
 */
int kvm_debug_plan(const struct vcpu_debug *debug, struct kvm_debug_plan *plan);
void kvm_debug_plan_fini(struct kvm_debug_plan *plan);

/* DR7 for the registers in use (SDM 3 17.2.4). */
uint64_t kvm_debug_dr7(const struct kvm_debug_plan *plan);

struct kvm_debug {
	struct kvm_debug_plan plan;
	bool on;      /* something is asked */
	bool was_on;  /* KVM believes so */
	bool step;    /* asked for */
	bool pass;    /* asked for, and not done yet */
	bool passing; /* one step without the point at `pass_at` */
	uint64_t pass_at;
	bool pending;	  /* a breakpoint is where nothing is mapped */
	uint64_t look_ns; /* when to look again, if so */
};

struct kvm_cpu;

int kvm_set_debug(struct vcpu *vcpu, const struct vcpu_debug *debug);
/* run() begins and ends: INT3s are planted and removed. */
void kvm_debug_enter(struct kvm_cpu *cpu);
void kvm_debug_leave(struct kvm_cpu *cpu);
/* KVM_EXIT_DEBUG: true when run() goes on. */
bool kvm_debug_exit(struct kvm_cpu *cpu, struct vcpu_exit *exit);
void kvm_debug_fini(struct kvm_cpu *cpu);

#endif
