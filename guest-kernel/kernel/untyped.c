/*
 * untyped.c: memory, and the making of objects from it.
 *
 * An Untyped gives its memory out from the bottom; what is used is a prefix.
 * Everything that lies in that prefix descends from it, so when it has no
 * children the prefix is empty again. Memory is cleared before anything is
 * made, in steps between which the call can be interrupted.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

struct retype {
	unsigned type;
	unsigned count;
	uint64_t size;
	uint64_t first; /* offset of the first object */
	uint64_t bytes; /* from one object to the next */
	struct slot *dest;
};

/* With nothing used, what is clear stays so. */
static void take_back(struct slot *self)
{
	if (self->child || self->cap.untyped.used == 0)
		return;
	self->cap.untyped.used = 0;
	self->cap.untyped.cleared = 0;
}

void untyped_rest(struct slot *self, struct cap *rest)
{
	uint64_t used, cleared;

	take_back(self);
	*rest = self->cap;
	used = rest->untyped.used;
	cleared = rest->untyped.cleared;
	rest->base += used;
	rest->untyped.size -= used;
	rest->untyped.used = 0;
	rest->untyped.cleared = cleared > used ? cleared - used : 0;
}

static enum error decode_destination(struct invocation *inv, struct retype *r)
{
	r->dest = inv->cap[3];
	if (r->count > CPOOL_SLOTS - (inv->word[3] & 0xff))
		return refuse(inv, 3, ERR_RANGE);
	for (unsigned i = 0; i < r->count; i++)
		if (!slot_empty(&r->dest[i]))
			return refuse(inv, 4, ERR_SLOT_TAKEN);
	return ERR_OK;
}

static bool device_has(unsigned type)
{
	return type == OBJECT_RAW_PAGE || type == OBJECT_LARGE_PAGE ||
	       type == OBJECT_UNTYPED;
}

static enum error decode_object(struct invocation *inv, struct retype *r)
{
	const struct cap *cap = &inv->self->cap;

	if (inv->word[0] >= OBJECT_COUNT)
		return refuse(inv, 1, ERR_RANGE);
	r->type = inv->word[0];
	if (cap->flags & CAP_DEVICE && !device_has(r->type))
		return refuse(inv, 1, ERR_RANGE);
	r->size = inv->word[1];
	r->bytes = object_bytes(r->type, r->size);
	if (r->bytes == 0)
		return refuse(inv, 2, ERR_RANGE);
	if (inv->word[2] == 0 || inv->word[2] > CPOOL_SLOTS)
		return refuse(inv, 3, ERR_RANGE);
	r->count = inv->word[2];
	if (r->type == OBJECT_PML4 && r->count > space_left())
		return refuse(inv, 3, ERR_NO_SPACE);
	return ERR_OK;
}

static enum error decode_retype(struct invocation *inv, struct retype *r)
{
	const struct cap *cap = &inv->self->cap;
	enum error err = decode_object(inv, r);
	uint64_t align, start;

	if (err)
		return err;
	align = object_align(r->type, r->bytes);
	start = (cap->base + cap->untyped.used + align - 1) & ~(align - 1);
	r->first = start - cap->base;
	if (r->first > cap->untyped.size ||
	    r->count > (cap->untyped.size - r->first) / r->bytes)
		return refuse(inv, 0, ERR_NO_MEMORY);
	return decode_destination(inv, r);
}

/*
 * Clear memory up to `end`, from where that was done before. False: an
 * interrupt is pending; what was done is not lost.
 */
static bool clear(struct cap *cap, uint64_t end)
{
	uint64_t at = cap->untyped.cleared, len;

	if (at < cap->untyped.used)
		at = cap->untyped.used;
	for (; at < end; at += len) {
		len = end - at < PAGE_SIZE ? end - at : PAGE_SIZE;
		memset(arch_ptr(cap->base + at), 0, len);
		cap->untyped.cleared = at + len;
		if (at + len < end && arch_interrupt_pending())
			return false;
	}
	return true;
}

/* A smaller Untyped knows what of it is clear already. */
static void set_cleared(const struct cap *from, struct cap *cap)
{
	uint64_t end = from->base + from->untyped.cleared;

	if (end <= cap->base)
		return;
	cap->untyped.cleared = end - cap->base < cap->untyped.size
				       ? end - cap->base
				       : cap->untyped.size;
}

static void do_retype(struct slot *self, const struct retype *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		uint64_t base = self->cap.base + r->first + i * r->bytes;
		struct cap cap = object_create(r->type, base, r->size);

		cap.flags = self->cap.flags & CAP_DEVICE;
		if (r->type == OBJECT_UNTYPED)
			set_cleared(&self->cap, &cap);
		cap_derive(self, &r->dest[i], &cap);
	}
	self->cap.untyped.used = r->first + r->count * r->bytes;
}

enum error untyped_retype(struct invocation *inv)
{
	struct cap *cap = &inv->self->cap;
	struct retype r;
	enum error err;

	take_back(inv->self);
	err = decode_retype(inv, &r);
	if (err)
		return err;
	if (r.type != OBJECT_UNTYPED && !(cap->flags & CAP_DEVICE) &&
	    !clear(cap, r.first + r.count * r.bytes))
		return ERR_RESTART;
	do_retype(inv->self, &r);
	inv->result[0] = cap->untyped.size - cap->untyped.used;
	return ERR_OK;
}

enum error untyped_info(struct invocation *inv)
{
	const struct cap *cap = &inv->self->cap;

	take_back(inv->self);
	inv->result[0] = cap->untyped.size;
	inv->result[1] = cap->untyped.size - cap->untyped.used;
	inv->result[2] = cap->flags & CAP_DEVICE ? UNTYPED_DEVICE : 0;
	return ERR_OK;
}
