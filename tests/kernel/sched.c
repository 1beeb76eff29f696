/*
 * sched.c: the processor is shared, and what a task has in it is its own:
 * general registers, flags, x87 and SSE state, FS base. The tasks here never
 * yield while they look, so that ticks fall into the looking.
 */
#include "tests/kernel/check.h"

#define SPINS 2000000 /* some ticks long */

static volatile uint64_t counter[3], done[2], wrong[2];

static void count(uint64_t n)
{
	for (;;)
		counter[n]++;
}

static void test_preemption(void)
{
	struct thread t[3];
	uint64_t low, high, start;

	for (int i = 0; i < 3; i++)
		t[i] = thread_start(count, i);
	/* We spin too: only a tick lets the others run. */
	for (uint64_t i = 0; i < 100 * (uint64_t)SPINS; i++) {
		if (counter[0] && counter[1] && counter[2])
			break;
		__asm__ volatile("pause");
	}
	check(counter[0] && counter[1] && counter[2],
	      "three spinning tasks run beside a fourth");
	start = counter[0];
	for (int i = 0; i < 20; i++)
		sys_yield(); /* a round each */
	check(counter[0] > start, "rounds");
	low = high = counter[0];
	for (int i = 1; i < 3; i++) {
		low = counter[i] < low ? counter[i] : low;
		high = counter[i] > high ? counter[i] : high;
	}
	check(low > high / 4, "no one is left behind");
	for (int i = 0; i < 3; i++)
		sys_task_set_active(t[i].task, 0);
}

/* All of the registers that a task's program can hold. */
struct state {
	uint64_t general[15]; /* without rsp */
	uint64_t flags;
	uint8_t xmm[16][16];
	double x87[4];
	uint16_t x87_control;
	uint32_t mxcsr;
};

/*
 * Loads all of `before`, spins `spins` times, and stores all into `after`.
 * Everything is at a fixed place: no register is left to point to it.
 */
void hold_state_0(void);
void hold_state_1(void);
struct state before[2], after[2];

#define LOAD_XMM(i, n) \
	"movups before+%c[size]*" #i "+%c[xmm]+16*" #n ", %%xmm" #n "\n"
#define STORE_XMM(i, n) \
	"movups %%xmm" #n ", after+%c[size]*" #i "+%c[xmm]+16*" #n "\n"
#define ALL16(what, i)                                                    \
	what(i, 0) what(i, 1) what(i, 2) what(i, 3) what(i, 4) what(i, 5) \
		what(i, 6) what(i, 7) what(i, 8) what(i, 9) what(i, 10)   \
			what(i, 11) what(i, 12) what(i, 13) what(i, 14)   \
				what(i, 15)
#define LOAD(i, n, reg)	 "mov before+%c[size]*" #i "+8*" #n ", %%" reg "\n"
#define STORE(i, n, reg) "mov %%" reg ", after+%c[size]*" #i "+8*" #n "\n"
#define ALL_GENERAL(what, i)                                                  \
	what(i, 0, "rax") what(i, 2, "rdx") what(i, 3, "rbx")                 \
		what(i, 4, "rsi") what(i, 5, "rdi") what(i, 6, "rbp")         \
			what(i, 7, "r8") what(i, 8, "r9") what(i, 9, "r10")   \
				what(i, 10, "r11") what(i, 11, "r12")         \
					what(i, 12, "r13") what(i, 13, "r14") \
						what(i, 14, "r15")

/* rcx counts; the flags hold what the last step of counting cannot change. */
#define HOLD_STATE(i)                                                          \
	__attribute__((naked)) void hold_state_##i(void)                       \
	{                                                                      \
		__asm__ volatile(                                              \
			"push %%rbx\n push %%rbp\n push %%r12\n"               \
			"push %%r13\n push %%r14\n push %%r15\n"               \
			"fninit\n"                                             \
			"fldl before+%c[size]*" #i "+%c[x87]\n"                \
			"fldl before+%c[size]*" #i "+%c[x87]+8\n"              \
			"fldcw before+%c[size]*" #i "+%c[control]\n"           \
			"ldmxcsr before+%c[size]*" #i                          \
			"+%c[mxcsr]\n" ALL16(LOAD_XMM, i) ALL_GENERAL(         \
				LOAD,                                          \
				i) "mov %[spins], %%rcx\n"                     \
				   "std\n"                                     \
				   "1: dec %%rcx\n jnz 1b\n" ALL_GENERAL(      \
					   STORE, i)                           \
					   ALL16(STORE_XMM,                    \
						 i) "pushfq\n pop %%rax\n "    \
						    "cld\n"                    \
						    "mov %%rax, "              \
						    "after+%c[size]*" #i       \
						    "+%c[flags]\n"             \
						    "fnstcw "                  \
						    "after+%c[size]*" #i       \
						    "+%c[control]\n"           \
						    "stmxcsr "                 \
						    "after+%c[size]*" #i       \
						    "+%c[mxcsr]\n"             \
						    "fstpl after+%c[size]*" #i \
						    "+%c[x87]+8\n"             \
						    "fstpl after+%c[size]*" #i \
						    "+%c[x87]\n"               \
						    "fninit\n"                 \
						    "pop %%r15\n pop %%r14\n " \
						    "pop %%r13\n"              \
						    "pop %%r12\n pop %%rbp\n " \
						    "pop %%rbx\n"              \
						    "ret\n"                    \
			:                                                      \
			: [size] "i"(sizeof(struct state)),                    \
			  [xmm] "i"(offsetof(struct state, xmm)),              \
			  [x87] "i"(offsetof(struct state, x87)),              \
			  [control] "i"(offsetof(struct state, x87_control)),  \
			  [mxcsr] "i"(offsetof(struct state, mxcsr)),          \
			  [flags] "i"(offsetof(struct state, flags)),          \
			  [spins] "i"(SPINS));                                 \
	}

