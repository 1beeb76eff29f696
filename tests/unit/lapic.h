/*
 * lapic.h: a local APIC on a clock of its own, for the tests of its parts:
 * what it sends and which vectors were ended is kept.
 */
#ifndef UNIT_LAPIC_H
#define UNIT_LAPIC_H

#include <string.h>

#include "tests/unit/chip.h"

/* SDM 3, table 11-1: the registers' offsets in the page. */
enum {
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	PPR = 0xa0,
	EOI = 0xb0,
	LDR = 0xd0,
	DFR = 0xe0,
	SVR = 0xf0,
	ISR = 0x100,
	TMR = 0x180,
	IRR = 0x200,
	ESR = 0x280,
	ICR = 0x300,
	ICR2 = 0x310,
	LVTT = 0x320,
	LINT0 = 0x350,
	LVTERR = 0x370,
	TICR = 0x380,
	TCCR = 0x390,
	TDCR = 0x3e0,
};

#define DIV1 0xb

static struct test_time now;
static struct device *lapic;
static int eoi_vector;
static struct interrupt_message sent;
static unsigned sent_count;

static inline void note_eoi(void *ctx, uint8_t vector)
{
	eoi_vector = vector;
}

static inline bool note_message(void *ctx, const struct interrupt_message *msg)
{
	sent = *msg;
	sent_count++;
	return true;
}

static inline int setup(void **state)
{
	struct interrupt_bus bus = {note_message, NULL};

	time_init(&now);
	memset(&sent, 0, sizeof(sent));
	sent_count = 0;
	eoi_vector = -1;
	lapic = lapic_create(&now.clock, 3);
	lapic_set_eoi(lapic, note_eoi, NULL);
	lapic_set_bus(lapic, &bus);
	return 0;
}

static inline int setup_on(void **state)
{
	setup(state);
	wr32(lapic, SVR, 0x1ff);
	wr32(lapic, TDCR, DIV1);
	return 0;
}

static inline int teardown(void **state)
{
	lapic->ops->destroy(lapic);
	assert_int_equal(clock_next(&now.clock), CLOCK_NEVER);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_on, teardown)

#endif
