/* chip.c: allocate a chip, free it. */
#include "devices/chip.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/log.h"

void *chip_alloc(size_t size, const struct device_ops *ops)
{
	struct device *dev = calloc(1, size);

	if (!dev) {
		fail(-ENOMEM, "board: %s: no memory", ops->name);
		return NULL;
	}
	dev->ops = ops;
	return dev;
}

void chip_free(struct device *dev)
{
	free(dev);
}
