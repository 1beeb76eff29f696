/*
 * hpet.c: the high precision event timer, IA-PC HPET specification 1.0a: a
 * counter of 10 ns and three comparators, the first of which can be periodic.
 *
 * A comparator's interrupt is a message, written as a PCI device's would be,
 * or one of the I/O APIC's pins 20 to 23; it does not replace the PIT's and
 * the RTC's. The counter is worked out when it is read, and a timer is armed
 * only for a comparator whose interrupt is on and will come: one that has been
 * passed comes no more, so that an idle guest is seen to be idle.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum {
	CAPABILITIES = 0x00,
	CONFIG = 0x10,
	STATUS = 0x20,
	COUNTER = 0xf0,
	TIMERS = 0x100,
	TIMER_BYTES = 0x20,
};

enum { TIMER_CONFIG = 0x00, TIMER_COMPARATOR = 0x08, TIMER_MESSAGE = 0x10 };

#define COUNT		   3
#define HZ		   100000000u
#define PERIOD_FS	   UINT64_C(10000000)
#define TICKS_MAX	   (UINT64_MAX / 32) /* in ns they still fit */

/* Revision 1, three timers of 64 bits, Intel's. */
#define CAPABILITIES_VALUE (PERIOD_FS << 32 | 0x80862000 | (COUNT - 1) << 8 | 1)
#define CONFIG_ENABLE	   1u

#define T_LEVEL		   0x0002u
#define T_ENABLE	   0x0004u
#define T_PERIODIC	   0x0008u
#define T_CAN_PERIOD	   0x0010u
#define T_64_BITS	   0x0020u
#define T_SET_VALUE	   0x0040u
#define T_32_MODE	   0x0100u
#define T_ROUTE(config)	   ((config) >> 9 & 31)
#define T_MESSAGE	   0x4000u
#define T_CAN_MESSAGE	   0x8000u
#define T_WRITABLE	   0x7f4eu
#define ROUTES		   UINT64_C(0x00f00000)
#define T_FIXED		   (ROUTES << 32 | T_CAN_MESSAGE | T_64_BITS)

#define MESSAGE_BASE	   0xfee00000u
#define MESSAGE_MASK	   0xfff00000u

CHIP_STATE_BEGIN
struct hpet_state {
	uint64_t config;
	uint64_t status;
	/* While it counts: what to add to the clock's ticks; else its value. */
	uint64_t counter;
	uint64_t seen; /* its value up to which matches were looked for */
	struct hpet_timer {
		uint64_t config;
		uint64_t comparator;
		uint64_t period;  /* as last written */
		uint64_t message; /* its address in the upper half */
	} timer[COUNT];
};
CHIP_STATE_END

struct hpet {
	struct device dev;
	struct hpet_state s;
	struct clock *clock;
	struct timer timer;
	struct interrupt_bus bus;
};

/* ---- Time ---- */

static bool counts(const struct hpet *h)
{
	return h->s.config & CONFIG_ENABLE;
}

static uint64_t ticks(const struct hpet *h)
{
	return clock_ticks(clock_now(h->clock), HZ);
}

static uint64_t counter(const struct hpet *h)
{
	return counts(h) ? ticks(h) + h->s.counter : h->s.counter;
}

/* How far beyond `seen` a comparator's match is; 0: there is none. */
static uint64_t distance(const struct hpet *h, const struct hpet_timer *t)
{
	uint64_t far;

	if (!counts(h) || !(t->config & T_ENABLE))
		return 0;
	if (t->config & T_32_MODE) {
		far = (uint32_t)(t->comparator - h->s.seen);
		return far ? far : UINT64_C(1) << 32;
	}
	return t->comparator > h->s.seen ? t->comparator - h->s.seen : 0;
}

/* When that is, in ns; CLOCK_NEVER. */
static uint64_t match_ns(const struct hpet *h, const struct hpet_timer *t)
{
	uint64_t far = distance(h, t), from = h->s.seen - h->s.counter;

	if (far == 0 || far > TICKS_MAX || from > TICKS_MAX - far)
		return CLOCK_NEVER;
	return clock_ticks_ns(from + far, HZ);
}

static void arm(struct hpet *h)
{
	uint64_t first = CLOCK_NEVER;

	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t at = match_ns(h, &h->s.timer[i]);

		first = at < first ? at : first;
	}
	clock_set(h->clock, &h->timer, first);
}

/* ---- Interrupts ---- */

