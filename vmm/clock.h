/*
 * clock.h: the guest's time, and what is to happen at which instant of it.
 *
 * One clock, in nanoseconds since power-on, feeds TSC, PIT, LAPIC timer and
 * RTC. What makes it go is the CPU: on the simulator one retired instruction
 * is one nanosecond, on KVM the host's monotonic clock. While the CPU is idle
 * on the simulator, the machine skips ahead to the next timer.
 *
 * Timers fire only from clock_run(), between two calls of the CPU's run(),
 * in order of their deadlines and, where equal, of the making of the timers:
 * an order that does not depend on what happened before. A periodic
 * device re-arms for the first period that ends after now, so that a guest's
 * tiny period costs the monitor one callback and not one for each period.
 */
#ifndef VMM_CLOCK_H
#define VMM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

struct timer {
	void (*fire)(void *ctx);
	void *ctx;
	uint64_t deadline_ns; /* CLOCK_NEVER: not armed */
	unsigned rank;	      /* the first made fires first */
	struct timer *next;   /* the clock's list, soonest first */
};

struct clock {
	uint64_t (*elapsed_ns)(void *ctx); /* how long the CPU has run */
	void *ctx;
	uint64_t skipped_ns; /* idle time passed over, for ever added */
	struct timer *first;
	unsigned timers; /* made for it */
};

uint64_t clock_now(const struct clock *clock);

/* Make `timer` ready for use with this clock, not armed. */
void timer_init(struct timer *timer, struct clock *clock,
		void (*fire)(void *ctx), void *ctx);

/* (Re-)arm at an absolute time; CLOCK_NEVER disarms. */
void clock_set(struct clock *clock, struct timer *timer, uint64_t deadline_ns);

/* When the next timer fires; CLOCK_NEVER when none is armed. */
uint64_t clock_next(const struct clock *clock);

/* Fire all that is due. A timer is disarmed before its callback runs. */
void clock_run(struct clock *clock);

/* Pass over idle time until `when`; the past is left alone. */
void clock_skip_to(struct clock *clock, uint64_t when_ns);

/*
 * ticks of a `hz` clock in `ns`, and the first instant at which `ticks` have
 * passed, both exact and without overflow for hz up to 4 GHz: the devices'
 * counters agree with their deadlines to the tick.
 */
uint64_t clock_ticks(uint64_t ns, uint64_t hz);
uint64_t clock_ticks_ns(uint64_t ticks, uint64_t hz);

#endif
