/*
 * mem.c: memory accesses in full: segment checks, canonical addresses,
 * accesses that cross pages, device registers, stores to decoded code.
 *
 * Two things make the block end after the current instruction: an access to
 * a device (interrupts and the deadline may have changed) and a store to
 * decoded code. If the instruction is not the last of its block, the block
 * is cut short and the instruction starts over, before any effect.
 */
#include "vmm/sim/exec.h"

uint64_t ea_special(const struct cpu *cpu, const struct op *op, uint64_t ea)
{
	if (op->ea & EA_MASK32)
		ea = (uint32_t)ea;
	if (op->ea & EA_MASK16)
		ea = (uint16_t)ea;
	if (op->ea & EA_BASE)
		ea += cpu->s.seg[op->seg].base;
	return ea;
}

/* Make sure that the current instruction ends its block. */
static void must_be_last(struct cpu *cpu)
{
	if (!cpu->in_block || cpu->op->pos + 1 == block_of(cpu->op)->count)
		return;
	longjmp(cpu->unwind, UNWIND_RETRY);
}

static _Noreturn void segment_fault(struct cpu *cpu, unsigned seg)
{
	raise_error(cpu, seg == SEG_SS ? VEC_SS : VEC_GP, 0);
}

/*
 * Limit and type of a segment outside 64-bit code (SDM 3 5.3 to 5.5). Real
 * mode looks at limits only: it also writes by CS.
 */
bool segment_allows(const struct cpu *cpu, const struct x86_segment *s,
		    uint64_t ea, unsigned size, unsigned access)
{
	uint64_t last = ea + size - 1, top;

	if (!(s->attr & SEG_ATTR_P))
		return false;
	if (cpu->s.cr0 & CR0_PE) {
		if (access & ACCESS_WRITE ? (s->attr & 0xa) != 2
					  : (s->attr & 0xa) == 8)
			return false;
	}
	if ((s->attr & 0xc) != 4)
		return last <= s->limit;
	top = s->attr & SEG_ATTR_B ? 0xffffffff : 0xffff; /* expand down */
	return ea > s->limit && last <= top;
}

/*
 * By size, which tells the kind (SDM 3 6.15, #AC): words, x87's numbers of 10
 * bytes and images of 14 to 108, vectors. A YMM register's counts as two, as
 * AMD's processors have it; Intel's manual leaves it to the processor.
 */
static unsigned alignment_mask(unsigned size)
{
	static const uint8_t mask[] = {
		[2] = 1,   [4] = 3,  [8] = 7,  [10] = 7, [16] = 15,
		[32] = 15, [14] = 1, [28] = 3, [94] = 1, [108] = 3};

	return size < sizeof(mask) ? mask[size] : 0;
}

void check_alignment(struct cpu *cpu, uint64_t at, unsigned mask)
{
	if (at & mask && cpu->cpl == 3 && cpu->s.cr0 & CR0_AM &&
	    cpu->s.rflags & FLAG_AC)
		raise_error(cpu, VEC_AC, 0);
}

/* What cpu->watch asks for. */
static uint64_t watched(struct cpu *cpu, uint64_t lin, unsigned size,
			unsigned access)
{
	if (!(access & ACCESS_ANY_ALIGNMENT))
		check_alignment(cpu, lin, alignment_mask(size));
	debug_check_data(cpu, lin, size, access & ACCESS_WRITE);
	return lin;
}

uint64_t mem_linear(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size,
		    unsigned access)
{
	uint64_t lin = ea;

	if (cpu->code64) {
		if (!mmu_canonical(ea) || !mmu_canonical(ea + size - 1))
			segment_fault(cpu, seg);
		return cpu->watch ? watched(cpu, lin, size, access) : lin;
	}
	if (!segment_allows(cpu, &cpu->s.seg[seg], ea, size, access))
		segment_fault(cpu, seg);
	lin = (uint32_t)(ea + cpu->s.seg[seg].base);
	return cpu->watch ? watched(cpu, lin, size, access) : lin;
}

/*
 * An access that found no way in the TLB. The debugger is told of it after
 * the instruction, which must then be the last of its block.
 */
static inline void look(struct cpu *cpu, uint64_t lin, unsigned size,
			unsigned access)
{
	if (likely(!cpu->debugged) ||
	    !stops_touch(cpu, lin, size, access & ACCESS_WRITE))
		return;
	must_be_last(cpu);
	cpu_event(cpu);
}

/* ---- devices ---- */

/* What is no word of the bus goes there in words, or in bytes. */
static unsigned bus_word(unsigned size)
{
	unsigned step = size > 8 ? 8 : size;

	return step & (step - 1) || size % step ? 1 : step;
}

