/*
 * apic64.c: the timers and interrupt controllers together with the CPU: the
 * local APIC's timer in its modes, x2APIC, the 8259A's and the I/O APIC with
 * edges and levels, the 8254, TSC and TSC_AUX.
 *
 * Only what does not depend on the machine's speed is printed.
 * QEMU 7.2 has no x2APIC and no deadline timer without KVM, tells of no
 * errors, and keeps its TSC.
 *
 * Not on reference: takes long
 * Prints:
 *	one-shot: 1 in a while, count 0
 *	masked: 0
 *	periodic: 5 and more
 *	stopped: 0
 *	deadline: 1, then 0
 * qemu	deadline: not there
 *	deadline in the past: 1
 * qemu	deadline in the past: not there
 *	error: told, 80
 * qemu	error: not told, 80
 * rig	error: told, 80
 *	x2apic: id 0, self IPI 1, back to memory #0d(0000), by off: id 0
 * qemu	x2apic: not there
 *	pic: irq 0 as 20, in service 01, masked 0
 *	pic, two irqs: 20 first
 *	pit, mode 0: output 0, then 1
 *	pit, latched: counts
 *	pit, read back: mode and format 34
 *	io-apic, edge: 1
 *	io-apic, masked: 0
 *	io-apic, level: 2, remote IRR 1
 *	tsc: grows, set, aux 12345678
 * qemu	tsc: grows, not set, aux 12345678
 * rig	tsc: grows, set, aux 12345678
 *	tsc in ring 3 with TSD: #0d(0000)
 *	rdtscp: #0d(0000)
 *	rdtscp without TSD: ok
 *	end
 */
#include "tests/guest/bare64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000ul + (reg)))
#define ID	     0x20
#define EOI	     0xb0
#define SVR	     0xf0
#define ESR	     0x280
#define ICR	     0x300
#define LVT_TIMER    0x320
#define LVT_ERROR    0x370
#define TIMER_COUNT  0x380
#define TIMER_NOW    0x390
#define TIMER_DIVIDE 0x3e0
#define TO_SELF	     0x44000
#define MASKED	     0x10000u
#define PERIODIC     0x20000u
#define DEADLINE     0x40000u
#define MSR_DEADLINE 0x6e0u
#define MSR_BASE     0x1bu
#define X2APIC(reg)  (0x800u + ((reg) >> 4))
#define X2_SELF_IPI  0x83fu
#define CR4_TSD	     0x4u

#define VEC_TIMER    0x42
#define VEC_SELF     0x43
#define VEC_ERROR    0x44
#define VEC_PIC	     0x20
#define VEC_IOAPIC   0x51

static volatile unsigned timers, selfs, errors, irqs, first_irq, spurious;
static volatile unsigned ioapics;
static bool x2apic;

static void eoi(void)
{
	if (x2apic)
		wrmsr(X2APIC(EOI), 0);
	else
		LAPIC(EOI) = 0;
}

HANDLER static void on_timer(struct frame *f)
{
	timers++;
	eoi();
}

HANDLER static void on_self(struct frame *f)
{
	selfs++;
	eoi();
}

HANDLER static void on_error(struct frame *f)
{
	errors++;
	eoi();
}

HANDLER static void on_spurious(struct frame *f)
{
	spurious++;
}

HANDLER static void on_ioapic(struct frame *f)
{
	ioapics++;
	eoi();
}

static volatile unsigned isr_seen;

static void pic_irq(unsigned irq)
{
	if (!irqs++)
		first_irq = VEC_PIC + irq;
	out8(0x20, 0x0b); /* read ISR */
	isr_seen = in8(0x20);
	out8(0x20, 0x20);
}

HANDLER static void on_irq0(struct frame *f)
{
	pic_irq(0);
}

HANDLER static void on_irq4(struct frame *f)
{
	in8(0x3f8 + 2);
	pic_irq(4);
}

static void wait(void)
{
	for (volatile unsigned i = 0; i < 8000; i++)
		;
}

/* Interrupts are open until the count is there, and for a while longer. */
static unsigned open_until(volatile unsigned *what, unsigned n)
{
	__asm__ volatile("sti" ::: "memory");
	for (unsigned i = 0; *what < n && i < 3000; i++)
		wait();
	for (unsigned i = 0; i < 8; i++)
		wait();
	__asm__ volatile("cli" ::: "memory");
	return *what;
}

static void decimal(const char *name, unsigned val)
{
	print(name);
	if (val > 9)
		decimal("", val / 10);
	put('0' + val % 10);
}

/* ---- the local APIC's timer ---- */

static unsigned timer(uint32_t lvt, uint32_t count, unsigned n)
{
	timers = 0;
	LAPIC(LVT_TIMER) = lvt;
	LAPIC(TIMER_COUNT) = count;
	return open_until(&timers, n);
}

