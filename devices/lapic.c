/*
 * lapic.c: a CPU's local APIC in xAPIC mode, SDM 3 chapter 10.
 *
 * The registers are kept as they read, so that a read is one look into an
 * array; only the timer's current count is worked out, from the clock. ISR,
 * TMR and IRR are the registers themselves. What is derived (PPR and whether
 * an interrupt gets through) is computed after each change. The timer is
 * armed only while its interrupt could be delivered.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

/* Register numbers: the offset in 16-byte steps. */
enum {
	ID = 0x02,
	VERSION = 0x03,
	TPR = 0x08,
	APR = 0x09,
	PPR = 0x0a,
	EOI = 0x0b,
	RRD = 0x0c,
	LDR = 0x0d,
	DFR = 0x0e,
	SVR = 0x0f,
	ISR = 0x10,
	TMR = 0x18,
	IRR = 0x20,
	ESR = 0x28,
	ICR_LOW = 0x30,
	ICR_HIGH = 0x31,
	LVT_TIMER = 0x32,
	LVT_THERMAL = 0x33,
	LVT_PERF = 0x34,
	LVT_LINT0 = 0x35,
	LVT_LINT1 = 0x36,
	LVT_ERROR = 0x37,
	TIMER_INITIAL = 0x38,
	TIMER_CURRENT = 0x39,
	TIMER_DIVIDE = 0x3e,
	REGISTERS = 0x40,
};

#define VERSION_VALUE	   0x50014 /* six LVT entries */

#define SVR_ENABLE	   0x100
#define SVR_MASK	   0x3ff /* focus checking is stored, means nothing */

#define LVT_VECTOR	   0xff
#define LVT_MASKED	   0x10000
#define LVT_PERIODIC	   0x20000
#define LVT_MODES	   0x60000 /* of the timer */

#define ICR_MODE(icr)	   ((icr) >> 8 & 7)
#define ICR_LOGICAL	   0x800
#define ICR_WRITABLE	   0x000ccfff
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)
enum { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

#define ESR_SEND_VECTOR	   0x20
#define ESR_RECEIVE_VECTOR 0x40
#define ESR_REGISTER	   0x80

#define FIRST_VECTOR	   16 /* the ones below are the CPU's own */

CHIP_STATE_BEGIN
struct lapic_state {
	uint64_t timer_base_ns;	 /* when timer_base ticks were left */
	uint64_t timer_fired_ns; /* expiries up to here were seen to */
	uint32_t timer_base;	 /* 0: stopped */
	uint32_t reg[REGISTERS];
	uint32_t errors; /* ESR bits gathered since it was last written */
	bool enabled;	 /* by IA32_APIC_BASE bit 11 */
	uint8_t unused[7];
};
CHIP_STATE_END

struct lapic {
	struct device dev;
	struct lapic_state s;
	bool pending; /* derived: an interrupt gets through */
	struct clock *clock;
	struct timer timer;
	struct mask_watch watch;
	struct interrupt_bus bus;
	void (*eoi)(void *ctx, uint8_t vector);
	void *eoi_ctx;
};

/* ---- Vectors and priorities ---- */

/* The highest vector in ISR, TMR or IRR; -1 when none. */
static int highest(const uint32_t *set)
{
	for (int i = 7; i >= 0; i--)
		if (set[i])
			return i * 32 + 31 - __builtin_clz(set[i]);
	return -1;
}

static void vector_set(uint32_t *set, uint8_t vector, bool on)
{
	uint32_t bit = UINT32_C(1) << (vector & 31);

	set[vector >> 5] =
		on ? set[vector >> 5] | bit : set[vector >> 5] & ~bit;
}

static bool vector_test(const uint32_t *set, uint8_t vector)
{
	return set[vector >> 5] >> (vector & 31) & 1;
}

static void update(struct lapic *l)
{
	uint32_t *reg = l->s.reg;
	int service = highest(&reg[ISR]), request = highest(&reg[IRR]);
	uint32_t class = service < 0 ? 0 : service & 0xf0;

	reg[PPR] = (reg[TPR] & 0xf0) >= class ? reg[TPR] : class;
	l->pending = l->s.enabled && request >= 0 &&
		     ((uint32_t)request & 0xf0) > (reg[PPR] & 0xf0);
}

static bool accepting(const struct lapic *l)
{
	return l->s.enabled && (l->s.reg[SVR] & SVR_ENABLE);
}

static void accept(struct lapic *l, uint8_t vector, bool level)
{
	vector_set(&l->s.reg[IRR], vector, true);
	vector_set(&l->s.reg[TMR], vector, level);
	update(l);
}

/* A new kind of error raises the error interrupt, if its vector is legal. */
static void error(struct lapic *l, uint32_t bits)
{
	uint32_t lvt = l->s.reg[LVT_ERROR];
	bool new = bits & ~l->s.errors;

	l->s.errors |= bits;
	if (!new || (lvt & LVT_MASKED) || !accepting(l))
		return;
	if ((lvt & LVT_VECTOR) >= FIRST_VECTOR)
		accept(l, lvt & LVT_VECTOR, false);
	else
		l->s.errors |= ESR_RECEIVE_VECTOR;
}

bool lapic_deliver(struct device *dev, uint8_t vector, bool level)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	if (!accepting(l))
		return false;
	if (vector < FIRST_VECTOR)
		error(l, ESR_RECEIVE_VECTOR);
	else
		accept(l, vector, level);
	return true;
}

