/*
 * lapic.h: a local APIC's inside, shared by its three files: lapic.c has the
 * registers and their two ways in, lapic_message.c vectors, priorities and
 * messages, lapic_timer.c the timer.
 *
 * The registers are kept as they read, so that a read is one look into an
 * array; only the timer's current count is worked out, from the clock. ISR,
 * TMR and IRR are the registers themselves. What is derived (PPR and whether
 * an interrupt gets through) is computed after each change.
 */
#ifndef DEVICES_LAPIC_H
#define DEVICES_LAPIC_H

#include "devices/chip.h"
#include "devices/devices.h"

/* Register numbers: the offset in 16-byte steps, or the MSR less 800h. */
enum {
	LAPIC_ID = 0x02,
	LAPIC_VERSION = 0x03,
	LAPIC_TPR = 0x08,
	LAPIC_APR = 0x09,
	LAPIC_PPR = 0x0a,
	LAPIC_EOI = 0x0b,
	LAPIC_RRD = 0x0c,
	LAPIC_LDR = 0x0d,
	LAPIC_DFR = 0x0e,
	LAPIC_SVR = 0x0f,
	LAPIC_ISR = 0x10,
	LAPIC_TMR = 0x18,
	LAPIC_IRR = 0x20,
	LAPIC_ESR = 0x28,
	LAPIC_ICR_LOW = 0x30,
	LAPIC_ICR_HIGH = 0x31,
	LAPIC_LVT_TIMER = 0x32,
	LAPIC_LVT_THERMAL = 0x33,
	LAPIC_LVT_PERF = 0x34,
	LAPIC_LVT_LINT0 = 0x35,
	LAPIC_LVT_LINT1 = 0x36,
	LAPIC_LVT_ERROR = 0x37,
	LAPIC_TIMER_INITIAL = 0x38,
	LAPIC_TIMER_CURRENT = 0x39,
	LAPIC_TIMER_DIVIDE = 0x3e,
	LAPIC_SELF_IPI = 0x3f, /* x2APIC only */
	LAPIC_REGISTERS = 0x40,
};

#define SVR_ENABLE	   0x100

#define LVT_VECTOR	   0xff
#define LVT_MODE(lvt)	   ((lvt) >> 8 & 7)
#define LVT_MASKED	   0x10000
#define LVT_PERIODIC	   0x20000
#define LVT_TSC_DEADLINE   0x40000
#define LVT_MODES	   0x60000 /* of the timer */

#define ESR_SEND_VECTOR	   0x20
#define ESR_RECEIVE_VECTOR 0x40
#define ESR_REGISTER	   0x80

#define FIRST_VECTOR	   16 /* the ones below are the CPU's own */

CHIP_STATE_BEGIN
struct lapic_state {
	uint64_t timer_base_ns;	  /* when timer_base ticks were left */
	uint64_t timer_fired_ns;  /* expiries up to here were seen to */
	uint64_t tsc_deadline_ns; /* of the clock; 0: not armed */
	uint32_t timer_base;	  /* 0: stopped */
	uint32_t reg[LAPIC_REGISTERS];
	uint32_t errors; /* ESR bits gathered since it was last written */
	bool enabled;	 /* by IA32_APIC_BASE bit 11 */
	bool x2apic;	 /* and bit 10 */
	uint8_t signals; /* SIGNAL_* that the CPU has not taken */
	uint8_t startup; /* the vector of SIGNAL_STARTUP */
	uint8_t lines;	 /* bit n: LINTn is high */
	uint8_t unused[3];
};
CHIP_STATE_END

struct lapic {
	struct device dev;
	struct lapic_state s;
	unsigned id;  /* at reset, and in x2APIC mode for ever */
	bool pending; /* derived: an interrupt gets through */
	struct clock *clock;
	struct timer timer;
	struct mask_watch watch;
	struct interrupt_bus bus;
	void (*eoi)(void *ctx, uint8_t vector);
	void *eoi_ctx;
};

static inline struct lapic *to_lapic(const struct device *dev)
{
	return container_of(dev, struct lapic, dev);
}

/* ---- lapic_message.c ---- */

/* Does it take fixed interrupts, those of its own timer too? */
bool lapic_accepting(const struct lapic *l);
/* PPR and whether an interrupt gets through, after a change. */
void lapic_update(struct lapic *l);
void lapic_error(struct lapic *l, uint32_t esr);
void lapic_end_of_interrupt(struct lapic *l);
/* What the ICR, its high half included, asks for. */
void lapic_send(struct lapic *l);

/* ---- lapic_timer.c ---- */
void lapic_timer_init(struct lapic *l);
/* See to an expiry that has passed, before what it depends on changes. */
void lapic_timer_settle(struct lapic *l);
void lapic_timer_arm(struct lapic *l);
void lapic_timer_write(struct lapic *l, unsigned reg, uint32_t val);
uint32_t lapic_timer_count(const struct lapic *l);

#endif
