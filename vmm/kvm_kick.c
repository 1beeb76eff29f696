/*
 * kvm_kick.c: bringing a CPU back out of KVM_RUN.
 *
 * A signal interrupts KVM_RUN, but one that comes just before it would be
 * lost. immediate_exit closes that gap: KVM looks at it with the thread
 * already in the kernel, where a later signal does interrupt. So the order is
 * always: set immediate_exit, then signal; and run() clears it before it
 * looks at the reasons to return, never after.
 *
 * The signal is SIGUSR1: a real-time signal can be refused when too many are
 * queued. Its handler does nothing outside run().
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "vmm/kvm.h"

#define KICK_SIGNAL SIGUSR1
#define NOT_ARMED   0

/* What this thread runs; the handler's only way to know. */
static _Thread_local struct kvm_cpu *volatile current;

static void on_signal(int sig)
{
	struct kvm_cpu *cpu = current;

	if (!cpu)
		return;
	__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	/* Perhaps the timer's, which then is armed no more. */
	__atomic_store_n(&cpu->armed_ns, NOT_ARMED, __ATOMIC_RELAXED);
}

int kvm_kick_setup(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	return sigaction(KICK_SIGNAL, &sa, NULL) < 0 ? -errno : 0;
}

void kvm_kick(struct vcpu *vcpu)
{
	struct kvm_cpu *cpu = kvm_cpu(vcpu);

	__atomic_store_n(&cpu->kicked, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (current != cpu && __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST))
		syscall(SYS_tgkill, getpid(), cpu->tid, KICK_SIGNAL);
}

bool kvm_kick_taken(struct kvm_cpu *cpu)
{
	__atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&cpu->kicked, 0, __ATOMIC_SEQ_CST);
}

/* A timer signals one thread; another thread needs another timer. */
static int timer_for_this_thread(struct kvm_cpu *cpu, pid_t tid)
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID,
			      .sigev_signo = KICK_SIGNAL};

	kvm_kick_fini(cpu);
	ev._sigev_un._tid = tid;
	if (timer_create(CLOCK_MONOTONIC, &ev, &cpu->timer) < 0)
		return -errno;
	cpu->has_timer = true;
	cpu->armed_ns = NOT_ARMED;
	cpu->tid = tid;
	return 0;
}

int kvm_kick_enter(struct kvm_cpu *cpu)
{
	static _Thread_local pid_t tid;
	int err = 0;

	if (!tid)
		tid = gettid();
	if (!cpu->has_timer || cpu->tid != tid)
		err = timer_for_this_thread(cpu, tid);
	if (err)
		return err;
	current = cpu;
	__atomic_store_n(&cpu->running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

void kvm_kick_leave(struct kvm_cpu *cpu)
{
	__atomic_store_n(&cpu->running, 0, __ATOMIC_SEQ_CST);
	current = NULL;
}

void kvm_kick_fini(struct kvm_cpu *cpu)
{
	if (cpu->has_timer)
		timer_delete(cpu->timer);
	cpu->has_timer = false;
}

bool kvm_is_armed(const struct kvm_cpu *cpu, uint64_t deadline_ns)
{
	return __atomic_load_n(&cpu->armed_ns, __ATOMIC_RELAXED) == deadline_ns;
}

void kvm_arm(struct kvm_cpu *cpu, uint64_t deadline_ns, uint64_t left_ns)
{
	struct itimerspec when = {0}; /* disarms */
	uint64_t host_ns = kvm_host_ns();

	if (left_ns < INT64_MAX - host_ns) {
		host_ns += left_ns;
		when.it_value.tv_sec = host_ns / 1000000000;
		when.it_value.tv_nsec = host_ns % 1000000000;
	}
	/* Before it is set, so that a signal at once is not overwritten. */
	__atomic_store_n(&cpu->armed_ns, deadline_ns, __ATOMIC_RELAXED);
	timer_settime(cpu->timer, TIMER_ABSTIME, &when, NULL);
}
