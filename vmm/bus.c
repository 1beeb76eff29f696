/* bus.c: find the mapping, cut the access to what the device takes. */
#include "vmm/bus.h"

#include <assert.h>
#include <string.h>

static bool inside(const struct bus_mapping *m, uint64_t addr)
{
	return addr >= m->base && addr - m->base < m->len;
}

static const struct bus_mapping *find(struct bus *bus, uint64_t addr)
{
	unsigned lo = 0, hi = bus->count;

	if (bus->last < bus->count && inside(&bus->map[bus->last], addr))
		return &bus->map[bus->last];
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (inside(&bus->map[mid], addr)) {
			bus->last = mid;
			return &bus->map[mid];
		}
		if (addr < bus->map[mid].base)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void bus_map(struct bus *bus, uint64_t base, uint64_t len, struct device *dev,
	     uint64_t reg)
{
	unsigned at = 0;

	assert(bus->count < BUS_MAPPINGS && len && base + len - 1 >= base);
	while (at < bus->count && bus->map[at].base < base)
		at++;
	assert(!at || base - bus->map[at - 1].base >= bus->map[at - 1].len);
	assert(at == bus->count || bus->map[at].base - base >= len);
	memmove(&bus->map[at + 1], &bus->map[at],
		(bus->count - at) * sizeof(bus->map[0]));
	bus->map[at] = (struct bus_mapping){base, len, reg, dev};
	bus->count++;
}

const struct device *bus_device(struct bus *bus, uint64_t addr)
{
	const struct bus_mapping *m = find(bus, addr);

	return m ? m->dev : NULL;
}

/* How many bytes from `addr` on one call to the device may take. */
static unsigned piece(const struct bus_mapping *m, uint64_t addr, unsigned left)
{
	uint64_t room = m->len - (addr - m->base);
	unsigned n = left < m->dev->ops->width ? left : m->dev->ops->width;

	return n < room ? n : (unsigned)room;
}

static uint64_t ones(unsigned size)
{
	return size >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << size * 8) - 1;
}

uint64_t bus_read(struct bus *bus, uint64_t addr, unsigned size)
{
	uint64_t val = 0;

	for (unsigned done = 0, n; done < size; done += n) {
		const struct bus_mapping *m = find(bus, addr + done);
		uint64_t part = ~UINT64_C(0);

		n = m ? piece(m, addr + done, size - done) : 1;
		if (m)
			part = m->dev->ops->read(
				m->dev, m->reg + (addr + done - m->base), n);
		val |= (part & ones(n)) << done * 8;
	}
	return val;
}

void bus_write(struct bus *bus, uint64_t addr, unsigned size, uint64_t val)
{
	for (unsigned done = 0, n; done < size; done += n) {
		const struct bus_mapping *m = find(bus, addr + done);

		n = m ? piece(m, addr + done, size - done) : 1;
		if (m)
			m->dev->ops->write(m->dev,
					   m->reg + (addr + done - m->base), n,
					   val >> done * 8 & ones(n));
	}
}
