/*
 * privileged.c: the rest of what user code may try: each privileged
 * instruction, each interrupt by number, ports, strings and stacks at the
 * edges of the address space, broken FPU state, and frames that lead nowhere.
 */
#include "tests/kernel/victim.h"

#define EDGE   UINT64_C(0x0000800000000000) /* the first that is not canonical */
#define UPPER  UINT64_C(0xffff800000000000) /* the kernel's memory */
#define KERNEL UINT64_C(0xffffffff80100000) /* and its code */

struct row {
	const char *name;
	struct code code;
	unsigned may;
};

#define GP	   FAULTS(PROTECTION)
#define UD	   FAULTS(OPCODE)
#define PF	   FAULTS(PAGE)
#define ROWS(rows) try_rows(rows, sizeof(rows) / sizeof((rows)[0]))
#define ROW(n, m, ...)                                                  \
	{                                                               \
		n, {{__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})}, m \
	}

/* See victim_lenient(); for the cases that need it. */
static unsigned lenient;

static void try_rows(const struct row *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		victim_expect(&rows[i].code, rows[i].may | lenient,
			      rows[i].name, i);
}

/* RDI: data, RAX, RCX, RDX: 0. Memory for tables and bases is zero. */
static void privileged(void)
{
	static const struct row rows[] = {
		ROW("hlt", GP, 0xf4),
		ROW("cli", GP, 0xfa),
		ROW("sti", GP, 0xfb),
		ROW("clts", GP, 0x0f, 0x06),
		ROW("invd", GP, 0x0f, 0x08),
		ROW("wbinvd", GP, 0x0f, 0x09),
		ROW("wrmsr", GP, 0x0f, 0x30),
		ROW("rdmsr", GP, 0x0f, 0x32),
		ROW("rdpmc", GP | UD, 0x0f, 0x33),
		ROW("sysenter", GP | UD, 0x0f, 0x34),
		ROW("sysexit", GP | UD, 0x0f, 0x35),
		ROW("sysretl", GP | UD, 0x0f, 0x07),
		ROW("sysretq", GP | UD, 0x48, 0x0f, 0x07),
		ROW("lgdt", GP, 0x0f, 0x01, 0x17),
		ROW("lidt", GP, 0x0f, 0x01, 0x1f),
		ROW("lldt", GP, 0x0f, 0x00, 0x17),
		ROW("ltr", GP, 0x0f, 0x00, 0x1f),
		ROW("lmsw", GP, 0x0f, 0x01, 0x37),
		ROW("invlpg", GP, 0x0f, 0x01, 0x3f),
		ROW("swapgs", GP, 0x0f, 0x01, 0xf8),
		ROW("xsetbv", GP | UD, 0x0f, 0x01, 0xd1),
		ROW("monitor", GP | UD, 0x0f, 0x01, 0xc8),
		ROW("mwait", GP | UD, 0x0f, 0x01, 0xc9),
		ROW("clac", GP | UD, 0x0f, 0x01, 0xca),
		ROW("stac", GP | UD, 0x0f, 0x01, 0xcb),
		ROW("vmcall", ANY_FAULT | GOES_ON, 0x0f, 0x01, 0xc1),
		ROW("vmlaunch", GP | UD, 0x0f, 0x01, 0xc2),
		ROW("vmrun", GP | UD, 0x0f, 0x01, 0xd8),
		/* KVM answers some of them itself. */
		ROW("vmmcall", ANY_FAULT | GOES_ON, 0x0f, 0x01, 0xd9),
		ROW("stgi", GP | UD, 0x0f, 0x01, 0xdc),
		ROW("invpcid", GP | UD, 0x66, 0x0f, 0x38, 0x82, 0x07),
		ROW("rsm", UD, 0x0f, 0xaa),
		ROW("xrstors", GP | UD, 0x0f, 0xc7, 0x1f),
		ROW("xsaves", GP | UD, 0x0f, 0xc7, 0x2f),
	};

	victim_make();
	victim_begin.rdi = VICTIM_DATA;
	ROWS(rows);
}

