/*
 * pic8259.c: the pair of interrupt controllers, 8259A data sheet.
 *
 * Registers 0, 1 are the master's, 2, 3 the slave's, 4, 5 the edge/level
 * control registers (ELCR) of the chip set. A request is the latched edge
 * (or the level) of a line that is still high: one that drops before its
 * acknowledge is gone, and the CPU, if already told, gets a spurious IRQ 7.
 * The slave's INT is the master's line 2; both are worked out anew from the
 * state after every change.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum { COMMAND, DATA, ELCR = 4 };
enum { MASTER, SLAVE };

#define CASCADE		  2 /* the master's line the slave hangs on */
#define SPURIOUS	  7

#define ICW1		  0x10
#define ICW1_ICW4	  0x01
#define ICW1_SNGL	  0x02
#define ICW4_AEOI	  0x02
#define ICW4_SFNM	  0x10
#define OCW3		  0x08
#define OCW3_RR		  0x02
#define OCW3_RIS	  0x01
#define OCW3_POLL	  0x04
#define OCW3_ESMM	  0x40
#define OCW3_SMM	  0x20
#define OCW2_R		  0x80
#define OCW2_SL		  0x40
#define OCW2_EOI	  0x20
#define POLL_VALID	  0x80

#define ELCR_MASTER_FIXED 0x07 /* lines 0, 1, 2 and 8, 13 stay edges */
#define ELCR_SLAVE_FIXED  0x21

CHIP_STATE_BEGIN
struct pic_chip {
	uint8_t lines; /* as driven now */
	uint8_t latch; /* rose since the last acknowledge */
	uint8_t imr, isr, elcr;
	uint8_t base;	/* ICW2 7:3 */
	uint8_t lowest; /* the line of lowest priority: rotation */
	uint8_t init;	/* the ICW that comes next, 0: none */
	uint8_t icw1;
	bool aeoi, rotate_aeoi, sfnm, special_mask;
	bool read_isr, poll;
};

struct pic_state {
	struct pic_chip chip[2];
};
CHIP_STATE_END

struct pic {
	struct device dev;
	struct pic_state s;
	struct irq_line intr;
	struct mask_watch watch;
};

static uint8_t irr(const struct pic_chip *c)
{
	return c->lines & (c->latch | c->elcr);
}

/* 0 for the line of highest priority, 7 for the lowest; 8 when none is set. */
static unsigned rank(const struct pic_chip *c, uint8_t lines)
{
	for (unsigned i = 0; i < 8; i++)
		if (lines & 1u << ((c->lowest + 1 + i) & 7))
			return i;
	return 8;
}

static unsigned line_of(const struct pic_chip *c, unsigned rank)
{
	return (c->lowest + 1 + rank) & 7;
}

/* The line the chip asks the CPU for, or -1. */
static int requested(const struct pic_chip *c, bool master)
{
	uint8_t blocking = c->isr;
	unsigned first = rank(c, irr(c) & ~c->imr);

	if (first == 8)
		return -1;
	/* Special mask mode: a masked line in service blocks nobody. */
	if (c->special_mask)
		blocking &= ~c->imr;
	/* Special fully nested: the slave may interrupt itself. */
	if (c->sfnm && master && line_of(c, first) == CASCADE)
		blocking &= ~(1u << CASCADE);
	return first < rank(c, blocking) ? (int)line_of(c, first) : -1;
}

static void set_line(struct pic_chip *c, unsigned line, bool level)
{
	uint8_t bit = 1u << line;

	if (level && !(c->lines & bit))
		c->latch |= bit;
	if (!level)
		c->latch &= ~bit;
	c->lines = level ? c->lines | bit : c->lines & ~bit;
}

static void update(struct pic *p)
{
	struct pic_chip *master = &p->s.chip[MASTER];

	set_line(master, CASCADE, requested(&p->s.chip[SLAVE], false) >= 0);
	irq_set(&p->intr, requested(master, true) >= 0);
}

/* INTA: the request becomes service, or is over at once with AEOI. */
static void take(struct pic_chip *c, unsigned line)
{
	c->latch &= ~(1u << line);
	if (!c->aeoi)
		c->isr |= 1u << line;
	else if (c->rotate_aeoi)
		c->lowest = line;
}

