/*
 * lapic.c: a CPU's local APIC, SDM 3 chapter 10: its registers and the two
 * ways to them, memory (xAPIC mode) and MSRs (x2APIC mode), of which one is
 * open at a time. lapic.h says how they are kept.
 */
#include "devices/lapic.h"

#include <string.h>

#include "vmm/log.h"

#define VERSION_VALUE	  0x50014 /* six LVT entries */
#define SVR_MASK	  0x3ff	  /* focus checking is stored, means nothing */
#define TIMER_DIVIDE_BITS 0xb
#define ICR_WRITABLE	  0x000ccfff
#define LVT_STATUS	  0x5000 /* delivery status, remote IRR: read-only */

#define APIC_BASE_ADDRESS UINT64_C(0xfee00000)
#define APIC_BASE_FLAGS	  UINT64_C(0xfff)

/* One bit a register: the ones that are there. EOI reads as 0. */
#define BIT(reg)	  (UINT64_C(1) << (reg))
#define PRESENT                                                              \
	(BIT(LAPIC_ID) | BIT(LAPIC_VERSION) | BIT(LAPIC_TPR) |               \
	 BIT(LAPIC_APR) | BIT(LAPIC_PPR) | BIT(LAPIC_EOI) | BIT(LAPIC_RRD) | \
	 BIT(LAPIC_LDR) | BIT(LAPIC_DFR) | BIT(LAPIC_SVR) |                  \
	 UINT64_C(0xffffff) << LAPIC_ISR | BIT(LAPIC_ESR) |                  \
	 UINT64_C(0xff) << LAPIC_ICR_LOW |                                   \
	 UINT64_C(3) << LAPIC_TIMER_INITIAL | BIT(LAPIC_TIMER_DIVIDE))

static bool present(unsigned reg)
{
	return reg < LAPIC_REGISTERS && (PRESENT >> reg & 1);
}

/* ---- Writes, whichever way they came ---- */

/* The bits of each LVT entry that can be written. */
static uint32_t lvt_bits(unsigned reg)
{
	static const uint32_t bits[] = {
		[LAPIC_LVT_TIMER - LAPIC_LVT_TIMER] = 0x700ff,
		[LAPIC_LVT_THERMAL - LAPIC_LVT_TIMER] = 0x107ff,
		[LAPIC_LVT_PERF - LAPIC_LVT_TIMER] = 0x107ff,
		[LAPIC_LVT_LINT0 - LAPIC_LVT_TIMER] = 0x1a7ff,
		[LAPIC_LVT_LINT1 - LAPIC_LVT_TIMER] = 0x1a7ff,
		[LAPIC_LVT_ERROR - LAPIC_LVT_TIMER] = 0x100ff,
	};

	return bits[reg - LAPIC_LVT_TIMER];
}

static void write_lvt(struct lapic *l, unsigned reg, uint32_t val)
{
	val &= lvt_bits(reg);
	if (!(l->s.reg[LAPIC_SVR] & SVR_ENABLE))
		val |= LVT_MASKED; /* SDM 3 10.4.7.2 */
	if (reg == LAPIC_LVT_TIMER)
		lapic_timer_write(l, reg, val);
	else
		l->s.reg[reg] = val;
}

static void write_svr(struct lapic *l, uint32_t val)
{
	lapic_timer_settle(l);
	l->s.reg[LAPIC_SVR] = val & SVR_MASK;
	if (!(val & SVR_ENABLE))
		for (unsigned i = LAPIC_LVT_TIMER; i <= LAPIC_LVT_ERROR; i++)
			l->s.reg[i] |= LVT_MASKED;
	lapic_timer_arm(l);
}

