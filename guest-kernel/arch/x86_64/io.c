/*
 * io.c: ports, the log's two ways out (COM1 and the debug console at e9h),
 * and the end.
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"

#define COM1	      0x3f8
#define COM_DATA      (COM1 + 0)
#define COM_IER	      (COM1 + 1)
#define COM_FCR	      (COM1 + 2)
#define COM_LCR	      (COM1 + 3)
#define COM_MCR	      (COM1 + 4)
#define COM_LSR	      (COM1 + 5)
#define LSR_THRE      0x20
#define SEND_POLLS    10000 /* a stuck line must not stop the kernel */

#define DEBUG_CONSOLE 0xe9
#define DEBUG_EXIT    0x501

void serial_init(void)
{
	out8(COM_IER, 0);
	out8(COM_LCR, 0x80); /* divisor 1: 115200 baud */
	out8(COM_DATA, 1);
	out8(COM_IER, 0);
	out8(COM_LCR, 0x03); /* 8 bits, no parity, 1 stop bit */
	out8(COM_FCR, 0x01);
	out8(COM_MCR, 0x0b); /* DTR, RTS, and OUT2, the interrupt's gate */
}

void arch_put_byte(uint8_t byte)
{
	for (unsigned i = 0; i < SEND_POLLS; i++)
		if (in8(COM_LSR) & LSR_THRE)
			break;
	out8(COM_DATA, byte);
	out8(DEBUG_CONSOLE, byte);
}

uint32_t arch_port_in(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	switch (size) {
	case 1:
		asm volatile("inb %w1, %b0" : "+a"(value) : "Nd"(port));
		break;
	case 2:
		asm volatile("inw %w1, %w0" : "+a"(value) : "Nd"(port));
		break;
	default:
		asm volatile("inl %w1, %0" : "+a"(value) : "Nd"(port));
	}
	return value;
}

void arch_port_out(uint16_t port, unsigned size, uint32_t value)
{
	switch (size) {
	case 1:
		asm volatile("outb %b0, %w1" ::"a"(value), "Nd"(port));
		break;
	case 2:
		asm volatile("outw %w0, %w1" ::"a"(value), "Nd"(port));
		break;
	default:
		asm volatile("outl %0, %w1" ::"a"(value), "Nd"(port));
	}
}

void arch_exit(uint8_t value)
{
	out8(DEBUG_EXIT, value);
	for (;;)
		asm volatile("cli; hlt");
}
