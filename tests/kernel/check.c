/* check.c: see check.h. */
#include "tests/kernel/check.h"

#define BUFFERS (AREA + (UINT64_C(1) << 40))
#define PAGE	4096

static unsigned checks, failures;
static unsigned next_slot = MADE_FIRST;
static struct caddr memory = {BOOT_SLOT_UNTYPED, 1};

static uint8_t stacks[TASKS][BOOT_STACK_BYTES]
	__attribute__((aligned(BOOT_STACK_BYTES)));
static unsigned threads;

/* Without SYS_PRINT's prefix, so that the log is TAP. */
static void put_line(const char *line)
{
	while (*line)
		sys_putc(*line++);
	sys_putc('\n');
}

static void verdict(bool ok, const char *name, const char *detail)
{
	char line[200];

	checks++;
	failures += !ok;
	rt_snprintf(line, sizeof(line), "%s %u - %s%s", ok ? "ok" : "not ok",
		    checks, name, detail);
	put_line(line);
}

void check(bool ok, const char *name)
{
	verdict(ok, name, "");
}

void check_error(enum error got, enum error expected, const char *name)
{
	char detail[80] = "";

	if (got != expected)
		rt_snprintf(detail, sizeof(detail), ": %s, expected %s",
			    error_name(got), error_name(expected));
	verdict(got == expected, name, detail);
}

void check_equal(uint64_t got, uint64_t expected, const char *name)
{
	char detail[80] = "";

	if (got != expected)
		rt_snprintf(detail, sizeof(detail), ": 0x%llx, expected 0x%llx",
			    (unsigned long long)got,
			    (unsigned long long)expected);
	verdict(got == expected, name, detail);
}

int check_done(void)
{
	char line[40];

	rt_snprintf(line, sizeof(line), "1..%u", checks);
	put_line(line);
	if (failures || !checks)
		sys_test_fail();
	sys_test_succeed();
}

static void must(enum error err, const char *what)
{
	if (err != ERR_OK)
		rt_panic("%s: %s", what, error_name(err));
}

struct caddr make(enum abi_object type, unsigned bits)
{
	struct caddr slot = caddr_root(next_slot++);

	must(sys_untyped_retype(memory, type, bits, 1, slot, NULL), "make");
	return slot;
}

void make_from(struct caddr untyped)
{
	memory = untyped;
}

void unmake(void)
{
	for (unsigned i = MADE_FIRST; i < next_slot; i++)
		must(sys_cpool_delete(ROOT, i), "unmake");
	next_slot = MADE_FIRST;
	threads = 0;
}

void copy_to(struct caddr cap, struct caddr slot)
{
	struct caddr pool = {slot.path >> 8, slot.depth - 1};

	must(sys_cpool_copy(pool.depth ? pool : ROOT, slot.path & 0xff, cap),
	     "copy");
}

uint64_t type_in(struct caddr pool, unsigned index)
{
	uint64_t type = ~UINT64_C(0);

	must(sys_cpool_type(pool, index, &type), "type_in");
	return type;
}

void make_tables(uint64_t va)
{
	static const enum abi_object types[] = {OBJECT_PDPT, OBJECT_PD,
						OBJECT_PT};
	enum error err;

	for (int i = 0; i < 3; i++) {
		err = sys_table_map(make(types[i], 0), va, PML4);
		if (err != ERR_MAPPED)
			must(err, "make_tables");
	}
}

struct caddr map_new(uint64_t va, uint64_t rights)
{
	struct caddr page = make(OBJECT_RAW_PAGE, 0);
	enum error err = sys_page_map(page, va, rights, PML4);

	if (err == ERR_NO_TABLE) {
		make_tables(va);
		err = sys_page_map(page, va, rights, PML4);
	}
	must(err, "map_new");
	return page;
}

static uint64_t make_buffer(struct caddr *buffer)
{
	uint64_t va = BUFFERS + threads * PAGE;

	if (threads == 0)
		make_tables(va);
	*buffer = make(OBJECT_TASK_BUFFER, 0);
	must(sys_page_map(*buffer, va, RIGHT_READ | RIGHT_WRITE, PML4),
	     "task buffer");
	return va;
}

struct thread thread_make(void (*entry)(uint64_t argument), uint64_t argument)
{
	struct thread t = {.task = make(OBJECT_TASK, 0)};
	struct rt_task task = {0};
	struct rt_task *self;
	struct caddr buffer;

	if (threads == TASKS)
		rt_panic("no stack is left");
	task.stack = (uint64_t)stacks[threads];
	task.stack_end = task.stack + BOOT_STACK_BYTES;
	task.buffer = (struct task_buffer *)make_buffer(&buffer);
	t.buffer = task.buffer;
	self = tls_make(stacks[threads], &task);
	t.top = task.stack_end - 8;
	*(uint64_t *)t.top = (uint64_t)sys_exit;
	threads++;
	must(sys_task_set_fs_base(t.task, (uint64_t)self), "fs base");
	must(sys_task_set_ip(t.task, (uint64_t)entry), "ip");
	must(sys_task_set_sp(t.task, t.top), "sp");
	must(sys_task_set_arg(t.task, argument), "arg");
	must(sys_task_set_cpool(t.task, ROOT), "cpool");
	must(sys_task_set_table(t.task, PML4), "table");
	must(sys_task_set_buffer(t.task, buffer), "buffer");
	return t;
}

struct thread thread_start(void (*entry)(uint64_t argument), uint64_t argument)
{
	struct thread t = thread_make(entry, argument);

	must(sys_task_set_active(t.task, 1), "active");
	return t;
}

void thread_restart(const struct thread *t, void (*entry)(uint64_t),
		    uint64_t argument)
{
	*(uint64_t *)t->top = (uint64_t)sys_exit;
	must(sys_task_set_ip(t->task, (uint64_t)entry), "restart: ip");
	must(sys_task_set_sp(t->task, t->top), "restart: sp");
	must(sys_task_set_arg(t->task, argument), "restart: arg");
	must(sys_task_set_active(t->task, 1), "restart: active");
}

bool await(const volatile uint64_t *word, uint64_t value)
{
	for (int i = 0; i < 100000; i++) {
		if (*word == value)
			return true;
		sys_yield();
	}
	return false;
}

bool await_any(const volatile uint64_t *word)
{
	for (int i = 0; i < 100000; i++) {
		if (*word)
			return true;
		sys_yield();
	}
	return false;
}

void yield_often(void)
{
	for (int i = 0; i < 100; i++)
		sys_yield();
}

uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

bool counts_instructions(void)
{
	uint32_t took[2], high, n;

	for (int i = 0; i < 2; i++)
		__asm__ volatile("rdtsc\n\t"
				 "mov %%eax, %2\n\t"
				 "mov $1000, %%ecx\n"
				 "1:\tdec %%ecx\n\t"
				 "jnz 1b\n\t"
				 "rdtsc\n\t"
				 "sub %2, %%eax"
				 : "=&a"(took[i]), "=&d"(high), "=&r"(n)
				 :
				 : "rcx");
	return took[0] == took[1] && took[0] < 2010;
}
