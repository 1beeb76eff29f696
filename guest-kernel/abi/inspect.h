/*
 * inspect.h: where the kernel's structures have what, for who looks at them
 * from outside.
 *
 * The kernel carries this table in an ELF note (name INSPECT_NOTE_NAME), which
 * is also in its memory, read-only: so a monitor that has no symbols, or not
 * even the file, finds everything, and sees by the version and the lists'
 * lengths when it meets a kernel that it does not understand. The numbers are
 * made by offsetof (kernel/inspect.c), so they cannot be out of date.
 *
 * A field's number is its place in the list: only ever append. What a field
 * means is in the kernel's headers; a change of meaning is another
 * INSPECT_VERSION.
 */
#ifndef ABI_INSPECT_H
#define ABI_INSPECT_H

#include <stdint.h>

#define INSPECT_NOTE_NAME "vmm" /* with its zero byte: 4 */
#define INSPECT_NOTE_TYPE 0x100
#define INSPECT_MAGIC	  UINT64_C(0x74636570736e6976) /* "vinspect" */
#define INSPECT_VERSION	  1

/* name, structure, member */
#define INSPECT_FIELDS(X)                                       \
	X(CAP_TYPE, struct slot, cap.type)                      \
	X(CAP_RIGHTS, struct slot, cap.rights)                  \
	X(CAP_BITS, struct slot, cap.bits)                      \
	X(CAP_FLAGS, struct slot, cap.flags)                    \
	X(CAP_SPACE, struct slot, cap.space)                    \
	X(CAP_BASE, struct slot, cap.base)                      \
	X(CAP_SIZE, struct slot, cap.untyped.size)              \
	X(CAP_USED, struct slot, cap.untyped.used)              \
	X(CAP_CLEARED, struct slot, cap.untyped.cleared)        \
	X(CAP_GENERATION, struct slot, cap.map.generation)      \
	X(CAP_VA, struct slot, cap.map.va)                      \
	X(CAP_PORT_FIRST, struct slot, cap.port.first)          \
	X(CAP_PORT_LAST, struct slot, cap.port.last)            \
	X(CAP_BADGE, struct slot, cap.badge)                    \
	X(SLOT_CHILD, struct slot, child)                       \
	X(SLOT_NEXT, struct slot, next)                         \
	X(SLOT_PREV, struct slot, prev)                         \
	X(OBJECT_COUNT, struct object, count)                   \
	X(OBJECT_TYPE, struct object, type)                     \
	X(OBJECT_BITS, struct object, bits)                     \
	X(OBJECT_DYING, struct object, dying)                   \
	X(OBJECT_ZOMBIE, struct object, zombie)                 \
	X(CPOOL_SLOT, struct cpool, slot)                       \
	X(TASK_RAX, struct task, regs.rax)                      \
	X(TASK_RBX, struct task, regs.rbx)                      \
	X(TASK_RCX, struct task, regs.rcx)                      \
	X(TASK_RDX, struct task, regs.rdx)                      \
	X(TASK_RSI, struct task, regs.rsi)                      \
	X(TASK_RDI, struct task, regs.rdi)                      \
	X(TASK_RBP, struct task, regs.rbp)                      \
	X(TASK_RSP, struct task, regs.rsp)                      \
	X(TASK_R8, struct task, regs.r8)                        \
	X(TASK_R9, struct task, regs.r9)                        \
	X(TASK_R10, struct task, regs.r10)                      \
	X(TASK_R11, struct task, regs.r11)                      \
	X(TASK_R12, struct task, regs.r12)                      \
	X(TASK_R13, struct task, regs.r13)                      \
	X(TASK_R14, struct task, regs.r14)                      \
	X(TASK_R15, struct task, regs.r15)                      \
	X(TASK_RIP, struct task, regs.rip)                      \
	X(TASK_RFLAGS, struct task, regs.rflags)                \
	X(TASK_CS, struct task, regs.cs)                        \
	X(TASK_SS, struct task, regs.ss)                        \
	X(TASK_VECTOR, struct task, regs.vector)                \
	X(TASK_ERROR, struct task, regs.error)                  \
	X(TASK_FPU, struct task, arch.fpu)                      \
	X(TASK_FS_BASE, struct task, arch.fs_base)              \
	X(TASK_GS_BASE, struct task, arch.gs_base)              \
	X(TASK_CPOOL, struct task, cpool)                       \
	X(TASK_TABLE, struct task, table)                       \
	X(TASK_BUFFER, struct task, buffer)                     \
	X(TASK_FAULT_HANDLER, struct task, fault_handler)       \
	X(TASK_NOTIFICATION, struct task, notification)         \
	X(TASK_CONTEXT_HELD, struct task, context_held)         \
	X(TASK_PORT, struct task, ports)                        \
	X(TASK_NEXT, struct task, next)                         \
	X(TASK_PREV, struct task, prev)                         \
	X(TASK_WAITS, struct task, waits)                       \
	X(TASK_DEADLINE, struct task, timeout.when)             \
	X(TASK_CONTEXT, struct task, context)                   \
	X(TASK_REPLY, struct task, reply)                       \
	X(TASK_CALLS, struct task, calls)                       \
	X(TASK_CALL_COUNT, struct task, call_count)             \
	X(TASK_STATE, struct task, state)                       \
	X(TASK_PRIORITY, struct task, priority)                 \
	X(TASK_OWN_PRIORITY, struct task, own_priority)         \
	X(TASK_MAX_PRIORITY, struct task, max_priority)         \
	X(TASK_BADGE, struct task, badge)                       \
	X(TASK_FAULT, struct task, fault)                       \
	X(TASK_FAULT_ADDRESS, struct task, fault_address)       \
	X(TASK_NUMBER, struct task, number)                     \
	X(ENTRY_SLOT, struct entry, slot)                       \
	X(ENTRY_KIND, struct entry, kind)                       \
	X(ENTRY_LENGTH, struct entry, length)                   \
	X(ENTRY_VALUE, struct entry, value)                     \
	X(CHANNEL_WAITERS, struct channel, waiters)             \
	X(CHANNEL_PUTTERS, struct channel, putters)             \
	X(CHANNEL_FIRST, struct channel, first)                 \
	X(CHANNEL_COUNT, struct channel, count)                 \
	X(QUEUE_HEAD, struct task_queue, head)                  \
	X(QUEUE_TAIL, struct task_queue, tail)                  \
	X(ENDPOINT_QUEUE, struct endpoint, queue)               \
	X(ENDPOINT_RECEIVERS, struct endpoint, receivers)       \
	X(NOTIFICATION_BITS, struct notification, bits)         \
	X(NOTIFICATION_QUEUE, struct notification, queue)       \
	X(NOTIFICATION_BOUND, struct notification, bound)       \
	X(REPLY_CALLER, struct reply, caller)                   \
	X(REPLY_SERVER, struct reply, server)                   \
	X(REPLY_NEXT, struct reply, next)                       \
	X(REPLY_LENT, struct reply, lent)                       \
	X(REPLY_CONTEXT, struct reply, context)                 \
	X(CONTEXT_BUDGET, struct sched_context, refills.budget) \
	X(CONTEXT_PERIOD, struct sched_context, refills.period) \
	X(CONTEXT_PARKED, struct sched_context, parked)         \
	X(CONTEXT_BOUND, struct sched_context, bound)           \
	X(CONTEXT_CONSUMED, struct sched_context, consumed)     \
	X(SPACE_TOP, struct space, top)                         \
	X(SPACE_GENERATION, struct space, generation)           \
	X(SPACE_COUNT, struct space, count)                     \
	X(IRQ_NOTIFICATION, struct irq, notification)           \
	X(IRQ_COUNT, struct irq, count)                         \
	X(IRQ_LINE, struct irq, line)                           \
	X(IRQ_FLAGS, struct irq, flags)                         \
	X(IRQ_MISSED, struct irq, missed)                       \
	X(KERNEL_CAPS, struct kernel, caps)                     \
	X(KERNEL_DYING, struct kernel, dying)                   \
	X(KERNEL_RUNNING, struct kernel, sched.running)         \
	X(KERNEL_READY, struct kernel, sched.ready)             \
	X(KERNEL_IRQ, struct kernel, irq)                       \
	X(KERNEL_TASK_COUNT, struct kernel, task_count)         \
	X(KERNEL_SPACES_BEGUN, struct kernel, spaces_begun)     \
	X(KERNEL_SPACE, struct kernel, space)

