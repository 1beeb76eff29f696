/* refill.c: sporadic-server budgets; refill.h says what always holds. */
#include "guest-kernel/kernel/refill.h"

#define CRUMBS 4

static struct refill *at(struct refills *r, uint32_t n)
{
	return &r->ring[(r->first + n) % REFILLS];
}

static void pop(struct refills *r)
{
	r->first = (r->first + 1) % REFILLS;
	r->count--;
}

/* At the end; joined with the last where they touch or there is no room. */
static void push(struct refills *r, uint64_t when, uint64_t amount)
{
	struct refill *last;

	if (amount == 0)
		return;
	if (r->count > 0) {
		last = at(r, r->count - 1);
		if (when <= last->when + last->amount) {
			last->amount += amount;
			return;
		}
		if (r->count == REFILLS) {
			last->when = when;
			last->amount += amount;
			return;
		}
	}
	*at(r, r->count++) = (struct refill){when, amount};
}

void refills_init(struct refills *r, uint64_t budget, uint64_t period,
		  uint64_t now)
{
	*r = (struct refills){.budget = budget, .period = period};
	push(r, now, budget);
}

void refills_begin(struct refills *r, uint64_t now)
{
	uint64_t amount = 0;

	if (at(r, 0)->when >= now)
		return;
	/* All that could be used by now is one refill, and begins now. */
	while (r->count > 0 && at(r, 0)->when <= now + amount) {
		amount += at(r, 0)->amount;
		pop(r);
	}
	r->first = (r->first + REFILLS - 1) % REFILLS;
	r->count++;
	*at(r, 0) = (struct refill){now, amount};
}

/*
 * A first refill that is too small to get anything done waits for the next
 * one, so that together they end when that would have ended.
 */
static void join_crumbs(struct refills *r)
{
	while (r->count > 1 && at(r, 0)->amount < r->budget / CRUMBS) {
		uint64_t amount = at(r, 0)->amount;

		pop(r);
		at(r, 0)->when -= amount;
		at(r, 0)->amount += amount;
	}
}

void refills_charge(struct refills *r, uint64_t used)
{
	/* A debt beyond one period's budget is one period's: no more. */
	for (uint32_t i = 0; used > 0 && i <= REFILLS; i++) {
		struct refill head = *at(r, 0);
		uint64_t part = used < head.amount ? used : head.amount;

		if (part == head.amount) {
			pop(r);
		} else {
			at(r, 0)->when += part;
			at(r, 0)->amount -= part;
		}
		push(r, head.when + r->period, part);
		used -= part;
	}
	join_crumbs(r);
}

uint64_t refills_when(const struct refills *r)
{
	return r->ring[r->first].when;
}

uint64_t refills_amount(const struct refills *r)
{
	return r->ring[r->first].amount;
}
