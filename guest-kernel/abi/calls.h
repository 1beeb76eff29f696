/*
 * calls.h: everything that can be asked of a capability: the one table from
 * which the kernel's dispatch and checks, the user's functions and the manual
 * page kernel-calls(7) are made. How a call travels is in syscall.h.
 *
 * A row: name, label, number; the types it is for (TYPES_x of object.h); the
 * rights that the invoked capability must have; up to four arguments; up to
 * three results; errors besides those of any call; what it does.
 *
 * Arguments take a word each, in this order:
 *
 *	WORD(name)		a number
 *	CAP(types, name)	a capability of one of these types
 *	MAYBE_CAP(types, name)	the same, or depth 0 for none; the word may be
 *				missing then
 *	TAKE(types, name)	the same as CAP, in a pool with RIGHT_WRITE
 *	PLACE(name)		an empty slot, in a pool with RIGHT_WRITE
 *	MAYBE_PLACE(name)	the same, or depth 0
 *
 * The kernel has checked all that the row says before its function runs; an
 * error names the argument and what was expected (syscall.h).
 */
#ifndef ABI_CALLS_H
#define ABI_CALLS_H

#include "guest-kernel/abi/object.h"

/* clang-format off */
#define ABI_CALLS(X) \
X(untyped_retype, UNTYPED_RETYPE, 1, UNTYPED, 0, \
  WORD(type), WORD(size), WORD(count), PLACE(destination), \
  RESULT(left), NONE, NONE, \
  "RANGE SLOT_TAKEN NO_MEMORY NO_SPACE", \
  "Make count (1..256) objects of a type in empty slots that begin at the " \
  "destination; all lie in one pool. size: for CHANNEL b, 0..8: its queue " \
  "has 2^b entries; for UNTYPED its bytes, a multiple of 64; else 0. From " \
  "device memory only RAW_PAGE, LARGE_PAGE and UNTYPED can be made. Memory " \
  "is zero, but a device's. An Untyped without children has all its memory " \
  "back. Returns the bytes left.") \
X(untyped_info, UNTYPED_INFO, 2, UNTYPED, 0, \
  NONE, NONE, NONE, NONE, \
  RESULT(bytes), RESULT(left), RESULT(flags), \
  "", \
  "Bytes in all, bytes left, and flags: UNTYPED_DEVICE.") \
X(cpool_free_slot, CPOOL_FREE_SLOT, 3, CPOOL, RIGHT_READ, \
  NONE, NONE, NONE, NONE, \
  RESULT(index), NONE, NONE, \
  "NO_SLOT", \
  "The lowest empty index of the pool.") \
X(cpool_type, CPOOL_TYPE, 4, CPOOL, RIGHT_READ, \
  WORD(index), NONE, NONE, NONE, \
  RESULT(type), NONE, NONE, \
  "RANGE", \
  "The type of what a slot holds; 0 for an empty one.") \
X(task_set_ip, TASK_SET_IP, 5, TASK, 0, \
  WORD(value), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE BAD_STATE", \
  "The address at which an inactive task goes on; of user space only.") \
X(task_set_sp, TASK_SET_SP, 6, TASK, 0, \
  WORD(value), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE BAD_STATE", \
  "Its stack pointer; of user space only.") \
X(task_set_fs_base, TASK_SET_FS_BASE, 7, TASK, 0, \
  WORD(value), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE BAD_STATE", \
  "The base of its FS segment; of user space only.") \
X(task_set_arg, TASK_SET_ARG, 8, TASK, 0, \
  WORD(value), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "BAD_STATE", \
  "Its RDI.") \
X(task_set_cpool, TASK_SET_CPOOL, 9, TASK, 0, \
  CAP(CPOOL, pool), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "BAD_STATE", \
  "The root pool of an inactive task: a copy of the capability.") \
X(task_set_table, TASK_SET_TABLE, 10, TASK, 0, \
  CAP(PML4, table), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "BAD_STATE", \
  "Its address space. A task that loses it stops.") \
X(task_set_buffer, TASK_SET_BUFFER, 11, TASK, 0, \
  CAP(TASK_BUFFER, buffer), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "BAD_STATE", \
  "Its task buffer.") \
X(task_set_active, TASK_SET_ACTIVE, 12, TASK, 0, \
  WORD(active), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE INCOMPLETE", \
  "1: start it; it needs pool, table, IP and SP. 0: stop it; if it waited, " \
  "it makes its call again when it is started.") \
