/*
 * lapic_timer.c: a local APIC's timer (SDM 3 10.5.4): one-shot, periodic and
 * TSC-deadline. The bus clock is 1 GHz, a tick a nanosecond. The clock's
 * timer is armed only while the interrupt could be delivered.
 */
#include "devices/lapic.h"

/* Nanoseconds a tick: divide by 2, 4, ... 128, 1 (SDM 3 figure 10-10). */
static uint64_t divider(const struct lapic *l)
{
	uint32_t bits = l->s.reg[LAPIC_TIMER_DIVIDE];

	return UINT64_C(1) << ((bits & 3) + (bits >> 1 & 4) + 1) % 8;
}

static uint32_t mode(const struct lapic *l)
{
	return l->s.reg[LAPIC_LVT_TIMER] & LVT_MODES;
}

static bool periodic(const struct lapic *l)
{
	return mode(l) == LVT_PERIODIC;
}

/* The first expiry after `ns`; CLOCK_NEVER when it is stopped or spent. */
static uint64_t expiry_after(const struct lapic *l, uint64_t ns)
{
	uint64_t first = l->s.timer_base_ns + l->s.timer_base * divider(l);
	uint64_t period = l->s.reg[LAPIC_TIMER_INITIAL] * divider(l);

	if (l->s.tsc_deadline_ns)
		return l->s.tsc_deadline_ns;
	if (!l->s.timer_base)
		return CLOCK_NEVER;
	if (ns < first)
		return first;
	if (!periodic(l) || !period)
		return CLOCK_NEVER;
	return first + ((ns - first) / period + 1) * period;
}

uint32_t lapic_timer_count(const struct lapic *l)
{
	uint64_t base = l->s.timer_base;
	uint64_t initial = l->s.reg[LAPIC_TIMER_INITIAL];
	uint64_t ticks =
		(clock_now(l->clock) - l->s.timer_base_ns) / divider(l);

	if (ticks < base)
		return base - ticks;
	if (!periodic(l) || !base || !initial)
		return 0;
	return initial - (ticks - base) % initial;
}

void lapic_timer_arm(struct lapic *l)
{
	bool heard =
		lapic_accepting(l) && !(l->s.reg[LAPIC_LVT_TIMER] & LVT_MASKED);

	clock_set(l->clock, &l->timer,
		  heard ? expiry_after(l, l->s.timer_fired_ns) : CLOCK_NEVER);
}

/* Several expiries count as one; a deadline is used up by its own. */
void lapic_timer_settle(struct lapic *l)
{
	uint64_t now = clock_now(l->clock);
	uint32_t lvt = l->s.reg[LAPIC_LVT_TIMER];
	bool due = expiry_after(l, l->s.timer_fired_ns) <= now;

	l->s.timer_fired_ns = now;
	if (!due)
		return;
	l->s.tsc_deadline_ns = 0;
	if (!(lvt & LVT_MASKED))
		lapic_deliver(&l->dev, lvt & LVT_VECTOR, false);
}

static void timer_fired(void *ctx)
{
	struct lapic *l = ctx;

	lapic_timer_settle(l);
	lapic_timer_arm(l);
}

void lapic_timer_init(struct lapic *l)
{
	timer_init(&l->timer, l->clock, timer_fired, l);
}

/* Count on from `count`, now. */
static void rebase(struct lapic *l, uint32_t count)
{
	l->s.timer_base = count;
	l->s.timer_base_ns = clock_now(l->clock);
}

/* One-shot and periodic may change under a running count, which goes on;
 * to and from TSC-deadline mode the timer is disarmed (SDM 3 10.5.4.1). */
static void write_lvt(struct lapic *l, uint32_t val)
{
	uint32_t old = l->s.reg[LAPIC_LVT_TIMER];

	if ((val ^ old) & LVT_MODES)
		rebase(l, lapic_timer_count(l));
	if ((val ^ old) & LVT_TSC_DEADLINE)
		l->s.tsc_deadline_ns = 0;
	if ((val & LVT_MODES) > LVT_PERIODIC)
		rebase(l, 0);
	l->s.reg[LAPIC_LVT_TIMER] = val;
}

void lapic_timer_write(struct lapic *l, unsigned reg, uint32_t val)
{
	lapic_timer_settle(l);
	switch (reg) {
	case LAPIC_LVT_TIMER:
		write_lvt(l, val);
		break;
	case LAPIC_TIMER_INITIAL:
		if (mode(l) > LVT_PERIODIC)
			break;
		l->s.reg[LAPIC_TIMER_INITIAL] = val;
		rebase(l, val);
		break;
	case LAPIC_TIMER_DIVIDE:
		rebase(l, lapic_timer_count(l));
		l->s.reg[LAPIC_TIMER_DIVIDE] = val & 0xb;
		break;
	}
	lapic_timer_arm(l);
}

uint64_t lapic_get_deadline(struct device *dev)
{
	struct lapic *l = to_lapic(dev);

	lapic_timer_settle(l);
	lapic_timer_arm(l);
	return l->s.tsc_deadline_ns;
}

/* In the other modes the write is ignored. */
void lapic_set_deadline(struct device *dev, uint64_t when_ns)
{
	struct lapic *l = to_lapic(dev);

	if (mode(l) != LVT_TSC_DEADLINE)
		return;
	lapic_timer_settle(l);
	l->s.tsc_deadline_ns = when_ns;
	lapic_timer_settle(l);
	lapic_timer_arm(l);
}
