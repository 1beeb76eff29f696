/*
 * time.c: the kernel's clock and its one timer.
 *
 * The clock is the processor's time-stamp counter, which is invariant on
 * every processor that hypervisors offer. Its frequency comes from CPUID
 * (leaf 15h; 40000010h of hypervisors) and, where that says nothing, from
 * the PIT. The timer is the local APIC's, in TSC-deadline mode where there
 * is one and else a one-shot that counts down.
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"
#include "guest-kernel/kernel/kernel.h"

/* SDM 3 11.5.4: the timer's registers and modes */
#define LVT_TIMER	  0x320
#define TIMER_COUNT	  0x380
#define TIMER_LEFT	  0x390
#define TIMER_DIVIDE	  0x3e0
#define DIVIDE_BY_1	  0xb
#define MODE_DEADLINE	  (2u << 17)
#define MSR_TSC_DEADLINE  0x6e0u
#define HAS_DEADLINE	  (1u << 24) /* CPUID.1:ECX */
#define HAS_HYPERVISOR	  (1u << 31)

#define HYPERVISOR	  0x40000000u
#define HYPERVISOR_TIMING 0x40000010u /* EAX: the TSC's kHz */

/* 8254: channel 2, gated by port 61h, which also shows its output */
#define PIT_HZ		  1193182u
#define PIT_CHANNEL2	  0x42
#define PIT_CONTROL	  0x43
#define PIT_MODE0	  0xb0 /* channel 2, both bytes, interrupt on count */
#define PORT_GATE	  0x61
#define GATE_ON		  0x01
#define SPEAKER		  0x02
#define GATE_OUT	  0x20
#define CALIBRATE_TICKS	  (PIT_HZ / 500) /* 2 ms */
#define CALIBRATE_POLLS	  100000000u

#define NS_PER_S	  UINT64_C(1000000000)
#define FAR		  (UINT64_C(1) << 56) /* ns: two years */

/* Fixed-point factors: value * factor >> 32. */
struct clock {
	uint64_t start;	       /* of the TSC, at boot */
	uint64_t ns_per_tick;  /* of the TSC */
	uint64_t tick_per_ns;  /* of the TSC */
	uint64_t count_per_ns; /* of the APIC's timer; 0: deadline mode */
};

static struct clock clock;

static uint64_t scale(uint64_t value, uint64_t factor)
{
	return (unsigned __int128)value * factor >> 32;
}

static uint64_t ratio(uint64_t a, uint64_t b)
{
	return ((a / b) << 32) + ((a % b) << 32) / b;
}

static uint64_t tsc_hz_told(void)
{
	struct cpuid r;

	if (cpuid(0, 0).a >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.a && r.b && r.c)
			return (uint64_t)r.c * r.b / r.a;
	}
	if (cpuid(1, 0).c & HAS_HYPERVISOR &&
	    cpuid(HYPERVISOR, 0).a >= HYPERVISOR_TIMING) {
		r = cpuid(HYPERVISOR_TIMING, 0);
		return (uint64_t)r.a * 1000;
	}
	return 0;
}

/* Both counters over the same 2 ms of the PIT. */
static void calibrate(uint64_t *tsc_hz, uint64_t *apic_hz)
{
	uint8_t gate = in8(PORT_GATE) & ~(GATE_ON | SPEAKER);
	uint64_t start, ticks;
	uint32_t left;
	unsigned polls = 0;

	out8(PORT_GATE, gate | GATE_ON);
	out8(PIT_CONTROL, PIT_MODE0);
	out8(PIT_CHANNEL2, CALIBRATE_TICKS & 0xff);
	*lapic_reg(TIMER_COUNT) = UINT32_MAX;
	start = read_tsc();
	out8(PIT_CHANNEL2, CALIBRATE_TICKS >> 8);
	while (!(in8(PORT_GATE) & GATE_OUT))
		if (++polls == CALIBRATE_POLLS)
			panic("time: neither CPUID nor a PIT tells the time");
	ticks = read_tsc() - start;
	left = *lapic_reg(TIMER_LEFT);
	*lapic_reg(TIMER_COUNT) = 0;
	out8(PORT_GATE, gate);
	*tsc_hz = ticks * PIT_HZ / CALIBRATE_TICKS;
	*apic_hz = (uint64_t)(UINT32_MAX - left) * PIT_HZ / CALIBRATE_TICKS;
}

void time_init(void)
{
	bool deadline = cpuid(1, 0).c & HAS_DEADLINE;
	uint64_t tsc_hz = tsc_hz_told(), apic_hz = 0, tsc_measured;

	*lapic_reg(TIMER_DIVIDE) = DIVIDE_BY_1;
	if (!tsc_hz || !deadline) {
		calibrate(&tsc_measured, &apic_hz);
		tsc_hz = tsc_hz ? tsc_hz : tsc_measured;
	}
	clock.ns_per_tick = ratio(NS_PER_S, tsc_hz);
	clock.tick_per_ns = ratio(tsc_hz, NS_PER_S);
	clock.count_per_ns = deadline ? 0 : ratio(apic_hz, NS_PER_S);
	*lapic_reg(LVT_TIMER) = VECTOR_TIMER | (deadline ? MODE_DEADLINE : 0);
	/* The mode first, then the MSR (SDM 3 11.5.4.1). */
	asm volatile("mfence" ::: "memory");
	clock.start = read_tsc();
	cpu_this()->timer_at = ARCH_NEVER;
}

uint64_t arch_now(void)
{
	return scale(read_tsc() - clock.start, clock.ns_per_tick);
}

static void set_deadline(uint64_t when)
{
	uint64_t at =
		when == ARCH_NEVER
			? 0
			: clock.start + 1 + scale(when, clock.tick_per_ns);

	write_msr(MSR_TSC_DEADLINE, at);
}

/* Too far for the counter: it comes early, and is set again. */
static void set_count(uint64_t when)
{
	uint64_t now = arch_now(), count = 0;

	if (when != ARCH_NEVER) {
		count = when > now ? scale(when - now, clock.count_per_ns) : 0;
		count = count < UINT32_MAX ? count + 1 : UINT32_MAX;
	}
	*lapic_reg(TIMER_COUNT) = count;
}

void arch_timer(uint64_t when)
{
	struct cpu *cpu = cpu_this();

	/* Whoever asked for that waits for ever; as a TSC it would wrap. */
	if (when > FAR)
		when = ARCH_NEVER;
	if (cpu->timer_at == when)
		return;
	cpu->timer_at = when;
	if (clock.count_per_ns)
		set_count(when);
	else
		set_deadline(when);
}

void timer_fired(void)
{
	cpu_this()->timer_at = ARCH_NEVER;
}
