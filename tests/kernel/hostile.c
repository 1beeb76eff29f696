/*
 * hostile.c: three tasks that make system calls of every number with random
 * registers, on a pool of their own with an object of every type, twice, and
 * among them each other's. We look after them from above: who waits for ever
 * is started anew. Nothing may bring the kernel down, take our time or lose
 * memory. `--append "calls=10000000 seed=2"` makes it a long run, and another.
 */
#include "tests/kernel/cases.h"

#define QUICK	60000
#define HOSTILE 3

static volatile uint64_t made[HOSTILE], refused;
static uint64_t seeds[HOSTILE], calls, seed;
static struct caddr pool, feed;

struct wide {
	struct raw r;
	uint64_t r12, r13;
};

static void wide_call(struct wide *w)
{
	register uint64_t r10 __asm__("r10") = w->r.r10;
	register uint64_t r8 __asm__("r8") = w->r.r8;
	register uint64_t r9 __asm__("r9") = w->r.r9;
	register uint64_t r12 __asm__("r12") = w->r12;
	register uint64_t r13 __asm__("r13") = w->r13;

	__asm__ volatile("syscall"
			 : "+a"(w->r.rax), "+D"(w->r.rdi), "+S"(w->r.rsi),
			   "+d"(w->r.rdx), "+r"(r10), "+r"(r8), "+r"(r9)
			 : "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory");
}

/* Not what ends the run or fills the log. */
static uint64_t some_number(uint64_t *seed)
{
	uint64_t n = next_random(seed) >> 8;

	if (n % 64 == 0)
		return next_random(seed);
	n = n >> 6 & 31;
	switch (n) {
	case SYS_TEST_SUCCEED:
	case SYS_TEST_FAIL:
	case SYS_PUTC:
	case SYS_LIST_CPOOL:
	case SYS_PRINT:
	case SYS_EXIT:
		return SYS_INVOKE;
	}
	return n < 20 ? n : SYS_INVOKE;
}

