/* The board with several CPUs: who gets which message, and the tables. */
#include "tests/unit/chip.h"

#include <string.h>

#include "tests/unit/fake_cpu.h"
#include "vmm/boot.h"

#define LAPIC	   0xfee00000u
#define IOAPIC	   0xfec00000u
#define CPUS	   3
#define TO_ALL	   0x80000u
#define TO_OTHERS  0xc0000u
#define ICR_NMI	   0x4400u
#define ICR_INIT   0x4500u
#define ICR_SIPI   0x4600u
#define ICR_LOWEST 0x0100u
#define LOGICAL	   0x0800u

static struct machine *m;
static struct board board;

static void poke(unsigned cpu, uint32_t reg, uint32_t val)
{
	m->current = cpu;
	bus_write(&m->mmio, LAPIC + reg, 4, val);
}

static uint32_t peek(unsigned cpu, uint32_t reg)
{
	m->current = cpu;
	return bus_read(&m->mmio, LAPIC + reg, 4);
}

static int setup(void **state)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH,
				      .bios_state = true};

	m = machine_create(1 << 20);
	for (unsigned i = 0; i < CPUS; i++)
		fake_cpu_add(m, NULL, 0, NULL, true);
	assert_int_equal(board_build(&board, m, &config), 0);
	for (unsigned i = 0; i < CPUS; i++) {
		poke(i, 0xf0, 0x1ff);
		poke(i, 0xd0, 1u << (24 + i));
	}
	return 0;
}

static int teardown(void **state)
{
	machine_destroy(m);
	return 0;
}

static void send(unsigned from, unsigned dest, uint32_t icr)
{
	poke(from, 0x310, dest << 24);
	poke(from, 0x300, icr);
}

/* One bit for each CPU that has vector 41h to take; they take it. */
static unsigned takers(void)
{
	unsigned set = 0;

	for (unsigned i = 0; i < CPUS; i++)
		if (m->intr.pending(m->intr.ctx, i)) {
			assert_int_equal(m->intr.acknowledge(m->intr.ctx, i),
					 0x41);
			poke(i, 0xb0, 0);
			set |= 1u << i;
		}
	return set;
}

static void test_each_sees_its_own(void **state)
{
	for (unsigned i = 0; i < CPUS; i++)
		assert_int_equal(peek(i, 0x20), i << 24);
	poke(1, 0x80, 0x30);
	assert_int_equal(peek(0, 0x80), 0);
	assert_int_equal(peek(1, 0x80), 0x30);
	assert_int_equal(m->intr.get_tpr(m->intr.ctx, 1), 0x30);
}

static void test_who_gets_a_message(void **state)
{
	static const struct {
		unsigned from, dest;
		uint32_t icr;
		unsigned takers;
	} rows[] = {
		{0, 1, 0, 2},
		{0, 0, 0, 1},
		{0, 7, 0, 0},
		{0, 0xff, 0, 7},
		{1, 0, TO_ALL, 7},
		{1, 0, TO_OTHERS, 5},
		{1, 0, 0x40000, 2},
		{0, 6, LOGICAL, 6},
		{0, 0xff, LOGICAL, 7},
		{0, 0x80, LOGICAL, 0},
		{0, 0xff, LOGICAL | ICR_LOWEST, 4}, /* see below */
		{0, 3, LOGICAL | ICR_LOWEST, 2},
	};

	poke(0, 0x80, 0x30); /* priorities 3, 2, 1 */
	poke(1, 0x80, 0x20);
	poke(2, 0x80, 0x10);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		send(rows[i].from, rows[i].dest, rows[i].icr | 0x41);
		assert_int_equal(takers(), rows[i].takers);
	}
	poke(2, 0xf0, 0xff); /* switched off: the next one takes it */
	send(0, 0xff, LOGICAL | ICR_LOWEST | 0x41);
	assert_int_equal(takers(), 2);
}

static void test_the_ioapic_reaches_all(void **state)
{
	bus_write(&m->mmio, IOAPIC, 4, 0x10 + 2 * 4 + 1);
	bus_write(&m->mmio, IOAPIC + 0x10, 4, 6u << 24);
	bus_write(&m->mmio, IOAPIC, 4, 0x10 + 2 * 4);
	bus_write(&m->mmio, IOAPIC + 0x10, 4, LOGICAL | 0x41);
	bus_write(&m->ports, 0x3f9, 1, 1);
	bus_write(&m->ports, 0x3fc, 1, 8);
	uart_receive(board.com[0], (uint8_t *)"x", 1);
	assert_int_equal(takers(), 6);
}

static void test_signals(void **state)
{
	send(0, 0, TO_OTHERS | ICR_INIT);
	send(0, 2, ICR_SIPI | 0x9a);
	assert_int_equal(m->intr.signals(m->intr.ctx, 0), 0);
	assert_int_equal(m->intr.signals(m->intr.ctx, 1), SIGNAL_INIT);
	assert_int_equal(m->intr.signals(m->intr.ctx, 2),
			 SIGNAL_INIT | SIGNAL_STARTUP);
	assert_int_equal(m->intr.take_signal(m->intr.ctx, 2, SIGNAL_STARTUP),
			 0x9a);
	send(1, 0, ICR_NMI);
	assert_int_equal(m->intr.signals(m->intr.ctx, 0), SIGNAL_NMI);
	m->intr.take_signal(m->intr.ctx, 0, SIGNAL_NMI);
	board_nmi(&board); /* only CPU 0's LINT1 is set to it */
	assert_int_equal(m->intr.signals(m->intr.ctx, 0), SIGNAL_NMI);
	assert_int_equal(m->intr.signals(m->intr.ctx, 1), SIGNAL_INIT);
	assert_int_equal(m->stop, STOP_NONE);
	send(1, 0, ICR_INIT);
	assert_int_equal(m->stop, STOP_RESET);
}

