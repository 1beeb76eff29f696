/* The whole board: from a chip's pin to the vector the CPU is given. */
#include "tests/unit/chip.h"

#include <string.h>

#include "tests/unit/fake_cpu.h"

#define LAPIC  0xfee00000u
#define IOAPIC 0xfec00000u
#define S      UINT64_C(1000000000)

static struct machine *m;
static struct board board;
static struct fake_cpu *cpu;

static void build(bool bios_state, bool four_coms)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH,
				      .bios_state = bios_state,
				      .com3 = four_coms,
				      .com4 = four_coms};

	m = machine_create(1 << 20);
	assert_non_null(m);
	cpu = fake_cpu_add(m, NULL, 0, NULL, true);
	assert_int_equal(board_build(&board, m, &config), 0);
}

static int setup(void **state)
{
	build(false, false);
	return 0;
}

static int setup_coms(void **state)
{
	build(false, true);
	return 0;
}

static int setup_bios(void **state)
{
	build(true, false);
	return 0;
}

static int teardown(void **state)
{
	machine_destroy(m);
	return 0;
}

static uint32_t in(uint16_t port, unsigned size)
{
	return bus_read(&m->ports, port, size);
}

static uint8_t inb(uint16_t port)
{
	return in(port, 1);
}

static void outb(uint16_t port, uint8_t val)
{
	bus_write(&m->ports, port, 1, val);
}

static uint32_t peek(uint32_t addr)
{
	return bus_read(&m->mmio, addr, 4);
}

static void poke(uint32_t addr, uint32_t val)
{
	bus_write(&m->mmio, addr, 4, val);
}

static void ioapic_rte(unsigned pin, uint32_t low)
{
	poke(IOAPIC, 0x10 + 2 * pin);
	poke(IOAPIC + 0x10, low);
}

static void lapic_on(void)
{
	poke(LAPIC + 0xf0, 0x1ff);
}

/* Vectors 20h and 28h, with the masks given, into an APIC in ExtINT mode. */
static void pic_on(uint8_t master, uint8_t slave)
{
	static const uint8_t icw[] = {0x20, 4, 1, 0x28, 2, 1};

	lapic_on();
	poke(LAPIC + 0x350, 0x700);
	for (unsigned i = 0; i < 2; i++) {
		outb(i ? 0xa0 : 0x20, 0x11);
		for (unsigned k = 0; k < 3; k++)
			outb(i ? 0xa1 : 0x21, icw[i * 3 + k]);
		outb(i ? 0xa1 : 0x21, i ? slave : master);
	}
}

/* The vector the CPU gets, as it asks; -1 when no interrupt waits. */
static int take(void)
{
	return m->intr.pending(m->intr.ctx, 0)
		       ? m->intr.acknowledge(m->intr.ctx, 0)
		       : -1;
}

static void test_ports_that_are_there_and_are_not(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t val;
	} rows[] = {
		{0x3fd, 0x60}, {0x2fd, 0x60},  {0x3ff, 0x00}, {0x3ed, 0xff},
		{0x2ed, 0xff}, {0xe9, 0xe9},   {0x3cc, 0x67}, {0x64, 0x18},
		{0x60, 0x00},  {0x62, 0xff},   {0x92, 0x02},  {0x505, 0x01},
		{0xf4, 0x00},  {0x501, 0x00},  {0x500, 0xff}, {0x1f7, 0xff},
		{0x0, 0xff},   {0xffff, 0xff},
	};

	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(inb(rows[i].port), rows[i].val);
	assert_int_equal(in(0xcf8, 4), 0xffffffff); /* no PCI */
	assert_int_equal(in(0xcfc, 4), 0xffffffff);
	assert_int_equal(in(0xffff, 4), 0xffffffff);
	assert_int_equal(peek(LAPIC + 0x30), 0x50014);
	assert_int_equal(peek(0xfed00000), 0x80862201); /* the HPET */
	assert_int_equal(peek(0xfed00400), 0xffffffff);
}

