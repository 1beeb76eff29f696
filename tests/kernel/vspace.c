/* vspace.c: frames and tables in address spaces, and what rights are worth. */
#include "tests/kernel/check.h"

#define PAGE	   4096
#define READ_WRITE (RIGHT_READ | RIGHT_WRITE)

static volatile uint64_t stage, seen;

static void read_at(uint64_t va)
{
	stage = 1;
	seen = *(volatile uint64_t *)va;
	stage = 2;
}

static void write_at(uint64_t va)
{
	stage = 1;
	*(volatile uint64_t *)va = 77;
	stage = 2;
}

static void call_at(uint64_t va)
{
	stage = 1;
	((void (*)(void))va)();
	stage = 2;
}

static struct thread probe;

/* Does another task get through it? It is stopped if it faults. */
static bool succeeds(void (*access)(uint64_t va), uint64_t va)
{
	stage = 0;
	thread_restart(&probe, access, va);
	await_any(&stage);
	yield_often();
	return stage == 2;
}

static void test_map_arguments(void)
{
	static const struct {
		uint64_t va, rights;
		struct caddr table;
		enum error error;
		const char *name;
	} rows[] = {
		{AREA + PAGE, 0, {3, 1}, ERR_RANGE, "no rights"},
		{AREA + PAGE, RIGHT_WRITE, {3, 1}, ERR_RANGE, "write alone"},
		{AREA + PAGE, 32 | 1, {3, 1}, ERR_RANGE, "unknown rights"},
		{AREA + PAGE,
		 UINT64_C(1) << 63 | 1,
		 {3, 1},
		 ERR_RANGE,
		 "bit 63 of the rights"},
		{AREA + PAGE + 1, 1, {3, 1}, ERR_ALIGNMENT, "byte 1"},
		{AREA + PAGE + 2048, 1, {3, 1}, ERR_ALIGNMENT, "byte 2048"},
		{UINT64_C(0x800000000000),
		 1,
		 {3, 1},
		 ERR_RANGE,
		 "non-canonical"},
		{UINT64_C(0xffff800000000000),
		 1,
		 {3, 1},
		 ERR_RANGE,
		 "the kernel half"},
		{UINT64_C(0xffffffffc0000000),
		 1,
		 {3, 1},
		 ERR_RANGE,
		 "the last GiB"},
		{~UINT64_C(0xfff), 1, {3, 1}, ERR_RANGE, "the last page"},
		{AREA + PAGE, 1, {0, 1}, ERR_WRONG_TYPE, "a pool as table"},
		{AREA + PAGE, 1, {2, 1}, ERR_WRONG_TYPE, "an untyped"},
		{AREA + PAGE, 1, {21, 1}, ERR_EMPTY_SLOT, "an empty slot"},
		{AREA + PAGE, 1, {3, 0}, ERR_BAD_ADDRESS, "depth 0"},
		{AREA, 1, {3, 1}, ERR_MAPPED, "where something is"},
		{AREA + (UINT64_C(1) << 21),
		 1,
		 {3, 1},
		 ERR_NO_TABLE,
		 "without a page table"},
		{AREA + (UINT64_C(1) << 30),
		 1,
		 {3, 1},
		 ERR_NO_TABLE,
		 "without a directory"},
		{AREA + (UINT64_C(1) << 39),
		 1,
		 {3, 1},
		 ERR_NO_TABLE,
		 "without anything"},
	};
	struct caddr page = make(OBJECT_RAW_PAGE, 0);

	map_new(AREA, READ_WRITE);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_error(sys_page_map(page, rows[i].va, rows[i].rights,
					 rows[i].table),
			    rows[i].error, rows[i].name);
	check_error(sys_page_unmap(page), ERR_NOT_MAPPED, "none has mapped it");
	check_error(sys_page_map(ROOT, AREA + PAGE, 1, PML4), ERR_WRONG_TYPE,
		    "a pool is no frame");
}

static void test_map_unmap(void)
{
	struct caddr page = make(OBJECT_RAW_PAGE, 0);
	uint64_t va = AREA + 2 * PAGE, elsewhere = AREA + 3 * PAGE;

	check(!succeeds(read_at, va), "nothing is there: a fault");
	check_error(sys_page_map(page, va, READ_WRITE, PML4), ERR_OK, "map");
	check(succeeds(write_at, va), "written by another task");
	check_equal(*(uint64_t *)va, 77, "and seen by us");
	check_error(sys_page_map(page, elsewhere, READ_WRITE, PML4),
		    ERR_BAD_STATE, "no second place by the same capability");
	check_error(sys_page_unmap(page), ERR_OK, "unmap");
	check(!succeeds(read_at, va), "a fault again");
	check_error(sys_page_unmap(page), ERR_NOT_MAPPED, "unmap again");
	check_error(sys_page_map(page, elsewhere, RIGHT_READ, PML4), ERR_OK,
		    "map elsewhere");
	check_equal(*(uint64_t *)elsewhere, 77, "what was written is there");
	check(!succeeds(read_at, va), "and not at the old place");
}