static void device_read(struct cpu *cpu, uint64_t gpa, uint8_t *buf,
			unsigned size)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	unsigned step = bus_word(size);

	must_be_last(cpu);
	for (unsigned i = 0; i < size; i += step) {
		uint64_t val = env->read(env->ctx, SPACE_MEMORY, gpa + i, step);

		memcpy(buf + i, &val, step);
		cpu->stats.mmio_reads++;
	}
	cpu_device_touched(cpu);
}

static void device_write(struct cpu *cpu, uint64_t gpa, const uint8_t *buf,
			 unsigned size)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	unsigned step = bus_word(size);

	must_be_last(cpu);
	for (unsigned i = 0; i < size; i += step) {
		uint64_t val = 0;

		memcpy(&val, buf + i, step);
		env->write(env->ctx, SPACE_MEMORY, gpa + i, step, val);
		cpu->stats.mmio_writes++;
	}
	cpu_device_touched(cpu);
}

uint64_t port_read(struct cpu *cpu, uint16_t port, unsigned size)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint64_t val;

	must_be_last(cpu);
	if (cpu->watch)
		debug_check_port(cpu, port, size);
	val = env->read(env->ctx, SPACE_PORT, port, size);
	cpu->stats.port_reads++;
	cpu_device_touched(cpu);
	return val;
}

void port_write(struct cpu *cpu, uint16_t port, unsigned size, uint64_t val)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	must_be_last(cpu);
	if (cpu->watch)
		debug_check_port(cpu, port, size);
	env->write(env->ctx, SPACE_PORT, port, size, val);
	cpu->stats.port_writes++;
	cpu_device_touched(cpu);
}

/* ---- one or two pages ---- */

struct span {
	struct place part[2];
	unsigned first; /* bytes in part 0 */
};

static struct span span_of(struct cpu *cpu, uint64_t lin, unsigned size,
			   unsigned access)
{
	uint64_t room = PAGE_SIZE - (lin & (PAGE_SIZE - 1));
	uint64_t second = lin + room;
	struct span s = {.first = size < room ? size : room};

	if (!cpu->code64 && !(access & ACCESS_SYSTEM))
		second = (uint32_t)second;
	s.part[0] = mmu_place(cpu, lin, access);
	if (s.first < size)
		s.part[1] = mmu_place(cpu, second, access);
	return s;
}

/* Before a write: does any of it hit code or a device? */
static void span_prepare(struct cpu *cpu, const struct span *s, unsigned size)
{
	unsigned len[2] = {s->first, size - s->first};

	for (unsigned i = 0; i < 2; i++)
		if (len[i] &&
		    (!s->part[i].host || code_at(cpu, s->part[i].gpa, len[i])))
			must_be_last(cpu);
}

static void part_write(struct cpu *cpu, const struct place *p,
		       const uint8_t *buf, unsigned len)
{
	if (!p->host) {
		device_write(cpu, p->gpa, buf, len);
		return;
	}
	memcpy(p->host, buf, len);
	keep_written(cpu, p->gpa, len);
	if (code_at(cpu, p->gpa, len))
		code_invalidate(cpu, p->gpa);
}

static void read_span(struct cpu *cpu, const struct span *s, uint8_t *at,
		      unsigned size)
{
	unsigned len[2] = {s->first, size - s->first};

	for (unsigned i = 0; i < 2 && len[i]; i++) {
		if (s->part[i].host)
			memcpy(at, s->part[i].host, len[i]);
		else
			device_read(cpu, s->part[i].gpa, at, len[i]);
		at += len[i];
	}
}

void lin_read_bytes(struct cpu *cpu, uint64_t lin, void *buf, unsigned size,
		    unsigned access)
{
	const uint8_t *host = mmu_host(cpu, lin, size, access);
	struct span s;

	if (host) {
		memcpy(buf, host, size);
		return;
	}
	s = span_of(cpu, lin, size, access);
	look(cpu, lin, size, access);
	read_span(cpu, &s, buf, size);
}

void lin_write_bytes(struct cpu *cpu, uint64_t lin, const void *buf,
		     unsigned size, unsigned access)
{
	uint8_t *host = mmu_host(cpu, lin, size, access | ACCESS_WRITE);
	struct span s;

	if (host) {
		memcpy(host, buf, size);
		return;
	}
	s = span_of(cpu, lin, size, access | ACCESS_WRITE);
	span_prepare(cpu, &s, size);
	look(cpu, lin, size, ACCESS_WRITE);
	part_write(cpu, &s.part[0], buf, s.first);
	if (s.first < size)
		part_write(cpu, &s.part[1], (const uint8_t *)buf + s.first,
			   size - s.first);
}

void lin_probe_write(struct cpu *cpu, uint64_t lin, unsigned size,
		     unsigned access)
{
	struct span s;

	if (mmu_host(cpu, lin, size, access | ACCESS_WRITE))
		return;
	s = span_of(cpu, lin, size, access | ACCESS_WRITE);
	span_prepare(cpu, &s, size);
}