HOLD_STATE(0)
HOLD_STATE(1)

static void choose_state(unsigned n)
{
	/* Rounding and precision differ; all exceptions are masked. */
	static const uint16_t control[2] = {0x037f, 0x0e7f};
	static const uint32_t mxcsr[2] = {0x1f80, 0x7f80};
	struct state *s = &before[n];
	uint64_t seed = 1 + n;

	memset(s, 0, sizeof(*s));
	for (int i = 0; i < 15; i++)
		s->general[i] = i == 1 ? 0 : next_random(&seed);
	for (int i = 0; i < 16; i++) {
		for (int j = 0; j < 16; j++)
			s->xmm[i][j] = next_random(&seed);
	}
	s->x87[0] = 3 + 1000 * n;
	s->x87[1] = 5 + 1000 * n;
	s->x87_control = control[n];
	s->mxcsr = mxcsr[n];
	/* Of `dec` to zero: ZF, PF, and CF as `std` found it; DF, IF, bit 1. */
	s->flags = 0x646;
}

static void hold(uint64_t n)
{
	for (int round = 0; round < 4; round++) {
		memset(&after[n], 0, sizeof(after[n]));
		if (n == 0)
			hold_state_0();
		else
			hold_state_1();
		after[n].flags &= ~UINT64_C(1); /* the carry is no one's */
		wrong[n] +=
			memcmp(&before[n], &after[n], sizeof(after[n])) != 0;
	}
	done[n] = 1;
}

static void test_registers_are_kept_apart(void)
{
	for (unsigned n = 0; n < 2; n++) {
		choose_state(n);
		thread_start(hold, n);
	}
	check(await(&done[0], 1) && await(&done[1], 1),
	      "two tasks with all registers full");
	check_equal(wrong[0], 0, "the first has kept its own");
	check_equal(wrong[1], 0, "and so has the second");
}

static uint64_t fs_area[2] = {0x1111, 0x2222};

static void look_at_fs(uint64_t n)
{
	for (int i = 0; i < SPINS; i++) {
		uint64_t value;

		__asm__ volatile("movq %%fs:0, %0" : "=r"(value));
		wrong[n] += value != fs_area[n];
		if (i % 1000 == 0)
			sys_yield();
	}
	done[n] = 2;
}

static void test_fs_base(void)
{
	for (unsigned n = 0; n < 2; n++) {
		struct thread t = thread_make(look_at_fs, n);

		wrong[n] = 0;
		sys_task_set_fs_base(t.task, (uint64_t)&fs_area[n]);
		sys_task_set_active(t.task, 1);
	}
	check(await(&done[0], 2) && await(&done[1], 2), "two FS bases");
	check_equal(wrong[0], 0, "the first is kept");
	check_equal(wrong[1], 0, "and so is the second");
}

/* What a system call does not return, it leaves alone. */
static void test_calls_keep_registers(void)
{
	struct raw r = {SYS_YIELD, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66};
	uint64_t rbx = 0x77, r12 = 0x88;

	__asm__ volatile("" : "+b"(rbx));
	raw_call(&r);
	__asm__ volatile("" : "+b"(rbx), "+r"(r12));
	check(r.rdi == 0x11 && r.rsi == 0x22 && r.r8 == 0x55 && r.r9 == 0x66 &&
		      rbx == 0x77 && r12 == 0x88,
	      "a call keeps what is not its result");
	check_error(r.rax, ERR_OK, "yield succeeds");
	r = (struct raw){SYS_COUNT};
	raw_call(&r);
	check_error(r.rax, ERR_NO_SUCH_CALL, "the first call that is none");
	r = (struct raw){~UINT64_C(0)};
	raw_call(&r);
	check_error(r.rax, ERR_NO_SUCH_CALL, "call -1");
	r = (struct raw){UINT64_C(1) << 32};
	raw_call(&r);
	check_error(r.rax, ERR_NO_SUCH_CALL, "call 2^32");
}

int user_main(const struct boot_info *info)
{
	test_preemption();
	test_registers_are_kept_apart();
	test_fs_base();
	test_calls_keep_registers();
	return check_done();
}