static void send(const struct hpet *h, const struct hpet_timer *t)
{
	uint32_t address = t->message >> 32, data = t->message;
	struct interrupt_message msg = {
		.dest = address >> 12 & 0xff,
		.logical = address >> 2 & 1,
		.level = data >> 15 & 1,
		.mode = data >> 8 & 7,
		.vector = data,
		.from = -1,
	};

	/* Elsewhere it would be a write to memory, or to nothing. */
	if ((address & MESSAGE_MASK) == MESSAGE_BASE)
		h->bus.deliver(h->bus.ctx, &msg);
}

static void drive(const struct hpet *h, const struct hpet_timer *t, bool level)
{
	unsigned pin = T_ROUTE(t->config);

	if (h->dev.irq.set && ROUTES >> pin & 1)
		h->dev.irq.set(h->dev.irq.ctx, pin, level);
}

static void raise_interrupt(struct hpet *h, unsigned i)
{
	const struct hpet_timer *t = &h->s.timer[i];

	if (t->config & T_LEVEL)
		h->s.status |= 1u << i;
	if (t->config & T_MESSAGE) {
		send(h, t);
		return;
	}
	drive(h, t, true);
	if (!(t->config & T_LEVEL))
		drive(h, t, false);
}

/* A pin is high while a level that is on goes there. */
static void show_level(const struct hpet *h, unsigned i)
{
	const struct hpet_timer *t = &h->s.timer[i];

	if ((t->config & (T_LEVEL | T_ENABLE | T_MESSAGE)) ==
	    (T_LEVEL | T_ENABLE))
		drive(h, t, h->s.status >> i & 1);
}

/* The next period that ends after now: one interrupt, however many passed. */
static void next_period(struct hpet_timer *t, uint64_t now)
{
	uint64_t mask = t->config & T_32_MODE ? UINT32_MAX : UINT64_MAX;
	uint64_t late = (now - t->comparator) & mask;

	if (!(t->config & T_PERIODIC) || t->period == 0)
		return;
	t->comparator += (late / t->period + 1) * t->period;
	t->comparator &= mask;
}

/* What was due since anybody looked. */
static void settle(struct hpet *h)
{
	uint64_t now = counter(h);

	for (unsigned i = 0; i < COUNT; i++) {
		struct hpet_timer *t = &h->s.timer[i];
		uint64_t far = distance(h, t);

		if (far == 0 || far > now - h->s.seen)
			continue;
		raise_interrupt(h, i);
		next_period(t, now);
	}
	h->s.seen = now;
}

static void fired(void *ctx)
{
	struct hpet *h = ctx;

	settle(h);
	arm(h);
}

/* ---- Registers: 64 bits, or either half ---- */

static uint64_t *timer_register(struct hpet *h, uint64_t reg)
{
	struct hpet_timer *t = &h->s.timer[(reg - TIMERS) / TIMER_BYTES];

	switch (reg % TIMER_BYTES) {
	case TIMER_CONFIG:
		return &t->config;
	case TIMER_COMPARATOR:
		return &t->comparator;
	case TIMER_MESSAGE:
		return &t->message;
	default:
		return NULL;
	}
}

static bool is_timer(uint64_t reg)
{
	return reg >= TIMERS && reg < TIMERS + COUNT * TIMER_BYTES;
}

/* The first can be periodic, and so says its configuration. */
static uint64_t fixed_bits(uint64_t reg)
{
	return T_FIXED | (reg == TIMERS ? T_CAN_PERIOD : 0);
}

static uint64_t read_register(struct hpet *h, uint64_t reg)
{
	const uint64_t *value;

	switch (reg) {
	case CAPABILITIES:
		return CAPABILITIES_VALUE;
	case CONFIG:
		return h->s.config;
	case STATUS:
		return h->s.status;
	case COUNTER:
		return counter(h);
	}
	value = is_timer(reg) ? timer_register(h, reg) : NULL;
	if (!value)
		return 0; /* reserved */
	return is_timer(reg) && reg % TIMER_BYTES == TIMER_CONFIG
		       ? *value | fixed_bits(reg)
		       : *value;
}

static void write_config(struct hpet *h, uint64_t val)
{
	uint64_t now = counter(h);

	h->s.config = val & CONFIG_ENABLE;
	h->s.counter = counts(h) ? now - ticks(h) : now;
	h->s.seen = now;
}

static void write_timer_config(struct hpet *h, unsigned i, uint64_t val)
{
	struct hpet_timer *t = &h->s.timer[i];

	drive(h, t, false);
	t->config = val &
		    (i ? T_WRITABLE & ~(T_PERIODIC | T_SET_VALUE) : T_WRITABLE);
	if (!(t->config & T_LEVEL))
		h->s.status &= ~(UINT64_C(1) << i);
	show_level(h, i);
}