static unsigned acknowledge_chip(struct pic_chip *c, bool master)
{
	int line = requested(c, master);

	if (line < 0)
		return SPURIOUS;
	take(c, line);
	return line;
}

/*
 * Between an acknowledge of the slave and the next request of it, its INT
 * drops for a moment, so that the master sees a new edge.
 */
static void drop_cascade(struct pic *p)
{
	set_line(&p->s.chip[MASTER], CASCADE, false);
}

int pic_acknowledge(struct device *dev)
{
	struct pic *p = container_of(dev, struct pic, dev);
	struct pic_chip *master = &p->s.chip[MASTER];
	struct pic_chip *slave = &p->s.chip[SLAVE];
	unsigned line = acknowledge_chip(master, true);
	int vector = master->base + line;

	if (line == CASCADE) {
		vector = slave->base + acknowledge_chip(slave, false);
		drop_cascade(p);
	}
	update(p);
	return vector;
}

static void write_icw1(struct pic_chip *c, uint8_t val)
{
	uint8_t lines = c->lines, elcr = c->elcr, base = c->base;

	/* Clears the mask, the service and the edge latches. */
	memset(c, 0, sizeof(*c));
	c->lines = lines;
	c->elcr = elcr;
	c->base = base;
	c->lowest = 7;
	c->icw1 = val;
	c->init = 2;
}

static uint8_t after_icw3(const struct pic_chip *c)
{
	return c->icw1 & ICW1_ICW4 ? 4 : 0;
}

static void write_icw(struct pic_chip *c, uint8_t val)
{
	switch (c->init) {
	case 2:
		c->base = val & 0xf8;
		c->init = c->icw1 & ICW1_SNGL ? after_icw3(c) : 3;
		break;
	case 3: /* who is wired to whom: it is as it is */
		c->init = after_icw3(c);
		break;
	case 4:
		c->aeoi = val & ICW4_AEOI;
		c->sfnm = val & ICW4_SFNM;
		c->init = 0;
		break;
	}
}

/* The end of one interrupt: of the line named or the highest in service. */
static void end_of_interrupt(struct pic_chip *c, uint8_t val)
{
	uint8_t isr = c->isr;
	unsigned first, line = val & 7;

	if (!(val & OCW2_SL)) {
		if (c->special_mask) /* a masked one is not the one meant */
			isr &= ~c->imr;
		first = rank(c, isr);
		if (first == 8)
			return;
		line = line_of(c, first);
	}
	c->isr &= ~(1u << line);
	if (val & OCW2_R)
		c->lowest = line;
}

static void write_ocw2(struct pic_chip *c, uint8_t val)
{
	if (val & OCW2_EOI)
		end_of_interrupt(c, val);
	else if ((val & (OCW2_R | OCW2_SL)) == (OCW2_R | OCW2_SL))
		c->lowest = val & 7;
	else if (!(val & OCW2_SL))
		c->rotate_aeoi = val & OCW2_R;
}

static void write_ocw3(struct pic_chip *c, uint8_t val)
{
	if (val & OCW3_ESMM)
		c->special_mask = val & OCW3_SMM;
	if (val & OCW3_RR)
		c->read_isr = val & OCW3_RIS;
	if (val & OCW3_POLL)
		c->poll = true;
}

static void write_chip(struct pic_chip *c, unsigned reg, uint8_t val)
{
	if (reg == COMMAND) {
		if (val & ICW1)
			write_icw1(c, val);
		else if (val & OCW3)
			write_ocw3(c, val);
		else
			write_ocw2(c, val);
	} else if (c->init) {
		write_icw(c, val);
	} else {
		c->imr = val;
	}
}

/* A poll is an acknowledge without the CPU's INTA. */
static uint8_t poll(struct pic *p, unsigned which)
{
	struct pic_chip *c = &p->s.chip[which];
	int line = requested(c, which == MASTER);

	c->poll = false;
	if (line < 0)
		return SPURIOUS;
	take(c, line);
	if (which == SLAVE)
		drop_cascade(p);
	update(p);
	return POLL_VALID | line;
}

/* Could this write open or close a mask? EOIs, by far the most, cannot. */
static bool touches_masks(uint64_t reg, uint64_t val)
{
	return reg >= ELCR || (reg & 1) == DATA || (val & ICW1);
}

