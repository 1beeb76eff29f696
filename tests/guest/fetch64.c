/*
 * fetch64.c: fetching code at the edges: instructions that go on in a page
 * with other rights, or in none; the limit of 15 bytes; code that changes
 * itself, by stores of any kind and by other names of its page; REP that is
 * left and entered again.
 *
 * Two pages follow each other; the first lines have one to nine bytes of an
 * instruction in the first. A #PF is told as error code, RIP and CR2, both
 * from the second page's start on.
 *
 * Prints:
 *	both there: ok ok ok ok ok ok ok ok ok
 *	second absent: 10:-1:0 10:-2:0 10:-3:0 10:-4:0 10:-5:0 10:-6:0 10:-7:0 10:-8:0 10:-9:0
 *	second NX: 11:-1:0 11:-2:0 11:-3:0 11:-4:0 11:-5:0 11:-6:0 11:-7:0 11:-8:0 11:-9:0
 *	second not the user's: 15:-1:0 15:-5:0 15:-9:0
 *	second not read yet: A 0, then 1
 *	ends at the edge: 10:0:0 count 1
 *	a jump at the edge: ok
 *	branch not taken over the edge: 10:0:0
 *	first absent: 10:-1:-1
 *	15 bytes over the edge: ok
 *	16 bytes over the edge: #0d(0000)
 *	15 prefixes before an absent page: #0d(0000)
 * qemu	15 prefixes before an absent page: 10:-f:0
 *	14 prefixes before an absent page: 10:-e:0
 *	#UD before an absent page: #06
 *	operand in the absent page: 00:-2:8
 *	page exchanged: 1 2
 *	exchanged by an alias of the table: 1 2
 *	store to the next instruction: 2
 *	by an alias: 2
 *	by push: 2
 *	by rep movsb: 2
 *	by movups: 2
 *	by xchg: 2
 *	in the second page: 2
 *	in the second page by an alias: 2
 *	a loop that changes itself: 3e8 e8
 *	rep movsb: 0e rcx 5 rsi -ff5 rdi 0 cr2 0
 *	rep movsb, source absent: 0e rcx 6 rsi 0 rdi -ff6 cr2 0
 *	rep movsq over the edge: 0e rcx 2 rsi -ff0 rdi -4 cr2 0
 *	rep stosq: 0e rcx 3 rsi -000 rdi 0 cr2 0
 *	rep stosb backwards: 0e rcx 2 rsi -000 rdi fff cr2 fff
 *	repne scasb: 0e rcx e rsi -000 rdi 0 cr2 0
 *	repe cmpsb: 0e rcx d rsi 0 rdi -fb9 cr2 0
 *	rep insb: 0e rcx 2 rsi -000 rdi 0 cr2 0
 *	rep outsb: 0e rcx 2 rsi 0 rdi -000 cr2 0
 *	none to do: 30 rcx 0 rsi 0 rdi 0 cr2 0
 *	interrupts in rep: none out of place
 *	end
 */
#include "tests/guest/bare64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000ul + (reg)))
#define EOI	     0xb0
#define SVR	     0xf0
#define LVT_TIMER    0x320
#define TIMER_COUNT  0x380
#define TIMER_DIVIDE 0x3e0

#define WINDOW	     0x800000ul
#define EDGE	     (WINDOW + 4096)
#define ALIAS	     (WINDOW + 0x10000)
#define TABLE_ALIAS  0xa00000ul

static uint8_t page[3][4096] ALIGNED;
static uint64_t table[512] ALIGNED, alias[512] ALIGNED;
static uint8_t *const window = (uint8_t *)WINDOW;
static uint8_t *const edge = (uint8_t *)EDGE;

static void map(unsigned slot, const void *to, uint64_t flags)
{
	table[slot] = (uint64_t)to | flags;
	invlpg(WINDOW + slot * 4096);
}

static void put_bytes(uint8_t *at, const void *from, unsigned len)
{
	const uint8_t *byte = from;

	while (len--)
		*at++ = *byte++;
}

#define PUT(at, ...)                                          \
	do {                                                  \
		static const uint8_t bytes[] = {__VA_ARGS__}; \
                                                              \
		put_bytes(at, bytes, sizeof(bytes));          \
	} while (0)

static void run(const void *at, bool user)
{
	struct frame f = frame_of(0, user);

	f.rip = (uint64_t)at;
	attempt_frame(&f);
}

static void offset(uint64_t val)
{
	int64_t by = val - EDGE;

	if (by < 0)
		put('-');
	by = by < 0 ? -by : by;
	hex(by, by > 15 ? 3 : 1);
}

static void ended(void)
{
	if (trap.vector != 14) {
		outcome();
		return;
	}
	hex(trap.error, 2);
	put(':');
	offset(trap.rip);
	put(':');
	offset(trap.cr2);
}

static void line(const char *name)
{
	print(name);
	print(": ");
	ended();
	put('\n');
}

static void plain(void)
{
	map(0, page[0], 7);
	map(1, page[1], 7);
}

/* movabs $imm64, %rax; int $0x30, with so many bytes in the first page. */
static void straddle(unsigned left)
{
	PUT(edge - left, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0xcd, 0x30);
}

