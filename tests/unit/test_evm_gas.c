/*
 * Each instruction of each fork with just enough gas, one less and one more:
 * programs made from the table push zeros as operands and run it.
 */
#include "tests/unit/evm_unit.h"

#include "evm/frame.h"

#define PLENTY 1000000

struct program {
	uint8_t code[64];
	size_t len;
};

/* Zeros for operands; a jump goes to the JUMPDEST behind it. */
static struct program make(enum evm_fork fork, uint8_t op)
{
	bool jumps = op == OP_JUMP || op == OP_JUMPI;
	struct program p = {{0}};

	for (unsigned i = 0; i < evm_ops[op].min; i++) {
		p.code[p.len++] = OP_PUSH1;
		p.code[p.len++] = 0;
	}
	if (jumps) {
		if (op == OP_JUMPI)
			p.code[1] = 1;
		p.code[p.len - 1] = (uint8_t)(p.len + 1);
	}
	p.code[p.len++] = op;
	if (jumps)
		p.code[p.len++] = OP_JUMPDEST;
	return p;
}

static struct evm_result run(enum evm_fork fork, const struct program *p,
			     int64_t gas)
{
	struct machine m = {0};
	struct evm_result result;

	machine_init(&m, fork);
	put(&m, &addr_a, 100, p->code, p->len);
	call(&m, &addr_a, gas);
	result = m.result;
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
	return result;
}

static bool enough(enum evm_fork fork, const struct program *p, int64_t gas)
{
	return run(fork, p, gas).status != EVM_OUT_OF_GAS;
}

/* The least gas with which it does not run out. */
static int64_t least(enum evm_fork fork, const struct program *p)
{
	int64_t low = 0, high = PLENTY;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (enough(fork, p, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void check_opcode(enum evm_fork fork, uint8_t op)
{
	struct program p = make(fork, op);
	int64_t pushes = 3 * (int64_t)evm_ops[op].min;
	int64_t need = least(fork, &p);
	struct evm_result less, just, more;

	assert_true(need < PLENTY);
	assert_true(need >= pushes + evm_op_gas[fork][op]);
	just = run(fork, &p, need);
	more = run(fork, &p, need + 1);
	assert_int_equal(just.status, more.status);
	assert_int_not_equal(just.status, EVM_OUT_OF_GAS);
	if (just.status <= EVM_REVERT)
		assert_int_equal(more.gas_left, just.gas_left + 1);
	/* EIP-2200: SSTORE wants more gas to be there than it uses */
	if (op != OP_SSTORE && just.status <= EVM_REVERT)
		assert_int_equal(just.gas_left, 0);
	if (need == 0)
		return;
	less = run(fork, &p, need - 1);
	assert_int_equal(less.status, EVM_OUT_OF_GAS);
	assert_int_equal(less.gas_left, 0);
}

static void test_every_opcode_at_the_edge_of_its_gas(void **state)
{
	for (enum evm_fork fork = 0; fork < EVM_FORK_COUNT; fork++)
		for (unsigned op = 0; op < 256; op++)
			if (evm_op_gas[fork][op] != EVM_NO_OP)
				check_opcode(fork, (uint8_t)op);
}

static void test_every_other_byte_is_undefined(void **state)
{
	for (enum evm_fork fork = 0; fork < EVM_FORK_COUNT; fork++)
		for (unsigned op = 0; op < 256; op++) {
			struct program p = {{(uint8_t)op}, 1};

			if (evm_op_gas[fork][op] != EVM_NO_OP)
				continue;
			assert_int_equal(run(fork, &p, PLENTY).status,
					 EVM_UNDEFINED_OPCODE);
			assert_null(evm_opcode_name(fork, (uint8_t)op));
		}
}

/* One operand too few, and one result too many. */
static void test_every_opcode_at_the_edges_of_the_stack(void **state)
{
	static uint8_t code[2 * EVM_STACK_MAX + 1];
	enum evm_fork fork = EVM_OSAKA;

	for (unsigned op = 0; op < 256; op++) {
		const struct evm_op *row = &evm_ops[op];
		struct program p = {{0}};
		struct machine m = {0};

		if (evm_op_gas[fork][op] == EVM_NO_OP)
			continue;
		for (unsigned i = 0; i + 1 < row->min; i++) {
			p.code[p.len++] = OP_PUSH1;
			p.code[p.len++] = 0;
		}
		p.code[p.len++] = (uint8_t)op;
		if (row->min > 0)
			assert_int_equal(run(fork, &p, PLENTY).status,
					 EVM_STACK_UNDERFLOW);
		if (row->delta <= 0)
			continue;
		for (unsigned i = 0; i < EVM_STACK_MAX; i++)
			code[2 * i] = OP_PUSH1;
		code[2 * EVM_STACK_MAX] = (uint8_t)op;
		machine_init(&m, fork);
		put(&m, &addr_a, 0, code, sizeof(code));
		call(&m, &addr_a, PLENTY);
		assert_int_equal(m.result.status, EVM_STACK_OVERFLOW);
		machine_fini(&m);
	}
}

static void test_names_change_with_the_fork(void **state)
{
	assert_string_equal(evm_opcode_name(EVM_LONDON, 0x44), "DIFFICULTY");
	assert_string_equal(evm_opcode_name(EVM_PARIS, 0x44), "PREVRANDAO");
	assert_null(evm_opcode_name(EVM_PARIS, 0x5f));
	assert_string_equal(evm_opcode_name(EVM_SHANGHAI, 0x5f), "PUSH0");
	assert_null(evm_opcode_name(EVM_PRAGUE, 0x1e));
	assert_string_equal(evm_opcode_name(EVM_OSAKA, 0x1e), "CLZ");
	assert_int_equal(evm_fork_find("Merge"), EVM_PARIS);
	assert_int_equal(evm_fork_find("petersburg"), EVM_PETERSBURG);
	assert_int_equal(evm_fork_find("ConstantinopleFix"), EVM_PETERSBURG);
	assert_int_equal(evm_fork_find("TangerineWhistle"),
			 EVM_TANGERINE_WHISTLE);
	assert_int_equal(evm_fork_find("Amsterdam"), EVM_FORK_COUNT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_opcode_at_the_edge_of_its_gas),
		cmocka_unit_test(test_every_other_byte_is_undefined),
		cmocka_unit_test(test_every_opcode_at_the_edges_of_the_stack),
		cmocka_unit_test(test_names_change_with_the_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
