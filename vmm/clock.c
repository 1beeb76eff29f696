/* clock.c: a sorted list of timers over one source of time. */
#include "vmm/clock.h"

#include <stddef.h>

#define NS_PER_S 1000000000u

uint64_t clock_now(const struct clock *clock)
{
	return clock->skipped_ns +
	       (clock->elapsed_ns ? clock->elapsed_ns(clock->ctx) : 0);
}

void timer_init(struct timer *timer, struct clock *clock,
		void (*fire)(void *ctx), void *ctx)
{
	*timer = (struct timer){fire, ctx, CLOCK_NEVER, clock->timers++, NULL};
}

static void unlink_timer(struct clock *clock, struct timer *timer)
{
	struct timer **at = &clock->first;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (*at)
		*at = timer->next;
}

static bool before(const struct timer *a, const struct timer *b)
{
	return a->deadline_ns < b->deadline_ns ||
	       (a->deadline_ns == b->deadline_ns && a->rank < b->rank);
}

void clock_set(struct clock *clock, struct timer *timer, uint64_t deadline_ns)
{
	struct timer **at = &clock->first;

	if (timer->deadline_ns != CLOCK_NEVER)
		unlink_timer(clock, timer);
	timer->deadline_ns = deadline_ns;
	if (deadline_ns == CLOCK_NEVER)
		return;
	while (*at && before(*at, timer))
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
}

uint64_t clock_next(const struct clock *clock)
{
	return clock->first ? clock->first->deadline_ns : CLOCK_NEVER;
}

void clock_run(struct clock *clock)
{
	uint64_t now = clock_now(clock);

	while (clock->first && clock->first->deadline_ns <= now) {
		struct timer *timer = clock->first;

		clock->first = timer->next;
		timer->deadline_ns = CLOCK_NEVER;
		timer->fire(timer->ctx);
	}
}

void clock_skip_to(struct clock *clock, uint64_t when_ns)
{
	uint64_t now = clock_now(clock);

	if (when_ns != CLOCK_NEVER && when_ns > now)
		clock->skipped_ns += when_ns - now;
}

uint64_t clock_ticks(uint64_t ns, uint64_t hz)
{
	return ns / NS_PER_S * hz + ns % NS_PER_S * hz / NS_PER_S;
}

uint64_t clock_ticks_ns(uint64_t ticks, uint64_t hz)
{
	uint64_t whole = ticks / hz, rest = ticks % hz;

	if (whole > CLOCK_NEVER / NS_PER_S - 1)
		return CLOCK_NEVER;
	return whole * NS_PER_S + (rest * NS_PER_S + hz - 1) / hz;
}
