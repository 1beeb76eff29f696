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

/*
 * No handler, or it could not be told: the task is suspended as it was, and
 * reported. Its state is TASK_INACTIVE already.
 */
void fault_unhandled(struct task *task)
{
	print("[kernel] fault: task %u is suspended\n", task->number);
	fault_report(&task->regs, arch_fault_name(&task->regs, task->fault),
		     task->fault_address, task->fault == FAULT_PAGE);
	if (!slot_empty(&task->table))
		backtrace(task);
	task->fault = 0;
}

void fault_user(struct task *task, unsigned kind, uint64_t address)
{
	task->fault = kind;
	task->fault_address = address;
	sched_unready(task);
	if (slot_empty(&task->fault_handler))
		fault_unhandled(task);
	else
		endpoint_fault(task);
}

/* abi/message.h has the words. */
void fault_message(const struct task *from, struct task *to, uint64_t badge)
{
	const struct regs *f = &from->regs;
	struct regs *t = &to->regs;

	t->rax = ERR_OK;
	t->rdi = badge;
	t->rsi = MESSAGE_INFO(from->fault, 0, MESSAGE_REGISTERS) |
		 MESSAGE_CALL | MESSAGE_FAULT;
	t->rdx = f->rip;
	t->r10 = from->fault_address;
	t->r8 = f->error << 32 | f->vector;
	t->r9 = f->rsp;
}

void fault_answered(struct task *task, uint32_t label)
{
	task->fault = 0;
	if (label == FAULT_RESUME && task_complete(task))
		sched_ready(task);
}