X(channel_put_raw, CHANNEL_PUT_RAW, 13, CHANNEL, RIGHT_WRITE, \
  WORD(value), WORD(flags), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE WOULD_BLOCK GONE TIMEOUT", \
  "Add a number behind the other entries. Where there is no room it waits, " \
  "first come first served; or, if flags has CHANNEL_TRY, WOULD_BLOCK; or, " \
  "with CHANNEL_OVERWRITE, the oldest entry is lost. With CHANNEL_DEADLINE it " \
  "waits until r13, in nanoseconds of SYS_CLOCK.") \
X(channel_put_bytes, CHANNEL_PUT_PAYLOAD, 14, CHANNEL, RIGHT_WRITE, \
  WORD(length), WORD(flags), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_BUFFER WOULD_BLOCK GONE TIMEOUT", \
  "The same with bytes, to 1024, from the caller's task buffer.") \
X(channel_put_cap, CHANNEL_PUT_CAP, 15, CHANNEL, RIGHT_WRITE | RIGHT_GRANT, \
  CAP(ANY, capability), WORD(flags), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_COPY WOULD_BLOCK GONE TIMEOUT", \
  "The same with a capability: a copy, as CPOOL_COPY makes it. After a wait " \
  "it is that of the slot that the path leads to by then.") \
X(channel_take_entry, CHANNEL_TAKE, 16, CHANNEL, RIGHT_READ, \
  WORD(flags), MAYBE_PLACE(slot), NONE, NONE, \
  RESULT(kind), RESULT(value), NONE, \
  "RANGE NO_SLOT NO_BUFFER WOULD_BLOCK GONE TIMEOUT", \
  "The oldest entry. Waits while there is none, first come first served, " \
  "unless flags has CHANNEL_TRY; CHANNEL_DEADLINE as with puts. Returns its kind and: the number; the " \
  "length of the bytes, which are in the task buffer; or the index of the " \
  "slot with the capability: the lowest free one of the root pool if none " \
  "is given. An entry that finds no slot or buffer stays.") \
X(page_map, PAGE_MAP, 17, FRAME, 0, \
  WORD(address), WORD(rights), CAP(PML4, table), NONE, \
  NONE, NONE, NONE, \
  "RANGE ALIGNMENT NO_RIGHT NO_TABLE MAPPED BAD_STATE", \
  "Map a frame at a user address, a multiple of its size, with at most the " \
  "rights of the capability, RIGHT_READ among them. Tables must be there. " \
  "A capability maps its frame once: the same place again changes the " \
  "rights, another is BAD_STATE: use a copy. Device memory is uncached.") \
X(page_unmap, PAGE_UNMAP, 18, FRAME, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NOT_MAPPED", \
  "Undo PAGE_MAP.") \
X(table_map, TABLE_MAP, 19, TABLE, 0, \
  WORD(address), CAP(PML4, table), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_TABLE MAPPED BAD_STATE", \
  "Hang a page table into the address space, where it covers the address.") \
X(io_port_in, IO_PORT_IN, 20, IO_PORT, RIGHT_READ, \
  WORD(port), WORD(size), NONE, NONE, \
  RESULT(value), NONE, NONE, \
  "RANGE", \
  "Read 1, 2 or 4 bytes from ports that all lie in the range.") \
X(io_port_out, IO_PORT_OUT, 21, IO_PORT, RIGHT_WRITE, \
  WORD(port), WORD(size), WORD(value), NONE, \
  NONE, NONE, NONE, \
  "RANGE", \
  "Write to them.") \
X(cpool_copy, CPOOL_COPY, 22, CPOOL, RIGHT_WRITE, \
  WORD(index), CAP(ANY, source), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE SLOT_TAKEN NO_COPY", \
  "Put a copy of a capability into an empty slot of the pool; the copy is " \
  "the source's child. A frame's copy is mapped nowhere. An Untyped's copy " \
  "has all that was left of it; the source has nothing while it has " \
  "children. Page tables below the top cannot be copied.") \
