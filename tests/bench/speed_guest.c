/*
 * speed_guest.c: the guest speed.elf. Its command line is NAME ROUNDS: a
 * workload of work.c or an event of the processor's below. The sum goes to
 * COM1 in hex, the verdict to the exit port.
 */
#include <stddef.h>

#include "tests/bench/speed.h"
#include "tests/bench/work.h"

static void out(uint16_t port, uint8_t val)
{
	__asm__ volatile("outb %0, %1" : : "a"(val), "Nd"(port));
}

/* ---- events ---- */

static uint64_t event_syscall(unsigned rounds)
{
	if (rounds)
		speed_user(speed_user_syscall, rounds);
	return rounds;
}

static uint64_t event_int(unsigned rounds)
{
	if (rounds)
		speed_user(speed_user_int, rounds);
	return rounds;
}

static uint64_t event_fault(unsigned rounds)
{
	if (rounds)
		speed_fault(rounds);
	return rounds;
}

static uint64_t event_gp(unsigned rounds)
{
	if (rounds)
		speed_gp(rounds);
	return rounds;
}

static uint64_t event_ud(unsigned rounds)
{
	if (rounds)
		speed_ud(rounds);
	return rounds;
}

static uint64_t event_call(unsigned rounds)
{
	if (rounds)
		speed_call(rounds);
	return rounds;
}

/* Another address space of the same pages, and 16 of them touched. */
static uint64_t event_cr3(unsigned rounds)
{
	volatile uint8_t *window = (volatile uint8_t *)SPEED_WINDOW;

	for (unsigned n = 0; n < rounds; n++) {
		uint64_t *table = n & 1 ? pml4_other : pml4;

		__asm__ volatile("movq %0, %%cr3" : : "r"(table) : "memory");
		for (unsigned i = 0; i < 16; i++)
			(void)window[i * 4096];
	}
	return rounds;
}

static uint64_t event_invlpg(unsigned rounds)
{
	volatile uint8_t *window = (volatile uint8_t *)SPEED_WINDOW;
	volatile uint64_t *entry = &window_table[7];

	for (unsigned n = 0; n < rounds; n++) {
		*entry = (n & 255) << 12 | 7;
		__asm__ volatile("invlpg %0" : : "m"(window[7 * 4096]));
		(void)window[7 * 4096];
	}
	return rounds;
}

static void set_gate(unsigned vector, void (*entry)(void));

/* A page is taken away, touched, mapped by the handler, touched again. */
static uint64_t event_map(unsigned rounds)
{
	volatile uint8_t *page =
		(volatile uint8_t *)SPEED_WINDOW + SPEED_MAPPED * 4096;
	volatile uint64_t *entry = &window_table[SPEED_MAPPED];

	set_gate(14, speed_map_entry);
	for (unsigned n = 0; n < rounds; n++) {
		*entry = 0;
		__asm__ volatile("invlpg %0" : : "m"(*page));
		(void)*page;
	}
	return rounds;
}

/* The UART's scratch register. */
static uint64_t event_port(unsigned rounds)
{
	uint8_t val = 0;

	for (unsigned n = 0; n < rounds; n++) {
		out(0x3ff, n);
		__asm__ volatile("inb %1, %0"
				 : "=a"(val)
				 : "Nd"((uint16_t)0x3ff));
	}
	return val;
}

/* The I/O APIC's index register. */
static uint64_t event_mmio(unsigned rounds)
{
	volatile uint32_t *index = (volatile uint32_t *)SPEED_IOAPIC;
	uint32_t sum = 0;

	for (unsigned n = 0; n < rounds; n++) {
		*index = n & 1;
		sum += *index;
	}
	return sum;
}

static uint64_t event_cpuid(unsigned rounds)
{
	uint32_t a, b, c, d;

	for (unsigned n = 0; n < rounds; n++)
		__asm__ volatile("cpuid"
				 : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
				 : "a"(0), "c"(0));
	return rounds;
}

static uint64_t event_rdtsc(unsigned rounds)
{
	uint32_t low, high;

	for (unsigned n = 0; n < rounds; n++)
		__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return rounds;
}

