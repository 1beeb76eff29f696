/*
 * random64.c: random programs, in ring 3 and in ring 0, for comparing the
 * simulator's engines: tests/cli/random.sh. What they do is a function of the
 * command line, `SEED [PROGRAMS]', and of time, which both engines share.
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
 * not operands, and all events have a stack of their own: so nothing but what
 * was meant happens.
 */
#include "tests/guest/bare64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000 + (reg)))
#define EOI	     0xb0
#define SVR	     0xf0
#define LVT_TIMER    0x320
#define TIMER_COUNT  0x380
#define TIMER_DIVIDE 0x3e0

#define VEC_TIMER    0x40
#define VEC_EDIT     0x31
#define PAGES	     8
#define WINDOW_PAGES 16
#define WINDOW	     0x800000u
#define TABLE_ALIAS  0xa00000u
#define DEVICE_PAGE  12
#define HOLE_PAGE    13
#define CODE_BYTES   6144
#define PIECES	     160
#define EVENTS	     48

static uint8_t pages[PAGES][4096] ALIGNED;
static uint64_t window[512] ALIGNED;
static uint64_t alias[512] ALIGNED;
static uint8_t ring0_code[CODE_BYTES + 256] ALIGNED;

static uint64_t random_state, hash;
static unsigned events;
static bool user; /* the program's ring */
static uint8_t *base, *out;
static uint64_t code_at; /* where `base' runs */
static uint32_t piece[PIECES];
static unsigned pieces;
static uint32_t constant[PIECES]; /* imm32s that ring 0 may change */
static unsigned constants;

static uint64_t next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static unsigned below(unsigned n)
{
	return next() % n;
}

static void mix(uint64_t val)
{
	hash = (hash ^ val) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= hash >> 29;
}

/* ---- pieces of code ---- */

static void emit(uint64_t val, unsigned bytes)
{
	for (; bytes; bytes--, val >>= 8)
		*out++ = val;
}

#define BYTES(...)                                            \
	do {                                                  \
		static const uint8_t bytes[] = {__VA_ARGS__}; \
                                                              \
		for (unsigned i = 0; i < sizeof(bytes); i++)  \
			*out++ = bytes[i];                    \
	} while (0)

static bool chance(unsigned n)
{
	return below(n) == 0;
}

/* Not RSP; in ring 0 none that holds an address. */
static unsigned any_reg(void)
{
	static const uint8_t free[] = {0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15};

	if (user && chance(16))
		return below(16);
	return free[below(sizeof(free))];
}

static unsigned pointer(void)
{
	static const uint8_t regs[] = {3, 6, 7};

	return regs[below(3)];
}

static uint64_t some_address(void)
{
	uint64_t page = below(user ? WINDOW_PAGES : PAGES);
	uint64_t at = WINDOW + page * 4096;

	if (chance(12))
		return WINDOW + DEVICE_PAGE * 4096 + below(4000);
	if (chance(3)) /* about the next page's start */
		return at + 4096 - below(20);
	return at + below(4080);
}

static void load_pointer(unsigned reg)
{
	emit(0xb8 + reg, 1);
	emit(some_address(), 4);
}

static void rex(unsigned reg, unsigned rm)
{
	emit(0x40 | (chance(2) ? 8 : 0) | (reg >> 3) << 2 | rm >> 3, 1);
}

/* Prefixes, opcode of one or two bytes, and a register or memory. */
static void operand(unsigned opcode, unsigned reg, bool memory)
{
	unsigned rm = memory ? pointer() : any_reg();

	if (memory && chance(4))
		load_pointer(rm);
	if (chance(8))
		emit(0x66, 1);
	if (memory && chance(20))
		emit(0x65, 1);
	rex(reg, rm);
	if (opcode > 0xff)
		emit(0x0f, 1);
	emit(opcode, 1);
	if (memory && chance(2)) {
		emit(0x40 | (reg & 7) << 3 | rm, 1);
		emit(next(), 1);
	} else {
		emit((memory ? 0 : 0xc0) | (reg & 7) << 3 | (rm & 7), 1);
	}
}

