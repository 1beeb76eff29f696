/*
 * rtc.c: the real-time clock and its CMOS memory, MC146818 data sheet.
 *
 * Seconds change with those of the guest's clock. The time registers are
 * worked out when they are read, and a write moves the offset between the
 * two; while register B's SET bit is on they stand still in memory. Nothing
 * ticks either: what became due is gathered when anyone looks, and a timer
 * is armed only for an interrupt that is enabled and not up already.
 */
#include "devices/devices.h"

#include <string.h>
#include <time.h>

#include "devices/chip.h"

enum { INDEX, DATA }; /* 70h, 71h */

enum {
	SECONDS = 0x00,
	SECONDS_ALARM = 0x01,
	MINUTES = 0x02,
	MINUTES_ALARM = 0x03,
	HOURS = 0x04,
	HOURS_ALARM = 0x05,
	WEEKDAY = 0x06,
	DAY = 0x07,
	MONTH = 0x08,
	YEAR = 0x09,
	REG_A = 0x0a,
	REG_B = 0x0b,
	REG_C = 0x0c,
	REG_D = 0x0d,
	EQUIPMENT = 0x14,
	BASE_KIB = 0x15,
	EXT_KIB = 0x17, /* above 1 MiB */
	SUM_FIRST = 0x10,
	SUM_LAST = 0x2d,
	SUM = 0x2e,
	EXT_KIB_FOUND = 0x30, /* the same, as the BIOS counted it */
	CENTURY = 0x32,
	HIGH_64K = 0x34, /* above 16 MiB */
	ABOVE_4G = 0x5b, /* in 64 KiB, three bytes */
	CMOS_SIZE = 0x80,
};

#define A_UIP	       0x80
#define A_RATE	       0x0f
#define A_DEFAULT      0x26 /* 32768 Hz, 1024 interrupts a second */

#define B_SET	       0x80
#define B_IRQS	       0x70
#define B_UPDATE       0x10
#define B_BINARY       0x04
#define B_24H	       0x02

#define C_IRQ	       0x80
#define C_PERIODIC     0x40
#define C_ALARM	       0x20
#define C_UPDATE       0x10

#define D_VALID	       0x80

#define HOUR_PM	       0x80
#define ALARM_ANY      0xc0 /* and above */
#define EQUIPMENT_FPU  0x02
#define BASE_MEMORY    640
#define DIVIDER_HZ     32768
#define NS_PER_S       UINT64_C(1000000000)
#define UPDATE_LEAD_NS 244000 /* UIP comes that long before an update */
#define DAY_S	       86400

CHIP_STATE_BEGIN
struct rtc_state {
	int64_t offset_s; /* the RTC's time less the clock's seconds */
	uint64_t seen_ns; /* flags are gathered up to here */
	uint8_t index;
	uint8_t flags; /* of register C, without IRQF */
	uint8_t unused[6];
	uint8_t cmos[CMOS_SIZE];
};
CHIP_STATE_END

struct rtc {
	struct device dev;
	struct rtc_state s;
	struct clock *clock;
	struct timer timer;
	int64_t epoch;
	uint64_t ram_bytes;
};

/* ---- The time registers ---- */

static int64_t seconds_at(const struct rtc *r, uint64_t ns)
{
	return r->s.offset_s + (int64_t)(ns / NS_PER_S);
}

static uint8_t encode(const struct rtc *r, unsigned val)
{
	if (r->s.cmos[REG_B] & B_BINARY)
		return val;
	return val / 10 % 10 << 4 | val % 10;
}

static unsigned decode(const struct rtc *r, uint8_t val)
{
	if (r->s.cmos[REG_B] & B_BINARY)
		return val;
	return (val >> 4) * 10 + (val & 0xf);
}

static uint8_t encode_hour(const struct rtc *r, unsigned hour)
{
	if (r->s.cmos[REG_B] & B_24H)
		return encode(r, hour);
	return encode(r, hour % 12 ? hour % 12 : 12) |
	       (hour >= 12 ? HOUR_PM : 0);
}

static unsigned decode_hour(const struct rtc *r, uint8_t val)
{
	if (r->s.cmos[REG_B] & B_24H)
		return decode(r, val);
	return decode(r, val & ~HOUR_PM) % 12 + (val & HOUR_PM ? 12 : 0);
}

