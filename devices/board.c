/*
 * board.c: the schematic of the PC. Which chips there are, at which ports
 * and addresses they answer, who drives which interrupt line, and how the
 * lines reach the CPU. Nothing else knows any of this.
 *
 *	                +--> 8259 pair --INT--> LINT0 --+
 *	ISA lines 0..15 +                          local APIC n --> CPU n
 *	                +--> IOAPIC ===messages====>----+
 *
 * Each CPU finds its own local APIC at the one address they share.
 */
#include "devices/devices.h"

#include <errno.h>

#include "devices/acpi.h"
#include "devices/chip.h"

enum chip {
	CHIP_PIC,
	CHIP_IOAPIC,
	CHIP_PIT,
	CHIP_RTC,
	CHIP_KBD,
	CHIP_VGA,
	CHIP_COM1,
	CHIP_COM2,
	CHIP_POWER,
	CHIP_EXIT_F4,
	CHIP_EXIT_501,
	CHIP_DEBUGCON,
	CHIP_POST,
	CHIP_FW_CFG,
	CHIP_HPET,
	CHIP_PM,
	CHIP_COM3, /* these two only if asked for */
	CHIP_COM4,
	CHIPS,
};

enum space { PORT, MEMORY };

#define LAPIC_BASE	0xfee00000u
#define IOAPIC_BASE	0xfec00000u
#define HPET_BASE	0xfed00000u

/* The MADT's override for line 0: pin 0 is the 8259's on real boards. */
#define IOAPIC_PIN_ISA0 2
#define LINE_AUX	12

#define PORT_EXIT_F4	0xf4
#define PORT_EXIT_501	0x501

/* Who answers where; `reg` is the chip's register at `base`. */
static const struct mapping {
	enum space space;
	uint32_t base, len;
	enum chip chip;
	uint32_t reg;
} board_map[] = {
	{PORT, 0x20, 2, CHIP_PIC, 0}, /* master */
	{PORT, 0x40, 4, CHIP_PIT, 0}, /* three channels, control */
	{PORT, 0x60, 1, CHIP_KBD, 0}, /* data */
	{PORT, 0x61, 1, CHIP_PIT, 4}, /* gate, speaker, OUT2 */
	{PORT, 0x64, 1, CHIP_KBD, 4}, /* command, status */
	{PORT, 0x70, 2, CHIP_RTC, 0}, /* index, data */
	{PORT, 0x80, 1, CHIP_POST, 0},
	{PORT, 0x92, 1, CHIP_POWER, POWER_REG(POWER_PORT92)},
	{PORT, 0xa0, 2, CHIP_PIC, 2}, /* slave */
	{PORT, 0xe9, 1, CHIP_DEBUGCON, 0},
	{PORT, PORT_EXIT_F4, 4, CHIP_EXIT_F4, 0},
	{PORT, 0x2e8, 8, CHIP_COM4, 0},
	{PORT, 0x2f8, 8, CHIP_COM2, 0},
	{PORT, 0x3c0, 0x20, CHIP_VGA, 0},
	{PORT, 0x3e8, 8, CHIP_COM3, 0},
	{PORT, 0x3f8, 8, CHIP_COM1, 0},
	{PORT, 0x4d0, 2, CHIP_PIC, 4}, /* edge or level */
	{PORT, PORT_EXIT_501, 4, CHIP_EXIT_501, 0},
	{PORT, 0x505, 1, CHIP_POWER, POWER_REG(POWER_PVPANIC)},
	{PORT, 0x510, 2, CHIP_FW_CFG, 0},
	{PORT, 0x600, 4, CHIP_PM, 0},			     /* events */
	{PORT, 0x604, 4, CHIP_POWER, POWER_REG(POWER_PM1A)}, /* PIIX4, ICH9 */
	{PORT, 0x608, 4, CHIP_PM, 8},			     /* timer */
	{PORT, 0xcf8, 4, CHIP_POWER, POWER_REG(POWER_CF9)},
	{PORT, 0x4004, 4, CHIP_POWER, POWER_REG(POWER_PM1A)}, /* VirtualBox */
	{PORT, 0x8900, 1, CHIP_POWER, POWER_REG(POWER_SHUTDOWN)},
	{PORT, 0xb004, 4, CHIP_POWER, POWER_REG(POWER_PM1A)}, /* Bochs */
	{MEMORY, IOAPIC_BASE, 0x1000, CHIP_IOAPIC, 0},
	{MEMORY, HPET_BASE, 0x400, CHIP_HPET, 0},
};

