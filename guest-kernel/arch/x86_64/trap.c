/*
 * trap.c: what comes in through trap.S, and how tasks take turns.
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

#define MSR_FS_BASE	   0xc0000100u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define EXCEPTIONS	   32
#define VECTOR_PAGE_FAULT  14
#define RFLAGS_START	   0x202 /* IF; bit 1 is always set */

#define KERNEL_FRAMES	   16

_Static_assert(offsetof(struct cpu, scratch) == 8, "trap.S");
_Static_assert(offsetof(struct cpu, stack_top) == 16, "trap.S");
_Static_assert(offsetof(struct cpu, tss.rsp[0]) == 132, "trap.S");
_Static_assert(SYS_CALL == 8 && SYS_REPLY_RECV == 9, "trap.S");
_Static_assert(offsetof(struct regs, vector) == 120, "trap.S");
_Static_assert(offsetof(struct regs, rip) == 176 - 40, "trap.S");
_Static_assert(offsetof(struct regs, rsp) == 176 - 16, "trap.S");
_Static_assert(offsetof(struct regs, rax) == 176 - 64, "trap.S");
_Static_assert(sizeof(struct regs) == 176, "trap.S");
_Static_assert(offsetof(struct task, regs) == 256 - 176, "trap.S");
_Static_assert(offsetof(struct kernel, sched.running) == 80, "trap.S");
_Static_assert(offsetof(struct kernel, sched.reschedule) == 88, "trap.S");
_Static_assert(offsetof(struct regs, cs) == 144, "trap.S");
_Static_assert(sizeof(struct regs) % 16 == 0, "the processor aligns RSP0");
_Static_assert(offsetof(struct task, regs) % 16 == 0, "and the frame is ours");

extern const uint8_t kernel_stack_guard[], kernel_stack_top[];

_Noreturn void resume_user(struct regs *regs); /* trap.S */
void idle(void);
void take_interrupts(void);
_Noreturn void trap_user(struct regs *regs);
void trap_kernel(struct regs *regs);
_Noreturn void trap_fatal(struct regs *regs);

static const char *const exception_names[EXCEPTIONS] = {
	[0] = "#DE divide error",
	[1] = "#DB debug",
	[2] = "NMI",
	[3] = "#BP breakpoint",
	[4] = "#OF overflow",
	[5] = "#BR bound range",
	[6] = "#UD invalid opcode",
	[7] = "#NM no FPU",
	[8] = "#DF double fault",
	[10] = "#TS invalid TSS",
	[11] = "#NP segment not present",
	[12] = "#SS stack segment",
	[13] = "#GP general protection",
	[14] = "#PF page fault",
	[16] = "#MF x87 error",
	[17] = "#AC alignment check",
	[18] = "#MC machine check",
	[19] = "#XM SIMD error",
};

static const char *exception_name(uint64_t vector)
{
	const char *name = vector < EXCEPTIONS ? exception_names[vector] : NULL;

	return name ? name : "unknown exception";
}

void arch_task_init(struct regs *regs, struct arch_state *state)
{
	*regs = (struct regs){.cs = SELECTOR_USER_CODE,
			      .rflags = RFLAGS_START,
			      .ss = SELECTOR_USER_DATA};
	*state = (struct arch_state){0};
	/*
	 * All exceptions masked, 64-bit precision: SDM 1 8.1.5, 10.2.3. To
	 * XRSTOR the header, all zero, says that all else is as after a reset.
	 */
	state->fpu[0] = 0x7f;
	state->fpu[1] = 0x03;
	state->fpu[24] = 0x80;
	state->fpu[25] = 0x1f;
}

/*
 * All of the FPU's state, at each switch: nothing of a task is ever in the
 * registers while another runs. XSAVE's mask is that of XCR0, which has no
 * bits beyond the lower half.
 */
static inline void switch_fpu(bool avx, struct arch_state *old,
			      const struct arch_state *new)
{
	if (avx) {
		asm volatile("xsave64 %0" : "+m"(old->fpu) : "a"(-1));
		asm volatile("xrstor64 %0" ::"m"(new->fpu), "a"(-1));
		return;
	}
	asm volatile("fxsave64 %0" : "=m"(old->fpu));
	asm volatile("fxrstor64 %0" ::"m"(new->fpu));
}

