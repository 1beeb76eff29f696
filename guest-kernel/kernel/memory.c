/* memory.c: ranges of physical memory while booting; see memory.h. */
#include "guest-kernel/kernel/kernel.h"
#include "guest-kernel/kernel/memory.h"

#include <string.h>

static void erase(struct range_set *set, unsigned i)
{
	set->count--;
	memmove(&set->range[i], &set->range[i + 1],
		(set->count - i) * sizeof(set->range[0]));
}

/* Where there is no room the range is lost: memory nobody uses. */
static void insert(struct range_set *set, unsigned i, struct range r)
{
	if (set->count == RANGES || r.base >= r.end)
		return;
	memmove(&set->range[i + 1], &set->range[i],
		(set->count - i) * sizeof(set->range[0]));
	set->range[i] = r;
	set->count++;
}

void ranges_add(struct range_set *set, uint64_t base, uint64_t end)
{
	struct range new;
	unsigned i = 0;

	if (base >= DIRECT_MAP_SIZE || end <= base)
		return;
	if (end > DIRECT_MAP_SIZE)
		end = DIRECT_MAP_SIZE;
	new = (struct range){(base + PAGE_MASK) & ~PAGE_MASK, end & ~PAGE_MASK};
	if (new.base >= new.end)
		return;
	while (i < set->count && set->range[i].end < new.base)
		i++;
	while (i < set->count && set->range[i].base <= new.end) {
		if (set->range[i].base < new.base)
			new.base = set->range[i].base;
		if (set->range[i].end > new.end)
			new.end = set->range[i].end;
		erase(set, i);
	}
	insert(set, i, new);
}

void ranges_remove(struct range_set *set, uint64_t base, uint64_t end)
{
	unsigned i = 0;

	if (base >= DIRECT_MAP_SIZE || end <= base)
		return;
	if (end > DIRECT_MAP_SIZE)
		end = DIRECT_MAP_SIZE;
	base &= ~PAGE_MASK;
	end = (end + PAGE_MASK) & ~PAGE_MASK;
	while (i < set->count) {
		struct range old = set->range[i];
		struct range left = {old.base, old.end < base ? old.end : base};
		struct range right = {old.base > end ? old.base : end, old.end};

		erase(set, i);
		insert(set, i, right);
		insert(set, i, left);
		i += (left.base < left.end) + (right.base < right.end);
	}
}

const struct range *ranges_largest(const struct range_set *set, uint64_t below)
{
	const struct range *best = NULL;

	for (unsigned i = 0; i < set->count; i++) {
		const struct range *r = &set->range[i];

		if (r->end <= below &&
		    (!best || r->end - r->base > best->end - best->base))
			best = r;
	}
	return best;
}

void arena_init(struct boot *boot, uint64_t below)
{
	const struct range *largest = ranges_largest(&boot->memory, below);

	if (!largest)
		panic("boot: the memory map has no usable memory");
	boot->arena = *largest;
	ranges_remove(&boot->memory, boot->arena.base, boot->arena.end);
}

uint64_t arena_pages(struct boot *boot, unsigned count)
{
	uint64_t base = boot->arena.base;

	if (count > (boot->arena.end - base) / PAGE_SIZE)
		panic("boot: out of memory; give the machine more");
	boot->arena.base += count * PAGE_SIZE;
	return base;
}
