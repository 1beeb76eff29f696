/*
 * cpool.c: pools of slots, and the paths through them.
 *
 * A path is up to eight indices of one byte, the most significant first. All
 * but the last must lead to a pool; a pool may hold itself, so the depth is
 * what bounds the walk.
 */
#include "guest-kernel/kernel/kernel.h"

enum error cpool_place(const struct slot *root, uint64_t path, unsigned depth,
		       struct place *place)
{
	const struct cap *cap = &root->cap;

	if (depth == 0 || depth > CADDR_DEPTH_MAX)
		return ERR_BAD_ADDRESS;
	if (depth < CADDR_DEPTH_MAX && path >> (8 * depth))
		return ERR_BAD_ADDRESS;
	for (;;) {
		if (cap->type != OBJECT_CPOOL)
			return ERR_BAD_ADDRESS;
		depth--;
		place->pool = cpool_of(cap);
		place->index = path >> (8 * depth) & 0xff;
		if (depth == 0)
			return ERR_OK;
		cap = &place->pool->slot[place->index].cap;
	}
}

enum error cpool_lookup(const struct slot *root, uint64_t path, unsigned depth,
			struct slot **slot)
{
	struct place place;
	enum error err = cpool_place(root, path, depth, &place);

	if (err)
		return err;
	*slot = &place.pool->slot[place.index];
	return slot_empty(*slot) ? ERR_EMPTY_SLOT : ERR_OK;
}

int cpool_free_slot(const struct cpool *pool)
{
	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		if (slot_empty(&pool->slot[i]))
			return i;
	return -1;
}

enum error cpool_argument(const struct invocation *inv, unsigned at,
			  unsigned type, struct slot **slot)
{
	enum error err;

	if (inv->words <= at)
		return ERR_TRUNCATED;
	err = cpool_lookup(&inv->caller->cpool, inv->word[at], inv->depth,
			   slot);
	if (err)
		return err;
	if (type != OBJECT_NULL && (*slot)->cap.type != type)
		return ERR_WRONG_TYPE;
	return ERR_OK;
}

enum error cpool_call(struct invocation *inv)
{
	const struct cpool *pool = cpool_of(&inv->self->cap);
	int index;

	switch (inv->label) {
	case CPOOL_FREE_SLOT:
		index = cpool_free_slot(pool);
		if (index < 0)
			return ERR_NO_SLOT;
		inv->result[0] = index;
		return ERR_OK;
	case CPOOL_TYPE:
		if (inv->words < 1)
			return ERR_TRUNCATED;
		if (inv->word[0] >= CPOOL_SLOTS)
			return ERR_RANGE;
		inv->result[0] = pool->slot[inv->word[0]].cap.type;
		return ERR_OK;
	default:
		return ERR_NO_SUCH_CALL;
	}
}
