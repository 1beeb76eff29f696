/*
 * vspace.c: address spaces. Page tables are objects that user space hangs
 * into each other; the kernel only checks and writes entries. The upper half
 * of every top table is the kernel's and is the same in all.
 *
 * The tables themselves say what is mapped. A capability notes where it has
 * mapped its frame, or hung its table: identifier and generation of the space,
 * and the address. The note holds if the space is still that one and a walk
 * to the address leads to an entry with the capability's memory; else a table
 * on the way or the whole space is gone, and so is the mapping.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

/* An entry to be written, and what the capability is to note of it. */
struct mapping {
	uint64_t *entry;
	uint64_t value;
	unsigned space;
	uint64_t va;
};

/* ---- identifiers ---- */

unsigned space_left(void)
{
	return SPACES - 1 - kernel.spaces_used;
}

unsigned space_create(uint64_t top)
{
	unsigned id = kernel.space_free;
	struct space *space;
	uint64_t *to = arch_ptr(top);
	const uint64_t *from = arch_ptr(kernel.top_table);

	if (id)
		kernel.space_free = kernel.space[id].next_free;
	else
		id = ++kernel.spaces_begun;
	check(id < SPACES);
	kernel.spaces_used++;
	space = &kernel.space[id];
	space->top = top;
	space->generation++;
	space->next_free = 0;
	memcpy(to + KERNEL_HALF, from + KERNEL_HALF,
	       (TABLE_ENTRIES - KERNEL_HALF) * sizeof(*to));
	return id;
}

void space_destroy(unsigned id)
{
	struct space *space = &kernel.space[id];

	arch_space_gone(id);
	space->top = 0;
	space->generation++;
	space->next_free = kernel.space_free;
	kernel.space_free = id;
	kernel.spaces_used--;
}

/* ---- tables ---- */

static uint64_t *entry_of(uint64_t table, uint64_t va, unsigned level)
{
	uint64_t *entries = arch_ptr(table);

	return &entries[va >> (12 + 9 * (level - 1)) & (TABLE_ENTRIES - 1)];
}

enum error vspace_walk(uint64_t top, uint64_t va, unsigned level,
		       uint64_t **entry)
{
	uint64_t table = top;

	for (unsigned l = 4; l > level; l--) {
		uint64_t e = *entry_of(table, va, l);

		if (!(e & PTE_P))
			return ERR_NO_TABLE;
		if (e & PTE_PS)
			return ERR_MAPPED;
		table = e & PTE_ADDR;
	}
	*entry = entry_of(table, va, level);
	return ERR_OK;
}

bool vspace_read_word(uint64_t top, uint64_t va, uint64_t *word)
{
	uint64_t *entry, offset = va & PAGE_MASK;
	enum error err;

	if (va >= USER_END || va % sizeof(*word))
		return false;
	err = vspace_walk(top, va, 1, &entry);
	if (err == ERR_MAPPED) {
		offset = va & (LARGE_PAGE_BYTES - 1);
		err = vspace_walk(top, va, 2, &entry);
	}
	/* What is uncached is a device's, and not in the direct map. */
	if (err || !(*entry & PTE_P) || *entry & PTE_PCD)
		return false;
	memcpy(word, arch_ptr((*entry & PTE_ADDR) + offset), sizeof(*word));
	return true;
}

unsigned table_level(unsigned type)
{
	switch (type) {
	case OBJECT_PML4:
		return 4;
	case OBJECT_PDPT:
		return 3;
	case OBJECT_PD:
		return 2;
	default:
		return 1;
	}
}

/* The entry at `level` that the capability has noted, if it is its own. */
static uint64_t *noted_entry(const struct cap *cap, unsigned level,
			     uint64_t large)
{
	const struct space *space = &kernel.space[cap->space];
	uint64_t *entry;

	if (!cap->space || space->generation != cap->map.generation)
		return NULL;
	if (vspace_walk(space->top, cap->map.va, level, &entry))
		return NULL;
	if (!(*entry & PTE_P) || (*entry & PTE_ADDR) != cap->base)
		return NULL;
	return level == 1 || (*entry & PTE_PS) == large ? entry : NULL;
}

static bool is_large(const struct cap *cap)
{
	return cap->type == OBJECT_LARGE_PAGE;
}

uint64_t *frame_entry(const struct cap *cap)
{
	return is_large(cap) ? noted_entry(cap, 2, PTE_PS)
			     : noted_entry(cap, 1, 0);
}

uint64_t *table_entry(const struct cap *cap)
{
	return noted_entry(cap, table_level(cap->type) + 1, 0);
}

static void note(struct cap *cap, const struct mapping *m)
{
	cap->space = m->space;
	cap->map.generation = kernel.space[m->space].generation;
	cap->map.va = m->va;
}

