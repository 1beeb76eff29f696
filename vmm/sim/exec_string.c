/*
 * exec_string.c: MOVS STOS LODS CMPS SCAS INS OUTS, alone and repeated.
 *
 * Each iteration commits its registers and counts one instruction; when the
 * slice is used up the instruction is left with RIP still at it and entered
 * again. MOVS and STOS go as far as both pages reach in one piece, counting
 * the same. All of them end their block.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

ALWAYS_INLINE uint64_t address_mask(const struct op *op)
{
	if (op->flags & OP_ADDR32)
		return 0xffffffff;
	return op->flags & OP_ADDR16 ? 0xffff : UINT64_MAX;
}

/* Addresses at rSI in op->seg and rDI in ES, ready for load and store. */
static uint64_t source(const struct cpu *cpu, const struct op *op)
{
	uint64_t ea = cpu->r[GPR_RSI] & address_mask(op);

	if (op->ea & EA_BASE)
		ea += cpu->s.seg[op->seg].base;
	return ea;
}

static uint64_t destination(const struct cpu *cpu, const struct op *op)
{
	return cpu->r[GPR_RDI] & address_mask(op);
}

static void advance(struct cpu *cpu, const struct op *op, unsigned reg,
		    uint64_t bytes)
{
	uint64_t mask = address_mask(op), val = cpu->r[reg];

	if (cpu->s.rflags & FLAG_DF)
		bytes = -bytes;
	if (mask == 0xffff)
		cpu->r[reg] = (val & ~mask) | ((val + bytes) & mask);
	else
		cpu->r[reg] = (val + bytes) & mask;
}

static void movs(struct cpu *cpu, const struct op *op)
{
	uint64_t val = load(cpu, op, source(cpu, op), op->size);

	store_seg(cpu, op, SEG_ES, destination(cpu, op), op->size, val);
	advance(cpu, op, GPR_RSI, op->size);
	advance(cpu, op, GPR_RDI, op->size);
}

static void stos(struct cpu *cpu, const struct op *op)
{
	store_seg(cpu, op, SEG_ES, destination(cpu, op), op->size,
		  cpu->r[GPR_RAX]);
	advance(cpu, op, GPR_RDI, op->size);
}

static void lods(struct cpu *cpu, const struct op *op)
{
	uint64_t val = load(cpu, op, source(cpu, op), op->size);

	reg_set(cpu, GPR_RAX, op->size, val);
	advance(cpu, op, GPR_RSI, op->size);
}

static void compare(struct cpu *cpu, const struct op *op, uint64_t a,
		    uint64_t b)
{
	uint64_t r = a - b;

	flags_result(cpu, r, (~a & b) | ((~a | b) & r), op->size);
}

static void cmps(struct cpu *cpu, const struct op *op)
{
	uint64_t a = load(cpu, op, source(cpu, op), op->size);
	uint64_t b = load_seg(cpu, op, SEG_ES, destination(cpu, op), op->size);

	compare(cpu, op, a, b);
	advance(cpu, op, GPR_RSI, op->size);
	advance(cpu, op, GPR_RDI, op->size);
}

static void scas(struct cpu *cpu, const struct op *op)
{
	uint64_t b = load_seg(cpu, op, SEG_ES, destination(cpu, op), op->size);

	compare(cpu, op, reg_get(cpu, GPR_RAX, op->size), b);
	advance(cpu, op, GPR_RDI, op->size);
}

/* The port is read only when its value can be stored. */
static void ins(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = destination(cpu, op);

	cpu->op = op;
	mem_probe_write(cpu, SEG_ES, ea, op->size);
	mem_write(cpu, SEG_ES, ea, op->size,
		  port_read(cpu, cpu->r[GPR_RDX], op->size));
	advance(cpu, op, GPR_RDI, op->size);
}

static void outs(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	port_write(cpu, cpu->r[GPR_RDX], op->size,
		   load(cpu, op, source(cpu, op), op->size));
	advance(cpu, op, GPR_RSI, op->size);
}

/* ---- many iterations at once ---- */

/* How many elements from `lin` on lie in its page. */
static uint64_t in_page(uint64_t lin, unsigned size)
{
	return (PAGE_SIZE - lin % PAGE_SIZE) / size;
}

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Elements that can go in one piece, the current iteration's included: both
 * sides in the TLB, forward, and no source byte that was just written.
 */
