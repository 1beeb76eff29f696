/* test_syscall.c: registers in, registers out; printing; ports. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

static struct caller c;

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	return 0;
}

static enum error call(uint64_t number, uint64_t rdi, uint64_t rsi)
{
	c.task->regs.rax = number;
	c.task->regs.rdi = rdi;
	c.task->regs.rsi = rsi;
	syscall_handle(c.task);
	return c.task->regs.rax;
}

static void test_numbers_and_info_words_are_checked(void **state)
{
	static const struct {
		uint64_t number, rdi, rsi;
		enum error error;
	} rows[] = {
		{SYS_INVOKE, 0, 0x100000 | CPOOL_FREE_SLOT, ERR_OK},
		{SYS_INVOKE, 0, 0x150000 | CPOOL_FREE_SLOT, ERR_RANGE},
		{SYS_INVOKE, 0, UINT64_C(0xfff100000) | CPOOL_FREE_SLOT,
		 ERR_OK}, /* depths that nothing asks for */
		{SYS_INVOKE, 0, UINT64_C(1) << 36 | 0x100003, ERR_RANGE},
		{SYS_INVOKE, 0, UINT64_C(1) << 63 | 0x100003, ERR_RANGE},
		{SYS_INVOKE, 0, CPOOL_FREE_SLOT, ERR_BAD_ADDRESS},
		{SYS_INVOKE, 9, 0x100000 | CPOOL_FREE_SLOT, ERR_EMPTY_SLOT},
		{SYS_INVOKE, 0, 0x100000 | UNTYPED_INFO, ERR_WRONG_TYPE},
		{SYS_INVOKE, 0, 0x100000, ERR_NO_SUCH_CALL},
		{SYS_INVOKE, 0, 0x10ffff, ERR_NO_SUCH_CALL},
		{SYS_COUNT, 0, 0, ERR_NO_SUCH_CALL},
		{UINT64_C(1) << 32, 0, 0, ERR_NO_SUCH_CALL},
		{UINT64_MAX, 0, 0, ERR_NO_SUCH_CALL},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(call(rows[i].number, rows[i].rdi, rows[i].rsi),
				 rows[i].error);
}

static void test_the_fs_base_stays_in_user_space(void **state)
{
	assert_int_equal(call(SYS_SET_FS_BASE, 0x1234, 0), ERR_OK);
	assert_int_equal(fake.fs_base, 0x1234);
	assert_int_equal(call(SYS_SET_FS_BASE, USER_END - 1, 0), ERR_OK);
	assert_int_equal(fake.fs_base, USER_END - 1);
	assert_int_equal(call(SYS_SET_FS_BASE, USER_END, 0), ERR_RANGE);
	assert_int_equal(call(SYS_SET_FS_BASE, UINT64_MAX, 0), ERR_RANGE);
	assert_int_equal(fake.fs_base, USER_END - 1);
}

static void test_only_the_named_registers_change(void **state)
{
	struct regs before, after;

	memset(&c.task->regs, 0x77, sizeof(before));
	before = c.task->regs;
	call(SYS_INVOKE, 0, 0x100000 | CPOOL_FREE_SLOT);
	after = c.task->regs;
	before.rdi = after.rdi;
	before.rsi = after.rsi;
	before.rax = ERR_OK;
	before.rdx = 3;
	before.r10 = 0;
	assert_memory_equal(&before, &after, sizeof(before));
}

static void test_print_is_one_line_of_printable_bytes(void **state)
{
	memcpy(c.buffer->data, "a\nb\x1b~\x7f\xff", 7);
	assert_int_equal(call(SYS_PRINT, 7, 0), ERR_OK);
	assert_string_equal(fake.log, "[kernel] Userspace print: a?b?~??\n");
	assert_int_equal(call(SYS_PRINT, TASK_BUFFER_BYTES, 0), ERR_OK);
	assert_int_equal(call(SYS_PRINT, TASK_BUFFER_BYTES + 1, 0), ERR_RANGE);
	assert_int_equal(call(SYS_PRINT, UINT64_MAX, 0), ERR_RANGE);
	cap_delete(&c.task->buffer);
	assert_int_equal(call(SYS_PRINT, 1, 0), ERR_NO_BUFFER);
}

