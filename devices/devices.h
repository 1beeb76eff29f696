/*
 * devices.h: the chips of the PC board, and the board that wires them.
 *
 * One file per chip. A chip's constructor takes what it cannot know by
 * itself (the clock, where bytes go) and returns a device that is not yet
 * mapped or wired; board.c alone knows addresses, pins and who feeds whom.
 * Constructors return NULL when memory is out, having said so.
 */
#ifndef DEVICES_DEVICES_H
#define DEVICES_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/clock.h"
#include "vmm/device.h"
#include "vmm/machine.h"

/* Where a chip's outgoing bytes go. Must not block the machine for long. */
struct byte_sink {
	void (*send)(void *host, const uint8_t *buf, size_t len);
	void *host;
};

/* ---- 16550A UART (uart16550.c); PC16550D data sheet ---- */

struct device *uart_create(const struct byte_sink *sink);
/* Where sent bytes go from now on. */
void uart_set_sink(struct device *dev, const struct byte_sink *sink);
/* Bytes from outside; takes as many as its FIFO has room for, says how many. */
size_t uart_receive(struct device *dev, const uint8_t *buf, size_t len);
size_t uart_room(const struct device *dev);
/* The guest takes interrupts for received bytes, or waits for one. */
bool uart_listening(const struct device *dev);

/* ---- i8042 and its keyboard (i8042.c) ---- */

/* `reset` is called for the reset command and the output port's reset bit. */
struct device *i8042_create(void (*reset)(void *ctx), void *ctx);
/* IRQ 12, for the port a mouse would hang on. */
void i8042_set_aux_irq(struct device *dev, const struct irq_line *irq);
/*
 * A key goes down or up: a set 1 make code (1..5fh), with 0xe000 added for the
 * E0-prefixed ones. False, and nothing queued, when the queue is full. What
 * is no key, and all while the guest has switched scanning off, is lost.
 */
#define I8042_PRINT 0xe037 /* comes as four bytes */
#define I8042_PAUSE 0xe11d /* comes as six, when it goes down */
bool i8042_key(struct device *dev, uint16_t set1, bool down);
/* Nothing of what was typed waits to be read. */
bool i8042_idle(const struct device *dev);
/* The guest waits for a key by reading the status over and over. */
bool i8042_polled(const struct device *dev);

/* ---- VGA text mode (vga_text.c) ---- */

struct device *vga_create(const struct clock *clock);

#define VGA_COLS_MAX 132
#define VGA_ROWS_MAX 60

struct vga_screen {
	unsigned cols, rows;	/* 80x25 in mode 3; never 0 */
	uint32_t text_gpa;	/* first cell: char byte, attribute byte */
	int cursor_x, cursor_y; /* -1: hidden or outside */
	bool blink;		/* attribute bit 7: blink, not bright */
};

/* What the registers say is shown; cells are in guest memory at text_gpa. */
void vga_screen(const struct device *dev, struct vga_screen *screen);

/* ---- Interrupt controllers ---- */

/*
 * Told around every access that may open or close an interrupt's way to the
 * CPU, or that looks at requests which are still closed off. A source that
 * arms no timer while nobody hears it (the PIT) brings its line up to date
 * before, and asks again whether anyone listens after.
 */
struct mask_watch {
	void (*before)(void *ctx);
	void (*after)(void *ctx);
	void *ctx;
};

static inline void mask_watch_before(const struct mask_watch *w)
{
	if (w->before)
		w->before(w->ctx);
}

static inline void mask_watch_after(const struct mask_watch *w)
{
	if (w->after)
		w->after(w->ctx);
}

/* How an interrupt message is to be delivered (SDM 3 10.6.1). */
enum {
	MODE_FIXED = 0,
	MODE_LOWEST = 1,
	MODE_NMI = 4,
	MODE_INIT = 5,
	MODE_STARTUP = 6,
	MODE_EXTINT = 7
};

/* To all: UINT32_MAX; in xAPIC mode, which has 8 bits of it, ffh too. */
struct interrupt_message {
	uint32_t dest;
	bool logical, level;
	uint8_t mode, vector;
	int from; /* the local APIC that it passes over, or -1 */
};

/*
 * The way of interrupt messages to the local APICs, from the IOAPIC and from
 * other local APICs. False: nobody took it, and a level stays unserved.
 */
