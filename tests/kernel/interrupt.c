/*
 * interrupt.c: interrupts and ports in the hands of user programs. The
 * keyboard's controller gives an interrupt for a byte that it is told to
 * receive, the serial port for a transmitter that is empty.
 */
#include "guest-kernel/user/port.h"
#include "tests/kernel/cases.h"

#define IRQS	 caddr_root(BOOT_SLOT_IRQ_CONTROL)
#define KEYBOARD caddr_root(BOOT_SLOT_KEYBOARD_PORTS)
#define SERIAL	 caddr_root(BOOT_SLOT_SERIAL_PORTS)
#define SELF	 caddr_root(BOOT_SLOT_TASK)
#define MS	 UINT64_C(1000000)

#define COM1_IER 0x3f9
#define COM1_IIR 0x3fa
#define COM1_SCR 0x3ff

static struct caddr note, handler;

static enum error wait_bits(uint64_t *bits)
{
	return notification_wait(note, sys_clock() + 20 * MS, bits);
}

static void make_handler(unsigned line, uint64_t flags, uint64_t badge)
{
	note = make(OBJECT_NOTIFICATION, 0);
	handler = empty_slot();
	EXPECT_OK(sys_irq_control_get(IRQS, line, flags, handler));
	if (badge != UINT64_MAX)
		EXPECT_OK(sys_irq_handler_bind(
			handler,
			badge ? minted(note, RIGHT_WRITE, badge) : note));
}

static void keyboard_out(uint16_t port, uint8_t value)
{
	uint64_t status = 2;

	while (status & 2)
		sys_io_port_in(KEYBOARD, 0x64, 1, &status);
	EXPECT_OK(sys_io_port_out(KEYBOARD, port, 1, value));
}

/* As if the keyboard had sent it. */
static void key(uint8_t code)
{
	keyboard_out(0x64, 0xd2);
	keyboard_out(0x60, code);
}

static uint64_t read_key(void)
{
	uint64_t value = ~UINT64_C(0);

	EXPECT_OK(sys_io_port_in(KEYBOARD, 0x60, 1, &value));
	return value;
}

static void keyboard_on(void)
{
	keyboard_out(0x64, 0x60);
	keyboard_out(0x60, 0x61); /* interrupts, no mouse, set 1 */
}

static void a_key(void)
{
	uint64_t bits;

	make_handler(1, 0, 0);
	keyboard_on();
	key(0x1e);
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, 1); /* no badge: bit 0 */
	EXPECT_EQUAL(read_key(), 0x1e);
	EXPECT_OK(sys_irq_handler_ack(handler));
	key(0x9e);
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(read_key(), 0x9e);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
}

static void a_key_with_a_badge(void)
{
	uint64_t bits;

	make_handler(1, 0, UINT64_C(1) << 63 | 8);
	key(0x1e);
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, UINT64_C(1) << 63 | 8);
	read_key();
}

static void a_key_before_the_binding(void)
{
	uint64_t bits;

	make_handler(1, 0, UINT64_MAX);
	key(0x1e);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	EXPECT_OK(sys_irq_handler_bind(handler, note));
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, 1);
	read_key();
}

static void a_key_after_clearing(void)
{
	uint64_t bits;

	make_handler(1, 0, 4);
	EXPECT_OK(sys_irq_handler_clear(handler));
	EXPECT_OK(sys_irq_handler_clear(handler));
	key(0x1e);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	read_key();
}

static void a_key_after_the_handler(void)
{
	uint64_t bits;

	make_handler(1, 0, 4);
	EXPECT_OK(sys_cpool_delete(ROOT, handler.path));
	key(0x1e);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	read_key();
	EXPECT_OK(sys_irq_control_get(IRQS, 1, 0, handler));
	EXPECT_OK(sys_irq_handler_bind(handler, note));
	key(0x1e);
	EXPECT_OK(wait_bits(&bits));
	read_key();
}

static void the_notification_goes(void)
{
	make_handler(1, 0, 0);
	EXPECT_OK(sys_cpool_revoke(ROOT, note.path));
	EXPECT_OK(sys_cpool_delete(ROOT, note.path));
	key(0x1e);
	read_key();
	EXPECT_OK(sys_untyped_retype(CASE_MEMORY, OBJECT_NOTIFICATION, 0, 1,
				     note, NULL));
	EXPECT_OK(sys_irq_handler_bind(handler, note));
}

static void a_server_with_a_bound_notification(void)
{
	struct caddr ep = make(OBJECT_ENDPOINT, 0);
	struct actor *a = START({SYS_RECV, ep});

	make_handler(1, 0, 2);
	EXPECT_OK(sys_task_bind(a->thread.task, note));
	key(0x1e);
	yield_often();
	EXPECT_EQUAL(a->step[0].m.badge, 2);
	EXPECT_EQUAL(a->step[0].m.info, MESSAGE_NOTIFICATION);
	read_key();
}

