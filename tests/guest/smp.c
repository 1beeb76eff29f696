/*
 * smp.c: the other CPUs are found by the MADT, started by INIT and SIPI, and
 * work together: a lock, interrupts to one, all, the lowest and itself, NMIs,
 * TLB shoot-downs, code that another CPU changes, INIT once more.
 *
 * What goes to COM1 is the same whatever the interleaving; the order in which
 * the lock was taken goes to COM2: tests/cli/smp.sh looks at that, with other
 * numbers of CPUs.
 *
 * On sim: --smp 4
 * On qemu: -smp 4
 * Not on kvm: the monitor gives it one processor
 * Prints:
 *	cpus: 4
 *	started: ok
 *	lock: ok
 *	one by one: ok
 *	to all: ok
 *	logical: ok
 *	lowest priority: ok
 *	NMI: ok
 *	first page: ok
 *	second page: ok
 *	code: ok
 *	changed code: ok
 *	started anew: ok
 *	end
 */
#include "tests/guest/bare32.h"

#define CPUS	   8
#define ROUNDS	   300
#define COM2	   0x2f8

#define LAPIC(reg) (*(volatile uint32_t *)(0xfee00000 + (reg)))
enum {
	ID = 0x20,
	EOI = 0xb0,
	LDR = 0xd0,
	SVR = 0xf0,
	ICR = 0x300,
	ICR_HIGH = 0x310
};

#define ICR_INIT    0x4500
#define ICR_SIPI    0x4608 /* to 8000h */
#define ICR_NMI	    0x4400
#define ICR_LOWEST  0x4100
#define ICR_LOGICAL 0x0800
#define TO_SELF	    0x40000
#define TO_ALL	    0x80000
#define TO_OTHERS   0xc0000

enum { VEC_WAKE = 0x40, VEC_COUNT, VEC_FLUSH };

enum command { NOTHING, LOCK, READ, CALL };

#define WINDOW ((volatile uint32_t *)0x400000)

struct frame;

static volatile unsigned cpus, started, command, issue, acks, starts[CPUS];
static volatile unsigned counted[CPUS], nmis[CPUS], result[CPUS];
static volatile unsigned lock, counter, order_len;
static volatile uint8_t order[CPUS * ROUNDS];

uint32_t page_dir[1024] __attribute__((aligned(4096)));
static volatile uint32_t page_table[1024] __attribute__((aligned(4096)));
static uint32_t pages[2][1024] __attribute__((aligned(4096)));
uint8_t stacks[CPUS][4096] __attribute__((aligned(4096)));
/* mov $imm, %eax; ret */
static volatile uint8_t code[16];

void ap_main(unsigned id);

__asm__(".section .low, \"ax\"\n"
	".code16\n"
	"	cli\n"
	"	xorw	%ax, %ax\n"
	"	movw	%ax, %ds\n"
	"	lgdtl	ap_gdt\n"
	"	movl	%cr0, %eax\n"
	"	orl	$1, %eax\n"
	"	movl	%eax, %cr0\n"
	"	ljmpl	$8, $ap_start\n"
	"	.balign	4\n"
	"ap_gdt: .word	32 * 8 - 1\n"
	"	.long	gdt\n"
	".text\n"
	".code32\n"
	"ap_start:\n"
	"	movl	$0x10, %eax\n"
	"	movl	%eax, %ds\n"
	"	movl	%eax, %es\n"
	"	movl	%eax, %ss\n"
	"	movl	%eax, %fs\n"
	"	movl	%eax, %gs\n"
	"	lidt	idt_pointer\n"
	"	movl	0xfee00020, %eax\n"
	"	shrl	$24, %eax\n"
	"	movl	%eax, %ecx\n"
	"	shll	$12, %ecx\n"
	"	leal	stacks + 4096(%ecx), %esp\n"
	"	pushl	%eax\n"
	"	call	paging_on\n"
	"	call	ap_main\n"
	"paging_on:\n"
	"	movl	$page_dir, %eax\n"
	"	movl	%eax, %cr3\n"
	"	movl	%cr4, %eax\n"
	"	orl	$0x10, %eax\n"
	"	movl	%eax, %cr4\n"
	"	movl	%cr0, %eax\n"
	"	orl	$0x80010000, %eax\n"
	"	movl	%eax, %cr0\n"
	"	ret\n");
void paging_on(void);

/* What interrupt handlers call. */
#define HANDLED __attribute__((no_caller_saved_registers))

