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

#define FX_BYTES   416 /* of the 512 that FXSAVE uses: up to XMM15 */
#define FX_CONTROL 0
#define FX_TAGS	   4
#define FX_MXCSR   24
#define FX_X87	   32
#define FX_SSE	   160

/* All of the registers that a task's program can hold. */
struct state {
	uint64_t general[15]; /* without rsp */
	uint64_t flags;
	uint8_t fx[512] __attribute__((aligned(16))); /* x87 and SSE */
};

_Static_assert(sizeof(struct state) == 640 &&
		       offsetof(struct state, flags) == 120 &&
		       offsetof(struct state, fx) == 128,
	       "hold_state.S");

/* hold_state.S: from before[N] into the registers, and into after[N]. */
void hold_state_0(void);
void hold_state_1(void);
struct state before[2], after[2];

static void choose_state(unsigned n)
{
	/* Rounding differs; all exceptions are masked. */
	static const uint16_t control[2] = {0x037f, 0x0e7f};
	static const uint32_t mxcsr[2] = {0x1f80, 0x7f80};
	struct state *s = &before[n];
	uint64_t seed = 1 + n;

	memset(s, 0, sizeof(*s));
	for (int i = 0; i < 15; i++)
		s->general[i] = i == 1 ? 0 : next_random(&seed);
	/* As this machine writes it, with contents of our own. */
	__asm__ volatile("fxsave64 %0" : "+m"(s->fx));
	memcpy(&s->fx[FX_CONTROL], &control[n], sizeof(control[n]));
	memcpy(&s->fx[FX_MXCSR], &mxcsr[n], sizeof(mxcsr[n]));
	s->fx[FX_TAGS] = 0xff; /* no x87 register is empty */
	for (int i = 0; i < 8; i++) {
		for (int j = 0; j < 10; j++)
			s->fx[FX_X87 + 16 * i + j] = next_random(&seed);
	}
	for (int i = FX_SSE; i < FX_BYTES; i++)
		s->fx[i] = next_random(&seed);
	/* Of `dec` to zero: ZF and PF; DF, IF and bit 1. */
	s->flags = 0x646;
}

/* Bytes of the states that differ; the carry is no one's. */
static unsigned differences(struct state *a, struct state *b)
{
	unsigned count = 0;

	b->flags &= ~UINT64_C(1);
	for (size_t i = 0; i < sizeof(a->general); i++)
		count += ((uint8_t *)a->general)[i] !=
			 ((uint8_t *)b->general)[i];
	for (int i = 0; i < FX_BYTES; i++)
		count += a->fx[i] != b->fx[i];
	return count + (a->flags != b->flags);
}

static void hold(uint64_t n)
{
	for (int round = 0; round < 4; round++) {
		memset(&after[n], 0, sizeof(after[n]));
		if (n == 0)
			hold_state_0();
		else
			hold_state_1();
		wrong[n] += differences(&before[n], &after[n]);
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
