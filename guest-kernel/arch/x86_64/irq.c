/*
 * irq.c: interrupts. Two lines of the IOAPIC are open, keyboard and COM1;
 * what they bring goes into the input channel. The local APIC's timer ticks
 * only while two tasks want the processor; one tick may be left over when
 * one of them is gone. The old PICs are masked.
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
#define ENTRY_MASKED	0x10000

#define PIN_KEYBOARD	1
#define PIN_SERIAL	4

#define KBD_DATA	0x60
#define KBD_STATUS	0x64
#define KBD_HAS_DATA	0x01
#define KBD_BUSY	0x02
#define KBD_FROM_AUX	0x20
#define KBD_SET_MODE	0x60
#define KBD_MODE	0x41 /* interrupt on, translate to set 1 */
#define COM_DATA	0x3f8
#define COM_IER		0x3f9
#define COM_LSR		0x3fd
#define LSR_HAS_DATA	0x01
#define IER_RECEIVE	0x01
#define POLLS		100000
#define DRAIN		256 /* bytes read for one interrupt, at most */

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

/* Edge, active high, fixed, to the processor we run on. */
static void ioapic_open(unsigned pin, unsigned vector)
{
	ioapic_write(IOAPIC_ENTRY(pin) + 1, *reg(LAPIC, LAPIC_ID) & 0xff000000);
	ioapic_write(IOAPIC_ENTRY(pin), vector);
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
	*reg(LAPIC, LAPIC_SVR) = SVR_ENABLE | VECTOR_SPURIOUS;
	*reg(LAPIC, LAPIC_TPR) = 0;
	*reg(LAPIC, LAPIC_LVT_LINT0) = LVT_MASKED;
	*reg(LAPIC, LAPIC_LVT_ERROR) = LVT_MASKED;
}

/* All our vectors are bits of one of the eight registers. */
_Static_assert(VECTOR_PIC == 32 && VECTORS == 64, "one word of the IRR");

bool arch_interrupt_pending(void)
{
	return *reg(LAPIC, LAPIC_IRR + 0x10 * (VECTOR_PIC / 32)) != 0;
}

static void kbd_wait(void)
{
	for (unsigned i = 0; i < POLLS && in8(KBD_STATUS) & KBD_BUSY; i++)
		;
}

/* An edge comes only once everything was read. */
static void kbd_read(void)
{
	for (unsigned i = 0; i < DRAIN; i++) {
		uint8_t status = in8(KBD_STATUS), byte;

		if (!(status & KBD_HAS_DATA))
			break;
		byte = in8(KBD_DATA);
		if (!(status & KBD_FROM_AUX))
			channel_input(byte);
	}
}

static void kbd_init(void)
{
	kbd_wait();
	out8(KBD_STATUS, KBD_SET_MODE);
	kbd_wait();
	out8(KBD_DATA, KBD_MODE);
	kbd_wait();
	kbd_read();
}

static void serial_read(void)
{
	for (unsigned i = 0; i < DRAIN && in8(COM_LSR) & LSR_HAS_DATA; i++)
		channel_input(INPUT_SERIAL + in8(COM_DATA));
}

void irq_init(void)
{
	pic_init();
	lapic_init();
	time_init();
	ioapic_init();
	ioapic_open(PIN_KEYBOARD, VECTOR_KEYBOARD);
	ioapic_open(PIN_SERIAL, VECTOR_SERIAL);
	kbd_init();
	out8(COM_IER, IER_RECEIVE);
	serial_read();
}

void irq_handle(unsigned vector)
{
	switch (vector) {
	case VECTOR_KEYBOARD:
		kbd_read();
		break;
	case VECTOR_SERIAL:
		serial_read();
		break;
	case VECTOR_TIMER:
		timer_fired();
		sched_timer();
		break;
	default:
		return; /* spurious: wants no EOI */
	}
	*reg(LAPIC, LAPIC_EOI) = 0;
}
