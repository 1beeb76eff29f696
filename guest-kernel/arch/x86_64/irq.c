/*
 * irq.c: the interrupt controllers. Every input of the IOAPIC is closed until
 * a handler is made for it (kernel/irq.c); the old PICs are masked. The local
 * APIC's timer is time.c's.
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"
#include "guest-kernel/kernel/kernel.h"

/* Local APIC registers, SDM 3 10.4.1 */
#define LAPIC_ID	0x20
#define LAPIC_TPR	0x80
#define LAPIC_EOI	0xb0
#define LAPIC_SVR	0xf0
#define LAPIC_IRR	0x200
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_ERROR 0x370
#define SVR_ENABLE	0x100
#define LVT_MASKED	0x10000

/* IOAPIC registers, 82093AA data sheet */
#define IOAPIC		UINT64_C(0xfec00000)
#define IOAPIC_SELECT	0x00
#define IOAPIC_WINDOW	0x10
#define IOAPIC_VERSION	0x01
#define IOAPIC_ENTRY(n) (0x10 + 2 * (n))
#define ENTRY_LOW	0x2000
#define ENTRY_LEVEL	0x8000
#define ENTRY_MASKED	0x10000

static volatile uint32_t *reg(uint64_t device, unsigned offset)
{
	return arch_ptr(device + offset);
}

static void ioapic_write(unsigned index, uint32_t value)
{
	*reg(IOAPIC, IOAPIC_SELECT) = index;
	*reg(IOAPIC, IOAPIC_WINDOW) = value;
}

static uint32_t ioapic_read(unsigned index)
{
	*reg(IOAPIC, IOAPIC_SELECT) = index;
	return *reg(IOAPIC, IOAPIC_WINDOW);
}

static void ioapic_init(void)
{
	unsigned last = ioapic_read(IOAPIC_VERSION) >> 16 & 0xff;

	for (unsigned pin = 0; pin <= last; pin++)
		ioapic_write(IOAPIC_ENTRY(pin), ENTRY_MASKED);
}

/* ICW1 to ICW4, then every line masked (8259A data sheet). */
static void pic_init(void)
{
	static const uint8_t words[][2] = {{0x11, 0x11},
					   {VECTOR_PIC, VECTOR_PIC + 8},
					   {0x04, 0x02},
					   {0x01, 0x01},
					   {0xff, 0xff}};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		out8(i == 0 ? 0x20 : 0x21, words[i][0]);
		out8(i == 0 ? 0xa0 : 0xa1, words[i][1]);
	}
}

static void lapic_init(void)
{
	*lapic_reg(LAPIC_SVR) = SVR_ENABLE | VECTOR_SPURIOUS;
	*lapic_reg(LAPIC_TPR) = 0;
	*lapic_reg(LAPIC_LVT_LINT0) = LVT_MASKED;
	*lapic_reg(LAPIC_LVT_ERROR) = LVT_MASKED;
}

/* All that are ever sent are bits of one of the eight registers: to read one
 * can be an exit to a hypervisor. */
_Static_assert(VECTOR_IRQ == 64 && VECTOR_IRQ + IRQS <= VECTOR_TIMER &&
		       VECTOR_TIMER < VECTORS && VECTORS == 96,
	       "one word of the IRR");

bool arch_interrupt_pending(void)
{
	return *lapic_reg(LAPIC_IRR + 0x20) != 0;
}

unsigned arch_irq_lines(void)
{
	return (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1;
}

/* Fixed delivery, to the processor we run on. */
void arch_irq_open(unsigned index, unsigned line, unsigned flags)
{
	uint32_t entry = (VECTOR_IRQ + index) |
			 (flags & IRQ_LEVEL ? ENTRY_LEVEL : 0) |
			 (flags & IRQ_LOW ? ENTRY_LOW : 0);

	ioapic_write(IOAPIC_ENTRY(line) + 1, *lapic_reg(LAPIC_ID) & 0xff000000);
	ioapic_write(IOAPIC_ENTRY(line), entry);
}

static void mask(unsigned line, bool masked)
{
	uint32_t entry = ioapic_read(IOAPIC_ENTRY(line)) & ~ENTRY_MASKED;

	ioapic_write(IOAPIC_ENTRY(line), entry | (masked ? ENTRY_MASKED : 0));
}

void arch_irq_unmask(unsigned index, unsigned line)
{
	mask(line, false);
}

void arch_irq_close(unsigned index)
{
	if (kernel.irq[index].line != IRQ_MSI)
		mask(kernel.irq[index].line, true);
}

/* SDM 3 11.11: to our local APIC, edge-triggered, fixed. */
void arch_irq_message(unsigned index, uint64_t *address, uint64_t *data)
{
	*address = LAPIC | (*lapic_reg(LAPIC_ID) >> 24) << 12;
	*data = VECTOR_IRQ + index;
}

void irq_init(void)
{
	pic_init();
	lapic_init();
	time_init();
	ioapic_init();
}

/* A level-triggered line stays closed until its handler says so. */
static void handler_interrupt(unsigned index)
{
	const struct irq *irq = &kernel.irq[index];

	if (index >= IRQS)
		return;
	if (irq->count && irq->flags & IRQ_LEVEL)
		mask(irq->line, true);
	irq_happened(index);
}

void irq_handle(unsigned vector)
{
	if (vector == VECTOR_TIMER) {
		timer_fired();
		sched_timer();
	} else if (vector >= VECTOR_IRQ) {
		handler_interrupt(vector - VECTOR_IRQ);
	} else {
		return; /* spurious: wants no EOI */
	}
	*lapic_reg(LAPIC_EOI) = 0;
}