static void test_msrs_of_each(void **state)
{
	uint64_t val;

	assert_false(m->intr.read_msr(m->intr.ctx, 1, 0x802, &val));
	assert_true(
		m->intr.write_msr(m->intr.ctx, 1, MSR_APIC_BASE, 0xfee00c00));
	assert_true(m->intr.read_msr(m->intr.ctx, 1, 0x802, &val));
	assert_int_equal(val, 1);
	assert_false(m->intr.read_msr(m->intr.ctx, 0, 0x802, &val));
	assert_int_equal(peek(1, 0x20), 0xffffffff);
	assert_int_equal(peek(0, 0x20), 0);
}

/* ---- the tables ---- */

static uint8_t sum(uint64_t gpa, unsigned len)
{
	const uint8_t *p = guestmem_ptr(&m->mem, gpa, len);
	uint8_t total = 0;

	assert_non_null(p);
	for (unsigned i = 0; i < len; i++)
		total += p[i];
	return total;
}

static uint32_t word(uint64_t gpa)
{
	uint32_t val;

	assert_true(guestmem_read(&m->mem, gpa, &val, 4));
	return val;
}

static void check_table(uint32_t gpa, const char *name)
{
	assert_memory_equal(guestmem_ptr(&m->mem, gpa, 4), name, 4);
	assert_int_equal(sum(gpa, word(gpa + 4)), 0);
}

static void test_acpi_tables(void **state)
{
	uint32_t rsdt = word(ACPI_RSDP + 16), xsdt = word(ACPI_RSDP + 24);
	uint32_t fadt = word(rsdt + 36), madt = word(rsdt + 40), found = 0;

	assert_memory_equal(guestmem_ptr(&m->mem, ACPI_RSDP, 8), "RSD PTR ", 8);
	assert_int_equal(sum(ACPI_RSDP, 20), 0);
	assert_int_equal(sum(ACPI_RSDP, 36), 0);
	check_table(rsdt, "RSDT");
	check_table(xsdt, "XSDT");
	check_table(fadt, "FACP");
	check_table(madt, "APIC");
	check_table(word(fadt + 40), "DSDT");
	check_table(word(rsdt + 44), "HPET");
	assert_int_equal(word(fadt + 36) % 64, 0);
	assert_int_equal(word(word(fadt + 36)), 0x53434146); /* "FACS" */
	assert_int_equal(word(word(fadt + 36) + 4), 64);
	assert_int_equal(word(word(rsdt + 44) + 44), 0xfed00000);
	assert_int_equal(word(xsdt + 52), word(rsdt + 44));
	/* Events, control and timer; in the old fields and the new ones. */
	assert_int_equal(word(fadt + 56), 0x600);
	assert_int_equal(word(fadt + 64), 0x604);
	assert_int_equal(word(fadt + 76), 0x608);
	assert_int_equal(word(fadt + 88), 0x04000204);
	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t old[] = {56, 64, 76};
		static const uint32_t fields[] = {148, 172, 208};
		static const uint32_t bits[] = {32, 16, 32};

		assert_int_equal(word(fadt + fields[i]), 1 | bits[i] << 8);
		assert_int_equal(word(fadt + fields[i] + 4),
				 word(fadt + old[i]));
	}
	assert_int_equal(word(fadt + 4), 244);
	assert_int_equal(word(xsdt + 36), fadt);
	assert_int_equal(word(xsdt + 44), madt);
	assert_int_equal(word(madt + 36), LAPIC);
	for (uint32_t at = madt + 44; at < madt + word(madt + 4);
	     at += word(at) >> 8 & 0xff)
		found += (word(at) & 0xff) == 0 && word(at + 4) == 1;
	assert_int_equal(found, CPUS);
}

static void test_mp_table(void **state)
{
	for (uint32_t at = 0xf0000; at < 0x100000; at += 16) {
		uint32_t table;

		if (word(at) != 0x5f504d5f)
			continue;
		assert_int_equal(sum(at, 16), 0);
		table = word(at + 4);
		assert_int_equal(word(table), 0x504d4350);
		assert_int_equal(sum(table, word(table + 4) & 0xffff), 0);
		assert_int_equal(word(table + 34) & 0xffff, CPUS + 19);
		assert_int_equal(word(table + 4) & 0xffff,
				 44 + 20 * CPUS + 8 * 19);
		return;
	}
	fail_msg("no MP pointer");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_each_sees_its_own),
		T(test_who_gets_a_message),
		T(test_the_ioapic_reaches_all),
		T(test_signals),
		T(test_msrs_of_each),
		T(test_acpi_tables),
		T(test_mp_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
