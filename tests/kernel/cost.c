/*
 * cost.c: what system calls cost in instructions. On the simulator the time
 * stamp counter counts them, user's and kernel's, so the numbers are exact
 * and the same in every run; `syscall` is counted and what surrounds it in the
 * caller is not. A line a call: its name, and the cost.
 */
#include "tests/kernel/check.h"

/* What was promised is promised of what gcc makes of the kernel. */
#ifdef __clang__
#define NOTHING_LIMIT 66
#else
#define NOTHING_LIMIT 60
#endif

/*
 * Runs `syscall` if there is one, with the registers of a call around it, and
 * reads the counter before and after. 32 bits of it are enough.
 */
#define TIMED(instruction)                                                    \
	__asm__ volatile("rdtsc\n\t"                                          \
			 "mov %%eax, %%r14d\n\t"                              \
			 "mov %[rax], %%rax\n\t"                              \
			 "mov %[rdx], %%rdx\n\t" instruction "\n\t"           \
			 "mov %%rax, %%r15\n\t"                               \
			 "rdtsc\n\t"                                          \
			 "sub %%r14d, %%eax"                                  \
			 : "=&a"(ticks), "=&d"(high), "+r"(r10), "+r"(r8),    \
			   "+r"(r9)                                           \
			 : [rax] "m"(r->rax), [rdx] "m"(r->rdx), "D"(r->rdi), \
			   "S"(r->rsi)                                        \
			 : "rcx", "r11", "r14", "r15", "memory")

static uint32_t timed(const struct raw *r, bool call)
{
	register uint64_t r10 __asm__("r10") = r->r10;
	register uint64_t r8 __asm__("r8") = r->r8;
	register uint64_t r9 __asm__("r9") = r->r9;
	uint32_t ticks, high;

	if (call)
		TIMED("syscall");
	else
		TIMED("");
	return ticks;
}

static uint32_t cost(const struct raw *r)
{
	return timed(r, true) - timed(r, false);
}

/* What a call may cost at most, where a promise was made. */
static void show_limit(const char *name, uint64_t instructions, uint64_t most)
{
	rt_print("cost: %-44s %8llu", name, (unsigned long long)instructions);
	if (instructions > most) {
		rt_print("cost: that should be %llu or less",
			 (unsigned long long)most);
		sys_test_fail();
	}
}

static void show(const char *name, uint64_t instructions)
{
	show_limit(name, instructions, UINT64_MAX);
}

static struct raw invocation(struct caddr target, unsigned label,
			     unsigned words, unsigned argument_depth)
{
	return (struct raw){
		.rsi = INFO(label, words, target.depth, argument_depth),
		.rdi = target.path};
}

/* Slots for what is measured: a pool of pools, of 256 slots each. */
#define POOLS  caddr_root(20)
#define AT(n)  caddr_in(caddr_in(POOLS, (n) / 256), (n) % 256)
#define MEMORY caddr_root(21)
#define FRAME  caddr_root(22)

static void show_small_calls(void)
{
	struct raw r = {SYS_VERSION};

	show_limit("a call that does nothing", cost(&r), NOTHING_LIMIT);
	r = invocation(ROOT, CPOOL_TYPE, 1, 0);
	show("the type of a slot", cost(&r));
	r = invocation(ROOT, CPOOL_COPY, 2, 1);
	r.rdx = 30;
	r.r10 = FRAME.path;
	show("copy a capability", cost(&r));
	r = invocation(ROOT, CPOOL_MOVE, 2, 1);
	r.rdx = 31;
	r.r10 = 30;
	show("move it", cost(&r));
	r = invocation(ROOT, CPOOL_DELETE, 1, 0);
	r.rdx = 31;
	show("delete it", cost(&r));
}

static void show_mapping(void)
{
	struct raw map = invocation(FRAME, PAGE_MAP, 3, 1), r;

	make_tables(AREA);
	map.rdx = AREA;
	map.r10 = RIGHT_READ;
	map.r8 = PML4.path;
	show("map a frame", cost(&map));
	map.r10 = RIGHT_READ | RIGHT_WRITE;
	show("change the rights of a mapping", cost(&map));
	r = invocation(FRAME, PAGE_UNMAP, 0, 0);
	show("unmap it", cost(&r));
	sys_cpool_copy(ROOT, 30, FRAME);
	sys_page_map(caddr_root(30), AREA, RIGHT_READ, PML4);
	r = invocation(ROOT, CPOOL_DELETE, 1, 0);
	r.rdx = 30;
	show("delete a frame that is mapped", cost(&r));
}

static void show_retype(const char *name, unsigned type, unsigned size,
			unsigned count)
{
	struct raw r = invocation(MEMORY, UNTYPED_RETYPE, 4, 2);

	r.rdx = type;
	r.r10 = size;
	r.r8 = count;
	r.r9 = AT(0).path;
	r.rsi = INFO(UNTYPED_RETYPE, 4, 1, 3);
	show(name, cost(&r));
	r = invocation(ROOT, CPOOL_REVOKE, 1, 0);
	r.rdx = MEMORY.path;
	rt_snprintf((char *)rt_buffer()->data, 64, "revoke %s", name + 7);
	show((char *)rt_buffer()->data, cost(&r));
}

static void must(enum error err)
{
	if (err != ERR_OK)
		rt_panic("%s", error_name(err));
}

/* `count` copies, each a child of the frame or each of the one before. */
static void show_revoke(const char *name, unsigned count, bool chain)
{
	struct raw r = invocation(ROOT, CPOOL_REVOKE, 1, 0);

	for (unsigned i = 0; i < count; i++)
		must(sys_cpool_copy(caddr_in(POOLS, i / 256), i % 256,
				    chain && i ? AT(i - 1) : FRAME));
	r.rdx = FRAME.path;
	show_limit(name, cost(&r), 400 + 150 * (uint64_t)count);
}

static void make_slots(unsigned count)
{
	must(sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1, POOLS, NULL));
	for (unsigned i = 0; i * 256 < count; i++)
		must(sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1,
					caddr_in(POOLS, i), NULL));
}

static void show_end_of_pools(void)
{
	struct raw r = invocation(ROOT, CPOOL_DELETE, 1, 0);

	must(sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1, caddr_root(30),
				NULL));
	r.rdx = 30;
	show("delete a pool, empty", cost(&r));
}

int user_main(const struct boot_info *info)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	show("from the first instruction to this program",
	     (uint64_t)high << 32 | low);
	make_slots(65536);
	must(sys_untyped_retype(UNTYPED, OBJECT_UNTYPED, 4 << 20, 1, MEMORY,
				NULL));
	must(sys_untyped_retype(UNTYPED, OBJECT_RAW_PAGE, 0, 1, FRAME, NULL));
	show_small_calls();
	show_mapping();
	show_retype("retype 1 frame", OBJECT_RAW_PAGE, 0, 1);
	show_retype("retype 256 frames", OBJECT_RAW_PAGE, 0, 256);
	show_retype("retype 1 task", OBJECT_TASK, 0, 1);
	show_retype("retype 256 tasks", OBJECT_TASK, 0, 256);
	/* Nothing is cleared: the part that no interrupt breaks off. */
	show_retype("retype 256 untypeds", OBJECT_UNTYPED, 64, 256);
	show_revoke("revoke 1 copy", 1, false);
	show_revoke("revoke 1000 copies", 1000, false);
	show_revoke("revoke 65536 copies", 65536, false);
	show_revoke("revoke 65536 copies, each of the one before", 65536, true);
	show_end_of_pools();
	sys_test_succeed();
}
