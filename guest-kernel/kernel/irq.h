/*
 * irq.h: interrupts as capabilities. There are IRQS handlers; each is for one
 * input of the IOAPIC or for messages of a device, and tells a notification.
 * A handler is in use while a capability of it is left. One that is bound to
 * nothing remembers that its interrupt came.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-kernel/kernel/cap.h"

#define IRQS	24
#define IRQ_MSI UINT32_MAX /* as a line: none */

struct irq {
	struct slot notification; /* it tells; empty: nobody */
	uint32_t count;		  /* capabilities; 0: free */
	uint32_t marks;		  /* of verify.c; 0 otherwise */
	uint32_t line;
	uint32_t flags; /* IRQ_LEVEL, IRQ_LOW */
	bool missed;
};

/* From the processor: the interrupt of a handler came. */
void irq_happened(unsigned index);
/* The last capability of it is gone. */
void irq_release(unsigned index);

#endif