/* With UMIP they are refused; else they tell what the kernel does not hide. */
static void descriptor_tables(void)
{
	static const struct row rows[] = {
		ROW("sgdt", GP | GOES_ON, 0x0f, 0x01, 0x07),
		ROW("sidt", GP | GOES_ON, 0x0f, 0x01, 0x0f),
		ROW("sldt", GP | GOES_ON, 0x0f, 0x00, 0x07),
		ROW("str", GP | GOES_ON, 0x0f, 0x00, 0x0f),
		ROW("smsw", GP | GOES_ON, 0x0f, 0x01, 0x27),
		ROW("lar", GOES_ON, 0x0f, 0x02, 0x07),
		ROW("lsl", GOES_ON, 0x0f, 0x03, 0x07),
		ROW("verr", GOES_ON, 0x0f, 0x00, 0x27),
		ROW("verw", GOES_ON, 0x0f, 0x00, 0x2f),
	};

	victim_make();
	victim_begin.rdi = VICTIM_DATA;
	ROWS(rows);
}

static void control_and_debug_registers(void)
{
	static const uint64_t values[] = {0, 1, 0x80000011, ~UINT64_C(0)};

	victim_make();
	for (unsigned op = 0x20; op <= 0x23; op++) {
		for (unsigned reg = 0; reg < 16; reg++) {
			uint8_t rex = 0x40 | (reg >= 8) << 2;
			struct code c =
				CODE(rex, 0x0f, op, 0xc0 | reg % 8 << 3);

			victim_begin.rax = values[reg % 4];
			victim_expect(&c, GP | UD, "mov cr/dr", op << 8 | reg);
		}
	}
}

static void msrs(void)
{
	static const uint32_t numbers[] = {
		0x10,	    0x1b,	0x174,	    0x175,	0x176,
		0x277,	    0x6e0,	0xc0000080, 0xc0000081, 0xc0000082,
		0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xffffffff};

	victim_make();
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		victim_begin.rcx = numbers[i];
		victim_expect(&CODE(0x0f, 0x32), GP, "rdmsr", numbers[i]);
		victim_expect(&CODE(0x0f, 0x30), GP, "wrmsr", numbers[i]);
	}
}

static void interrupts(void)
{
	victim_make();
	for (unsigned n = 0; n < 256; n++)
		victim_expect(&CODE(0xcd, n), n == 3 ? FAULTS(DEBUG) : GP,
			      "int", n);
	victim_expect(&CODE(0xcc), FAULTS(DEBUG), "int3", 0);
	/* QEMU's processor has no such instruction. */
	victim_expect(&CODE(0xf1), FAULTS(DEBUG) | UD, "int1", 0);
	victim_expect(&CODE(0xce), UD, "into", 0);
	victim_expect(&CODE(0x62, 0x07), UD, "bound", 0);
}

static void ports(void)
{
	static const uint8_t ops[] = {0xec, 0xed, 0xee, 0xef, 0x6c, 0x6d,
				      0x6e, 0x6f, 0xe4, 0xe5, 0xe6, 0xe7};
	static const uint16_t numbers[] = {0,	  0x20,	 0x21,	0x60,
					   0x64,  0x70,	 0xf4,	0x3f8,
					   0x501, 0xcf9, 0xffff};

	victim_make();
	victim_begin.rdi = victim_begin.rsi = VICTIM_DATA;
	victim_begin.rcx = 1;
	victim_begin.rax = 0x31;
	for (unsigned i = 0; i < sizeof(ops); i++) {
		for (unsigned n = 0; n < 11; n++) {
			struct code c = CODE(ops[i], numbers[n] & 0xff);

			if (ops[i] >= 0xe4 && ops[i] <= 0xe7 &&
			    numbers[n] > 255)
				continue;
			if (ops[i] < 0xe4 || ops[i] > 0xe7)
				c.length = 1;
			victim_begin.rdx = numbers[n];
			victim_expect(&c, GP, "port",
				      ops[i] << 16 | numbers[n]);
		}
	}
}

/* rep movsb, stosq, lodsb, cmpsb, scasb, from below an edge and beyond it. */
static void strings(void)
{
	static const uint64_t edges[] = {
		EDGE - 16, EDGE,   EDGE + 16,	 UPPER - 16,
		UPPER,	   KERNEL, ~UINT64_C(0), VICTIM_DATA + 0x1000 - 16};
	static const struct code codes[] = {
		{{0xf3, 0xa4}, 2}, {{0xf3, 0x48, 0xab}, 3},
		{{0xf3, 0xac}, 2}, {{0xf3, 0xa6}, 2},
		{{0xf3, 0xae}, 2}, {{0xfd, 0xf3, 0xa4}, 3}};

	victim_make();
	for (unsigned n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
		for (unsigned i = 0; i < 8; i++) {
			for (unsigned source = 0; source < 2; source++) {
				victim_begin.rdi =
					source ? VICTIM_DATA + 8 : edges[i];
				victim_begin.rsi =
					source ? edges[i] : VICTIM_DATA + 8;
				victim_begin.rcx = 4096;
				memset((void *)VICTIM_DATA, 0, 4096);
				victim_expect(&codes[n], PF | GP, "string",
					      n << 8 | i << 1 | source);
			}
		}
	}
}