static void straddles(const char *name, uint64_t flags, bool user,
		      unsigned step)
{
	print(name);
	put(':');
	for (unsigned left = 1; left < 10; left += step) {
		plain();
		straddle(left);
		run(edge - left, user); /* it is known, and then it is not */
		map(1, page[1], flags);
		run(edge - left, user);
		put(' ');
		ended();
	}
	put('\n');
}

static void edges(void)
{
	straddles("both there", 7, true, 1);
	straddles("second absent", 0, false, 1);
	straddles("second NX", 7 | PTE_NX, false, 1);
	straddles("second not the user's", 3, true, 4);

	plain();
	straddle(3);
	map(1, page[1], 7);
	PUT(edge - 40, 0x90, 0xcd, 0x30);
	run(edge - 40, false);
	print("second not read yet: A ");
	hex(table[1] >> 5 & 1, 1);
	run(edge - 3, false);
	print(", then ");
	hex(table[1] >> 5 & 1, 1);
	put('\n');

	map(1, page[1], 0);
	PUT(edge - 3, 0x48, 0xff, 0xc0); /* inc %rax */
	enter[0] = 0;
	run(edge - 3, false);
	print("ends at the edge: ");
	ended();
	print(" count ");
	hex(trap.r[0], 1);
	put('\n');
	PUT(edge - 2, 0xeb, 0xf0);
	PUT(edge - 16, 0xcd, 0x30);
	run(edge - 2, false);
	line("a jump at the edge");
	PUT(edge - 4, 0x31, 0xc0, 0x75, 0xf0); /* xor; jnz */
	run(edge - 4, false);
	line("branch not taken over the edge");
	plain();
	straddle(1);
	map(0, page[0], 0);
	run(edge - 1, false);
	line("first absent");
}

/* So many 66h, then `add %eax, %eax' or what `op' says. */
static void prefixes(uint8_t *at, unsigned count)
{
	while (count--)
		*at++ = 0x66;
	PUT(at, 0x90, 0xcd, 0x30);
}

static void limits(void)
{
	plain();
	prefixes(edge - 8, 14);
	run(edge - 8, false);
	line("15 bytes over the edge");
	prefixes(edge - 8, 15);
	run(edge - 8, false);
	line("16 bytes over the edge");
	map(1, page[1], 7);
	prefixes(edge - 15, 15);
	map(1, page[1], 0);
	run(edge - 15, false);
	line("15 prefixes before an absent page");
	run(edge - 14, false);
	line("14 prefixes before an absent page");
	PUT(edge - 2, 0x0f, 0x0b);
	run(edge - 2, false);
	line("#UD before an absent page");
	PUT(edge - 2, 0x8b, 0x02); /* mov (%rdx), %eax */
	enter[2] = EDGE + 8;
	run(edge - 2, false);
	line("operand in the absent page");
}

/* ---- code that changes ---- */

/* mov $n, %eax; int $0x30 */
static void number(uint8_t *at, uint8_t n)
{
	PUT(at, 0xb8, 0, 0, 0, 0, 0xcd, 0x30);
	at[1] = n;
}

static void told(const char *name)
{
	print(name);
	print(": ");
	if (trap.vector == DONE)
		hex(trap.r[0], 1);
	else
		ended();
	put('\n');
}

static void exchange(const char *name, volatile uint64_t *entry)
{
	plain();
	number(page[0], 1);
	number(page[2], 2);
	run(window, false);
	print(name);
	print(": ");
	hex(trap.r[0], 1);
	*entry = (uint64_t)page[2] | 7;
	invlpg(WINDOW);
	run(window, false);
	put(' ');
	hex(trap.r[0], 1);
	put('\n');
}

/* RDX and RDI: where the number stands; RBX by an alias; RSI, RBP: a 2. */
static void patched(const char *name, const void *store, unsigned len,
		    unsigned at)
{
	static const uint64_t two[2] = {0x30cd00000002, 0};
	uint8_t *code = window + at;

	plain();
	map(16, page[0], 7);
	map(17, page[1], 7);
	put_bytes(code, store, len);
	number(code + len, 1);
	enter[0] = 2;
	enter[1] = 1;
	enter[2] = enter[7] = (uint64_t)code + len + 1;
	enter[3] = enter[2] - WINDOW + ALIAS;
	enter[5] = two[0];
	enter[6] = (uint64_t)two;
	__asm__ volatile("movups %0, %%xmm0" ::"m"(two));
	run(code, false);
	told(name);
}

#define PATCHED(name, at, ...)                                \
	do {                                                  \
		static const uint8_t store[] = {__VA_ARGS__}; \
                                                              \
		patched(name, store, sizeof(store), at);      \
	} while (0)

