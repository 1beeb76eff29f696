/*
 * segment.c: user code that loads every kind of selector, jumps and returns
 * far, and sets every flag. What it may not it is told by a fault; the kernel
 * does not notice the rest, whatever is in the registers when it is entered.
 */
#include "tests/kernel/victim.h"

#define USER_DATA 0x23u
#define USER_CODE 0x2bu

/* Null ones, the kernel's, ours, the TSS's, of no table, beyond the end. */
static const uint16_t selectors[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x07, 0x08,   0x0b,   0x10,
	0x11, 0x13, 0x18, 0x1b, 0x20, 0x21, 0x22,   0x23,   0x24,
	0x27, 0x28, 0x2a, 0x2b, 0x2c, 0x2f, 0x30,   0x33,   0x38,
	0x3b, 0x40, 0x43, 0x48, 0x5b, 0xff, 0x7ffb, 0xfff8, 0xffff};
#define SELECTORS (sizeof(selectors) / sizeof(selectors[0]))

enum { ES, CS, SS, DS, FS, GS };

/* SDM 3 5.5 and 5.7: what ring 3 may load in 64-bit mode. */
static unsigned load_outcome(unsigned reg, uint16_t selector)
{
	unsigned index = selector & ~3u;

	if (reg == SS)
		return selector == USER_DATA ? GOES_ON : FAULTS(PROTECTION);
	return index == 0 || index == (USER_DATA & ~3u) ||
			       index == (USER_CODE & ~3u)
		       ? GOES_ON
		       : FAULTS(PROTECTION);
}

static void moves(void)
{
	static const uint8_t regs[] = {ES, SS, DS, FS, GS};

	victim_make();
	for (unsigned r = 0; r < sizeof(regs); r++) {
		for (unsigned i = 0; i < SELECTORS; i++) {
			struct code c = CODE(0x8e, 0xc0 | regs[r] << 3);

			victim_begin.rax = selectors[i];
			victim_expect(&c, load_outcome(regs[r], selectors[i]),
				      "mov to segment",
				      regs[r] << 16 | selectors[i]);
		}
	}
	victim_expect(&CODE(0x8e, 0xc8), FAULTS(OPCODE), "mov to CS", 0);
	victim_expect(&CODE(0x8e, 0xf0), FAULTS(OPCODE), "mov to none", 6);
	victim_expect(&CODE(0x8e, 0xf8), FAULTS(OPCODE), "mov to none", 7);
}

/* pop fs, pop gs, lss, lfs, lgs. */
static void other_loads(void)
{
	static const struct {
		uint8_t reg;
		struct code code;
	} rows[] = {
		{FS, {{0x50, 0x0f, 0xa1}, 3}}, {GS, {{0x50, 0x0f, 0xa9}, 3}},
		{SS, {{0x0f, 0xb2, 0x0f}, 3}}, /* lss (%rdi), %ecx */
		{FS, {{0x0f, 0xb4, 0x0f}, 3}}, {GS, {{0x0f, 0xb5, 0x0f}, 3}},
	};

	victim_make();
	victim_begin.rdi = VICTIM_DATA;
	for (unsigned r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		for (unsigned i = 0; i < SELECTORS; i++) {
			victim_begin.rax = selectors[i];
			victim_data[0] = (uint64_t)selectors[i] << 32;
			victim_expect(&rows[r].code,
				      load_outcome(rows[r].reg, selectors[i]),
				      "load of segment",
				      rows[r].reg << 16 | selectors[i]);
		}
	}
	for (unsigned op = 0x06; op <= 0x1f; op++) /* push, pop es cs ss ds */
		if ((op & 7) >= 6 && op != 0x0f)
			victim_expect(&CODE(op), FAULTS(OPCODE), "push", op);
}

/* What is loaded when the kernel is entered, by a call and by a fault. */
static void into_the_kernel_with_selectors(void)
{
	victim_make();
	for (unsigned reg = ES; reg <= GS; reg++) {
		for (unsigned i = 0; i < SELECTORS; i++) {
			struct code c = {.length = 0};

			if (reg == CS ||
			    load_outcome(reg, selectors[i]) != GOES_ON)
				continue;
			ADD(&c, 0x8e, 0xc0 | reg << 3); /* mov %eax, %sreg */
			ADD(&c, 0xb8, SYS_YIELD, 0, 0, 0, 0x0f, 0x05);
			ADD(&c, 0xb8, SYS_VERSION, 0, 0, 0, 0x0f, 0x05);
			victim_begin.rax = selectors[i];
			victim_expect(&c, GOES_ON, "syscall with segment",
				      reg << 16 | selectors[i]);
			EXPECT_EQUAL(victim_end.rdx, ABI_VERSION);
		}
	}
}