HANDLED static unsigned self(void)
{
	return LAPIC(ID) >> 24;
}

static void pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

HANDLED static void add(volatile unsigned *to, unsigned n)
{
	__atomic_fetch_add(to, n, __ATOMIC_SEQ_CST);
}

static void wait_for(volatile unsigned *what, unsigned val)
{
	while (*what != val)
		pause();
}

static void delay(void)
{
	for (volatile unsigned i = 0; i < 20000; i++)
		pause();
}

/* ---- interrupts ---- */

__attribute__((interrupt)) static void on_wake(struct frame *f)
{
	LAPIC(EOI) = 0;
}

__attribute__((interrupt)) static void on_count(struct frame *f)
{
	add(&counted[self()], 1);
	LAPIC(EOI) = 0;
}

__attribute__((interrupt)) static void on_flush(struct frame *f)
{
	__asm__ volatile("invlpg (%0)" ::"r"(WINDOW) : "memory");
	add(&acks, 1);
	LAPIC(EOI) = 0;
}

__attribute__((interrupt)) static void on_nmi(struct frame *f)
{
	add(&nmis[self()], 1);
}

static void send(unsigned dest, uint32_t icr)
{
	while (LAPIC(ICR) & 0x1000)
		pause();
	LAPIC(ICR_HIGH) = dest << 24;
	LAPIC(ICR) = icr;
}

static void handler(unsigned vector, void (*fn)(struct frame *))
{
	idt[vector] = gate(0x8e, SEL_CODE, (uint32_t)fn, 0);
}

/* ---- what every CPU does ---- */

static void lapic_on(unsigned id)
{
	LAPIC(SVR) = 0x1ff;
	LAPIC(LDR) = 1u << (24 + id);
}

static void take_lock(unsigned id)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_SEQ_CST))
			pause();
		order[order_len++] = id;
		counter = counter + 1;
		__atomic_store_n(&lock, 0, __ATOMIC_SEQ_CST);
	}
}

static unsigned call_code(void)
{
	uint32_t a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return ((unsigned (*)(void))(uint32_t)code)();
}

static void do_command(unsigned id)
{
	switch (command) {
	case LOCK:
		take_lock(id);
		break;
	case READ:
		result[id] = *WINDOW;
		break;
	case CALL:
		result[id] = call_code();
		break;
	}
	add(&acks, 1);
}

void ap_main(unsigned id)
{
	unsigned done;

	lapic_on(id);
	done = issue;
	add(&starts[id], 1);
	add(&started, 1);
	for (;;) {
		__asm__ volatile("cli");
		if (issue == done) {
			__asm__ volatile("sti\n\thlt");
			continue;
		}
		done++;
		__asm__ volatile("sti");
		do_command(id);
	}
}

/* ---- what the first one does ---- */

static void everyone(enum command what)
{
	acks = 0;
	command = what;
	issue = issue + 1;
	if (cpus > 1)
		send(0, TO_OTHERS | 0x4000 | VEC_WAKE);
	do_command(0);
	wait_for(&acks, cpus);
}

static bool all(volatile unsigned *list, unsigned val)
{
	for (unsigned i = 0; i < cpus; i++)
		if (list[i] != val)
			return false;
	return true;
}

static void line(const char *name, bool ok)
{
	print(name);
	print(ok ? ": ok\n" : ": WRONG\n");
}

static const uint8_t *find_rsdp(void)
{
	for (uint32_t at = 0xe0000; at < 0x100000; at += 16) {
		const uint8_t *p = (const uint8_t *)at;
		const char *want = "RSD PTR ";
		uint8_t sum = 0;
		unsigned i;

		for (i = 0; i < 8 && p[i] == want[i]; i++)
			;
		if (i < 8)
			continue;
		for (i = 0; i < 20; i++)
			sum += p[i];
		if (sum == 0)
			return p;
	}
	return 0;
}

static uint32_t word(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool sums_up(const uint8_t *table)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < word(table + 4); i++)
		sum += table[i];
	return sum == 0;
}

/* Enabled local APICs; their IDs are 0, 1, 2, ... on the boards we know. */
static unsigned madt_cpus(void)
{
	const uint8_t *rsdp = find_rsdp(), *rsdt, *t;
	unsigned n = 0;

	if (!rsdp)
		return 0;
	rsdt = (const uint8_t *)word(rsdp + 16);
	for (uint32_t i = 36; i < word(rsdt + 4); i += 4) {
		t = (const uint8_t *)word(rsdt + i);
		if (word(t) != 0x43495041 || !sums_up(t) || !sums_up(rsdt))
			continue;
		for (uint32_t at = 44; at < word(t + 4); at += t[at + 1])
			n += t[at] == 0 && (t[at + 4] & 1);
	}
	return n;
}

