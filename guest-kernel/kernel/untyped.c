/*
 * untyped.c: memory, and the making of objects from it.
 *
 * An Untyped gives its memory out from the bottom; what is used is a prefix.
 * Everything that lies in that prefix descends from it, so its memory can be
 * had back by revoking, and only so.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

struct retype {
	unsigned type, bits;
	unsigned count;
	uint64_t first; /* offset of the first object */
	uint64_t bytes; /* from one object to the next */
	struct slot *dest;
};

uint64_t object_bytes(unsigned type, uint64_t bits)
{
	if (type == OBJECT_CHANNEL)
		return bits <= CHANNEL_BITS_MAX ? CHANNEL_BYTES(bits) : 0;
	if (bits != 0)
		return 0;
	switch (type) {
	case OBJECT_CPOOL:
		return CPOOL_BYTES;
	case OBJECT_TASK:
		return TASK_BYTES;
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return PAGE_SIZE;
	default:
		return 0;
	}
}

uint64_t object_align(unsigned type)
{
	switch (type) {
	case OBJECT_CPOOL:
	case OBJECT_TASK:
	case OBJECT_CHANNEL:
		return 64;
	default:
		return PAGE_SIZE;
	}
}

struct cap object_create(unsigned type, uint64_t base, unsigned bits)
{
	struct cap cap = {
		.type = type, .rights = RIGHT_ALL, .bits = bits, .base = base};

	switch (type) {
	case OBJECT_CHANNEL:
		/* Entries are written before they are read. */
		channel_init(arch_ptr(base), bits);
		break;
	case OBJECT_TASK:
		task_init(arch_ptr(base));
		break;
	default:
		memset(arch_ptr(base), 0, object_bytes(type, bits));
		break;
	}
	if (type == OBJECT_PML4)
		vspace_init_top(base);
	return cap;
}

static enum error decode_destination(const struct invocation *inv,
				     struct retype *r)
{
	struct place place;
	enum error err;

	err = cpool_place(&inv->caller->cpool, inv->word[3], inv->depth,
			  &place);
	if (err)
		return err;
	if (r->count > CPOOL_SLOTS - place.index)
		return ERR_RANGE;
	r->dest = &place.pool->slot[place.index];
	for (unsigned i = 0; i < r->count; i++)
		if (!slot_empty(&r->dest[i]))
			return ERR_SLOT_TAKEN;
	return ERR_OK;
}

static enum error decode_retype(const struct invocation *inv, struct retype *r)
{
	const struct cap *cap = &inv->self->cap;
	uint64_t align, start;

	if (inv->words < 4)
		return ERR_TRUNCATED;
	if (inv->word[0] >= OBJECT_COUNT)
		return ERR_RANGE;
	r->type = inv->word[0];
	r->bytes = object_bytes(r->type, inv->word[1]);
	if (r->bytes == 0 || inv->word[2] == 0 || inv->word[2] > CPOOL_SLOTS)
		return ERR_RANGE;
	r->bits = inv->word[1];
	r->count = inv->word[2];

	align = object_align(r->type);
	start = (cap->base + cap->untyped.used + align - 1) & ~(align - 1);
	r->first = start - cap->base;
	if (r->first > cap->untyped.size ||
	    r->count > (cap->untyped.size - r->first) / r->bytes)
		return ERR_NO_MEMORY;
	return decode_destination(inv, r);
}

static void do_retype(struct slot *self, const struct retype *r)
{
	/* From the last: a new child goes before its elder siblings. */
	for (unsigned i = r->count; i-- > 0;) {
		uint64_t base = self->cap.base + r->first + i * r->bytes;
		struct cap cap = object_create(r->type, base, r->bits);

		cap_derive(self, &r->dest[i], &cap);
	}
	self->cap.untyped.used = r->first + r->count * r->bytes;
}

enum error untyped_call(struct invocation *inv)
{
	struct cap *cap = &inv->self->cap;
	struct retype r;
	enum error err;

	switch (inv->label) {
	case UNTYPED_RETYPE:
		err = decode_retype(inv, &r);
		if (err)
			return err;
		do_retype(inv->self, &r);
		inv->result[0] = cap->untyped.size - cap->untyped.used;
		return ERR_OK;
	case UNTYPED_INFO:
		inv->result[0] = cap->untyped.size;
		inv->result[1] = cap->untyped.size - cap->untyped.used;
		return ERR_OK;
	default:
		return ERR_NO_SUCH_CALL;
	}
}
