/*
 * Programs that want the machine to fall: the deepest calls, lengths and
 * places beyond all memory, floods of return data, jumps into data, and a
 * host that has no memory left.
 */
#include "tests/unit/evm_unit.h"

#include "evm/budget.h"
#include "evm/frame.h"

#define LOTS INT64_C(30000000)

/* 2^256-1, 2^255, 2^64, 2^63, 2^32: all more than 30 million gas can pay. */
static const struct u256 huge[] = {
	{{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{{0, 0, 0, UINT64_C(1) << 63}},
	{{0, 1, 0, 0}},
	{{UINT64_C(1) << 63, 0, 0, 0}},
	{{UINT64_C(1) << 32, 0, 0, 0}},
};

static enum evm_status run(const uint8_t *code, size_t len)
{
	struct machine m = {0};
	enum evm_status status;

	machine_init(&m, EVM_OSAKA);
	put(&m, &addr_a, 100, code, len);
	assert_int_equal(call(&m, &addr_a, LOTS), 0);
	status = m.result.status;
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
	return status;
}

/* The operand at `which` (0: the top) is `value`, the others are `others`. */
static enum evm_status with_operand(uint8_t op, unsigned count, unsigned which,
				    const struct u256 *value, uint8_t others)
{
	uint8_t code[7 * 33 + 1] = {0};
	size_t len = 0;

	for (unsigned i = count; i-- > 0;) {
		if (i == which) {
			code[len++] = OP_PUSH32;
			u256_store(code + len, value);
			len += 32;
		} else {
			code[len++] = OP_PUSH1;
			code[len++] = others;
		}
	}
	code[len++] = op;
	return run(code, len);
}

static void test_places_and_lengths_beyond_all_memory(void **state)
{
	/* instruction, operands, and which of them are places or lengths */
	static const struct {
		uint8_t op;
		unsigned count, places;
	} rows[] = {
		{OP_MLOAD, 1, 0x01},	    {OP_MSTORE, 2, 0x01},
		{OP_MSTORE8, 2, 0x01},	    {OP_KECCAK256, 2, 0x03},
		{OP_CALLDATACOPY, 3, 0x05}, {OP_CODECOPY, 3, 0x05},
		{OP_EXTCODECOPY, 4, 0x0a},  {OP_RETURNDATACOPY, 3, 0x07},
		{OP_MCOPY, 3, 0x07},	    {OP_LOG0, 2, 0x03},
		{OP_LOG4, 6, 0x03},	    {OP_CREATE, 3, 0x06},
		{OP_CREATE2, 4, 0x06},	    {OP_CALL, 7, 0x78},
		{OP_CALLCODE, 7, 0x78},	    {OP_DELEGATECALL, 6, 0x3c},
		{OP_STATICCALL, 6, 0x3c},   {OP_RETURN, 2, 0x03},
		{OP_REVERT, 2, 0x03},
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
		for (unsigned i = 0; i < rows[r].count; i++)
			for (size_t h = 0; h < sizeof(huge) / sizeof(huge[0]);
			     h++)
				if (rows[r].places >> i & 1)
					assert_true(with_operand(rows[r].op,
								 rows[r].count,
								 i, &huge[h],
								 1) >
						    EVM_REVERT);
}

static void test_a_place_without_length_costs_nothing(void **state)
{
	for (size_t h = 0; h < sizeof(huge) / sizeof(huge[0]); h++) {
		assert_int_equal(with_operand(OP_KECCAK256, 2, 0, &huge[h], 0),
				 EVM_SUCCESS);
		assert_int_equal(
			with_operand(OP_CALLDATACOPY, 3, 0, &huge[h], 0),
			EVM_SUCCESS);
		assert_int_equal(with_operand(OP_MCOPY, 3, 1, &huge[h], 0),
				 EVM_SUCCESS);
		assert_int_equal(with_operand(OP_RETURN, 2, 0, &huge[h], 0),
				 EVM_SUCCESS);
	}
}

/* MSTORE(0, 0); RETURN or REVERT(2^256-1, 0): there is memory, but not there */
static void test_no_output_from_beyond_all_memory(void **state)
{
	assert_int_equal(run(CODE(0x5f, 0x5f, 0x52, 0x5f, 0x5f, 0x19, 0xf3)),
			 EVM_SUCCESS);
	assert_int_equal(run(CODE(0x5f, 0x5f, 0x52, 0x5f, 0x5f, 0x19, 0xfd)),
			 EVM_REVERT);
}

/* What is read behind the end of data is zero, from however far. */
static void test_sources_beyond_the_end_read_zeros(void **state)
{
	for (size_t h = 0; h < sizeof(huge) / sizeof(huge[0]); h++) {
		assert_int_equal(
			with_operand(OP_CALLDATALOAD, 1, 0, &huge[h], 0),
			EVM_SUCCESS);
		assert_int_equal(
			with_operand(OP_CALLDATACOPY, 3, 1, &huge[h], 9),
			EVM_SUCCESS);
		assert_int_equal(with_operand(OP_CODECOPY, 3, 1, &huge[h], 9),
				 EVM_SUCCESS);
		assert_int_equal(
			with_operand(OP_EXTCODECOPY, 4, 2, &huge[h], 9),
			EVM_SUCCESS);
	}
}

static void test_jumps_into_data_and_beyond_the_end(void **state)
{
	for (size_t h = 0; h < sizeof(huge) / sizeof(huge[0]); h++)
		assert_int_equal(with_operand(OP_JUMP, 1, 0, &huge[h], 0),
				 EVM_BAD_JUMP);
	/* PUSH1 4 JUMP PUSH1 5b: the 5b is data */
	assert_int_equal(run(CODE(0x60, 4, 0x56, 0x60, 0x5b)), EVM_BAD_JUMP);
	/* the same byte behind a PUSH2 that the end cuts off */
	assert_int_equal(run(CODE(0x60, 4, 0x56, 0x61, 0x5b)), EVM_BAD_JUMP);
	assert_int_equal(run(CODE(0x60, 5, 0x56, 0x60, 0, 0x5b)), EVM_SUCCESS);
	/* to the byte just behind the code */
	assert_int_equal(run(CODE(0x60, 3, 0x56)), EVM_BAD_JUMP);
	/* PUSH32 as the last byte: its data are zeros, and it ends */
	assert_int_equal(run(CODE(0x7f)), EVM_SUCCESS);
}

/* Each calls itself with all its gas until the depth refuses: SSTORE(0, 1)
 * follows in each frame where the call has come back. */
static void test_the_deepest_call(void **state)
{
	static const uint8_t code[] = {
		0x60, 0,    0x60, 0,	0x60, 0,    0x60, 0, 0x60,
		0,    0x30, /* ADDRESS */
		0x5a, 0xf1, /* CALL */
		0x60, 0,    0x54, 0x60, 1,    0x01, 0x60, 0, 0x55};
	struct machine m = {0};

	machine_init(&m, EVM_FRONTIER); /* all gas goes along in asking less */
	put(&m, &addr_a, 0, code, sizeof(code));
	m.evm.fork = EVM_OSAKA; /* a 64th stays: enough gas for 1,024 levels */
	assert_int_equal(call(&m, &addr_a, INT64_MAX / 2), 0);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	assert_int_equal(stored(&m, &addr_a, 0).w[0], 1025);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

/* The machine and its state share an allocator. */
static void use_budget(struct machine *m, struct evm_budget *budget)
{
	evm_state_destroy(m->evm.state);
	budget->from = m->evm.alloc;
	m->evm.alloc = evm_budget_allocator(budget);
	m->evm.state = evm_state_create(&m->evm.alloc);
}

/* B returns as much as it can; A calls it as often as it can. */
static void test_a_flood_of_return_data(void **state)
{
	static const uint8_t flood[] = {0x62, 0x08, 0, 0, 0x60, 0, 0xf3};
	static const uint8_t caller[] = {
		0x5b, /* again: */
		0x60, 0, 0x60, 0, 0x60, 0,    0x60, 0,	  0x73, 0xbb, 0,   0,
		0,    0, 0,    0, 0,	0,    0,    0,	  0,	0,    0,   0,
		0,    0, 0,    0, 0,	0x5a, 0xfa, 0x50, 0x60, 0,    0x56};
	struct evm_budget budget = {.limit = 4u << 20};
	struct machine m = {0};

	machine_init(&m, EVM_OSAKA);
	use_budget(&m, &budget);
	put(&m, &addr_a, 0, caller, sizeof(caller));
	put(&m, &addr_b, 0, flood, sizeof(flood));
	assert_int_equal(call(&m, &addr_a, LOTS), 0);
	assert_int_equal(m.result.status, EVM_OUT_OF_GAS);
	assert_true(budget.peak < 2u << 20);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

/* MSTORE at 1 MiB: it can be paid, but the host does not have it. */
static void test_no_memory_is_not_out_of_gas(void **state)
{
	static const uint8_t code[] = {0x60, 1,	   0x60, 0, 0x55, 0x60,
				       0,    0x62, 0x10, 0, 0,	  0x52};
	struct evm_budget budget = {.limit = 600u << 10};
	struct machine m = {0};

	machine_init(&m, EVM_OSAKA);
	use_budget(&m, &budget);
	put(&m, &addr_a, 0, code, sizeof(code));
	assert_int_equal(call(&m, &addr_a, LOTS), EVM_ERR_NO_MEMORY);
	assert_int_equal(budget.refused, 1);
	assert_int_equal(stored(&m, &addr_a, 0).w[0], 0);

	budget.limit = 3u << 20; /* the same machine, with more memory */
	assert_int_equal(call(&m, &addr_a, LOTS), 0);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	assert_int_equal(stored(&m, &addr_a, 0).w[0], 1);
	assert_true(budget.peak > 1u << 20 && budget.peak <= budget.limit);
	machine_fini(&m);
	assert_int_equal(budget.used, 0);
	assert_int_equal(m.meter.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_and_lengths_beyond_all_memory),
		cmocka_unit_test(test_a_place_without_length_costs_nothing),
		cmocka_unit_test(test_no_output_from_beyond_all_memory),
		cmocka_unit_test(test_sources_beyond_the_end_read_zeros),
		cmocka_unit_test(test_jumps_into_data_and_beyond_the_end),
		cmocka_unit_test(test_the_deepest_call),
		cmocka_unit_test(test_a_flood_of_return_data),
		cmocka_unit_test(test_no_memory_is_not_out_of_gas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
