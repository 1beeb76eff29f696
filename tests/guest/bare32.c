/* bare32.c: the C half of bare32.h: tables and output. */
#include "tests/guest/bare32.h"

#define COM1 0x3f8

extern uint8_t stubs[256][16];
extern uint8_t gdt_pointer[], idt_pointer[];
void bare_init(void);

static void out8(uint16_t port, uint8_t val)
{
	__asm__ volatile("outb %0, %1" ::"a"(val), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t val;

	__asm__ volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

void put(char c)
{
	while (!(in8(COM1 + 5) & 0x20))
		;
	out8(COM1, c);
}

void print(const char *text)
{
	while (*text)
		put(*text++);
}

void hex(uint32_t val, unsigned digits)
{
	while (digits--)
		put("0123456789abcdef"[val >> 4 * digits & 15]);
}

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

void finish(void)
{
	print("end\n");
	out8(0xf4, 0x10);
	for (;;)
		__asm__ volatile("hlt");
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