static void alu(void)
{
	operand(below(8) * 8 + below(4), any_reg(), chance(2));
}

static void immediate(void)
{
	unsigned reg = any_reg();

	if (chance(4)) {
		emit(0x48 | reg >> 3, 1);
		emit(0xb8 + (reg & 7), 1);
		emit(next() * next(), 8);
		return;
	}
	emit(0x40 | reg >> 3, 1);
	emit(0xb8 + (reg & 7), 1);
	if (constants < PIECES)
		constant[constants++] = out - base;
	emit(next(), 4);
}

static void set_pointers(void)
{
	load_pointer(3);
	load_pointer(6);
	load_pointer(7);
}

static void shift(void)
{
	static const uint8_t ops[] = {0xd0, 0xd1, 0xd2, 0xd3, 0xc0, 0xc1};
	unsigned op = ops[below(6)];

	operand(op, below(8), chance(3));
	if (op < 0xd0)
		emit(next(), 1);
}

/* NOT, NEG, MUL, IMUL, DIV, IDIV; MOV, LEA, XCHG. */
static void group(void)
{
	static const uint8_t ops[] = {0x88, 0x89, 0x8a, 0x8b, 0x86, 0x87, 0x63};

	if (chance(2))
		operand(0xf6 + below(2), 2 + below(6), chance(3));
	else
		operand(ops[below(sizeof(ops))], any_reg(), chance(2));
}

static void two_bytes(void)
{
	static const uint8_t ops[] = {0xa3, 0xab, 0xb3, 0xbb, 0xbc, 0xbd,
				      0xc0, 0xc1, 0xb0, 0xb1, 0xb6, 0xb7,
				      0xbe, 0xbf, 0xaf, 0xb8};
	unsigned n = below(48);

	if (n < 16)
		operand(0x140 + n, any_reg(), chance(3));
	else if (n < 32)
		operand(0x190 + n - 16, any_reg(), chance(3));
	else /* bit offsets reach far: no memory there */
		operand(0x100 + ops[n - 32], any_reg(), n >= 36 && chance(3));
}

static void locked(void)
{
	static const uint16_t ops[] = {0x00,  0x01,  0x08,  0x29, 0x30,
				       0x1c1, 0x1b1, 0x187, 0x1c7};
	unsigned rm = pointer(), op = ops[below(9)];

	load_pointer(rm);
	emit(0xf0, 1);
	rex(0, 0);
	if (op > 0xff)
		emit(0x0f, 1);
	emit(op, 1);
	emit((op == 0x1c7 ? 1 : below(3)) << 3 | rm, 1);
}

static void stack(void)
{
	unsigned reg = any_reg();

	if (!user || chance(2)) {
		emit(0x40 | reg >> 3, 1);
		emit(0x50 + (reg & 7), 1);
	}
	if (!user || chance(2)) {
		emit(0x40 | reg >> 3, 1);
		emit(0x58 + (reg & 7), 1);
	}
}

/* Relative to the instruction's end, which is 4 bytes on. */
static void displacement(unsigned to)
{
	emit(to - (uint32_t)(out - base) - 4, 4);
}

static void jump_back(void)
{
	emit(0x0f, 1);
	emit(0x80 + below(16), 1);
	displacement(piece[below(pieces)]);
}

static void counted_loop(void)
{
	uint32_t start;

	emit(0xb9, 1);
	emit(1 + below(40), 4);
	start = out - base;
	for (unsigned i = below(4); i; i--)
		alu();
	BYTES(0xff, 0xc9, 0x0f, 0x85);
	displacement(start);
}

static void call(void)
{
	emit(0xe8, 1);
	if (user && chance(2)) {
		displacement(piece[below(pieces)]);
		return;
	}
	emit(1, 4);
	BYTES(0x90, 0x58);
}

