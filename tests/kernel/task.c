/* task.c: what can be set of a task, what it starts with, stop and go. */
#include "tests/kernel/check.h"

#define USER_TOP UINT64_C(0x800000000000) /* non-canonical from here */

static volatile uint64_t seen, stage;

static void note_argument(uint64_t argument)
{
	seen = argument;
	stage = 1;
}

static void count_for_ever(uint64_t argument)
{
	for (;;)
		stage++;
}

static void count_kindly(uint64_t argument)
{
	for (;;) {
		stage++;
		sys_yield();
	}
}

static void test_addresses(void)
{
	static const struct {
		uint64_t value;
		enum error error;
		const char *name;
	} rows[] = {
		{0x1000, ERR_OK, "a low address"},
		{BOOT_CHILD_STACK_TOP, ERR_OK, "the child's stack"},
		{UINT64_C(0x7fffffff0000), ERR_OK, "a high user address"},
		{USER_TOP, ERR_RANGE, "the first non-canonical one"},
		{UINT64_C(0xffff7fffffffffff), ERR_RANGE, "the last of them"},
		{UINT64_C(0xffff800000000000), ERR_RANGE, "the kernel half"},
		{UINT64_C(0xffffffff80100000), ERR_RANGE, "the kernel's image"},
		{~UINT64_C(0), ERR_RANGE, "the last byte"},
		{UINT64_C(1) << 63, ERR_RANGE, "bit 63"},
	};
	struct caddr task = make(OBJECT_TASK, 0);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_error(sys_task_set_ip(task, rows[i].value), rows[i].error,
			    rows[i].name);
		check_error(sys_task_set_sp(task, rows[i].value), rows[i].error,
			    "  as SP");
		check_error(sys_task_set_fs_base(task, rows[i].value),
			    rows[i].error, "  as FS base");
		check_error(sys_task_set_arg(task, rows[i].value), ERR_OK,
			    "  as argument");
	}
}

static void test_capabilities(void)
{
	struct caddr task = make(OBJECT_TASK, 0), empty = caddr_root(21);
	struct caddr buffer = make(OBJECT_TASK_BUFFER, 0);
	struct caddr page = make(OBJECT_RAW_PAGE, 0);

	check_error(sys_task_set_cpool(task, PML4), ERR_WRONG_TYPE,
		    "a PML4 as pool");
	check_error(sys_task_set_cpool(task, empty), ERR_EMPTY_SLOT,
		    "nothing as pool");
	check_error(sys_task_set_cpool(task, CADDR_ANY), ERR_BAD_ADDRESS,
		    "depth 0 as pool");
	check_error(sys_task_set_table(task, ROOT), ERR_WRONG_TYPE,
		    "a pool as table");
	check_error(sys_task_set_buffer(task, page), ERR_WRONG_TYPE,
		    "a plain frame as buffer");
	check_error(sys_task_set_cpool(task, ROOT), ERR_OK, "a pool");
	check_error(sys_task_set_cpool(task, ROOT), ERR_OK, "a pool again");
	check_error(sys_task_set_buffer(task, buffer), ERR_OK, "a buffer");
	check_error(sys_task_set_buffer(task, buffer), ERR_OK, "again");
	check_error(sys_task_set_ip(ROOT, 0x1000), ERR_WRONG_TYPE,
		    "a pool is no task");
	check_error(sys_task_set_ip(empty, 0x1000), ERR_EMPTY_SLOT,
		    "nothing is no task");
}

static void test_incomplete(void)
{
	struct caddr task = make(OBJECT_TASK, 0);

	check_error(sys_task_set_active(task, 2), ERR_RANGE, "active 2");
	check_error(sys_task_set_active(task, 0), ERR_OK,
		    "stopping what is stopped");
	check_error(sys_task_set_active(task, 1), ERR_INCOMPLETE, "bare");
	sys_task_set_ip(task, (uint64_t)note_argument);
	check_error(sys_task_set_active(task, 1), ERR_INCOMPLETE, "with IP");
	sys_task_set_sp(task, BOOT_CHILD_STACK_TOP);
	check_error(sys_task_set_active(task, 1), ERR_INCOMPLETE, "with SP");
	sys_task_set_cpool(task, ROOT);
	check_error(sys_task_set_active(task, 1), ERR_INCOMPLETE, "no table");
	sys_task_set_table(task, PML4);
	stage = 0;
	check_error(sys_task_set_active(task, 1), ERR_OK,
		    "complete, though without a buffer");
	check(await(&stage, 1), "it runs");
}

/*
 * Writes the general registers as a task finds them, and then one half of
 * each SSE register and MXCSR, to start_regs.
 */
extern void record_start(uint64_t argument);
uint64_t start_regs[16 + 16 + 1];

#define STORE_XMM(n) "movq %xmm" #n ", start_regs+8*(16+" #n ")\n"

__asm__(".text\n"
	"record_start:\n"
	"mov %rax, start_regs\n"
	"mov %rbx, start_regs+8\n"
	"mov %rcx, start_regs+16\n"
	"mov %rdx, start_regs+24\n"
	"mov %rsi, start_regs+32\n"
	"mov %rdi, start_regs+40\n"
	"mov %rbp, start_regs+48\n"
	"mov %rsp, start_regs+56\n"
	"mov %r8, start_regs+64\n"
	"mov %r9, start_regs+72\n"
	"mov %r10, start_regs+80\n"
	"mov %r11, start_regs+88\n"
	"mov %r12, start_regs+96\n"
	"mov %r13, start_regs+104\n"
	"mov %r14, start_regs+112\n"
	"mov %r15, start_regs+120\n" STORE_XMM(0) STORE_XMM(1) STORE_XMM(2)
		STORE_XMM(3) STORE_XMM(4) STORE_XMM(5) STORE_XMM(6) STORE_XMM(
			7) STORE_XMM(8) STORE_XMM(9) STORE_XMM(10) STORE_XMM(11)
			STORE_XMM(12) STORE_XMM(13) STORE_XMM(14)
				STORE_XMM(15) "stmxcsr start_regs+8*32\n"
					      "jmp record_end\n");

