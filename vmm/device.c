/* device.c: whether foreign bytes may become a device's state. */
#include "vmm/device.h"

#include <stdlib.h>
#include <string.h>

static bool field_ok(const struct state_field *f, const uint8_t *state)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < f->size; i++)
		val |= (uint64_t)state[f->offset + i] << 8 * i;
	return !(val & ~f->bits) && val <= f->max;
}

/* The bytes may lie at any address: what is asked gets an aligned copy. */
static bool ask(const struct device *dev, const void *bytes, uint64_t now_ns)
{
	void *copy = malloc(dev->ops->state_size);
	bool ok;

	if (!copy)
		return false;
	memcpy(copy, bytes, dev->ops->state_size);
	ok = dev->ops->state_ok(dev, copy, now_ns);
	free(copy);
	return ok;
}

bool device_state_ok(const struct device *dev, const void *bytes,
		     uint64_t now_ns)
{
	const struct state_field *f = dev->ops->fields;

	for (; f && f->size; f++)
		if (!field_ok(f, bytes))
			return false;
	return !dev->ops->state_ok || ask(dev, bytes, now_ns);
}
