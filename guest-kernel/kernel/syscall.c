/*
 * syscall.c: what a call's number asks for, and what its registers get. The
 * calls on capabilities are in invoke.c.
 */
#include "guest-kernel/kernel/kernel.h"

#define OBJECT_NAME(name, number, text) [number] = #name,
const char *const object_names[OBJECT_COUNT] = {ABI_OBJECTS(OBJECT_NAME)};

static enum error print_text(const struct task *task)
{
	const struct task_buffer *buffer = task_buffer(task);
	uint64_t length = task->regs.rdi;

	if (length > TASK_BUFFER_BYTES)
		return ERR_RANGE;
	if (!buffer)
		return ERR_NO_BUFFER;
	print("[kernel] Userspace print: ");
	for (uint64_t i = 0; i < length; i++) {
		uint8_t c = buffer->data[i];

		arch_put_byte(c >= ' ' && c <= '~' ? c : '?');
	}
	print("\n");
	return ERR_OK;
}

static enum error list_pool(const struct task *task)
{
	const struct cpool *pool;

	if (slot_empty(&task->cpool))
		return ERR_INCOMPLETE;
	pool = cpool_of(&task->cpool.cap);
	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		if (!slot_empty(&pool->slot[i]))
			print("[kernel] CPool index %u => %s\n", i,
			      object_names[pool->slot[i].cap.type]);
	return ERR_OK;
}

/* Errors of addresses that a pager of capabilities could mend. */
static bool leads_nowhere(enum error err)
{
	return err == ERR_BAD_ADDRESS || err == ERR_EMPTY_SLOT;
}

/* The call came back with an error; the handler may have asked to know. */
static void tell_handler(struct task *task, enum error err, uint64_t number)
{
	if (err == ERR_NO_SUCH_CALL && number >= SYS_COUNT &&
	    task->fault_flags & FAULT_ON_SYSCALL)
		fault_user(task, FAULT_SYSCALL, number);
	else if (leads_nowhere(err) && task->fault_flags & FAULT_ON_CAPABILITY)
		fault_user(task, FAULT_CAPABILITY, task->regs.rdi);
}

/* Messages: who gets one has its registers set by then, or waits. */
static __attribute__((noinline)) void message_handle(struct task *task,
						     unsigned number)
{
	enum error err = ipc_call(task, number);

	if (err == ERR_RESTART) {
		task->regs.rip -= SYSCALL_BYTES;
	} else if (err) {
		task_return(task, err, DETAIL_NONE, 0);
		tell_handler(task, err, number);
	}
}

/*
 * On a capability. It may have to be made again, or may wait. This and
 * other() are not inlined, so that the shortest calls save no registers.
 */
static __attribute__((noinline)) void invoke_handle(struct task *task)
{
	struct invocation inv;
	enum error err;

	inv.result[0] = inv.result[1] = 0;
	inv.result[2] = task->regs.r8;
	inv.detail = DETAIL_NONE;
	err = invoke(task, &inv);
	if (err == ERR_RESTART) {
		/* Its registers still hold the call. */
		task->regs.rip -= SYSCALL_BYTES;
		return;
	}
	if (task->state == TASK_WAITING || task->state == TASK_PUTTING)
		return; /* who wakes it returns for it */
	if (err) {
		task_return(task, err, inv.detail, 0);
		tell_handler(task, err, SYS_INVOKE);
		return;
	}
	task_return(task, ERR_OK, inv.result[0], inv.result[1]);
	task->regs.r8 = inv.result[2];
}

static enum error set_fs_base(uint64_t base)
{
	if (base >= USER_END)
		return ERR_RANGE;
	arch_set_fs_base(base);
	return ERR_OK;
}

static enum error put_byte(uint64_t byte)
{
	if (byte > 0xff)
		return ERR_RANGE;
	arch_put_byte(byte);
	return ERR_OK;
}

static enum error other(struct task *task, uint64_t number)
{
	switch (number) {
	case SYS_YIELD:
		sched_yield();
		return ERR_OK;
	case SYS_EXIT:
		task_stop(task);
		return ERR_OK;
	case SYS_PRINT:
		return print_text(task);
	case SYS_PUTC:
		return put_byte(task->regs.rdi);
	case SYS_LIST_CPOOL:
		return list_pool(task);
	case SYS_SET_FS_BASE:
		return set_fs_base(task->regs.rdi);
	case SYS_TEST_SUCCEED:
		arch_exit(0x31);
	case SYS_TEST_FAIL:
		arch_exit(0x30);
	default:
		return ERR_NO_SUCH_CALL;
	}
}

static __attribute__((noinline)) void other_handle(struct task *task)
{
	uint64_t number = task->regs.rax;
	enum error err = other(task, number);

	task_return(task, err, err ? DETAIL_NONE : 0, 0);
	if (err)
		tell_handler(task, err, number);
}

void syscall_handle(struct task *task)
{
	uint64_t number = task->regs.rax;

	switch (number) {
	case SYS_INVOKE:
		invoke_handle(task);
		break;
	case SYS_CALL:
	case SYS_REPLY_RECV:
	case SYS_SEND:
	case SYS_NB_SEND:
	case SYS_RECV:
	case SYS_NB_RECV:
		message_handle(task, number);
		break;
	case SYS_VERSION:
		task_return(task, ERR_OK, ABI_VERSION, 0);
		break;
	case SYS_CLOCK:
		task_return(task, ERR_OK, arch_now(), 0);
		break;
	default:
		other_handle(task);
	}
}
