/*
 * block.c: decoded code, kept by physical address, IP and code size.
 *
 * A page of RAM with blocks in it has no write tag in any TLB, so every
 * store to it comes by mem.c, which asks code_at() and then invalidates.
 * Invalid blocks stay in the pool, since one of them may be running, until
 * the pool is full and everything is forgotten between two blocks.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/log.h"
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"
#include "vmm/sim/tune.h"

static void pages_free(struct code_pages *p)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++)
		free(p->page[i]);
	free(p);
}

static struct code_pages *pages_create(const struct guestmem *mem)
{
	struct code_pages *p = calloc(1, sizeof(*p));
	bool ok = p;

	for (int i = 0; ok && i < GUESTMEM_REGIONS; i++) {
		uint64_t pages = mem->region[i].len / PAGE_SIZE;

		p->page[i] = calloc(pages ? pages : 1, sizeof(*p->page[i]));
		ok = p->page[i];
	}
	if (p && !ok) {
		pages_free(p);
		p = NULL;
	}
	return p;
}

/* The first CPU makes what the others share; the last one frees it. */
static bool pages_join(struct cpu *cpu, struct cpu *first)
{
	struct code_pages *p;

	p = first ? first->pages : pages_create(cpu->vcpu.env.mem);
	if (!p)
		return false;
	cpu->pages = p;
	cpu->sibling = p->cpus;
	p->cpus = cpu;
	return true;
}

static void pages_leave(struct cpu *cpu)
{
	struct code_pages *p = cpu->pages;
	struct cpu **at;

	if (!p)
		return;
	for (at = &p->cpus; *at != cpu; at = &(*at)->sibling)
		;
	*at = cpu->sibling;
	if (!p->cpus)
		pages_free(p);
}

int code_init(struct cpu *cpu, struct cpu *first)
{
	struct code_cache *c = &cpu->code;

	tune_init();
	c->pool = aligned_alloc(OP_LINE, BLOCK_POOL);
	c->hash = calloc(BLOCK_HASH, sizeof(*c->hash));
	if (!c->pool || !c->hash || !pages_join(cpu, first))
		return fail(-ENOMEM, "sim: no memory for the code cache");
	return 0;
}

void code_fini(struct cpu *cpu)
{
	struct code_cache *c = &cpu->code;

	free(c->pool);
	free(c->hash);
	pages_leave(cpu);
}

/* Of a page that is RAM. */
static struct page_info *page_info(const struct cpu *cpu, uint64_t gpa)
{
	const struct guestmem_region *r = cpu->vcpu.env.mem->region;
	unsigned i = gpa - r[0].base < r[0].len ? 0 : 1;

	return &cpu->pages->page[i][(gpa - r[i].base) >> PAGE_BITS];
}