static void test_pci_address_is_no_reset(void **state)
{
	bus_write(&m->ports, 0xcf8, 4, 0x80000604);
	assert_int_equal(m->stop, STOP_NONE);
	outb(0xcf9, 0x06);
	assert_int_equal(m->stop, STOP_RESET);
}

static void test_exits_tell_their_port(void **state)
{
	bus_write(&m->ports, 0x500, 4, 0x12345678); /* not for 501h */
	assert_int_equal(m->stop, STOP_NONE);
	outb(0x501, 0x31);
	assert_int_equal(m->stop, STOP_EXIT);
	assert_int_equal(m->stop_code, exit_code(0x501, 0x31));
	m->stop = STOP_NONE;
	bus_write(&m->ports, 0xf4, 4, 0x31);
	assert_int_equal(m->stop_code, exit_code(0xf4, 0x31));
}

static void test_uart_through_the_8259(void **state)
{
	pic_on(0xef, 0xff);
	outb(0x3f9, 0x01);
	outb(0x3fc, 0x08);
	assert_int_equal(take(), -1);
	assert_int_equal(uart_receive(board.com[0], (uint8_t *)"x", 1), 1);
	assert_int_equal(take(), 0x24);
	assert_int_equal(take(), -1);
	assert_int_equal(inb(0x3f8), 'x');
	outb(0x20, 0x20);
	assert_int_equal(take(), -1);
}

/* COM1 and COM3 hold one line: it falls when both have let go. */
static void test_two_uarts_on_one_line(void **state)
{
	lapic_on();
	ioapic_rte(4, 0x8044); /* level */
	outb(0x3f9, 0x01);
	outb(0x3fc, 0x08);
	outb(0x3e9, 0x01);
	outb(0x3ec, 0x08);
	uart_receive(board.com[0], (uint8_t *)"x", 1);
	uart_receive(board.com[2], (uint8_t *)"y", 1);
	assert_int_equal(take(), 0x44);
	assert_int_equal(inb(0x3e8), 'y');
	poke(LAPIC + 0xb0, 0); /* COM1 still wants it */
	assert_int_equal(take(), 0x44);
	assert_int_equal(inb(0x3f8), 'x');
	poke(LAPIC + 0xb0, 0);
	assert_int_equal(take(), -1);
}

static void test_com3_and_com4_exist_when_asked_for(void **state)
{
	assert_null(board.com[2]);
	assert_null(board.com[3]);
	assert_int_equal(inb(0x3e8 + 5), 0xff);
	assert_int_equal(inb(0x2e8 + 5), 0xff);
	machine_destroy(m);
	build(false, true);
	assert_int_equal(inb(0x3e8 + 5), 0x60);
	assert_int_equal(inb(0x2e8 + 5), 0x60);
}

static void test_uart_through_the_ioapic(void **state)
{
	lapic_on();
	ioapic_rte(3, 0x8043); /* COM2, level */
	outb(0x2f9, 0x01);
	outb(0x2fc, 0x08);
	uart_receive(board.com[1], (uint8_t *)"x", 1);
	assert_int_equal(take(), 0x43);
	assert_int_equal(take(), -1);
	poke(LAPIC + 0xb0, 0); /* nobody read the byte: it comes again */
	assert_int_equal(take(), 0x43);
	assert_int_equal(inb(0x2f8), 'x');
	poke(LAPIC + 0xb0, 0);
	assert_int_equal(take(), -1);
}

static void test_key_to_irq_1(void **state)
{
	lapic_on();
	ioapic_rte(1, 0x21);
	assert_true(i8042_key(board.kbd, 0x1e, true));
	assert_true(i8042_key(board.kbd, 0x30, true));
	assert_int_equal(take(), 0x21);
	poke(LAPIC + 0xb0, 0);
	assert_int_equal(take(), -1); /* one byte at a time */
	inb(0x60);
	assert_int_equal(take(), 0x21);
}