/* A far pointer in memory: 32 bits of offset. The code is below none. */
static void far_transfers(void)
{
	static const struct code codes[] = {
		{{0xff, 0x2f}, 2},	 /* ljmp *(%rdi) */
		{{0xff, 0x1f}, 2},	 /* lcall *(%rdi) */
		{{0x51, 0x50, 0xcb}, 3}, /* offset, selector popped: lret */
		{{0x51, 0x50, 0x48, 0xcb}, 4},
		{{0x51, 0x50, 0xca, 8, 0}, 5},
	};
	static const uint32_t offsets[] = {0, 0x1000, 0x80100000, 0xffffffff};

	unsigned lenient;

	victim_make();
	lenient = victim_lenient();
	for (unsigned n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
		for (unsigned i = 0; i < SELECTORS; i++) {
			uint16_t s = selectors[i];
			uint32_t offset = offsets[i % 4];
			/* To our code: but nothing is there. */
			unsigned may =
				(s & ~3u) == (USER_CODE & ~3u)
					? FAULTS(PROTECTION) | FAULTS(PAGE)
					: FAULTS(PROTECTION);

			victim_data[0] = (uint64_t)s << 32 | offset;
			victim_begin.rcx = s;
			victim_begin.rax = offset;
			victim_expect(&codes[n], may | lenient, "far transfer",
				      n << 16 | s);
		}
	}
	/* Direct ones are none in 64-bit mode. */
	victim_expect(&CODE(0xea, 0, 0, 0, 0, 0x2b, 0), FAULTS(OPCODE), "ljmp",
		      0);
	victim_expect(&CODE(0x9a, 0, 0, 0, 0, 0x2b, 0), FAULTS(OPCODE), "lcall",
		      0);
}

/* The processor has no LDT: what lies at address 0 is none. */
static void an_ldt_of_ones_own(void)
{
	static const struct code call = {{0xff, 0x1f}, 2}; /* lcall *(%rdi) */
	const uint64_t to = VICTIM_CODE + 100;
	volatile uint64_t *gate = (uint64_t *)0;

	victim_make();
	map_new(0, RIGHT_READ | RIGHT_WRITE);
	__asm__("" : "+r"(gate)); /* compilers believe that nothing is there */
	for (unsigned i = 0; i < 16; i += 2) {
		/* A call gate for ring 3, to the kernel's code segment. */
		gate[i] = (to & 0xffff) | 8 << 16 | UINT64_C(0xec00) << 32 |
			  (to >> 16 & 0xffff) << 48;
		gate[i + 1] = to >> 32;
	}
	victim_begin.rdi = VICTIM_DATA;
	for (unsigned selector = 4; selector < 128; selector += 8) {
		victim_data[0] = (uint64_t)(selector | 3) << 32;
		victim_expect(&call, FAULTS(PROTECTION), "a gate of an LDT",
			      selector);
	}
}

/* lretq with a good selector goes on, also with an RPL that is not ours. */
static void far_returns(void)
{
	struct code c = CODE(0x51, 0x50, 0x48, 0xcb);

	victim_make();
	if (victim_lenient())
		return;
	victim_begin.rax = VICTIM_CODE + 100;
	victim_begin.rcx = USER_CODE;
	victim_expect(&c, GOES_ON, "lretq", USER_CODE);
	EXPECT_EQUAL(victim_end.rip, VICTIM_CODE + 101);
	victim_begin.rcx = USER_CODE & ~3u;
	victim_expect(&c, FAULTS(PROTECTION), "lretq", USER_CODE & ~3u);
	victim_begin.rcx = USER_CODE;
	victim_begin.rax = UINT64_C(0x800000000000);
	victim_expect(&c, FAULTS(PROTECTION), "lretq", victim_begin.rax);
}

/* The five words that iretq pops, from the data page by RSP. */
static unsigned try_iret(uint64_t rip, uint64_t cs, uint64_t flags,
			 uint64_t rsp, uint64_t ss)
{
	struct code c = CODE(0x48, 0xcf);

	victim_data[0] = rip;
	victim_data[1] = cs;
	victim_data[2] = flags;
	victim_data[3] = rsp;
	victim_data[4] = ss;
	victim_begin.rsp = VICTIM_DATA;
	return victim_try(&c);
}