/* Most sizes are these; others cost a call to memcpy(). */
ALWAYS_INLINE uint64_t word_get(const uint8_t *host, unsigned size)
{
	switch (size) {
	case 1:
		return *host;
	case 2:
		return at_get(host, 2);
	case 4:
		return at_get(host, 4);
	case 8:
		return at_get(host, 8);
	}
	return at_get(host, size);
}

ALWAYS_INLINE void word_set(uint8_t *host, unsigned size, uint64_t val)
{
	switch (size) {
	case 1:
		*host = val;
		break;
	case 2:
		at_set(host, 2, true, val);
		break;
	case 4:
		at_set(host, 4, true, val);
		break;
	case 8:
		at_set(host, 8, true, val);
		break;
	default:
		at_set(host, size, true, val);
	}
}

static bool in_one_page(uint64_t lin, unsigned size)
{
	return !((lin ^ (lin + size - 1)) & PAGE_MASK);
}

uint64_t lin_read(struct cpu *cpu, uint64_t lin, unsigned size, unsigned access)
{
	const uint8_t *host = mmu_host(cpu, lin, size, access);
	uint64_t val = 0;
	struct place p;

	if (host)
		return word_get(host, size);
	if (unlikely(!in_one_page(lin, size))) {
		lin_read_bytes(cpu, lin, &val, size, access);
		return val;
	}
	p = mmu_place(cpu, lin, access);
	look(cpu, lin, size, access);
	if (p.host)
		return word_get(p.host, size);
	device_read(cpu, p.gpa, (uint8_t *)&val, size);
	return val;
}

void lin_write(struct cpu *cpu, uint64_t lin, unsigned size, uint64_t val,
	       unsigned access)
{
	uint8_t *host = mmu_host(cpu, lin, size, access | ACCESS_WRITE);
	struct place p;

	if (host) {
		word_set(host, size, val);
		return;
	}
	if (unlikely(!in_one_page(lin, size))) {
		lin_write_bytes(cpu, lin, &val, size, access);
		return;
	}
	p = mmu_place(cpu, lin, access | ACCESS_WRITE);
	look(cpu, lin, size, ACCESS_WRITE);
	if (!p.host) {
		device_write(cpu, p.gpa, (const uint8_t *)&val, size);
	} else if (!code_at(cpu, p.gpa, size)) {
		word_set(p.host, size, val);
		keep_written(cpu, p.gpa, size);
	} else {
		must_be_last(cpu);
		word_set(p.host, size, val);
		keep_written(cpu, p.gpa, size);
		code_invalidate(cpu, p.gpa);
	}
}

uint64_t mem_read(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size)
{
	return lin_read(cpu, mem_linear(cpu, seg, ea, size, ACCESS_READ), size,
			ACCESS_READ);
}

void mem_write(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size,
	       uint64_t val)
{
	lin_write(cpu, mem_linear(cpu, seg, ea, size, ACCESS_WRITE), size, val,
		  ACCESS_WRITE);
}

void mem_probe_write(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size)
{
	lin_probe_write(cpu, mem_linear(cpu, seg, ea, size, ACCESS_WRITE), size,
			ACCESS_WRITE);
}

uint64_t load_slow(struct cpu *cpu, const struct op *op, unsigned seg,
		   uint64_t ea, unsigned size)
{
	cpu->op = op;
	return mem_read(cpu, seg, ea, size);
}

void store_slow(struct cpu *cpu, const struct op *op, unsigned seg, uint64_t ea,
		unsigned size, uint64_t val)
{
	cpu->op = op;
	mem_write(cpu, seg, ea, size, val);
}

uint64_t load_for_write_slow(struct cpu *cpu, const struct op *op, unsigned seg,
			     uint64_t ea, unsigned size)
{
	uint64_t lin;

	cpu->op = op;
	lin = mem_linear(cpu, seg, ea, size, ACCESS_WRITE);
	if (!cpu->code64)
		mem_linear(cpu, seg, ea, size, ACCESS_READ);
	lin_probe_write(cpu, lin, size, ACCESS_WRITE);
	return lin_read(cpu, lin, size, ACCESS_READ);
}

void bounce_begin(struct cpu *cpu, const struct op *op, struct bounce *b,
		  unsigned size, bool read, bool write)
{
	b->ea = effective(cpu, op);
	b->at = tlb_host(cpu, b->ea, size, write);
	if (b->at) /* an address with a segment's base */
		return;
	b->at = (uint8_t *)&b->val;
	if (read && write)
		b->val = load_for_write_slow(cpu, op, op->seg, b->ea, size);
	else if (read)
		b->val = load_slow(cpu, op, op->seg, b->ea, size);
}

void bounce_end(struct cpu *cpu, const struct op *op, struct bounce *b,
		unsigned size)
{
	if (b->at == (uint8_t *)&b->val)
		store_slow(cpu, op, op->seg, b->ea, size, b->val);
}
