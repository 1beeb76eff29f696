/* chip.h: what the tests of the devices share: a clock, a wire, registers. */
#ifndef TESTS_UNIT_CHIP_H
#define TESTS_UNIT_CHIP_H

#include "tests/unit/unit.h"

#include "devices/devices.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The end of an interrupt line: its level, and how often it rose. */
struct wire {
	bool level;
	unsigned rises;
};

static inline void wire_set(void *ctx, unsigned pin, bool level)
{
	struct wire *w = ctx;

	w->rises += level && !w->level;
	w->level = level;
}

static inline struct irq_line line_to(struct wire *w)
{
	return (struct irq_line){wire_set, w, 0};
}

/* A clock that stands where the test puts it. */
struct test_time {
	struct clock clock;
	uint64_t ns;
};

static inline uint64_t test_elapsed(void *ctx)
{
	return ((struct test_time *)ctx)->ns;
}

static inline void time_init(struct test_time *t)
{
	*t = (struct test_time){.clock = {.elapsed_ns = test_elapsed}};
	t->clock.ctx = t;
}

/* Go to `ns`, firing what is due at its time; how many stops there were. */
static inline unsigned time_to(struct test_time *t, uint64_t ns)
{
	unsigned stops = 0;

	for (; clock_next(&t->clock) <= ns; stops++) {
		if (clock_next(&t->clock) > t->ns)
			t->ns = clock_next(&t->clock);
		clock_run(&t->clock);
	}
	t->ns = ns;
	return stops;
}

static inline uint64_t reg_read(struct device *dev, uint64_t reg, unsigned size)
{
	uint64_t val = dev->ops->read(dev, reg, size);

	return size < 8 ? val & ((UINT64_C(1) << size * 8) - 1) : val;
}

static inline uint8_t rd(struct device *dev, uint64_t reg)
{
	return reg_read(dev, reg, 1);
}

static inline void wr(struct device *dev, uint64_t reg, uint8_t val)
{
	dev->ops->write(dev, reg, 1, val);
}

static inline uint32_t rd32(struct device *dev, uint64_t reg)
{
	return reg_read(dev, reg, 4);
}

static inline void wr32(struct device *dev, uint64_t reg, uint32_t val)
{
	dev->ops->write(dev, reg, 4, val);
}

#endif
