/*
 * fw_cfg.c: QEMU's firmware configuration device, as far as kernels without a
 * firmware ask it: is this such a machine, how much memory and how many CPUs
 * are there. Port 510h selects an item, port 511h gives its bytes one by one,
 * and zeros behind its end (QEMU, docs/specs/fw_cfg). There are no files, and
 * the interface by DMA is not there, as the item `id` says.
 */
#include "devices/devices.h"

#include "devices/chip.h"

enum { SELECTOR, DATA };

enum item {
	ITEM_SIGNATURE = 0x00,
	ITEM_ID = 0x01,
	ITEM_RAM_SIZE = 0x03,
	ITEM_CPUS = 0x05,
	ITEM_CPUS_MAX = 0x0f,
	ITEM_FILES = 0x19,
};

#define SIGNATURE      0x554d4551u /* "QEMU" */
#define ID_TRADITIONAL 1u

CHIP_STATE_BEGIN
struct fw_cfg_state {
	uint32_t item;
	uint32_t at; /* the byte that comes next; at most ITEM_SIZE */
};
CHIP_STATE_END

#define ITEM_SIZE 8 /* of the longest one */

struct fw_cfg {
	struct device dev;
	struct fw_cfg_state s;
	uint64_t ram_bytes;
	unsigned cpus;
};

/* All fit a number, which is little-endian on the wire; so do no files. */
static uint64_t item_value(const struct fw_cfg *f)
{
	switch ((enum item)f->s.item) {
	case ITEM_SIGNATURE:
		return SIGNATURE;
	case ITEM_ID:
		return ID_TRADITIONAL;
	case ITEM_RAM_SIZE:
		return f->ram_bytes;
	case ITEM_CPUS:
	case ITEM_CPUS_MAX:
		return f->cpus;
	case ITEM_FILES:
		break;
	}
	return 0;
}

static uint64_t fw_cfg_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct fw_cfg *f = container_of(dev, struct fw_cfg, dev);

	if (reg != DATA)
		return UINT64_MAX;
	if (f->s.at >= ITEM_SIZE)
		return 0;
	return item_value(f) >> 8 * f->s.at++ & 0xff;
}

/* Items are not to be written; half a selector selects nothing. */
static void fw_cfg_write(struct device *dev, uint64_t reg, unsigned size,
			 uint64_t val)
{
	struct fw_cfg *f = container_of(dev, struct fw_cfg, dev);

	if (reg == SELECTOR && size == 2)
		f->s = (struct fw_cfg_state){.item = val & 0xffff};
}

static void fw_cfg_reset(struct device *dev)
{
	container_of(dev, struct fw_cfg, dev)->s = (struct fw_cfg_state){0};
}

static void fw_cfg_restored(struct device *dev)
{
}

static const struct state_field fw_cfg_fields[] = {
	STATE_MAX(struct fw_cfg_state, item, 0xffff),
	STATE_MAX(struct fw_cfg_state, at, ITEM_SIZE),
	STATE_END,
};

static const struct device_ops fw_cfg_ops = {
	.name = "fw-cfg",
	.width = 2,
	.read = fw_cfg_read,
	.write = fw_cfg_write,
	.reset = fw_cfg_reset,
	.restored = fw_cfg_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct fw_cfg, s, 1),
	.fields = fw_cfg_fields,
};

struct device *fw_cfg_create(uint64_t ram_bytes, unsigned cpus)
{
	struct fw_cfg *f = chip_alloc(sizeof(*f), &fw_cfg_ops);

	if (!f)
		return NULL;
	f->ram_bytes = ram_bytes;
	f->cpus = cpus;
	return &f->dev;
}