X(cpool_mint, CPOOL_MINT, 23, CPOOL, RIGHT_WRITE, \
  WORD(index), WORD(rights), WORD(badge), CAP(ANY, source), \
  NONE, NONE, NONE, \
  "RANGE SLOT_TAKEN NO_COPY BAD_STATE", \
  "Copy with those of the source's rights that are named. badge: of an " \
  "ENDPOINT or NOTIFICATION without one, what messages through the copy " \
  "carry; of an IO_PORT, FIRST | LAST << 16, a part of the range; 0: as " \
  "the source; of other types 0.") \
X(cpool_move, CPOOL_MOVE, 24, CPOOL, RIGHT_WRITE, \
  WORD(index), TAKE(ANY, source), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE SLOT_TAKEN BAD_STATE", \
  "Move a capability into an empty slot. Its place in the tree stays. The " \
  "last capability of a pool cannot go into that pool.") \
X(cpool_delete, CPOOL_DELETE, 25, CPOOL, RIGHT_WRITE, \
  WORD(index), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE", \
  "Empty a slot. Its children go to its parent. A frame is unmapped, a " \
  "page table unhooked. The object goes with its last capability; those " \
  "that lie in itself do not count. Of an empty slot: nothing.") \
X(cpool_revoke, CPOOL_REVOKE, 26, CPOOL, RIGHT_WRITE, \
  WORD(index), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE EMPTY_SLOT", \
  "Delete all that descends from a slot's capability, which stays.") \
X(cpool_info, CPOOL_INFO, 27, CPOOL, RIGHT_READ, \
  WORD(index), NONE, NONE, NONE, \
  RESULT(type), RESULT(rights), RESULT(value), \
  "RANGE", \
  "A slot's type, rights and: the badge; of an IO_PORT FIRST | LAST << 16; " \
  "of a CHANNEL b, its queue having 2^b entries; else 0.") \
X(table_unmap, TABLE_UNMAP, 28, TABLE, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NOT_MAPPED", \
  "Undo TABLE_MAP. What was mapped through the table is mapped no more.") \
X(task_set_priority, TASK_SET_PRIORITY, 29, TASK, 0, \
  WORD(priority), WORD(maximum), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_RIGHT", \
  "Its priority, 0..255, the highest first, and the highest that it may give " \
  "to others. Neither can be above the caller's own maximum.") \
X(task_set_fault_handler, TASK_SET_FAULT_HANDLER, 30, TASK, 0, \
  WORD(flags), MAYBE_CAP(ENDPOINT, handler), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_RIGHT", \
  "Where its faults go as calls (message.h): a copy of the capability, which " \
  "needs RIGHT_WRITE; with none a fault suspends the task and is reported. " \
  "flags: FAULT_ON_x.") \
X(task_bind, TASK_BIND, 31, TASK, 0, \
  MAYBE_CAP(NOTIFICATION, notification), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NO_RIGHT BAD_STATE", \
  "Its receives at endpoints get this notification's bits, too. A copy of " \
  "the capability, which needs RIGHT_READ; BAD_STATE if another task is " \
  "bound to it. With none: bound no longer.") \
X(task_set_context, TASK_SET_CONTEXT, 32, TASK, 0, \
  MAYBE_CAP(SCHED_CONTEXT, context), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "BAD_STATE", \
  "The scheduling context whose budget it runs on: a copy of the capability; " \
  "BAD_STATE if another task is bound to it. With none: no budget limits it; " \
  "while it serves a call, it runs on its caller's.") \
X(task_get_registers, TASK_GET_REGISTERS, 33, TASK, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NO_BUFFER BAD_STATE", \
  "The registers of a task that is not running, to the caller's task buffer " \
  "(struct task_registers).") \
X(task_set_registers, TASK_SET_REGISTERS, 34, TASK, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NO_BUFFER BAD_STATE RANGE", \
  "The reverse, for an inactive task or one whose fault is being handled. Of " \
  "RFLAGS the status flags, DF, TF and AC are taken; RIP, RSP and the bases " \
  "are addresses of user space.") \
