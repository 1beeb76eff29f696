/*
 * avx.c: the FPU's state is each task's own, with the upper halves of the YMM
 * registers where the processor has AVX: through interrupts, yields, calls and
 * answers, and from the first instruction on. Where it has none, the
 * instructions stay undefined; with "must" on the command line, it has some.
 */
#include "tests/kernel/victim.h"

#define REGISTERS   16
#define HOLDERS	    3
#define YIELDS	    40
#define SPINS	    20000 /* between them; together some slices */

#define HAS_OSXSAVE (1u << 27) /* CPUID.1:ECX */

struct ymm {
	uint64_t part[4];
};

static struct {
	struct ymm before[REGISTERS], after[REGISTERS];
} state[HOLDERS];
static struct caddr ep, reply;

#define EACH	  ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
#define LOAD_ALL  EACH "vmovdqu 32*\\n(%[at]), %%ymm\\n\n\t.endr\n\t"
#define STORE_ALL EACH "vmovdqu %%ymm\\n, 512+32*\\n(%[at])\n\t.endr\n\t"
#define ALL_OF_XMM                                                           \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",      \
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
		"xmm15"

static uint32_t features(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c;
}

static uint64_t read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static void set_up(void)
{
	uint64_t seed = 1;

	memset(state, 0xff, sizeof(state));
	for (unsigned i = 0; i < HOLDERS; i++)
		for (unsigned r = 0; r < REGISTERS; r++)
			for (unsigned p = 0; p < 4; p++)
				state[i].before[r].part[p] = next_random(&seed);
}

static void expect_kept(unsigned i)
{
	EXPECT(!memcmp(state[i].before, state[i].after,
		       sizeof(state[i].before)));
}

static void what_is_enabled(void)
{
	/* Other state than this has no room in a task. */
	EXPECT(features() & HAS_OSXSAVE);
	EXPECT_EQUAL(read_xcr0(), 7);
}

static void hold(uint64_t i)
{
	uint64_t yields = YIELDS, spins;

	__asm__ volatile(
		LOAD_ALL "1:\tmov %[many], %[spins]\n"
			 "2:\tdec %[spins]\n\t"
			 "jnz 2b\n\t"
			 "mov %[yield], %%eax\n\t"
			 "syscall\n\t"
			 "dec %[yields]\n\t"
			 "jnz 1b\n\t" STORE_ALL
		: [yields] "+r"(yields), [spins] "=&r"(spins)
		: [at] "r"(&state[i]), [many] "i"(SPINS), [yield] "i"(SYS_YIELD)
		: "rax", "rcx", "rdx", "r10", "r11", "memory", ALL_OF_XMM);
	sys_exit();
}

static void several_holders(void)
{
	struct thread t[HOLDERS];

	set_up();
	for (unsigned i = 0; i < HOLDERS; i++)
		t[i] = thread_make(hold, i);
	for (unsigned i = 0; i < HOLDERS; i++)
		EXPECT_OK(sys_task_set_active(t[i].task, 1));
	for (unsigned i = 0; i < HOLDERS; i++)
		while (state_of(t[i].task) != TASK_INACTIVE)
			sys_yield();
	for (unsigned i = 0; i < HOLDERS; i++)
		expect_kept(i);
}

/* Stores what it finds, before any of its own. */
static void find(uint64_t i)
{
	__asm__ volatile(STORE_ALL ::[at] "r"(&state[i]) : "memory");
	sys_exit();
}

static void nothing_is_left_behind(void)
{
	static const struct ymm zero[REGISTERS];
	uint64_t unused;

	set_up();
	for (unsigned i = 0; i < 2; i++) {
		struct actor *a = start_function(i ? find : hold, 0);

		/* In its registers while the other begins, and at its end. */
		EXPECT(await_state(a->thread.task, TASK_INACTIVE));
		EXPECT_OK(sys_cpool_delete(ROOT, a->thread.task.path));
	}
	EXPECT(!memcmp(state[0].after, zero, sizeof(zero)));
	start_function(hold, 1);
	notification_wait(make(OBJECT_NOTIFICATION, 0), sys_clock() + 50000,
			  &unused);
	start_function(find, 2);
	EXPECT(!memcmp(state[2].after, zero, sizeof(zero)));
}

