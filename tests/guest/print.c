/* print.c: a UART that is asked whether it is ready; an exit port. */
#include "tests/guest/print.h"

#define COM1 0x3f8

void out8(uint16_t port, uint8_t val)
{
	__asm__ volatile("outb %0, %1" ::"a"(val), "Nd"(port));
}

uint8_t in8(uint16_t port)
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

void hex(uint64_t val, unsigned digits)
{
	while (digits--)
		put("0123456789abcdef"[val >> 4 * digits & 15]);
}

void finish(void)
{
	print("end\n");
	out8(0xf4, 0x10);
	for (;;)
		__asm__ volatile("hlt");
}