static uint64_t pic_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct pic *p = container_of(dev, struct pic, dev);
	struct pic_chip *c = &p->s.chip[reg >> 1 & 1];

	if (reg >= ELCR)
		return p->s.chip[reg & 1].elcr;
	if ((reg & 1) == DATA && !c->poll)
		return c->imr;
	mask_watch_before(&p->watch);
	if (c->poll)
		return poll(p, reg >> 1 & 1);
	return c->read_isr ? c->isr : irr(c);
}

static void pic_write(struct device *dev, uint64_t reg, unsigned size,
		      uint64_t val)
{
	static const uint8_t fixed[] = {ELCR_MASTER_FIXED, ELCR_SLAVE_FIXED};
	struct pic *p = container_of(dev, struct pic, dev);
	bool masks = touches_masks(reg, val);

	if (masks)
		mask_watch_before(&p->watch);
	if (reg >= ELCR)
		p->s.chip[reg & 1].elcr = val & ~fixed[reg & 1];
	else
		write_chip(&p->s.chip[reg >> 1], reg & 1, val);
	if (reg >> 1 == SLAVE && (val & ICW1) && (reg & 1) == COMMAND)
		drop_cascade(p);
	update(p);
	if (masks)
		mask_watch_after(&p->watch);
}

/* At power-on the chips wait for ICW1; until then nothing gets through. */
static void pic_reset(struct device *dev)
{
	struct pic *p = container_of(dev, struct pic, dev);

	memset(&p->s, 0, sizeof(p->s));
	for (unsigned i = 0; i < 2; i++) {
		p->s.chip[i].lowest = 7;
		p->s.chip[i].imr = 0xff;
	}
	update(p);
}

static void pic_restored(struct device *dev)
{
	update(container_of(dev, struct pic, dev));
}

#define CHIP_FIELDS(i)                                              \
	STATE_BITS(struct pic_state, chip[i].base, 0xf8),           \
		STATE_MAX(struct pic_state, chip[i].lowest, 7),     \
		STATE_MAX(struct pic_state, chip[i].init, 4),       \
		STATE_BOOL(struct pic_state, chip[i].aeoi),         \
		STATE_BOOL(struct pic_state, chip[i].rotate_aeoi),  \
		STATE_BOOL(struct pic_state, chip[i].sfnm),         \
		STATE_BOOL(struct pic_state, chip[i].special_mask), \
		STATE_BOOL(struct pic_state, chip[i].read_isr),     \
		STATE_BOOL(struct pic_state, chip[i].poll)

static const struct state_field pic_fields[] = {
	CHIP_FIELDS(MASTER),
	CHIP_FIELDS(SLAVE),
	STATE_BITS(struct pic_state, chip[MASTER].elcr,
		   0xff & ~ELCR_MASTER_FIXED),
	STATE_BITS(struct pic_state, chip[SLAVE].elcr,
		   0xff & ~ELCR_SLAVE_FIXED),
	STATE_END,
};

static const struct device_ops pic_ops = {
	.name = "pic8259",
	.width = 1,
	.read = pic_read,
	.write = pic_write,
	.reset = pic_reset,
	.restored = pic_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct pic, s, 1),
	.fields = pic_fields,
};

struct device *pic_create(const struct irq_line *intr)
{
	struct pic *p = chip_alloc(sizeof(*p), &pic_ops);

	if (!p)
		return NULL;
	p->intr = *intr;
	pic_reset(&p->dev);
	return &p->dev;
}

void pic_set(void *pic, unsigned pin, bool level)
{
	struct pic *p = pic;

	struct pic_chip *c = &p->s.chip[(pin >> 3) & 1];

	/* Devices say their level at each access; mostly it is the same. */
	if (pin >= 16 || pin == CASCADE || (c->lines >> (pin & 7) & 1) == level)
		return;
	set_line(c, pin & 7, level);
	update(p);
}

bool pic_open(const struct device *dev, unsigned pin)
{
	const struct pic *p = container_of(dev, struct pic, dev);
	uint8_t master = p->s.chip[MASTER].imr;

	if (pin < 8)
		return !(master & 1u << pin);
	return pin < 16 && !(master & 1u << CASCADE) &&
	       !(p->s.chip[SLAVE].imr & 1u << (pin - 8));
}

void pic_watch(struct device *dev, const struct mask_watch *watch)
{
	container_of(dev, struct pic, dev)->watch = *watch;
}
