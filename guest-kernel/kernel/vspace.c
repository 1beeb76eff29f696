/*
 * vspace.c: address spaces. Page tables are objects that user space hangs
 * into each other; the kernel only checks and writes entries. The upper half
 * of every top table is the kernel's and is the same in all.
 */
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

struct page_map {
	uint64_t *entry;
	uint64_t value;
	uint64_t table, va;
};

static uint64_t *entry_of(uint64_t table, uint64_t va, unsigned level)
{
	uint64_t *entries = arch_ptr(table);

	return &entries[va >> (12 + 9 * (level - 1)) & (TABLE_ENTRIES - 1)];
}

void vspace_init_top(uint64_t table)
{
	uint64_t *to = arch_ptr(table);
	const uint64_t *from = arch_ptr(kernel.top_table);

	memcpy(to + KERNEL_HALF, from + KERNEL_HALF,
	       (TABLE_ENTRIES - KERNEL_HALF) * sizeof(*to));
}

uint64_t vspace_page_entry(uint64_t base, unsigned rights)
{
	uint64_t entry = base | PTE_P | PTE_U;

	if (rights & RIGHT_WRITE)
		entry |= PTE_W;
	if (!(rights & RIGHT_EXEC))
		entry |= PTE_NX;
	return entry;
}

enum error vspace_walk(uint64_t top, uint64_t va, unsigned level,
		       uint64_t **entry)
{
	uint64_t table = top;

	for (unsigned l = 4; l > level; l--) {
		uint64_t e = *entry_of(table, va, l);

		if (!(e & PTE_P))
			return ERR_NO_TABLE;
		table = e & PTE_ADDR;
	}
	*entry = entry_of(table, va, level);
	return ERR_OK;
}

bool vspace_read_word(uint64_t top, uint64_t va, uint64_t *word)
{
	uint64_t *entry;

	if (va >= USER_END || va % sizeof(*word) ||
	    vspace_walk(top, va, 1, &entry) || !(*entry & PTE_P))
		return false;
	memcpy(word, arch_ptr((*entry & PTE_ADDR) + (va & PAGE_MASK)),
	       sizeof(*word));
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

static enum error decode_page_map(const struct invocation *inv,
				  struct page_map *m)
{
	const struct cap *cap = &inv->self->cap;
	struct slot *top;
	uint64_t rights;
	enum error err;

	err = cpool_argument(inv, 2, OBJECT_PML4, &top);
	if (err)
		return err;
	m->va = inv->word[0];
	rights = inv->word[1];
	m->table = top->cap.base;
	if (m->va >= USER_END || rights & ~(uint64_t)RIGHT_ALL ||
	    !(rights & RIGHT_READ))
		return ERR_RANGE;
	if (m->va & PAGE_MASK)
		return ERR_ALIGNMENT;
	if (rights & ~cap->rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC))
		return ERR_NO_RIGHT;
	if (cap->map.table &&
	    (cap->map.table != m->table || cap->map.va != m->va))
		return ERR_BAD_STATE;
	err = vspace_walk(m->table, m->va, 1, &m->entry);
	if (err)
		return err;
	if (*m->entry & PTE_P && !cap->map.table)
		return ERR_MAPPED;
	m->value = vspace_page_entry(cap->base, rights);
	return ERR_OK;
}

static void do_page_map(struct cap *cap, const struct page_map *m)
{
	*m->entry = m->value;
	cap->map.table = m->table;
	cap->map.va = m->va;
	arch_flush_page(m->va);
}

static enum error decode_page_unmap(const struct cap *cap, struct page_map *m)
{
	if (!cap->map.table)
		return ERR_NOT_MAPPED;
	m->va = cap->map.va;
	return vspace_walk(cap->map.table, m->va, 1, &m->entry);
}

static void do_page_unmap(struct cap *cap, const struct page_map *m)
{
	*m->entry = 0;
	cap->map.table = 0;
	cap->map.va = 0;
	arch_flush_page(m->va);
}

enum error page_call(struct invocation *inv)
{
	struct cap *cap = &inv->self->cap;
	struct page_map m;
	enum error err;

	switch (inv->label) {
	case PAGE_MAP:
		err = decode_page_map(inv, &m);
		if (!err)
			do_page_map(cap, &m);
		return err;
	case PAGE_UNMAP:
		err = decode_page_unmap(cap, &m);
		if (!err)
			do_page_unmap(cap, &m);
		return err;
	default:
		return ERR_NO_SUCH_CALL;
	}
}

static enum error decode_table_map(const struct invocation *inv,
				   struct page_map *m)
{
	const struct cap *cap = &inv->self->cap;
	struct slot *top;
	enum error err;

	err = cpool_argument(inv, 1, OBJECT_PML4, &top);
	if (err)
		return err;
	m->va = inv->word[0];
	m->table = top->cap.base;
	if (m->va >= USER_END)
		return ERR_RANGE;
	if (cap->map.table)
		return ERR_BAD_STATE;
	err = vspace_walk(m->table, m->va, table_level(cap->type) + 1,
			  &m->entry);
	if (err)
		return err;
	if (*m->entry & PTE_P)
		return ERR_MAPPED;
	m->value = cap->base | TABLE_ENTRY_BITS;
	return ERR_OK;
}

enum error table_call(struct invocation *inv)
{
	struct page_map m;
	enum error err;

	if (inv->label != TABLE_MAP || inv->self->cap.type == OBJECT_PML4)
		return ERR_NO_SUCH_CALL;
	err = decode_table_map(inv, &m);
	if (!err)
		do_page_map(&inv->self->cap, &m);
	return err;
}