static const uint64_t odd_stacks[] = {
	0,	   1,	     8,		  VICTIM_STACK, VICTIM_STACK + 3,
	EDGE - 8,  EDGE - 1, EDGE,	  EDGE + 4,	UPPER,
	UPPER + 8, KERNEL,   ~UINT64_C(0)};
#define ODD_STACKS (sizeof(odd_stacks) / sizeof(odd_stacks[0]))

/* Reached by `mov %rdx, %rsp`: TASK_SET_REGISTERS takes no such ones. */
static void stacks(void)
{
	static const struct row rows[] = {
		ROW("push", GP | PF, 0x48, 0x89, 0xd4, 0x50),
		ROW("call", GP | PF, 0x48, 0x89, 0xd4, 0xe8, 0, 0, 0, 0),
		ROW("enter", GP | PF, 0x48, 0x89, 0xd4, 0xc8, 64, 0, 1),
		ROW("pushf", GP | PF, 0x48, 0x89, 0xd4, 0x9c),
		ROW("int3", FAULTS(DEBUG), 0x48, 0x89, 0xd4, 0xcc),
		ROW("ud2", UD, 0x48, 0x89, 0xd4, 0x0f, 0x0b),
		ROW("hlt", GP, 0x48, 0x89, 0xd4, 0xf4),
		ROW("yield", GOES_ON, 0x48, 0x89, 0xd4, 0x31, 0xc0, 0xff, 0xc0,
		    0x0f, 0x05),
	};

	victim_make();
	for (unsigned i = 0; i < ODD_STACKS; i++) {
		victim_begin.rdx = odd_stacks[i];
		ROWS(rows);
	}
}

/* As a fault's registers are shown, the frames are followed from RBP. */
static void backtraces(void)
{
	struct thread t;
	struct task_registers *r = (void *)rt_buffer()->data;

	victim_make();
	victim_expect(&CODE(0x0f, 0x0b), UD, "ud2", 0);
	t = thread_make((void (*)(uint64_t))(uintptr_t)VICTIM_CODE, 0);
	for (unsigned i = 0; i < ODD_STACKS; i++) {
		victim_data[0] = odd_stacks[i];
		for (unsigned direct = 0; direct < 2; direct++) {
			memset(r, 0, sizeof(*r));
			r->rip = VICTIM_CODE + 16;
			r->rsp = VICTIM_RSP;
			r->rbp = direct ? odd_stacks[i] : VICTIM_DATA;
			EXPECT_OK(sys_task_set_registers(t.task));
			EXPECT_OK(sys_task_set_active(t.task, 1));
			EXPECT(await_state(t.task, TASK_INACTIVE));
		}
	}
}

/* The last instruction of user space is a system call. */
static void the_end_of_the_address_space(void)
{
	const uint64_t page = UINT64_C(0x7fffffffe000);
	volatile uint8_t *bytes = (uint8_t *)page;
	struct caddr frame;

	victim_make();
	frame = map_new(page, RIGHT_READ | RIGHT_WRITE);
	bytes[0xffe] = 0x0f;
	bytes[0xfff] = 0x05;
	EXPECT_OK(sys_page_map(frame, page, RIGHT_READ | RIGHT_EXEC, PML4));
	victim_begin.rip = page + 0xffe;
	victim_begin.rax = SYS_YIELD;
	EXPECT_EQUAL(victim_try(&CODE(0x90)), PF);
	EXPECT_EQUAL(victim_end.rip, page + 0x1000);
	EXPECT_EQUAL(sys_page_map(minted(frame, RIGHT_ALL, 0), page + 0x1000,
				  RIGHT_READ, PML4),
		     ERR_RANGE);
}

/* Instructions that are none, or too long, or locked. */
static void undefined(void)
{
	static const struct row rows[] = {
		ROW("ud0", UD, 0x0f, 0xff, 0xc0),
		ROW("ud1", UD, 0x0f, 0xb9, 0xc0),
		ROW("ud2", UD, 0x0f, 0x0b),
		ROW("lock nop", UD, 0xf0, 0x90),
		ROW("lock mov", UD, 0xf0, 0x48, 0x89, 0x07),
		ROW("lock add to a register", UD, 0xf0, 0x48, 0x01, 0xc0),
		ROW("aaa", UD, 0x37),
		ROW("pusha", UD, 0x60),
		ROW("salc", UD, 0xd6),
		ROW("15 prefixes and a nop", GP, 0x66, 0x66, 0x66, 0x66, 0x66,
		    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		    0x90),
	};

	victim_make();
	lenient = victim_lenient();
	ROWS(rows);
	lenient = 0;
}

