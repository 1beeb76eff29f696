/*
 * pit8254.c: the interval timer and port 61h, 8254 data sheet.
 *
 * Nothing counts: a channel is the tick at which its count was loaded, and
 * what it reads and puts out follows from the tick it is now. Channel 0's
 * rising edges go to the line as a short low pulse (the low half of mode 3 is
 * not shown, so that a request stands until it is taken). The timer is armed
 * only while somebody listens; an edge that came meanwhile is on the line
 * before anyone can look, once, however many there were.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

#define PIT_HZ	   1193182
#define NEVER	   UINT64_MAX
#define REFRESH_NS 15085 /* between two toggles of port 61h bit 4 */

enum { CONTROL = 3, PORT61 = 4 }; /* registers 0..2: the channels */

enum { RW_LATCH, RW_LOW, RW_HIGH, RW_BOTH };

#define READ_BACK	 3    /* in place of a channel */
#define READ_BACK_COUNT	 0x20 /* both low active */
#define READ_BACK_STATUS 0x10
#define STATUS_OUT	 0x80
#define STATUS_NULL	 0x40
#define PORT61_GATE	 0x01
#define PORT61_KEPT	 0x0f
#define PORT61_REFRESH	 0x10
#define PORT61_OUT2	 0x20

CHIP_STATE_BEGIN
struct pit_channel {
	uint64_t start; /* the tick at which `count` was loaded */
	uint64_t held;	/* ticks counted when the gate closed */
	uint32_t count; /* in effect: 1..65536, 10000 in BCD */
	uint32_t next;	/* takes its place; 0: none */
	uint16_t latched;
	uint8_t latched_bytes; /* of it, still to be read */
	uint8_t latched_status;
	bool status_latched;
	uint8_t mode, rw, low; /* low: the byte written first */
	bool bcd, high_written_next, high_read_next;
	bool loaded;  /* a count was written since the control word */
	bool running; /* and counting began */
	bool gate, paused;
	uint8_t unused;
};

struct pit_state {
	struct pit_channel ch[3];
	uint64_t seen; /* channel 0's edges up to this tick were told */
	uint8_t port61;
	uint8_t unused[7];
};
CHIP_STATE_END

struct pit {
	struct device dev;
	struct pit_state s;
	struct clock *clock;
	struct timer timer;
	bool (*listening)(void *ctx);
	void *ctx;
};

static uint64_t tick_now(const struct pit *p)
{
	return clock_ticks(clock_now(p->clock), PIT_HZ);
}

/* ---- What a channel does at tick t ---- */

static uint32_t modulus(const struct pit_channel *c)
{
	return c->bcd ? 10000 : 65536;
}

static bool periodic(const struct pit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

static uint64_t elapsed(const struct pit_channel *c, uint64_t t)
{
	if (c->paused)
		return c->held;
	return t > c->start ? t - c->start : 0;
}

/* Let a new count take over at the end of the period it was written in. */
static void settle(struct pit_channel *c, uint64_t t)
{
	if (!periodic(c) || !c->running || c->paused)
		return;
	if (c->next && t >= c->start + c->count) {
		c->start += c->count;
		c->count = c->next;
		c->next = 0;
	}
	c->start += elapsed(c, t) / c->count * c->count;
}

static bool out(const struct pit_channel *c, uint64_t t)
{
	uint64_t d = elapsed(c, t);

	if (!c->running)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return d >= c->count;
	case 2: /* a count of 1 is not allowed, and puts out nothing */
		return c->paused || c->count == 1 ||
		       d % c->count != c->count - 1;
	case 3:
		return c->paused || d % c->count < (c->count + 1) / 2;
	}
	return d != c->count; /* 4, 5: one tick low */
}

/* The first tick after t at which OUT rises. */
static uint64_t rise_after(const struct pit_channel *c, uint64_t t)
{
	uint64_t rise = c->start + c->count;

	if (!c->running || c->paused || (periodic(c) && c->count == 1))
		return NEVER;
	if (c->mode > 3)
		rise++;
	if (t < rise)
		return rise;
	if (!periodic(c))
		return NEVER;
	return c->start + ((t - c->start) / c->count + 1) * c->count;
}

static uint16_t to_bcd(unsigned val)
{
	return val / 1000 % 10 << 12 | val / 100 % 10 << 8 |
	       val / 10 % 10 << 4 | val % 10;
}

/* The counting element: by ones, in mode 3 by twos, twice a period. */
static uint16_t value(const struct pit_channel *c, uint64_t t)
{
	uint64_t d = elapsed(c, t);
	uint32_t m = modulus(c), val, half = (c->count + 1) / 2;

	if (!c->count)
		return 0;
	switch (c->mode) {
	case 2:
		val = c->count - d % c->count;
		break;
	case 3:
		val = d % c->count;
		val = (c->count & ~1u) - 2 * (val < half ? val : val - half);
		break;
	default:
		val = c->count + m - d % m;
		break;
	}
	return c->bcd ? to_bcd(val % m) : val % m;
}

/* ---- Programming a channel ---- */

