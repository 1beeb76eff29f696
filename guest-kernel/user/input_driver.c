/* input_driver.c: see input_driver.h. One task, woken by both devices. */
#include "guest-kernel/user/input_driver.h"

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/port.h"
#include "guest-kernel/user/rt.h"

/* Slots of the driver's pool. */
#define TASK	     0
#define NOTE	     1 /* its notification, and by badges for each device */
#define NOTE_KBD     2
#define NOTE_COM     3
#define IRQ_KBD	     4
#define IRQ_COM	     5

#define BIT_KBD	     1
#define BIT_COM	     2

/* Inputs of the IOAPIC, as in every PC. */
#define LINE_KBD     1
#define LINE_COM     4

/* The 8042 keyboard controller */
#define KBD_DATA     0x60
#define KBD_STATUS   0x64
#define KBD_HAS_DATA 0x01
#define KBD_BUSY     0x02
#define KBD_FROM_AUX 0x20
#define KBD_SET_MODE 0x60
#define KBD_MODE     0x41 /* interrupt on, translate to set 1 */
#define KBD_POLLS    100000

/* The 16550 UART */
#define COM_DATA     0x3f8
#define COM_IER	     0x3f9
#define COM_LSR	     0x3fd
#define LSR_HAS_DATA 0x01
#define IER_RECEIVE  0x01

#define PRIORITY     200 /* above those whose input it is */

static uint8_t stack[16384] __attribute__((aligned(16384)));

static struct caddr own(unsigned index)
{
	return caddr_in(caddr_root(INPUT_DRIVER_POOL), index);
}

static void put(uint64_t value)
{
	sys_channel_put_raw(caddr_root(BOOT_SLOT_INPUT), value, 0);
}

static void kbd_wait(void)
{
	for (unsigned i = 0; i < KBD_POLLS && in8(KBD_STATUS) & KBD_BUSY; i++)
		;
}

/* An edge comes only once everything was read. */
static void kbd_read(void)
{
	uint8_t status;

	while ((status = in8(KBD_STATUS)) & KBD_HAS_DATA) {
		uint8_t byte = in8(KBD_DATA);

		if (!(status & KBD_FROM_AUX))
			put(byte);
	}
}

static void kbd_init(void)
{
	kbd_wait();
	out8(KBD_STATUS, KBD_SET_MODE);
	kbd_wait();
	out8(KBD_DATA, KBD_MODE);
	kbd_wait();
	kbd_read();
}

static void com_read(void)
{
	while (in8(COM_LSR) & LSR_HAS_DATA)
		put(INPUT_SERIAL + in8(COM_DATA));
}

static void driver(void)
{
	static uint8_t tls[1024] __attribute__((aligned(64)));
	struct rt_task self = {.stack = (uintptr_t)stack,
			       .stack_end = (uintptr_t)stack + sizeof(stack)};
	uint64_t bits;

	sys_set_fs_base((uintptr_t)tls_make(tls, &self));
	kbd_init();
	out8(COM_IER, IER_RECEIVE);
	com_read();
	while (notification_wait(own(NOTE), NO_DEADLINE, &bits) == ERR_OK) {
		if (bits & BIT_KBD)
			kbd_read();
		if (bits & BIT_COM)
			com_read();
	}
	sys_exit();
}

static enum error open_line(unsigned line, unsigned bit, unsigned irq,
			    unsigned note)
{
	enum error err = sys_irq_control_get(caddr_root(BOOT_SLOT_IRQ_CONTROL),
					     line, 0, own(irq));

	if (!err)
		err = sys_cpool_mint(caddr_root(INPUT_DRIVER_POOL), note,
				     RIGHT_WRITE, bit, own(NOTE));
	return err ? err : sys_irq_handler_bind(own(irq), own(note));
}

static enum error make_objects(void)
{
	struct caddr untyped = caddr_root(BOOT_SLOT_UNTYPED);
	enum error err =
		sys_untyped_retype(untyped, OBJECT_CPOOL, 0, 1,
				   caddr_root(INPUT_DRIVER_POOL), NULL);

	if (!err)
		err = sys_untyped_retype(untyped, OBJECT_TASK, 0, 1, own(TASK),
					 NULL);
	if (!err)
		err = sys_untyped_retype(untyped, OBJECT_NOTIFICATION, 0, 1,
					 own(NOTE), NULL);
	if (!err)
		err = open_line(LINE_KBD, BIT_KBD, IRQ_KBD, NOTE_KBD);
	return err ? err : open_line(LINE_COM, BIT_COM, IRQ_COM, NOTE_COM);
}

static enum error set_ports(struct caddr task)
{
	enum error err = sys_task_set_ports(
		task, 0, caddr_root(BOOT_SLOT_KEYBOARD_PORTS));

	return err ? err
		   : sys_task_set_ports(task, 1,
					caddr_root(BOOT_SLOT_SERIAL_PORTS));
}

enum error input_driver_start(void)
{
	struct caddr task = own(TASK);
	enum error err = make_objects();

	if (!err)
		err = set_ports(task);
	if (!err)
		err = sys_task_set_cpool(task, caddr_root(BOOT_SLOT_CPOOL));
	if (!err)
		err = sys_task_set_table(task, caddr_root(BOOT_SLOT_PML4));
	if (!err)
		err = sys_task_set_ip(task, (uintptr_t)driver);
	/* As after a call: RSP + 8 is a multiple of 16. */
	if (!err)
		err = sys_task_set_sp(task,
				      (uintptr_t)stack + sizeof(stack) - 8);
	if (!err)
		err = sys_task_set_priority(task, PRIORITY, PRIORITY);
	return err ? err : sys_task_set_active(task, 1);
}