static void write_reg(struct lapic *l, unsigned reg, uint32_t val)
{
	switch (reg) {
	case LAPIC_ID:
		l->s.reg[LAPIC_ID] = val & 0xff000000;
		break;
	case LAPIC_TPR:
		lapic_set_tpr(&l->dev, val);
		break;
	case LAPIC_EOI:
		lapic_end_of_interrupt(l);
		break;
	case LAPIC_LDR:
		l->s.reg[LAPIC_LDR] = val & 0xff000000;
		break;
	case LAPIC_DFR:
		l->s.reg[LAPIC_DFR] = val | 0x0fffffff;
		break;
	case LAPIC_SVR:
		write_svr(l, val);
		break;
	case LAPIC_ESR: /* shows what was gathered up to now */
		l->s.reg[LAPIC_ESR] = l->s.errors;
		l->s.errors = 0;
		break;
	case LAPIC_ICR_LOW:
		l->s.reg[LAPIC_ICR_LOW] = val & ICR_WRITABLE;
		lapic_send(l);
		break;
	case LAPIC_ICR_HIGH:
		l->s.reg[LAPIC_ICR_HIGH] = val & 0xff000000;
		break;
	case LAPIC_LVT_TIMER ... LAPIC_LVT_ERROR:
		write_lvt(l, reg, val);
		break;
	case LAPIC_TIMER_INITIAL:
	case LAPIC_TIMER_DIVIDE:
		lapic_timer_write(l, reg, val);
		break;
	default: /* read-only ones are written in vain */
		if (!present(reg))
			lapic_error(l, ESR_REGISTER);
		break;
	}
}

static void watched_write(struct lapic *l, unsigned reg, uint32_t val)
{
	bool masks = reg == LAPIC_LVT_LINT0 || reg == LAPIC_SVR;

	if (masks)
		mask_watch_before(&l->watch);
	write_reg(l, reg, val);
	if (masks)
		mask_watch_after(&l->watch);
}

static uint32_t read_reg(const struct lapic *l, unsigned reg)
{
	return reg == LAPIC_TIMER_CURRENT ? lapic_timer_count(l)
					  : l->s.reg[reg];
}

/* ---- xAPIC mode: memory ---- */

static bool in_memory(const struct lapic *l)
{
	return l->s.enabled && !l->s.x2apic;
}

/* Only aligned 4-byte accesses are defined (SDM 3 10.4.1). */
static uint64_t lapic_read(struct device *dev, uint64_t offset, unsigned size)
{
	struct lapic *l = to_lapic(dev);
	unsigned reg = offset >> 4;

	if (!in_memory(l))
		return ~UINT64_C(0);
	if (!present(reg)) {
		lapic_error(l, ESR_REGISTER);
		return 0;
	}
	return offset & 0xc ? 0 : read_reg(l, reg) >> (offset & 3) * 8;
}

static void lapic_write(struct device *dev, uint64_t offset, unsigned size,
			uint64_t val)
{
	struct lapic *l = to_lapic(dev);

	if (in_memory(l) && !(offset & 0xf) && size == 4)
		watched_write(l, offset >> 4, val);
}

/* ---- x2APIC mode: MSRs (SDM 3 10.12.1) ---- */

static bool x2apic_readable(unsigned reg)
{
	return present(reg) && reg != LAPIC_APR && reg != LAPIC_EOI &&
	       reg != LAPIC_RRD && reg != LAPIC_DFR && reg != LAPIC_ICR_HIGH;
}

/* The bits that a write may set; false: it may not be written at all. */
static bool x2apic_writable(unsigned reg, uint32_t *bits)
{
	*bits = 0;
	switch (reg) {
	case LAPIC_TPR:
	case LAPIC_SELF_IPI:
		*bits = 0xff;
		return true;
	case LAPIC_EOI:
	case LAPIC_ESR:
		return true;
	case LAPIC_SVR:
		*bits = SVR_MASK;
		return true;
	case LAPIC_ICR_LOW:
		*bits = ICR_WRITABLE;
		return true;
	case LAPIC_LVT_TIMER ... LAPIC_LVT_ERROR:
		*bits = lvt_bits(reg) | LVT_STATUS;
		return true;
	case LAPIC_TIMER_INITIAL:
		*bits = UINT32_MAX;
		return true;
	case LAPIC_TIMER_DIVIDE:
		*bits = TIMER_DIVIDE_BITS;
		return true;
	}
	return false;
}

