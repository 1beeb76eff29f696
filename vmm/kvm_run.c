/*
 * kvm_run.c: the guest runs, and what makes it leave is served here.
 *
 * Before each entry three things are asked, in this order: must run() return,
 * is the task priority still what the CPU believes, is an interrupt waiting.
 * Each device access may change any of them, and each comes back here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "vmm/kvm.h"

uint64_t kvm_host_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

uint64_t kvm_elapsed_ns(struct vcpu *vcpu)
{
	const struct kvm_cpu *cpu = kvm_cpu(vcpu);

	return cpu->started_ns ? kvm_host_ns() - cpu->started_ns : 0;
}

/* ---- saying what went wrong ---- */

#define INSN_MAX 15

/* The bytes at RIP as hexadecimal; "unreadable" when they are not RAM. */
static void format_insn(struct kvm_cpu *cpu, const struct x86_state *s,
			char *text, size_t size)
{
	uint64_t pc = s->seg[SEG_CS].base + s->rip, gpa;
	size_t used = 0;
	uint8_t byte;

	snprintf(text, size, "unreadable");
	for (int i = 0; i < INSN_MAX && used + 4 < size; i++) {
		if (!x86_translate(cpu->vcpu.env.mem, s, pc + i, &gpa) ||
		    !guestmem_read(cpu->vcpu.env.mem, gpa, &byte, 1))
			return;
		used += snprintf(text + used, size - used, i ? " %02x" : "%02x",
				 byte);
	}
}

static bool stop_with_error(struct kvm_cpu *cpu, struct vcpu_exit *exit,
			    const char *what, uint64_t code)
{
	struct x86_state s;
	char insn[3 * INSN_MAX + 1];

	kvm_get_state(&cpu->vcpu, &s);
	format_insn(cpu, &s, insn, sizeof(insn));
	exit->reason = EXIT_ERROR;
	snprintf(exit->why, sizeof(exit->why),
		 "kvm: %s (%#llx) at %04x:%#llx, bytes %s; cr0 %#llx cr2 %#llx "
		 "cr3 %#llx cr4 %#llx efer %#llx rflags %#llx rsp %#llx",
		 what, (unsigned long long)code, s.seg[SEG_CS].selector,
		 (unsigned long long)s.rip, insn, (unsigned long long)s.cr0,
		 (unsigned long long)s.cr2, (unsigned long long)s.cr3,
		 (unsigned long long)s.cr4, (unsigned long long)s.efer,
		 (unsigned long long)s.rflags,
		 (unsigned long long)s.gpr[GPR_RSP]);
	return false;
}

/* AMD leaves the state undefined then, and KVM resets it (APM 2 15.14.2). */
static bool stop_with_shutdown(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	struct x86_state s;

	kvm_get_state(&cpu->vcpu, &s);
	exit->reason = EXIT_SHUTDOWN;
	if (s.rip == 0xfff0 && s.seg[SEG_CS].base == 0xffff0000)
		snprintf(exit->why, sizeof(exit->why),
			 "; this host's processor forgets its registers with "
			 "that, those it has now are the reset's");
	return false;
}

static const char *internal_error_name(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "an instruction KVM cannot emulate";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "exceptions at the same time";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while an event was delivered";
	case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
		return "an exit KVM does not know";
	default:
		return "an internal error of KVM";
	}
}

/* ---- accesses ---- */

static void serve_port(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	struct kvm_run *run = cpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	unsigned size = run->io.size;

	/* String instructions: the elements in their order. */
	for (uint32_t i = 0; i < run->io.count; i++, data += size) {
		uint64_t val = 0;

		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&val, data, size);
			cpu->stats.port_writes++;
			env->write(env->ctx, SPACE_PORT, run->io.port, size,
				   val);
		} else {
			cpu->stats.port_reads++;
			val = env->read(env->ctx, SPACE_PORT, run->io.port,
					size);
			memcpy(data, &val, size);
		}
	}
}

/* The largest access of a power of two that `len` bytes begin with. */
static unsigned piece_of(unsigned len)
{
	return len >= 8 ? 8 : len >= 4 ? 4 : len >= 2 ? 2 : 1;
}

/* What crosses a page comes in odd lengths, which no bus has. */
static void serve_memory(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	struct kvm_run *run = cpu->run;
	unsigned len = run->mmio.len, size;

	for (unsigned at = 0; at < len; at += size) {
		uint64_t addr = run->mmio.phys_addr + at, val = 0;

		size = piece_of(len - at);
		if (run->mmio.is_write) {
			memcpy(&val, &run->mmio.data[at], size);
			cpu->stats.mmio_writes++;
			env->write(env->ctx, SPACE_MEMORY, addr, size, val);
		} else {
			cpu->stats.mmio_reads++;
			val = env->read(env->ctx, SPACE_MEMORY, addr, size);
			memcpy(&run->mmio.data[at], &val, size);
		}
	}
}

/* ---- one entry and the exit it ends with ---- */

/* False when run() must return, with the reason in `exit`. */
static bool serve_exit(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	struct kvm_run *run = cpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		serve_port(cpu);
		cpu->in_flight = true;
		return true;
	case KVM_EXIT_MMIO:
		serve_memory(cpu);
		cpu->in_flight = true;
		return true;
	case KVM_EXIT_HLT:
		cpu->halted = true;
		cpu->stats.halts++;
		return true;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_SET_TPR: /* enter_guest() has seen it */
		return true;
	case KVM_EXIT_SHUTDOWN:
		return stop_with_shutdown(cpu, exit);
	case KVM_EXIT_DEBUG:
		return kvm_debug_exit(cpu, exit);
	case KVM_EXIT_FAIL_ENTRY:
		return stop_with_error(
			cpu, exit, "the processor refuses the guest's state",
			run->fail_entry.hardware_entry_failure_reason);
	case KVM_EXIT_INTERNAL_ERROR:
		return stop_with_error(
			cpu, exit, internal_error_name(run->internal.suberror),
			run->internal.suberror);
	case KVM_EXIT_UNKNOWN:
		return stop_with_error(cpu, exit,
				       "an exit of the processor KVM does not "
				       "know",
				       run->hw.hardware_exit_reason);
	default:
		return stop_with_error(cpu, exit, "an exit we do not know",
				       run->exit_reason);
	}
}