void record_end(void);

void record_end(void)
{
	stage = 1;
	sys_exit();
}

static void test_first_registers(void)
{
	struct thread t;
	bool zero = true;

	stage = 0;
	memset(start_regs, 0xff, sizeof(start_regs));
	t = thread_start(record_start, 0x123456789abcdef0);
	check(await(&stage, 1), "a task starts");
	check_equal(start_regs[5], 0x123456789abcdef0, "RDI is the argument");
	check_equal(start_regs[7], t.top, "RSP is as it was set");
	for (int i = 0; i < 32; i++)
		zero &= start_regs[i] == 0 || i == 5 || i == 7;
	check(zero, "all else is zero");
	check_equal((uint32_t)start_regs[32], 0x1f80, "MXCSR is its default");
}

static void test_stop_and_go(void)
{
	struct thread t;
	uint64_t at;

	stage = 0;
	t = thread_start(count_kindly, 0);
	yield_often();
	check(stage > 10, "a task counts");
	check_error(sys_task_set_ip(t.task, 0x1000), ERR_BAD_STATE,
		    "no setting while it is active");
	check_error(sys_task_set_cpool(t.task, ROOT), ERR_BAD_STATE,
		    "nor its pool");
	check_error(sys_task_set_active(t.task, 1), ERR_OK,
		    "starting it again");
	check_error(sys_task_set_active(t.task, 0), ERR_OK, "stop");
	at = stage;
	yield_often();
	check_equal(stage, at, "it has stopped");
	sys_task_set_active(t.task, 1);
	yield_often();
	check(stage > at + 10, "and goes on where it was");
	sys_task_set_active(t.task, 0);
	stage = 0;
	thread_restart(&t, note_argument, 99);
	check(await(&stage, 1) && seen == 99, "and begins anew elsewhere");
}

static void test_stop_a_spinning_task(void)
{
	struct thread t;
	uint64_t at;

	stage = 0;
	t = thread_start(count_for_ever, 0);
	/* Where time is the host's, a tick may come before it has counted. */
	for (int i = counts_instructions() ? 1 : 100; i > 0 && !stage; i--)
		sys_yield();
	check(stage > 0, "a task that never yields is preempted");
	check_error(sys_task_set_active(t.task, 0), ERR_OK, "stop it");
	at = stage;
	yield_often();
	check_equal(stage, at, "it has stopped");
}

/* A task may hold itself: what it sets then, and that it can stop itself. */
static void stop_myself(uint64_t slot)
{
	seen = sys_task_set_ip(caddr_root(slot), 0x1000);
	stage = 1;
	seen |= (uint64_t)sys_task_set_active(caddr_root(slot), 0) << 32;
	stage = 2;
}

static void test_a_task_stops_itself(void)
{
	struct thread t = thread_make(stop_myself, 0);

	stage = 0;
	sys_task_set_arg(t.task, t.task.path);
	sys_task_set_active(t.task, 1);
	check(await(&stage, 1), "a task runs");
	yield_often();
	check_equal(stage, 1, "and has stopped itself");
	check_equal(seen, ERR_BAD_STATE, "it was active, for itself too");
	sys_task_set_active(t.task, 1);
	check(await(&stage, 2), "started again it goes on");
	check_equal(seen >> 32, ERR_OK, "its call has succeeded");
}

static void without_buffer(uint64_t argument)
{
	struct raw r = {SYS_PRINT, 4};

	raw_call(&r);
	seen = r.rax;
	r = (struct raw){SYS_INVOKE, BOOT_SLOT_CHANNEL,
			 INFO(CHANNEL_PUT_PAYLOAD, 2, 1, 0), 4, CHANNEL_TRY};
	raw_call(&r);
	seen |= r.rax << 32;
	stage = 1;
	sys_exit();
}

static void test_no_buffer(void)
{
	struct caddr task = make(OBJECT_TASK, 0);

	stage = 0;
	sys_task_set_ip(task, (uint64_t)without_buffer);
	sys_task_set_sp(task, BOOT_CHILD_STACK_TOP - 4);
	sys_task_set_cpool(task, ROOT);
	sys_task_set_table(task, PML4);
	sys_task_set_active(task, 1);
	check(await(&stage, 1), "a task without a buffer");
	check_equal(seen & 0xffffffff, ERR_NO_BUFFER, "cannot print");
	check_equal(seen >> 32, ERR_NO_BUFFER, "nor put a payload");
}

/* The last use of a pool: a task whose pool has nothing in it. */
static void with_empty_pool(uint64_t argument)
{
	seen = sys_channel_put_raw(caddr_root(BOOT_SLOT_CHANNEL), 1,
				   CHANNEL_TRY);
	stage = 1;
}

static void test_another_pool(void)
{
	struct thread t = thread_make(with_empty_pool, 0);

	stage = 0;
	sys_task_set_cpool(t.task, make(OBJECT_CPOOL, 0));
	sys_task_set_active(t.task, 1);
	check(await(&stage, 1), "a task with an empty pool");
	check_equal(seen, ERR_EMPTY_SLOT, "has no channel");
}

int user_main(const struct boot_info *info)
{
	test_addresses();
	test_capabilities();
	test_incomplete();
	test_first_registers();
	test_stop_and_go();
	test_stop_a_spinning_task();
	test_a_task_stops_itself();
	test_no_buffer();
	test_another_pool();
	return check_done();
}