/* A line of two chips is high while either holds it so. */
#define SECOND	      16u
#define LINE_OF(pin)  ((pin) % SECOND)
#define WHOSE_OF(pin) (1u << (pin) / SECOND)

/* Who drives which ISA line. */
static const struct {
	enum chip chip;
	unsigned line;
} board_lines[] = {
	{CHIP_PIT, 0},	/* the IOAPIC has it at pin 2 */
	{CHIP_KBD, 1},	/* keys; the mouse port's is LINE_AUX */
	{CHIP_COM2, 3}, /* its modem's OUT2 lets it through */
	{CHIP_COM1, 4}, /* likewise */
	{CHIP_COM3, SECOND + 4},
	{CHIP_COM4, SECOND + 3},
	{CHIP_RTC, 8}, /* the slave's first */
	{CHIP_PM, 9},  /* ACPI's SCI */
};

/*
 * What a BIOS leaves behind, in its own words: writes to the chips. A write
 * of READ_BACK is a read, which takes away an answer.
 */
#define READ_BACK 0xffffffff

static const struct {
	enum space space;
	uint32_t addr, val;
	unsigned size;
} bios_writes[] = {
	/* i8042: tested; IRQ 1 on, translation on, no mouse; keys on. */
	{PORT, 0x64, 0xaa, 1},
	{PORT, 0x60, READ_BACK, 1},
	{PORT, 0x64, 0x60, 1},
	{PORT, 0x60, 0x61, 1},
	{PORT, 0x60, 0xf4, 1},
	{PORT, 0x60, READ_BACK, 1},
	{PORT, 0x64, 0xae, 1},
	/* PIT: 18.2 ticks a second. */
	{PORT, 0x43, 0x34, 1},
	{PORT, 0x40, 0x00, 1},
	{PORT, 0x40, 0x00, 1},
	/* 8259: vectors 08h and 70h; lines 0, 1, 2, 6, 8, 12-14 open. */
	{PORT, 0x20, 0x11, 1},
	{PORT, 0xa0, 0x11, 1},
	{PORT, 0x21, 0x08, 1},
	{PORT, 0xa1, 0x70, 1},
	{PORT, 0x21, 0x04, 1},
	{PORT, 0xa1, 0x02, 1},
	{PORT, 0x21, 0x01, 1},
	{PORT, 0xa1, 0x01, 1},
	{PORT, 0x21, 0xb8, 1},
	{PORT, 0xa1, 0x8e, 1},
	{PORT, 0x4d1, 0x0e, 1},
	/* Local APIC: on, LINT0 takes the 8259's vector, LINT1 is NMI. */
	{MEMORY, LAPIC_BASE + 0xf0, 0x1ff, 4},
	{MEMORY, LAPIC_BASE + 0x350, 0x8700, 4},
	{MEMORY, LAPIC_BASE + 0x360, 0x8400, 4},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- Wires ---- */

static void isa_set(void *ctx, unsigned pin, bool level)
{
	struct board *b = ctx;
	unsigned line = LINE_OF(pin);

	if (level)
		b->held[line] |= WHOSE_OF(pin);
	else
		b->held[line] &= ~WHOSE_OF(pin);
	level = b->held[line];

	pic_set(b->pic, line, level);
	ioapic_set(b->ioapic, line ? line : IOAPIC_PIN_ISA0, level);
}

/* The 8259's INT goes to every LINT0; who acknowledges first has it. */
static void intr_set(void *ctx, unsigned pin, bool level)
{
	struct board *b = ctx;

	b->intr = level;
	for (unsigned i = 0; i < b->cpus; i++)
		if (b->lapic[i]) /* else memory was out */
			lapic_lint(b->lapic[i], 0, level);
}

static bool intr_pending(void *ctx, unsigned cpu)
{
	const struct board *b = ctx;

	return lapic_pending(b->lapic[cpu]) ||
	       (b->intr && lapic_accepts_extint(b->lapic[cpu]));
}

/* An ExtINT comes before the local APIC's own: it has no priority there. */
static int intr_acknowledge(void *ctx, unsigned cpu)
{
	struct board *b = ctx;

	if (b->intr && lapic_accepts_extint(b->lapic[cpu]))
		return pic_acknowledge(b->pic);
	return lapic_acknowledge(b->lapic[cpu]);
}

static uint8_t intr_get_tpr(void *ctx, unsigned cpu)
{
	return lapic_get_tpr(((struct board *)ctx)->lapic[cpu]);
}

static void intr_set_tpr(void *ctx, unsigned cpu, uint8_t tpr)
{
	lapic_set_tpr(((struct board *)ctx)->lapic[cpu], tpr);
}

static unsigned intr_signals(void *ctx, unsigned cpu)
{
	return lapic_signals(((struct board *)ctx)->lapic[cpu]);
}

static uint8_t intr_take_signal(void *ctx, unsigned cpu,
				enum vcpu_signal signal)
{
	return lapic_take_signal(((struct board *)ctx)->lapic[cpu], signal);
}

static bool intr_read_msr(void *ctx, unsigned cpu, uint32_t msr, uint64_t *val)
{
	struct device *lapic = ((struct board *)ctx)->lapic[cpu];

	if (msr != MSR_TSC_DEADLINE)
		return lapic_read_msr(lapic, msr, val);
	*val = lapic_get_deadline(lapic);
	return true;
}

static bool intr_write_msr(void *ctx, unsigned cpu, uint32_t msr, uint64_t val)
{
	struct device *lapic = ((struct board *)ctx)->lapic[cpu];

	if (msr == MSR_APIC_BASE)
		return lapic_set_base(lapic, val);
	if (msr != MSR_TSC_DEADLINE)
		return lapic_write_msr(lapic, msr, val);
	lapic_set_deadline(lapic, val);
	return true;
}

/* ---- Messages ---- */

/* INIT would have the boot CPU start at the reset vector, where no firmware
 * is: it is a reset of the machine, then. */
static bool message_to(struct board *b, unsigned cpu,
		       const struct interrupt_message *msg)
{
	switch (msg->mode) {
	case MODE_FIXED:
	case MODE_LOWEST:
		return lapic_deliver(b->lapic[cpu], msg->vector, msg->level);
	case MODE_NMI:
		return lapic_signal(b->lapic[cpu], SIGNAL_NMI, 0);
	case MODE_INIT:
		if (cpu == 0)
			machine_stop(b->machine, STOP_RESET, 0,
				     "reset by an INIT to the boot CPU");
		return lapic_signal(b->lapic[cpu], SIGNAL_INIT, 0);
	case MODE_STARTUP:
		return lapic_signal(b->lapic[cpu], SIGNAL_STARTUP, msg->vector);
	}
	return false; /* SMI, ExtINT: nobody is there for it */
}

/* The CPU with the lowest priority; of equal ones the first. */
static bool message_to_lowest(struct board *b, unsigned set,
			      const struct interrupt_message *msg)
{
	int best = -1;

	for (unsigned i = 0; i < b->cpus; i++)
		if (set >> i & 1 && lapic_takes_fixed(b->lapic[i]) &&
		    (best < 0 || lapic_priority(b->lapic[i]) <
					 lapic_priority(b->lapic[best])))
			best = i;
	return best >= 0 && message_to(b, best, msg);
}

static bool message(void *ctx, const struct interrupt_message *msg)
{
	struct board *b = ctx;
	unsigned set = 0;
	bool taken = false;

	for (unsigned i = 0; i < b->cpus; i++)
		if ((int)i != msg->from &&
		    lapic_matches(b->lapic[i], msg->dest, msg->logical))
			set |= 1u << i;
	if (msg->mode == MODE_LOWEST)
		return message_to_lowest(b, set, msg);
	for (unsigned i = 0; i < b->cpus; i++)
		if (set >> i & 1)
			taken |= message_to(b, i, msg);
	return taken;
}

/* ---- The window of the local APICs ---- */

static struct device *own_lapic(struct device *window)
{
	struct board *b = container_of(window, struct board, window);

	return b->lapic[b->machine->current];
}

static uint64_t window_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct device *lapic = own_lapic(dev);

	return lapic->ops->read(lapic, reg, size);
}

