/*
 * cpool.c: pools of slots, and the paths through them.
 *
 * A path is up to eight indices of one byte, the most significant first. All
 * but the last must lead to a pool; a pool may hold itself, so the depth is
 * what bounds the walk.
 */
#include "guest-kernel/kernel/kernel.h"

#define SCAN 16 /* empty slots passed in one step */

enum error cpool_walk(const struct slot *root, uint64_t path, unsigned depth,
		      unsigned rights, struct slot **slot, unsigned *found)
{
	const struct cap *cap = &root->cap;

	*found = OBJECT_NULL;
	if (depth == 0 || depth > CADDR_DEPTH_MAX)
		return ERR_BAD_ADDRESS;
	if (depth < CADDR_DEPTH_MAX && path >> (8 * depth))
		return ERR_BAD_ADDRESS;
	for (;;) {
		unsigned need = depth > 1 ? RIGHT_READ : rights;

		*found = cap->type;
		if (cap->type != OBJECT_CPOOL)
			return ERR_BAD_ADDRESS;
		if (need & ~cap->rights)
			return ERR_NO_RIGHT;
		depth--;
		*slot = &cpool_of(cap)->slot[path >> (8 * depth) & 0xff];
		if (depth == 0)
			return ERR_OK;
		cap = &(*slot)->cap;
	}
}

void cpool_way(struct slot *root, uint64_t path, unsigned depth,
	       struct way *way)
{
	struct slot *slot = root;

	way->count = 0;
	way->slot[way->count++] = slot;
	while (depth-- > 0) {
		slot = &cpool_of(&slot->cap)->slot[path >> (8 * depth) & 0xff];
		way->slot[way->count++] = slot;
	}
}

int cpool_lowest_free(const struct cpool *pool)
{
	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		if (slot_empty(&pool->slot[i]))
			return i;
	return -1;
}

bool cpool_step(struct cpool *pool)
{
	struct object *obj = &pool->object;

	for (unsigned i = 0; i < SCAN && obj->at < CPOOL_SLOTS; i++) {
		struct slot *slot = &pool->slot[obj->at++];

		if (!slot_empty(slot)) {
			cap_delete(slot);
			break;
		}
	}
	return obj->at == CPOOL_SLOTS;
}

enum error cpool_free_slot(struct invocation *inv)
{
	int index = cpool_lowest_free(cpool_of(&inv->self->cap));

	if (index < 0)
		return ERR_NO_SLOT;
	inv->result[0] = index;
	return ERR_OK;
}

/* The slot that the first word names. */
static enum error decode_index(struct invocation *inv, struct slot **slot)
{
	if (inv->word[0] >= CPOOL_SLOTS)
		return refuse(inv, 1, ERR_RANGE);
	*slot = &cpool_of(&inv->self->cap)->slot[inv->word[0]];
	return ERR_OK;
}

static enum error decode_empty(struct invocation *inv, struct slot **slot)
{
	enum error err = decode_index(inv, slot);

	if (!err && !slot_empty(*slot))
		err = refuse(inv, 1, ERR_SLOT_TAKEN);
	return err;
}

enum error cpool_type(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_index(inv, &slot);

	if (!err)
		inv->result[0] = slot->cap.type;
	return err;
}

static uint64_t cap_value(const struct cap *cap)
{
	switch (cap->type) {
	case OBJECT_CHANNEL:
		return cap->bits;
	case OBJECT_IO_PORT:
		return cap->port.first | cap->port.last << 16;
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION:
		return cap->badge;
	default:
		return 0;
	}
}

enum error cpool_info(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_index(inv, &slot);

	if (err)
		return err;
	inv->result[0] = slot->cap.type;
	inv->result[1] = slot->cap.rights;
	inv->result[2] = cap_value(&slot->cap);
	return ERR_OK;
}

enum error cpool_copy(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_empty(inv, &slot);

	if (!err && cap_may_copy(&inv->cap[1]->cap))
		err = refuse(inv, 2, ERR_NO_COPY);
	if (!err)
		cap_copy(inv->cap[1], slot);
	return err;
}

static enum error decode_badge(const struct cap *source, uint64_t badge)
{
	uint64_t first = badge & 0xffff, last = badge >> 16;

	if (badge == 0)
		return ERR_OK;
	switch (source->type) {
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION:
		return source->badge ? ERR_BAD_STATE : ERR_OK;
	case OBJECT_IO_PORT:
		if (first < source->port.first || last > source->port.last ||
		    first > last)
			return ERR_RANGE;
		return ERR_OK;
	default:
		return ERR_RANGE;
	}
}

static enum error decode_mint(struct invocation *inv, struct slot **slot)
{
	enum error err = decode_empty(inv, slot);

	if (err)
		return err;
	if (inv->word[1] & ~(uint64_t)RIGHT_ALL)
		return refuse(inv, 2, ERR_RANGE);
	err = decode_badge(&inv->cap[3]->cap, inv->word[2]);
	if (err)
		return refuse(inv, 3, err);
	if (cap_may_copy(&inv->cap[3]->cap))
		return refuse(inv, 4, ERR_NO_COPY);
	return ERR_OK;
}

static void do_mint(struct slot *source, struct slot *slot, unsigned rights,
		    uint64_t badge)
{
	cap_copy(source, slot);
	slot->cap.rights &= rights;
	if (badge == 0)
		return;
	if (slot->cap.type == OBJECT_IO_PORT) {
		slot->cap.port.first = badge & 0xffff;
		slot->cap.port.last = badge >> 16;
	} else {
		slot->cap.badge = badge;
	}
}

enum error cpool_mint(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_mint(inv, &slot);

	if (!err)
		do_mint(inv->cap[3], slot, inv->word[1], inv->word[2]);
	return err;
}

enum error cpool_move(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_empty(inv, &slot);

	if (!err && cap_may_move(inv->cap[1], slot))
		err = refuse(inv, 2, ERR_BAD_STATE);
	if (!err)
		cap_move(inv->cap[1], slot);
	return err;
}

/*
 * What is deleted may be what the path leads through. So who is broken off
 * here does not look for its target again, but drains.
 */
enum error cpool_drain(struct task *caller)
{
	bool done = object_drain();

	caller->drains_at = done ? 0 : caller->regs.rip;
	return done ? ERR_OK : ERR_RESTART;
}

enum error cpool_delete(struct invocation *inv)
{
	struct slot *slot;
	enum error err = decode_index(inv, &slot);

	if (err)
		return err;
	if (!slot_empty(slot))
		cap_delete(slot);
	return cpool_drain(inv->caller);
}

enum error cpool_revoke(struct invocation *inv)
{
	unsigned depth = inv->caller->regs.rsi >> INFO_TARGET_SHIFT & 0xf;
	struct slot *slot;
	struct way way;
	enum error err = decode_index(inv, &slot);

	if (!err && slot_empty(slot))
		err = refuse(inv, 1, ERR_EMPTY_SLOT);
	if (err)
		return err;
	cpool_way(&inv->caller->cpool, inv->caller->regs.rdi, depth, &way);
	return object_revoke(slot, &way) ? cpool_drain(inv->caller)
					 : ERR_RESTART;
}