struct interrupt_bus {
	bool (*deliver)(void *ctx, const struct interrupt_message *msg);
	void *ctx;
};

/* The 8259 pair (pic8259.c); `intr` is driven as the master's INT pin. */
struct device *pic_create(const struct irq_line *intr);
/* Lines 0..15; an irq_line's `set` with the pair as ctx. */
void pic_set(void *pic, unsigned pin, bool level);
int pic_acknowledge(struct device *pic);
/* Does line `pin` get through the masks (its own and, for 8..15, line 2's)? */
bool pic_open(const struct device *pic, unsigned pin);
void pic_watch(struct device *pic, const struct mask_watch *watch);

/* Local APIC of one CPU (lapic.c, lapic_*.c); SDM 3 chapter 10. */
struct device *lapic_create(struct clock *clock, unsigned id);
bool lapic_pending(const struct device *lapic);
int lapic_acknowledge(struct device *lapic); /* -1: nothing pending */
/* The task priority register; CR8 is its bits 7:4. */
uint8_t lapic_get_tpr(const struct device *lapic);
void lapic_set_tpr(struct device *lapic, uint8_t tpr);
/* A message, fixed mode. False: it is switched off and takes none. */
bool lapic_deliver(struct device *lapic, uint8_t vector, bool level);
bool lapic_takes_fixed(const struct device *lapic);
/* NMI, INIT or SIPI (with its vector), which wait until the CPU takes them. */
bool lapic_signal(struct device *lapic, enum vcpu_signal signal,
		  uint8_t vector);
unsigned lapic_signals(const struct device *lapic);
uint8_t lapic_take_signal(struct device *lapic, enum vcpu_signal signal);
/* What INIT does to it: all but its ID and its mode as at power-on. */
void lapic_init(struct device *lapic);
/* Is a message to `dest` meant for it? */
bool lapic_matches(const struct device *lapic, uint32_t dest, bool logical);
/* Its processor priority: the lowest takes a MODE_LOWEST message. */
uint8_t lapic_priority(const struct device *lapic);
/* The pins: LINT0 is wired to the 8259's INT, LINT1 is for NMIs. */
void lapic_lint(struct device *lapic, unsigned pin, bool level);
/* Unmasked, or the APIC is disabled and the pin goes straight to the CPU. */
bool lapic_lint_open(const struct device *lapic, unsigned pin);
/* LINT0 is open, and what comes there is the 8259's ExtINT. */
bool lapic_accepts_extint(const struct device *lapic);
/* IA32_APIC_BASE bit 11; on at reset. While off no register answers. */
void lapic_enable(struct device *lapic, bool on);
/* A write to IA32_APIC_BASE; false: #GP, nothing has changed. */
bool lapic_set_base(struct device *lapic, uint64_t base);
/* MSRs 800h to 8ffh; false: #GP. */
bool lapic_read_msr(struct device *lapic, uint32_t msr, uint64_t *val);
bool lapic_write_msr(struct device *lapic, uint32_t msr, uint64_t val);
/* IA32_TSC_DEADLINE in the clock's nanoseconds; 0: not armed. */
uint64_t lapic_get_deadline(struct device *lapic);
void lapic_set_deadline(struct device *lapic, uint64_t when_ns);
/* Told when a level-triggered vector gets its EOI (the IOAPIC listens). */
void lapic_set_eoi(struct device *lapic, void (*eoi)(void *ctx, uint8_t vector),
		   void *ctx);
/* Where messages written to the ICR go. */
void lapic_set_bus(struct device *lapic, const struct interrupt_bus *bus);
void lapic_watch(struct device *lapic, const struct mask_watch *watch);

/* IOAPIC (ioapic.c), 24 pins; 82093AA data sheet. */
struct device *ioapic_create(const struct interrupt_bus *bus);
void ioapic_set(void *ioapic, unsigned pin, bool level);
void ioapic_eoi(void *ioapic, uint8_t vector);
bool ioapic_open(const struct device *ioapic, unsigned pin);
void ioapic_watch(struct device *ioapic, const struct mask_watch *watch);

/* ---- Timers ---- */

/*
 * 8254 and port 61h (pit8254.c). `listening` says whether anyone hears
 * channel 0's output: while nobody does, no timer is armed for it, so an
 * idle guest is seen to be idle. pit_sync() brings the line up to now, before
 * a mask changes or is looked behind; pit_listen() tells that it changed.
 */
