/*
 * mmu.c: paging (SDM 3 chapter 4) and the software TLB.
 *
 * There is a TLB for each set of rights: user, kernel, and kernel while SMAP
 * keeps it off user pages; so a tag that matches says that the access is
 * allowed. An entry is filled by the first access and gets its write tag by
 * the first write, which sets the D bit, and only while the page holds no
 * decoded code. Pages of devices are walked at each access.
 */
#include "vmm/sim/exec.h"

struct walk {
	uint64_t gpa;
	uint64_t len; /* of the page */
	bool user, writable, exec, global, dirty;
};

bool mmu_canonical(uint64_t lin)
{
	return (uint64_t)((int64_t)(lin << 16) >> 16) == lin;
}

static unsigned tlb_kind(const struct cpu *cpu, unsigned access)
{
	bool smap = cpu->s.cr4 & CR4_SMAP;

	if (access & ACCESS_SYSTEM)
		return smap ? TLB_SMAP : TLB_KERNEL;
	if (cpu->cpl == 3)
		return TLB_USER;
	return smap && !(cpu->s.rflags & FLAG_AC) ? TLB_SMAP : TLB_KERNEL;
}

static bool allowed(const struct cpu *cpu, const struct walk *w, unsigned kind,
		    unsigned access)
{
	bool user = kind == TLB_USER;

	if (user && !w->user)
		return false;
	if (access & ACCESS_EXEC)
		return w->exec &&
		       (user || !w->user || !(cpu->s.cr4 & CR4_SMEP));
	if (kind == TLB_SMAP && w->user)
		return false;
	if (access & ACCESS_WRITE)
		return w->writable || (!user && !(cpu->s.cr0 & CR0_WP));
	return true;
}

/* Bits that must be zero in an entry of this level (4: PML4 ... 1: PT). */
static uint64_t reserved_bits(const struct cpu *cpu, unsigned level,
			      uint64_t entry)
{
	uint64_t mask = PTE_ADDR & ~((UINT64_C(1) << PHYS_BITS) - 1);

	if (!(cpu->s.efer & EFER_NXE))
		mask |= PTE_NX;
	if (level == 4)
		mask |= PTE_PS;
	else if (level > 1 && entry & PTE_PS)
		mask |= ((UINT64_C(1) << (9 * level + 3)) - 1) &
			~UINT64_C(0x1fff);
	return entry & mask;
}

/* A table entry's place, or NULL outside RAM. */
static uint8_t *entry_host(struct cpu *cpu, uint64_t gpa)
{
	return guestmem_ptr(cpu->vcpu.env.mem, gpa, 8);
}

static void entry_write(struct cpu *cpu, uint64_t gpa, uint8_t *host,
			uint64_t entry)
{
	memcpy(host, &entry, 8);
	/* Tables that hold decoded code as well: odd, but then it changed. */
	if (code_at(cpu, gpa, 8))
		code_invalidate(cpu, gpa);
}

/*
 * Walk the tables; false when not present or reserved, with the low bits of
 * the error code in *error. Changes nothing.
 */
static bool walk(struct cpu *cpu, uint64_t lin, struct walk *w, uint32_t *error)
{
	uint64_t table = cpu->s.cr3 & PTE_ADDR, gpa, entry;
	unsigned level;
	uint8_t *host;

	*w = (struct walk){.user = true, .writable = true, .exec = true};
	*error = 0;
	for (level = 4;; level--) {
		gpa = table + 8 * (lin >> (9 * level + 3) & 511);
		host = entry_host(cpu, gpa);
		entry = UINT64_MAX; /* reads of nothing are all ones */
		if (host)
			memcpy(&entry, host, 8);
		if (!(entry & PTE_P))
			return false;
		if (reserved_bits(cpu, level, entry)) {
			*error = PF_P | PF_RSVD;
			return false;
		}
		w->user &= !!(entry & PTE_U);
		w->writable &= !!(entry & PTE_W);
		w->exec &= !(entry & PTE_NX);
		if (level == 1 || entry & PTE_PS)
			break;
		table = entry & PTE_ADDR;
	}
	w->len = UINT64_C(1) << (9 * level + 3);
	w->gpa = (entry & PTE_ADDR & -w->len) | (lin & (w->len - 1));
	w->global = entry & PTE_G;
	w->dirty = entry & PTE_D;
	*error = PF_P;
	return true;
}

/* Set A in all entries of an allowed translation, and D in the last. */
static void mark(struct cpu *cpu, uint64_t lin, bool write)
{
	uint64_t table = cpu->s.cr3 & PTE_ADDR, entry, set;

	for (unsigned level = 4;; level--) {
		uint64_t gpa = table + 8 * (lin >> (9 * level + 3) & 511);
		uint8_t *host = entry_host(cpu, gpa);
		bool last;

		if (!host)
			return;
		memcpy(&entry, host, 8);
		last = level == 1 || entry & PTE_PS;
		set = PTE_A | (last && write ? PTE_D : 0);
		if ((entry & set) != set)
			entry_write(cpu, gpa, host, entry | set);
		if (last)
			return;
		table = entry & PTE_ADDR;
	}
}

static _Noreturn void page_fault(struct cpu *cpu, uint64_t lin, unsigned kind,
				 unsigned access, uint32_t error)
{
	if (access & ACCESS_WRITE)
		error |= PF_W;
	if (kind == TLB_USER)
		error |= PF_U;
	if (access & ACCESS_EXEC &&
	    (cpu->s.efer & EFER_NXE || cpu->s.cr4 & CR4_SMEP))
		error |= PF_I;
	cpu->s.cr2 = lin;
	raise_error(cpu, VEC_PF, error);
}

