/*
 * power.c: the ways guests power a PC off, reset it or say that they died.
 *
 * One device; the upper bits of the register number pick the idiom (enum
 * power_port), the low four are the offset inside it. cf9h lies inside the
 * PCI configuration address register: a dword there is an address for the
 * bridge (which is not there) and only a byte write is a reset.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

#define SCI_EN		 0x0001 /* of PM1a_CNT */
#define SLP_EN		 0x2000

#define CF9_OFFSET	 1 /* from cf8h */
#define CF9_RESET	 0x04
#define CF9_MASK	 0x0e

#define PORT92_RESET	 0x01
#define PORT92_A20	 0x02

#define PVPANIC_PANICKED 0x01

static const char shutdown_word[] = "Shutdown";

CHIP_STATE_BEGIN
struct power_state {
	uint8_t cf9;
	uint8_t port92;	 /* A20 is kept but always open */
	uint8_t letters; /* of "Shutdown", seen so far */
};
CHIP_STATE_END

struct power {
	struct device dev;
	struct power_state s;
	struct machine *machine;
};

static void write_pm1a(struct power *p, uint64_t offset, unsigned size,
		       uint64_t val)
{
	if (offset == 0 && size >= 2 && (val & SLP_EN))
		machine_stop(p->machine, STOP_POWEROFF, 0, "ACPI power-off");
}

static void write_cf9(struct power *p, uint64_t offset, unsigned size,
		      uint64_t val)
{
	if (offset != CF9_OFFSET || size != 1)
		return;
	if ((val & CF9_RESET) && !(p->s.cf9 & CF9_RESET))
		machine_stop(p->machine, STOP_RESET, 0, "reset by port 0xcf9");
	p->s.cf9 = val & CF9_MASK;
}

static void write_port92(struct power *p, uint8_t val)
{
	if ((val & PORT92_RESET) && !(p->s.port92 & PORT92_RESET))
		machine_stop(p->machine, STOP_RESET, 0, "reset by port 0x92");
	p->s.port92 = val & (PORT92_RESET | PORT92_A20);
}

static void write_shutdown(struct power *p, uint8_t letter)
{
	if (letter != (uint8_t)shutdown_word[p->s.letters])
		p->s.letters = 0;
	if (letter != (uint8_t)shutdown_word[p->s.letters])
		return;
	if (++p->s.letters < sizeof(shutdown_word) - 1)
		return;
	p->s.letters = 0;
	machine_stop(p->machine, STOP_POWEROFF, 0,
		     "\"Shutdown\" on port 0x8900");
}

static uint64_t power_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct power *p = container_of(dev, struct power, dev);

	switch (POWER_PORT(reg)) {
	case POWER_PM1A: /* ACPI is on, there is no other mode */
		return POWER_OFFSET(reg) == 0 ? SCI_EN : 0;
	case POWER_CF9:
		if (POWER_OFFSET(reg) == CF9_OFFSET && size == 1)
			return p->s.cf9;
		break;
	case POWER_PORT92:
		return p->s.port92;
	case POWER_PVPANIC:
		return PVPANIC_PANICKED; /* the events it understands */
	}
	return ~UINT64_C(0);
}

static void power_write(struct device *dev, uint64_t reg, unsigned size,
			uint64_t val)
{
	struct power *p = container_of(dev, struct power, dev);

	switch (POWER_PORT(reg)) {
	case POWER_PM1A:
		write_pm1a(p, POWER_OFFSET(reg), size, val);
		break;
	case POWER_CF9:
		write_cf9(p, POWER_OFFSET(reg), size, val);
		break;
	case POWER_PORT92:
		write_port92(p, val);
		break;
	case POWER_PVPANIC:
		if (val & PVPANIC_PANICKED)
			machine_stop(p->machine, STOP_PANIC, 0, "pvpanic");
		break;
	case POWER_SHUTDOWN:
		write_shutdown(p, val);
		break;
	}
}

static void power_reset(struct device *dev)
{
	struct power *p = container_of(dev, struct power, dev);

	memset(&p->s, 0, sizeof(p->s));
	p->s.port92 = PORT92_A20;
}

static void power_restored(struct device *dev)
{
}

static const struct state_field power_fields[] = {
	STATE_BITS(struct power_state, cf9, CF9_MASK),
	STATE_MAX(struct power_state, letters, sizeof(shutdown_word) - 2),
	STATE_END,
};

static const struct device_ops power_ops = {
	.name = "power",
	.width = 4,
	.read = power_read,
	.write = power_write,
	.reset = power_reset,
	.restored = power_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct power, s, 1),
	.fields = power_fields,
};

struct device *power_create(struct machine *m)
{
	struct power *p = chip_alloc(sizeof(*p), &power_ops);

	if (!p)
		return NULL;
	p->machine = m;
	power_reset(&p->dev);
	return &p->dev;
}
