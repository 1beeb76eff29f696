/*
 * mmu_walk.c: the walk of the page tables in their three shapes: 32-bit,
 * PAE and 4-level (SDM 3 chapter 4).
 *
 * PAE's four pointers are registers, loaded with CR3 and checked then; so a
 * walk there begins one level further down, and they give no rights.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/mmu.h"

#define PSE36_ADDR   UINT64_C(0x1fe000) /* bits 39:32 of a 4 MiB page */
#define PSE36_RSVD   (UINT64_C(1) << 21)
#define PAE_RSVD     UINT64_C(0x7ff0000000000000)
#define PDPTE_RSVD   (UINT64_C(0x1e6) | ~((UINT64_C(1) << PHYS_BITS) - 1))
#define PHYS_RSVD    (PTE_ADDR & ~((UINT64_C(1) << PHYS_BITS) - 1))
#define LEGACY_TABLE UINT64_C(0xfffff000)

bool mmu_pae(const struct cpu *cpu)
{
	return cpu->s.cr0 & CR0_PG && cpu->s.cr4 & CR4_PAE &&
	       !(cpu->s.efer & EFER_LMA);
}

bool mmu_load_pdptes(struct cpu *cpu, uint64_t cr3)
{
	uint64_t entry[4];

	if (!guestmem_read(cpu->vcpu.env.mem, cr3 & 0xffffffe0, entry,
			   sizeof(entry)))
		memset(entry, 0xff, sizeof(entry));
	for (unsigned i = 0; i < 4; i++)
		if (entry[i] & PTE_P && entry[i] & PDPTE_RSVD)
			return false;
	memcpy(cpu->s.pdpte, entry, sizeof(entry));
	return true;
}

/* Where a walk begins and how it goes on. */
struct shape {
	uint64_t table;
	unsigned level, size; /* of the first table, of an entry in bytes */
	unsigned index_bits;
};

/* False: PAE's register for this address is not present. */
static bool walk_start(const struct cpu *cpu, uint64_t lin, struct shape *s)
{
	if (cpu->s.efer & EFER_LMA) {
		*s = (struct shape){cpu->s.cr3 & PTE_ADDR, 4, 8, 9};
		return true;
	}
	if (cpu->s.cr4 & CR4_PAE) {
		uint64_t entry = cpu->s.pdpte[lin >> 30 & 3];

		*s = (struct shape){entry & PTE_ADDR, 2, 8, 9};
		return entry & PTE_P;
	}
	*s = (struct shape){cpu->s.cr3 & LEGACY_TABLE, 2, 4, 10};
	return true;
}

static bool is_leaf(const struct cpu *cpu, const struct shape *s,
		    unsigned level, uint64_t entry)
{
	if (level == 1)
		return true;
	return entry & PTE_PS && (s->size == 8 || cpu->s.cr4 & CR4_PSE);
}

/* Bits that must be zero in an entry of this level (4: PML4 ... 1: PT). */
static uint64_t reserved_bits(const struct cpu *cpu, const struct shape *s,
			      unsigned level, uint64_t entry)
{
	uint64_t mask = PHYS_RSVD;
	bool leaf = is_leaf(cpu, s, level, entry);

	if (s->size == 4)
		return leaf && level == 2 ? entry & PSE36_RSVD : 0;
	if (!(cpu->s.efer & EFER_NXE))
		mask |= PTE_NX;
	if (!(cpu->s.efer & EFER_LMA))
		mask |= PAE_RSVD;
	if (level == 4 ||
	    (level == 3 && !(cpu->features & FEATURE_BIT(PAGE1GB))))
		mask |= PTE_PS;
	else if (level > 1 && leaf)
		mask |= ((UINT64_C(1) << (9 * level + 3)) - 1) &
			~UINT64_C(0x1fff);
	return entry & mask;
}

static uint64_t page_base(const struct shape *s, uint64_t entry, uint64_t len)
{
	uint64_t base = entry & PTE_ADDR & -len;

	if (s->size == 4 && len > PAGE_SIZE)
		base |= (entry & PSE36_ADDR) << 19;
	return base;
}

/* Reads of nothing are all ones. */
static uint64_t entry_read(const struct cpu *cpu, uint64_t gpa, unsigned size)
{
	const uint8_t *host = guestmem_ptr(cpu->vcpu.env.mem, gpa, size);

	if (!host)
		return size == 8 ? UINT64_MAX : UINT32_MAX;
	return size == 8 ? at_get(host, 8) : at_get(host, 4);
}

bool mmu_walk(const struct cpu *cpu, uint64_t lin, struct walk *w,
	      uint32_t *error)
{
	uint64_t gpa, entry;
	struct shape s;
	unsigned level, shift;

	*w = (struct walk){.user = true, .writable = true, .exec = true};
	*error = 0;
	if (!walk_start(cpu, lin, &s))
		return false;
	w->size = s.size;
	for (level = s.level;; level--) {
		shift = PAGE_BITS + (level - 1) * s.index_bits;
		gpa = s.table +
		      s.size * (lin >> shift & ((1u << s.index_bits) - 1));
		entry = entry_read(cpu, gpa, s.size);
		w->entry[w->count++] = gpa;
		if (!(entry & PTE_P))
			return false;
		if (reserved_bits(cpu, &s, level, entry)) {
			*error = PF_P | PF_RSVD;
			return false;
		}
		w->user &= !!(entry & PTE_U);
		w->writable &= !!(entry & PTE_W);
		w->exec &= !(entry & PTE_NX);
		if (is_leaf(cpu, &s, level, entry))
			break;
		s.table = entry & PTE_ADDR;
	}
	w->len = UINT64_C(1) << shift;
	w->gpa = page_base(&s, entry, w->len) | (lin & (w->len - 1));
	w->global = entry & PTE_G;
	w->dirty = entry & PTE_D;
	*error = PF_P;
	return true;
}

void mmu_mark(struct cpu *cpu, const struct walk *w, bool write)
{
	for (unsigned i = 0; i < w->count; i++) {
		uint8_t *host =
			guestmem_ptr(cpu->vcpu.env.mem, w->entry[i], w->size);
		bool last = i + 1 == w->count;
		uint8_t set = PTE_A | (last && write ? PTE_D : 0);

		if (!host || (*host & set) == set)
			continue;
		*host |= set;
		/* A table that holds decoded code as well: it changed. */
		if (code_at(cpu, w->entry[i], 1))
			code_invalidate(cpu, w->entry[i]);
	}
}
