/* gdb's agent expressions: each operation, and code that is no good. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "gdbstub/agent.h"

#define OP(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define C(n)	0x22, (n) /* const8 */
#define END	0x27

static bool reg(void *ctx, unsigned n, uint64_t *val)
{
	*val = n * 0x101010101;
	return n < 16;
}

static bool mem(void *ctx, uint64_t addr, void *buf, unsigned len)
{
	static const uint8_t bytes[8] = {0x88, 0x77, 0x66, 0x55,
					 0x44, 0x33, 0x22, 0x11};

	if (addr != 16)
		return false;
	memcpy(buf, bytes, len);
	return true;
}

static bool eval(const uint8_t *byte, size_t len, uint64_t *val)
{
	static const struct agent_source from = {NULL, reg, mem};
	struct agent_code *code = malloc(sizeof(*code) + len);
	bool ok;

	code->len = len;
	memcpy(code->byte, byte, len);
	ok = agent_eval(code, &from, val);
	free(code);
	return ok;
}

static void test_each_operation(void **state)
{
	static const struct {
		uint8_t byte[24];
		size_t len;
		uint64_t val;
	} row[] = {
		{OP(C(7), C(5), 0x02, END), 12},
		{OP(C(7), C(5), 0x03, END), 2},
		{OP(C(7), C(5), 0x04, END), 35},
		{OP(C(0), C(7), 0x03, C(2), 0x05, END), -3ull},
		{OP(C(7), C(2), 0x06, END), 3},
		{OP(C(0), C(7), 0x03, C(2), 0x07, END), -1ull},
		{OP(C(7), C(2), 0x08, END), 1},
		{OP(C(1), C(4), 0x09, END), 16},
		{OP(C(1), C(200), 0x09, END), 0},
		{OP(C(0), C(8), 0x03, C(1), 0x0a, END), -4ull},
		{OP(C(0), C(8), 0x03, C(99), 0x0a, END), -1ull},
		{OP(C(16), C(3), 0x0b, END), 2},
		{OP(C(0), 0x0e, END), 1},
		{OP(C(12), C(10), 0x0f, END), 8},
		{OP(C(12), C(10), 0x10, END), 14},
		{OP(C(12), C(10), 0x11, END), 6},
		{OP(C(0), 0x12, END), -1ull},
		{OP(C(3), C(3), 0x13, END), 1},
		{OP(C(0), C(1), 0x03, C(1), 0x14, END), 1},
		{OP(C(0), C(1), 0x03, C(1), 0x15, END), 0},
		{OP(C(0xff), 0x16, 8, END), -1ull},
		{OP(C(0xff), 0x2a, 4, END), 15},
		{OP(C(0xff), 0x16, 64, END), 0xff},
		{OP(C(16), 0x17, END), 0x88},
		{OP(C(16), 0x18, END), 0x7788},
		{OP(C(16), 0x19, END), 0x55667788},
		{OP(C(16), 0x1a, END), 0x1122334455667788},
		{OP(0x23, 1, 2, END), 0x102},
		{OP(0x24, 1, 2, 3, 4, END), 0x1020304},
		{OP(0x26, 0, 5, 0x16, 32, C(5), 0x13, END), 0},
		{OP(0x26, 0, 5, 0x2a, 8, C(5), 0x13, END), 1},
		{OP(C(1), 0x20, 0, 7, C(9), C(4), END), 4},
		{OP(0x21, 0, 5, C(9), C(4), END), 4},
		{OP(C(3), 0x28, 0x04, END), 9},
		{OP(C(3), C(4), 0x29, END), 3},
		{OP(C(9), C(4), 0x2b, 0x03, END), -5ull},
		{OP(C(9), C(4), 0x32, 1, END), 9},
		{OP(C(1), C(2), C(3), 0x33, 0x29, END), 1},
	};
	uint64_t val = 0;

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(eval(row[i].byte, row[i].len, &val));
		assert_int_equal(val, row[i].val);
	}
}

static void test_code_that_is_no_good(void **state)
{
	static const struct {
		uint8_t byte[16];
		size_t len;
	} row[] = {
		{OP(END)},
		{OP(C(1))},
		{OP(0x22)},
		{OP(0x24, 1, 2, 3)},
		{OP(0x02, END)},
		{OP(C(1), 0x02, END)},
		{OP(C(1), C(0), 0x05, END)},
		{OP(C(1), C(0), 0x08, END)},
		{OP(C(1), 0x16, 0, END)},
		{OP(C(17), 0x17, END)},
		{OP(0x26, 0, 99, END)},
		{OP(0x21, 0, 0)}, /* for ever */
		{OP(0x21, 0xff, 0xff)},
		{OP(C(1), 0x21, 0, 0)}, /* the stack grows */
		{OP(C(1), 0x32, 1, END)},
		{OP(C(1), 0x2b, END)},
		{OP(C(1), C(2), 0x33, END)},
		{OP(0x01, END)},
		{OP(0x0c, END)},
		{OP(0xff, END)},
	};
	uint64_t val;

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_false(eval(row[i].byte, row[i].len, &val));
}

static void test_division_by_minus_one(void **state)
{
	static const uint8_t code[] = {0x25, 0x80, 0,	 0,    0,    0,	   0,
				       0,    0,	   C(0), C(1), 0x03, 0x05, END};
	uint64_t val;

	assert_true(eval(code, sizeof(code), &val));
	assert_int_equal(val, UINT64_C(1) << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_operation),
		cmocka_unit_test(test_code_that_is_no_good),
		cmocka_unit_test(test_division_by_minus_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
