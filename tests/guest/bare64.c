/* bare64.c: the C half of bare64.h: descriptor tables and attempts. */
#include "tests/guest/bare64.h"

#define TSS_LIMIT (sizeof(struct tss) - 1)

void bare_init(void);

uint64_t segment(unsigned attr)
{
	return UINT64_C(0x000f00000000ffff) | (uint64_t)attr << 40;
}

void set_gate(unsigned vector, unsigned type, unsigned selector,
	      const void *offset, unsigned ist)
{
	uint64_t at = (uint64_t)offset;

	idt[vector][0] = (at & 0xffff) | (uint64_t)selector << 16 |
			 (uint64_t)ist << 32 | (uint64_t)type << 40 |
			 (at >> 16 & 0xffff) << 48;
	idt[vector][1] = at >> 32;
}

void set_handler(unsigned vector, void *fn)
{
	set_gate(vector, 0x8e, SEL_CODE, fn, 0);
}

void reset_gate(unsigned vector)
{
	bool open = vector == DONE || vector == 3;

	set_gate(vector, open ? 0xee : 0x8e, SEL_CODE, stubs[vector], 0);
}

static void set_stack(uint32_t word[2], const void *at)
{
	word[0] = (uint64_t)at;
	word[1] = (uint64_t)at >> 32;
}

void bare_init(void)
{
	uint64_t at = (uint64_t)&tss;

	out8(0x21, 0xff); /* firmware may have left the timer running */
	out8(0xa1, 0xff);
	gdt[SEL_UCODE32 / 8] = segment(0xc0fb);
	gdt[SEL_UDATA / 8] = segment(0xc0f3);
	gdt[SEL_UCODE / 8] = segment(0xa0fb);
	gdt[SEL_CODE32 / 8] = segment(0xc09b);
	gdt[SEL_TSS / 8] = TSS_LIMIT | (at & 0xffffff) << 16 |
			   UINT64_C(0x89) << 40 | (at >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = at >> 32;
	for (unsigned i = 0; i < 256; i++)
		reset_gate(i);
	set_stack(tss.rsp[0], tss_stack_top);
	set_stack(tss.ist[0], ist_stack_top);
	tss.map = sizeof(struct tss); /* beyond: no port */
}

struct frame frame_of(void (*fn)(void), bool user)
{
	uint8_t *top = user ? user_stack_top : attempt_stack_top;
	struct frame f = {.rip = (uint64_t)fn,
			  .cs = user ? SEL_UCODE : SEL_CODE,
			  .rflags = 2,
			  .rsp = (uint64_t)top - 8,
			  .ss = user ? SEL_UDATA : SEL_DATA};

	*(uint64_t *)f.rsp = (uint64_t)(user ? user_done : kernel_done);
	return f;
}

void attempt(void (*fn)(void))
{
	struct frame f = frame_of(fn, false);

	attempt_frame(&f);
}

void attempt_user(void (*fn)(void))
{
	struct frame f = frame_of(fn, true);

	attempt_frame(&f);
}

void outcome(void)
{
	if (trap.vector == DONE) {
		print("ok");
		return;
	}
	put('#');
	hex(trap.vector, 2);
	if (trap.error != UINT64_MAX) {
		put('(');
		hex(trap.error, 4);
		put(')');
	}
}

void report(const char *name)
{
	print(name);
	print(": ");
	outcome();
	put('\n');
}
