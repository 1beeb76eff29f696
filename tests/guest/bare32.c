/* bare32.c: the C half of bare32.h: descriptor tables. */
#include "tests/guest/bare32.h"

extern uint8_t stubs[256][16];
extern uint8_t gdt_pointer[], idt_pointer[];
void bare_init(void);

void report(const char *name)
{
	print(name);
	print(": ");
	if (trap.vector == DONE) {
		print("ok\n");
		return;
	}
	print("#");
	hex(trap.vector, 2);
	if (trap.error != UINT32_MAX) {
		put('(');
		hex(trap.error, 4);
		put(')');
	}
	put('\n');
}

void bare_init(void)
{
	char *low = low_start;

	out8(0x21, 0xff); /* firmware may have left the timer running */
	out8(0xa1, 0xff);
	for (char *from = low_image; low < low_end; low++, from++)
		*low = *from;
	gdt[SEL_CODE / 8] = segment(0, 0xfffff, 0xc09b);
	gdt[SEL_DATA / 8] = segment(0, 0xfffff, 0xc093);
	gdt[SEL_UCODE / 8] = segment(0, 0xfffff, 0xc0fb);
	gdt[SEL_UDATA / 8] = segment(0, 0xfffff, 0xc0f3);
	gdt[SEL_TSS / 8] = segment((uint32_t)tss, 255, 0x89);
	for (unsigned i = 0; i < 256; i++)
		idt[i] = gate(i == DONE || i == 3 || i == 4 ? 0xee : 0x8e,
			      SEL_CODE, (uint32_t)stubs[i], 0);
	tss[1] = (uint32_t)kernel_stack_top;
	tss[2] = SEL_DATA;
	tss[25] = 104 << 16;
	for (unsigned i = 26; i < 64; i++)
		tss[i] = UINT32_MAX;
}