static void tables(void)
{
	for (uint32_t i = 0; i < 1024; i++)
		page_dir[i] = i << 22 | 0x83;
	page_dir[1] = (uint32_t)page_table | 3;
	page_table[0] = (uint32_t)pages[0] | 3;
	pages[0][0] = 0xaaaa;
	pages[1][0] = 0xbbbb;
	paging_on();
}

static void start(uint32_t where, unsigned dest, unsigned expect)
{
	send(dest, where | ICR_INIT);
	delay();
	send(dest, where | ICR_SIPI);
	delay();
	send(dest, where | ICR_SIPI);
	wait_for(&started, expect);
}

static void test_interrupts(void)
{
	unsigned total = 0;

	for (unsigned i = 1; i < cpus; i++)
		send(i, 0x4000 | VEC_COUNT);
	for (unsigned i = 1; i < cpus; i++)
		wait_for(&counted[i], 1);
	send(0, TO_SELF | 0x4000 | VEC_COUNT);
	wait_for(&counted[0], 1);
	line("one by one", all(counted, 1));
	send(0, TO_ALL | 0x4000 | VEC_COUNT);
	for (unsigned i = 0; i < cpus; i++)
		wait_for(&counted[i], 2);
	line("to all", all(counted, 2));
	send(0xff, ICR_LOGICAL | 0x4000 | VEC_COUNT);
	for (unsigned i = 0; i < cpus; i++)
		wait_for(&counted[i], 3);
	line("logical", all(counted, 3));
	send(0xff, ICR_LOGICAL | ICR_LOWEST | VEC_COUNT);
	delay();
	delay();
	for (unsigned i = 0; i < cpus; i++)
		total += counted[i];
	line("lowest priority", total == 3 * cpus + 1);
	for (unsigned i = 1; i < cpus; i++)
		send(i, ICR_NMI);
	nmis[0] = 1;
	for (unsigned i = 0; i < cpus; i++)
		wait_for(&nmis[i], 1);
	line("NMI", all(nmis, 1));
}

static void test_shootdown(void)
{
	everyone(READ);
	line("first page", all(result, 0xaaaa));
	acks = 0;
	page_table[0] = (uint32_t)pages[1] | 3;
	send(0, TO_ALL | 0x4000 | VEC_FLUSH);
	wait_for(&acks, cpus);
	everyone(READ);
	line("second page", all(result, 0xbbbb));
}

static void test_code(void)
{
	code[0] = 0xb8;
	code[1] = 1;
	code[5] = 0xc3;
	everyone(CALL);
	line("code", all(result, 1));
	for (unsigned i = 2; i < 6; i++) {
		code[1] = i;
		everyone(CALL);
		if (!all(result, i))
			break;
	}
	line("changed code", all(result, 5));
}

static void test_restart(void)
{
	unsigned last = cpus - 1;

	if (last == 0)
		return;
	started = 0;
	start(0, last, 1);
	line("started anew", starts[last] == 2 && starts[1] == 1 + (last == 1));
	everyone(READ);
}

static void tell_order(void)
{
	uint32_t hash = 2166136261u;

	for (unsigned i = 0; i < order_len; i++)
		hash = (hash ^ order[i]) * 16777619u;
	for (int i = 28; i >= 0; i -= 4)
		__asm__ volatile(
			"outb %0, %1" ::"a"("0123456789abcdef"[hash >> i & 15]),
			"Nd"((uint16_t)COM2));
}

int test_main(void)
{
	cpus = madt_cpus();
	print("cpus: ");
	hex(cpus, 1);
	put('\n');
	handler(2, on_nmi);
	handler(VEC_WAKE, on_wake);
	handler(VEC_COUNT, on_count);
	handler(VEC_FLUSH, on_flush);
	tables();
	lapic_on(0);
	__asm__ volatile("sti");
	if (cpus > 1)
		start(TO_OTHERS, 0, cpus - 1);
	starts[0] = 1;
	line("started", all(starts, 1));
	everyone(LOCK);
	line("lock", counter == cpus * ROUNDS && order_len == counter);
	test_interrupts();
	test_shootdown();
	test_code();
	test_restart();
	tell_order();
	return 0;
}
