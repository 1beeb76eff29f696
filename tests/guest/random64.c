/*
 * random64.c: random programs, in ring 3 and in ring 0, for comparing the
 * simulator's engines: tests/cli/random.sh. What they do is a function of the
 * command line, `SEED [PROGRAMS [CPUS]]', and of time, which both engines
 * share. With two CPUs both run programs, in the same pages, each with page
 * tables of its own (random64_second.c), and send each other interrupts.
 *
 * A program is some hundred pieces of random code: arithmetic, memory, loops
 * and calls, REP, x87, SSE and AVX, ports, device memory, the TSC, plain random
 * bytes, stores to its own code. It runs in a window of sixteen pages that
 * are aliases of eight; `int $0x31' has one of the window's page-table
 * entries changed, by one of two aliases of the table, and invalidated. Each
 * exception and timer interrupt is hashed with its frame and goes on
 * somewhere else; after some dozens of them the next program follows.
 *
 * In ring 0 code lies outside the window, registers that hold addresses are
 * not operands, GS is not used, and all events have a stack of their own: so
 * nothing but what was meant is written. If it is, the test fails.
 */
#include "tests/guest/random64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000 + (reg)))
#define EOI	     0xb0
#define SVR	     0xf0
#define LVT_TIMER    0x320
#define TIMER_COUNT  0x380
#define TIMER_DIVIDE 0x3e0

#define VEC_TIMER    0x40
#define TABLE_ALIAS  0xa00000u
#define PAGES_ALIAS  0xa01000u
#define HOLE_PAGE    13
#define EVENTS	     48
#define ICR	     0x300
#define ICR_OTHERS   0xc4000

/* Between the CPUs, where no program writes. */
#define SHARED	     ((volatile struct shared *)0x600000)
struct shared {
	uint64_t done, hash; /* the second CPU's */
};

static uint8_t pages[PAGES][4096] ALIGNED;
static uint64_t window[512] ALIGNED;
static uint64_t alias[512] ALIGNED;
static uint8_t ring0_code[CODE_BYTES + 256] ALIGNED;

extern const uint8_t text_start[], text_end[];

static uint64_t random_state, hash;
static uint64_t count; /* of programs */
static unsigned events;
bool user;
uint8_t *base;
uint64_t code_at;

uint64_t next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

unsigned below(unsigned n)
{
	return next() % n;
}

static void mix(uint64_t val)
{
	hash = (hash ^ val) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= hash >> 29;
}

/* ---- events ---- */

/* A program wrote over what is not its own, which is the generator's fault. */
static void stray(const char *what)
{
	print(what);
	put('\n');
	out8(0xf4, 0x11);
	for (;;)
		__asm__ volatile("hlt");
}

static void go_on(struct frame *f)
{
	if (++events > 2 * EVENTS)
		stray("the program does not end");
	if (events > EVENTS) {
		*f = frame_of((void (*)(void))kernel_done, false);
		return;
	}
	f->rip = code_at + piece[below(pieces)];
	if ((next() & 3) == 0)
		f->rflags &= ~(uint64_t)(TF | AC);
	f->rflags |= IF;
	if (!user)
		return;
	f->cs = SEL_UCODE;
	f->ss = SEL_UDATA;
	f->rsp = (uint64_t)user_stack_top - 1024 - (next() & 0xf8);
}

static void note(const struct frame *f, uint64_t what)
{
	mix(what);
	mix(f->rip);
	mix(f->cs);
	mix(f->rflags);
	mix(f->rsp);
	mix(f->ss);
	mix(get_cr2());
	mix(get_dr6());
}

static void exception(struct frame *f, uint64_t what)
{
	note(f, what);
	set_dr6(0xffff0ff0);
	go_on(f);
}

#define WITHOUT(n)                                  \
	HANDLER static void on_##n(struct frame *f) \
	{                                           \
		exception(f, n);                    \
	}
#define WITH(n)                                                   \
	HANDLER static void on_##n(struct frame *f, uint64_t err) \
	{                                                         \
		exception(f, n | err << 8);                       \
	}
/* clang-format off */
WITHOUT(0) WITHOUT(1) WITHOUT(3) WITHOUT(4) WITHOUT(5) WITHOUT(6) WITHOUT(7)
WITH(10) WITH(11) WITH(12) WITH(13) WITH(14) WITHOUT(16) WITH(17) WITHOUT(19)
	/* clang-format on */

	void syscall_back(void);
__asm__("syscall_back: sysretq\n");

static void arm(void)
{
	LAPIC(TIMER_COUNT) = 30 + (next() & 2047);
}

HANDLER static void on_timer(struct frame *f)
{
	note(f, VEC_TIMER);
	mix(rdtsc());
	LAPIC(EOI) = 0;
	arm();
	if ((next() & 3) == 0)
		go_on(f);
}

static uint64_t physical(const void *at)
{
	return (uint64_t)at + own_offset;
}

static uint64_t some_entry(void)
{
	static const uint64_t rights[] = {
		7,
		7,
		7,
		7,
		5,
		3,
		1,
		0,
		7 | PTE_NX,
		5 | PTE_NX,
		0x67,
		0x107,
		0x8000000000007,
	};
	uint64_t entry = rights[next() % 13];
	uint64_t page = next() % (PAGES + 2);

	if (page < PAGES)
		return entry | (uint64_t)pages[page];
	if (page == PAGES)
		return entry | PTE_NX | 0xfec00000;
	return entry | PTE_NX | 0xfd000000;
}

