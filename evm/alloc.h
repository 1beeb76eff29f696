/* alloc.h: the given allocator, as the library's files call it. */
#ifndef EVM_ALLOC_H
#define EVM_ALLOC_H

#include <string.h>

#include "evm/evm.h"

static inline void *evm_alloc(const struct evm_allocator *a, size_t size)
{
	return a->resize(a->ctx, NULL, 0, size);
}

static inline void evm_free(const struct evm_allocator *a, void *p, size_t size)
{
	if (p)
		a->resize(a->ctx, p, size, 0);
}

/*
 * Make room for `need` elements of `each` bytes in *array, which has *size:
 * at least doubled, so that adding one by one stays cheap.
 */
static inline int evm_reserve(const struct evm_allocator *a, void **array,
			      size_t *size, size_t need, size_t each)
{
	size_t more = *size * 2 > need ? *size * 2 : need;
	void *p;

	if (need <= *size)
		return 0;
	if (more > SIZE_MAX / 2 / each)
		return EVM_ERR_NO_MEMORY;
	p = a->resize(a->ctx, *array, *size * each, more * each);
	if (!p)
		return EVM_ERR_NO_MEMORY;
	*array = p;
	*size = more;
	return 0;
}

#endif
