/*
 * port.h: I/O ports by the processor's own instructions, for tasks that were
 * given them by sys_task_set_ports(). Elsewhere each is a fault.
 */
#ifndef USER_PORT_H
#define USER_PORT_H

#include <stdint.h>

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

#endif