bool lapic_read_msr(struct device *dev, uint32_t msr, uint64_t *val)
{
	struct lapic *l = to_lapic(dev);
	unsigned reg = msr - MSR_X2APIC_FIRST;

	if (!l->s.x2apic || !x2apic_readable(reg))
		return false;
	*val = read_reg(l, reg);
	if (reg == LAPIC_ICR_LOW)
		*val |= (uint64_t)l->s.reg[LAPIC_ICR_HIGH] << 32;
	return true;
}

bool lapic_write_msr(struct device *dev, uint32_t msr, uint64_t val)
{
	struct lapic *l = to_lapic(dev);
	unsigned reg = msr - MSR_X2APIC_FIRST;
	uint32_t bits;

	if (!l->s.x2apic || !x2apic_writable(reg, &bits) ||
	    (uint32_t)val & ~bits || (val >> 32 && reg != LAPIC_ICR_LOW))
		return false;
	if (reg == LAPIC_ICR_LOW)
		l->s.reg[LAPIC_ICR_HIGH] = val >> 32;
	if (reg != LAPIC_SELF_IPI)
		watched_write(l, reg, val);
	else if (val < FIRST_VECTOR)
		lapic_error(l, ESR_SEND_VECTOR);
	else
		lapic_deliver(dev, val, false);
	return true;
}

/* ---- IA32_APIC_BASE, reset ---- */

static void power_on(struct lapic *l)
{
	uint32_t id = l->s.reg[LAPIC_ID];

	memset(l->s.reg, 0, sizeof(l->s.reg));
	l->s.reg[LAPIC_ID] = id;
	l->s.reg[LAPIC_VERSION] = VERSION_VALUE;
	l->s.reg[LAPIC_DFR] = 0xffffffff;
	l->s.reg[LAPIC_SVR] = 0xff;
	for (unsigned i = LAPIC_LVT_TIMER; i <= LAPIC_LVT_ERROR; i++)
		l->s.reg[i] = LVT_MASKED;
	l->s.errors = 0;
	l->s.timer_base = 0;
	l->s.timer_base_ns = 0;
	l->s.timer_fired_ns = 0;
	l->s.tsc_deadline_ns = 0;
}

/* In x2APIC mode both IDs follow from the number it was made with. */
static void number(struct lapic *l)
{
	if (l->s.x2apic) {
		l->s.reg[LAPIC_ID] = l->id;
		l->s.reg[LAPIC_LDR] = l->id >> 4 << 16 | 1u << (l->id & 15);
	} else {
		l->s.reg[LAPIC_ID] = l->id << 24;
	}
}

void lapic_init(struct device *dev)
{
	struct lapic *l = to_lapic(dev);

	mask_watch_before(&l->watch);
	power_on(l);
	if (l->s.x2apic)
		number(l);
	l->s.signals = 0;
	lapic_timer_arm(l);
	lapic_update(l);
	mask_watch_after(&l->watch);
}

static void set_mode(struct lapic *l, bool enabled, bool x2apic)
{
	bool was = l->s.enabled, renumbered = x2apic != l->s.x2apic;

	mask_watch_before(&l->watch);
	lapic_timer_settle(l);
	l->s.enabled = enabled;
	l->s.x2apic = x2apic;
	if (enabled && !was)
		power_on(l);
	if (renumbered)
		number(l);
	lapic_timer_arm(l);
	lapic_update(l);
	mask_watch_after(&l->watch);
}

void lapic_enable(struct device *dev, bool on)
{
	set_mode(to_lapic(dev), on, false);
}

/*
 * SDM 3 figure 10-27: x2APIC mode is entered from xAPIC mode only, and left
 * by switching off only.
 */
bool lapic_set_base(struct device *dev, uint64_t base)
{
	struct lapic *l = to_lapic(dev);
	bool on = base & APIC_BASE_EN, x2apic = base & APIC_BASE_EXTD;

	if ((base & ~APIC_BASE_FLAGS) != APIC_BASE_ADDRESS) {
		log_info("lapic: a move to %#llx is refused: it stays at "
			 "0xfee00000",
			 (unsigned long long)(base & ~APIC_BASE_FLAGS));
		return false;
	}
	if ((x2apic && !on) || (x2apic && !l->s.enabled) ||
	    (!x2apic && on && l->s.x2apic))
		return false;
	if (on != l->s.enabled || x2apic != l->s.x2apic)
		set_mode(l, on, x2apic);
	return true;
}