static void changes(void)
{
	exchange("page exchanged", &table[0]);
	exchange("exchanged by an alias of the table",
		 (volatile uint64_t *)TABLE_ALIAS);
	PATCHED("store to the next instruction", 8, 0x88, 0x02);
	/* By another address only after CPUID (SDM 3 8.1.3). */
	PATCHED("by an alias", 8, 0x88, 0x03, 0x0f, 0xa2);
	PATCHED("by push", 8, 0x48, 0x8d, 0x62, 0x08, 0x55);
	PATCHED("by rep movsb", 8, 0xf3, 0xa4);
	PATCHED("by movups", 8, 0x0f, 0x11, 0x02);
	PATCHED("by xchg", 8, 0x86, 0x02);
	PATCHED("in the second page", 4096 - 3, 0x88, 0x02);
	PATCHED("in the second page by an alias", 4096 - 5, 0x88, 0x03, 0x0f,
		0xa2);

	/* inc %ebx; incb the immediate; cmp $imm, %ebx; jnz; int */
	plain();
	PUT(window, 0xff, 0xc3, 0xfe, 0x05, 3, 0, 0, 0, 0x81, 0xfb, 0, 0, 0, 0,
	    0xff, 0xc9, 0x75, 0xee, 0xcd, 0x30);
	window[4] = 2;
	enter[1] = 1000;
	enter[3] = 0;
	run(window, false);
	print("a loop that changes itself: ");
	hex(trap.r[3], 3);
	put(' ');
	hex(window[10], 2);
	put('\n');
}

/* ---- REP ---- */

static void rep(const char *name, uint64_t rcx, uint64_t rsi, uint64_t rdi,
		const void *code, unsigned len)
{
	plain();
	put_bytes(page[2] + 64, code, len);
	map(2, page[2], 7);
	map(1, page[1], 0);
	enter[0] = 0;
	enter[1] = rcx;
	enter[2] = 0x80; /* a port */
	enter[6] = rsi;
	enter[7] = rdi;
	run(window + 8192 + 64, false);
	print(name);
	print(": ");
	hex(trap.vector, 2);
	print(" rcx ");
	hex(trap.r[1], 1);
	print(" rsi ");
	offset(trap.r[6]);
	print(" rdi ");
	offset(trap.r[7]);
	print(" cr2 ");
	offset(trap.cr2);
	put('\n');
}

#define REP(name, rcx, rsi, rdi, ...)                         \
	do {                                                  \
		static const uint8_t code[] = {__VA_ARGS__};  \
                                                              \
		rep(name, rcx, rsi, rdi, code, sizeof(code)); \
	} while (0)

static void reps(void)
{
	REP("rep movsb", 16, WINDOW, EDGE - 11, 0xf3, 0xa4);
	REP("rep movsb, source absent", 16, EDGE - 10, WINDOW, 0xf3, 0xa4);
	REP("rep movsq over the edge", 4, WINDOW, EDGE - 20, 0xf3, 0x48, 0xa5);
	REP("rep stosq", 5, 0, EDGE - 16, 0xf3, 0x48, 0xab);
	REP("rep stosb backwards", 5, 0, EDGE + 4096 + 2, 0xfd, 0xf3, 0xaa);
	REP("repne scasb", 20, 0, EDGE - 6, 0x0c, 1, 0xf2, 0xae);
	REP("repe cmpsb", 20, EDGE - 7, WINDOW + 64, 0xf3, 0xa6);
	REP("rep insb", 5, 0, EDGE - 3, 0xf3, 0x6c);
	REP("rep outsb", 5, EDGE - 3, 0, 0xf3, 0x6e);
	REP("none to do", 0, EDGE, EDGE, 0xf3, 0xa4, 0xcd, 0x30);
}

/* At an interrupt what is done and what is left are the whole. */
static void interrupts(void)
{
	struct frame f = frame_of(0, false);
	unsigned wrong = 0;

	plain();
	map(2, page[2], 7);
	/* mov $3000, %ecx; rep movsb; jmp back, to the same bytes */
	PUT(page[2], 0xb9, 0xb8, 0x0b, 0, 0, 0x4c, 0x89, 0xe6, 0x4c, 0x89, 0xef,
	    0xf3, 0xa4, 0xeb, 0xf1);
	f.rip = WINDOW + 8192;
	f.rflags |= IF;
	enter[12] = WINDOW + 100;
	enter[13] = EDGE + 64;
	LAPIC(SVR) = 0x1ff;
	LAPIC(TIMER_DIVIDE) = 0xb;
	LAPIC(LVT_TIMER) = 0x42;
	for (unsigned i = 0; i < 50; i++) {
		LAPIC(TIMER_COUNT) = 10000 + i * 537;
		attempt_frame(&f);
		LAPIC(EOI) = 0;
		if (trap.rip != f.rip + 11)
			continue;
		wrong += trap.r[7] - enter[13] + trap.r[1] != 3000 ||
			 trap.r[6] - enter[12] + trap.r[1] != 3000;
	}
	print(wrong ? "interrupts in rep: out of place\n"
		    : "interrupts in rep: none out of place\n");
}

int test_main(void)
{
	pd[0][WINDOW >> 21] = (uint64_t)table | 7;
	pd[0][TABLE_ALIAS >> 21] = (uint64_t)alias | 3;
	alias[0] = (uint64_t)table | 3;
	invlpg(WINDOW);
	set_cr3(get_cr3());
	edges();
	limits();
	changes();
	reps();
	interrupts();
	return 0;
}
