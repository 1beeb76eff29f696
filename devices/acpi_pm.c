/*
 * acpi_pm.c: ACPI's fixed events and its timer (ACPI 6.4, sections 4.8.3.1 and
 * 4.8.3.3): PM1 status and enable, and 32 bits that count at 3.579545 MHz.
 *
 * The one event there is comes each time the timer's upper bit changes: there
 * is no button to press, and the RTC does not wake. It is worked out from the
 * time when somebody looks, and a timer is armed only while the event is
 * enabled, so that an idle guest is seen to be idle.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

#define STATUS	      0 /* 16 bits; writing ones clears */
#define ENABLE	      2
#define TIMER	      8

#define TIMER_EVENT   0x0001u
#define ENABLE_BITS   0x0721u /* timer, global, two buttons, RTC */
#define HZ	      3579545u
#define CHANGES_SHIFT 31

CHIP_STATE_BEGIN
struct pm_state {
	uint64_t seen; /* changes of the upper bit whose event was cleared */
	uint64_t enable;
};
CHIP_STATE_END

struct pm {
	struct device dev;
	struct pm_state s;
	struct clock *clock;
	struct timer timer;
};

static uint64_t ticks(const struct pm *p)
{
	return clock_ticks(clock_now(p->clock), HZ);
}

static uint16_t status(const struct pm *p)
{
	return ticks(p) >> CHANGES_SHIFT != p->s.seen ? TIMER_EVENT : 0;
}

static void update(struct pm *p)
{
	uint64_t next = ((ticks(p) >> CHANGES_SHIFT) + 1) << CHANGES_SHIFT;
	bool waits = p->s.enable & TIMER_EVENT && !status(p);

	clock_set(p->clock, &p->timer,
		  waits ? clock_ticks_ns(next, HZ) : CLOCK_NEVER);
	irq_set(&p->dev.irq, (status(p) & p->s.enable) != 0);
}

static void fired(void *ctx)
{
	update(ctx);
}

static uint64_t pm_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct pm *p = container_of(dev, struct pm, dev);
	uint32_t events = status(p) | (uint32_t)p->s.enable << 16;

	return (reg < TIMER ? events : (uint32_t)ticks(p)) >> reg % 4 * 8;
}

static void write_byte(struct pm *p, uint64_t reg, uint8_t byte)
{
	unsigned shift = reg % 2 * 8;

	if (reg < ENABLE && (unsigned)byte << shift & TIMER_EVENT)
		p->s.seen = ticks(p) >> CHANGES_SHIFT;
	if (reg >= ENABLE && reg < TIMER) {
		p->s.enable &= ~(0xffu << shift);
		p->s.enable |= (unsigned)byte << shift & ENABLE_BITS;
	}
}

static void pm_write(struct device *dev, uint64_t reg, unsigned size,
		     uint64_t val)
{
	struct pm *p = container_of(dev, struct pm, dev);

	for (unsigned i = 0; i < size; i++)
		write_byte(p, reg + i, val >> i * 8);
	update(p);
}

static void pm_reset(struct device *dev)
{
	struct pm *p = container_of(dev, struct pm, dev);

	memset(&p->s, 0, sizeof(p->s));
	p->s.seen = ticks(p) >> CHANGES_SHIFT;
	update(p);
}

static void pm_restored(struct device *dev)
{
	update(container_of(dev, struct pm, dev));
}

static void pm_destroy(struct device *dev)
{
	struct pm *p = container_of(dev, struct pm, dev);

	clock_set(p->clock, &p->timer, CLOCK_NEVER);
	chip_free(dev);
}

static const struct state_field pm_fields[] = {
	STATE_BITS(struct pm_state, enable, ENABLE_BITS),
	STATE_END,
};

static const struct device_ops pm_ops = {
	.name = "pm",
	.width = 4,
	.read = pm_read,
	.write = pm_write,
	.reset = pm_reset,
	.restored = pm_restored,
	.destroy = pm_destroy,
	DEVICE_STATE(struct pm, s, 1),
	.fields = pm_fields,
};

struct device *pm_create(struct clock *clock)
{
	struct pm *p = chip_alloc(sizeof(*p), &pm_ops);

	if (!p)
		return NULL;
	p->clock = clock;
	timer_init(&p->timer, clock, fired, p);
	pm_reset(&p->dev);
	return &p->dev;
}