static void string(void)
{
	static const uint8_t ops[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6,
				      0xa7, 0xae, 0xaf, 0xac, 0xad};

	load_pointer(6);
	load_pointer(7);
	emit(0xb9, 1);
	emit(chance(8) ? below(3000) : below(60), 4);
	emit(chance(6) ? 0xfd : 0xfc, 1);
	if (!chance(4))
		emit(0xf2 + below(2), 1);
	if (chance(2))
		emit(0x48, 1);
	emit(ops[below(sizeof(ops))], 1);
	emit(0xfc, 1);
}

static void patch(void)
{
	uint64_t at = code_at;

	BYTES(0xc7, 0x04, 0x25);
	if (user)
		at += (chance(2) ? 0x8000 : 0) + below(out - base + 64);
	else if (constants)
		at += constant[below(constants)];
	else
		at = WINDOW;
	emit(at, 4);
	emit(next(), 4);
}

/* Writes `mov $imm, %eax; ret', calls it, changes it by an alias, and again. */
static void compile(void)
{
	uint64_t page = below(PAGES), offset = below(4096);

	if (!user)
		return;
	emit(0xbf, 1);
	emit(WINDOW + page * 4096 + offset, 4);
	BYTES(0xc7, 0x07, 0xb8, 1, 2, 3, 0xc7, 0x47, 4, 4, 0xc3, 0x90, 0x90);
	if (chance(2))
		BYTES(0xff, 0xd7);
	BYTES(0xc6, 0x04, 0x25);
	emit(WINDOW + (chance(2) ? PAGES : 0) * 4096 + page * 4096 + offset + 1,
	     4);
	emit(next(), 1);
	BYTES(0xff, 0xd7, 0x01, 0xc2);
}

static void edit(void)
{
	BYTES(0xcd, VEC_EDIT);
}

static void port(void)
{
	static const uint8_t ports[] = {0x61, 0x40, 0x80, 0x42, 0x71};

	if (user && !chance(4))
		return;
	emit(0xb8 + 2, 1);
	emit(ports[below(5)], 4);
	if (chance(4)) { /* where it does no harm */
		BYTES(0xe6, 0x80);
		return;
	}
	emit(0xec + below(2), 1);
}

static void clock(void)
{
	switch (below(4)) {
	case 0:
		BYTES(0x0f, 0xa2);
		return;
	case 1:
		BYTES(0x0f, 0x01, 0xf9);
		return;
	default:
		BYTES(0x0f, 0x31);
	}
}

static bool avx;

/* Where there is AVX: any opcode of its three maps, W, L, vvvv and prefix. */
static void vex(void)
{
	unsigned map = 1 + below(3);

	load_pointer(3);
	if (map == 1 && chance(2)) {
		emit(0xc5, 1);
	} else {
		emit(0xc4, 1);
		emit(0xe0 | map, 1);
	}
	emit(0x80 | (chance(2) ? 0x78 : below(16) << 3) | below(8), 1);
	emit(map == 1 ? 0x51 + below(0xae) : below(256), 1);
	emit(chance(2) ? 0xc0 + below(64) : below(8) << 3 | 3, 1);
	if (map == 3)
		emit(next(), 1);
}