static void test_putc_is_raw(void **state)
{
	assert_int_equal(call(SYS_PUTC, 0x1b, 0), ERR_OK);
	assert_int_equal(call(SYS_PUTC, 0x100, 0), ERR_RANGE);
	assert_string_equal(fake.log, "\x1b");
}

static void test_the_pool_is_listed(void **state)
{
	assert_int_equal(call(SYS_LIST_CPOOL, 0, 0), ERR_OK);
	assert_string_equal(fake.log, "[kernel] CPool index 0 => CPOOL\n"
				      "[kernel] CPool index 1 => TASK_BUFFER\n"
				      "[kernel] CPool index 2 => UNTYPED\n"
				      "[kernel] CPool index 254 => PML4\n"
				      "[kernel] CPool index 255 => TASK\n");
}

static void test_exit_and_yield(void **state)
{
	assert_int_equal(call(SYS_YIELD, 0, 0), ERR_OK);
	assert_ptr_equal(sched_current(), c.task);
	assert_int_equal(call(SYS_EXIT, 0, 0), ERR_OK);
	assert_null(sched_current());
}

static void test_the_run_ends_with_its_verdict(void **state)
{
	static const uint64_t calls[] = {SYS_TEST_FAIL, SYS_TEST_SUCCEED};

	for (volatile unsigned i = 0; i < 2; i++) {
		int end = setjmp(fake.exit);

		if (end == 0)
			call(calls[i], 0, 0);
		assert_int_equal(end, 1 + 0x30 + i);
	}
}

static void test_ports_are_kept_in_their_range(void **state)
{
	static const struct {
		uint64_t port, size;
		unsigned rights;
		enum error error;
	} rows[] = {
		{0x3f8, 1, RIGHT_ALL, ERR_OK},
		{0x3ff, 1, RIGHT_ALL, ERR_OK},
		{0x3fe, 2, RIGHT_ALL, ERR_OK},
		{0x3fc, 4, RIGHT_ALL, ERR_OK},
		{0x3ff, 2, RIGHT_ALL, ERR_RANGE},
		{0x3fd, 4, RIGHT_ALL, ERR_RANGE},
		{0x3f7, 1, RIGHT_ALL, ERR_RANGE},
		{0x400, 1, RIGHT_ALL, ERR_RANGE},
		{0x103f8, 1, RIGHT_ALL, ERR_RANGE},
		{0x3f8, 0, RIGHT_ALL, ERR_RANGE},
		{0x3f8, 3, RIGHT_ALL, ERR_RANGE},
		{0x3f8, UINT64_C(1) << 32 | 1, RIGHT_ALL, ERR_RANGE},
		{0x3f8, 1, RIGHT_GRANT, ERR_NO_RIGHT},
	};
	struct cap cap = {.type = OBJECT_IO_PORT,
			  .port = {.first = 0x3f8, .last = 0x3ff}};

	cap_root(&c.pool->slot[9], &cap);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t word[4] = {rows[i].port, rows[i].size, 0x55};

		c.pool->slot[9].cap.rights = rows[i].rights;
		assert_int_equal(caller_invoke(&c, IO_PORT_OUT, 9, 3, word, 0),
				 rows[i].error);
		assert_int_equal(caller_invoke(&c, IO_PORT_IN, 9, 2, word, 0),
				 rows[i].error);
		if (rows[i].error)
			continue;
		assert_int_equal(fake.port, rows[i].port);
		assert_int_equal(fake.size, rows[i].size);
		assert_int_equal(c.task->regs.rdx, 0x55);
	}
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_numbers_and_info_words_are_checked),
		T(test_the_fs_base_stays_in_user_space),
		T(test_only_the_named_registers_change),
		T(test_print_is_one_line_of_printable_bytes),
		T(test_putc_is_raw),
		T(test_the_pool_is_listed),
		T(test_exit_and_yield),
		T(test_the_run_ends_with_its_verdict),
		T(test_ports_are_kept_in_their_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