static void load(struct pit_channel *c, uint32_t count, uint64_t t)
{
	c->count = count;
	c->next = 0;
	c->start = t + 1; /* by the clock pulse after the write */
	c->held = 0;
	c->running = true;
	c->paused = !c->gate && c->mode != 1 && c->mode != 5;
}

static uint32_t count_of(const struct pit_channel *c, uint16_t raw)
{
	uint32_t val = raw;

	if (c->bcd)
		val = ((raw >> 12) * 1000 + (raw >> 8 & 15) * 100 +
		       (raw >> 4 & 15) * 10 + (raw & 15)) %
		      10000;
	return val ? val : modulus(c);
}

static void write_count(struct pit_channel *c, uint16_t raw, uint64_t t)
{
	uint32_t count = count_of(c, raw);
	bool triggered = c->mode == 1 || c->mode == 5;

	c->loaded = true;
	if (triggered || (periodic(c) && c->running))
		c->next = count; /* at the trigger, or after the period */
	else
		load(c, count, t);
}

static void write_channel(struct pit_channel *c, uint8_t val, uint64_t t)
{
	switch (c->rw) {
	case RW_LOW:
		write_count(c, val, t);
		return;
	case RW_HIGH:
		write_count(c, val << 8, t);
		return;
	}
	if (c->high_written_next) {
		write_count(c, val << 8 | c->low, t);
	} else {
		c->low = val;
		if (c->mode == 0) /* stops until the other half comes */
			c->running = false;
	}
	c->high_written_next = !c->high_written_next;
}

static void latch_count(struct pit_channel *c, uint64_t t)
{
	if (c->latched_bytes)
		return; /* until it was read, the first one stays */
	c->latched = value(c, t);
	c->latched_bytes = c->rw == RW_BOTH ? 2 : 1;
	if (c->rw == RW_BOTH)
		c->high_read_next = false;
}

static void latch_status(struct pit_channel *c, uint64_t t)
{
	bool null = !c->loaded || c->next || (c->running && t < c->start);

	if (c->status_latched)
		return;
	c->status_latched = true;
	c->latched_status = (out(c, t) ? STATUS_OUT : 0) |
			    (null ? STATUS_NULL : 0) | c->rw << 4 |
			    c->mode << 1 | c->bcd;
}

static uint8_t read_channel(struct pit_channel *c, uint64_t t)
{
	uint16_t val;
	bool high = c->rw == RW_HIGH;

	if (c->status_latched) {
		c->status_latched = false;
		return c->latched_status;
	}
	val = c->latched_bytes ? c->latched : value(c, t);
	if (c->latched_bytes)
		c->latched_bytes--;
	if (c->rw == RW_BOTH) {
		high = c->high_read_next;
		c->high_read_next = !high;
	}
	return high ? val >> 8 : val;
}

static void write_mode(struct pit_channel *c, uint8_t val)
{
	bool gate = c->gate;
	uint8_t mode = val >> 1 & 7;

	memset(c, 0, sizeof(*c));
	c->gate = gate;
	c->rw = val >> 4 & 3;
	c->mode = mode > 5 ? mode - 4 : mode;
	c->bcd = val & 1;
}

static void read_back(struct pit *p, uint8_t val, uint64_t t)
{
	for (unsigned i = 0; i < 3; i++) {
		if (!(val & 2u << i))
			continue;
		if (!(val & READ_BACK_COUNT))
			latch_count(&p->s.ch[i], t);
		if (!(val & READ_BACK_STATUS))
			latch_status(&p->s.ch[i], t);
	}
}

static void write_control(struct pit *p, uint8_t val, uint64_t t)
{
	unsigned which = val >> 6;

	if (which == READ_BACK)
		read_back(p, val, t);
	else if ((val >> 4 & 3) == RW_LATCH)
		latch_count(&p->s.ch[which], t);
	else
		write_mode(&p->s.ch[which], val);
}

/* A rising gate triggers or restarts; a low one stops all but 1 and 5. */
static void set_gate(struct pit_channel *c, bool gate, uint64_t t)
{
	bool rises = gate && !c->gate;

	c->gate = gate;
	if (c->mode == 1 || c->mode == 5) {
		if (rises && c->loaded)
			load(c, c->next ? c->next : c->count, t);
	} else if (!c->running || gate != c->paused) {
		return;
	} else if (!gate) {
		c->held = elapsed(c, t);
		c->paused = true;
	} else if (periodic(c)) {
		load(c, c->next ? c->next : c->count, t);
	} else {
		c->start = t - c->held;
		c->paused = false;
	}
}

/* ---- Channel 0's line ---- */

static void pulse(struct pit *p)
{
	irq_set(&p->dev.irq, false);
	irq_set(&p->dev.irq, true);
}

void pit_sync(struct device *dev)
{
	struct pit *p = container_of(dev, struct pit, dev);
	uint64_t t = tick_now(p);
	bool due = rise_after(&p->s.ch[0], p->s.seen) <= t;

	for (unsigned i = 0; i < 3; i++)
		settle(&p->s.ch[i], t);
	p->s.seen = t;
	if (due)
		pulse(p);
}