struct device *pit_create(struct clock *clock, bool (*listening)(void *ctx),
			  void *ctx);
void pit_sync(struct device *pit);
void pit_listen(struct device *pit);

/*
 * HPET (hpet.c); IA-PC HPET specification. Its interrupts are messages on the
 * bus, or pins of the I/O APIC: dev->irq's `set` is told which.
 */
struct device *hpet_create(struct clock *clock,
			   const struct interrupt_bus *bus);

/* ACPI's fixed events and its timer (acpi_pm.c): 600h to 603h, 608h. */
struct device *pm_create(struct clock *clock);

/* MC146818 RTC and CMOS (rtc.c). Time starts at `epoch` (seconds, UTC). */
struct device *rtc_create(struct clock *clock, int64_t epoch,
			  uint64_t ram_bytes);

/* ---- Ways out and small ports (exit_port.c, debugcon.c) ---- */

/*
 * A debug-exit port: a write of 1, 2 or 4 bytes ends the run. Since 31h at
 * 501h and at f4h may mean different things, machine.stop_code carries both.
 */
struct device *exit_port_create(struct machine *m, uint16_t port);

static inline uint64_t exit_code(uint16_t port, uint32_t value)
{
	return (uint64_t)port << 32 | value;
}

static inline uint16_t exit_code_port(uint64_t stop_code)
{
	return stop_code >> 32;
}

static inline uint32_t exit_code_value(uint64_t stop_code)
{
	return stop_code;
}

/*
 * The other idioms: one device; its register is POWER_REG(which) + offset.
 * PM1a stands for 604h, b004h and 4004h; cf9h is reached through cf8h..cfbh.
 */
enum power_port {
	POWER_PM1A,	/* 16-bit SLP_EN writes: power-off */
	POWER_CF9,	/* reset */
	POWER_PORT92,	/* reset, A20 */
	POWER_PVPANIC,	/* 505h */
	POWER_SHUTDOWN, /* 8900h: the eight letters, one a write */
};

#define POWER_REG(which)  ((which)*16u)
#define POWER_PORT(reg)	  ((reg) / 16)
#define POWER_OFFSET(reg) ((reg) % 16)

struct device *power_create(struct machine *m);
struct device *debugcon_create(const struct byte_sink *sink);
/* Port 80h: writes are taken (and said with -v), reads give the last one. */
struct device *post_create(void);

/* QEMU's way to ask for memory and CPUs, ports 510h and 511h (fw_cfg.c). */
struct device *fw_cfg_create(uint64_t ram_bytes, unsigned cpus);

/* ---- The board (board.c) ---- */

#define BOARD_COMS 4

struct board {
	struct machine *machine;
	/* 3f8h/IRQ4, 2f8h/IRQ3; 3e8h/IRQ4, 2e8h/IRQ3 or NULL */
	struct device *com[BOARD_COMS];
	struct device *kbd, *vga, *pic, *ioapic, *pit, *rtc;
	struct device *lapic[MACHINE_CPUS];
	unsigned cpus; /* those with a local APIC */
	struct device window;
	bool intr;	  /* the 8259 pair's INT pin */
	uint8_t held[16]; /* ISA lines: who holds each high */
	bool bios_state;
};

struct board_config {
	struct byte_sink com[BOARD_COMS]; /* a NULL send throws away */
	bool com3, com4;		  /* these exist, too */
	struct byte_sink debugcon;
	int64_t rtc_epoch; /* what RTC reads at power-on; fixed by default */
	bool bios_state;   /* leave chips and tables as a BIOS would */
};

/* The default epoch: 2000-01-01 00:00:00 UTC, so that runs repeat. */
#define BOARD_EPOCH INT64_C(946684800)

/*
 * Create, map, wire and reset all chips, a local APIC for each CPU that the
 * machine has by now, and give the machine its interrupt
 * source. 0 or -errno (said); the machine owns the devices either way.
 * `board` is part of the wiring: it stays where it is as long as the machine.
 */
int board_build(struct board *board, struct machine *m,
		const struct board_config *config);

/* The power button, off and on: all chips, and what a BIOS leaves. */
void board_reset(struct board *board);

/* The NMI button: a pulse at every CPU's LINT1. */
void board_nmi(struct board *board);

#endif
