/*
 * task.c: threads of execution. What a task needs (pool, address space, task
 * buffer) it holds as capabilities in slots of its own, so that taking those
 * back also takes them from the task.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

#define RFLAGS_USER  UINT64_C(0x40dd5) /* status flags, TF, DF, AC */
#define RFLAGS_FIXED UINT64_C(0x202)   /* IF; bit 1 */

void task_init(struct task *task)
{
	arch_task_init(&task->regs, &task->arch);
	task->timeout.kind = TIMEOUT_WAIT;
	task->priority = task->own_priority = PRIORITY_DEFAULT;
	task->max_priority = PRIORITY_DEFAULT;
	task->number = ++kernel.task_count;
}

void task_stop(struct task *task)
{
	switch (task->state) {
	case TASK_INACTIVE:
		return;
	case TASK_READY:
	case TASK_PARKED:
		sched_unready(task);
		return;
	}
	ipc_cancel(task);
	/* Its registers still hold the call: it is made again. */
	if (task->fault)
		task->fault = 0;
	else
		task->regs.rip -= SYSCALL_BYTES;
}

void task_loses(struct slot *slot)
{
	struct notification *n;

	switch (slot->cap.type) {
	case OBJECT_PML4:
		task_stop(container_of(slot, struct task, table));
		break;
	case OBJECT_NOTIFICATION:
		n = arch_ptr(slot->cap.base);
		n->bound = NULL;
		break;
	case OBJECT_IO_PORT:
		arch_ports_close();
		break;
	case OBJECT_SCHED_CONTEXT:
		sched_context_unbind(arch_ptr(slot->cap.base));
		break;
	}
}

/* What others hold of it in pointers is gone when it has died. */
void task_dies(struct task *task)
{
	task_stop(task);
	arch_task_gone(task);
	if (task->reply) {
		task->reply->caller = NULL;
		task->reply = NULL;
	}
	/* CALLS_AT_ONCE of them, at most. */
	while (task->calls)
		ipc_fail(task->calls->caller, ERR_GONE);
}

bool task_step(struct task *task)
{
	struct slot *held[] = {&task->cpool,	    &task->table,
			       &task->buffer,	    &task->fault_handler,
			       &task->notification, &task->context_held};

	for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (!slot_empty(held[i]))
			cap_delete(held[i]);
	for (unsigned i = 0; i < TASK_PORTS; i++)
		if (!slot_empty(&task->ports[i]))
			cap_delete(&task->ports[i]);
	return true;
}

struct task_buffer *task_buffer(const struct task *task)
{
	if (slot_empty(&task->buffer))
		return NULL;
	return arch_ptr(task->buffer.cap.base);
}

/* A task's settings are changed only while it is inactive. */
static enum error set_word(struct invocation *inv, uint64_t *word, uint64_t end)
{
	if (end && inv->word[0] >= end)
		return refuse(inv, 1, ERR_RANGE);
	if (task_of(&inv->self->cap)->state != TASK_INACTIVE)
		return refuse(inv, 0, ERR_BAD_STATE);
	*word = inv->word[0];
	return ERR_OK;
}

static enum error set_slot(struct invocation *inv, struct slot *slot)
{
	if (task_of(&inv->self->cap)->state != TASK_INACTIVE)
		return refuse(inv, 0, ERR_BAD_STATE);
	/* The old one may be the last of what the source lies in. */
	if (!slot_empty(slot))
		cap_delete(slot);
	cap_copy(inv->cap[0], slot);
	return ERR_OK;
}

enum error task_set_ip(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	enum error err = set_word(inv, &task->regs.rip, USER_END);

	if (!err)
		task->drains_at = 0; /* no call goes on there */
	return err;
}

enum error task_set_sp(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->regs.rsp, USER_END);
}

enum error task_set_fs_base(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->arch.fs_base, USER_END);
}

enum error task_set_arg(struct invocation *inv)
{
	return set_word(inv, &task_of(&inv->self->cap)->regs.rdi, 0);
}

enum error task_set_cpool(struct invocation *inv)
{
	return set_slot(inv, &task_of(&inv->self->cap)->cpool);
}

enum error task_set_table(struct invocation *inv)
{
	struct slot *table = &task_of(&inv->self->cap)->table;
	enum error err = set_slot(inv, table);

	if (!err)
		table->cap.flags |= CAP_VITAL;
	return err;
}

enum error task_set_buffer(struct invocation *inv)
{
	return set_slot(inv, &task_of(&inv->self->cap)->buffer);
}

/* A fault can leave an IP that is no address to resume at. */
bool task_complete(const struct task *task)
{
	return !slot_empty(&task->cpool) && !slot_empty(&task->table) &&
	       task->regs.rip != 0 && task->regs.rip < USER_END &&
	       task->regs.rsp != 0;
}

void task_timed_out(struct task *task)
{
	ipc_fail(task, ERR_TIMEOUT);
}

static enum error decode_active(struct invocation *inv, const struct task *task)
{
	if (inv->word[0] > 1)
		return refuse(inv, 1, ERR_RANGE);
	if (inv->word[0] == 0)
		return ERR_OK;
	return task_complete(task) ? ERR_OK : refuse(inv, 0, ERR_INCOMPLETE);
}

enum error task_set_active(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	enum error err = decode_active(inv, task);

	if (err)
		return err;
	if (inv->word[0] == 0)
		task_stop(task);
	else if (task->state == TASK_INACTIVE)
		sched_ready(task);
	return ERR_OK;
}