static void window_write(struct device *dev, uint64_t reg, unsigned size,
			 uint64_t val)
{
	struct device *lapic = own_lapic(dev);

	lapic->ops->write(lapic, reg, size, val);
}

/* It has no state, and is the board's and not the machine's. */
static const struct device_ops window_ops = {
	.name = "lapic window",
	.width = 4,
	.read = window_read,
	.write = window_write,
};

/* ---- The PIT and who hears it ---- */

/* The pins ISA line 0 goes to, and whether one leads to a CPU. */
static bool pit_is_heard(void *ctx)
{
	const struct board *b = ctx;

	if (!b->pit) /* not wired yet */
		return false;
	if (ioapic_open(b->ioapic, IOAPIC_PIN_ISA0))
		return true;
	for (unsigned i = 0; i < b->cpus; i++)
		if (pic_open(b->pic, 0) && lapic_lint_open(b->lapic[i], 0))
			return true;
	return false;
}

static void before_masks(void *ctx)
{
	pit_sync(((struct board *)ctx)->pit);
}

static void after_masks(void *ctx)
{
	pit_listen(((struct board *)ctx)->pit);
}

void board_nmi(struct board *b)
{
	for (unsigned i = 0; i < b->cpus; i++) {
		lapic_lint(b->lapic[i], 1, true);
		lapic_lint(b->lapic[i], 1, false);
	}
}

