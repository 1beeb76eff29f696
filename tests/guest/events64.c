/*
 * events64.c: when interrupts and NMIs are taken, and when not: the shadows
 * of STI and MOV SS, NMI until IRET, HLT, priorities and TPR.
 *
 * Prints:
 *	sti, nop: 41 +2
 *	sti, sti: 41 +2
 *	sti, cli: 30 +4
 *	popf: 41 +1
 *	iretq: 41 +0
 *	sti, hlt: 41 +2
 *	cli: 30 +2
 *	in ring 3: 41 +0
 *	after cr8 falls: 41 +6
 *	timers among mov ss: 200, after it 0
 *	timers among sti, nop, cli: 200, elsewhere 0
 *	timers among mov ds: 200
 *	NMI with IF clear: 02 +8
 *	NMI over an interrupt: 02 +8
 *	NMIs within NMI: 1, after it 2
 *	NMI after int3 in NMI: 2
 *	NMI after int 2: 1
 *	vectors in order: 83 72 61 51
 *	with TPR 6: 83 72, then 61 51
 *	PPR in 72: 70, ISR 1, IRR of 61 1
 *	nested: 51 by 83, back
 *	end
 */
#include "tests/guest/bare64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000ul + (reg)))
#define TPR	     0x80
#define PPR	     0xa0
#define EOI	     0xb0
#define SVR	     0xf0
#define ISR	     0x100
#define IRR	     0x200
#define ICR	     0x300
#define ICR_HIGH     0x310
#define LVT_TIMER    0x320
#define TIMER_COUNT  0x380
#define TIMER_DIVIDE 0x3e0
#define TO_SELF	     0x44000
#define NMI	     0x4400

#define END	     "\n int $0x30"

CODE(sti_nop, "sti; nop" END);
CODE(sti_sti, "sti; sti; nop" END);
CODE(sti_cli, "sti; cli" END);
CODE(popf_fn, "popfq; nop; nop" END);
CODE(nops, "nop; nop" END);
CODE(sti_hlt, "sti; hlt" END);
CODE(done, "int $0x30");
CODE(low_cr8, "xorl %eax, %eax; .byte 0x44, 0x0f, 0x22, 0xc0" END);
CODE(send_nmi, "movl $0x4400, (%r12); 1: jmp 1b");
CODE(among_ss, "1: movl %ecx, %ss\namong_ss_not: nop; jmp 1b");
CODE(among_sti, "1: sti; nop\namong_sti_at: cli; nop; nop; jmp 1b");
CODE(among_ds, "1: movl %ecx, %ds; nop; jmp 1b");
extern char among_ss_not[], among_sti_at[];

static volatile unsigned nmis, order_len, order[8], seen, depth;

static void wait(void)
{
	for (volatile unsigned i = 0; i < 2000; i++)
		;
}

static void send_self(unsigned vector)
{
	LAPIC(ICR) = TO_SELF | vector;
}

static void tell(const char *name, void (*fn)(void))
{
	print(name);
	print(": ");
	hex(trap.vector, 2);
	print(" +");
	hex(trap.rip - (uint64_t)fn, 1);
	put('\n');
}

/* With an interrupt that waits. */
static void row(const char *name, void (*fn)(void), bool user, uint64_t flags)
{
	struct frame f = frame_of(fn, user);

	f.rflags |= flags;
	send_self(0x41);
	wait();
	if (fn == popf_fn) {
		f.rsp -= 8;
		*(uint64_t *)f.rsp = IF | 2;
	}
	attempt_frame(&f);
	tell(name, fn);
	if (trap.vector == DONE) /* it still waits */
		attempt_frame(&(struct frame){(uint64_t)done, SEL_CODE, IF | 2,
					      (uint64_t)attempt_stack_top,
					      SEL_DATA});
	LAPIC(EOI) = 0;
}

static void shadows(void)
{
	row("sti, nop", sti_nop, false, 0);
	row("sti, sti", sti_sti, false, 0);
	row("sti, cli", sti_cli, false, 0);
	row("popf", popf_fn, false, 0);
	row("iretq", nops, false, IF);
	row("sti, hlt", sti_hlt, false, 0);
	row("cli", done, false, 0);
	row("in ring 3", nops, true, IF);
	set_cr8(4);
	row("after cr8 falls", low_cr8, false, IF);
}

/* How many of 200 timers' interrupts came with RIP there. */
static unsigned timers(void (*fn)(void), const char *place, uint64_t flags)
{
	struct frame f = frame_of(fn, false);
	unsigned there = 0;

	enter[1] = SEL_DATA;
	f.rflags |= flags;
	for (unsigned i = 0; i < 200; i++) {
		LAPIC(TIMER_COUNT) = 300 + i * 7;
		attempt_frame(&f);
		LAPIC(EOI) = 0;
		there += trap.vector == 0x42 && trap.rip == (uint64_t)place;
	}
	return there;
}

static void decimal(unsigned val)
{
	if (val > 9)
		decimal(val / 10);
	put('0' + val % 10);
}

static void timer_places(void)
{
	unsigned n;

	LAPIC(TIMER_DIVIDE) = 0xb;
	LAPIC(LVT_TIMER) = 0x42;
	n = timers(among_ss, among_ss_not, IF);
	print("timers among mov ss: 200, after it ");
	decimal(n);
	n = timers(among_sti, among_sti_at, 0);
	print("\ntimers among sti, nop, cli: ");
	decimal(n);
	print(", elsewhere ");
	decimal(200 - n);
	timers(among_ds, 0, IF);
	print("\ntimers among mov ds: 200\n");
}