static uint64_t movs_bulk(struct cpu *cpu, const struct op *op, uint64_t count)
{
	uint64_t src = source(cpu, op), dst = destination(cpu, op), n;
	const struct tlb_entry *s = tlb_entry(cpu, src);
	const struct tlb_entry *d = tlb_entry(cpu, dst);
	uint8_t *to, *from;

	if (!cpu->code64 || cpu->s.rflags & FLAG_DF ||
	    s->read != (src & PAGE_MASK) || d->write != (dst & PAGE_MASK))
		return 0;
	n = min3(count, in_page(src, op->size), in_page(dst, op->size));
	if (n > (uint64_t)cpu->left + 1)
		n = cpu->left + 1;
	if (!n)
		return 0;
	from = (uint8_t *)(s->host + src);
	to = (uint8_t *)(d->host + dst);
	if (from < to && from + n * op->size > to)
		return 0;
	memmove(to, from, n * op->size);
	advance(cpu, op, GPR_RSI, n * op->size);
	advance(cpu, op, GPR_RDI, n * op->size);
	return n;
}

ALWAYS_INLINE void fill(uint8_t *to, uint64_t val, uint64_t count,
			unsigned size)
{
	for (uint64_t i = 0; i < count; i++)
		at_set(to + i * size, size, true, val);
}

static void fill_any(uint8_t *to, uint64_t val, uint64_t count, unsigned size)
{
	switch (size) {
	case 1:
		memset(to, (uint8_t)val, count);
		break;
	case 2:
		fill(to, val, count, 2);
		break;
	case 4:
		fill(to, val, count, 4);
		break;
	default:
		fill(to, val, count, 8);
	}
}

static uint64_t stos_bulk(struct cpu *cpu, const struct op *op, uint64_t count)
{
	uint64_t dst = destination(cpu, op), n;
	const struct tlb_entry *d = tlb_entry(cpu, dst);
	uint8_t *to;

	if (!cpu->code64 || cpu->s.rflags & FLAG_DF ||
	    d->write != (dst & PAGE_MASK))
		return 0;
	n = min3(count, in_page(dst, op->size), (uint64_t)cpu->left + 1);
	if (!n)
		return 0;
	to = (uint8_t *)(d->host + dst);
	fill_any(to, cpu->r[GPR_RAX], n, op->size);
	advance(cpu, op, GPR_RDI, n * op->size);
	return n;
}

typedef void iterate_fn(struct cpu *cpu, const struct op *op);
typedef uint64_t bulk_fn(struct cpu *cpu, const struct op *op, uint64_t count);

static void set_count(struct cpu *cpu, const struct op *op, uint64_t count)
{
	uint64_t mask = address_mask(op);

	if (mask == 0xffff)
		cpu->r[GPR_RCX] = (cpu->r[GPR_RCX] & ~mask) | count;
	else
		cpu->r[GPR_RCX] = count;
}

/* `tests`: ZF ends the repetition (CMPS and SCAS). */
ALWAYS_INLINE void repeat(struct cpu *cpu, const struct op *op,
			  iterate_fn *once, bulk_fn *bulk, bool tests)
{
	uint64_t count, n;

	if (!(op->flags & (OP_REPE | OP_REPNE))) {
		once(cpu, op);
		return fall_through(cpu, op);
	}
	count = cpu->r[GPR_RCX] & address_mask(op);
	while (count) {
		n = bulk ? bulk(cpu, op, count) : 0;
		if (n) {
			cpu->left -= n - 1; /* the first is counted */
		} else {
			once(cpu, op);
			n = 1;
		}
		count -= n;
		set_count(cpu, op, count);
		if (!count ||
		    (tests && (cpu->zres == 0) != !!(op->flags & OP_REPE)))
			break;
		if (cpu->left <= 0) {
			cpu->s.rflags |= FLAG_RF; /* SDM 3 17.3.1.1 */
			cpu->rip = op_rip(op);
			if (!cpu->code64)
				cpu->rip = (uint32_t)cpu->rip;
			return;
		}
		cpu->left--;
	}
	return fall_through(cpu, op);
}

void exec_movs(struct cpu *cpu, const struct op *op)
{
	repeat(cpu, op, movs, movs_bulk, false);
}

void exec_stos(struct cpu *cpu, const struct op *op)
{
	repeat(cpu, op, stos, stos_bulk, false);
}

void exec_lods(struct cpu *cpu, const struct op *op)
{
	repeat(cpu, op, lods, NULL, false);
}

void exec_cmps(struct cpu *cpu, const struct op *op)
{
	repeat(cpu, op, cmps, NULL, true);
}

void exec_scas(struct cpu *cpu, const struct op *op)
{
	repeat(cpu, op, scas, NULL, true);
}

/* The right to the port is asked for even when the count is zero. */
static void check_string_port(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	check_port(cpu, (uint16_t)cpu->r[GPR_RDX], op->size);
}

void exec_ins(struct cpu *cpu, const struct op *op)
{
	check_string_port(cpu, op);
	repeat(cpu, op, ins, NULL, false);
}

void exec_outs(struct cpu *cpu, const struct op *op)
{
	check_string_port(cpu, op);
	repeat(cpu, op, outs, NULL, false);
}