static void test_rtc_and_aux_lines(void **state)
{
	pic_on(0xfb, 0xee);
	outb(0x70, 0x0b);
	outb(0x71, 0x12);
	assert_int_equal(clock_next(&m->clock), S);
	clock_skip_to(&m->clock, S);
	clock_run(&m->clock);
	assert_int_equal(take(), 0x28);
	outb(0xa0, 0x20);
	outb(0x20, 0x20);
	outb(0x64, 0xd3);
	outb(0x60, 0x00);
	assert_int_equal(take(), 0x2c);
}

/* Run a second; every interrupt is taken and ended at its time. */
static unsigned ticks_in_a_second(int vector, bool pic)
{
	uint64_t end = clock_now(&m->clock) + S;
	unsigned ticks = 0;

	while (clock_next(&m->clock) <= end) {
		clock_skip_to(&m->clock, clock_next(&m->clock));
		clock_run(&m->clock);
		assert_int_equal(take(), vector);
		if (pic)
			outb(0x20, 0x20);
		else
			poke(LAPIC + 0xb0, 0);
		ticks++;
	}
	clock_skip_to(&m->clock, end);
	return ticks;
}

static void pit_1000hz(void)
{
	outb(0x43, 0x34);
	outb(0x40, 1193 & 0xff);
	outb(0x40, 1193 >> 8);
}

static void test_timer_ticks_through_the_8259(void **state)
{
	pit_1000hz();
	pic_on(0xfe, 0xff);
	assert_int_equal(ticks_in_a_second(0x20, true), 1000);
}

static void test_timer_ticks_through_pin_2(void **state)
{
	lapic_on();
	pit_1000hz();
	ioapic_rte(2, 0x30);
	assert_int_equal(ticks_in_a_second(0x30, false), 1000);
	ioapic_rte(2, 0x10030);
	assert_int_equal(clock_next(&m->clock), CLOCK_NEVER);
}

/* Each mask on the way disarms the timer; opening it arms it again. */
static void test_unheard_timer_lets_the_machine_idle(void **state)
{
	pic_on(0xfe, 0xff);
	pit_1000hz();
	assert_true(clock_next(&m->clock) != CLOCK_NEVER);
	outb(0x21, 0xff);
	assert_int_equal(clock_next(&m->clock), CLOCK_NEVER);
	outb(0x21, 0xfe);
	assert_true(clock_next(&m->clock) != CLOCK_NEVER);
	poke(LAPIC + 0x350, 0x10700);
	assert_int_equal(clock_next(&m->clock), CLOCK_NEVER);
	poke(LAPIC + 0x350, 0x700);
	assert_true(clock_next(&m->clock) != CLOCK_NEVER);
	poke(LAPIC + 0xf0, 0xff);
	assert_int_equal(clock_next(&m->clock), CLOCK_NEVER);
}

static void test_missed_edges_come_once(void **state)
{
	pit_1000hz();
	pic_on(0xff, 0xff);
	clock_skip_to(&m->clock, S);
	outb(0x20, 0x0a);
	assert_int_equal(inb(0x20), 0x01); /* seen behind the mask */
	outb(0x21, 0xfe);
	assert_int_equal(take(), 0x20);
	outb(0x20, 0x20);
	assert_int_equal(take(), -1);
}

/* An edge into a masked IOAPIC pin is lost; the next one comes. */
static void test_missed_edges_are_lost_to_the_ioapic(void **state)
{
	lapic_on();
	pit_1000hz();
	clock_skip_to(&m->clock, S);
	ioapic_rte(2, 0x30);
	assert_int_equal(take(), -1);
	assert_int_equal(ticks_in_a_second(0x30, false), 1000);
}

static void test_lapic_timer_and_priority(void **state)
{
	lapic_on();
	poke(LAPIC + 0x3e0, 0xb);
	poke(LAPIC + 0x320, 0x40);
	poke(LAPIC + 0x380, 1000);
	assert_int_equal(clock_next(&m->clock), 1000);
	clock_skip_to(&m->clock, 1000);
	clock_run(&m->clock);
	m->intr.set_tpr(m->intr.ctx, 0, 0x40);
	assert_int_equal(take(), -1);
	assert_int_equal(m->intr.get_tpr(m->intr.ctx, 0), 0x40);
	m->intr.set_tpr(m->intr.ctx, 0, 0x30);
	assert_int_equal(take(), 0x40);
}