/* Twenty calls; nothing of one's own is in the other's registers. */
static void call(uint64_t i)
{
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r8 __asm__("r8") = 0;
	register uint64_t r9 __asm__("r9") = 0;
	uint64_t count = 20, to = ep.path;
	uint64_t info = MESSAGE_INFO(0, 0, 1) | 1u << INFO_TARGET_SHIFT;

	__asm__ volatile(LOAD_ALL "1:\tmov %[call], %%eax\n\t"
				  "mov %[to], %%rdi\n\t"
				  "mov %[info], %%rsi\n\t"
				  "syscall\n\t"
				  "dec %[count]\n\t"
				  "jnz 1b\n\t" STORE_ALL
			 : [count] "+r"(count), "+r"(r10), "+r"(r8), "+r"(r9)
			 : [at] "r"(&state[i]), [to] "r"(to), [info] "r"(info),
			   [call] "i"(SYS_CALL)
			 : "rax", "rcx", "rdx", "rdi", "rsi", "r11", "memory",
			   ALL_OF_XMM);
	sys_exit();
}

static void serve(uint64_t i)
{
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r8 __asm__("r8") = 0;
	register uint64_t r9 __asm__("r9") = 0;
	register uint64_t r12 __asm__("r12") = reply.path;
	uint64_t count = 21, to = ep.path;
	uint64_t info = MESSAGE_INFO(0, 0, 1) | 1u << INFO_TARGET_SHIFT |
			1u << INFO_ARGUMENT_SHIFT;

	__asm__ volatile(LOAD_ALL "1:\tmov %[recv], %%eax\n\t"
				  "mov %[to], %%rdi\n\t"
				  "mov %[info], %%rsi\n\t"
				  "syscall\n\t"
				  "dec %[count]\n\t"
				  "jnz 1b\n\t" STORE_ALL
			 : [count] "+r"(count), "+r"(r10), "+r"(r8), "+r"(r9)
			 : [at] "r"(&state[i]), [to] "r"(to), [info] "r"(info),
			   "r"(r12), [recv] "i"(SYS_REPLY_RECV)
			 : "rax", "rcx", "rdx", "rdi", "rsi", "r11", "memory",
			   ALL_OF_XMM);
	sys_exit();
}

static void calls_and_answers(void)
{
	struct actor *server, *client;

	set_up();
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	server = start_function(serve, 0);
	client = start_function(call, 1);
	EXPECT(await_state(client->thread.task, TASK_INACTIVE));
	expect_kept(1);
	start_function(call, 1); /* the one it still waits for */
	EXPECT(await_state(server->thread.task, TASK_INACTIVE));
	expect_kept(0);
}

/* vxorps %ymm0, %ymm0, %ymm0; xgetbv */
static void none_at_all(void)
{
	victim_make();
	EXPECT(!(features() & HAS_OSXSAVE));
	victim_expect(&CODE(0xc5, 0xfc, 0x57, 0xc0), FAULTS(OPCODE), "vxorps",
		      0);
	victim_expect(&CODE(0x0f, 0x01, 0xd0), FAULTS(OPCODE), "xgetbv", 0);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case with[] = {
		{"what is enabled", what_is_enabled},
		{"three tasks with YMM registers of their own",
		 several_holders},
		{"a new task finds nothing in them", nothing_is_left_behind},
		{"calls and answers keep them apart", calls_and_answers},
		{"the same, elsewhere", calls_and_answers, true},
	};
	static const struct test_case without[] = {
		{"no AVX on this processor", none_at_all},
	};

	/* Some hypervisors have it only half: the kernel leaves it alone. */
	if (features() & HAS_OSXSAVE || !strncmp(info->cmdline, "must", 4))
		return RUN_CASES(with);
	return RUN_CASES(without);
}