static void forget(struct cap *cap)
{
	cap->space = 0;
	cap->map.generation = 0;
	cap->map.va = 0;
}

/* ---- frames ---- */

uint64_t vspace_page_entry(const struct cap *cap, unsigned rights)
{
	uint64_t entry = cap->base | PTE_P | PTE_U;

	if (rights & RIGHT_WRITE)
		entry |= PTE_W;
	if (!(rights & RIGHT_EXEC))
		entry |= PTE_NX;
	if (cap->flags & CAP_DEVICE)
		entry |= PTE_PCD | PTE_PWT;
	if (is_large(cap))
		entry |= PTE_PS;
	return entry;
}

static enum error decode_page_map(struct invocation *inv, struct mapping *m)
{
	const struct cap *cap = &inv->self->cap;
	const struct cap *top = &inv->cap[2]->cap;
	uint64_t rights = inv->word[1], *old = frame_entry(cap);
	enum error err;

	m->va = inv->word[0];
	m->space = top->space;
	if (m->va >= USER_END)
		return refuse(inv, 1, ERR_RANGE);
	if (m->va & (object_bytes(cap->type, 0) - 1))
		return refuse(inv, 1, ERR_ALIGNMENT);
	if (rights & ~(uint64_t)RIGHT_ALL || !(rights & RIGHT_READ))
		return refuse(inv, 2, ERR_RANGE);
	if (rights & ~cap->rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC))
		return refuse(inv, 2, ERR_NO_RIGHT);
	if (old && (cap->space != m->space || cap->map.va != m->va))
		return refuse(inv, 0, ERR_BAD_STATE);
	err = vspace_walk(top->base, m->va, is_large(cap) ? 2 : 1, &m->entry);
	if (!err && *m->entry & PTE_P && m->entry != old)
		err = ERR_MAPPED;
	if (err)
		return refuse(inv, 1, err);
	m->value = vspace_page_entry(cap, rights);
	return ERR_OK;
}

enum error page_map(struct invocation *inv)
{
	struct mapping m;
	enum error err = decode_page_map(inv, &m);

	if (err)
		return err;
	*m.entry = m.value;
	note(&inv->self->cap, &m);
	arch_flush_page(m.space, m.va);
	return ERR_OK;
}

void frame_unmap(const struct cap *cap)
{
	uint64_t *entry = frame_entry(cap);

	if (!entry)
		return;
	*entry = 0;
	arch_flush_page(cap->space, cap->map.va);
}

enum error page_unmap(struct invocation *inv)
{
	struct cap *cap = &inv->self->cap;

	if (!frame_entry(cap))
		return ERR_NOT_MAPPED;
	frame_unmap(cap);
	forget(cap);
	return ERR_OK;
}

/* ---- hanging tables ---- */

static enum error decode_table_map(struct invocation *inv, struct mapping *m)
{
	const struct cap *cap = &inv->self->cap;
	const struct cap *top = &inv->cap[1]->cap;
	enum error err;

	m->va = inv->word[0];
	m->space = top->space;
	if (m->va >= USER_END)
		return refuse(inv, 1, ERR_RANGE);
	if (table_entry(cap))
		return refuse(inv, 0, ERR_BAD_STATE);
	err = vspace_walk(top->base, m->va, table_level(cap->type) + 1,
			  &m->entry);
	if (!err && *m->entry & PTE_P)
		err = ERR_MAPPED;
	if (err)
		return refuse(inv, 1, err);
	m->value = cap->base | TABLE_ENTRY_BITS;
	return ERR_OK;
}

/*
 * A table that hung in a space that is gone, or below a table that is gone,
 * still has its entries.
 */
static void do_table_map(struct cap *cap, const struct mapping *m)
{
	if (cap->space)
		memset(arch_ptr(cap->base), 0, PAGE_SIZE);
	*m->entry = m->value;
	note(cap, m);
}

enum error table_map(struct invocation *inv)
{
	struct mapping m;
	enum error err = decode_table_map(inv, &m);

	if (!err)
		do_table_map(&inv->self->cap, &m);
	return err;
}

void table_unhook(const struct cap *cap)
{
	uint64_t *entry = table_entry(cap);

	if (!entry)
		return;
	*entry = 0;
	arch_flush_space(cap->space);
}

enum error table_unmap(struct invocation *inv)
{
	struct cap *cap = &inv->self->cap;

	if (!table_entry(cap))
		return ERR_NOT_MAPPED;
	table_unhook(cap);
	memset(arch_ptr(cap->base), 0, PAGE_SIZE);
	forget(cap);
	return ERR_OK;
}
