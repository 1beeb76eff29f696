/*
 * memory.h: the EVM's memory in a fuzz target: counted, so that the target
 * sees what was not given back, and with an end, so that no input takes all
 * of the host's.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <stdlib.h>

#include "evm/evm.h"

#define MEMORY_MAX (16u << 20)

static size_t in_use; /* bytes */

static void *resize(void *ctx, void *old, size_t old_size, size_t size)
{
	void *p;

	if (size > old_size && size - old_size > MEMORY_MAX - in_use)
		return NULL;
	if (size == 0) {
		free(old);
		in_use -= old_size;
		return NULL;
	}
	p = realloc(old, size);
	if (p)
		in_use += size - old_size;
	return p;
}

static const struct evm_allocator alloc = {.resize = resize};

#endif
