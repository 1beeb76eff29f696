/*
 * chip.h: what every chip in this folder shares.
 *
 * A chip is `struct x { struct device dev; struct x_state s; ... }`, dev
 * first, allocated zeroed and freed whole. Its state struct stands between
 * CHIP_STATE_BEGIN and CHIP_STATE_END, where the compiler refuses padding:
 * the state hash and snapshots copy every byte of it.
 */
#ifndef DEVICES_CHIP_H
#define DEVICES_CHIP_H

#include <stddef.h>

#include "vmm/device.h"

#define CHIP_STATE_BEGIN               \
	_Pragma("GCC diagnostic push") \
		_Pragma("GCC diagnostic error \"-Wpadded\"")
#define CHIP_STATE_END _Pragma("GCC diagnostic pop")

/* `size` zeroed bytes that begin with a struct device; NULL, said. */
void *chip_alloc(size_t size, const struct device_ops *ops);

/* ops->destroy of a chip that owns nothing but itself. */
void chip_free(struct device *dev);

#endif