static void returns_from_interrupts(void)
{
	static const uint64_t odd_rsp[] = {0,
					   7,
					   UINT64_C(0x7fffffffffff),
					   UINT64_C(0x800000000000),
					   UINT64_C(0xffff800000000000),
					   ~UINT64_C(0)};
	const uint64_t rip = VICTIM_CODE + 100;

	victim_make();
	if (victim_lenient())
		return;
	for (unsigned i = 0; i < SELECTORS; i++) {
		uint16_t s = selectors[i];

		EXPECT_EQUAL(try_iret(rip, s, 2, VICTIM_RSP, USER_DATA),
			     s == USER_CODE ? GOES_ON : FAULTS(PROTECTION));
		EXPECT_EQUAL(try_iret(rip, USER_CODE, 2, VICTIM_RSP, s),
			     s == USER_DATA ? GOES_ON : FAULTS(PROTECTION));
	}
	for (unsigned i = 0; i < sizeof(odd_rsp) / sizeof(odd_rsp[0]); i++) {
		EXPECT_EQUAL(try_iret(rip, USER_CODE, 2, odd_rsp[i], USER_DATA),
			     GOES_ON);
		EXPECT_EQUAL(victim_end.rsp, odd_rsp[i]);
	}
	EXPECT_EQUAL(try_iret(UINT64_C(0x800000000000), USER_CODE, 2,
			      VICTIM_RSP, USER_DATA),
		     FAULTS(PROTECTION));
	EXPECT_EQUAL(try_iret(UINT64_C(0xffff800000000000), USER_CODE, 2,
			      VICTIM_RSP, USER_DATA),
		     FAULTS(PAGE));
	victim_begin.rsp = 8; /* nothing to pop */
	EXPECT_EQUAL(victim_try(&CODE(0x48, 0xcf)), FAULTS(PAGE));
}

/* Each flag alone, and all, by iretq. */
static void flags_by_iret(void)
{
	victim_make();
	if (victim_lenient())
		return;
	for (unsigned bit = 0; bit <= 64; bit++) {
		uint64_t flags = bit < 64 ? UINT64_C(1) << bit : ~UINT64_C(0);
		unsigned got;

		got = try_iret(VICTIM_CODE + 100, USER_CODE, flags, VICTIM_RSP,
			       USER_DATA);
		/* A step before the breakpoint; else nothing to see. */
		EXPECT(got &
		       (flags & 0x100 ? FAULTS(DEBUG) | GOES_ON : GOES_ON));
		EXPECT_EQUAL(victim_end.rflags & 0x23200, 0x200);
	}
}

/* The same by popf, and then into the kernel and back. */
static void flags_by_popf(void)
{
	victim_make();
	for (unsigned bit = 0; bit <= 32; bit++) {
		uint64_t flags = bit < 32 ? UINT64_C(1) << bit : 0xfffffeff;
		struct code c = CODE(0x50, 0x9d); /* push %rax; popf */

		ADD(&c, 0xb8, SYS_YIELD, 0, 0, 0, 0x0f, 0x05);
		ADD(&c, 0xb8, SYS_VERSION, 0, 0, 0, 0x0f, 0x05);
		victim_begin.rax = flags;
		victim_expect(&c, flags & 0x100 ? FAULTS(DEBUG) : GOES_ON,
			      "popf", flags);
		if (!(flags & 0x100))
			EXPECT_EQUAL(victim_end.rdx, ABI_VERSION);
	}
	/* Back by iret with NT set is a fault in 64-bit mode. */
	victim_begin.rax = 0x4002;
	victim_begin.rcx = 0;
	victim_expect(&CODE(0x50, 0x9d, 0x48, 0xcf), FAULTS(PROTECTION),
		      "iretq with NT", 0);
	/* Not aligned, with AC: only if CR0.AM is set. */
	victim_begin.rax = 0x40002;
	victim_begin.rdi = VICTIM_DATA + 1;
	victim_expect(&CODE(0x50, 0x9d, 0x8b, 0x07),
		      GOES_ON | FAULTS(PROTECTION), "AC", 0);
}

/* What follows a load of SS is not interrupted before it: also no trap. */
static void in_the_shadow_of_ss(void)
{
	static const struct code codes[] = {
		{{0x8e, 0xd0, 0x0f, 0x05}, 4},	     /* syscall */
		{{0x8e, 0xd0, 0xcc}, 3},	     /* int3 */
		{{0x8e, 0xd0, 0xcd, 0x80}, 4},	     /* int $0x80 */
		{{0x8e, 0xd0, 0x0f, 0x0b}, 4},	     /* ud2 */
		{{0x8e, 0xd0, 0xf4}, 3},	     /* hlt */
		{{0x8e, 0xd0, 0x8e, 0xd0, 0xcc}, 5}, /* once more */
	};

	victim_make();
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		for (unsigned tf = 0; tf < 2; tf++) {
			victim_begin.rax = USER_DATA;
			victim_begin.rflags = tf << 8;
			victim_expect(&codes[i], ANY_FAULT | GOES_ON,
				      "behind a load of SS", i);
		}
	}
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"selectors by mov", moves},
		{"selectors by pop, lss, lfs, lgs", other_loads},
		{"system calls with all selectors",
		 into_the_kernel_with_selectors},
		{"far jumps, calls and returns", far_transfers},
		{"gates of an LDT of one's own", an_ldt_of_ones_own},
		{"far returns to where one may", far_returns},
		{"iretq with odd frames", returns_from_interrupts},
		{"flags by iretq", flags_by_iret},
		{"flags by popf", flags_by_popf},
		{"traps in the shadow of SS", in_the_shadow_of_ss},
	};

	return RUN_CASES(cases);
}
