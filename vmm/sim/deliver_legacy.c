/*
 * deliver_legacy.c: stacks and frames of 16- and 32-bit protected mode:
 * delivery through their gates, also out of virtual-8086 code, and the
 * stacks that both kinds of TSS name (SDM 3 6.12.1, 7.2, 20.3).
 */
#include "vmm/sim/deliver.h"

#define TYPE_32 8u /* in the type of a system descriptor */

static uint64_t mask_of(const struct x86_segment *ss)
{
	return ss->attr & SEG_ATTR_B ? 0xffffffff : 0xffff;
}

void frame_here(const struct cpu *cpu, unsigned size, uint32_t ext,
		struct frame *f)
{
	*f = (struct frame){.ss.seg = cpu->s.seg[SEG_SS],
			    .sp = cpu->r[GPR_RSP],
			    .size = size,
			    .error = ext};
}

/* A stack segment of this ring, and no other (SDM 3 6.12.1). */
static void check_inner(struct cpu *cpu, uint16_t selector, unsigned cpl,
			uint32_t ext, struct descriptor *ss)
{
	uint32_t error = (selector & ~3u) + ext;

	if (!(selector & ~3u) || !read_descriptor(cpu, selector, ss) ||
	    (selector & 3u) != cpl || (ss->seg.attr & 0x1a) != 0x12 ||
	    (ss->seg.attr & SEG_ATTR_DPL) >> 5 != cpl)
		raise_error(cpu, VEC_TS, error);
	if (!(ss->seg.attr & SEG_ATTR_P))
		raise_error(cpu, VEC_SS, error);
}

void frame_inner(struct cpu *cpu, unsigned cpl, unsigned size, uint32_t ext,
		 struct frame *f)
{
	bool wide = cpu->s.seg[SEG_TR].attr & TYPE_32;
	unsigned len = wide ? 4 : 2, at = len + 2 * len * cpl;
	uint16_t selector;

	tss_field(cpu, at, len + 2, ext); /* both or none */
	*f = (struct frame){.sp = tss_field(cpu, at, len, ext),
			    .size = size,
			    .access = ACCESS_SYSTEM,
			    .other = true};
	selector = tss_field(cpu, at + len, 2, ext);
	check_inner(cpu, selector, cpl, ext, &f->ss);
	f->error = (selector & ~3u) + ext;
}

void frame_push(struct cpu *cpu, struct frame *f, uint64_t val)
{
	uint64_t mask = mask_of(&f->ss.seg), at = (f->sp - f->size) & mask;

	if (!segment_allows(cpu, &f->ss.seg, at, f->size, ACCESS_WRITE))
		raise_error(cpu, VEC_SS, f->error);
	lin_write(cpu, (uint32_t)(f->ss.seg.base + at), f->size, val,
		  f->access);
	f->sp = (f->sp & ~mask) | at;
}

void frame_commit(struct cpu *cpu, struct frame *f)
{
	if (f->other) {
		set_accessed(cpu, f->ss.seg.selector, &f->ss);
		cpu->s.seg[SEG_SS] = f->ss.seg;
	}
	cpu->r[GPR_RSP] = (uint32_t)f->sp;
}

static void push_frame(struct cpu *cpu, const struct event *ev, struct frame *f)
{
	static const uint8_t data[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};
	bool v86 = cpu->s.rflags & FLAG_VM;

	for (unsigned i = 0; v86 && i < 4; i++)
		frame_push(cpu, f, cpu->s.seg[data[i]].selector);
	if (f->other) {
		frame_push(cpu, f, cpu->s.seg[SEG_SS].selector);
		frame_push(cpu, f, cpu->r[GPR_RSP]);
	}
	frame_push(cpu, f, event_flags(cpu, ev));
	frame_push(cpu, f, cpu->s.seg[SEG_CS].selector);
	frame_push(cpu, f, ev->rip);
	if (ev->has_error)
		frame_push(cpu, f, ev->error);
}

void deliver_legacy(struct cpu *cpu, const struct event *ev,
		    const struct gate *g, struct descriptor *cs, unsigned cpl)
{
	static const uint8_t data[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};
	bool v86 = cpu->s.rflags & FLAG_VM;
	struct frame f;

	/* Out of virtual-8086 code into ring 0, or not at all. */
	if (v86 && cpl)
		raise_error(cpu, VEC_GP, (g->selector & ~3u) + event_ext(ev));
	if (cpl < cpu->cpl)
		frame_inner(cpu, cpl, g->size, event_ext(ev), &f);
	else
		frame_here(cpu, g->size, event_ext(ev), &f);
	push_frame(cpu, ev, &f);
	if (g->offset > cs->seg.limit)
		raise_error(cpu, VEC_GP, event_ext(ev));
	set_accessed(cpu, g->selector, cs);
	for (unsigned i = 0; v86 && i < 4; i++)
		cpu->s.seg[data[i]] = (struct x86_segment){0};
	cpu->s.rflags &= ~FLAG_VM;
	frame_commit(cpu, &f);
	load_cs(cpu, g->selector, cs, cpl);
	enter_handler(cpu, g);
}
