/* paging.c: a walk of the guest's page tables for people who look. */
#include "vmm/x86.h"

#include "vmm/guestmem.h"

/* The three shapes of page tables (SDM 3 table 4-1). */
struct paging {
	unsigned levels;
	unsigned index_bits; /* of the address, at each level */
	unsigned entry_size;
	unsigned top_bits;  /* at the highest level */
	unsigned max_large; /* highest level with large pages */
};

static const struct paging legacy = {2, 10, 4, 10, 2};
static const struct paging pae = {3, 9, 8, 2, 2};
static const struct paging four_level = {4, 9, 8, 9, 3};
static const struct paging five_level = {5, 9, 8, 9, 3};

static const struct paging *paging_of(const struct x86_state *s)
{
	if (s->efer & EFER_LMA)
		return s->cr4 & CR4_LA57 ? &five_level : &four_level;
	return s->cr4 & CR4_PAE ? &pae : &legacy;
}

static bool canonical(const struct paging *p, uint64_t gva)
{
	unsigned shift = 64 - (12 + p->levels * p->index_bits);

	return p->levels < 4 ||
	       (uint64_t)((int64_t)(gva << shift) >> shift) == gva;
}

/* Where a large page begins; 4 MiB pages keep bits 39:32 in bits 20:13. */
static uint64_t large_base(const struct paging *p, uint64_t entry,
			   unsigned shift)
{
	uint64_t base = entry & PTE_ADDR & ~((UINT64_C(1) << shift) - 1);

	if (p == &legacy)
		base |= (entry & 0x1fe000) << 19;
	return base;
}

bool x86_translate(const struct guestmem *mem, const struct x86_state *state,
		   uint64_t gva, uint64_t *gpa)
{
	const struct paging *p = paging_of(state);
	uint64_t table = state->cr3 & PTE_ADDR;

	if (!(state->efer & EFER_LMA))
		gva = (uint32_t)gva;
	if (!(state->cr0 & CR0_PG)) {
		*gpa = gva;
		return true;
	}
	if (!canonical(p, gva))
		return false;
	if (p == &pae)
		table = state->cr3 & 0xffffffe0;

	for (unsigned level = p->levels; level > 0; level--) {
		unsigned shift = 12 + (level - 1) * p->index_bits;
		unsigned bits =
			level == p->levels ? p->top_bits : p->index_bits;
		uint64_t index = gva >> shift & ((UINT64_C(1) << bits) - 1);
		uint64_t mask = (UINT64_C(1) << shift) - 1;
		uint64_t entry = 0;

		if (!guestmem_read(mem, table + index * p->entry_size, &entry,
				   p->entry_size) ||
		    !(entry & PTE_P))
			return false;
		if (level > 1 && level <= p->max_large && (entry & PTE_PS) &&
		    (p != &legacy || (state->cr4 & CR4_PSE))) {
			*gpa = large_base(p, entry, shift) | (gva & mask);
			return true;
		}
		table = entry & PTE_ADDR;
	}
	*gpa = table | (gva & 0xfff);
	return true;
}