static void lapic_timer(void)
{
	LAPIC(TIMER_DIVIDE) = 0xb;
	decimal("one-shot: ", timer(VEC_TIMER, 20000, 1));
	decimal(" in a while, count ", LAPIC(TIMER_NOW));
	decimal("\nmasked: ", timer(VEC_TIMER | MASKED, 20000, 0));
	print(timer(VEC_TIMER | PERIODIC, 20000, 5) >= 5
		      ? "\nperiodic: 5 and more"
		      : "\nperiodic: too few");
	timer(VEC_TIMER | PERIODIC, 0, 0);
	timers = 0; /* that saw what still waited */
	decimal("\nstopped: ", open_until(&timers, 0));
	put('\n');
}

static void deadline(void)
{
	if (!cpuid_bit(1, 2, 24)) {
		print("deadline: not there\ndeadline in the past: not there\n");
		return;
	}
	timers = 0;
	LAPIC(LVT_TIMER) = VEC_TIMER | DEADLINE;
	__asm__ volatile("mfence");
	wrmsr(MSR_DEADLINE, rdtsc() + 20000);
	decimal("deadline: ", open_until(&timers, 1));
	decimal(", then ", rdmsr(MSR_DEADLINE));
	timers = 0;
	wrmsr(MSR_DEADLINE, 1);
	decimal("\ndeadline in the past: ", open_until(&timers, 1));
	put('\n');
	LAPIC(LVT_TIMER) = MASKED;
}

static void errors_and_mode(void)
{
	LAPIC(LVT_ERROR) = VEC_ERROR;
	LAPIC(ESR) = 0;
	LAPIC(0x3f0) = 0; /* there is no such register */
	open_until(&errors, 0);
	LAPIC(ESR) = 0;
	print("error: ");
	print(errors ? "told, " : "not told, ");
	hex(LAPIC(ESR), 2);
	put('\n');
}

static void leave_x2apic(void)
{
	wrmsr(MSR_BASE, (rdmsr(MSR_BASE) | 0x800) & ~UINT64_C(0x400));
}

static void x2apic_mode(void)
{
	if (!cpuid_bit(1, 2, 21)) {
		print("x2apic: not there\n");
		return;
	}
	wrmsr(MSR_BASE, rdmsr(MSR_BASE) | 0xc00);
	x2apic = true;
	decimal("x2apic: id ", rdmsr(X2APIC(ID)));
	wrmsr(X2_SELF_IPI, VEC_SELF);
	decimal(", self IPI ", open_until(&selfs, 1));
	attempt(leave_x2apic);
	print(", back to memory ");
	outcome();
	wrmsr(MSR_BASE, rdmsr(MSR_BASE) & ~UINT64_C(0xc00));
	wrmsr(MSR_BASE, rdmsr(MSR_BASE) | 0x800);
	x2apic = false;
	LAPIC(SVR) = 0x1ff;
	decimal(", by off: id ", LAPIC(ID) >> 24);
	put('\n');
}

/* ---- 8259A and 8254 ---- */

static void pic_init(void)
{
	out8(0x20, 0x11);
	out8(0x21, VEC_PIC);
	out8(0x21, 4);
	out8(0x21, 1);
	out8(0xa0, 0x11);
	out8(0xa1, VEC_PIC + 8);
	out8(0xa1, 2);
	out8(0xa1, 1);
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
}

static void pit_one_shot(unsigned count)
{
	out8(0x43, 0x30); /* counter 0, mode 0 */
	out8(0x40, count);
	out8(0x40, count >> 8);
}

static void pic(void)
{
	pic_init();
	LAPIC(0x350) = 0x700; /* LINT0: ExtINT */
	out8(0x21, 0xfe);
	irqs = 0;
	pit_one_shot(200);
	open_until(&irqs, 1);
	print("pic: irq 0 as ");
	hex(first_irq, 2);
	print(", in service ");
	hex(isr_seen, 2);
	out8(0x21, 0xff);
	irqs = 0;
	pit_one_shot(200);
	decimal(", masked ", open_until(&irqs, 0));
	/* The UART's, its transmitter being empty, comes second. */
	out8(0x20, 0x0a);
	irqs = 0;
	out8(0x3f8 + 4, 8);
	out8(0x3f8 + 1, 2);
	pit_one_shot(100);
	for (unsigned i = 0; (in8(0x20) & 0x11) != 0x11 && i < 3000; i++)
		wait();
	out8(0x21, 0xee);
	open_until(&irqs, 2);
	out8(0x21, 0xff);
	out8(0x3f8 + 1, 0);
	print("\npic, two irqs: ");
	hex(first_irq, 2);
	print(" first\n");
}

static unsigned latched(void)
{
	unsigned low;

	out8(0x43, 0x80); /* latch counter 2 */
	low = in8(0x42);
	return low | in8(0x42) << 8;
}