/* The line stays up: closed until the acknowledgement. */
static void a_serial_line_by_level(void)
{
	uint64_t bits, value;

	make_handler(4, IRQ_LEVEL, 16);
	EXPECT_OK(sys_io_port_out(SERIAL, COM1_IER, 1, 2));
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, 16);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	EXPECT_OK(sys_io_port_in(SERIAL, COM1_IIR, 1, &value));
	EXPECT_EQUAL(value & 0xf, 2); /* which takes the line down */
	EXPECT_OK(sys_irq_handler_ack(handler));
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	EXPECT_OK(sys_io_port_out(SERIAL, COM1_IER, 1, 0));
}

static void an_acknowledgement_too_early(void)
{
	uint64_t bits, value;

	make_handler(4, IRQ_LEVEL, 16);
	EXPECT_OK(sys_io_port_out(SERIAL, COM1_IER, 1, 2));
	EXPECT_OK(wait_bits(&bits));
	EXPECT_OK(sys_irq_handler_ack(handler));
	EXPECT_OK(wait_bits(&bits)); /* it comes again */
	EXPECT_OK(sys_io_port_in(SERIAL, COM1_IIR, 1, &value));
	EXPECT_OK(sys_io_port_out(SERIAL, COM1_IER, 1, 0));
	EXPECT_OK(sys_irq_handler_ack(handler));
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
}

static void lines_that_are_refused(void)
{
	make_handler(5, 0, 0);
	EXPECT_EQUAL(sys_irq_control_get(IRQS, 5, 0, empty_slot()),
		     ERR_BAD_STATE);
	EXPECT_EQUAL(sys_irq_control_get(IRQS, 24, 0, empty_slot()), ERR_RANGE);
	EXPECT_EQUAL(sys_irq_control_get(IRQS, UINT64_MAX, 0, empty_slot()),
		     ERR_RANGE);
	EXPECT_EQUAL(sys_irq_control_get(IRQS, 6, 4, empty_slot()), ERR_RANGE);
	EXPECT_EQUAL(sys_irq_handler_bind(handler, minted(note, RIGHT_READ, 0)),
		     ERR_NO_RIGHT);
	EXPECT_OK(sys_cpool_delete(ROOT, handler.path));
	EXPECT_OK(sys_irq_control_get(IRQS, 5, 0, handler));
}

static void all_handlers_in_use(void)
{
	uint64_t address, data, before = 0;
	struct caddr pool = make(OBJECT_CPOOL, 0);
	unsigned n = 0;

	while (n < 100 && sys_irq_control_get_msi(IRQS, caddr_in(pool, n),
						  &address, &data) == ERR_OK) {
		EXPECT_EQUAL(address & 0xfff00000, 0xfee00000);
		EXPECT(data != before);
		before = data;
		n++;
	}
	EXPECT_EQUAL(n, 24);
	EXPECT_EQUAL(sys_irq_control_get(IRQS, 9, 0, empty_slot()),
		     ERR_NO_MEMORY);
	EXPECT_OK(sys_cpool_delete(pool, 7));
	EXPECT_OK(sys_irq_control_get(IRQS, 9, 0, caddr_in(pool, 7)));
}

static void revoking_takes_all_handlers(void)
{
	struct caddr control = minted(IRQS, RIGHT_ALL, 0);

	handler = empty_slot();
	EXPECT_OK(sys_irq_control_get(control, 9, 0, handler));
	EXPECT_OK(sys_cpool_revoke(ROOT, control.path));
	EXPECT_EQUAL(type_in(ROOT, handler.path), OBJECT_NULL);
	EXPECT_OK(sys_irq_control_get(control, 9, 0, handler));
}

/* ---- ports ---- */

static volatile uint64_t stage, got;
static struct caddr ep, reply;
static struct thread user;

static void use_port(uint64_t port)
{
	stage = 1;
	out8(port, 0x5a);
	stage = 2;
	got = in8(port);
	stage = 3;
}

static void start_user(uint16_t port)
{
	stage = got = 0;
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	user = thread_make(use_port, port);
	EXPECT_OK(sys_task_set_fault_handler(user.task, 0, ep));
}

static bool user_faults(void)
{
	struct step step = {SYS_RECV, ep, reply,
			    .deadline = sys_clock() + 5 * MS};

	return do_step(&step) == ERR_OK &&
	       MESSAGE_LABEL_OF(step.m.info) == FAULT_PROTECTION;
}

static void ports_of_a_task(void)
{
	start_user(COM1_SCR);
	EXPECT_OK(sys_task_set_ports(user.task, 0, SERIAL));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(!user_faults());
	EXPECT_EQUAL(stage, 3);
	EXPECT_EQUAL(got, 0x5a);
	EXPECT_OK(sys_io_port_in(SERIAL, COM1_SCR, 1, (uint64_t *)&got));
	EXPECT_EQUAL(got, 0x5a);
}