/* KVM_RUN. CR8 is the task priority, which belongs to the local APIC. */
static int enter_guest(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint8_t tpr = env->get_tpr(env->ctx) >> 4;
	int ret;

	cpu->run->cr8 = tpr;
	ret = ioctl(cpu->fd, KVM_RUN, NULL) < 0 ? -errno : 0;
	cpu->in_flight = false;
	if (cpu->run->cr8 != tpr)
		env->set_tpr(env->ctx, cpu->run->cr8 << 4);
	return ret;
}

static bool step(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	int err = enter_guest(cpu);

	if (err == -EINTR)
		return true;
	if (err < 0)
		return stop_with_error(cpu, exit, strerror(-err), -err);
	return serve_exit(cpu, exit);
}

/*
 * An access takes effect in the registers at the next KVM_RUN only: do one
 * that ends before the guest's next instruction. An instruction may make
 * several accesses, and a repeated one many; KVM pauses those, so we may too.
 */
static bool finish_access(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	while (cpu->in_flight) {
		cpu->run->request_interrupt_window = 0;
		__atomic_store_n(&cpu->run->immediate_exit, 1,
				 __ATOMIC_SEQ_CST);
		if (!step(cpu, exit))
			return false;
	}
	return true;
}

/* ---- before an entry ---- */

/*
 * The one CPU is not started by SIPI, and INIT ends the machine's run. Nothing
 * comes between a breakpoint and the instruction at it.
 */
static void take_signals(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	bool asks = env->signals && !cpu->debug.passing;
	unsigned signals = asks ? env->signals(env->ctx) : 0;

	for (unsigned bit = SIGNAL_INIT; bit <= SIGNAL_NMI; bit <<= 1)
		if (signals & bit)
			env->take_signal(env->ctx, bit);
	if (!(signals & SIGNAL_NMI))
		return;
	cpu->halted = false;
	kvm_ioctl(cpu->fd, KVM_NMI, NULL);
}

/*
 * Hand over an interrupt if the CPU takes one now, and ask to be told when it
 * takes the next one.
 */
static bool offer_interrupt(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	struct kvm_run *run = cpu->run;
	struct kvm_interrupt intr;
	int vector, err;

	run->request_interrupt_window = 0;
	if (cpu->debug.passing || !env->pending(env->ctx))
		return true;
	if (run->ready_for_interrupt_injection && run->if_flag) {
		vector = env->acknowledge(env->ctx);
		if (vector < 0)
			return true;
		intr.irq = vector;
		err = kvm_ioctl(cpu->fd, KVM_INTERRUPT, &intr);
		if (err < 0)
			return stop_with_error(
				cpu, exit, "an interrupt was refused", -err);
		run->ready_for_interrupt_injection = 0;
		cpu->stats.interrupts++;
		if (!env->pending(env->ctx))
			return true;
	}
	run->request_interrupt_window = 1;
	return true;
}

/* HLT ends with an interrupt that the CPU takes. */
static bool still_halted(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	if (cpu->halted && cpu->run->if_flag && env->pending(env->ctx))
		cpu->halted = false;
	return cpu->halted;
}

/* The clock is asked only when no timer runs for this deadline already. */
static bool past_deadline(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint64_t deadline = env->deadline_ns(env->ctx), now;

	if (cpu->debug.on && cpu->debug.look_ns < deadline)
		deadline = cpu->debug.look_ns;
	if (kvm_is_armed(cpu, deadline))
		return false;
	now = env->now_ns(env->ctx);
	if (now >= deadline)
		return true;
	kvm_arm(cpu, deadline, deadline - now);
	return false;
}

static bool must_return(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	if (kvm_kick_taken(cpu)) {
		exit->reason = EXIT_KICK;
		cpu->stats.kicks++;
	} else if (past_deadline(cpu)) {
		exit->reason = EXIT_DEADLINE;
		cpu->stats.deadlines++;
	} else if (still_halted(cpu)) {
		exit->reason = EXIT_HALT;
	} else {
		return false;
	}
	return true;
}

/* A step is looked at between instructions. */
static bool step_goes_on(struct kvm_cpu *cpu, struct vcpu_exit *exit)
{
	return !kvm_debug_single(cpu) ||
	       (finish_access(cpu, exit) && kvm_debug_goes_on(cpu, exit));
}

void kvm_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct kvm_cpu *cpu = kvm_cpu(vcpu);
	int err = kvm_kick_enter(cpu);

	exit->why[0] = '\0';
	if (err) {
		exit->reason = EXIT_ERROR;
		snprintf(exit->why, sizeof(exit->why),
			 "kvm: no timer to stop the CPU with: %s",
			 strerror(-err));
		return;
	}
	if (!cpu->started_ns)
		cpu->started_ns = kvm_host_ns();
	cpu->known = false;
	cpu->inside = true;
	kvm_debug_enter(cpu);
	do
		take_signals(cpu);
	while (step_goes_on(cpu, exit) && !must_return(cpu, exit) &&
	       offer_interrupt(cpu, exit) && step(cpu, exit));
	finish_access(cpu, exit);
	kvm_debug_leave(cpu);
	cpu->inside = false;
	kvm_kick_leave(cpu);
}
