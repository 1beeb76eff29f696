/*
 * link_driver.c: see link_driver.h. Its objects lie in the input driver's
 * pool, its task buffer in the table that the kernel made for the boot's own:
 * nothing of the root pool changes.
 */
#include "guest-kernel/user/link_driver.h"

#include "guest-kernel/user/input_driver.h"
#include "guest-kernel/user/link.h"
#include "guest-kernel/user/message.h"
#include "guest-kernel/user/port.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/task.h"

/* Slots of the input driver's pool. */
#define TASK	     16
#define NOTE	     17
#define IRQ	     18
#define BUFFER	     19

#define BUFFER_VA    (BOOT_CHILD_BUFFER + PAGE_BYTES)

#define LINE_COM2    3 /* input of the IOAPIC */

/* The 16550 UART */
#define DATA	     0x2f8
#define IER	     0x2f9
#define FCR	     0x2fa
#define LCR	     0x2fb
#define MCR	     0x2fc
#define LSR	     0x2fd
#define SCRATCH	     0x2ff
#define IER_RECEIVE  0x01
#define FCR_ENABLE   0x07 /* and empty both FIFOs */
#define LCR_8N1	     0x03
#define MCR_ON	     0x0b /* DTR, RTS, and OUT2: the interrupt's gate */
#define LSR_HAS_DATA 0x01
#define LSR_TX_EMPTY 0x20
#define SEND_POLLS   10000 /* a line that is stuck loses bytes */

/* Above those whose capabilities it uses: also a loop can be looked into. */
#define PRIORITY     190

static uint8_t stack[16384] __attribute__((aligned(16384)));
static struct link link;

static struct caddr own(unsigned index)
{
	return caddr_in(caddr_root(INPUT_DRIVER_POOL), index);
}

static void send(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		for (int n = 0; n < SEND_POLLS && !(in8(LSR) & LSR_TX_EMPTY);
		     n++)
			;
		out8(DATA, bytes[i]);
	}
}

static void call(struct link_registers *regs)
{
	register uint64_t r10 __asm__("r10") = regs->r10;
	register uint64_t r8 __asm__("r8") = regs->r8;
	register uint64_t r9 __asm__("r9") = regs->r9;
	register uint64_t r12 __asm__("r12") = regs->r12;
	register uint64_t r13 __asm__("r13") = regs->r13;

	__asm__ volatile("syscall"
			 : "+a"(regs->rax), "+D"(regs->rdi), "+S"(regs->rsi),
			   "+d"(regs->rdx), "+r"(r10), "+r"(r8), "+r"(r9)
			 : "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory");
	regs->r10 = r10;
	regs->r8 = r8;
	regs->r9 = r9;
}

static void server(void)
{
	static uint8_t tls[1024] __attribute__((aligned(64)));
	struct rt_task self = {.buffer = link.buffer,
			       .stack = (uintptr_t)stack,
			       .stack_end = (uintptr_t)stack + sizeof(stack)};
	uint64_t bits;

	sys_set_fs_base((uintptr_t)tls_make(tls, &self));
	out8(LCR, LCR_8N1);
	out8(FCR, FCR_ENABLE);
	out8(MCR, MCR_ON);
	out8(IER, IER_RECEIVE);
	do {
		while (in8(LSR) & LSR_HAS_DATA)
			link_receive(&link, in8(DATA));
	} while (notification_wait(own(NOTE), NO_DEADLINE, &bits) == ERR_OK);
	sys_exit();
}

/* What is written to the scratch register is read again. */
static bool has_line(struct caddr ports)
{
	uint64_t value = 0;

	return !sys_io_port_out(ports, SCRATCH, 1, 0x5a) &&
	       !sys_io_port_in(ports, SCRATCH, 1, &value) && value == 0x5a;
}

static enum error make(enum abi_object type, unsigned slot)
{
	return sys_untyped_retype(caddr_root(BOOT_SLOT_UNTYPED), type, 0, 1,
				  own(slot), NULL);
}

static enum error make_objects(void)
{
	enum error err = make(OBJECT_TASK, TASK);

	err = err ? err : make(OBJECT_NOTIFICATION, NOTE);
	err = err ? err : make(OBJECT_TASK_BUFFER, BUFFER);
	err = err ? err
		  : sys_page_map(own(BUFFER), BUFFER_VA,
				 RIGHT_READ | RIGHT_WRITE,
				 caddr_root(BOOT_SLOT_PML4));
	err = err ? err
		  : sys_irq_control_get(caddr_root(BOOT_SLOT_IRQ_CONTROL),
					LINE_COM2, 0, own(IRQ));
	return err ? err : sys_irq_handler_bind(own(IRQ), own(NOTE));
}

static enum error set_up(struct caddr task)
{
	struct task_setup setup = {
		.ip = (uintptr_t)server,
		/* As after a call: RSP + 8 is a multiple of 16. */
		.sp = (uintptr_t)stack + sizeof(stack) - 8,
		.pool = caddr_root(BOOT_SLOT_CPOOL),
		.table = caddr_root(BOOT_SLOT_PML4),
		.buffer = own(BUFFER),
	};
	enum error err = task_set_up(task, &setup, NULL);

	err = err ? err
		  : sys_task_set_ports(task, 0,
				       caddr_root(BOOT_SLOT_LINK_PORTS));
	return err ? err : sys_task_set_priority(task, PRIORITY, PRIORITY);
}

enum error link_driver_start(uint64_t entry, uint64_t child_stack)
{
	enum error err;

	if (!has_line(caddr_root(BOOT_SLOT_LINK_PORTS)))
		return ERR_OK;
	link.hello = (struct link_hello){ABI_VERSION, LABEL_COUNT, entry,
					 child_stack};
	link.buffer = (struct task_buffer *)BUFFER_VA;
	link.call = call;
	link.clock = sys_clock;
	link.send = send;
	err = make_objects();
	err = err ? err : set_up(own(TASK));
	return err ? err : sys_task_set_active(own(TASK), 1);
}
