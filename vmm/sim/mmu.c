/*
 * mmu.c: rights, page faults and the software TLB.
 *
 * There is a TLB for each set of rights: user, kernel, and kernel while SMAP
 * keeps it off user pages; so a tag that matches says that the access is
 * allowed. An entry is filled by the first access and gets its write tag by
 * the first write, which sets the D bit, and only while the page holds no
 * decoded code. Of a page of devices an entry only spares the walk. A page
 * with a debugger's watchpoint has neither read nor write tag: all accesses
 * come by lin_read() and its like.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/mmu.h"

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

/*
 * Widen the aligned range that holds all entries of large pages in a half of
 * the address space. Both halves in one would be everything, with mask 0.
 */
static void note_large(struct cpu *cpu, uint64_t lin, uint64_t len)
{
	uint64_t mask = -len, half = lin >> 63;

	if (cpu->large[half].mask) {
		mask &= cpu->large[half].mask;
		while ((lin ^ cpu->large[half].base) & mask)
			mask <<= 1;
	}
	cpu->large[half].base = lin & mask;
	cpu->large[half].mask = mask;
}

static bool among_large(const struct cpu *cpu, uint64_t lin)
{
	uint64_t half = lin >> 63;

	return cpu->large[half].mask &&
	       !((lin ^ cpu->large[half].base) & cpu->large[half].mask);
}

static void fill_device(const struct cpu *cpu, struct tlb_entry *e,
			const struct walk *w, unsigned kind, bool may_write)
{
	if (allowed(cpu, w, kind, ACCESS_READ))
		e->device |= DEVICE_READ;
	if (may_write && allowed(cpu, w, kind, ACCESS_WRITE))
		e->device |= DEVICE_WRITE;
}

static bool debugger_watches(const struct cpu *cpu, uint64_t page)
{
	return cpu->debugged && stops_in_page(cpu, page);
}

static void give_write(const struct cpu *cpu, struct tlb_entry *e)
{
	guestmem_note(cpu->vcpu.env.mem, e->gpa);
	if (!page_is_special(cpu, e->gpa) && !debugger_watches(cpu, e->page))
		e->write = e->page;
}

/* Where writes are tracked, a page that is only read is not a written one. */
static void fill_ram(const struct cpu *cpu, struct tlb_entry *e,
		     const struct walk *w, unsigned kind, unsigned access)
{
	bool now = access & ACCESS_WRITE || !cpu->vcpu.env.mem->dirty[0];

	e->readable = allowed(cpu, w, kind, ACCESS_READ);
	if (e->readable && !debugger_watches(cpu, e->page))
		e->read = e->page;
	e->writable = (w->dirty || access & ACCESS_WRITE) &&
		      allowed(cpu, w, kind, ACCESS_WRITE);
	if (e->writable && now)
		give_write(cpu, e);
	if (allowed(cpu, w, kind, ACCESS_EXEC))
		e->exec = e->page;
}

static void fill(struct cpu *cpu, struct tlb *tlb, uint64_t lin,
		 const struct walk *w, unsigned kind, unsigned access)
{
	unsigned i = (lin >> PAGE_BITS) % TLB_SIZE;
	struct tlb_entry *e = &tlb->entry[i];
	uint64_t page = lin & PAGE_MASK, gpa = w->gpa & PAGE_MASK;
	uint8_t *host = mmu_ram(cpu, gpa);

	*e = (struct tlb_entry){.read = TLB_NONE,
				.write = TLB_NONE,
				.exec = TLB_NONE,
				.host = (uintptr_t)host - page,
				.gpa = gpa,
				.page = page,
				.len = w->len,
				.global = w->global};
	tlb->filled[i / 64] |= UINT64_C(1) << i % 64;
	tlb->filled_words |= UINT64_C(1) << i / 64;
	if (w->len > PAGE_SIZE)
		note_large(cpu, lin, w->len);
	if (host)
		fill_ram(cpu, e, w, kind, access);
	else
		fill_device(cpu, e, w, kind, w->dirty || access & ACCESS_WRITE);
}