/* Overwrite the number in MOV EAX, then call it. */
static uint64_t event_patch(unsigned rounds)
{
	volatile uint8_t *code = (volatile uint8_t *)SPEED_ARENA;
	uint64_t sum = 0;

	code[0] = 0xb8; /* mov $0, %eax; ret */
	code[1] = code[2] = code[3] = code[4] = 0;
	code[5] = 0xc3;
	for (unsigned n = 0; n < rounds; n++) {
		uint32_t (*fn)(void) = (uint32_t(*)(void))(uintptr_t)code;

		code[1] = n;
		sum += fn();
	}
	return sum;
}

/* As many copies of one function; then each of them is run once. */
static uint64_t event_cold(unsigned rounds)
{
	uint64_t *copy = (uint64_t *)SPEED_ARENA, sum = 0;

	for (unsigned n = 0; n < rounds; n++)
		for (unsigned i = 0; i < 8; i++)
			copy[8 * n + i] = speed_function[i];
	for (unsigned n = 0; n < rounds; n++) {
		uint32_t (*fn)(uint64_t) =
			(uint32_t(*)(uint64_t))(uintptr_t)(copy + 8 * n);

		sum += fn(n);
	}
	return sum;
}

static uint64_t event_movsb(unsigned rounds)
{
	for (unsigned n = 0; n < rounds; n++) {
		void *from = work_arena, *to = work_arena + 8192;
		uint64_t count = 4096;

		__asm__ volatile("rep movsb"
				 : "+S"(from), "+D"(to), "+c"(count)
				 :
				 : "memory");
	}
	return rounds;
}

static uint64_t event_stosq(unsigned rounds)
{
	for (unsigned n = 0; n < rounds; n++) {
		void *to = work_arena;
		uint64_t count = 512;

		__asm__ volatile("rep stosq"
				 : "+D"(to), "+c"(count)
				 : "a"(0)
				 : "memory");
	}
	return rounds;
}

static const struct work events[] = {
	{"syscall", event_syscall}, {"int", event_int},
	{"fault", event_fault},	    {"gp", event_gp},
	{"ud", event_ud},	    {"map", event_map},
	{"call", event_call},	    {"cr3", event_cr3},
	{"invlpg", event_invlpg},   {"port", event_port},
	{"mmio", event_mmio},	    {"cpuid", event_cpuid},
	{"rdtsc", event_rdtsc},	    {"patch", event_patch},
	{"cold", event_cold},	    {"movsb", event_movsb},
	{"stosq", event_stosq},	    {NULL, NULL},
};

/* ---- the command line ---- */

static void set_gate(unsigned vector, void (*entry)(void))
{
	uint64_t at = (uintptr_t)entry;

	idt[2 * vector] = (at & 0xffff) | SPEED_CODE << 16 |
			  UINT64_C(0xee00) << 32 | at >> 16 << 48;
}

/* The text after `name` and a space, or NULL when `text` begins otherwise. */
static const char *after(const char *text, const char *name)
{
	while (*name)
		if (*text++ != *name++)
			return NULL;
	return *text == ' ' ? text + 1 : NULL;
}

static unsigned number(const char *text)
{
	unsigned val = 0;

	while (*text >= '0' && *text <= '9')
		val = 10 * val + (*text++ - '0');
	return val;
}

static int find(const struct work *table, const char *text, uint64_t *sum)
{
	for (const struct work *w = table; w->name; w++) {
		const char *rounds = after(text, w->name);

		if (!rounds)
			continue;
		*sum = w->run(number(rounds));
		return 1;
	}
	return 0;
}

/* struct hvm_start_info: the command line is at 24. */
void speed_main(const uint8_t *start_info)
{
	const char *text = *(const char *const *)(start_info + 24);
	uint64_t sum = 0;
	int found;

	work_arena = (uint8_t *)SPEED_ARENA;
	set_gate(6, speed_ud_entry);
	set_gate(13, speed_gp_entry);
	set_gate(14, speed_fault_entry);
	set_gate(0x80, speed_int_entry);
	set_gate(0x81, speed_done_entry);
	found = find(works, text, &sum) || find(events, text, &sum);
	for (int shift = 60; shift >= 0; shift -= 4)
		out(0x3f8, "0123456789abcdef"[sum >> shift & 15]);
	out(0x3f8, '\n');
	out(0xf4, found ? 0x10 : 0x11);
	for (;;)
		__asm__ volatile("hlt");
}