X(task_info, TASK_INFO, 35, TASK, 0, \
  NONE, NONE, NONE, NONE, \
  RESULT(state), RESULT(priority), RESULT(number), \
  "", \
  "Its state (enum abi_task_state), the priority it has now, and its number " \
  "in the kernel's reports.") \
X(sched_control_set, SCHED_CONTROL_SET, 36, SCHED_CONTROL, 0, \
  CAP(SCHED_CONTEXT, context), WORD(budget), WORD(period), NONE, \
  NONE, NONE, NONE, \
  "RANGE", \
  "Give processor time: at most budget nanoseconds in any period, from now " \
  "on. 10000 <= budget <= period <= 2^40.") \
X(sched_context_info, SCHED_CONTEXT_INFO, 37, SCHED_CONTEXT, 0, \
  NONE, NONE, NONE, NONE, \
  RESULT(budget), RESULT(period), RESULT(consumed), \
  "", \
  "Its settings, and the nanoseconds used so far.") \
X(irq_control_get, IRQ_CONTROL_GET, 38, IRQ_CONTROL, 0, \
  WORD(line), WORD(flags), PLACE(handler), NONE, \
  NONE, NONE, NONE, \
  "RANGE BAD_STATE NO_MEMORY", \
  "An IRQ_HANDLER for an input of the IOAPIC, open from now on. flags: " \
  "IRQ_LEVEL, IRQ_LOW; without them edges, active high. BAD_STATE: it is " \
  "another handler's. NO_MEMORY: all 24 handlers are in use.") \
X(irq_control_get_msi, IRQ_CONTROL_GET_MSI, 39, IRQ_CONTROL, 0, \
  PLACE(handler), NONE, NONE, NONE, \
  RESULT(address), RESULT(data), NONE, \
  "NO_MEMORY", \
  "An IRQ_HANDLER for a message-signalled interrupt: what the device has to " \
  "write, and where.") \
X(irq_handler_bind, IRQ_HANDLER_BIND, 40, IRQ_HANDLER, 0, \
  CAP(NOTIFICATION, notification), NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "NO_RIGHT", \
  "Each interrupt sets the badge's bits in the notification, or bit 0 if the " \
  "capability, which needs RIGHT_WRITE, has no badge. One that came before is " \
  "told now.") \
X(irq_handler_ack, IRQ_HANDLER_ACK, 41, IRQ_HANDLER, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "", \
  "The device was served: a level-triggered line, closed since its interrupt, " \
  "opens again.") \
X(irq_handler_clear, IRQ_HANDLER_CLEAR, 42, IRQ_HANDLER, 0, \
  NONE, NONE, NONE, NONE, \
  NONE, NONE, NONE, \
  "", \
  "Undo IRQ_HANDLER_BIND.") \
X(task_set_ports, TASK_SET_PORTS, 43, TASK, 0, \
  WORD(index), MAYBE_CAP(IO_PORT, ports), NONE, NONE, \
  NONE, NONE, NONE, \
  "RANGE NO_RIGHT", \
  "One of the four ranges of I/O ports, 0..3, that the task reaches with IN " \
  "and OUT: a copy of the capability, which needs RIGHT_READ and RIGHT_WRITE. " \
  "With none, or when the capability is taken back, they are closed again.")
/* clang-format on */

enum abi_label {
#define ABI_LABEL_ENUM(name, label, number, ...) label = (number),
	ABI_CALLS(ABI_LABEL_ENUM)
#undef ABI_LABEL_ENUM
		LABEL_COUNT = 44
};

#endif
