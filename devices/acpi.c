/*
 * acpi.c: the tables by which a kernel finds the processors and interrupt
 * controllers: ACPI's (revision 6.4, chapter 5: RSDP, RSDT, XSDT, FADT, FACS,
 * a DSDT that says how to power off, MADT, HPET) and, for older kernels, those of the MultiProcessor
 * specification 1.4. They are written into the BIOS window once, and say
 * only what the board has.
 */
#include "devices/acpi.h"

#include <assert.h>
#include <string.h>

#include "vmm/boot.h"

#define LAPIC_ADDRESS	0xfee00000u
#define IOAPIC_ADDRESS	0xfec00000u
#define LAPIC_VERSION	0x14
#define IOAPIC_VERSION	0x20
#define IOAPIC_PIN_ISA0 2
#define ISA_LINES	16
#define SCI_LINE	9

/* The tables, growing from the RSDP on; each at a 16-byte boundary. */
struct tables {
	uint8_t byte[0x800];
	uint32_t used;
};

static void put(struct tables *t, uint64_t val, unsigned size)
{
	assert(t->used + size <= sizeof(t->byte));
	memcpy(t->byte + t->used, &val, size);
	t->used += size;
}

static void put_text(struct tables *t, const char *text, unsigned size)
{
	assert(t->used + size <= sizeof(t->byte));
	memcpy(t->byte + t->used, text, size);
	t->used += size;
}

static uint32_t begin(struct tables *t)
{
	t->used = (t->used + 15) & ~15u;
	return t->used;
}

/* Make the bytes from `at` on sum up to zero, by the one at `sum`. */
static void seal(struct tables *t, uint32_t at, uint32_t len, uint32_t sum)
{
	uint8_t total = 0;

	t->byte[sum] = 0;
	for (uint32_t i = 0; i < len; i++)
		total += t->byte[at + i];
	t->byte[sum] = -total;
}

/* ---- ACPI ---- */

static uint32_t begin_table(struct tables *t, const char *name,
			    unsigned revision)
{
	uint32_t at = begin(t);

	put_text(t, name, 4);
	put(t, 0, 4); /* length, by end_table() */
	put(t, revision, 1);
	put(t, 0, 1); /* checksum, likewise */
	put_text(t, "VMM   VMM     ", 14);
	put(t, 1, 4);
	put_text(t, "VMM ", 4);
	put(t, 1, 4);
	return at;
}

/* Its address. */
static uint32_t end_table(struct tables *t, uint32_t at)
{
	uint32_t len = t->used - at;

	memcpy(t->byte + at + 4, &len, 4);
	seal(t, at, len, at + 9);
	return ACPI_RSDP + at;
}

/* Name(_S5_, Package(){0, 0, 0, 0}): the sleep types that power off. */
static uint32_t put_dsdt(struct tables *t)
{
	uint32_t at = begin_table(t, "DSDT", 2);

	put_text(t, "\x08_S5_\x12\x06\x04", 8);
	put(t, 0, 4);
	return end_table(t, at);
}

#define HPET_ADDRESS 0xfed00000u
#define HPET_BLOCK   0x80862201u /* the low half of its first register */

static uint32_t put_hpet(struct tables *t)
{
	uint32_t at = begin_table(t, "HPET", 1);

	put(t, HPET_BLOCK, 4);
	put(t, 64 << 8, 4); /* in memory, registers of 64 bits */
	put(t, HPET_ADDRESS, 8);
	put(t, 0, 1); /* the first one */
	put(t, 1, 2); /* ticks at least between two interrupts */
	put(t, 0, 1);
	return end_table(t, at);
}

#define FADT_LEN	 244
#define FADT_FACS	 36
#define FADT_SCI	 46
#define FADT_DSDT	 40
#define FADT_PM1A_EVT	 56
#define FADT_PM1A_CNT	 64
#define FADT_PM_TMR	 76
#define FADT_PM1_EVT_LEN 88
#define FADT_PM1_CNT_LEN 89
#define FADT_PM_TMR_LEN	 91
#define FADT_BOOT_ARCH	 109
#define FADT_FLAGS	 112
#define FADT_RESET	 116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT	 140
#define FADT_X_PM1A_EVT	 148
#define FADT_X_PM1A_CNT	 172
#define FADT_X_PM_TMR	 208
#define BOOT_ARCH	 3u /* legacy devices, i8042 */
#define RESET_SUPPORTED	 (1u << 10)
#define WBINVD_WORKS	 (1u << 0)
#define NO_BUTTONS	 (3u << 4) /* that the fixed events would tell of */
#define NO_RTC_EVENT	 (1u << 6)
#define TIMER_32_BITS	 (1u << 8)