static void no_ports(void)
{
	start_user(COM1_SCR);
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(user_faults());
	EXPECT_EQUAL(stage, 1);
}

static void ports_beside_the_range(void)
{
	start_user(0x3f7);
	EXPECT_OK(sys_task_set_ports(user.task, 3, SERIAL));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(user_faults());
	EXPECT_OK(sys_cpool_delete(ROOT, user.task.path));
	start_user(0x400);
	EXPECT_OK(sys_task_set_ports(user.task, 3, SERIAL));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(user_faults());
}

static void a_part_of_the_range(void)
{
	struct caddr part =
		minted(SERIAL, RIGHT_ALL, COM1_SCR | UINT64_C(COM1_SCR) << 16);

	start_user(COM1_SCR);
	EXPECT_OK(sys_task_set_ports(user.task, 1, part));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(!user_faults());
	start_user(COM1_SCR - 1);
	EXPECT_OK(sys_task_set_ports(user.task, 1, part));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	EXPECT(user_faults());
}

static void write_for_ever(uint64_t port)
{
	for (stage = 1;; stage++) {
		out8(port, stage);
		sys_yield();
	}
}

static void ports_are_taken_away(void)
{
	struct caddr ports = minted(SERIAL, RIGHT_ALL, 0);

	for (unsigned i = 0; i < 3; i++) {
		start_user(COM1_SCR);
		EXPECT_OK(sys_task_set_ip(user.task, (uint64_t)write_for_ever));
		EXPECT_OK(sys_task_set_ports(user.task, 2, ports));
		EXPECT_OK(sys_task_set_active(user.task, 1));
		yield_often();
		EXPECT(stage > 1);
		if (i == 0)
			EXPECT_OK(sys_task_set_ports(user.task, 2, CADDR_ANY));
		else if (i == 1)
			EXPECT_OK(sys_cpool_revoke(ROOT, ports.path));
		else
			EXPECT_OK(
				sys_cpool_revoke(ROOT, BOOT_SLOT_SERIAL_PORTS));
		EXPECT(user_faults());
		EXPECT_OK(sys_task_set_active(user.task, 0));
	}
}

/* Two tasks: each its own ports, through many switches. */
static void ports_are_ones_own(void)
{
	struct thread other;

	start_user(COM1_SCR);
	EXPECT_OK(sys_task_set_ip(user.task, (uint64_t)write_for_ever));
	EXPECT_OK(sys_task_set_ports(user.task, 2, SERIAL));
	EXPECT_OK(sys_task_set_active(user.task, 1));
	yield_often();
	other = thread_make(use_port, COM1_SCR);
	EXPECT_OK(sys_task_set_fault_handler(other.task, 0, ep));
	EXPECT_OK(sys_task_set_active(other.task, 1));
	EXPECT(user_faults());
	EXPECT_EQUAL(state_of(user.task), TASK_READY);
}

static void port_ranges_that_are_refused(void)
{
	struct caddr task = make(OBJECT_TASK, 0);

	EXPECT_EQUAL(sys_task_set_ports(task, TASK_PORTS, SERIAL), ERR_RANGE);
	EXPECT_EQUAL(sys_task_set_ports(task, UINT64_MAX, CADDR_ANY),
		     ERR_RANGE);
	EXPECT_EQUAL(sys_task_set_ports(task, 0, minted(SERIAL, RIGHT_READ, 0)),
		     ERR_NO_RIGHT);
	EXPECT_EQUAL(
		sys_task_set_ports(task, 0, minted(SERIAL, RIGHT_WRITE, 0)),
		ERR_NO_RIGHT);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"a key", a_key},
		{"a key, with a badge", a_key_with_a_badge},
		{"a key before the binding", a_key_before_the_binding},
		{"a key after clearing", a_key_after_clearing},
		{"a key after the handler is gone", a_key_after_the_handler},
		{"the notification goes", the_notification_goes},
		{"a key for who receives at an endpoint",
		 a_server_with_a_bound_notification},
		{"a line by level", a_serial_line_by_level},
		{"an acknowledgement too early", an_acknowledgement_too_early},
		{"lines that are refused", lines_that_are_refused},
		{"all handlers in use", all_handlers_in_use},
		{"revoking takes all handlers", revoking_takes_all_handlers},
		{"ports of a task", ports_of_a_task},
		{"no ports", no_ports},
		{"ports beside the range", ports_beside_the_range},
		{"a part of the range", a_part_of_the_range},
		{"ports are taken away", ports_are_taken_away},
		{"ports are one's own", ports_are_ones_own},
		{"ranges that are refused", port_ranges_that_are_refused},
	};

	return RUN_CASES(cases);
}
