/*
 * kvm.h: the parts of the KVM backend to each other, and to accel.c.
 *
 * No interrupt controller and no timer lives in the kernel: they are our own
 * devices, so both processors behave alike and save alike. What KVM gives is
 * the CPU alone. A program built where KVM is not has kvm_none.c instead.
 */
#ifndef VMM_KVM_H
#define VMM_KVM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "vmm/kvm_debug.h"
#include "vmm/log.h"
#include "vmm/vcpu.h"

/*
 * Is there a KVM, and does it run a kernel? Opens it and runs the self-test
 * on it: a few milliseconds, bounded by a watchdog. 0, or -errno with `why`.
 */
int kvm_usable(struct reason *why);

/* kvm_create() for a caller that says `why` itself. */
int kvm_create_quietly(const struct vcpu_env *env, struct vcpu **vcpu,
		       struct reason *why);

/*
 * Open the KVM device, API and capabilities checked: a descriptor, or -errno
 * with `why`. VMM_KVM_DEVICE in the environment names another than /dev/kvm.
 */
int kvm_open(struct reason *why);
const char *kvm_device(void);

/* Put into `why` what `err` of the device means and what to do about it. */
struct stat;
int kvm_explain(struct reason *why, int err, const char *path,
		const struct stat *st, unsigned uid);

/* One virtual machine; its CPUs share it. */
struct kvm_vm {
	int dev; /* the device */
	int fd;
	unsigned cpus; /* that exist; the last one takes the rest along */
};

struct kvm_run;

struct kvm_cpu {
	struct vcpu vcpu; /* must be first */
	struct kvm_vm *vm;
	int fd;
	struct kvm_run *run; /* shared with the kernel */
	size_t run_len;
	uint32_t tsc_khz;
	bool has_xsave, has_xcrs;

	bool made;		/* its machine has it */
	bool inside;		/* run() is under way */
	struct x86_state state; /* the registers, if `known`: not inside */
	bool known;

	bool halted;
	/*
	 * The last exit was an access; the instruction ends at the next
	 * KVM_RUN only, and until then the registers are half old.
	 */
	bool in_flight;
	uint64_t started_ns; /* host time of the first run(); 0: none yet */
	struct vcpu_stats stats;
	struct kvm_debug debug;

	/* kvm_kick.c */
	int kicked;  /* atomic: kick() was called */
	int running; /* atomic: `tid` is inside run() */
	pid_t tid;
	timer_t timer; /* signals `tid` at the deadline */
	bool has_timer;
	uint64_t armed_ns; /* the guest time it is armed for */
};

static inline struct kvm_cpu *kvm_cpu(struct vcpu *vcpu)
{
	return (struct kvm_cpu *)vcpu;
}

/* ioctl() that goes on after a signal: 0 or more, or -errno. */
int kvm_ioctl(int fd, unsigned long request, void *arg);

/* kvm_cpuid.c: give the CPU the host's features that our machine can keep. */
int kvm_set_cpuid(struct kvm_cpu *cpu, struct reason *why);

/* kvm_state.c */
void kvm_get_state(struct vcpu *vcpu, struct x86_state *state);
int kvm_set_state(struct vcpu *vcpu, const struct x86_state *state);
bool kvm_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa);

/* kvm_run.c */
void kvm_run(struct vcpu *vcpu, struct vcpu_exit *exit);
uint64_t kvm_elapsed_ns(struct vcpu *vcpu);
uint64_t kvm_host_ns(void);

/*
 * kvm_kick.c: how KVM_RUN is made to return, without a race: whoever wants it
 * sets immediate_exit, which KVM reads after the last chance for a signal to
 * be seen by us, and then signals the thread if it is inside run().
 */
void kvm_kick(struct vcpu *vcpu);
int kvm_kick_setup(void);		  /* the signal's handler; -errno */
int kvm_kick_enter(struct kvm_cpu *cpu);  /* this thread begins run() */
void kvm_kick_leave(struct kvm_cpu *cpu); /* and ends it */
bool kvm_kick_taken(struct kvm_cpu *cpu); /* was kicked? asked once a kick */
void kvm_kick_fini(struct kvm_cpu *cpu);

/*
 * Have the thread signalled `left_ns` from now, when guest time becomes
 * `deadline_ns`. After any signal no deadline is armed any more.
 */
void kvm_arm(struct kvm_cpu *cpu, uint64_t deadline_ns, uint64_t left_ns);
bool kvm_is_armed(const struct kvm_cpu *cpu, uint64_t deadline_ns);

#endif