/*
 * FS and GS may have been changed by the task itself (wrfsbase, or a
 * selector). Selectors are not kept: every task starts its turn with null
 * ones. The task's GS base waits in KERNEL_GS_BASE for the way out.
 */
static inline void save_bases(struct arch_state *s)
{
	asm volatile("rdfsbase %0\n\t"
		     "swapgs\n\t"
		     "rdgsbase %1\n\t"
		     "swapgs"
		     : "=r"(s->fs_base), "=r"(s->gs_base));
}

static inline void load_bases(const struct arch_state *s)
{
	asm volatile("movl %0, %%ds\n\t"
		     "movl %0, %%es\n\t"
		     "movl %0, %%fs\n\t"
		     "wrfsbase %1\n\t"
		     "swapgs\n\t"
		     "movl %0, %%gs\n\t"
		     "wrgsbase %2\n\t"
		     "swapgs" ::"r"(0),
		     "r"(s->fs_base), "r"(s->gs_base));
}

static void save_bases_slowly(struct arch_state *s)
{
	s->fs_base = read_msr(MSR_FS_BASE);
	s->gs_base = read_msr(MSR_KERNEL_GS_BASE);
}

static void load_bases_slowly(const struct arch_state *s)
{
	asm volatile("movl %0, %%ds\n\t"
		     "movl %0, %%es\n\t"
		     "movl %0, %%fs\n\t"
		     "swapgs\n\t"
		     "movl %0, %%gs\n\t"
		     "swapgs" ::"r"(0));
	write_msr(MSR_FS_BASE, s->fs_base);
	write_msr(MSR_KERNEL_GS_BASE, s->gs_base);
}

void arch_set_fs_base(uint64_t base)
{
	write_msr(MSR_FS_BASE, base);
}

static bool has_ports(const struct task *task)
{
	_Static_assert(TASK_PORTS == 4, "no loop: each switch comes here");
	return task->ports[0].cap.type | task->ports[1].cap.type |
	       task->ports[2].cap.type | task->ports[3].cap.type;
}

/* Bits first..last, both included; whole bytes at once. */
static void set_range(uint8_t *bits, unsigned first, unsigned last, bool open)
{
	while (first <= last) {
		uint8_t mask = 1 << first % 8;

		if (first % 8 == 0 && last - first >= 7) {
			unsigned bytes = (last - first + 1) / 8;

			memset(&bits[first / 8], open ? 0 : 0xff, bytes);
			first += bytes * 8;
			continue;
		}
		if (open)
			bits[first / 8] &= ~mask;
		else
			bits[first / 8] |= mask;
		first++;
	}
}

static void set_ports(struct cpu *cpu, const struct task *task, bool open)
{
	for (unsigned i = 0; i < TASK_PORTS; i++) {
		const struct cap *cap = &task->ports[i].cap;

		if (cap->type != OBJECT_NULL)
			set_range(cpu->tss.ports, cap->port.first,
				  cap->port.last, open);
	}
}

/*
 * The bitmap stays that of the last task that had ports, out of reach, until
 * another one with ports comes.
 */
static void load_ports(struct cpu *cpu, struct task *task)
{
	if (cpu->ports_of != task) {
		if (cpu->ports_of)
			set_ports(cpu, cpu->ports_of, false);
		set_ports(cpu, task, true);
		cpu->ports_of = task;
	}
	cpu->tss.io_map = TSS_PORTS;
}

void arch_ports_close(void)
{
	struct cpu *cpu = cpu_this();

	cpu->tss.io_map = sizeof(cpu->tss);
	if (cpu->ports_of)
		set_ports(cpu, cpu->ports_of, false);
	cpu->ports_of = NULL;
	cpu->ports_stale = true;
	sched_timer(); /* by resume(), even to the caller itself */
}

static void switch_to(struct cpu *cpu, struct task *task)
{
	struct arch_state *old = cpu->state;
	uint64_t table = task->table.cap.base;

	switch_fpu(cpu->avx, old, &task->arch);
	if (cpu->fsgsbase) {
		save_bases(old);
		load_bases(&task->arch);
	} else {
		save_bases_slowly(old);
		load_bases_slowly(&task->arch);
	}
	cpu->loaded = task;
	cpu->state = &task->arch;
	cpu->tss.io_map = sizeof(cpu->tss);
	if (has_ports(task))
		load_ports(cpu, task);
	cpu->tss.rsp[0] = (uintptr_t)(&task->regs + 1);
	*cpu->stack_top = cpu->tss.rsp[0];
	if (read_cr3() != table)
		write_cr3(table);
}