static uint64_t line_mask(uint64_t gpa, unsigned size)
{
	unsigned first = gpa % PAGE_SIZE / 64;
	unsigned last = (gpa % PAGE_SIZE + size - 1) / 64;

	if (last > 63)
		last = 63;
	return (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
}

bool code_at(const struct cpu *cpu, uint64_t gpa, unsigned size)
{
	return page_info(cpu, gpa)->lines & line_mask(gpa, size);
}

bool code_in_page(const struct cpu *cpu, uint64_t gpa)
{
	return page_info(cpu, gpa)->lines;
}

bool page_is_special(const struct cpu *cpu, uint64_t gpa)
{
	const struct page_info *p = page_info(cpu, gpa);

	return p->lines || p->watched;
}

void pages_watch(struct cpu *cpu, uint64_t gpa, uint64_t len, bool on)
{
	uint64_t last = (gpa + len - 1) & PAGE_MASK;

	for (uint64_t at = gpa & PAGE_MASK; at <= last; at += PAGE_SIZE) {
		if (!guestmem_ptr(cpu->vcpu.env.mem, at, PAGE_SIZE))
			continue;
		page_info(cpu, at)->watched = on;
		for (struct cpu *c = cpu->pages->cpus; on && c; c = c->sibling)
			mmu_protect(c, at);
	}
}

void code_invalidate(struct cpu *cpu, uint64_t gpa)
{
	struct page_info *p = page_info(cpu, gpa);

	p->lines = 0;
	p->gen++;
	for (struct cpu *c = cpu->pages->cpus; c; c = c->sibling)
		c->mode += MODE_GENERATION;
	cpu_event(cpu);
}

/* Page generations go on, so that no old block can be taken for valid. */
void code_flush(struct cpu *cpu)
{
	struct code_cache *c = &cpu->code;

	if (c->used) /* at the start, nothing is touched */
		memset(c->hash, 0, BLOCK_HASH * sizeof(*c->hash));
	c->used = 0;
	past_forget_blocks(cpu);
	cpu->mode += MODE_GENERATION;
}

static unsigned code_bits(const struct cpu *cpu)
{
	if (cpu->code64)
		return 64;
	return cpu->mode & MODE_CODE32 ? 32 : 16;
}

/* Note code at these bytes, which stores must not reach unseen. */
static uint32_t mark_code(struct cpu *cpu, uint64_t gpa, unsigned size)
{
	struct page_info *p = page_info(cpu, gpa);
	bool first = !p->lines;

	p->lines |= line_mask(gpa, size);
	for (struct cpu *c = cpu->pages->cpus; first && c; c = c->sibling)
		mmu_protect(c, gpa);
	return p->gen;
}

static _Noreturn void no_code(struct cpu *cpu, uint64_t gpa)
{
	cpu_stop(cpu, "there is no RAM to fetch from at physical %#llx",
		 (unsigned long long)gpa);
}

/* The bytes of an instruction that goes on in the next page. */
static unsigned fetch_across(struct cpu *cpu, const struct place *p,
			     uint64_t lin, uint8_t byte[15], uint64_t *page2)
{
	unsigned room = PAGE_SIZE - lin % PAGE_SIZE;
	uint64_t second = lin + room;
	struct place q;

	if (!cpu->code64)
		second = (uint32_t)second;
	if (cpu->code64 && !mmu_canonical(second))
		raise_error(cpu, VEC_GP, 0);
	q = mmu_place(cpu, second, ACCESS_EXEC);
	if (!q.host)
		no_code(cpu, q.gpa);
	*page2 = q.gpa;
	memcpy(byte, p->host, room);
	memcpy(byte + room, q.host, 15 - room);
	return 15;
}

static void bind_invalid(struct op *op, enum decode result)
{
	op->fn = result == DECODE_TOO_LONG ? exec_too_long : exec_ud;
	op->plain = op->fn;
}

/* True when it ends its block. */
static bool add_op(const struct cpu *cpu, struct block *b, struct insn *insn,
		   enum decode result, unsigned start)
{
	struct op *op = &b->op[b->count];

	*op = (struct op){
		.pos = b->count++, .len = insn->len, .next = start + insn->len};
	insn->features = cpu->features;
	insn->rip = b->rip + start;
	if (result == DECODE_OK)
		return op_bind(op, insn);
	bind_invalid(op, result);
	return true;
}

static void end_block(struct block *b, unsigned count, unsigned next)
{
	b->count = count;
	b->op[count] = (struct op){.fn = exec_end, .next = next, .pos = count};
}

void block_truncate(struct block *block, unsigned pos)
{
	block->op[pos].fn = block->op[pos].plain;
	end_block(block, pos + 1, block->op[pos].next);
}

struct block *block_cut(struct cpu *cpu, const struct block *b, unsigned count)
{
	struct block *cut = (struct block *)cpu->cut;

	memcpy(cut, b, sizeof(*b) + count * sizeof(*b->op));
	for (unsigned i = 0; i < count; i++)
		cut->op[i].fn = cut->op[i].plain;
	block_truncate(cut, count - 1);
	return cut;
}

struct block *block_single(struct cpu *cpu, struct insn *insn,
			   enum decode result)
{
	struct block *cut = (struct block *)cpu->cut;

	*cut = (struct block){
		.rip = cpu->rip, .page2 = NO_PAGE, .bits = code_bits(cpu)};
	add_op(cpu, cut, insn, result, 0);
	end_block(cut, 1, insn->len);
	return cut;
}

/* Room for one more block of any length; lines of ops are the host's. */
static struct block *pool_take(struct cpu *cpu)
{
	struct code_cache *c = &cpu->code;

	if (c->used + BLOCK_SIZE(BLOCK_OPS) + OP_LINE > BLOCK_POOL)
		code_flush(cpu);
	c->used += -(c->used + sizeof(struct block)) % OP_LINE;
	return (struct block *)(c->pool + c->used);
}

/* An instruction with a debugger's point is a block of its own. */
static bool has_point(const struct cpu *cpu, uint64_t lin)
{
	return cpu->debugged && stops_exec(cpu, lin);
}

/* Decode from `p` on: until a branch, the page's end or 32 instructions. */
static struct block *build(struct cpu *cpu, const struct place *p, uint64_t lin,
			   unsigned bits)
{
	unsigned avail = PAGE_SIZE - lin % PAGE_SIZE, at = 0;
	uint64_t page2 = NO_PAGE;
	enum decode result;
	struct block *b;
	struct insn insn;
	uint8_t byte[15];
	bool ends = false;

	result = insn_decode(&insn, p->host, avail, bits);
	if (result == DECODE_MORE) {
		avail = fetch_across(cpu, p, lin, byte, &page2);
		result = insn_decode(&insn, byte, avail, bits);
		ends = true;
	}
	b = pool_take(cpu);
	*b = (struct block){
		.rip = cpu->rip, .gpa = p->gpa, .page2 = page2, .bits = bits};
	ends |= has_point(cpu, lin);
	for (;;) {
		ends |= add_op(cpu, b, &insn, result, at);
		at += insn.len;
		ends |= has_point(cpu, lin + at);
		if (ends || b->count == BLOCK_OPS || at == avail)
			break;
		result = insn_decode(&insn, p->host + at, avail - at, bits);
		if (result == DECODE_MORE)
			break;
	}
	end_block(b, b->count, at);
	if (bits == 64)
		tune_block(b, cpu->code.turn);
	if (has_point(cpu, lin))
		b->op[0].fn = exec_point;
	cpu->code.used += BLOCK_SIZE(b->count);
	if (page2 == NO_PAGE) {
		b->gen = mark_code(cpu, p->gpa, at ? at : 1);
	} else {
		unsigned room = PAGE_SIZE - lin % PAGE_SIZE;

		b->gen = mark_code(cpu, p->gpa, room);
		b->gen2 = mark_code(cpu, page2, 15 - room);
	}
	return b;
}

/* For ever: generations do not come back. */
static bool stale(const struct cpu *cpu, const struct block *b)
{
	return page_info(cpu, b->gpa)->gen != b->gen ||
	       (b->page2 != NO_PAGE &&
		page_info(cpu, b->page2)->gen != b->gen2);
}

static bool leads_to_page2(struct cpu *cpu, const struct block *b, uint64_t lin)
{
	uint64_t second = (lin & PAGE_MASK) + PAGE_SIZE;

	if (b->page2 == NO_PAGE)
		return true;
	if (!cpu->code64)
		second = (uint32_t)second;
	return mmu_place(cpu, second, ACCESS_EXEC).gpa == b->page2;
}

static struct block *lookup(struct cpu *cpu, const struct place *p,
			    uint64_t lin)
{
	unsigned bits = code_bits(cpu);
	struct block **head =
		&cpu->code.hash[(p->gpa ^ p->gpa >> 13) % BLOCK_HASH];
	struct block **at = head, *b;

	while ((b = *at)) {
		if (stale(cpu, b)) {
			*at = b->chain;
			continue;
		}
		if (b->gpa == p->gpa && b->rip == cpu->rip && b->bits == bits &&
		    leads_to_page2(cpu, b, lin))
			return b;
		at = &b->chain;
	}
	b = build(cpu, p, lin, bits);
	b->chain = *head;
	*head = b;
	cpu->stats.blocks++;
	return b;
}

/* CS limit or canonical address of the first byte. */
static uint64_t fetch_linear(struct cpu *cpu)
{
	const struct x86_segment *cs = &cpu->s.seg[SEG_CS];

	if (cpu->code64) {
		if (!mmu_canonical(cpu->rip))
			raise_error(cpu, VEC_GP, 0);
		return cpu->rip;
	}
	if (cpu->rip > cs->limit)
		raise_error(cpu, VEC_GP, 0);
	return (uint32_t)(cpu->rip + cs->base);
}

struct block *block_find(struct cpu *cpu)
{
	uint64_t rip = cpu->rip, lin;
	struct jump *j = &cpu->jump[(rip ^ rip >> 12) % JUMP_SIZE];
	struct place p;

	if (j->block && j->rip == rip &&
	    j->mode == (cpu->mode | cpu->mode_alone))
		return j->block;
	lin = fetch_linear(cpu);
	p = mmu_place(cpu, lin, ACCESS_EXEC);
	if (!p.host)
		no_code(cpu, p.gpa);
	j->block = lookup(cpu, &p, lin);
	j->rip = rip;
	j->mode = cpu->mode | cpu->mode_alone;
	mmu_note_fetch(cpu, lin);
	if (j->block->page2 != NO_PAGE)
		mmu_note_fetch(cpu, lin + PAGE_SIZE);
	return j->block;
}

/* See struct block. What is in two pages is looked up each time. */
static bool may_link(const struct block *from, const struct block *to)
{
	return to->bits == 64 && from->page2 == NO_PAGE && to->page2 == NO_PAGE;
}

static bool same_page(const struct block *from, const struct block *to)
{
	return !((from->gpa ^ to->gpa) & PAGE_MASK) &&
	       !((from->rip ^ to->rip) & PAGE_MASK);
}

void link_find(struct cpu *cpu, const struct op *op, uint64_t rip)
{
	const struct block *from = block_of(op);
	const struct jump *j;

	if (!cpu->code64)
		rip = (uint32_t)rip;
	if (op->fn != exec_end)
		check_branch(cpu, op);
	cpu->rip = rip;
	j = &cpu->jump[(rip ^ rip >> 12) % JUMP_SIZE];
	if (!SIM_CHAIN || j->rip != rip || j->mode != cpu->mode)
		return;
	if ((const char *)from != cpu->cut && may_link(from, j->block)) {
		struct op *way = (struct op *)op;

		way->link = j->block;
		way->link_mode = same_page(from, j->block) ? 0 : cpu->mode;
	}
	return next_block(cpu);
}