static bool stopped(const struct rtc *r)
{
	return r->s.cmos[REG_B] & B_SET;
}

/* Put the time into the registers, as they read now. */
static void show_time(struct rtc *r)
{
	time_t now = seconds_at(r, clock_now(r->clock));
	uint8_t *cmos = r->s.cmos;
	struct tm tm;

	if (stopped(r) || !gmtime_r(&now, &tm))
		return;
	cmos[SECONDS] = encode(r, tm.tm_sec);
	cmos[MINUTES] = encode(r, tm.tm_min);
	cmos[HOURS] = encode_hour(r, tm.tm_hour);
	cmos[WEEKDAY] = encode(r, tm.tm_wday + 1);
	cmos[DAY] = encode(r, tm.tm_mday);
	cmos[MONTH] = encode(r, tm.tm_mon + 1);
	cmos[YEAR] = encode(r, (tm.tm_year + 1900) % 100);
	cmos[CENTURY] = encode(r, (tm.tm_year + 1900) / 100);
}

/* Take the time from the registers; what is no date is carried over. */
static void take_time(struct rtc *r)
{
	const uint8_t *cmos = r->s.cmos;
	struct tm tm = {
		.tm_sec = decode(r, cmos[SECONDS]),
		.tm_min = decode(r, cmos[MINUTES]),
		.tm_hour = decode_hour(r, cmos[HOURS]),
		.tm_mday = decode(r, cmos[DAY]),
		.tm_mon = (int)decode(r, cmos[MONTH]) - 1,
		.tm_year = (int)(decode(r, cmos[CENTURY]) * 100 +
				 decode(r, cmos[YEAR])) -
			   1900,
	};

	r->s.offset_s = timegm(&tm) - (int64_t)(clock_now(r->clock) / NS_PER_S);
}

/* ---- What is due, and when ---- */