/* Of a periodic one it is the period, but where SET_VALUE says otherwise. */
static void write_comparator(struct hpet_timer *t, uint64_t val)
{
	if (t->config & T_32_MODE)
		val = (uint32_t)val;
	if (!(t->config & T_PERIODIC) || t->config & T_SET_VALUE)
		t->comparator = val;
	if (t->config & T_PERIODIC && !(t->config & T_SET_VALUE))
		t->period = val;
	t->config &= ~(uint64_t)T_SET_VALUE;
}

static void write_timer(struct hpet *h, uint64_t reg, uint64_t val)
{
	unsigned i = (reg - TIMERS) / TIMER_BYTES;

	switch (reg % TIMER_BYTES) {
	case TIMER_CONFIG:
		write_timer_config(h, i, val);
		break;
	case TIMER_COMPARATOR:
		write_comparator(&h->s.timer[i], val);
		break;
	case TIMER_MESSAGE:
		h->s.timer[i].message = val;
		break;
	}
}

static void write_register(struct hpet *h, uint64_t reg, uint64_t val)
{
	switch (reg) {
	case CONFIG:
		write_config(h, val);
		break;
	case STATUS:
		h->s.status &= ~val;
		for (unsigned i = 0; i < COUNT; i++)
			show_level(h, i);
		break;
	case COUNTER:
		/* While it counts that is undefined: nothing, here. */
		if (!counts(h))
			h->s.counter = h->s.seen = val;
		break;
	default:
		if (is_timer(reg))
			write_timer(h, reg, val);
	}
}

static uint64_t hpet_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct hpet *h = container_of(dev, struct hpet, dev);

	settle(h);
	arm(h);
	return read_register(h, reg & ~UINT64_C(7)) >> 8 * (reg & 7);
}

static void hpet_write(struct device *dev, uint64_t reg, unsigned size,
		       uint64_t val)
{
	struct hpet *h = container_of(dev, struct hpet, dev);
	unsigned shift = 8 * (reg & 7);
	uint64_t mask = (size < 8 ? (UINT64_C(1) << 8 * size) - 1 : UINT64_MAX)
			<< shift;

	reg &= ~UINT64_C(7);
	settle(h);
	val = val << shift & mask;
	/* Ones clear: what is not written must not. */
	if (reg != STATUS)
		val |= read_register(h, reg) & ~mask;
	write_register(h, reg, val);
	arm(h);
}

/* ---- A chip like the others ---- */

static void hpet_reset(struct device *dev)
{
	struct hpet *h = container_of(dev, struct hpet, dev);

	for (unsigned i = 0; i < COUNT; i++)
		drive(h, &h->s.timer[i], false);
	h->s = (struct hpet_state){0};
	for (unsigned i = 0; i < COUNT; i++)
		h->s.timer[i].comparator = UINT64_MAX;
	arm(h);
}

static void hpet_restored(struct device *dev)
{
	struct hpet *h = container_of(dev, struct hpet, dev);

	for (unsigned i = 0; i < COUNT; i++)
		show_level(h, i);
	arm(h);
}

static void hpet_destroy(struct device *dev)
{
	struct hpet *h = container_of(dev, struct hpet, dev);

	clock_set(h->clock, &h->timer, CLOCK_NEVER);
	chip_free(dev);
}

static const struct state_field fields[] = {
	STATE_BITS(struct hpet_state, config, CONFIG_ENABLE),
	STATE_MAX(struct hpet_state, status, (1 << COUNT) - 1),
	STATE_BITS(struct hpet_state, timer[0].config, T_WRITABLE),
	STATE_BITS(struct hpet_state, timer[1].config, T_WRITABLE),
	STATE_BITS(struct hpet_state, timer[2].config, T_WRITABLE),
	STATE_END,
};

static const struct device_ops hpet_ops = {
	.name = "hpet",
	.width = 8,
	.read = hpet_read,
	.write = hpet_write,
	.reset = hpet_reset,
	.restored = hpet_restored,
	.destroy = hpet_destroy,
	DEVICE_STATE(struct hpet, s, 1),
	.fields = fields,
};

struct device *hpet_create(struct clock *clock, const struct interrupt_bus *bus)
{
	struct hpet *h = chip_alloc(sizeof(*h), &hpet_ops);

	if (!h)
		return NULL;
	h->clock = clock;
	h->bus = *bus;
	timer_init(&h->timer, clock, fired, h);
	hpet_reset(&h->dev);
	return &h->dev;
}