static void set(struct tables *t, uint32_t at, uint64_t val, unsigned size)
{
	memcpy(t->byte + at, &val, size);
}

/* The only one without revision and checksum, at a multiple of 64; nothing in
 * it counts, as there is no sleep to wake from. */
#define FACS_LEN 64

static uint32_t put_facs(struct tables *t)
{
	uint32_t at = (t->used + FACS_LEN - 1) & ~(FACS_LEN - 1u);

	t->used = at;
	put_text(t, "FACS", 4);
	put(t, FACS_LEN, 4);
	while (t->used < at + FACS_LEN)
		put(t, t->used == at + 32, 1); /* version 1 */
	return ACPI_RSDP + at;
}

static uint32_t put_fadt(struct tables *t, uint32_t dsdt, uint32_t facs)
{
	static const struct {
		uint8_t at, len_at, len, x_at;
		uint16_t port;
	} blocks[] = {
		{FADT_PM1A_EVT, FADT_PM1_EVT_LEN, 4, FADT_X_PM1A_EVT, 0x600},
		{FADT_PM1A_CNT, FADT_PM1_CNT_LEN, 2, FADT_X_PM1A_CNT, 0x604},
		{FADT_PM_TMR, FADT_PM_TMR_LEN, 4, FADT_X_PM_TMR, 0x608},
	};
	uint32_t at = begin_table(t, "FACP", 3);

	while (t->used < at + FADT_LEN)
		put(t, 0, 1);
	set(t, at + FADT_FACS, facs, 4);
	set(t, at + FADT_DSDT, dsdt, 4);
	set(t, at + FADT_X_DSDT, dsdt, 8);
	set(t, at + FADT_SCI, SCI_LINE, 2);
	for (unsigned i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		set(t, at + blocks[i].at, blocks[i].port, 4);
		set(t, at + blocks[i].len_at, blocks[i].len, 1);
		set(t, at + blocks[i].x_at, 1 | blocks[i].len << 11, 2);
		set(t, at + blocks[i].x_at + 4, blocks[i].port, 8);
	}
	set(t, at + FADT_BOOT_ARCH, BOOT_ARCH, 2);
	set(t, at + FADT_FLAGS,
	    RESET_SUPPORTED | WBINVD_WORKS | NO_BUTTONS | NO_RTC_EVENT |
		    TIMER_32_BITS,
	    4);
	set(t, at + FADT_RESET, 0x0801, 2); /* a port, 8 bits */
	set(t, at + FADT_RESET + 4, 0xcf9, 8);
	set(t, at + FADT_RESET_VALUE, 6, 1);
	return end_table(t, at);
}

static uint32_t put_madt(struct tables *t, unsigned cpus)
{
	uint32_t at = begin_table(t, "APIC", 3);

	put(t, LAPIC_ADDRESS, 4);
	put(t, 1, 4); /* there is an 8259 pair, too */
	for (unsigned i = 0; i < cpus; i++) {
		put(t, 0x0800, 2); /* local APIC */
		put(t, i | i << 8, 2);
		put(t, 1, 4);
	}
	put(t, 0x0c01, 2); /* IOAPIC 0, from interrupt 0 on */
	put(t, 0, 2);
	put(t, IOAPIC_ADDRESS, 4);
	put(t, 0, 4);
	put(t, 0x0a02, 2); /* ISA line 0 is at another pin */
	put(t, 0, 2);
	put(t, IOAPIC_PIN_ISA0, 4);
	put(t, 0, 2);
	put(t, 0x0a02, 2); /* the SCI: level, asserted when high */
	put(t, SCI_LINE << 8, 2);
	put(t, SCI_LINE, 4);
	put(t, 0xd, 2);
	put(t, 0x0604, 2); /* every LINT1 is for NMI */
	put(t, 0xff, 1);
	put(t, 0, 2);
	put(t, 1, 1);
	return end_table(t, at);
}

static uint32_t put_list(struct tables *t, const char *name, unsigned size,
			 const uint32_t *tables, unsigned count)
{
	uint32_t at = begin_table(t, name, 1);

	for (unsigned i = 0; i < count; i++)
		put(t, tables[i], size);
	return end_table(t, at);
}

