/*
 * device.h: what a virtual device is to the rest of the machine.
 *
 * A device is a register file and an interrupt line. It does not know where
 * it lives: the board maps its registers at a port or an address and wires
 * its line to an interrupt controller. It does not know which CPU backend
 * runs, nor whether an access came from a port or from memory.
 *
 * Its guest-visible state is one plain struct, named in its ops. Snapshots
 * and the state hash copy that struct and nothing else; descriptors, pointers
 * and callbacks stay outside it.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

struct device_ops {
	const char *name;

	/*
	 * The widest access the registers take, in bytes: 1, 2, 4 or 8. The
	 * bus cuts wider ones into pieces of this size, low address first.
	 */
	unsigned width;

	/*
	 * `reg` is the offset from where the board mapped the device plus the
	 * `reg` of that mapping; `size` is 1..width bytes. Only the low
	 * `size` bytes of the value count. A register that is not there
	 * reads as all ones; a write to one is lost.
	 */
	uint64_t (*read)(struct device *dev, uint64_t reg, unsigned size);
	void (*write)(struct device *dev, uint64_t reg, unsigned size,
		      uint64_t val);

	/* Power-on state; drives the interrupt line to match. */
	void (*reset)(struct device *dev);

	/* The state struct was replaced: re-arm timers, drive the line. */
	void (*restored)(struct device *dev);

	/* Free everything, `dev` itself too. */
	void (*destroy)(struct device *dev);

	/* Where the state struct lies in the device, and its version. */
	size_t state_offset;
	size_t state_size;
	unsigned state_version;
};

/* For the ops table: DEVICE_STATE(struct uart, s, 1) */
#define DEVICE_STATE(type, member, version)     \
	.state_offset = offsetof(type, member), \
	.state_size = sizeof(((type *)0)->member), .state_version = (version)

/* A wire: who is at its other end, and as which pin. */
struct irq_line {
	void (*set)(void *ctx, unsigned pin, bool level);
	void *ctx;
	unsigned pin;
};

struct device {
	const struct device_ops *ops;
	struct irq_line irq; /* where the board wired the device's line */
	struct device *next; /* the machine's list, in order of creation */
};

/* Drive a line; one that is not wired leads nowhere. */
static inline void irq_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->ctx, line->pin, level);
}

#endif