/* For the whole window or for a page. */
HANDLER static void on_edit(struct frame *f)
{
	unsigned i = next() % WINDOW_PAGES;
	volatile uint64_t *table =
		next() & 1 ? window
			   : (volatile uint64_t *)(uint64_t)TABLE_ALIAS;

	mix(table[i]); /* with A and D */
	if ((next() & 7) == 0) {
		pd[0][WINDOW >> 21] ^= next() & 6;
		for (unsigned n = 0; n < WINDOW_PAGES; n++)
			invlpg(WINDOW + n * 4096);
	}
	table[i] = some_entry();
	invlpg(WINDOW + i * 4096);
	if ((next() & 7) == 0)
		LAPIC(ICR) = ICR_OTHERS | VEC_TIMER;
}

/* ---- programs ---- */

static void reset_window(void)
{
	for (unsigned i = 0; i < WINDOW_PAGES; i++) {
		window[i] = (uint64_t)pages[i % PAGES] | 7;
		if (!user)
			window[i] |= PTE_NX;
	}
	window[DEVICE_PAGE] = 0xfec00000 | 7 | PTE_NX;
	window[HOLE_PAGE] = 0xfd000000 | 7 | PTE_NX;
	window[14] = 0;
	pd[0][WINDOW >> 21] = physical(window) | 7;
	set_cr3(get_cr3());
	for (unsigned i = 0; i < WINDOW_PAGES; i++)
		invlpg(WINDOW + i * 4096);
}

static void set_gates(void)
{
	static void *const fns[] = {
		on_0,  on_1,  0,     on_3,  on_4,  on_5, on_6,	on_7,  0, 0,
		on_10, on_11, on_12, on_13, on_14, 0,	 on_16, on_17, 0, on_19,
	};
	unsigned ist = !user;

	for (unsigned i = 0; i < sizeof(fns) / sizeof(fns[0]); i++)
		if (fns[i])
			set_gate(i, 0xee, SEL_CODE, fns[i], ist);
	set_gate(VEC_TIMER, 0x8e, SEL_CODE, on_timer, ist);
	set_gate(VEC_EDIT, 0xee, SEL_CODE, on_edit, ist);
}

static void breakpoints(void)
{
	uint64_t dr7 = 0x400;

	for (unsigned i = 0; i < 4; i++)
		dr7 |= next() % 3 ? 0 : 1u << 2 * i;
	set_dr7((dr7 | (next() & 0xffff0000)) & ~UINT64_C(0x22220000));
	__asm__ volatile("movq %0, %%dr0; movq %1, %%dr1; movq %2, %%dr2;"
			 "movq %3, %%dr3" ::"r"(some_address()),
			 "r"(some_address()), "r"(code_at + piece[9]),
			 "r"(some_address()));
}

static void run_program(void)
{
	static const uint32_t mxcsr = 0x1f80;
	struct frame f;

	user = next() % 4;
	base = user ? (uint8_t *)PAGES_ALIAS : ring0_code;
	code_at = user ? WINDOW : (uint64_t)ring0_code;
	reset_window();
	generate();
	set_gates();
	events = 0;
	f = frame_of(0, user);
	f.rip = code_at;
	f.rflags |= IF;
	__asm__ volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
	if (next() % 8 == 0)
		breakpoints();
	arm();
	attempt_frame(&f);
	set_dr6(0xffff0ff0);
	for (unsigned i = 0; i < 16; i++)
		mix(trap.r[i]);
}

/* All of this program, but for its data. */
static uint64_t text_sum(void)
{
	uint64_t sum = 0;

	for (const uint8_t *at = text_start; at < text_end; at++)
		sum = sum * 31 + *at;
	return sum;
}

static void setup(void)
{
	pd[0][TABLE_ALIAS >> 21] = physical(alias) | 3;
	alias[0] = physical(window) | 3;
	for (unsigned i = 0; i < PAGES; i++)
		alias[1 + i] = (uint64_t)pages[i] | 3;
	LAPIC(SVR) = 0x1ff;
	LAPIC(TIMER_DIVIDE) = 0xb;
	LAPIC(LVT_TIMER) = VEC_TIMER;
	set_cr0(get_cr0() | CR0_AM);
	set_cr4(get_cr4() | CR4_DE | CR4_FSGSBASE | CR4_PGE);
	enable_avx();
	wrmsr(MSR_STAR, (uint64_t)SEL_UCODE32 << 48 | (uint64_t)SEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_back);
	wrmsr(MSR_FMASK, TF | IF | AC | 0x400);
}

static uint64_t number(const char **text)
{
	uint64_t val = 0;

	while (**text == ' ')
		++*text;
	while (**text >= '0' && **text <= '9')
		val = val * 10 + *(*text)++ - '0';
	return val;
}

static void run_programs(void)
{
	uint64_t sum = text_sum();

	setup();
	for (uint64_t n = count; n; n--)
		run_program();
	if (text_sum() != sum)
		stray("the program was written over");
}

_Noreturn void second_main(void)
{
	random_state = ~random_state;
	run_programs();
	SHARED->hash = hash;
	SHARED->done = 1;
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void say(const char *what, uint64_t val)
{
	print(what);
	hex(val, 16);
	put('\n');
}

int test_main(void)
{
	const uint64_t *info = (const uint64_t *)(uint64_t)start_info;
	const char *text = (const char *)info[3];
	bool two;

	random_state = number(&text) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	count = number(&text);
	two = number(&text) == 2;
	if (!count)
		count = 20;
	if (two)
		start_second();
	run_programs();
	while (two && !SHARED->done)
		__asm__ volatile("pause");
	say("hash ", hash);
	if (two)
		say("second hash ", SHARED->hash);
	return 0;
}
