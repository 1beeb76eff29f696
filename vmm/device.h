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

/*
 * What a field of a state struct may hold: a number up to `max` with no bit
 * outside `bits`. For what comes from a file: the bytes are looked at before
 * they become a state. At most eight of them; a table ends with size 0.
 */
struct state_field {
	uint16_t offset, size;
	uint64_t bits, max;
};

#define STATE_FIELD(type, member, bits, max)                                   \
	{                                                                      \
		offsetof(type, member), sizeof(((type *)0)->member), bits, max \
	}
#define STATE_BITS(type, member, bits) \
	STATE_FIELD(type, member, bits, UINT64_MAX)
#define STATE_MAX(type, member, max) STATE_FIELD(type, member, UINT64_MAX, max)
#define STATE_BOOL(type, member)     STATE_MAX(type, member, 1)
#define STATE_END          \
	{                  \
		0, 0, 0, 0 \
	}

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

	/*
	 * What a state must be to be taken from a file at `now_ns`; either
	 * may be NULL. state_ok() sees a state whose fields are right, which
	 * is not yet the device's.
	 */
	const struct state_field *fields;
	bool (*state_ok)(const struct device *dev, const void *state,
			 uint64_t now_ns);
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

/* May these bytes, ops->state_size, become its state? Changes nothing. */
bool device_state_ok(const struct device *dev, const void *bytes,
		     uint64_t now_ns);

/* Drive a line; one that is not wired leads nowhere. */
static inline void irq_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->ctx, line->pin, level);
}

#endif