/* Is the access known to be allowed? Then it gets its tag, if it may have. */
static bool ram_matches(const struct cpu *cpu, struct tlb_entry *e,
			uint64_t page, unsigned access)
{
	if (e->page != page)
		return false;
	if (access & ACCESS_EXEC)
		return e->exec == page;
	if (access & ACCESS_WRITE) {
		if (e->writable)
			give_write(cpu, e);
		return e->writable;
	}
	if (e->readable && !debugger_watches(cpu, page))
		e->read = page;
	return e->readable;
}

static bool device_matches(const struct tlb_entry *e, uint64_t page,
			   unsigned access)
{
	unsigned need = access & ACCESS_WRITE ? DEVICE_WRITE : DEVICE_READ;

	return e->page == page && e->device & need && !(access & ACCESS_EXEC);
}

/* The walk, its faults and its marks, and an entry for the next time. */
static struct place walk_place(struct cpu *cpu, struct tlb *tlb, uint64_t lin,
			       unsigned access)
{
	unsigned kind = tlb - cpu->tlbs;
	struct walk w;
	uint32_t error;

	if (cpu->s.cr0 & CR0_PG) {
		if (!mmu_walk(cpu, lin, &w, &error) ||
		    !allowed(cpu, &w, kind, access))
			page_fault(cpu, lin, kind, access, error);
		mmu_mark(cpu, &w, access & ACCESS_WRITE);
	} else {
		w = (struct walk){.gpa = lin,
				  .len = PAGE_SIZE,
				  .writable = true,
				  .exec = true,
				  .dirty = true};
		kind = TLB_KERNEL; /* no rights to check */
	}
	if (cpu_traces(cpu, TRACE_MMU))
		trace_fill(cpu, lin, w.gpa, w.len, w.user, w.writable, w.exec);
	if (!cpu->reference)
		fill(cpu, tlb, lin, &w, kind, access);
	else if (access & ACCESS_WRITE)
		guestmem_note(cpu->vcpu.env.mem, w.gpa);
	return (struct place){mmu_ram(cpu, w.gpa), w.gpa};
}

struct place mmu_place(struct cpu *cpu, uint64_t lin, unsigned access)
{
	struct tlb *tlb = mmu_tlb(cpu, access);
	struct tlb_entry *e;
	uint64_t page;

	if (!(cpu->s.efer & EFER_LMA))
		lin = (uint32_t)lin;
	e = &tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];
	page = lin & PAGE_MASK;
	if (device_matches(e, page, access))
		return (struct place){NULL, e->gpa | (lin & ~PAGE_MASK)};
	if (!ram_matches(cpu, e, page, access))
		return walk_place(cpu, tlb, lin, access);
	return (struct place){(uint8_t *)(e->host + lin),
			      e->gpa | (lin & ~PAGE_MASK)};
}

/* ---- forgetting ---- */

static void entry_clear(struct tlb_entry *e)
{
	e->read = e->write = e->exec = e->page = TLB_NONE;
}

void mmu_init(struct cpu *cpu)
{
	struct tlb *all[] = {&cpu->none, &cpu->tlbs[TLB_KERNEL],
			     &cpu->tlbs[TLB_USER], &cpu->tlbs[TLB_SMAP]};

	_Static_assert(sizeof(all) / sizeof(*all) == TLB_COUNT + 1, "each");
	_Static_assert(TLB_SIZE <= 64 * 64, "one word tells of all words");
	for (unsigned i = 0; i <= TLB_COUNT; i++) {
		entry_clear(&all[i]->entry[0]);
		entry_clear(&all[i]->entry[TLB_SIZE - 1]);
	}
}

/* What a flush takes with it. */
struct flush {
	bool global;   /* global pages too */
	uint64_t lin;  /* those whose large page this is in; */
	bool anywhere; /* or all */
};

static bool flushed(const struct tlb_entry *e, const struct flush *f)
{
	if (f->anywhere)
		return f->global || !e->global;
	return e->len > PAGE_SIZE && !((e->page ^ f->lin) & -e->len);
}

