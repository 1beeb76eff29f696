/*
 * subject.c: a program for gdb's sessions: calls to step over and out of,
 * numbers of all kinds to be returned, memory to be watched, a timer whose
 * interrupts come all the time, ring 3, a fault, and several ends.
 */
#include "tests/guest/bare64.h"

#define LAPIC(reg)   (*(volatile uint32_t *)(0xfee00000ul + (reg)))
#define EOI	     0xb0
#define SVR	     0xf0
#define LVT_TIMER    0x320
#define TIMER_COUNT  0x380
#define TIMER_DIVIDE 0x3e0
#define PERIODIC     0x20000u
#define TICK	     0x40

/* In subject_float.c, which may use SSE and x87. */
int floats(void);

volatile int counter, ticks, stop_after = 20;
volatile unsigned char bytes[64];
volatile int ending;

struct pair {
	long first, second;
};

static int add(int a, int b)
{
	int sum = a + b;

	return sum;
}

/* In statements of their own: arguments have no order. */
int fib(int n)
{
	int last, before;

	if (n < 2)
		return n;
	last = fib(n - 1);
	before = fib(n - 2);
	return add(last, before);
}

struct pair pair_of(long first, long second)
{
	struct pair p = {first, second};

	return p;
}

static HANDLER void tick(struct frame *frame)
{
	ticks++;
	LAPIC(EOI) = 0;
}

static void count(void)
{
	for (int i = 0; i < 100; i++)
		counter++;
}

static void touch(void)
{
	bytes[3] = 1;
	bytes[40] = 2;
	__asm__ volatile("rep stosb"
			 :
			 : "D"(bytes), "c"(64), "a"(7)
			 : "memory");
	counter = bytes[5];
}

static void wait_for_ticks(void)
{
	while (ticks < stop_after)
		counter++;
}

static void stop_timer(void)
{
	__asm__ volatile("cli");
	LAPIC(TIMER_COUNT) = 0;
}

static void with_timer(void)
{
	set_handler(TICK, (void *)tick);
	LAPIC(SVR) = 0x1ff;
	LAPIC(TIMER_DIVIDE) = 0xb;
	LAPIC(LVT_TIMER) = PERIODIC | TICK;
	LAPIC(TIMER_COUNT) = 300;
	__asm__ volatile("sti");
	wait_for_ticks();
	stop_timer();
}

CODE(in_user, "user_first: mov $1, %eax\nuser_second: mov $2, %eax\nint3");

CODE(bad, "ud2");

static void wait_for_ever(void)
{
	__asm__ volatile("sti");
	LAPIC(TIMER_COUNT) = 1000000;
	while (ending == 2)
		counter++;
	while (ending == 3)
		__asm__ volatile("hlt");
}

static void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none;

	__asm__ volatile("lidt %0; ud2" ::"m"(none));
}

int test_main(void)
{
	set_cr4(get_cr4() | 1 << 9);
	set_cr0((get_cr0() & ~4ul) | 2);
	__asm__ volatile("fninit");
	count();
	counter = fib(7);
	touch();
	counter = floats();
	counter = (int)pair_of(1, 2).second;
	with_timer();
	attempt_user(in_user);
	attempt(bad);
	if (ending == 1)
		triple_fault();
	if (ending > 1)
		wait_for_ever();
	return 0;
}
