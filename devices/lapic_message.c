/*
 * lapic_message.c: what a local APIC takes, offers to its CPU and sends:
 * vectors by priority, NMI, INIT and SIPI, and the two LINT pins.
 */
#include "devices/lapic.h"

#define ICR_MODE(icr)	   ((icr) >> 8 & 7)
#define ICR_LOGICAL	   0x800
#define ICR_ASSERT	   0x4000
#define ICR_LEVEL	   0x8000
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)
enum { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

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

void lapic_update(struct lapic *l)
{
	uint32_t *reg = l->s.reg;
	int service = highest(&reg[LAPIC_ISR]);
	int request = highest(&reg[LAPIC_IRR]);
	uint32_t class = service < 0 ? 0 : service & 0xf0;

	reg[LAPIC_PPR] =
		(reg[LAPIC_TPR] & 0xf0) >= class ? reg[LAPIC_TPR] : class;
	l->pending = l->s.enabled && request >= 0 &&
		     ((uint32_t)request & 0xf0) > (reg[LAPIC_PPR] & 0xf0);
}

bool lapic_accepting(const struct lapic *l)
{
	return l->s.enabled && (l->s.reg[LAPIC_SVR] & SVR_ENABLE);
}

static void accept(struct lapic *l, uint8_t vector, bool level)
{
	vector_set(&l->s.reg[LAPIC_IRR], vector, true);
	vector_set(&l->s.reg[LAPIC_TMR], vector, level);
	lapic_update(l);
}

/* A new kind of error raises the error interrupt, if its vector is legal. */
void lapic_error(struct lapic *l, uint32_t bits)
{
	uint32_t lvt = l->s.reg[LAPIC_LVT_ERROR];
	bool new = bits & ~l->s.errors;

	l->s.errors |= bits;
	if (!new || (lvt & LVT_MASKED) || !lapic_accepting(l))
		return;
	if ((lvt & LVT_VECTOR) >= FIRST_VECTOR)
		accept(l, lvt & LVT_VECTOR, false);
	else
		l->s.errors |= ESR_RECEIVE_VECTOR;
}

bool lapic_deliver(struct device *dev, uint8_t vector, bool level)
{
	struct lapic *l = to_lapic(dev);

	if (!lapic_accepting(l))
		return false;
	if (vector < FIRST_VECTOR)
		lapic_error(l, ESR_RECEIVE_VECTOR);
	else
		accept(l, vector, level);
	return true;
}

bool lapic_pending(const struct device *dev)
{
	return to_lapic(dev)->pending;
}

int lapic_acknowledge(struct device *dev)
{
	struct lapic *l = to_lapic(dev);
	int vector = highest(&l->s.reg[LAPIC_IRR]);

	if (!l->pending)
		return -1;
	vector_set(&l->s.reg[LAPIC_IRR], vector, false);
	vector_set(&l->s.reg[LAPIC_ISR], vector, true);
	lapic_update(l);
	return vector;
}

void lapic_end_of_interrupt(struct lapic *l)
{
	int vector = highest(&l->s.reg[LAPIC_ISR]);

	if (vector < 0)
		return;
	vector_set(&l->s.reg[LAPIC_ISR], vector, false);
	lapic_update(l);
	if (vector_test(&l->s.reg[LAPIC_TMR], vector) && l->eoi)
		l->eoi(l->eoi_ctx, vector);
}

uint8_t lapic_get_tpr(const struct device *dev)
{
	return to_lapic(dev)->s.reg[LAPIC_TPR];
}

void lapic_set_tpr(struct device *dev, uint8_t tpr)
{
	struct lapic *l = to_lapic(dev);

	l->s.reg[LAPIC_TPR] = tpr;
	lapic_update(l);
}

/* ---- What is no vector: NMI, INIT, SIPI ---- */

/*
 * A local APIC that software has switched off by its SVR takes these still
 * (SDM 3 10.4.7.2). An INIT makes one forget what came before it.
 */
bool lapic_signal(struct device *dev, enum vcpu_signal signal, uint8_t vector)
{
	struct lapic *l = to_lapic(dev);

	if (!l->s.enabled)
		return false;
	if (signal == SIGNAL_INIT)
		lapic_init(dev);
	if (signal == SIGNAL_STARTUP)
		l->s.startup = vector;
	l->s.signals |= signal;
	return true;
}

unsigned lapic_signals(const struct device *dev)
{
	return to_lapic(dev)->s.signals;
}

uint8_t lapic_take_signal(struct device *dev, enum vcpu_signal signal)
{
	struct lapic *l = to_lapic(dev);

	l->s.signals &= ~signal;
	return signal == SIGNAL_STARTUP ? l->s.startup : 0;
}

/* ---- The pins LINT0 and LINT1 ---- */

bool lapic_lint_open(const struct device *dev, unsigned pin)
{
	const struct lapic *l = to_lapic(dev);

	return !l->s.enabled || !(l->s.reg[LAPIC_LVT_LINT0 + pin] & LVT_MASKED);
}

bool lapic_accepts_extint(const struct device *dev)
{
	const struct lapic *l = to_lapic(dev);

	return lapic_lint_open(dev, 0) &&
	       (!l->s.enabled ||
		LVT_MODE(l->s.reg[LAPIC_LVT_LINT0]) == MODE_EXTINT);
}

/*
 * A rising edge, as an entry in fixed or NMI mode takes it (an ExtINT is
 * pulled, see lapic_accepts_extint()). Without the APIC, LINT1 is the NMI
 * pin itself.
 */
static void lint_rises(struct lapic *l, unsigned pin)
{
	uint32_t lvt = l->s.reg[LAPIC_LVT_LINT0 + pin];

	if (!lapic_lint_open(&l->dev, pin))
		return;
	if (!l->s.enabled)
		l->s.signals |= pin == 1 ? SIGNAL_NMI : 0;
	else if (LVT_MODE(lvt) == MODE_NMI)
		l->s.signals |= SIGNAL_NMI;
	else if (LVT_MODE(lvt) == MODE_FIXED)
		lapic_deliver(&l->dev, lvt & LVT_VECTOR, false);
}

void lapic_lint(struct device *dev, unsigned pin, bool level)
{
	struct lapic *l = to_lapic(dev);
	uint8_t bit = 1u << pin;
	bool rises = level && !(l->s.lines & bit);

	l->s.lines = level ? l->s.lines | bit : l->s.lines & ~bit;
	if (rises)
		lint_rises(l, pin);
}

/* ---- Messages ---- */

/* In x2APIC mode a logical ID is a cluster and one of its 16 bits. */
static bool logical_match(const struct lapic *l, uint32_t dest)
{
	uint32_t ldr = l->s.reg[LAPIC_LDR];

	if (l->s.x2apic)
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	ldr >>= 24;
	if (dest > 0xff)
		return false;
	if (l->s.reg[LAPIC_DFR] >> 28 == 0xf) /* flat */
		return dest & ldr;
	return dest >> 4 == ldr >> 4 && (dest & ldr & 0xf);
}

bool lapic_matches(const struct device *dev, uint32_t dest, bool logical)
{
	const struct lapic *l = to_lapic(dev);
	uint32_t id = l->s.reg[LAPIC_ID];

	if (dest == UINT32_MAX || (dest == 0xff && !l->s.x2apic))
		return true;
	if (logical)
		return logical_match(l, dest);
	return dest == (l->s.x2apic ? id : id >> 24);
}

uint8_t lapic_priority(const struct device *dev)
{
	return to_lapic(dev)->s.reg[LAPIC_PPR];
}

bool lapic_takes_fixed(const struct device *dev)
{
	return lapic_accepting(to_lapic(dev));
}

void lapic_send(struct lapic *l)
{
	uint32_t icr = l->s.reg[LAPIC_ICR_LOW];
	uint32_t high = l->s.reg[LAPIC_ICR_HIGH];
	struct interrupt_message msg = {
		.dest = l->s.x2apic ? high : high >> 24,
		.logical = icr & ICR_LOGICAL,
		.mode = ICR_MODE(icr),
		.vector = icr,
		.from = -1,
	};

	if (msg.mode <= MODE_LOWEST && msg.vector < FIRST_VECTOR) {
		lapic_error(l, ESR_SEND_VECTOR);
		return;
	}
	/* INIT level de-assert: only for APICs of their own chip. */
	if (msg.mode == MODE_INIT && icr & ICR_LEVEL && !(icr & ICR_ASSERT))
		return;
	switch (ICR_SHORTHAND(icr)) {
	case TO_SELF:
		if (msg.mode == MODE_FIXED)
			lapic_deliver(&l->dev, msg.vector, false);
		return;
	case TO_OTHERS:
		msg.from = l->id;
		/* fall through */
	case TO_ALL:
		msg.dest = UINT32_MAX;
		msg.logical = false;
		break;
	}
	if (l->bus.deliver)
		l->bus.deliver(l->bus.ctx, &msg);
}