/* Ticks of the 32768 Hz divider between periodic interrupts; 0: none. */
static unsigned period(const struct rtc *r)
{
	unsigned rate = r->s.cmos[REG_A] & A_RATE;

	if (rate == 0)
		return 0;
	return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

static uint64_t periods_at(const struct rtc *r, uint64_t ns)
{
	return clock_ticks(ns, DIVIDER_HZ) / period(r);
}

static bool matches(const struct rtc *r, unsigned alarm, uint8_t now)
{
	uint8_t want = r->s.cmos[alarm];

	return want >= ALARM_ANY || want == now;
}

/* Is there a value below `count` that the alarm byte waits for? */
static bool can_match(const struct rtc *r, unsigned alarm, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (matches(r, alarm,
			    count == 24 ? encode_hour(r, i) : encode(r, i)))
			return true;
	return false;
}

/* The first second after `after` that the alarm is set for; -1: never. */
static int64_t next_alarm(const struct rtc *r, int64_t after)
{
	int64_t s = after + 1, ahead = 0;

	if (!can_match(r, SECONDS_ALARM, 60) ||
	    !can_match(r, MINUTES_ALARM, 60) || !can_match(r, HOURS_ALARM, 24))
		return -1;
	while (ahead <= DAY_S) {
		unsigned of_day = ((s + ahead) % DAY_S + DAY_S) % DAY_S;
		unsigned second = of_day % 60;

		if (!matches(r, HOURS_ALARM, encode_hour(r, of_day / 3600)))
			ahead += 3600 - of_day % 3600;
		else if (!matches(r, MINUTES_ALARM,
				  encode(r, of_day / 60 % 60)))
			ahead += 60 - second;
		else if (!matches(r, SECONDS_ALARM, encode(r, second)))
			ahead++;
		else
			return s + ahead;
	}
	return -1;
}

/* When the alarm next goes off after `ns`; updates are on whole seconds. */
static uint64_t alarm_after(const struct rtc *r, uint64_t ns)
{
	int64_t now = seconds_at(r, ns), at = next_alarm(r, now);
	uint64_t second = ns / NS_PER_S + (uint64_t)(at - now);

	if (stopped(r) || at <= now)
		return CLOCK_NEVER;
	return second < CLOCK_NEVER / NS_PER_S ? second * NS_PER_S
					       : CLOCK_NEVER;
}

static uint64_t update_after(const struct rtc *r, uint64_t ns)
{
	return stopped(r) ? CLOCK_NEVER : (ns / NS_PER_S + 1) * NS_PER_S;
}

static uint64_t period_after(const struct rtc *r, uint64_t ns)
{
	if (!period(r))
		return CLOCK_NEVER;
	return clock_ticks_ns((periods_at(r, ns) + 1) * period(r), DIVIDER_HZ);
}

static const struct {
	uint8_t flag; /* in register C; the enable in B is the same bit */
	uint64_t (*after)(const struct rtc *r, uint64_t ns);
} events[] = {
	{C_PERIODIC, period_after},
	{C_ALARM, alarm_after},
	{C_UPDATE, update_after},
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

/* Note what became due since we last looked. */
static void gather(struct rtc *r)
{
	uint64_t now = clock_now(r->clock);

	for (unsigned i = 0; i < EVENTS; i++)
		if (!(r->s.flags & events[i].flag) &&
		    events[i].after(r, r->s.seen_ns) <= now)
			r->s.flags |= events[i].flag;
	r->s.seen_ns = now;
}

static bool interrupting(const struct rtc *r)
{
	return r->s.flags & r->s.cmos[REG_B] & B_IRQS;
}

/* Drive the line; while it is up there is nothing to wait for. */
static void update(struct rtc *r)
{
	uint64_t soonest = CLOCK_NEVER;

	irq_set(&r->dev.irq, interrupting(r));
	for (unsigned i = 0; i < EVENTS && !interrupting(r); i++) {
		uint64_t at;

		if (!(r->s.cmos[REG_B] & events[i].flag))
			continue;
		at = events[i].after(r, r->s.seen_ns);
		soonest = at < soonest ? at : soonest;
	}
	clock_set(r->clock, &r->timer, soonest);
}

static void rtc_fired(void *ctx)
{
	gather(ctx);
	update(ctx);
}

/* ---- Registers ---- */

static uint8_t read_a(const struct rtc *r)
{
	uint64_t part = clock_now(r->clock) % NS_PER_S;
	bool uip = !stopped(r) && part >= NS_PER_S - UPDATE_LEAD_NS;

	return r->s.cmos[REG_A] | (uip ? A_UIP : 0);
}

static uint8_t read_c(struct rtc *r)
{
	uint8_t val;

	gather(r);
	val = r->s.flags | (interrupting(r) ? C_IRQ : 0);
	r->s.flags = 0;
	update(r);
	return val;
}

static void write_b(struct rtc *r, uint8_t val)
{
	bool was = stopped(r);

	show_time(r);
	if (val & B_SET)
		val &= ~B_UPDATE; /* as the chip does */
	r->s.cmos[REG_B] = val;
	if (was && !stopped(r))
		take_time(r);
}

static void write_cmos(struct rtc *r, uint8_t index, uint8_t val)
{
	gather(r);
	switch (index) {
	case REG_A:
		r->s.cmos[REG_A] = val & ~A_UIP;
		break;
	case REG_B:
		write_b(r, val);
		break;
	case REG_C:
	case REG_D:
		return;
	case SECONDS:
	case MINUTES:
	case HOURS:
	case DAY:
	case MONTH:
	case YEAR:
	case CENTURY:
		show_time(r);
		r->s.cmos[index] = val;
		if (!stopped(r))
			take_time(r);
		break;
	default:
		r->s.cmos[index] = val;
		break;
	}
	update(r);
}

static uint8_t read_cmos(struct rtc *r, uint8_t index)
{
	switch (index) {
	case REG_A:
		return read_a(r);
	case REG_C:
		return read_c(r);
	case SECONDS:
	case MINUTES:
	case HOURS:
	case WEEKDAY ... YEAR:
	case CENTURY:
		show_time(r);
		break;
	}
	return r->s.cmos[index];
}

static uint64_t rtc_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct rtc *r = container_of(dev, struct rtc, dev);

	return reg == DATA ? read_cmos(r, r->s.index) : ~UINT64_C(0);
}

/* Bit 7 of the index would mask the NMI. */
static void rtc_write(struct device *dev, uint64_t reg, unsigned size,
		      uint64_t val)
{
	struct rtc *r = container_of(dev, struct rtc, dev);

	if (reg == INDEX)
		r->s.index = val & (CMOS_SIZE - 1);
	else if (reg == DATA)
		write_cmos(r, r->s.index, val);
}

/* ---- What the BIOS wrote down ---- */

static uint64_t at_most(uint64_t val, uint64_t most)
{
	return val < most ? val : most;
}

static uint64_t beyond(uint64_t val, uint64_t start)
{
	return val > start ? val - start : 0;
}

static void put(uint8_t *cmos, unsigned bytes, uint64_t val)
{
	for (unsigned i = 0; i < bytes; i++)
		cmos[i] = val >> 8 * i;
}

static void put_memory(uint8_t *cmos, uint64_t ram)
{
	uint64_t low = at_most(ram, GUESTMEM_LOW_MAX);
	uint64_t ext = at_most(beyond(low, 1 << 20) >> 10, 0xffff);
	uint64_t high = at_most(beyond(low, 16 << 20) >> 16, 0xffff);
	uint64_t above = at_most(beyond(ram, GUESTMEM_LOW_MAX) >> 16, 0xffffff);

	put(&cmos[BASE_KIB], 2, BASE_MEMORY);
	put(&cmos[EXT_KIB], 2, ext);
	put(&cmos[EXT_KIB_FOUND], 2, ext);
	put(&cmos[HIGH_64K], 2, high);
	put(&cmos[ABOVE_4G], 3, above);
}

static void put_checksum(uint8_t *cmos)
{
	unsigned sum = 0;

	for (unsigned i = SUM_FIRST; i <= SUM_LAST; i++)
		sum += cmos[i];
	cmos[SUM] = sum >> 8;
	cmos[SUM + 1] = sum;
}

static void rtc_reset(struct device *dev)
{
	struct rtc *r = container_of(dev, struct rtc, dev);
	uint64_t now = clock_now(r->clock);

	memset(&r->s, 0, sizeof(r->s));
	r->s.offset_s = r->epoch - (int64_t)(now / NS_PER_S);
	r->s.seen_ns = now;
	r->s.cmos[REG_A] = A_DEFAULT;
	r->s.cmos[REG_B] = B_24H;
	r->s.cmos[REG_D] = D_VALID;
	r->s.cmos[EQUIPMENT] = EQUIPMENT_FPU;
	put_memory(r->s.cmos, r->ram_bytes);
	put_checksum(r->s.cmos);
	update(r);
}

static void rtc_restored(struct device *dev)
{
	update(container_of(dev, struct rtc, dev));
}

static void rtc_destroy(struct device *dev)
{
	struct rtc *r = container_of(dev, struct rtc, dev);

	clock_set(r->clock, &r->timer, CLOCK_NEVER);
	chip_free(dev);
}

#define YEARS_30000 (INT64_C(30000) * 366 * DAY_S) /* more than registers say */

static bool rtc_state_ok(const struct device *dev, const void *state,
			 uint64_t now_ns)
{
	const struct rtc_state *s = state;

	return s->seen_ns <= now_ns && s->offset_s > -YEARS_30000 &&
	       s->offset_s < YEARS_30000 && s->index < CMOS_SIZE;
}

static const struct device_ops rtc_ops = {
	.name = "rtc",
	.width = 1,
	.read = rtc_read,
	.write = rtc_write,
	.reset = rtc_reset,
	.restored = rtc_restored,
	.destroy = rtc_destroy,
	DEVICE_STATE(struct rtc, s, 1),
	.state_ok = rtc_state_ok,
};

struct device *rtc_create(struct clock *clock, int64_t epoch,
			  uint64_t ram_bytes)
{
	struct rtc *r = chip_alloc(sizeof(*r), &rtc_ops);

	if (!r)
		return NULL;
	r->clock = clock;
	r->epoch = epoch;
	r->ram_bytes = ram_bytes;
	timer_init(&r->timer, clock, rtc_fired, r);
	rtc_reset(&r->dev);
	return &r->dev;
}
