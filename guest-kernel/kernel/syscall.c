/*
 * syscall.c: from registers to what is called, and back. Everything a caller
 * gives is a number until it was checked; nothing here trusts it.
 */
#include "guest-kernel/kernel/kernel.h"

#define INFO_BITS			28

#define OBJECT_NAME(name, number, text) [number] = #name,
const char *const object_names[OBJECT_COUNT] = {ABI_OBJECTS(OBJECT_NAME)};

static enum error dispatch(struct invocation *inv)
{
	switch (inv->self->cap.type) {
	case OBJECT_UNTYPED:
		return untyped_call(inv);
	case OBJECT_CPOOL:
		return cpool_call(inv);
	case OBJECT_TASK:
		return task_call(inv);
	case OBJECT_CHANNEL:
		return channel_call(inv);
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
		return page_call(inv);
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return table_call(inv);
	case OBJECT_IO_PORT:
		return io_port_call(inv);
	default:
		return ERR_NO_SUCH_CALL;
	}
}

static enum error invoke(struct task *task, struct invocation *inv)
{
	const struct regs *r = &task->regs;
	uint64_t info = r->rsi;
	enum error err;

	*inv = (struct invocation){
		.caller = task,
		.label = info >> INFO_LABEL_SHIFT & 0xffff,
		.words = info >> INFO_WORDS_SHIFT & 0xf,
		.depth = info >> INFO_ARGUMENT_SHIFT & 0xf,
		.word = {r->rdx, r->r10, r->r8, r->r9},
	};
	if (info >> INFO_BITS || inv->words > 4)
		return ERR_RANGE;
	err = cpool_lookup(&task->cpool, r->rdi,
			   info >> INFO_TARGET_SHIFT & 0xf, &inv->self);
	return err ? err : dispatch(inv);
}

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

static enum error call(struct task *task, struct invocation *inv)
{
	switch (task->regs.rax) {
	case SYS_INVOKE:
		return invoke(task, inv);
	case SYS_YIELD:
		sched_rotate();
		return ERR_OK;
	case SYS_EXIT:
		task_stop(task);
		return ERR_OK;
	case SYS_PRINT:
		return print_text(task);
	case SYS_PUTC:
		if (task->regs.rdi > 0xff)
			return ERR_RANGE;
		arch_put_byte(task->regs.rdi);
		return ERR_OK;
	case SYS_LIST_CPOOL:
		return list_pool(task);
	case SYS_SET_FS_BASE:
		if (task->regs.rdi >= USER_END)
			return ERR_RANGE;
		arch_set_fs_base(task->regs.rdi);
		return ERR_OK;
	case SYS_TEST_SUCCEED:
		arch_exit(0x31);
	case SYS_TEST_FAIL:
		arch_exit(0x30);
	default:
		return ERR_NO_SUCH_CALL;
	}
}

void syscall_handle(struct task *task)
{
	struct invocation inv;
	enum error err;

	inv.result[0] = inv.result[1] = 0;
	err = call(task, &inv);
	if (task->state == TASK_WAITING)
		return; /* who wakes it returns for it */
	if (err)
		inv.result[0] = inv.result[1] = 0;
	task_return(task, err, inv.result[0], inv.result[1]);
}
