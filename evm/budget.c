/* budget.c: an allocator with a limit; see budget.h. */
#include "evm/budget.h"

static void *resize(void *ctx, void *old, size_t old_size, size_t size)
{
	struct evm_budget *b = ctx;
	void *p;

	if (size > old_size && size - old_size > b->limit - b->used) {
		b->refused++;
		return NULL;
	}
	p = b->from.resize(b->from.ctx, old, old_size, size);
	if (!p && size > 0)
		return NULL;
	b->used = b->used - old_size + size;
	if (b->used > b->peak)
		b->peak = b->used;
	return p;
}

struct evm_allocator evm_budget_allocator(struct evm_budget *budget)
{
	return (struct evm_allocator){.resize = resize, .ctx = budget};
}