static void pit(void)
{
	unsigned a, b;

	out8(0x61, (in8(0x61) & ~2) | 1); /* gate on, speaker off */
	out8(0x43, 0xb0);		  /* counter 2, mode 0 */
	out8(0x42, 0x00);
	out8(0x42, 0x04);
	decimal("pit, mode 0: output ", in8(0x61) >> 5 & 1);
	for (unsigned i = 0; !(in8(0x61) & 0x20) && i < 300000; i++)
		;
	decimal(", then ", in8(0x61) >> 5 & 1);
	out8(0x43, 0xb4); /* mode 2 */
	out8(0x42, 0x00);
	out8(0x42, 0xf0);
	a = latched();
	wait();
	b = latched();
	print(a != b ? "\npit, latched: counts" : "\npit, latched: stands");
	out8(0x43, 0xe8); /* read back the status of counter 2 */
	print("\npit, read back: mode and format ");
	hex(in8(0x42) & 0x3f, 2);
	put('\n');
}

/* ---- I/O APIC: the timer's line is its input 2, the UART's input 4 ---- */

static uint32_t volatile *const ioapic = (volatile uint32_t *)0xfec00000ul;

static void ioapic_write(unsigned reg, uint32_t val)
{
	ioapic[0] = reg;
	ioapic[4] = val;
}

static uint32_t ioapic_read(unsigned reg)
{
	ioapic[0] = reg;
	return ioapic[4];
}

static volatile unsigned levels, irr_inside;

/* Once without doing anything against the cause: it comes again by EOI. */
HANDLER static void on_level(struct frame *f)
{
	irr_inside = ioapic_read(0x10 + 2 * 4) >> 14 & 1;
	if (++levels == 2) {
		in8(0x3f8 + 2);
		out8(0x3f8 + 1, 0);
	}
	eoi();
}

static void io_apic(void)
{
	LAPIC(0x350) = MASKED;
	ioapic_write(0x11 + 2 * 2, 0);
	ioapic_write(0x10 + 2 * 2, VEC_IOAPIC);
	pit_one_shot(200);
	decimal("io-apic, edge: ", open_until(&ioapics, 1));
	ioapic_write(0x10 + 2 * 2, VEC_IOAPIC | MASKED);
	ioapics = 0;
	pit_one_shot(200);
	decimal("\nio-apic, masked: ", open_until(&ioapics, 0));
	set_handler(VEC_IOAPIC, on_level);
	ioapic_write(0x11 + 2 * 4, 0);
	ioapic_write(0x10 + 2 * 4, VEC_IOAPIC | 0x8000);
	out8(0x3f8 + 4, 8);
	out8(0x3f8 + 1, 2);
	open_until(&levels, 2);
	ioapic_write(0x10 + 2 * 4, MASKED);
	out8(0x3f8 + 1, 0);
	decimal("\nio-apic, level: ", levels);
	decimal(", remote IRR ", irr_inside);
	put('\n');
}

/* ---- the TSC ---- */

CODE(rdtsc_fn, "rdtsc; int $0x30");
CODE(rdtscp_fn, "rdtscp; int $0x30");

static void tsc(void)
{
	uint64_t a = rdtsc(), b = rdtsc();
	uint32_t aux;

	print(b > a ? "tsc: grows" : "tsc: stands");
	wrmsr(0x10, UINT64_C(1) << 40);
	a = rdtsc();
	print(a >> 40 == 1 && (a & ((UINT64_C(1) << 40) - 1)) < UINT64_C(1)
									<< 32
		      ? ", set"
		      : ", not set");
	wrmsr(MSR_TSC_AUX, 0x12345678);
	__asm__ volatile("rdtscp" : "=c"(aux)::"rax", "rdx");
	print(", aux ");
	hex(aux, 8);
	set_cr4(get_cr4() | CR4_TSD);
	attempt_user(rdtsc_fn);
	report("\ntsc in ring 3 with TSD");
	attempt_user(rdtscp_fn);
	report("rdtscp");
	set_cr4(get_cr4() & ~(uint64_t)CR4_TSD);
	attempt_user(rdtscp_fn);
	report("rdtscp without TSD");
}

int test_main(void)
{
	set_handler(VEC_TIMER, on_timer);
	set_handler(VEC_SELF, on_self);
	set_handler(VEC_ERROR, on_error);
	set_handler(VEC_PIC, on_irq0);
	set_handler(VEC_PIC + 4, on_irq4);
	set_handler(VEC_IOAPIC, on_ioapic);
	set_handler(0xff, on_spurious);
	LAPIC(SVR) = 0x1ff;
	lapic_timer();
	deadline();
	errors_and_mode();
	x2apic_mode();
	pic();
	pit();
	io_apic();
	tsc();
	return 0;
}