bool lapic_pending(const struct device *dev)
{
	return container_of(dev, struct lapic, dev)->pending;
}

int lapic_acknowledge(struct device *dev)
{
	struct lapic *l = container_of(dev, struct lapic, dev);
	int vector = highest(&l->s.reg[IRR]);

	if (!l->pending)
		return -1;
	vector_set(&l->s.reg[IRR], vector, false);
	vector_set(&l->s.reg[ISR], vector, true);
	update(l);
	return vector;
}

static void end_of_interrupt(struct lapic *l)
{
	int vector = highest(&l->s.reg[ISR]);

	if (vector < 0)
		return;
	vector_set(&l->s.reg[ISR], vector, false);
	update(l);
	if (vector_test(&l->s.reg[TMR], vector) && l->eoi)
		l->eoi(l->eoi_ctx, vector);
}

uint8_t lapic_get_tpr(const struct device *dev)
{
	return container_of(dev, struct lapic, dev)->s.reg[TPR];
}

void lapic_set_tpr(struct device *dev, uint8_t tpr)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	l->s.reg[TPR] = tpr;
	update(l);
}

/* ---- Destinations ---- */

bool lapic_matches(const struct device *dev, uint8_t dest, bool logical)
{
	const struct lapic *l = container_of(dev, struct lapic, dev);
	uint8_t ldr = l->s.reg[LDR] >> 24;

	if (dest == 0xff)
		return true;
	if (!logical)
		return dest == l->s.reg[ID] >> 24;
	if (l->s.reg[DFR] >> 28 == 0xf) /* flat */
		return dest & ldr;
	return dest >> 4 == ldr >> 4 && (dest & ldr & 0xf);
}

/* To others there is nothing to do while there is one CPU. */
static void send(struct lapic *l, uint32_t icr)
{
	uint8_t vector = icr, mode = ICR_MODE(icr);
	uint8_t dest = l->s.reg[ICR_HIGH] >> 24;
	bool logical = icr & ICR_LOGICAL;

	if (mode <= MODE_LOWEST && vector < FIRST_VECTOR) {
		error(l, ESR_SEND_VECTOR);
		return;
	}
	switch (ICR_SHORTHAND(icr)) {
	case TO_SELF:
		if (mode == MODE_FIXED)
			lapic_deliver(&l->dev, vector, false);
		return;
	case TO_OTHERS:
		return;
	case TO_ALL:
		dest = 0xff;
		logical = false;
		break;
	}
	if (l->bus.deliver)
		l->bus.deliver(l->bus.ctx, dest, logical, mode, vector, false);
}

/* ---- Timer: the bus clock is 1 GHz, a tick a nanosecond ---- */

/* Nanoseconds a tick: divide by 2, 4, ... 128, 1 (SDM 3 figure 10-10). */
static uint64_t divider(const struct lapic *l)
{
	uint32_t bits = l->s.reg[TIMER_DIVIDE];

	return UINT64_C(1) << ((bits & 3) + (bits >> 1 & 4) + 1) % 8;
}

static bool periodic(const struct lapic *l)
{
	return (l->s.reg[LVT_TIMER] & LVT_MODES) == LVT_PERIODIC;
}

/* The first expiry after `ns`; CLOCK_NEVER when it is stopped or spent. */
static uint64_t expiry_after(const struct lapic *l, uint64_t ns)
{
	uint64_t first = l->s.timer_base_ns + l->s.timer_base * divider(l);
	uint64_t period = l->s.reg[TIMER_INITIAL] * divider(l);

	if (!l->s.timer_base)
		return CLOCK_NEVER;
	if (ns < first)
		return first;
	if (!periodic(l) || !period)
		return CLOCK_NEVER;
	return first + ((ns - first) / period + 1) * period;
}

static uint32_t current_count(const struct lapic *l)
{
	uint64_t base = l->s.timer_base, initial = l->s.reg[TIMER_INITIAL];
	uint64_t ticks =
		(clock_now(l->clock) - l->s.timer_base_ns) / divider(l);

	if (ticks < base)
		return base - ticks;
	if (!periodic(l) || !base || !initial)
		return 0;
	return initial - (ticks - base) % initial;
}