enum error task_set_priority(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	unsigned limit = inv->caller->max_priority;

	for (unsigned i = 0; i < 2; i++) {
		if (inv->word[i] >= PRIORITIES)
			return refuse(inv, i + 1, ERR_RANGE);
		if (inv->word[i] > limit)
			return refuse(inv, i + 1, ERR_NO_RIGHT);
	}
	task->own_priority = inv->word[0];
	task->max_priority = inv->word[1];
	task_inherit(task);
	return ERR_OK;
}

/* A slot that may be emptied, or filled with a copy. */
static void replace_slot(struct slot *slot, struct slot *source, unsigned flags)
{
	if (!slot_empty(slot))
		cap_delete(slot);
	if (!source)
		return;
	cap_copy(source, slot);
	slot->cap.flags |= flags;
}

enum error task_set_fault_handler(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	struct slot *handler = inv->cap[1];

	if (inv->word[0] & ~(uint64_t)FAULT_ON_ALL)
		return refuse(inv, 1, ERR_RANGE);
	if (handler && !(handler->cap.rights & RIGHT_WRITE))
		return refuse(inv, 2, ERR_NO_RIGHT);
	replace_slot(&task->fault_handler, handler, 0);
	task->fault_flags = handler ? inv->word[0] : 0;
	return ERR_OK;
}

enum error task_bind(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	struct slot *source = inv->cap[0];
	struct notification *n = NULL;

	if (source) {
		n = arch_ptr(source->cap.base);
		if (!(source->cap.rights & RIGHT_READ))
			return refuse(inv, 1, ERR_NO_RIGHT);
		if (n->bound && n->bound != task)
			return refuse(inv, 1, ERR_BAD_STATE);
	}
	replace_slot(&task->notification, source, CAP_VITAL);
	if (n) {
		n->bound = task;
		/* It may be receiving, and bits may be set. */
		notification_signal(n, 0);
	}
	return ERR_OK;
}

enum error task_set_context(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	struct slot *source = inv->cap[0];
	struct sched_context *sc = NULL;

	if (source) {
		sc = arch_ptr(source->cap.base);
		if (sc->bound && sc->bound != task)
			return refuse(inv, 1, ERR_BAD_STATE);
	}
	replace_slot(&task->context_held, source, CAP_VITAL);
	if (sc)
		sched_context_bind(sc, task);
	return ERR_OK;
}

/* Its registers do not change while they are looked at. */
static bool stands_still(const struct task *task)
{
	return task->state != TASK_READY || task != kernel.sched.running;
}

enum error task_get_registers(struct invocation *inv)
{
	const struct task *task = task_of(&inv->self->cap);
	struct task_buffer *buffer = task_buffer(inv->caller);
	const struct regs *r = &task->regs;
	struct task_registers out;

	if (!buffer)
		return ERR_NO_BUFFER;
	if (!stands_still(task))
		return refuse(inv, 0, ERR_BAD_STATE);
	out = (struct task_registers){r->rax, r->rbx, r->rcx,	 r->rdx, r->rsi,
				      r->rdi, r->rbp, r->rsp,	 r->r8,	 r->r9,
				      r->r10, r->r11, r->r12,	 r->r13, r->r14,
				      r->r15, r->rip, r->rflags, 0,	 0};
	if (r->vector == VECTOR_SYSCALL) {
		out.rcx = r->rip;
		out.r11 = r->rflags;
	}
	arch_task_bases(task, &out.fs_base, &out.gs_base);
	buffer->length = sizeof(out);
	memcpy(buffer->data, &out, sizeof(out));
	return ERR_OK;
}

enum error task_set_registers(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	const struct task_buffer *buffer = task_buffer(inv->caller);
	struct task_registers in;

	if (!buffer)
		return ERR_NO_BUFFER;
	if (task->state != TASK_INACTIVE && !task->fault)
		return refuse(inv, 0, ERR_BAD_STATE);
	memcpy(&in, buffer->data, sizeof(in));
	if (in.rip >= USER_END || in.rsp >= USER_END ||
	    in.fs_base >= USER_END || in.gs_base >= USER_END)
		return ERR_RANGE;
	/* All of them come back: not the short way of a system call. */
	task->regs = (struct regs){
		.rax = in.rax,
		.rbx = in.rbx,
		.rcx = in.rcx,
		.rdx = in.rdx,
		.rsi = in.rsi,
		.rdi = in.rdi,
		.rbp = in.rbp,
		.rsp = in.rsp,
		.r8 = in.r8,
		.r9 = in.r9,
		.r10 = in.r10,
		.r11 = in.r11,
		.r12 = in.r12,
		.r13 = in.r13,
		.r14 = in.r14,
		.r15 = in.r15,
		.rip = in.rip,
		.cs = task->regs.cs,
		.ss = task->regs.ss,
		.rflags = (in.rflags & RFLAGS_USER) | RFLAGS_FIXED,
	};
	arch_task_set_bases(task, in.fs_base, in.gs_base);
	task->drains_at = 0;
	if (task->reply && !task->fault)
		task->reply->ending = ERR_OK;
	return ERR_OK;
}

enum error task_info(struct invocation *inv)
{
	const struct task *task = task_of(&inv->self->cap);

	inv->result[0] = task->state;
	inv->result[1] = task->priority;
	inv->result[2] = task->number;
	return ERR_OK;
}

enum error task_set_ports(struct invocation *inv)
{
	struct task *task = task_of(&inv->self->cap);
	struct slot *source = inv->cap[1];

	if (inv->word[0] >= TASK_PORTS)
		return refuse(inv, 1, ERR_RANGE);
	if (source && (source->cap.rights & (RIGHT_READ | RIGHT_WRITE)) !=
			      (RIGHT_READ | RIGHT_WRITE))
		return refuse(inv, 2, ERR_NO_RIGHT);
	replace_slot(&task->ports[inv->word[0]], source, CAP_VITAL);
	arch_ports_close();
	return ERR_OK;
}
