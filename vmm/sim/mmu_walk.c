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

/*
 * How tables of one kind are walked. The walk is inlined for each kind, with
 * all but `reserved` constant.
 */
struct shape {
	unsigned level; /* of the first table; 4: PML4 ... 1: PT */
	unsigned size;	/* of an entry in bytes */
	unsigned index_bits;
	uint64_t reserved; /* bits that are zero in all entries */
};

/* Reads of nothing are all ones. */
ALWAYS_INLINE uint64_t entry_read(const struct cpu *cpu, uint64_t gpa,
				  unsigned size)
{
	const uint8_t *host = mmu_ram(cpu, gpa);

	if (unlikely(!host))
		return size == 8 ? UINT64_MAX : UINT32_MAX;
	return at_get(host, size);
}

ALWAYS_INLINE bool is_leaf(const struct cpu *cpu, const struct shape *s,
			   unsigned level, uint64_t entry)
{
	if (level == 1)
		return true;
	return entry & PTE_PS && (s->size == 8 || cpu->s.cr4 & CR4_PSE);
}

/* Bits of `entry` that must be zero and are not. */
ALWAYS_INLINE uint64_t reserved_bits(const struct cpu *cpu,
				     const struct shape *s, unsigned level,
				     uint64_t entry)
{
	uint64_t mask = s->reserved;
	bool leaf = is_leaf(cpu, s, level, entry);

	if (s->size == 4)
		return leaf && level == 2 ? entry & PSE36_RSVD : 0;
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

ALWAYS_INLINE bool walk(const struct cpu *cpu, uint64_t lin, uint64_t table,
			const struct shape *s, struct walk *w, uint32_t *error)
{
	uint64_t all = UINT64_MAX, any = 0, entry;
	unsigned level, shift;

	w->size = s->size;
	w->count = 0;
	*error = 0;
	for (level = s->level;; level--) {
		uint64_t gpa;

		shift = PAGE_BITS + (level - 1) * s->index_bits;
		gpa = table +
		      s->size * (lin >> shift & ((1u << s->index_bits) - 1));
		entry = entry_read(cpu, gpa, s->size);
		w->entry[w->count++] = gpa;
		if (!(entry & PTE_P))
			return false;
		if (unlikely(reserved_bits(cpu, s, level, entry))) {
			*error = PF_P | PF_RSVD;
			return false;
		}
		all &= entry;
		any |= entry;
		if (is_leaf(cpu, s, level, entry))
			break;
		table = entry & PTE_ADDR;
	}
	w->user = all & PTE_U;
	w->writable = all & PTE_W;
	w->accessed = all & PTE_A;
	w->exec = !(any & PTE_NX);
	w->len = UINT64_C(1) << shift;
	w->gpa = page_base(s, entry, w->len) | (lin & (w->len - 1));
	w->global = entry & PTE_G;
	w->dirty = entry & PTE_D;
	*error = PF_P;
	return true;
}

/* Its register for this address may say that nothing is there. */
static bool walk_pae(const struct cpu *cpu, uint64_t lin, uint64_t no_nx,
		     struct walk *w, uint32_t *error)
{
	uint64_t entry = cpu->s.pdpte[lin >> 30 & 3];
	const struct shape pae = {2, 8, 9, PHYS_RSVD | PAE_RSVD | no_nx};

	*error = 0;
	return entry & PTE_P &&
	       walk(cpu, lin, entry & PTE_ADDR, &pae, w, error);
}

bool mmu_walk(const struct cpu *cpu, uint64_t lin, struct walk *w,
	      uint32_t *error)
{
	uint64_t cr3 = cpu->s.cr3;
	uint64_t no_nx = cpu->s.efer & EFER_NXE ? 0 : PTE_NX;
	const struct shape four_level = {4, 8, 9, PHYS_RSVD | no_nx};
	const struct shape legacy = {2, 4, 10, 0};

	if (cpu->s.efer & EFER_LMA)
		return walk(cpu, lin, cr3 & PTE_ADDR, &four_level, w, error);
	if (cpu->s.cr4 & CR4_PAE)
		return walk_pae(cpu, lin, no_nx, w, error);
	return walk(cpu, lin, cr3 & LEGACY_TABLE, &legacy, w, error);
}

void mmu_mark(struct cpu *cpu, const struct walk *w, bool write)
{
	if (likely(w->accessed && (w->dirty || !write)))
		return;
	for (unsigned i = 0; i < w->count; i++) {
		uint8_t *host = mmu_ram(cpu, w->entry[i]);
		bool last = i + 1 == w->count;
		uint8_t set = PTE_A | (last && write ? PTE_D : 0);

		if (!host || (*host & set) == set)
			continue;
		guestmem_note(cpu->vcpu.env.mem, w->entry[i]);
		*host |= set;
		keep_written(cpu, w->entry[i], 1);
		/* A table that holds decoded code as well: it changed. */
		if (code_at(cpu, w->entry[i], 1))
			code_invalidate(cpu, w->entry[i]);
	}
}