void arch_task_bases(const struct task *task, uint64_t *fs, uint64_t *gs)
{
	bool loaded = cpu_this()->loaded == task;

	*fs = loaded ? read_msr(MSR_FS_BASE) : task->arch.fs_base;
	*gs = loaded ? read_msr(MSR_KERNEL_GS_BASE) : task->arch.gs_base;
}

void arch_task_set_bases(struct task *task, uint64_t fs, uint64_t gs)
{
	task->arch.fs_base = fs;
	task->arch.gs_base = gs;
	if (cpu_this()->loaded == task) {
		write_msr(MSR_FS_BASE, fs);
		write_msr(MSR_KERNEL_GS_BASE, gs);
	}
}

void arch_task_gone(struct task *task)
{
	struct cpu *cpu = cpu_this();

	if (cpu->loaded == task) {
		cpu->loaded = NULL;
		cpu->state = &cpu->nobody;
	}
	if (cpu->ports_of == task)
		arch_ports_close();
}

/* There is nobody to run: what is dying goes on dying, or the CPU rests. */
static void rest(void)
{
	if (object_step())
		take_interrupts();
	else
		idle();
}

void resume(void)
{
	struct cpu *cpu = cpu_this();
	struct task *task;

	/* So that what nobody drains ends even if the processor never rests. */
	if (kernel.dying)
		object_step();
	while (!(task = sched_next()))
		rest();
	if (task != cpu->loaded)
		switch_to(cpu, task);
	else if (cpu->ports_stale && has_ports(task))
		load_ports(cpu, task);
	cpu->ports_stale = false;
	if (verify_always)
		verify_exit();
	resume_user(&task->regs);
}

static enum abi_fault fault_kind(uint64_t vector)
{
	switch (vector) {
	case 1:
	case 3:
		return FAULT_DEBUG;
	case 0:
	case 4:
	case 16:
	case 19:
		return FAULT_ARITHMETIC;
	case 6:
		return FAULT_OPCODE;
	case VECTOR_PAGE_FAULT:
		return FAULT_PAGE;
	default:
		return FAULT_PROTECTION;
	}
}

const char *arch_fault_name(const struct regs *regs, unsigned kind)
{
#define FAULT_TEXT(name, number, text) [number] = text,
	static const char *const texts[FAULT_COUNT] = {ABI_FAULTS(FAULT_TEXT)};

	if (kind && regs->vector >= EXCEPTIONS)
		return texts[kind];
	return exception_name(regs->vector);
}

void trap_user(struct regs *regs)
{
	struct task *task = container_of(regs, struct task, regs);

	if (regs->vector < EXCEPTIONS)
		fault_user(task, fault_kind(regs->vector),
			   regs->vector == VECTOR_PAGE_FAULT ? read_cr2() : 0);
	else
		irq_handle(regs->vector);
	resume();
}

static bool on_stack(uint64_t frame)
{
	return frame % 8 == 0 &&
	       frame >= (uintptr_t)kernel_stack_guard + PAGE_SIZE &&
	       frame < (uintptr_t)kernel_stack_top - 16;
}

static void kernel_backtrace(const struct regs *regs)
{
	uint64_t frame = regs->rbp;

	print("[kernel]   backtrace: %lx", regs->rip);
	for (unsigned i = 0; i < KERNEL_FRAMES && on_stack(frame); i++) {
		const uint64_t *at = (const uint64_t *)frame;

		print(" %lx", at[1]);
		if (at[0] <= frame)
			break;
		frame = at[0];
	}
	print("\n");
}

void trap_fatal(struct regs *regs)
{
	uint64_t address = read_cr2();

	print("[kernel] fault: in the kernel\n");
	fault_report(regs, exception_name(regs->vector), address,
		     regs->vector == VECTOR_PAGE_FAULT);
	kernel_backtrace(regs);
	panic("%s", exception_name(regs->vector));
}

void trap_kernel(struct regs *regs)
{
	if (regs->vector < EXCEPTIONS)
		trap_fatal(regs);
	irq_handle(regs->vector);
}
