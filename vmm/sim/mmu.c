/*
 * mmu.c: rights, page faults and the software TLB.
 *
 * There is a TLB for each set of rights: user, kernel, and kernel while SMAP
 * keeps it off user pages; so a tag that matches says that the access is
 * allowed. An entry is filled by the first access and gets its write tag by
 * the first write, which sets the D bit, and only while the page holds no
 * decoded code. Of a page of devices an entry only spares the walk.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/mmu.h"

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

/* SDM 3 4.7: the I/D bit is there only with what could make use of it. */
static bool fetches_reported(const struct cpu *cpu)
{
	return cpu->s.cr4 & CR4_SMEP ||
	       (cpu->s.efer & EFER_NXE && cpu->s.cr4 & CR4_PAE);
}

static _Noreturn void page_fault(struct cpu *cpu, uint64_t lin, unsigned kind,
				 unsigned access, uint32_t error)
{
	if (access & ACCESS_WRITE)
		error |= PF_W;
	if (kind == TLB_USER)
		error |= PF_U;
	if (access & ACCESS_EXEC && fetches_reported(cpu))
		error |= PF_I;
	cpu->s.cr2 = lin;
	if (cpu_traces(cpu, TRACE_MMU))
		trace_fault(cpu, lin, error);
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

static void fill_device(const struct cpu *cpu, struct tlb_entry *e,
			const struct walk *w, unsigned kind, bool may_write)
{
	if (allowed(cpu, w, kind, ACCESS_READ))
		e->device |= DEVICE_READ;
	if (may_write && allowed(cpu, w, kind, ACCESS_WRITE))
		e->device |= DEVICE_WRITE;
}

static void fill(struct cpu *cpu, struct tlb *tlb, uint64_t lin,
		 const struct walk *w, unsigned kind, unsigned access)
{
	struct tlb_entry *e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	uint64_t page = lin & PAGE_MASK, gpa = w->gpa & PAGE_MASK;
	uint8_t *host = guestmem_ptr(cpu->vcpu.env.mem, gpa, PAGE_SIZE);
	bool may_write = w->dirty || access & ACCESS_WRITE;

	*e = (struct tlb_entry){TLB_NONE, TLB_NONE, TLB_NONE};
	tlb->used = true;
	if (w->len > PAGE_SIZE)
		note_large(cpu, lin, w->len);
	e->page = page;
	e->gpa = gpa;
	e->global = w->global;
	if (!host) {
		fill_device(cpu, e, w, kind, may_write);
		return;
	}
	e->host = (uintptr_t)host - page;
	if (allowed(cpu, w, kind, ACCESS_READ))
		e->read = page;
	if (may_write && allowed(cpu, w, kind, ACCESS_WRITE) &&
	    !code_in_page(cpu, gpa))
		e->write = page;
	if (allowed(cpu, w, kind, ACCESS_EXEC))
		e->exec = page;
}

static bool tag_matches(const struct tlb_entry *e, uint64_t page,
			unsigned access)
{
	if (access & ACCESS_EXEC)
		return e->exec == page;
	return (access & ACCESS_WRITE ? e->write : e->read) == page;
}

static bool device_matches(const struct tlb_entry *e, uint64_t page,
			   unsigned access)
{
	unsigned need = access & ACCESS_WRITE ? DEVICE_WRITE : DEVICE_READ;

	return e->page == page && e->device & need && !(access & ACCESS_EXEC);
}

uint8_t *mmu_host(const struct cpu *cpu, uint64_t lin, unsigned size,
		  unsigned access)
{
	const struct tlb *tlb = &cpu->tlbs[tlb_kind(cpu, access)];
	const struct tlb_entry *e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];

	if (!tag_matches(e, LAST_PAGE(lin, size), access))
		return NULL;
	return (uint8_t *)(e->host + lin);
}

struct place mmu_place(struct cpu *cpu, uint64_t lin, unsigned access)
{
	unsigned kind = tlb_kind(cpu, access);
	struct tlb *tlb = &cpu->tlbs[kind];
	const struct tlb_entry *e;
	uint64_t page;
	struct walk w = {.gpa = lin,
			 .len = PAGE_SIZE,
			 .user = true,
			 .writable = true,
			 .exec = true,
			 .dirty = true};
	uint32_t error;

	if (!(cpu->s.efer & EFER_LMA))
		lin = w.gpa = (uint32_t)lin;
	e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	page = lin & PAGE_MASK;
	if (tag_matches(e, page, access))
		return (struct place){(uint8_t *)(e->host + lin),
				      e->gpa | (lin & ~PAGE_MASK)};
	if (device_matches(e, page, access))
		return (struct place){NULL, e->gpa | (lin & ~PAGE_MASK)};
	if (cpu->s.cr0 & CR0_PG) {
		if (!mmu_walk(cpu, lin, &w, &error) ||
		    !allowed(cpu, &w, kind, access))
			page_fault(cpu, lin, kind, access, error);
		mmu_mark(cpu, &w, access & ACCESS_WRITE);
	} else {
		w.user = false; /* no rights to check */
		kind = TLB_KERNEL;
	}
	if (cpu_traces(cpu, TRACE_MMU))
		trace_fill(cpu, lin, w.gpa, w.len, w.user, w.writable, w.exec);
	if (!cpu->reference)
		fill(cpu, tlb, lin, &w, kind, access);
	return (struct place){guestmem_ptr(cpu->vcpu.env.mem, w.gpa, 1), w.gpa};
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

	if (!(cpu->s.efer & EFER_LMA) && gva >> 32)
		return false;
	*gpa = gva;
	if (!(cpu->s.cr0 & CR0_PG))
		return true;
	if (!mmu_canonical(gva) || !mmu_walk(cpu, gva, &w, &error))
		return false;
	*gpa = w.gpa;
	return true;
}
