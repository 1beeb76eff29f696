/* timeout.c: the heap of timeouts; timeout.h says what always holds. */
#include "guest-kernel/kernel/timeout.h"

#include <stddef.h>

static uint32_t rank(const struct timeout *t)
{
	return t ? t->rank : 0;
}

/* After a change of a child: the longer spine to the left. */
static void settle(struct timeout *t)
{
	if (rank(t->left) < rank(t->right)) {
		struct timeout *swap = t->left;

		t->left = t->right;
		t->right = swap;
	}
	t->rank = 1 + rank(t->right);
}

/*
 * Ranks from `t` upwards. They change along a right spine only, and a right
 * spine has at most log2(n + 1) nodes, so this ends soon.
 */
static void settle_up(struct timeout *t)
{
	for (; t; t = t->parent) {
		uint32_t before = t->rank;

		settle(t);
		if (t->rank == before)
			break;
	}
}

/* Two heaps, neither with a parent, become one. */
static struct timeout *merge(struct timeout *a, struct timeout *b)
{
	struct timeout *top = NULL, *last = NULL;

	/* Down both right spines, always on with the earlier of the two. */
	while (a && b) {
		struct timeout *first = b->when < a->when ? b : a;
		struct timeout *other = first == a ? b : a;

		first->parent = last;
		if (last)
			last->right = first;
		else
			top = first;
		last = first;
		a = first->right;
		b = other;
	}
	a = a ? a : b;
	if (a)
		a->parent = last;
	if (!last)
		return a;
	last->right = a;
	/* And up again: every node of the spine may have changed. */
	for (; last; last = last->parent)
		settle(last);
	return top;
}

void timeout_arm(struct timeouts *heap, struct timeout *t, uint64_t when)
{
	t->left = t->right = t->parent = NULL;
	t->rank = 1;
	t->when = when;
	heap->first = merge(heap->first, t);
}

void timeout_cancel(struct timeouts *heap, struct timeout *t)
{
	struct timeout *rest, *parent = t->parent;

	if (!t->when)
		return;
	if (t->left)
		t->left->parent = NULL;
	if (t->right)
		t->right->parent = NULL;
	rest = merge(t->left, t->right);
	if (rest)
		rest->parent = parent;
	if (!parent)
		heap->first = rest;
	else if (parent->left == t)
		parent->left = rest;
	else
		parent->right = rest;
	settle_up(parent);
	t->left = t->right = t->parent = NULL;
	t->when = 0;
}

struct timeout *timeout_due(struct timeouts *heap, uint64_t now)
{
	struct timeout *t = heap->first;

	if (!t || t->when > now)
		return NULL;
	timeout_cancel(heap, t);
	return t;
}

uint64_t timeout_next(const struct timeouts *heap)
{
	return heap->first ? heap->first->when : UINT64_MAX;
}
