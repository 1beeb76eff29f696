/*
 * refill.h: the budget of a scheduling context, as a sporadic server
 * (Sprunt, Sha and Lehoczky 1989; Lyons et al., EuroSys 2018): at most
 * `budget` nanoseconds of processor time in any `period`. What is used is
 * given back one period after it could first have been used.
 *
 * A ring of refills, the earliest first. Always: 1 <= count <= REFILLS; the
 * amounts add up to the budget; times do not decrease, and one refill ends
 * (time + amount) before the next begins; no two that touch stand apart. When
 * the ring is full, the last two become one at the later time: a server with
 * little memory gets its time later, never more of it. The first is at least a
 * quarter of the budget, or the only one: a task that is interrupted more
 * often than it can do anything would use up its time by that alone.
 */
#ifndef KERNEL_REFILL_H
#define KERNEL_REFILL_H

#include <stdint.h>

#define REFILLS 8

struct refill {
	uint64_t when;	 /* usable from then on, in ns of the kernel's clock */
	uint64_t amount; /* ns */
};

struct refills {
	uint64_t budget, period; /* 0 < budget <= period */
	uint32_t first, count;
	struct refill ring[REFILLS];
};

/* A full budget, usable from `now` on. */
void refills_init(struct refills *r, uint64_t budget, uint64_t period,
		  uint64_t now);
/* The processor begins to run on it: what was not used is not saved up. */
void refills_begin(struct refills *r, uint64_t now);
/* It ran for `used`; the time is charged even beyond what was there. */
void refills_charge(struct refills *r, uint64_t used);
/* From when on it may run again (0 or past: at once), and for how long. */
uint64_t refills_when(const struct refills *r);
uint64_t refills_amount(const struct refills *r);

#endif
