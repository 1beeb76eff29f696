/* space.c: walks of page tables (SDM 3 4.5.4). */
#include "shell/inspect/space.h"

#include <string.h>

#define PTE_P	   UINT64_C(1)
#define PTE_LARGE  (UINT64_C(1) << 7)
#define PTE_ADDR   UINT64_C(0x000ffffffffff000)
#define ENTRIES	   512u
#define USER_HALF  256u
#define MAP_ALLOWS (MAP_WRITE | MAP_USER)
#define USER_END   (UINT64_C(1) << 47)

static const uint64_t *table_at(const struct guestmem *mem, uint64_t pa)
{
	return guestmem_ptr(mem, pa, ENTRIES * sizeof(uint64_t));
}

/* What a level adds to what the levels above it allow. */
static uint64_t narrow(uint64_t flags, uint64_t entry)
{
	return (flags & entry & MAP_ALLOWS) |
	       ((flags | entry) & (MAP_NX | MAP_PCD));
}

struct level {
	const uint64_t *table;
	unsigned at, end;
	uint64_t flags, va;
};

static bool tell(const struct level *l, unsigned shift, uint64_t va,
		 uint64_t entry, space_page_fn *fn, void *ctx)
{
	uint64_t bytes = UINT64_C(1) << shift;
	struct page page = {va, entry & PTE_ADDR & ~(bytes - 1), bytes,
			    narrow(l->flags, entry)};

	return fn(ctx, &page);
}

static unsigned tables_max(const struct guestmem *mem)
{
	uint64_t pages = guestmem_size(mem) / PAGE_BYTES;

	return pages < TABLES_MAX ? pages : TABLES_MAX;
}

bool space_walk(const struct guestmem *mem, uint64_t top, space_page_fn *fn,
		void *ctx)
{
	struct level level[5] = {[4] = {table_at(mem, top & PTE_ADDR), 0,
					USER_HALF, MAP_ALLOWS, 0}};
	unsigned at = 4, tables = 1, most = tables_max(mem);
	bool whole = level[4].table != NULL;

	while (at <= 4 && level[at].table) {
		struct level *l = &level[at];
		unsigned shift = 12 + 9 * (at - 1);
		uint64_t entry, va;

		if (l->at == l->end) {
			at++;
			continue;
		}
		entry = l->table[l->at];
		va = l->va | (uint64_t)l->at++ << shift;
		if (!(entry & PTE_P))
			continue;
		if (at == 1 || (at <= 3 && entry & PTE_LARGE)) {
			if (!tell(l, shift, va, entry, fn, ctx))
				return false;
			continue;
		}
		level[at - 1] =
			(struct level){table_at(mem, entry & PTE_ADDR), 0,
				       ENTRIES, narrow(l->flags, entry), va};
		if (!level[at - 1].table || tables == most) {
			whole = false;
			continue;
		}
		tables++;
		at--;
	}
	return whole;
}

bool space_page(const struct guestmem *mem, uint64_t top, uint64_t va,
		struct page *page)
{
	uint64_t table = top & PTE_ADDR, flags = MAP_ALLOWS, entry;

	if (va >= USER_END)
		return false;
	for (unsigned level = 4; level > 0; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		uint64_t bytes = UINT64_C(1) << shift;

		if (!guestmem_read(mem, table + (va >> shift & 511) * 8, &entry,
				   sizeof(entry)) ||
		    !(entry & PTE_P))
			return false;
		flags = narrow(flags, entry);
		table = entry & PTE_ADDR;
		if (level == 1 || (level <= 3 && entry & PTE_LARGE)) {
			*page = (struct page){va & ~(bytes - 1),
					      table & ~(bytes - 1), bytes,
					      flags};
			return true;
		}
	}
	return false;
}

bool space_read(const struct guestmem *mem, uint64_t top, uint64_t va,
		void *buf, size_t len)
{
	uint8_t *to = buf;
	struct page page;

	while (len > 0) {
		size_t part;

		if (!space_page(mem, top, va, &page))
			return false;
		part = page.bytes - (va - page.va);
		if (part > len)
			part = len;
		if (!guestmem_read(mem, page.pa + (va - page.va), to, part))
			return false;
		va += part;
		to += part;
		len -= part;
	}
	return true;
}

/* ---- identifiers ---- */

static uint64_t space_at(const struct model *m, unsigned id)
{
	return layout_at(&m->layout, m->layout.kernel, INSPECT_KERNEL_SPACE) +
	       (uint64_t)id * m->layout.size[INSPECT_SIZE_SPACE];
}

uint64_t space_top(const struct model *m, unsigned id, uint64_t generation)
{
	const struct layout *l = &m->layout;

	if (id == 0 || id >= l->head.spaces)
		return 0;
	if (generation && layout_get(l, space_at(m, id),
				     INSPECT_SPACE_GENERATION) != generation)
		return 0;
	return layout_get(l, space_at(m, id), INSPECT_SPACE_TOP);
}

unsigned space_id(const struct model *m, uint64_t top)
{
	uint32_t object = model_object(m, OBJECT_PML4, top);

	return object == NIL ? 0 : m->cap[m->object[object].first].space;
}

/* Does the table that covers an address at `level` lie there? */
static bool table_hangs(const struct guestmem *mem, uint64_t top, uint64_t va,
			unsigned level, uint64_t pa)
{
	uint64_t table = top & PTE_ADDR, entry;

	for (unsigned at = 4; at > level; at--) {
		unsigned shift = 12 + 9 * (at - 1);

		if (!guestmem_read(mem, table + (va >> shift & 511) * 8, &entry,
				   sizeof(entry)) ||
		    !(entry & PTE_P) || (at < 4 && entry & PTE_LARGE))
			return false;
		table = entry & PTE_ADDR;
	}
	return table == pa;
}

bool cap_mapped(const struct model *m, const struct cap *cap, uint64_t *top)
{
	const struct guestmem *mem = m->layout.mem;
	struct page page;

	*top = 0;
	if (!type_in(cap->type, TYPES_FRAME | TYPES_TABLE) || !cap->space)
		return false;
	*top = space_top(m, cap->space, cap->word[0]);
	if (!*top)
		return false;
	if (type_in(cap->type, TYPES_TABLE))
		return table_hangs(mem, *top, cap->word[1],
				   OBJECT_PT + 1 - cap->type, cap->base);
	return space_page(mem, *top, cap->word[1], &page) &&
	       page.va == cap->word[1] && page.pa == cap->base;
}