static void test_rights(void)
{
	struct caddr page = make(OBJECT_RAW_PAGE, 0);
	uint64_t va = AREA + 4 * PAGE;

	sys_page_map(page, va, READ_WRITE, PML4);
	*(uint8_t *)va = 0xc3; /* ret */
	check(succeeds(write_at, va + 8), "mapped to write: writes");
	check(!succeeds(call_at, va), "does not run");
	check_error(sys_page_map(page, va, RIGHT_READ | RIGHT_EXEC, PML4),
		    ERR_OK, "other rights, same place");
	check(succeeds(call_at, va), "mapped to run: runs");
	check(succeeds(read_at, va), "reads");
	check(!succeeds(write_at, va), "does not write");
	check_error(sys_page_map(page, va, RIGHT_READ, PML4), ERR_OK,
		    "to read only");
	check(succeeds(read_at, va), "reads");
	check(!succeeds(call_at, va), "does not run");
	check(!succeeds(write_at, va), "does not write");
}

/* A frame in two places, by two capabilities. */
static void test_shared(void)
{
	struct caddr copy = caddr_root(22);
	volatile uint64_t *a = (uint64_t *)(AREA + 5 * PAGE);
	volatile uint64_t *b = (uint64_t *)(AREA + 6 * PAGE);
	struct caddr page = map_new((uint64_t)a, READ_WRITE);

	copy_to(page, copy);
	check_error(sys_page_map(copy, (uint64_t)b, READ_WRITE, PML4), ERR_OK,
		    "a copy is mapped by itself");
	*a = 1234;
	check_equal(*b, 1234, "both show one memory");
	check_error(sys_page_unmap(page), ERR_OK, "unmap one");
	check_equal(*b, 1234, "the other stays");
	check(!succeeds(read_at, (uint64_t)a), "the first is gone");
}

static void test_tables(void)
{
	uint64_t va = AREA + (UINT64_C(5) << 39);
	struct caddr pdpt = make(OBJECT_PDPT, 0), pd = make(OBJECT_PD, 0);
	struct caddr pt = make(OBJECT_PT, 0), spare = make(OBJECT_PT, 0);

	check_error(sys_table_map(pt, va, PML4), ERR_NO_TABLE, "a PT first");
	check_error(sys_table_map(pd, va, PML4), ERR_NO_TABLE, "a PD first");
	check_error(sys_table_map(pdpt, UINT64_C(0xffff800000000000), PML4),
		    ERR_RANGE, "a PDPT in the kernel half");
	check_error(sys_table_map(pdpt, UINT64_C(0x800000000000), PML4),
		    ERR_RANGE, "a PDPT at no address");
	check_error(sys_table_map(pdpt, va, ROOT), ERR_WRONG_TYPE,
		    "into a pool");
	check_error(sys_table_map(pdpt, va, pdpt), ERR_WRONG_TYPE,
		    "into itself");
	check_error(sys_table_map(PML4, va, PML4), ERR_WRONG_TYPE,
		    "a PML4 hangs nowhere");
	check_error(sys_table_map(pdpt, va + 5, PML4), ERR_OK, "a PDPT");
	check_error(sys_table_map(pdpt, va + (UINT64_C(1) << 39), PML4),
		    ERR_BAD_STATE, "the same again elsewhere");
	check_error(sys_table_map(pt, va, PML4), ERR_NO_TABLE,
		    "a PT without a PD");
	check_error(sys_table_map(pd, va, PML4), ERR_OK, "a PD");
	check_error(sys_table_map(pt, va, PML4), ERR_OK, "a PT");
	check_error(sys_table_map(spare, va, PML4), ERR_MAPPED,
		    "a PT where one is");
	check_error(sys_cpool_copy(ROOT, 23, pt), ERR_NO_COPY,
		    "a table has no copy");
	map_new(va, READ_WRITE);
	*(volatile uint64_t *)va = 5;
	check_equal(*(volatile uint64_t *)va, 5, "and a page in it");
	check_error(sys_page_map(pt, va + PAGE, 1, PML4), ERR_WRONG_TYPE,
		    "a table is no frame");
	check_error(sys_table_map(make(OBJECT_RAW_PAGE, 0), va, PML4),
		    ERR_WRONG_TYPE, "nor a frame a table");
}