static void reset_by_kbd(void *ctx)
{
	machine_stop(((struct board *)ctx)->machine, STOP_RESET, 0,
		     "reset by the keyboard controller");
}

/* ---- Building ---- */

static void create_chips(struct board *b, const struct board_config *config,
			 struct device *chip[CHIPS])
{
	struct machine *m = b->machine;
	struct irq_line intr = {intr_set, b, 0};
	struct interrupt_bus bus = {message, b};

	for (unsigned i = 0; i < b->cpus; i++)
		b->lapic[i] = lapic_create(&m->clock, i);
	chip[CHIP_PIC] = pic_create(&intr);
	chip[CHIP_IOAPIC] = ioapic_create(&bus);
	chip[CHIP_PIT] = pit_create(&m->clock, pit_is_heard, b);
	chip[CHIP_RTC] = rtc_create(&m->clock, config->rtc_epoch,
				    guestmem_size(&m->mem));
	chip[CHIP_KBD] = i8042_create(reset_by_kbd, b);
	chip[CHIP_VGA] = vga_create(&m->clock);
	chip[CHIP_COM1] = uart_create(&config->com[0]);
	chip[CHIP_COM2] = uart_create(&config->com[1]);
	chip[CHIP_POWER] = power_create(m);
	chip[CHIP_EXIT_F4] = exit_port_create(m, PORT_EXIT_F4);
	chip[CHIP_EXIT_501] = exit_port_create(m, PORT_EXIT_501);
	chip[CHIP_DEBUGCON] = debugcon_create(&config->debugcon);
	chip[CHIP_POST] = post_create();
	chip[CHIP_FW_CFG] = fw_cfg_create(guestmem_size(&m->mem), b->cpus);
	chip[CHIP_HPET] = hpet_create(&m->clock, &bus);
	chip[CHIP_PM] = pm_create(&m->clock);
	chip[CHIP_COM3] = config->com3 ? uart_create(&config->com[2]) : NULL;
	chip[CHIP_COM4] = config->com4 ? uart_create(&config->com[3]) : NULL;
}

static bool is_wanted(const struct board_config *config, enum chip chip)
{
	return (chip != CHIP_COM3 || config->com3) &&
	       (chip != CHIP_COM4 || config->com4);
}

/* Give all to the machine, also when one of them is missing. */
static int own_chips(struct board *b, const struct board_config *config,
		     struct device *chip[CHIPS])
{
	int err = 0;