/* The wires are not ours to reset. */
static void lapic_reset(struct device *dev)
{
	struct lapic *l = to_lapic(dev);

	power_on(l);
	l->s.enabled = true;
	l->s.x2apic = false;
	l->s.signals = 0;
	l->s.startup = 0;
	number(l);
	lapic_timer_arm(l);
	lapic_update(l);
}

static void lapic_restored(struct device *dev)
{
	struct lapic *l = to_lapic(dev);

	lapic_timer_arm(l);
	lapic_update(l);
}

static void lapic_destroy(struct device *dev)
{
	struct lapic *l = to_lapic(dev);

	clock_set(l->clock, &l->timer, CLOCK_NEVER);
	chip_free(dev);
}

static const struct state_field lapic_fields[] = {
	STATE_BITS(struct lapic_state, errors, 0xff),
	STATE_BOOL(struct lapic_state, enabled),
	STATE_BOOL(struct lapic_state, x2apic),
	STATE_BITS(struct lapic_state, signals,
		   SIGNAL_INIT | SIGNAL_STARTUP | SIGNAL_NMI),
	STATE_MAX(struct lapic_state, lines, 3),
	STATE_END,
};

/* The first word of ISR, TMR and IRR has no vectors below 16. */
static bool vectors_ok(const uint32_t *reg)
{
	return !((reg[LAPIC_ISR] | reg[LAPIC_TMR] | reg[LAPIC_IRR]) &
		 ((1u << FIRST_VECTOR) - 1));
}

static bool registers_ok(const struct lapic_state *s)
{
	for (unsigned i = 0; i < LAPIC_REGISTERS; i++)
		if (s->reg[i] && !present(i))
			return false;
	for (unsigned i = LAPIC_LVT_TIMER; i <= LAPIC_LVT_ERROR; i++)
		if (s->reg[i] & ~lvt_bits(i))
			return false;
	return vectors_ok(s->reg) && s->reg[LAPIC_TPR] <= 0xff &&
	       s->reg[LAPIC_VERSION] == VERSION_VALUE &&
	       !(s->reg[LAPIC_SVR] & ~SVR_MASK) &&
	       !(s->reg[LAPIC_TIMER_DIVIDE] & ~TIMER_DIVIDE_BITS);
}

/* Off and x2APIC at once is no mode; there the number is the CPU's own. */
static bool lapic_state_ok(const struct device *dev, const void *state,
			   uint64_t now_ns)
{
	const struct lapic_state *s = state;

	return registers_ok(s) && (s->enabled || !s->x2apic) &&
	       (!s->x2apic || s->reg[LAPIC_ID] == to_lapic(dev)->id) &&
	       s->timer_base_ns <= now_ns && s->timer_fired_ns <= now_ns;
}

static const struct device_ops lapic_ops = {
	.name = "lapic",
	.width = 4,
	.read = lapic_read,
	.write = lapic_write,
	.reset = lapic_reset,
	.restored = lapic_restored,
	.destroy = lapic_destroy,
	DEVICE_STATE(struct lapic, s, 2),
	.fields = lapic_fields,
	.state_ok = lapic_state_ok,
};

struct device *lapic_create(struct clock *clock, unsigned id)
{
	struct lapic *l = chip_alloc(sizeof(*l), &lapic_ops);

	if (!l)
		return NULL;
	l->clock = clock;
	l->id = id;
	lapic_timer_init(l);
	lapic_reset(&l->dev);
	return &l->dev;
}

/* ---- Wiring ---- */

void lapic_set_eoi(struct device *dev, void (*eoi)(void *ctx, uint8_t vector),
		   void *ctx)
{
	struct lapic *l = to_lapic(dev);

	l->eoi = eoi;
	l->eoi_ctx = ctx;
}

void lapic_set_bus(struct device *dev, const struct interrupt_bus *bus)
{
	to_lapic(dev)->bus = *bus;
}

void lapic_watch(struct device *dev, const struct mask_watch *watch)
{
	to_lapic(dev)->watch = *watch;
}