/*
 * A program for an address space of its own: puts 4321 into the channel in
 * slot 255 and ends.
 */
extern const uint8_t guest_code[], guest_code_end[];
__asm__(".text\n"
	"guest_code:\n"
	"xor %eax, %eax\n" /* SYS_INVOKE */
	"mov $255, %edi\n"
	"mov $0x12000d, %esi\n" /* CHANNEL_PUT_RAW, 2 words, depth 1 */
	"mov $4321, %edx\n"
	"mov $1, %r10d\n" /* CHANNEL_TRY */
	"syscall\n"
	"mov $2, %eax\n" /* SYS_EXIT */
	"syscall\n"
	"guest_code_end:\n");

_Static_assert(SYS_INVOKE == 0 && SYS_EXIT == 2 && CHANNEL_PUT_RAW == 13,
	       "the code above");

/* Hangs a new table of each level into `top` for va. */
static bool tables_in(struct caddr top, uint64_t va)
{
	return sys_table_map(make(OBJECT_PDPT, 0), va, top) == ERR_OK &&
	       sys_table_map(make(OBJECT_PD, 0), va, top) == ERR_OK &&
	       sys_table_map(make(OBJECT_PT, 0), va, top) == ERR_OK;
}

static void test_another_address_space(void)
{
	struct caddr top = make(OBJECT_PML4, 0), task = make(OBJECT_TASK, 0);
	struct caddr page = map_new(AREA + 7 * PAGE, READ_WRITE);
	uint64_t va = 0x400000;
	struct taken got = {0};

	memcpy((void *)(AREA + 7 * PAGE), guest_code,
	       guest_code_end - guest_code);
	copy_to(page, caddr_root(24));
	check(tables_in(top, va), "tables in a new address space");
	check_error(
		sys_page_map(caddr_root(24), va, RIGHT_READ | RIGHT_EXEC, top),
		ERR_OK, "a page of code in it");
	check(!succeeds(read_at, va), "which is not in ours");
	sys_task_set_ip(task, va);
	sys_task_set_sp(task, va + PAGE);
	sys_task_set_cpool(task, ROOT);
	sys_task_set_table(task, top);
	check_error(sys_task_set_active(task, 1), ERR_OK, "a task there");
	yield_often();
	check_error(sys_channel_take(caddr_root(BOOT_SLOT_CHANNEL), CHANNEL_TRY,
				     CADDR_ANY, &got),
		    ERR_OK, "has put something");
	check_equal(got.value, 4321, "what its code says");
}

/* In an address space with nothing in it not even the first fetch works. */
static void test_empty_address_space(void)
{
	struct caddr task = make(OBJECT_TASK, 0);
	enum error started;

	sys_task_set_ip(task, (uint64_t)read_at);
	sys_task_set_sp(task, BOOT_CHILD_STACK_TOP);
	sys_task_set_cpool(task, ROOT);
	sys_task_set_table(task, make(OBJECT_PML4, 0));
	stage = 0;
	started = sys_task_set_active(task, 1);
	/* First let it fault: a tick would put its report into our line. */
	yield_often();
	check_error(started, ERR_OK, "a task in an empty address space");
	check_equal(stage, 0, "does nothing");
	check_error(sys_task_set_arg(task, 0), ERR_OK, "and is stopped");
}

/* A task buffer can be unmapped: the kernel does not use that mapping. */
static void test_buffer_unmapped(void)
{
	struct caddr buffer = make(OBJECT_TASK_BUFFER, 0);
	uint64_t va = AREA + 8 * PAGE;

	check_error(sys_page_map(buffer, va, READ_WRITE, PML4), ERR_OK,
		    "a task buffer is a frame");
	*(volatile uint64_t *)va = 1;
	check_error(sys_page_unmap(buffer), ERR_OK, "and can be unmapped");
	check(!succeeds(read_at, va), "then it is gone");
}

int user_main(const struct boot_info *info)
{
	probe = thread_start(write_at, (uint64_t)&seen);
	await(&stage, 2);
	test_map_arguments();
	test_map_unmap();
	test_rights();
	test_shared();
	test_tables();
	test_another_address_space();
	test_empty_address_space();
	test_buffer_unmapped();
	return check_done();
}