/* ---- NMI ---- */

static void nmi_self(void)
{
	LAPIC(ICR_HIGH) = LAPIC(0x20) & 0xff000000;
	LAPIC(ICR) = NMI;
	wait();
}

HANDLER static void nmi_count(struct frame *f)
{
	nmis++;
}

/* The first one sends two more, which are one. */
HANDLER static void nmi_again(struct frame *f)
{
	if (nmis++)
		return;
	nmi_self();
	nmi_self();
	seen = nmis;
}

HANDLER static void nmi_int3(struct frame *f)
{
	if (nmis++)
		return;
	nmi_self();
	__asm__ volatile("int3");
	wait();
	seen = nmis;
}

HANDLER static void int3_return(struct frame *f)
{
}

HANDLER static void nmi_soft(struct frame *f)
{
	if (nmis++)
		return;
	nmi_self();
	seen = nmis - 1; /* it was not held off */
}

static void count(const char *name, unsigned n)
{
	print(name);
	decimal(n);
}

static void nmi_rows(void)
{
	enter[12] = 0xfee00000 + ICR;
	LAPIC(ICR_HIGH) = LAPIC(0x20) & 0xff000000;
	attempt(send_nmi);
	tell("NMI with IF clear", send_nmi);
	send_self(0x41);
	wait();
	attempt(send_nmi);
	tell("NMI over an interrupt", send_nmi);
	attempt_frame(&(struct frame){(uint64_t)done, SEL_CODE, IF | 2,
				      (uint64_t)attempt_stack_top, SEL_DATA});
	LAPIC(EOI) = 0;
}

static void nmi_blocking(void)
{
	set_handler(2, nmi_again);
	nmis = 0;
	nmi_self();
	count("NMIs within NMI: ", seen);
	count(", after it ", nmis);
	set_handler(2, nmi_int3);
	set_handler(3, int3_return);
	nmis = 0;
	nmi_self();
	count("\nNMI after int3 in NMI: ", seen);
	reset_gate(3);
	set_handler(2, nmi_soft);
	nmis = seen = 0;
	__asm__ volatile("int $2");
	count("\nNMI after int 2: ", seen);
	set_handler(2, nmi_count);
	nmis = 0;
	LAPIC(ICR_HIGH) = LAPIC(0x20) & 0xff000000;
	put('\n');
}

/* ---- priorities ---- */

HANDLER static void on_order(struct frame *f)
{
	unsigned in_service = 0;

	/* The highest bit in service is this one's. */
	for (unsigned i = 8; i-- > 0 && !in_service;)
		if (LAPIC(ISR + 0x10 * i))
			in_service = 32 * i + 31 -
				     __builtin_clz(LAPIC(ISR + 0x10 * i));
	order[order_len++ & 7] = in_service;
	if (in_service == 0x72)
		seen = LAPIC(PPR) | (LAPIC(ISR + 0x30) >> 18 & 1) << 8 |
		       (LAPIC(IRR + 0x30) >> 1 & 1) << 9;
	LAPIC(EOI) = 0;
}

HANDLER static void on_deep(struct frame *f)
{
	order[order_len++ & 7] = 0x51;
	send_self(0x83);
	__asm__ volatile("sti" ::: "memory");
	wait();
	__asm__ volatile("cli" ::: "memory");
	depth = order_len;
	LAPIC(EOI) = 0;
}

static void tell_order(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		put(' ');
		hex(order[i], 2);
	}
}

static void open_for_a_while(void)
{
	__asm__ volatile("sti" ::: "memory");
	wait();
	__asm__ volatile("cli" ::: "memory");
}

static void send_all(void)
{
	static const uint8_t vectors[] = {0x61, 0x83, 0x51, 0x72};

	order_len = 0;
	for (unsigned i = 0; i < 4; i++)
		send_self(vectors[i]);
	wait();
}

static void priorities(void)
{
	unsigned first;

	set_handler(0x51, on_order);
	set_handler(0x61, on_order);
	set_handler(0x72, on_order);
	set_handler(0x83, on_order);
	send_all();
	open_for_a_while();
	print("vectors in order:");
	tell_order(0, order_len);
	send_all();
	LAPIC(TPR) = 0x60;
	open_for_a_while();
	first = order_len;
	LAPIC(TPR) = 0;
	open_for_a_while();
	print("\nwith TPR 6:");
	tell_order(0, first);
	print(", then");
	tell_order(first, order_len);
	print("\nPPR in 72: ");
	hex(seen & 0xff, 2);
	count(", ISR ", seen >> 8 & 1);
	count(", IRR of 61 ", seen >> 9 & 1);
	order_len = 0;
	set_handler(0x51, on_deep);
	send_self(0x51);
	open_for_a_while();
	print("\nnested:");
	tell_order(0, 1);
	print(" by");
	tell_order(1, order_len);
	print(depth == 2 ? ", back\n" : ", not nested\n");
}

int test_main(void)
{
	LAPIC(SVR) = 0x1ff;
	shadows();
	timer_places();
	nmi_rows();
	nmi_blocking();
	priorities();
	return 0;
}