static void test_message_to_all_comes_back(void **state)
{
	lapic_on();
	poke(LAPIC + 0x300, 0x80055);
	assert_int_equal(take(), 0x55);
	poke(LAPIC + 0xb0, 0);
	poke(LAPIC + 0x310, 1 << 24);
	poke(LAPIC + 0x300, 0x55); /* nobody there */
	assert_int_equal(take(), -1);
}

static void test_reset_leaves_no_timer_and_no_interrupt(void **state)
{
	assert_int_equal(clock_next(&m->clock), CLOCK_NEVER);
	assert_int_equal(take(), -1);
	assert_int_equal(peek(LAPIC + 0xf0), 0xff);
	assert_int_equal(inb(0x21), 0xff);
}

static void test_bios_state(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t val;
	} rows[] = {{0x21, 0xb8}, {0xa1, 0x8e}, {0x4d0, 0x00}, {0x4d1, 0x0e},
		    {0x64, 0x1c}, {0x92, 0x02}, {0x3cc, 0x67}};

	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(inb(rows[i].port), rows[i].val);
	assert_int_equal(peek(LAPIC + 0xf0), 0x1ff);
	assert_int_equal(peek(LAPIC + 0x350), 0x8700);
	assert_int_equal(peek(LAPIC + 0x360), 0x8400);
	outb(0x64, 0x20);
	assert_int_equal(inb(0x60), 0x61);
	outb(0x43, 0xe2);
	assert_int_equal(inb(0x40) & 0x3f, 0x34);
}

/* 18 ticks at vector 8, and keys at 9, without any set-up by the guest. */
static void test_bios_state_runs(void **state)
{
	take();
	outb(0x20, 0x20);
	assert_int_equal(ticks_in_a_second(0x08, true), 18);
	i8042_key(board.kbd, 0x1e, true);
	assert_int_equal(take(), 0x09);
	assert_int_equal(inb(0x60), 0x1e);
}

static void test_keyboard_controller_resets_the_machine(void **state)
{
	outb(0x64, 0xfe);
	assert_int_equal(m->stop, STOP_RESET);
}

/* Equal accesses make equal states, wherever the devices lie in memory. */
static void test_state_hash_knows_no_addresses(void **state)
{
	uint64_t hash[2];

	for (unsigned i = 0; i < 2; i++) {
		pic_on(0xfe, 0xff);
		pit_1000hz();
		i8042_key(board.kbd, 0x1e, true);
		uart_receive(board.com[0], (uint8_t *)"x", 1);
		clock_skip_to(&m->clock, S);
		clock_run(&m->clock);
		hash[i] = machine_hash(m);
		machine_destroy(m);
		build(false, false);
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != machine_hash(m));
}

#define T(name)	 cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TB(name) cmocka_unit_test_setup_teardown(name, setup_bios, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ports_that_are_there_and_are_not),
		T(test_pci_address_is_no_reset),
		T(test_exits_tell_their_port),
		T(test_uart_through_the_8259),
		cmocka_unit_test_setup_teardown(test_two_uarts_on_one_line,
						setup_coms, teardown),
		T(test_com3_and_com4_exist_when_asked_for),
		T(test_uart_through_the_ioapic),
		T(test_key_to_irq_1),
		T(test_rtc_and_aux_lines),
		T(test_timer_ticks_through_the_8259),
		T(test_timer_ticks_through_pin_2),
		T(test_unheard_timer_lets_the_machine_idle),
		T(test_missed_edges_come_once),
		T(test_missed_edges_are_lost_to_the_ioapic),
		T(test_lapic_timer_and_priority),
		T(test_message_to_all_comes_back),
		T(test_reset_leaves_no_timer_and_no_interrupt),
		TB(test_bios_state),
		TB(test_bios_state_runs),
		T(test_keyboard_controller_resets_the_machine),
		T(test_state_hash_knows_no_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
