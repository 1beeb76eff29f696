/*
 * real_mode.c: segments and far transfers of real mode and of virtual-8086
 * code (SDM 3 chapter 20): a selector is the base divided by 16, and nothing
 * is looked up in tables.
 *
 * In real mode loading changes neither limit nor size: those of protected
 * mode stay ("unreal" mode).
 */
#include "vmm/sim/deliver.h"

#define REAL_LIMIT 0xffffu
#define REAL_ATTR  (SEG_ATTR_P | SEG_ATTR_S | 3u)

void real_load(struct cpu *cpu, unsigned seg, uint16_t selector)
{
	struct x86_segment *s = &cpu->s.seg[seg];

	s->selector = selector;
	s->base = selector << 4;
	if (cpu->s.rflags & FLAG_VM) {
		s->limit = REAL_LIMIT;
		s->attr = REAL_ATTR | SEG_ATTR_DPL;
	} else {
		s->attr = (s->attr & (SEG_ATTR_G | SEG_ATTR_B)) | REAL_ATTR;
	}
}

static void check_ip(struct cpu *cpu, uint64_t ip)
{
	if (ip > cpu->s.seg[SEG_CS].limit)
		raise_error(cpu, VEC_GP, 0);
}

static void go(struct cpu *cpu, uint16_t selector, uint64_t ip)
{
	real_load(cpu, SEG_CS, selector);
	cpu_update_mode(cpu);
	cpu->rip = ip;
}

void real_jump(struct cpu *cpu, uint16_t selector, uint64_t ip)
{
	check_ip(cpu, ip);
	go(cpu, selector, ip);
}

void real_call(struct cpu *cpu, unsigned size, uint16_t selector, uint64_t ip,
	       uint64_t back)
{
	struct frame f;

	frame_here(cpu, size, 0, &f);
	frame_push(cpu, &f, cpu->s.seg[SEG_CS].selector);
	frame_push(cpu, &f, back);
	check_ip(cpu, ip);
	frame_commit(cpu, &f);
	go(cpu, selector, ip);
}

static uint64_t peek(struct cpu *cpu, unsigned size, unsigned at)
{
	return mem_read(cpu, SEG_SS, (cpu->r[GPR_RSP] + at) & stack_mask(cpu),
			size);
}

void real_return(struct cpu *cpu, unsigned size, unsigned drop)
{
	uint64_t ip = peek(cpu, size, 0);
	uint16_t selector = peek(cpu, size, size);

	check_ip(cpu, ip);
	stack_add(cpu, 2 * size + drop);
	go(cpu, selector, ip);
}

void real_iret(struct cpu *cpu, unsigned size)
{
	uint64_t mask = flags_writable(cpu, size), flags;
	uint64_t ip = peek(cpu, size, 0);
	uint16_t selector = peek(cpu, size, size);

	flags = peek(cpu, size, 2 * size);
	check_ip(cpu, ip);
	stack_add(cpu, 3 * size);
	go(cpu, selector, ip);
	flags_set(cpu, (flags_get(cpu) & ~mask) | (flags & mask));
}

/* IRET in ring 0 with VM in the frame's flags: nine words of four bytes. */
void real_enter_v86(struct cpu *cpu, uint64_t flags)
{
	static const uint8_t segs[] = {SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS};
	static const uint8_t at[] = {16, 20, 24, 28, 32};
	uint64_t ip = peek(cpu, 4, 0), sp = peek(cpu, 4, 12);
	uint16_t cs = peek(cpu, 4, 4), selector[5];
	uint64_t mask = flags_writable(cpu, 4) | FLAG_VM;

	for (unsigned i = 0; i < 5; i++)
		selector[i] = peek(cpu, 4, at[i]);
	if (ip > REAL_LIMIT)
		raise_error(cpu, VEC_GP, 0);
	flags_set(cpu, (flags_get(cpu) & ~mask) | (flags & mask));
	for (unsigned i = 0; i < 5; i++)
		real_load(cpu, segs[i], selector[i]);
	cpu->r[GPR_RSP] = sp;
	go(cpu, cs, (uint16_t)ip);
}

void deliver_real(struct cpu *cpu, const struct event *ev)
{
	uint32_t at = 4 * ev->vector, vector;
	struct frame f;

	if (at + 3 > cpu->s.idt.limit)
		raise_error(cpu, VEC_GP, 0);
	vector = lin_read(cpu, (uint32_t)(cpu->s.idt.base + at), 4,
			  ACCESS_SYSTEM);
	frame_here(cpu, 2, 0, &f);
	frame_push(cpu, &f, event_flags(cpu, ev));
	frame_push(cpu, &f, cpu->s.seg[SEG_CS].selector);
	frame_push(cpu, &f, ev->rip);
	check_ip(cpu, vector & 0xffff);
	frame_commit(cpu, &f);
	go(cpu, vector >> 16, vector & 0xffff);
	enter_handler(cpu, &(struct gate){.offset = cpu->rip});
	cpu->s.rflags &= ~FLAG_AC;
}