static void flush_tlb(struct tlb *tlb, const struct flush *f)
{
	for (uint64_t words = tlb->filled_words; words; words &= words - 1) {
		unsigned word = __builtin_ctzll(words);
		uint64_t left = tlb->filled[word], kept = left;

		for (; left; left &= left - 1) {
			unsigned bit = __builtin_ctzll(left);
			struct tlb_entry *e = &tlb->entry[64 * word + bit];

			if (!flushed(e, f))
				continue;
			entry_clear(e);
			kept &= ~(UINT64_C(1) << bit);
		}
		tlb->filled[word] = kept;
		if (!kept)
			tlb->filled_words &= ~(UINT64_C(1) << word);
	}
}

static uint64_t *fetched_word(struct cpu *cpu, uint64_t lin)
{
	return &cpu->fetched[(lin >> PAGE_BITS) % FETCHED_BITS / 64];
}

static uint64_t fetched_bit(uint64_t lin)
{
	return UINT64_C(1) << (lin >> PAGE_BITS) % 64;
}

void mmu_note_fetch(struct cpu *cpu, uint64_t lin)
{
	*fetched_word(cpu, lin) |= fetched_bit(lin);
}

static void forget_fetches(struct cpu *cpu)
{
	memset(cpu->fetched, 0, sizeof(cpu->fetched));
	cpu->mode += MODE_GENERATION;
}

/* Without `global`, entries of global pages stay. */
void mmu_flush(struct cpu *cpu, bool global)
{
	struct flush f = {.anywhere = true,
			  .global = global || !(cpu->s.cr4 & CR4_PGE)};

	for (unsigned k = 0; k < TLB_COUNT; k++)
		flush_tlb(&cpu->tlbs[k], &f);
	if (f.global)
		cpu->large[0].mask = cpu->large[1].mask = 0;
	forget_fetches(cpu);
}

/*
 * An address in a large page may have filled any entry. What is known of code
 * stays if none was found in the page.
 */
void mmu_flush_page(struct cpu *cpu, uint64_t lin)
{
	struct flush f = {.lin = lin};
	bool large = among_large(cpu, lin);

	for (unsigned k = 0; k < TLB_COUNT; k++) {
		struct tlb *tlb = &cpu->tlbs[k];
		struct tlb_entry *e =
			&tlb->entry[(lin >> PAGE_BITS) % TLB_SIZE];

		if (e->page == (lin & PAGE_MASK))
			entry_clear(e);
		if (large)
			flush_tlb(tlb, &f);
	}
	if (large || *fetched_word(cpu, lin) & fetched_bit(lin))
		forget_fetches(cpu);
}

static void protect(struct tlb *tlb, uint64_t page)
{
	for (uint64_t words = tlb->filled_words; words; words &= words - 1) {
		unsigned word = __builtin_ctzll(words);

		for (uint64_t left = tlb->filled[word]; left;
		     left &= left - 1) {
			unsigned i = 64 * word + __builtin_ctzll(left);

			if (tlb->entry[i].gpa == page)
				tlb->entry[i].write = TLB_NONE;
		}
	}
}

void mmu_protect_all(struct cpu *cpu)
{
	for (unsigned k = 0; k < TLB_COUNT; k++) {
		struct tlb *tlb = &cpu->tlbs[k];

		for (uint64_t words = tlb->filled_words; words;
		     words &= words - 1) {
			unsigned word = __builtin_ctzll(words);
			uint64_t left = tlb->filled[word];

			for (; left; left &= left - 1)
				tlb->entry[64 * word + __builtin_ctzll(left)]
					.write = TLB_NONE;
		}
	}
}

void mmu_protect(struct cpu *cpu, uint64_t gpa)
{
	for (unsigned k = 0; k < TLB_COUNT; k++)
		protect(&cpu->tlbs[k], gpa & PAGE_MASK);
}

static void hide_watched(const struct cpu *cpu, struct tlb *tlb)
{
	for (unsigned i = 0; i < TLB_SIZE; i++) {
		struct tlb_entry *e = &tlb->entry[i];

		if (tlb->filled[i / 64] >> i % 64 & 1 &&
		    stops_in_page(cpu, e->page))
			e->read = e->write = TLB_NONE;
	}
}

void mmu_hide_watched(struct cpu *cpu)
{
	for (unsigned k = 0; k < TLB_COUNT; k++)
		hide_watched(cpu, &cpu->tlbs[k]);
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