static void arm_timer(struct lapic *l)
{
	bool heard = accepting(l) && !(l->s.reg[LVT_TIMER] & LVT_MASKED);

	clock_set(l->clock, &l->timer,
		  heard ? expiry_after(l, l->s.timer_fired_ns) : CLOCK_NEVER);
}

/* See to an expiry that has passed; several count as one. */
static void settle_timer(struct lapic *l)
{
	uint64_t now = clock_now(l->clock);
	uint32_t lvt = l->s.reg[LVT_TIMER];
	bool due = expiry_after(l, l->s.timer_fired_ns) <= now;

	l->s.timer_fired_ns = now;
	if (due && !(lvt & LVT_MASKED))
		lapic_deliver(&l->dev, lvt & LVT_VECTOR, false);
}

static void timer_fired(void *ctx)
{
	struct lapic *l = ctx;

	settle_timer(l);
	arm_timer(l);
}

/* Count on from `count`, now. */
static void rebase(struct lapic *l, uint32_t count)
{
	l->s.timer_base = count;
	l->s.timer_base_ns = clock_now(l->clock);
}

/* Mode and divider may change under a running count, which goes on. TSC
 * deadline mode is not offered by CPUID, and counts nothing. */
static void write_lvt_timer(struct lapic *l, uint32_t val)
{
	if ((val ^ l->s.reg[LVT_TIMER]) & LVT_MODES)
		rebase(l, current_count(l));
	if ((val & LVT_MODES) > LVT_PERIODIC)
		rebase(l, 0);
	l->s.reg[LVT_TIMER] = val;
}

static void write_divide(struct lapic *l, uint32_t val)
{
	rebase(l, current_count(l));
	l->s.reg[TIMER_DIVIDE] = val & 0xb;
}

static void write_timer(struct lapic *l, unsigned reg, uint32_t val)
{
	settle_timer(l);
	switch (reg) {
	case LVT_TIMER:
		write_lvt_timer(l, val);
		break;
	case TIMER_INITIAL:
		l->s.reg[TIMER_INITIAL] = val;
		rebase(l, val);
		break;
	case TIMER_DIVIDE:
		write_divide(l, val);
		break;
	}
	arm_timer(l);
}

/* ---- Registers ---- */

/* One bit a register: the ones that are there. EOI reads as 0. */
#define PRESENT                                                                \
	(UINT64_C(1) << ID | UINT64_C(1) << VERSION | UINT64_C(1) << TPR |     \
	 UINT64_C(1) << APR | UINT64_C(1) << PPR | UINT64_C(1) << EOI |        \
	 UINT64_C(1) << RRD | UINT64_C(1) << LDR | UINT64_C(1) << DFR |        \
	 UINT64_C(1) << SVR | UINT64_C(0xffffff) << ISR | UINT64_C(1) << ESR | \
	 UINT64_C(0xff) << ICR_LOW | UINT64_C(3) << TIMER_INITIAL |            \
	 UINT64_C(1) << TIMER_DIVIDE)

static bool present(unsigned reg)
{
	return reg < REGISTERS && (PRESENT >> reg & 1);
}

/* The bits of each LVT entry that can be written. */
static uint32_t lvt_bits(unsigned reg)
{
	static const uint32_t bits[] = {
		[LVT_TIMER - LVT_TIMER] = 0x700ff,
		[LVT_THERMAL - LVT_TIMER] = 0x107ff,
		[LVT_PERF - LVT_TIMER] = 0x107ff,
		[LVT_LINT0 - LVT_TIMER] = 0x1a7ff,
		[LVT_LINT1 - LVT_TIMER] = 0x1a7ff,
		[LVT_ERROR - LVT_TIMER] = 0x100ff,
	};

	return bits[reg - LVT_TIMER];
}

static void write_lvt(struct lapic *l, unsigned reg, uint32_t val)
{
	val &= lvt_bits(reg);
	if (!(l->s.reg[SVR] & SVR_ENABLE))
		val |= LVT_MASKED; /* SDM 3 10.4.7.2 */
	if (reg == LVT_TIMER)
		write_timer(l, reg, val);
	else
		l->s.reg[reg] = val;
}

static void write_svr(struct lapic *l, uint32_t val)
{
	settle_timer(l);
	l->s.reg[SVR] = val & SVR_MASK;
	if (!(val & SVR_ENABLE))
		for (unsigned i = LVT_TIMER; i <= LVT_ERROR; i++)
			l->s.reg[i] |= LVT_MASKED;
	arm_timer(l);
}

