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

#define KVM_DEBUG_REGS	4

/* What a KVM does not tell us of, as bits. */
#define KVM_LACKS_STEP	1u
#define KVM_LACKS_BREAK 2u /* by debug registers */
#define KVM_LACKS_WATCH 4u
#define KVM_LACKS_INT3	8u

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
 * from writes; or when something is asked for that KVM `lacks`. -ENOMEM.
 */
int kvm_debug_plan(const struct vcpu_debug *debug, unsigned lacks,
		   struct kvm_debug_plan *plan);
void kvm_debug_plan_fini(struct kvm_debug_plan *plan);

/* DR7 for the registers in use (SDM 3 17.2.4). */
uint64_t kvm_debug_dr7(const struct kvm_debug_plan *plan);

/* Instructions that a step has to know. */
enum kvm_insn { INSN_OTHER, INSN_PUSHF, INSN_HLT, INSN_SYSCALL, INSN_SYSRET };

/* One instruction by the trap flag: a step, or past a breakpoint. */
struct kvm_single {
	bool begun;    /* `from` and `insn` are known */
	uint64_t from; /* linear */
	enum kvm_insn insn;
	/* Frames that an event has left on some stack with our trap flag. */
	unsigned strays;
};

struct kvm_debug {
	struct kvm_debug_plan plan;
	unsigned lacks; /* of KVM_LACKS_ */
	bool on;	/* something is asked */
	bool was_on;	/* KVM believes so */
	bool step;	/* asked for */
	bool pass;	/* asked for, and not done yet */
	bool passing;	/* one step without the point at `pass_at` */
	uint64_t pass_at, pass_gpa;
	struct kvm_single single;
	/* The guest's own breakpoints in registers that are left, or -1. */
	int8_t guest_reg[KVM_DEBUG_REGS];
	uint64_t look_ns; /* guest time to look again where points lead */
};

struct kvm_cpu;

int kvm_set_debug(struct vcpu *vcpu, const struct vcpu_debug *debug);
/* run() begins and ends: INT3s are planted and removed. */
void kvm_debug_enter(struct kvm_cpu *cpu);
void kvm_debug_leave(struct kvm_cpu *cpu);
/* One instruction alone is to run. */
bool kvm_debug_single(const struct kvm_cpu *cpu);
/* Before each KVM_RUN then: false when a step is over: run() is to return. */
bool kvm_debug_goes_on(struct kvm_cpu *cpu, struct vcpu_exit *exit);
/* KVM_EXIT_DEBUG: true when run() goes on. */
bool kvm_debug_exit(struct kvm_cpu *cpu, struct vcpu_exit *exit);
void kvm_debug_fini(struct kvm_cpu *cpu);

/* kvm_patch.c: INT3s where the addresses lead now, but for the passed one. */
void kvm_patch_plant(struct kvm_cpu *cpu, const struct x86_state *s);
void kvm_patch_pull(struct kvm_cpu *cpu);
/* The one that was met by executing `pc`, by whatever address; or NULL. */
const struct kvm_patch *kvm_patch_met(struct kvm_cpu *cpu, uint64_t pc);

/*
 * kvm_step.c. What is next: true when it was done here, by hand, since the
 * trap flag does not outlive it.
 */
bool kvm_step_begin(struct kvm_cpu *cpu, const struct x86_state *s);
/* It was done by the processor: what it kept of the trap flag goes. */
void kvm_step_clean(struct kvm_cpu *cpu);
uint64_t kvm_linear_rip(const struct x86_state *s);

/*
 * kvm_debug_check.c: try it all on a guest of four instructions, once in a
 * process: which of KVM_LACKS_ hold, and in words. 0: none; -ENOTSUP.
 */
int kvm_debug_usable(struct reason *why);
int kvm_debug_limits(struct vcpu *vcpu, struct reason *why);

#endif
