/*
 * exit_port.c: the debug-exit port, as QEMU's isa-debug-exit.
 *
 * The first write ends the run with its value; machine_stop() keeps the
 * first verdict and the CPU stops at the end of that instruction. A write of
 * three bytes is the tail of a wider one to the port below (a four-byte
 * write to 500h covers 501h) and is not meant for us.
 */
#include "devices/devices.h"

#include <stdio.h>

#include "devices/chip.h"

CHIP_STATE_BEGIN
struct exit_port_state {
	uint32_t writes; /* how many there were; more than one is a race */
};
CHIP_STATE_END

struct exit_port {
	struct device dev;
	struct exit_port_state s;
	struct machine *machine;
	uint16_t port;
};

static uint64_t exit_port_read(struct device *dev, uint64_t reg, unsigned size)
{
	return 0;
}

static void exit_port_write(struct device *dev, uint64_t reg, unsigned size,
			    uint64_t val)
{
	struct exit_port *e = container_of(dev, struct exit_port, dev);
	char why[64];

	if (size == 3)
		return;
	e->s.writes++;
	snprintf(why, sizeof(why), "exit port 0x%x, value 0x%x", e->port,
		 (uint32_t)val);
	machine_stop(e->machine, STOP_EXIT, exit_code(e->port, val), why);
}

static void exit_port_reset(struct device *dev)
{
	container_of(dev, struct exit_port, dev)->s.writes = 0;
}

static void exit_port_restored(struct device *dev)
{
}

static const struct device_ops exit_port_ops = {
	.name = "exit-port",
	.width = 4,
	.read = exit_port_read,
	.write = exit_port_write,
	.reset = exit_port_reset,
	.restored = exit_port_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct exit_port, s, 1),
};

struct device *exit_port_create(struct machine *m, uint16_t port)
{
	struct exit_port *e = chip_alloc(sizeof(*e), &exit_port_ops);

	if (!e)
		return NULL;
	e->machine = m;
	e->port = port;
	return &e->dev;
}
