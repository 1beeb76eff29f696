/*
 * budget.h: an allocator with a limit, over another. What is more than the
 * limit is refused, and so a run ends with EVM_ERR_NO_MEMORY: that says
 * something of this computer, not of the program, which has not run out of
 * gas; the state is as it was before.
 *
 * Gas bounds what a program can ask for. A frame's memory costs the square of
 * its size: 30 million gas buy 3.8 MiB in one frame, or 99 MiB in 1,025 frames
 * of equal shares, whose stacks are 34 MiB more.
 */
#ifndef EVM_BUDGET_H
#define EVM_BUDGET_H

#include "evm/evm.h"

struct evm_budget {
	struct evm_allocator from;
	size_t limit;
	size_t used, peak; /* bytes */
	size_t refused;	   /* requests */
};

/* The budget must outlive what is allocated of it. */
struct evm_allocator evm_budget_allocator(struct evm_budget *budget);

#endif