static void write_reg(struct lapic *l, unsigned reg, uint32_t val)
{
	switch (reg) {
	case ID:
		l->s.reg[ID] = val & 0xff000000;
		break;
	case TPR:
		l->s.reg[TPR] = val & 0xff;
		update(l);
		break;
	case EOI:
		end_of_interrupt(l);
		break;
	case LDR:
		l->s.reg[LDR] = val & 0xff000000;
		break;
	case DFR:
		l->s.reg[DFR] = val | 0x0fffffff;
		break;
	case SVR:
		write_svr(l, val);
		break;
	case ESR: /* shows what was gathered up to now */
		l->s.reg[ESR] = l->s.errors;
		l->s.errors = 0;
		break;
	case ICR_LOW:
		l->s.reg[ICR_LOW] = val & ICR_WRITABLE;
		send(l, val);
		break;
	case ICR_HIGH:
		l->s.reg[ICR_HIGH] = val & 0xff000000;
		break;
	case LVT_TIMER ... LVT_ERROR:
		write_lvt(l, reg, val);
		break;
	case TIMER_INITIAL:
	case TIMER_DIVIDE:
		write_timer(l, reg, val);
		break;
	default: /* read-only ones are written in vain */
		if (!present(reg))
			error(l, ESR_REGISTER);
		break;
	}
}

/* Only aligned 4-byte accesses are defined (SDM 3 10.4.1). */
static uint64_t lapic_read(struct device *dev, uint64_t offset, unsigned size)
{
	struct lapic *l = container_of(dev, struct lapic, dev);
	unsigned reg = offset >> 4;
	uint32_t val;

	if (!l->s.enabled)
		return ~UINT64_C(0);
	if (!present(reg)) {
		error(l, ESR_REGISTER);
		return 0;
	}
	val = reg == TIMER_CURRENT ? current_count(l) : l->s.reg[reg];
	return offset & 0xc ? 0 : val >> (offset & 3) * 8;
}

static void lapic_write(struct device *dev, uint64_t offset, unsigned size,
			uint64_t val)
{
	struct lapic *l = container_of(dev, struct lapic, dev);
	unsigned reg = offset >> 4;
	bool masks = reg == LVT_LINT0 || reg == SVR;

	if (!l->s.enabled || (offset & 0xf) || size != 4)
		return;
	if (masks)
		mask_watch_before(&l->watch);
	write_reg(l, reg, val);
	if (masks)
		mask_watch_after(&l->watch);
}

static void lapic_reset(struct device *dev)
{
	struct lapic *l = container_of(dev, struct lapic, dev);
	uint32_t id = l->s.reg[ID];

	memset(&l->s, 0, sizeof(l->s));
	l->s.reg[ID] = id;
	l->s.reg[VERSION] = VERSION_VALUE;
	l->s.reg[DFR] = 0xffffffff;
	l->s.reg[SVR] = 0xff;
	for (unsigned i = LVT_TIMER; i <= LVT_ERROR; i++)
		l->s.reg[i] = LVT_MASKED;
	l->s.enabled = true;
	arm_timer(l);
	update(l);
}

static void lapic_restored(struct device *dev)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	arm_timer(l);
	update(l);
}

static void lapic_destroy(struct device *dev)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	clock_set(l->clock, &l->timer, CLOCK_NEVER);
	chip_free(dev);
}

static const struct device_ops lapic_ops = {
	.name = "lapic",
	.width = 4,
	.read = lapic_read,
	.write = lapic_write,
	.reset = lapic_reset,
	.restored = lapic_restored,
	.destroy = lapic_destroy,
	DEVICE_STATE(struct lapic, s, 1),
};

struct device *lapic_create(struct clock *clock, unsigned id)
{
	struct lapic *l = chip_alloc(sizeof(*l), &lapic_ops);

	if (!l)
		return NULL;
	l->clock = clock;
	timer_init(&l->timer, timer_fired, l);
	l->s.reg[ID] = id << 24;
	lapic_reset(&l->dev);
	return &l->dev;
}

/* ---- Wiring ---- */

void lapic_enable(struct device *dev, bool on)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	mask_watch_before(&l->watch);
	l->s.enabled = on;
	arm_timer(l);
	update(l);
	mask_watch_after(&l->watch);
}

bool lapic_accepts_extint(const struct device *dev)
{
	const struct lapic *l = container_of(dev, struct lapic, dev);
	uint32_t lvt = l->s.reg[LVT_LINT0];

	return !l->s.enabled ||
	       (!(lvt & LVT_MASKED) && ICR_MODE(lvt) == MODE_EXTINT);
}

void lapic_set_eoi(struct device *dev, void (*eoi)(void *ctx, uint8_t vector),
		   void *ctx)
{
	struct lapic *l = container_of(dev, struct lapic, dev);

	l->eoi = eoi;
	l->eoi_ctx = ctx;
}

void lapic_set_bus(struct device *dev, const struct interrupt_bus *bus)
{
	container_of(dev, struct lapic, dev)->bus = *bus;
}

void lapic_watch(struct device *dev, const struct mask_watch *watch)
{
	container_of(dev, struct lapic, dev)->watch = *watch;
}