#define RSDP_LEN 36

static void put_rsdp(struct tables *t, uint32_t rsdt, uint32_t xsdt)
{
	t->used = 0;
	put_text(t, "RSD PTR ", 8);
	put(t, 0, 1);
	put_text(t, "VMM   ", 6);
	put(t, 2, 1);
	put(t, rsdt, 4);
	put(t, RSDP_LEN, 4);
	put(t, xsdt, 8);
	put(t, 0, 4);
	seal(t, 0, 20, 8);
	seal(t, 0, RSDP_LEN, 32);
}

/* ---- MultiProcessor specification ---- */

enum { MP_CPU, MP_BUS, MP_IOAPIC, MP_LINE, MP_LINT };
enum { MP_INT, MP_NMI, MP_SMI, MP_EXTINT };

static void put_line(struct tables *t, unsigned entry, unsigned type,
		     unsigned line, unsigned dest, unsigned pin)
{
	put(t, entry, 1);
	put(t, type, 1);
	put(t, 0, 2); /* polarity and trigger as the bus has them */
	put(t, 0, 1); /* bus 0 */
	put(t, line, 1);
	put(t, dest, 1);
	put(t, pin, 1);
}

static void put_mp_entries(struct tables *t, unsigned cpus)
{
	unsigned ioapic = cpus;

	for (unsigned i = 0; i < cpus; i++) {
		put(t, MP_CPU, 1);
		put(t, i, 1);
		put(t, LAPIC_VERSION, 1);
		put(t, i ? 1 : 3, 1); /* enabled; the first one boots */
		put(t, 0x600, 4);     /* family 6 */
		put(t, 0x201, 4);     /* FPU, APIC */
		put(t, 0, 8);
	}
	put(t, MP_BUS, 1);
	put(t, 0, 1);
	put_text(t, "ISA   ", 6);
	put(t, MP_IOAPIC, 1);
	put(t, ioapic, 1);
	put(t, IOAPIC_VERSION, 1);
	put(t, 1, 1);
	put(t, IOAPIC_ADDRESS, 4);
	for (unsigned line = 0; line < ISA_LINES; line++)
		if (line != 2) /* the cascade */
			put_line(t, MP_LINE, MP_INT, line, ioapic,
				 line ? line : IOAPIC_PIN_ISA0);
	put_line(t, MP_LINT, MP_EXTINT, 0, 0xff, 0);
	put_line(t, MP_LINT, MP_NMI, 0, 0xff, 1);
}

#define MP_HEADER_LEN 44

static void put_mp(struct tables *t, unsigned cpus)
{
	unsigned entries = cpus + 1 + 1 + (ISA_LINES - 1) + 2;
	uint32_t at = begin(t), len, pointer;

	put_text(t, "PCMP", 4);
	put(t, 0, 2); /* length, below */
	put(t, 4, 1); /* version 1.4 */
	put(t, 0, 1); /* checksum, below */
	put_text(t, "VMM     VMM         ", 20);
	put(t, 0, 6);
	put(t, entries, 2);
	put(t, LAPIC_ADDRESS, 4);
	put(t, 0, 4);
	put_mp_entries(t, cpus);
	len = t->used - at;
	set(t, at + 4, len, 2);
	seal(t, at, len, at + 7);

	pointer = begin(t);
	put_text(t, "_MP_", 4);
	put(t, ACPI_RSDP + at, 4);
	put(t, 0x0401, 2); /* one paragraph, version 1.4 */
	put(t, 0, 6);
	seal(t, pointer, 16, pointer + 10);
}

void acpi_write(const struct guestmem *gm, unsigned cpus)
{
	struct tables t = {.used = RSDP_LEN};
	uint32_t tables[3], dsdt, rsdt, xsdt, used;

	dsdt = put_dsdt(&t);
	tables[0] = put_fadt(&t, dsdt, put_facs(&t));
	tables[1] = put_madt(&t, cpus);
	tables[2] = put_hpet(&t);
	rsdt = put_list(&t, "RSDT", 4, tables, 3);
	xsdt = put_list(&t, "XSDT", 8, tables, 3);
	put_mp(&t, cpus);
	used = t.used;
	put_rsdp(&t, rsdt, xsdt);
	guestmem_write(gm, ACPI_RSDP, t.byte, used);
}
