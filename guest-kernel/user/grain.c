/*
 * grain.c: where grains and their slots are. The directory, a pool in one slot
 * of the root pool, has in its first slots pools with the grains' Untypeds and
 * behind these pools with their objects, those of four grains in each.
 */
#include "guest-kernel/user/grain.h"

#define UNTYPED_POOLS	4u /* GRAINS_MAX / 256, rounded up */
#define GRAINS_PER_POOL (CPOOL_SLOTS / GRAIN_SLOTS)

_Static_assert(UNTYPED_POOLS *CPOOL_SLOTS >= GRAINS_MAX, "Untypeds");
_Static_assert(UNTYPED_POOLS + GRAINS_MAX / GRAINS_PER_POOL + MEMORY_SLOTS <=
		       CPOOL_SLOTS,
	       "one directory");

static struct {
	struct caddr directory; /* depth 0: not made yet */
	unsigned untyped_pools, object_pools;
	unsigned made;		   /* grains that were ever cut */
	unsigned first_free;	   /* 1 + index; 0: none */
	uint16_t next[GRAINS_MAX]; /* the same, of free ones */
} grains;

static struct caddr in_directory(unsigned slot)
{
	return caddr_in(grains.directory, slot);
}

struct caddr grain_untyped(const struct grain *g)
{
	return caddr_in(in_directory(g->index / CPOOL_SLOTS),
			g->index % CPOOL_SLOTS);
}

struct caddr grain_slot(const struct grain *g, unsigned n)
{
	unsigned pool = UNTYPED_POOLS + g->index / GRAINS_PER_POOL;
	unsigned first = g->index % GRAINS_PER_POOL * GRAIN_SLOTS;

	return caddr_in(in_directory(pool), first + n);
}

/* Of the main Untyped or, when that is used up, of another one. */
static enum error retype(enum abi_object type, uint64_t size, struct caddr dest)
{
	const struct boot_info *info = rt_boot_info();
	enum error err = sys_untyped_retype(caddr_root(BOOT_SLOT_UNTYPED), type,
					    size, 1, dest, NULL);

	for (unsigned i = 0; i < info->untyped_count && err == ERR_NO_MEMORY;
	     i++) {
		const struct boot_untyped *u = &info->untyped[i];

		if (!(u->flags & UNTYPED_DEVICE))
			err = sys_untyped_retype(caddr_root(u->slot), type,
						 size, 1, dest, NULL);
	}
	return err;
}

static enum error make_directory(void)
{
	uint64_t slot;
	enum error err;

	if (grains.directory.depth)
		return ERR_OK;
	err = sys_cpool_free_slot(caddr_root(BOOT_SLOT_CPOOL), &slot);
	if (err == ERR_OK)
		err = retype(OBJECT_CPOOL, 0, caddr_root(slot));
	if (err == ERR_OK)
		grains.directory = caddr_root(slot);
	return err;
}

enum error memory_make(enum abi_object type, struct caddr dest)
{
	return retype(type, 0, dest);
}

enum error memory_keep(enum memory_slot n, enum abi_object type,
		       struct caddr *slot)
{
	enum error err = make_directory();

	struct caddr at;

	if (err != ERR_OK)
		return err;
	at = in_directory(CPOOL_SLOTS - 1 - n);
	err = retype(type, 0, at);
	if (err == ERR_OK)
		*slot = at;
	return err;
}

/* The pools of the next grain; they are made in order. */
static enum error make_pools(void)
{
	enum error err = make_directory();

	if (err == ERR_OK &&
	    grains.untyped_pools * CPOOL_SLOTS <= grains.made) {
		err = memory_make(OBJECT_CPOOL,
				  in_directory(grains.untyped_pools));
		grains.untyped_pools += err == ERR_OK;
	}
	if (err == ERR_OK &&
	    grains.object_pools * GRAINS_PER_POOL <= grains.made) {
		err = memory_make(
			OBJECT_CPOOL,
			in_directory(UNTYPED_POOLS + grains.object_pools));
		grains.object_pools += err == ERR_OK;
	}
	return err;
}

bool grain_take(struct grain *g)
{
	*g = (struct grain){0};
	if (grains.first_free) {
		g->index = grains.first_free - 1;
		grains.first_free = grains.next[g->index];
		return true;
	}
	g->index = grains.made;
	if (grains.made == GRAINS_MAX || make_pools() != ERR_OK ||
	    retype(OBJECT_UNTYPED, GRAIN_BYTES, grain_untyped(g)) != ERR_OK)
		return false;
	grains.made++;
	return true;
}

void grain_give(struct grain *g)
{
	struct caddr pool = in_directory(g->index / CPOOL_SLOTS);
	enum error err = sys_cpool_revoke(pool, g->index % CPOOL_SLOTS);

	if (err != ERR_OK)
		rt_panic("grain %u: revoke: %s", g->index, error_name(err));
	grains.next[g->index] = grains.first_free;
	grains.first_free = 1 + g->index;
}

enum error grain_make(struct grain *g, enum abi_object type, uint64_t size,
		      unsigned count, struct caddr *first)
{
	enum error err;

	if (count > GRAIN_SLOTS - g->used)
		return ERR_NO_SLOT;
	*first = grain_slot(g, g->used);
	err = sys_untyped_retype(grain_untyped(g), type, size, count, *first,
				 NULL);
	if (err == ERR_OK)
		g->used += count;
	return err;
}
