/*
 * debugcon.c: two ports a guest talks to before it has a driver: the debug
 * console at e9h, whose reads give e9h so that it can be probed, and port
 * 80h, where firmware and kernels write progress codes or waste time.
 */
#include "devices/devices.h"

#include "devices/chip.h"
#include "vmm/log.h"

#define DEBUGCON_PROBE 0xe9

CHIP_STATE_BEGIN
struct debugcon_state {
	uint64_t sent; /* bytes */
};

struct post_state {
	uint8_t code; /* the last one written */
};
CHIP_STATE_END

struct debugcon {
	struct device dev;
	struct debugcon_state s;
	struct byte_sink sink;
};

struct post {
	struct device dev;
	struct post_state s;
};

static uint64_t debugcon_read(struct device *dev, uint64_t reg, unsigned size)
{
	return DEBUGCON_PROBE;
}

static void debugcon_write(struct device *dev, uint64_t reg, unsigned size,
			   uint64_t val)
{
	struct debugcon *d = container_of(dev, struct debugcon, dev);
	uint8_t byte = val;

	d->s.sent++;
	if (d->sink.send)
		d->sink.send(d->sink.host, &byte, 1);
}

static void debugcon_reset(struct device *dev)
{
	container_of(dev, struct debugcon, dev)->s.sent = 0;
}

static uint64_t post_read(struct device *dev, uint64_t reg, unsigned size)
{
	return container_of(dev, struct post, dev)->s.code;
}

/* As an I/O delay the same code is written over and over: say it once. */
static void post_write(struct device *dev, uint64_t reg, unsigned size,
		       uint64_t val)
{
	struct post *p = container_of(dev, struct post, dev);
	uint8_t code = val;

	if (code != p->s.code)
		log_info("port 80h: 0x%02x", code);
	p->s.code = code;
}

static void post_reset(struct device *dev)
{
	container_of(dev, struct post, dev)->s.code = 0;
}

static void nothing_to_restore(struct device *dev)
{
}

static const struct device_ops debugcon_ops = {
	.name = "debugcon",
	.width = 1,
	.read = debugcon_read,
	.write = debugcon_write,
	.reset = debugcon_reset,
	.restored = nothing_to_restore,
	.destroy = chip_free,
	DEVICE_STATE(struct debugcon, s, 1),
};

static const struct device_ops post_ops = {
	.name = "post",
	.width = 1,
	.read = post_read,
	.write = post_write,
	.reset = post_reset,
	.restored = nothing_to_restore,
	.destroy = chip_free,
	DEVICE_STATE(struct post, s, 1),
};

struct device *debugcon_create(const struct byte_sink *sink)
{
	struct debugcon *d = chip_alloc(sizeof(*d), &debugcon_ops);

	if (!d)
		return NULL;
	d->sink = *sink;
	return &d->dev;
}

struct device *post_create(void)
{
	struct post *p = chip_alloc(sizeof(*p), &post_ops);

	return p ? &p->dev : NULL;
}
