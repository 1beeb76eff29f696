/* irq.c: interrupt handlers; see irq.h. The controllers are arch's. */
#include "guest-kernel/kernel/kernel.h"

static void tell(struct irq *irq)
{
	const struct cap *cap = &irq->notification.cap;

	notification_signal(arch_ptr(cap->base), cap->badge ? cap->badge : 1);
}

void irq_happened(unsigned index)
{
	struct irq *irq = &kernel.irq[index];

	if (!irq->count)
		return;
	if (slot_empty(&irq->notification))
		irq->missed = true;
	else
		tell(irq);
}

void irq_release(unsigned index)
{
	struct irq *irq = &kernel.irq[index];

	arch_irq_close(index);
	if (!slot_empty(&irq->notification))
		cap_delete(&irq->notification);
	*irq = (struct irq){0};
}

static int find_free(void)
{
	for (unsigned i = 0; i < IRQS; i++)
		if (!kernel.irq[i].count)
			return i;
	return -1;
}

static bool line_taken(uint32_t line)
{
	for (unsigned i = 0; i < IRQS; i++)
		if (kernel.irq[i].count && kernel.irq[i].line == line)
			return true;
	return false;
}

static void make_handler(struct invocation *inv, unsigned index, uint32_t line,
			 uint32_t flags, struct slot *place)
{
	struct cap cap = {.type = OBJECT_IRQ_HANDLER,
			  .rights = inv->self->cap.rights,
			  .base = index};

	kernel.irq[index].line = line;
	kernel.irq[index].flags = flags;
	cap_derive(inv->self, place, &cap);
}

enum error irq_control_get(struct invocation *inv)
{
	uint64_t line = inv->word[0], flags = inv->word[1];
	int index = find_free();

	if (line >= arch_irq_lines())
		return refuse(inv, 1, ERR_RANGE);
	if (flags & ~(uint64_t)(IRQ_LEVEL | IRQ_LOW))
		return refuse(inv, 2, ERR_RANGE);
	if (line_taken(line))
		return refuse(inv, 1, ERR_BAD_STATE);
	if (index < 0)
		return ERR_NO_MEMORY;
	make_handler(inv, index, line, flags, inv->cap[2]);
	arch_irq_open(index, line, flags);
	return ERR_OK;
}

enum error irq_control_get_msi(struct invocation *inv)
{
	int index = find_free();

	if (index < 0)
		return ERR_NO_MEMORY;
	make_handler(inv, index, IRQ_MSI, 0, inv->cap[0]);
	arch_irq_message(index, &inv->result[0], &inv->result[1]);
	return ERR_OK;
}

enum error irq_handler_bind(struct invocation *inv)
{
	struct irq *irq = &kernel.irq[inv->self->cap.base];

	if (!(inv->cap[0]->cap.rights & RIGHT_WRITE))
		return refuse(inv, 1, ERR_NO_RIGHT);
	if (!slot_empty(&irq->notification))
		cap_delete(&irq->notification);
	cap_copy(inv->cap[0], &irq->notification);
	if (irq->missed)
		tell(irq);
	irq->missed = false;
	return ERR_OK;
}

enum error irq_handler_ack(struct invocation *inv)
{
	unsigned index = inv->self->cap.base;

	if (kernel.irq[index].flags & IRQ_LEVEL)
		arch_irq_unmask(index, kernel.irq[index].line);
	return ERR_OK;
}

enum error irq_handler_clear(struct invocation *inv)
{
	struct irq *irq = &kernel.irq[inv->self->cap.base];

	if (!slot_empty(&irq->notification))
		cap_delete(&irq->notification);
	return ERR_OK;
}