/* MXCSR with reserved bits; exceptions that are unmasked, and pending. */
static void floating_point(void)
{
	static const struct row rows[] = {
		ROW("ldmxcsr", GP, 0x0f, 0xae, 0x17),
		ROW("fxrstor", GP, 0x0f, 0xae, 0x0f),
		ROW("unaligned fxsave", GP, 0x0f, 0xae, 0x47, 0x08),
		ROW("unaligned movaps", GP, 0x0f, 0x28, 0x47, 0x08),
		/* fldcw 32(%rdi), fldz, fldz, fdivp; then yields, then fwait */
		ROW("x87 error", FAULTS(ARITHMETIC), 0xd9, 0x6f, 0x20, 0xd9,
		    0xee, 0xd9, 0xee, 0xde, 0xf9, 0x31, 0xc0, 0xff, 0xc0, 0x0f,
		    0x05, 0x9b),
		ROW("fninit", GOES_ON, 0xdb, 0xe3, 0x9b),
		/* ldmxcsr 36(%rdi), xorps, divps */
		ROW("SIMD error", FAULTS(ARITHMETIC), 0x0f, 0xae, 0x57, 0x24,
		    0x0f, 0x57, 0xc0, 0x0f, 0x5e, 0xc0),
	};

	victim_make();
	lenient = victim_lenient();
	memset((void *)VICTIM_DATA, 0, 512);
	victim_data[0] = ~UINT64_C(0); /* as an MXCSR */
	victim_data[3] = ~UINT64_C(0); /* FXRSTOR's at 24 */
	victim_data[4] = 0x0340;       /* FCW; then an MXCSR of 0 */
	victim_begin.rdi = VICTIM_DATA;
	ROWS(rows);
	lenient = 0;
}

static uint64_t odd_value(uint64_t *seed)
{
	static const uint64_t values[] = {0,	      1,	   VICTIM_DATA,
					  VICTIM_RSP, EDGE,	   UPPER,
					  KERNEL,     ~UINT64_C(0)};
	uint64_t n = next_random(seed) >> 8;

	return n & 8 ? next_random(seed) : values[n & 7] + (n >> 4 & 15);
}

/*
 * Whatever the bytes are. The task has an empty pool, so that a system call
 * among them reaches nothing; RAX is no number of one.
 */
static void random_bytes(void)
{
	uint64_t seed = 1, *r = (uint64_t *)&victim_begin;
	uint64_t now = sys_clock();
	/* The kernel that checks itself takes long for a call. */
	bool quick = counts_instructions() && sys_clock() - now < 5000;
	unsigned faults = 0, tries = quick ? 4000 : 300;

	victim_make();
	victim_set_pool(make(OBJECT_CPOOL, 0));
	victim_time = 1000000;
	for (unsigned i = 0; i < tries; i++) {
		struct code c = {.length = 16};

		for (unsigned n = 0; n < c.length; n++)
			c.byte[n] = next_random(&seed) >> 16;
		if (i % 2) /* more of the longer opcodes */
			c.byte[0] = 0x0f;
		for (unsigned n = 0; n < 16; n++)
			r[n] = odd_value(&seed);
		victim_begin.rax |= UINT64_C(1) << 40;
		victim_begin.rsp = VICTIM_RSP;
		victim_begin.rip = VICTIM_CODE;
		victim_begin.rflags = next_random(&seed) & 0xcd5;
		faults += !!(victim_try(&c) & ANY_FAULT);
		EXPECT_EQUAL(victim_end.rflags & 0x23200, 0x200);
	}
	EXPECT(faults > tries / 2);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"privileged instructions", privileged},
		{"those about descriptor tables", descriptor_tables},
		{"control and debug registers", control_and_debug_registers},
		{"model-specific registers", msrs},
		{"interrupts by number", interrupts},
		{"ports", ports},
		{"strings at the edges", strings},
		{"stacks at the edges", stacks},
		{"frames that lead nowhere", backtraces},
		{"a system call at the end of user space",
		 the_end_of_the_address_space},
		{"undefined instructions", undefined},
		{"floating point errors", floating_point},
		{"random bytes", random_bytes},
	};

	return RUN_CASES(cases);
}