static uint64_t some_word(uint64_t *seed)
{
	static const uint64_t edges[] = {0,
					 1,
					 255,
					 256,
					 1024,
					 UINT64_C(0x7fffffffefff),
					 UINT64_C(0x7ffffffff000),
					 UINT64_C(0x800000000000),
					 UINT64_C(0xffffffff80100000),
					 ~UINT64_C(0xfff),
					 ~UINT64_C(0)};
	uint64_t n = next_random(seed) >> 8;

	switch (n & 7) {
	case 0:
		return edges[(n >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return next_random(seed);
	case 2:
		return (n >> 8 & 0xffff) << 12;
	default:
		return (n >> 8) % 48;
	}
}

static uint64_t some_info(uint64_t number, uint64_t *seed)
{
	uint64_t n = next_random(seed) >> 8;

	if (n % 32 == 0)
		return next_random(seed);
	if (number >= SYS_CALL && number <= SYS_NB_RECV)
		return MESSAGE_INFO(n >> 32 & 1, n >> 8 & 3, (n >> 10) % 140) |
		       UINT64_C(1) << INFO_TARGET_SHIFT |
		       (n >> 20 & 1) << INFO_ARGUMENT_SHIFT |
		       (n >> 21 & 1) * MESSAGE_DEADLINE;
	return INFO((n >> 8) % LABEL_COUNT, (n >> 16) % 5,
		    1 + (n >> 24) % 8 / 7, 1 + (n >> 32) % 8 / 7) |
	       UINT64_C(0x11) << (INFO_ARGUMENT_SHIFT + 4);
}

static void be_hostile(uint64_t n)
{
	for (;;) {
		uint64_t number = some_number(&seeds[n]);
		struct wide w = {{number, some_word(&seeds[n]),
				  some_info(number, &seeds[n]),
				  some_word(&seeds[n]), some_word(&seeds[n]),
				  some_word(&seeds[n]), some_word(&seeds[n])},
				 some_word(&seeds[n]),
				 some_word(&seeds[n])};

		made[n]++;
		wide_call(&w);
		refused += w.r.rax != ERR_OK;
	}
}

/* What the hostile have in their slots from 0 on. */
static void stock(unsigned first)
{
	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++)
		sys_untyped_retype(feed, type,
				   type == OBJECT_UNTYPED ? 16384 : 0, 1,
				   caddr_in(pool, first + type), NULL);
	sys_cpool_copy(pool, first + OBJECT_IO_PORT,
		       caddr_root(BOOT_SLOT_VGA_PORTS));
	sys_cpool_copy(pool, first + OBJECT_IRQ_CONTROL,
		       caddr_root(BOOT_SLOT_IRQ_CONTROL));
	sys_cpool_copy(pool, first + OBJECT_SCHED_CONTROL,
		       caddr_root(BOOT_SLOT_SCHED_CONTROL));
}

/* A place to live in that is theirs alone, but for the program. */
static struct caddr start_hostile(unsigned n)
{
	struct thread t = thread_make(be_hostile, n);

	EXPECT_OK(sys_task_set_table(t.task, make_space()));
	EXPECT_OK(sys_task_set_cpool(t.task, pool));
	EXPECT_OK(sys_task_set_priority(t.task, 50, 60));
	EXPECT_OK(sys_task_set_active(t.task, 1));
	return t.task;
}

/* Stop, put the pool and the registers right, and on. */
static void start_anew(const struct caddr *task)
{
	struct task_registers *r = (void *)rt_buffer()->data;

	static unsigned times;

	/* Memory comes back when nothing is left of what was in it. */
	if (++times % 8 == 0)
		EXPECT_OK(sys_cpool_revoke(ROOT, feed.path));
	stock(0);
	stock(20);
	for (unsigned n = 0; n < HOSTILE; n++) {
		EXPECT_OK(sys_task_set_active(task[n], 0));
		EXPECT_OK(sys_task_get_registers(task[n]));
		/* Behind the call that it was stopped in. */
		if (((const uint8_t *)r->rip)[0] == 0x0f &&
		    ((const uint8_t *)r->rip)[1] == 0x05)
			r->rip += 2;
		EXPECT_OK(sys_task_set_registers(task[n]));
		EXPECT_OK(sys_task_set_cpool(task[n], pool));
		EXPECT_OK(sys_task_set_active(task[n], 1));
	}
}

static uint64_t all_made(void)
{
	return made[0] + made[1] + made[2];
}

static void random_calls(void)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0), task[HOSTILE];
	uint64_t bits, before = 0, still = 0;

	pool = make(OBJECT_CPOOL, 0);
	feed = make(OBJECT_UNTYPED, UINT64_C(1) << 20);
	stock(0);
	stock(20);
	EXPECT_OK(sys_task_set_priority(caddr_root(BOOT_SLOT_TASK), 200, 255));
	for (unsigned n = 0; n < HOSTILE; n++) {
		seeds[n] = seed * HOSTILE + n + 1;
		task[n] = start_hostile(n);
	}
	while (all_made() < calls && still < 100) {
		notification_wait(note, sys_clock() + 1000000, &bits);
		still = all_made() == before ? still + 1 : 0;
		before = all_made();
		start_anew(task);
	}
	EXPECT(all_made() >= calls);
	for (unsigned n = 0; n < HOSTILE; n++)
		EXPECT(made[n] > calls / 20);
	EXPECT(refused < all_made() - all_made() / 50);
}

/* Nothing of ours is in what they could reach. */
static void all_is_as_it_was(void)
{
	EXPECT_EQUAL(type_in(ROOT, BOOT_SLOT_PML4), OBJECT_PML4);
	EXPECT_EQUAL(type_in(ROOT, BOOT_SLOT_IRQ_CONTROL), OBJECT_IRQ_CONTROL);
	EXPECT_EQUAL(priority_of(caddr_root(BOOT_SLOT_TASK)), 200);
}

static uint64_t number_after(const char *line, const char *name)
{
	uint64_t value = 0;
	size_t length = strlen(name);

	for (; *line; line++) {
		if (strncmp(line, name, length))
			continue;
		for (line += length; *line >= '0' && *line <= '9'; line++)
			value = value * 10 + *line - '0';
		break;
	}
	return value;
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"random system calls of every number", random_calls},
		{"what is ours is as it was", all_is_as_it_was},
	};

	calls = number_after(info->cmdline, "calls=");
	seed = number_after(info->cmdline, "seed=");
	if (!calls)
		calls = QUICK;
	return RUN_CASES(cases);
}