void pit_listen(struct device *dev)
{
	struct pit *p = container_of(dev, struct pit, dev);
	uint64_t rise = rise_after(&p->s.ch[0], p->s.seen);

	if (rise == NEVER || !p->listening(p->ctx))
		clock_set(p->clock, &p->timer, CLOCK_NEVER);
	else
		clock_set(p->clock, &p->timer, clock_ticks_ns(rise, PIT_HZ));
}

static void pit_fired(void *ctx)
{
	struct pit *p = ctx;

	pit_sync(&p->dev);
	pit_listen(&p->dev);
}

/* ---- Registers ---- */

static uint8_t read_port61(const struct pit *p, uint64_t t)
{
	uint8_t val = p->s.port61;

	if (clock_now(p->clock) / REFRESH_NS & 1)
		val |= PORT61_REFRESH;
	if (out(&p->s.ch[2], t))
		val |= PORT61_OUT2;
	return val;
}

static uint64_t pit_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct pit *p = container_of(dev, struct pit, dev);
	uint64_t t = tick_now(p);

	pit_sync(dev);
	if (reg < CONTROL)
		return read_channel(&p->s.ch[reg], t);
	return reg == PORT61 ? read_port61(p, t) : ~UINT64_C(0);
}

static void pit_write(struct device *dev, uint64_t reg, unsigned size,
		      uint64_t val)
{
	struct pit *p = container_of(dev, struct pit, dev);
	uint64_t t = tick_now(p);
	bool was;

	pit_sync(dev);
	was = out(&p->s.ch[0], t);
	if (reg < CONTROL) {
		write_channel(&p->s.ch[reg], val, t);
	} else if (reg == CONTROL) {
		write_control(p, val, t);
	} else if (reg == PORT61) {
		p->s.port61 = val & PORT61_KEPT;
		set_gate(&p->s.ch[2], val & PORT61_GATE, t);
	}
	if (out(&p->s.ch[0], t) && !was)
		pulse(p);
	else if (!out(&p->s.ch[0], t) && was)
		irq_set(&p->dev.irq, false);
	pit_listen(dev);
}

static void pit_reset(struct device *dev)
{
	struct pit *p = container_of(dev, struct pit, dev);

	memset(&p->s, 0, sizeof(p->s));
	p->s.ch[0].gate = p->s.ch[1].gate = true;
	for (unsigned i = 0; i < 3; i++)
		p->s.ch[i].rw = RW_BOTH;
	irq_set(&p->dev.irq, false);
	pit_listen(dev);
}

static void pit_restored(struct device *dev)
{
	pit_listen(dev);
}

static void pit_destroy(struct device *dev)
{
	struct pit *p = container_of(dev, struct pit, dev);

	clock_set(p->clock, &p->timer, CLOCK_NEVER);
	chip_free(dev);
}

#define CH(i, member, max) STATE_MAX(struct pit_state, ch[i].member, max)
#define CHANNEL_FIELDS(i)                                                      \
	CH(i, count, 65536), CH(i, next, 65536), CH(i, latched_bytes, 2),      \
		CH(i, status_latched, 1), CH(i, mode, 5), CH(i, rw, 3),        \
		CH(i, bcd, 1), CH(i, high_written_next, 1),                    \
		CH(i, high_read_next, 1), CH(i, loaded, 1), CH(i, running, 1), \
		CH(i, gate, 1), CH(i, paused, 1)

static const struct state_field pit_fields[] = {
	CHANNEL_FIELDS(0), CHANNEL_FIELDS(1),
	CHANNEL_FIELDS(2), STATE_BITS(struct pit_state, port61, PORT61_KEPT),
	STATE_END,
};

/* A count divides while it runs, and began by the tick after this one. */
static bool pit_state_ok(const struct device *dev, const void *state,
			 uint64_t now_ns)
{
	uint64_t t = clock_ticks(now_ns, PIT_HZ);
	const struct pit_state *s = state;

	for (unsigned i = 0; i < 3; i++) {
		const struct pit_channel *c = &s->ch[i];

		if ((c->running && !c->count) || c->rw == RW_LATCH ||
		    c->start > t + 1 || c->held > t)
			return false;
	}
	return s->seen <= t;
}

static const struct device_ops pit_ops = {
	.name = "pit8254",
	.width = 1,
	.read = pit_read,
	.write = pit_write,
	.reset = pit_reset,
	.restored = pit_restored,
	.destroy = pit_destroy,
	DEVICE_STATE(struct pit, s, 1),
	.fields = pit_fields,
	.state_ok = pit_state_ok,
};

struct device *pit_create(struct clock *clock, bool (*listening)(void *ctx),
			  void *ctx)
{
	struct pit *p = chip_alloc(sizeof(*p), &pit_ops);

	if (!p)
		return NULL;
	p->clock = clock;
	p->listening = listening;
	p->ctx = ctx;
	timer_init(&p->timer, clock, pit_fired, p);
	pit_reset(&p->dev);
	return &p->dev;
}