	for (unsigned i = 0; i < CHIPS + b->cpus; i++) {
		struct device *dev = i < CHIPS ? chip[i] : b->lapic[i - CHIPS];

		if (dev)
			machine_add_device(b->machine, dev);
		else if (is_wanted(config, i))
			err = -ENOMEM;
	}
	return err;
}

static void name_chips(struct board *b, struct device *chip[CHIPS])
{
	b->pic = chip[CHIP_PIC];
	b->ioapic = chip[CHIP_IOAPIC];
	b->pit = chip[CHIP_PIT];
	b->rtc = chip[CHIP_RTC];
	b->kbd = chip[CHIP_KBD];
	b->vga = chip[CHIP_VGA];
	b->com[0] = chip[CHIP_COM1];
	b->com[1] = chip[CHIP_COM2];
	b->com[2] = chip[CHIP_COM3];
	b->com[3] = chip[CHIP_COM4];
}

static struct bus *bus_of(struct machine *m, enum space space)
{
	return space == PORT ? &m->ports : &m->mmio;
}

static void wire(struct board *b, struct device *chip[CHIPS])
{
	struct mask_watch masks = {before_masks, after_masks, b};
	struct irq_line aux = {isa_set, b, LINE_AUX};
	struct interrupt_bus bus = {message, b};

	for (unsigned i = 0; i < COUNT(board_map); i++) {
		const struct mapping *map = &board_map[i];

		if (!chip[map->chip])
			continue;
		bus_map(bus_of(b->machine, map->space), map->base, map->len,
			chip[map->chip], map->reg);
	}
	for (unsigned i = 0; i < COUNT(board_lines); i++)
		if (chip[board_lines[i].chip])
			chip[board_lines[i].chip]->irq = (struct irq_line){
				isa_set, b, board_lines[i].line};
	chip[CHIP_HPET]->irq = (struct irq_line){ioapic_set, b->ioapic, 0};
	i8042_set_aux_irq(b->kbd, &aux);
	pic_watch(b->pic, &masks);
	ioapic_watch(b->ioapic, &masks);
	for (unsigned i = 0; i < b->cpus; i++) {
		lapic_watch(b->lapic[i], &masks);
		lapic_set_bus(b->lapic[i], &bus);
		lapic_set_eoi(b->lapic[i], ioapic_eoi, b->ioapic);
	}
	b->window.ops = &window_ops;
	bus_map(&b->machine->mmio, LAPIC_BASE, 0x1000, &b->window, 0);
	b->machine->intr = (struct intr_source){
		.ctx = b,
		.pending = intr_pending,
		.acknowledge = intr_acknowledge,
		.get_tpr = intr_get_tpr,
		.set_tpr = intr_set_tpr,
		.signals = intr_signals,
		.take_signal = intr_take_signal,
		.read_msr = intr_read_msr,
		.write_msr = intr_write_msr,
	};
}

static void run_bios(struct machine *m)
{
	for (unsigned i = 0; i < COUNT(bios_writes); i++) {
		struct bus *bus = bus_of(m, bios_writes[i].space);
		uint32_t addr = bios_writes[i].addr, val = bios_writes[i].val;

		if (val == READ_BACK)
			bus_read(bus, addr, bios_writes[i].size);
		else
			bus_write(bus, addr, bios_writes[i].size, val);
	}
}

void board_reset(struct board *b)
{
	struct machine *m = b->machine;

	/* In the order in which they were made. */
	for (struct device *dev = m->devices; dev; dev = dev->next)
		dev->ops->reset(dev);
	if (b->bios_state) {
		run_bios(m);
		acpi_write(&m->mem, b->cpus);
	}
}

int board_build(struct board *board, struct machine *m,
		const struct board_config *config)
{
	struct device *chip[CHIPS];
	int err;

	*board = (struct board){
		.machine = m,
		.cpus = m->cpu_count ? m->cpu_count : 1,
		.bios_state = config->bios_state,
	};
	create_chips(board, config, chip);
	err = own_chips(board, config, chip);
	if (err)
		return err;
	name_chips(board, chip);
	wire(board, chip);
	board_reset(board);
	return 0;
}
