/*
 * segment.c: descriptors and loading segment registers (SDM 3 chapter 3 and
 * 5). CPL is the low two bits of CS.
 */
#include "vmm/sim/exec.h"

/* False: outside its table. */
bool read_descriptor(struct cpu *cpu, uint16_t selector,
		     struct descriptor *desc)
{
	const struct x86_segment *ldt = &cpu->s.seg[SEG_LDTR];
	uint64_t base = cpu->s.gdt.base, limit = cpu->s.gdt.limit;
	uint32_t at = selector & ~7u;

	if (selector & 4) {
		if (!(ldt->attr & SEG_ATTR_P))
			return false;
		base = ldt->base;
		limit = ldt->limit;
	}
	if (at + 7 > limit)
		return false;
	desc->raw = system_read(cpu, base + at);
	desc->high = 0;
	/* System descriptors are twice as long in long mode. */
	if (cpu->s.efer & EFER_LMA && !(desc->raw >> 44 & 1) &&
	    at + 15 <= limit)
		desc->high = system_read(cpu, base + at + 8);
	desc->seg.selector = selector;
	desc->seg.attr = desc->raw >> 40 & 0xf0ff;
	desc->seg.base = (desc->raw >> 16 & 0xffffff) |
			 (desc->raw >> 32 & 0xff000000) | desc->high << 32;
	desc->seg.limit = (desc->raw & 0xffff) | (desc->raw >> 32 & 0xf0000);
	if (desc->seg.attr & SEG_ATTR_G)
		desc->seg.limit = desc->seg.limit << 12 | 0xfff;
	return true;
}

/* The A bit of code and data, which is also bit 0 of a type. */
void set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
	uint64_t base =
		selector & 4 ? cpu->s.seg[SEG_LDTR].base : cpu->s.gdt.base;

	if (!(d->seg.attr & 1))
		lin_write(cpu, base + (selector & ~7u) + 5, 1,
			  (d->seg.attr | 1) & 0xff, ACCESS_SYSTEM);
	d->seg.attr |= 1;
}

void load_cs(struct cpu *cpu, uint16_t selector, struct descriptor *desc,
	     unsigned cpl)
{
	cpu->s.seg[SEG_CS] = desc->seg;
	cpu->s.seg[SEG_CS].selector = (selector & ~3u) | cpl;
	if (likely(cpu->code64 && desc->seg.attr & SEG_ATTR_L))
		set_ring64(cpu, cpl);
	else
		cpu_update_mode(cpu);
}

static void load_null(struct cpu *cpu, unsigned seg, uint16_t selector)
{
	/* SS may be null only in 64-bit code of rings 0 to 2. */
	if (seg == SEG_SS &&
	    (!cpu->code64 || cpu->cpl == 3 || (selector & 3) != cpu->cpl))
		raise_error(cpu, VEC_GP, 0);
	cpu->s.seg[seg] = (struct x86_segment){.selector = selector};
}

static void check_stack(struct cpu *cpu, uint16_t selector, unsigned attr)
{
	uint32_t error = selector & ~3u;

	if ((selector & 3) != cpu->cpl || (attr & 0xa) != 2 ||
	    (attr & SEG_ATTR_DPL) >> 5 != cpu->cpl)
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_SS, error);
}

static void check_data(struct cpu *cpu, uint16_t selector, unsigned attr)
{
	uint32_t error = selector & ~3u;
	unsigned dpl = (attr & SEG_ATTR_DPL) >> 5, rpl = selector & 3;
	bool conforming = (attr & 0xc) == 0xc;

	if ((attr & 0xa) == 8) /* execute-only */
		raise_error(cpu, VEC_GP, error);
	if (!conforming && (rpl > dpl || cpu->cpl > dpl))
		raise_error(cpu, VEC_GP, error);
	if (!(attr & SEG_ATTR_P))
		raise_error(cpu, VEC_NP, error);
}

void load_segment(struct cpu *cpu, unsigned seg, uint16_t selector)
{
	struct descriptor d;

	if (cpu_real_segments(cpu)) {
		real_load(cpu, seg, selector);
		return;
	}
	if (!(selector & ~3u)) {
		load_null(cpu, seg, selector);
		return;
	}
	if (!read_descriptor(cpu, selector, &d) || !(d.seg.attr & SEG_ATTR_S))
		raise_error(cpu, VEC_GP, selector & ~3u);
	if (seg == SEG_SS)
		check_stack(cpu, selector, d.seg.attr);
	else
		check_data(cpu, selector, d.seg.attr);
	set_accessed(cpu, selector, &d);
	cpu->s.seg[seg] = d.seg;
}
