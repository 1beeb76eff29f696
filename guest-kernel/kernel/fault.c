/*
 * fault.c: what a person needs to know about a fault. Return addresses are
 * printed as numbers, for the host to turn into names.
 */
#include "guest-kernel/kernel/kernel.h"

#define BACKTRACE_FRAMES 16

void fault_report(const struct regs *regs, const char *name, uint64_t address,
		  bool has_address)
{
	print("[kernel]   %s, error %lx", name, regs->error);
	if (has_address)
		print(", address %lx", address);
	/* Not RFLAGS: some of them are undefined, and then processors differ. */
	print("\n[kernel]   rip %lx, rsp %lx\n", regs->rip, regs->rsp);
}

/*
 * The chain of frame pointers: each points to its caller's, and the return
 * address is above it. It must go upwards, so a forged one ends too.
 */
static void backtrace(const struct task *task)
{
	uint64_t top = task->table.cap.base, frame = task->regs.rbp;
	uint64_t up, back;

	print("[kernel]   backtrace: %lx", task->regs.rip);
	for (unsigned i = 0; i < BACKTRACE_FRAMES; i++) {
		if (!vspace_read_word(top, frame, &up) ||
		    !vspace_read_word(top, frame + 8, &back) || back == 0)
			break;
		print(" %lx", back);
		if (up <= frame)
			break;
		frame = up;
	}
	print("\n");
}

void fault_user(struct task *task, const char *name, uint64_t address,
		bool has_address)
{
	print("[kernel] fault: task %u is suspended\n", task->number);
	fault_report(&task->regs, name, address, has_address);
	if (!slot_empty(&task->table))
		backtrace(task);
	task_stop(task);
}
