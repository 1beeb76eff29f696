/*
 * timeout.h: what happens at a time. A leftist heap whose nodes lie in the
 * objects that wait, so that a deadline takes no memory of its own and adding
 * and cancelling are O(log n), without recursion.
 *
 * For every node: no child is earlier; rank(left) >= rank(right), where the
 * rank of a node is 1 + rank(right) and that of none is 0; a child's parent
 * points back. A node that is in no heap has when == 0. Nodes of equal time
 * come out in no promised, but always the same, order.
 */
#ifndef KERNEL_TIMEOUT_H
#define KERNEL_TIMEOUT_H

#include <stdbool.h>
#include <stdint.h>

enum timeout_kind {
	TIMEOUT_WAIT = 1, /* a task's deadline has come */
	TIMEOUT_REFILL,	  /* a scheduling context has budget again */
};

struct timeout {
	struct timeout *left, *right, *parent;
	uint64_t when; /* nanoseconds of the kernel's clock; 0: not armed */
	uint32_t rank;
	uint32_t kind; /* enum timeout_kind */
};

struct timeouts {
	struct timeout *first; /* the earliest */
};

/* `t` must not be armed; when > 0. */
void timeout_arm(struct timeouts *heap, struct timeout *t, uint64_t when);
/* Nothing happens if it is not armed. */
void timeout_cancel(struct timeouts *heap, struct timeout *t);
/* The earliest that is due, no longer armed; or NULL. */
struct timeout *timeout_due(struct timeouts *heap, uint64_t now);
/* When the next one is due; UINT64_MAX: none. */
uint64_t timeout_next(const struct timeouts *heap);

#endif
