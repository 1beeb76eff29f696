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

/* ---- i8042 and its keyboard (i8042.c) ---- */

/* `reset` is called for the reset command and the output port's reset bit. */
struct device *i8042_create(void (*reset)(void *ctx), void *ctx);
/*
 * A key goes down or up: a set 1 make code (bit 7 clear), with 0xe000 added
 * for the E0-prefixed ones. False, and nothing queued, when the queue is full.
 */
bool i8042_key(struct device *dev, uint16_t set1, bool down);
/* Nothing of what was typed waits to be read. */
bool i8042_idle(const struct device *dev);

/* ---- VGA text mode (vga_text.c) ---- */

struct device *vga_create(const struct clock *clock);

struct vga_screen {
	unsigned cols, rows;	/* 80x25 in mode 3 */
	uint32_t text_gpa;	/* first cell: char byte, attribute byte */
	int cursor_x, cursor_y; /* -1: hidden or outside */
	bool blink;		/* attribute bit 7: blink, not bright */
};

/* What the registers say is shown; cells are in guest memory at text_gpa. */
void vga_screen(const struct device *dev, struct vga_screen *screen);

/* ---- Interrupt controllers ---- */

/* The 8259 pair (pic8259.c); `intr` is driven as the master's INT pin. */
struct device *pic_create(const struct irq_line *intr);
/* Lines 0..15; an irq_line's `set` with the pair as ctx. */
void pic_set(void *pic, unsigned pin, bool level);
int pic_acknowledge(struct device *pic);
/* Does line `pin` get through the masks (its own and, for 8..15, line 2's)? */
bool pic_open(const struct device *pic, unsigned pin);

/* Local APIC of one CPU (lapic.c); SDM 3 chapter 10. */
struct device *lapic_create(struct clock *clock, unsigned id);
bool lapic_pending(const struct device *lapic);
int lapic_acknowledge(struct device *lapic); /* -1: nothing pending */
uint8_t lapic_get_tpr(const struct device *lapic);
void lapic_set_tpr(struct device *lapic, uint8_t tpr);
/* A message from the IOAPIC or another CPU: edge or level, fixed mode. */
void lapic_deliver(struct device *lapic, uint8_t vector, bool level);
/* LINT0 as wired to the 8259's INT: is it set to ExtINT and unmasked (or is
 * the APIC disabled, when INTR goes straight to the CPU)? */
bool lapic_accepts_extint(const struct device *lapic);
/* Told when a level-triggered vector gets its EOI (the IOAPIC listens). */
void lapic_set_eoi(struct device *lapic, void (*eoi)(void *ctx, uint8_t vector),
		   void *ctx);

/* IOAPIC (ioapic.c), 24 pins; 82093AA data sheet. */
struct ioapic_sink {
	/* destination, logical or physical, mode (SDM 3 10.6.1), vector */
	void (*deliver)(void *ctx, uint8_t dest, bool logical, uint8_t mode,
			uint8_t vector, bool level);
	void *ctx;
};
struct device *ioapic_create(const struct ioapic_sink *sink);
void ioapic_set(void *ioapic, unsigned pin, bool level);
void ioapic_eoi(void *ioapic, uint8_t vector);
bool ioapic_open(const struct device *ioapic, unsigned pin);

/* ---- Timers ---- */

/*
 * 8254 and port 61h (pit8254.c). `listening` says whether anyone hears
 * channel 0's output: while nobody does, no timer is armed for it, so an
 * idle guest is seen to be idle; pit_listen() tells that it changed.
 */
struct device *pit_create(struct clock *clock, bool (*listening)(void *ctx),
			  void *ctx);
void pit_listen(struct device *pit);

/* MC146818 RTC and CMOS (rtc.c). Time starts at `epoch` (seconds, UTC). */
struct device *rtc_create(struct clock *clock, int64_t epoch,
			  uint64_t ram_bytes);

/* ---- Ways out and small ports (exit_port.c, debugcon.c) ---- */

/* A debug-exit port: a write of 1, 2 or 4 bytes ends the run with its value. */
struct device *exit_port_create(struct machine *m, const char *name);
/* The other idioms: 604h/b004h/4004h power-off, cf9h and 92h reset, 505h
 * pvpanic, 8900h "Shutdown". `reg` picks which (enum power_port). */
enum power_port {
	POWER_PM1A, /* 16-bit SLP_EN writes */
	POWER_CF9,
	POWER_PORT92,
	POWER_PVPANIC,
	POWER_SHUTDOWN, /* the eight letters, one a write */
};
struct device *power_create(struct machine *m);
struct device *debugcon_create(const struct byte_sink *sink);
/* Port 80h: writes are taken (and said with -v), reads give the last one. */
struct device *post_create(void);

/* ---- The board (board.c) ---- */

struct board {
	struct machine *machine;
	struct device *com[2]; /* 3f8h/IRQ4, 2f8h/IRQ3 */
	struct device *kbd, *vga, *pic, *ioapic, *pit, *rtc;
	struct device *lapic[MACHINE_CPUS];
};

struct board_config {
	struct byte_sink com[2]; /* a NULL send throws away */
	struct byte_sink debugcon;
	int64_t rtc_epoch; /* what RTC reads at power-on; fixed by default */
	bool bios_state;   /* leave PIC, PIT, i8042, LAPIC as a BIOS would */
};

/* The default epoch: 2000-01-01 00:00:00 UTC, so that runs repeat. */
#define BOARD_EPOCH INT64_C(946684800)

/*
 * Create, map, wire and reset all chips, and give the machine its interrupt
 * source. 0 or -errno (said); the machine owns the devices either way.
 */
int board_build(struct board *board, struct machine *m,
		const struct board_config *config);

#endif
