/*
 * ioapic.c: the I/O APIC, 24 pins, 82093AA data sheet (register 40h, the
 * EOI register, is version 20h's).
 *
 * A pin is asserted or not, whichever polarity its entry names: the devices
 * say what they mean. An edge on a masked pin is lost, as on the chip; a
 * level waits on the wire. Remote IRR is set when a local APIC took a level
 * and cleared by the EOI, when the wire is looked at again.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum { SELECT = 0x00, WINDOW = 0x10, EOI = 0x40 };

#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION 0x02
#define REG_REDIRECTION 0x10

#define PINS		24
#define VERSION_VALUE	((PINS - 1) << 16 | 0x20)

#define RTE_MODE(rte)	((rte) >> 8 & 7)
#define RTE_LOGICAL	UINT64_C(0x800)
#define RTE_REMOTE_IRR	UINT64_C(0x4000)
#define RTE_LEVEL	UINT64_C(0x8000)
#define RTE_MASKED	UINT64_C(0x10000)
#define ID_BITS		0x0f000000u
#define RTE_WRITABLE	UINT64_C(0xff0000000001afff)

CHIP_STATE_BEGIN
struct ioapic_state {
	uint64_t rte[PINS];
	uint32_t lines; /* as driven now */
	uint32_t id;
	uint8_t select;
	uint8_t unused[7];
};
CHIP_STATE_END

struct ioapic {
	struct device dev;
	struct ioapic_state s;
	struct interrupt_bus bus;
	struct mask_watch watch;
};

static bool deliver(struct ioapic *io, unsigned pin)
{
	uint64_t rte = io->s.rte[pin];
	struct interrupt_message msg = {
		.dest = rte >> 56,
		.logical = rte & RTE_LOGICAL,
		.level = rte & RTE_LEVEL,
		.mode = RTE_MODE(rte),
		.vector = rte,
		.from = -1,
	};

	return io->bus.deliver(io->bus.ctx, &msg);
}

/* Serve a level that is asserted, open and not being served. */
static void serve_level(struct ioapic *io, unsigned pin)
{
	uint64_t rte = io->s.rte[pin];

	if (!(rte & RTE_LEVEL) || (rte & (RTE_MASKED | RTE_REMOTE_IRR)))
		return;
	if ((io->s.lines >> pin & 1) && deliver(io, pin))
		io->s.rte[pin] |= RTE_REMOTE_IRR;
}

void ioapic_set(void *ioapic, unsigned pin, bool level)
{
	struct ioapic *io = ioapic;
	uint32_t bit;
	bool rises;

	if (pin >= PINS)
		return;
	bit = UINT32_C(1) << pin;
	rises = level && !(io->s.lines & bit);
	io->s.lines = level ? io->s.lines | bit : io->s.lines & ~bit;
	if (rises && !(io->s.rte[pin] & (RTE_LEVEL | RTE_MASKED)))
		deliver(io, pin);
	serve_level(io, pin);
}

void ioapic_eoi(void *ioapic, uint8_t vector)
{
	struct ioapic *io = ioapic;

	for (unsigned pin = 0; pin < PINS; pin++) {
		if ((uint8_t)io->s.rte[pin] != vector)
			continue;
		io->s.rte[pin] &= ~RTE_REMOTE_IRR;
		serve_level(io, pin);
	}
}

static void write_rte(struct ioapic *io, unsigned pin, bool high, uint32_t val)
{
	uint64_t rte = io->s.rte[pin], keep = rte & RTE_REMOTE_IRR;

	rte = high ? (rte & UINT32_MAX) | (uint64_t)val << 32
		   : (rte & ~(uint64_t)UINT32_MAX) | val;
	rte = (rte & RTE_WRITABLE) | keep;
	/* Edge mode has no remote IRR; drivers use that to end a level. */
	io->s.rte[pin] = rte & RTE_LEVEL ? rte : rte & ~RTE_REMOTE_IRR;
	serve_level(io, pin);
}

static uint32_t read_window(const struct ioapic *io)
{
	unsigned reg = io->s.select, entry = reg - REG_REDIRECTION;

	if (reg == REG_ID || reg == REG_ARBITRATION)
		return io->s.id;
	if (reg == REG_VERSION)
		return VERSION_VALUE;
	if (reg >= REG_REDIRECTION && entry < 2 * PINS)
		return io->s.rte[entry / 2] >> (entry & 1) * 32;
	return UINT32_MAX;
}

static void write_window(struct ioapic *io, uint32_t val)
{
	unsigned reg = io->s.select, entry = reg - REG_REDIRECTION;

	if (reg == REG_ID)
		io->s.id = val & ID_BITS;
	if (reg < REG_REDIRECTION || entry >= 2 * PINS)
		return;
	mask_watch_before(&io->watch);
	write_rte(io, entry / 2, entry & 1, val);
	mask_watch_after(&io->watch);
}

static uint64_t ioapic_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct ioapic *io = container_of(dev, struct ioapic, dev);

	if (reg == SELECT)
		return io->s.select;
	return reg == WINDOW ? read_window(io) : ~UINT64_C(0);
}

/* The window and the EOI register take whole 32-bit writes only. */
static void ioapic_write(struct device *dev, uint64_t reg, unsigned size,
			 uint64_t val)
{
	struct ioapic *io = container_of(dev, struct ioapic, dev);

	if (reg == SELECT)
		io->s.select = val;
	else if (reg == WINDOW && size == 4)
		write_window(io, val);
	else if (reg == EOI && size == 4)
		ioapic_eoi(io, val);
}

/* The wires are not ours to reset. */
static void ioapic_reset(struct device *dev)
{
	struct ioapic *io = container_of(dev, struct ioapic, dev);
	uint32_t lines = io->s.lines;

	memset(&io->s, 0, sizeof(io->s));
	io->s.lines = lines;
	for (unsigned pin = 0; pin < PINS; pin++)
		io->s.rte[pin] = RTE_MASKED;
}

static void ioapic_restored(struct device *dev)
{
}

static const struct state_field ioapic_fields[] = {
	STATE_BITS(struct ioapic_state, lines, (UINT64_C(1) << PINS) - 1),
	STATE_BITS(struct ioapic_state, id, ID_BITS),
	STATE_END,
};

static bool ioapic_state_ok(const struct device *dev, const void *state,
			    uint64_t now_ns)
{
	const struct ioapic_state *s = state;

	for (unsigned pin = 0; pin < PINS; pin++)
		if (s->rte[pin] & ~(RTE_WRITABLE | RTE_REMOTE_IRR))
			return false;
	return true;
}

static const struct device_ops ioapic_ops = {
	.name = "ioapic",
	.width = 4,
	.read = ioapic_read,
	.write = ioapic_write,
	.reset = ioapic_reset,
	.restored = ioapic_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct ioapic, s, 1),
	.fields = ioapic_fields,
	.state_ok = ioapic_state_ok,
};

struct device *ioapic_create(const struct interrupt_bus *bus)
{
	struct ioapic *io = chip_alloc(sizeof(*io), &ioapic_ops);

	if (!io)
		return NULL;
	io->bus = *bus;
	ioapic_reset(&io->dev);
	return &io->dev;
}

bool ioapic_open(const struct device *dev, unsigned pin)
{
	const struct ioapic *io = container_of(dev, struct ioapic, dev);

	return pin < PINS && !(io->s.rte[pin] & RTE_MASKED);
}

void ioapic_watch(struct device *dev, const struct mask_watch *watch)
{
	container_of(dev, struct ioapic, dev)->watch = *watch;
}