static void enable_avx(void)
{
	if (!cpuid_bit(1, 2, 28))
		return;
	avx = true;
	set_cr4(get_cr4() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" ::"c"(0), "a"(7), "d"(0));
}

static void simd(void)
{
	static const uint8_t prefix[] = {0x66, 0xf2, 0xf3};

	if (avx && chance(2)) {
		vex();
		return;
	}
	if (chance(2)) { /* x87: all of D8 to DF */
		load_pointer(3);
		emit(0xd8 + below(8), 1);
		emit(chance(2) ? 0xc0 + below(64) : below(8) << 3 | 3, 1);
		return;
	}
	load_pointer(3);
	if (chance(2))
		emit(prefix[below(3)], 1);
	emit(0x0f, 1);
	emit(chance(2) ? 0x51 + below(0x1f) : 0xd1 + below(0x2e), 1);
	emit(chance(2) ? 0xc0 + below(64) : below(8) << 3 | 3, 1);
}

static void flags(void)
{
	switch (below(user ? 8 : 5)) {
	case 0:
		BYTES(0x9c, 0x9d);
		return;
	case 1:
		BYTES(0xf3, 0x90);
		return;
	case 2:
		emit(0xb8, 1);
		emit(user ? SEL_UDATA : SEL_DATA, 4);
		BYTES(0x8e, 0xd0);
		return;
	case 3:
		if (user)
			BYTES(0x9f, 0x9e);
		else
			BYTES(0xfa, 0x90, 0xfb);
		return;
	case 4:
		BYTES(0xf5, 0xf9);
		return;
	case 5: /* POPF: TF, AC, DF, NT */
		emit(0x68, 1);
		emit(chance(3) ? next() & 0x40dd5 : next() & 0x8d5, 4);
		emit(0x9d, 1);
		return;
	case 6:
		BYTES(0x0f, 0x05);
		return;
	default: /* to another width of code and perhaps back */
		emit(0x6a, 1);
		emit(chance(2) ? SEL_UCODE32 : SEL_UCODE, 1);
		emit(0x68, 1);
		emit(code_at + piece[below(pieces)], 4);
		BYTES(0x48, 0xcb);
	}
}

static void bases(void)
{
	unsigned reg = any_reg();

	emit(0xf3, 1);
	emit(0x48 | reg >> 3, 1);
	BYTES(0x0f, 0xae);
	emit(0xc0 + 8 * below(4) + (reg & 7), 1);
}

static void trouble(void)
{
	switch (below(4)) {
	case 0:
		BYTES(0x0f, 0x0b);
		return;
	case 1:
		BYTES(0xcc);
		return;
	case 2:
		BYTES(0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x40);
		return;
	default:
		if (!user)
			return;
		for (unsigned i = 1 + below(8); i; i--)
			emit(next(), 1);
	}
}

static void one_piece(void)
{
	static void (*const kinds[])(void) = {
		alu,   alu,	     alu,   immediate, set_pointers, shift,
		group, group,	     alu,   two_bytes, two_bytes,    locked,
		stack, jump_back,    patch, call,      counted_loop, string,
		edit,  counted_loop, port,  clock,     simd,	     simd,
		flags, bases,	     stack, trouble,   compile,	     compile,
	};

	piece[pieces++] = out - base;
	kinds[below(sizeof(kinds) / sizeof(kinds[0]))]();
}

/* Forward jumps skip a piece. */
static void generate(void)
{
	uint8_t *skip = 0;

	pieces = constants = 0;
	out = base;
	set_pointers();
	while (pieces < PIECES && out - base < CODE_BYTES - 200) {
		if (chance(8)) {
			emit(0x70 + below(16), 1);
			skip = out++;
			one_piece();
			*skip = out - skip - 1;
			continue;
		}
		one_piece();
	}
	/* On and on, until the events end it. */
	emit(0xe9, 1);
	displacement(piece[below(pieces)]);
}

/* ---- events ---- */

static void go_on(struct frame *f)
{
	if (++events > EVENTS) {
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
	pd[0][WINDOW >> 21] = (uint64_t)window | 7;
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
	base = user ? pages[0] : ring0_code;
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

static void setup(void)
{
	pd[0][TABLE_ALIAS >> 21] = (uint64_t)alias | 3;
	alias[0] = (uint64_t)window | 3;
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

int test_main(void)
{
	const uint64_t *info = (const uint64_t *)(uint64_t)start_info;
	const char *text = (const char *)info[3];
	uint64_t seed = number(&text), count = number(&text);

	random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	setup();
	if (!count)
		count = 20;
	while (count--)
		run_program();
	print("hash ");
	hex(hash, 16);
	put('\n');
	return 0;
}