/* name, structure: their sizes */
#define INSPECT_SIZES(X)                       \
	X(SLOT, struct slot)                   \
	X(OBJECT, struct object)               \
	X(CPOOL, struct cpool)                 \
	X(TASK, struct task)                   \
	X(CHANNEL, struct channel)             \
	X(ENTRY, struct entry)                 \
	X(ENDPOINT, struct endpoint)           \
	X(NOTIFICATION, struct notification)   \
	X(REPLY, struct reply)                 \
	X(SCHED_CONTEXT, struct sched_context) \
	X(SPACE, struct space)                 \
	X(IRQ, struct irq)                     \
	X(QUEUE, struct task_queue)            \
	X(KERNEL, struct kernel)

enum inspect_field_number {
#define INSPECT_ENUM(name, type, member) INSPECT_##name,
	INSPECT_FIELDS(INSPECT_ENUM)
#undef INSPECT_ENUM
		INSPECT_FIELD_COUNT
};

enum inspect_size_number {
#define INSPECT_ENUM(name, type) INSPECT_SIZE_##name,
	INSPECT_SIZES(INSPECT_ENUM)
#undef INSPECT_ENUM
		INSPECT_SIZE_COUNT
};

/* In bytes, of its structure. */
struct inspect_field {
	uint32_t offset, size;
};

/*
 * The note's bytes: this, field_count fields, size_count sizes. Kernel
 * pointers are virtual: from `direct_map` on, where all RAM is mapped in
 * order, or of the image, which lies `image_offset` lower in memory.
 */
struct inspect_head {
	uint64_t magic;
	uint32_t version, abi_version;
	uint32_t field_count, size_count;
	uint64_t kernel; /* address of the struct kernel */
	uint64_t image_offset, image_end;
	uint64_t direct_map, direct_map_bytes;
	uint32_t irqs, spaces; /* how long these arrays of it are */
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct inspect_field) == 8, "ABI");
_Static_assert(sizeof(struct inspect_head) == 72, "ABI");

#endif