/* Widen the aligned range that holds all entries of large pages. */
static void note_large(struct cpu *cpu, uint64_t lin, uint64_t len)
{
	uint64_t mask = -len;

	if (cpu->large_mask) {
		mask &= cpu->large_mask;
		while ((lin ^ cpu->large_base) & mask)
			mask <<= 1;
	}
	cpu->large_base = lin & mask;
	cpu->large_mask = mask;
}

static struct tlb_entry *fill(struct cpu *cpu, struct tlb *tlb, uint64_t lin,
			      const struct walk *w, unsigned kind,
			      unsigned access)
{
	struct tlb_entry *e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	uint64_t page = lin & PAGE_MASK, gpa = w->gpa & PAGE_MASK;
	uint8_t *host = guestmem_ptr(cpu->vcpu.env.mem, gpa, PAGE_SIZE);
	bool may_write = w->dirty || access & ACCESS_WRITE;

	*e = (struct tlb_entry){TLB_NONE, TLB_NONE, TLB_NONE};
	e->page = TLB_NONE;
	if (!host)
		return NULL;
	tlb->used = true;
	if (w->len > PAGE_SIZE)
		note_large(cpu, lin, w->len);
	e->page = page;
	e->gpa = gpa;
	e->global = w->global;
	e->host = (uintptr_t)host - page;
	if (allowed(cpu, w, kind, ACCESS_READ))
		e->read = page;
	if (may_write && allowed(cpu, w, kind, ACCESS_WRITE) &&
	    !code_in_page(cpu, gpa))
		e->write = page;
	if (allowed(cpu, w, kind, ACCESS_EXEC))
		e->exec = page;
	return e;
}

static bool tag_matches(const struct tlb_entry *e, uint64_t page,
			unsigned access)
{
	if (access & ACCESS_EXEC)
		return e->exec == page;
	return (access & ACCESS_WRITE ? e->write : e->read) == page;
}

struct place mmu_place(struct cpu *cpu, uint64_t lin, unsigned access)
{
	unsigned kind = tlb_kind(cpu, access);
	struct tlb *tlb = &cpu->tlbs[kind];
	const struct tlb_entry *e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	uint64_t page = lin & PAGE_MASK;
	struct walk w = {.gpa = lin,
			 .len = PAGE_SIZE,
			 .user = true,
			 .writable = true,
			 .exec = true,
			 .dirty = true};
	uint32_t error;

	if (tag_matches(e, page, access))
		return (struct place){(uint8_t *)(e->host + lin),
				      e->gpa | (lin & ~PAGE_MASK)};
	if (cpu->s.cr0 & CR0_PG) {
		if (!walk(cpu, lin, &w, &error) ||
		    !allowed(cpu, &w, kind, access))
			page_fault(cpu, lin, kind, access, error);
		mark(cpu, lin, access & ACCESS_WRITE);
	} else {
		w.user = false; /* no rights to check */
		kind = TLB_KERNEL;
	}
	e = fill(cpu, tlb, lin, &w, kind, access);
	if (!e)
		return (struct place){NULL, w.gpa};
	return (struct place){(uint8_t *)(e->host + lin), w.gpa};
}

static void entry_clear(struct tlb_entry *e)
{
	e->read = e->write = e->exec = e->page = TLB_NONE;
}

void mmu_init(struct cpu *cpu)
{
	for (unsigned i = 0; i < TLB_SIZE; i++) {
		entry_clear(&cpu->none.entry[i]);
		for (unsigned k = 0; k < TLB_COUNT; k++)
			entry_clear(&cpu->tlbs[k].entry[i]);
	}
}

/* Without `global`, entries of global pages stay. */
void mmu_flush(struct cpu *cpu, bool global)
{
	bool keep = !global && cpu->s.cr4 & CR4_PGE;

	for (unsigned k = 0; k < TLB_COUNT; k++) {
		struct tlb *tlb = &cpu->tlbs[k];
		bool kept = false;

		if (!tlb->used)
			continue;
		for (unsigned i = 0; i < TLB_SIZE; i++) {
			struct tlb_entry *e = &tlb->entry[i];

			if (keep && e->global && e->page != TLB_NONE)
				kept = true;
			else
				entry_clear(e);
		}
		tlb->used = kept;
	}
	if (!keep)
		cpu->large_mask = 0;
	cpu->mode += MODE_GENERATION;
}

/* An address in a large page may have filled any entry: all go. */
void mmu_flush_page(struct cpu *cpu, uint64_t lin)
{
	if (cpu->large_mask && !((lin ^ cpu->large_base) & cpu->large_mask)) {
		mmu_flush(cpu, true);
		return;
	}
	for (unsigned k = 0; k < TLB_COUNT; k++) {
		struct tlb_entry *e =
			&cpu->tlbs[k].entry[(lin >> PAGE_BITS) % TLB_SIZE];

		if (e->page == (lin & PAGE_MASK))
			entry_clear(e);
	}
	cpu->mode += MODE_GENERATION;
}

void mmu_protect(struct cpu *cpu, uint64_t gpa)
{
	for (unsigned k = 0; k < TLB_COUNT; k++) {
		struct tlb *tlb = &cpu->tlbs[k];

		for (unsigned i = 0; tlb->used && i < TLB_SIZE; i++)
			if (tlb->entry[i].gpa == (gpa & PAGE_MASK))
				tlb->entry[i].write = TLB_NONE;
	}
}

bool mmu_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	struct cpu *cpu = (struct cpu *)vcpu;
	struct walk w;
	uint32_t error;

	*gpa = gva;
	if (!(cpu->s.cr0 & CR0_PG))
		return gva >> 32 == 0;
	if (!mmu_canonical(gva) || !walk(cpu, gva, &w, &error))
		return false;
	*gpa = w.gpa;
	return true;
}
