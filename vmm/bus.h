/*
 * bus.h: which device answers at which address.
 *
 * A machine has two: I/O ports and memory-mapped registers. Reads of nothing
 * are all ones, writes to nothing are lost, and an access that leaves one
 * mapping is cut at its edge.
 */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include <stdint.h>

#include "vmm/device.h"

#define BUS_MAPPINGS 64

struct bus_mapping {
	uint64_t base, len;
	uint64_t reg; /* the device's register at `base` */
	struct device *dev;
};

/* Sorted by base; mappings never overlap. */
struct bus {
	struct bus_mapping map[BUS_MAPPINGS];
	unsigned count;
	unsigned last; /* the mapping hit last: registers come in runs */
};

/*
 * Let `dev` answer at [base, base + len), its register `reg` first.
 * Overlap, wrap-around and a full table are our mistakes, and assert.
 */
void bus_map(struct bus *bus, uint64_t base, uint64_t len, struct device *dev,
	     uint64_t reg);

/* Who answers at `addr`; NULL: nobody. */
const struct device *bus_device(struct bus *bus, uint64_t addr);

/* `size` is 1, 2, 4 or 8 bytes, at any alignment. */
uint64_t bus_read(struct bus *bus, uint64_t addr, unsigned size);
void bus_write(struct bus *bus, uint64_t addr, unsigned size, uint64_t val);

#endif
