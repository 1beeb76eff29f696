/*
 * The interpreter, an instruction at a time: what it leaves, what it costs,
 * how it fails. The checks before each instruction are tried for every byte
 * in every fork.
 */
#include "tests/unit/evm_unit.h"

#include "evm/frame.h"

#define GAS 1000000

/* PUSH1 0 MSTORE PUSH1 32 PUSH1 0 RETURN: shows the top of the stack. */
static const uint8_t show[] = {0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3};

#define SHOW_GAS 15

static enum evm_status run(struct machine *m, const uint8_t *code, size_t len,
			   int64_t gas)
{
	static const uint8_t input[] = {0xde, 0xad, 0xbe, 0xef};
	struct evm_message msg = {.gas = gas,
				  .sender = addr_from,
				  .recipient = addr_a,
				  .code_from = addr_a,
				  .value = u256_from(77),
				  .input = input,
				  .input_len = sizeof(input)};

	assert_int_equal(evm_run_code(&m->evm, &msg, code, len, &m->result), 0);
	return m->result.status;
}

/*
 * Code that leaves one value, with its cost; the first word of memory counts
 * with what shows the value.
 */
static const struct row {
	const char *what;
	enum evm_fork fork;
	uint8_t code[24];
	size_t len;
	int64_t gas;
	struct u256 value;
} rows[] = {
#define ROW(what, fork, gas, value, ...)                       \
	{                                                      \
		what, EVM_##fork, {__VA_ARGS__},               \
			sizeof((uint8_t[]){__VA_ARGS__}), gas, \
		{                                              \
			{                                      \
				value                          \
			}                                      \
		}                                              \
	}
	ROW("ADD", FRONTIER, 9, 5, 0x60, 2, 0x60, 3, 0x01),
	ROW("MUL", FRONTIER, 11, 6, 0x60, 2, 0x60, 3, 0x02),
	ROW("SUB: top minus next", FRONTIER, 9, 1, 0x60, 2, 0x60, 3, 0x03),
	ROW("DIV: top by next", FRONTIER, 11, 4, 0x60, 2, 0x60, 9, 0x04),
	ROW("SDIV", FRONTIER, 11, 4, 0x60, 2, 0x60, 9, 0x05),
	ROW("MOD", FRONTIER, 11, 1, 0x60, 2, 0x60, 9, 0x06),
	ROW("SMOD", FRONTIER, 11, 1, 0x60, 2, 0x60, 9, 0x07),
	ROW("ADDMOD", FRONTIER, 17, 3, 0x60, 5, 0x60, 4, 0x60, 9, 0x08),
	ROW("MULMOD", FRONTIER, 17, 1, 0x60, 5, 0x60, 4, 0x60, 9, 0x09),
	ROW("EXP, 1 byte", FRONTIER, 26, 8, 0x60, 3, 0x60, 2, 0x0a),
	ROW("EXP, 0 bytes", FRONTIER, 16, 1, 0x60, 0, 0x60, 2, 0x0a),
	ROW("EXP, EIP-160", SPURIOUS_DRAGON, 66, 8, 0x60, 3, 0x60, 2, 0x0a),
	ROW("EXP, 2 bytes", SPURIOUS_DRAGON, 116, 1, 0x61, 1, 0, 0x60, 1, 0x0a),
	ROW("SIGNEXTEND", FRONTIER, 11, 0x7f, 0x60, 0x7f, 0x60, 0, 0x0b),
	ROW("LT", FRONTIER, 9, 1, 0x60, 3, 0x60, 2, 0x10),
	ROW("GT", FRONTIER, 9, 0, 0x60, 3, 0x60, 2, 0x11),
	ROW("SLT", FRONTIER, 9, 1, 0x60, 3, 0x60, 2, 0x12),
	ROW("SGT", FRONTIER, 9, 0, 0x60, 3, 0x60, 2, 0x13),
	ROW("EQ", FRONTIER, 9, 1, 0x60, 3, 0x60, 3, 0x14),
	ROW("ISZERO", FRONTIER, 6, 0, 0x60, 3, 0x15),
	ROW("AND", FRONTIER, 9, 2, 0x60, 3, 0x60, 6, 0x16),
	ROW("OR", FRONTIER, 9, 7, 0x60, 3, 0x60, 6, 0x17),
	ROW("XOR", FRONTIER, 9, 5, 0x60, 3, 0x60, 6, 0x18),
	ROW("BYTE", FRONTIER, 9, 3, 0x60, 3, 0x60, 31, 0x1a),
	ROW("BALANCE", FRONTIER, 23, 0, 0x60, 3, 0x31),
	ROW("BALANCE, EIP-150", TANGERINE_WHISTLE, 403, 0, 0x60, 3, 0x31),
	ROW("CALLVALUE", FRONTIER, 2, 77, 0x34),
	ROW("CALLDATASIZE", FRONTIER, 2, 4, 0x36),
	ROW("CALLDATALOAD", FRONTIER, 6, 0, 0x60, 4, 0x35),
	ROW("CODESIZE", FRONTIER, 2, 9, 0x38),
	ROW("EXTCODESIZE", FRONTIER, 23, 0, 0x60, 3, 0x3b),
	ROW("EXTCODESIZE, EIP-150", TANGERINE_WHISTLE, 703, 0, 0x60, 3, 0x3b),
	ROW("RETURNDATASIZE", BYZANTIUM, 2, 0, 0x3d),
	ROW("TIMESTAMP", FRONTIER, 2, 1234, 0x42),
	ROW("NUMBER", FRONTIER, 2, 300, 0x43),
	ROW("GASLIMIT", FRONTIER, 2, 10000000, 0x45),
	ROW("POP", FRONTIER, 8, 1, 0x60, 1, 0x60, 2, 0x50),
	ROW("MLOAD of new memory", FRONTIER, 9, 0, 0x60, 32, 0x51),
	ROW("MSIZE", FRONTIER, 16, 96, 0x60, 63, 0x51, 0x50, 0x59),
	ROW("MSTORE, MLOAD", FRONTIER, 15, 7, 0x60, 7, 0x60, 0, 0x52, 0x60, 0,
	    0x51),
	ROW("MSTORE8", FRONTIER, 15, 7, 0x60, 7, 0x60, 31, 0x53, 0x60, 0, 0x51),
	ROW("SLOAD", FRONTIER, 53, 0, 0x60, 3, 0x54),
	ROW("SLOAD, EIP-150", TANGERINE_WHISTLE, 203, 0, 0x60, 3, 0x54),
	ROW("SSTORE to zero", FRONTIER, 20009, 9, 0x60, 1, 0x60, 2, 0x55, 0x60,
	    9),
	ROW("SSTORE of zero", FRONTIER, 5009, 9, 0x60, 0, 0x60, 2, 0x55, 0x60,
	    9),
	ROW("JUMP", FRONTIER, 15, 9, 0x60, 4, 0x56, 0xfe, 0x5b, 0x60, 9),
	ROW("JUMPI, not", FRONTIER, 19, 9, 0x60, 0, 0x60, 4, 0x57, 0x60, 9),
	ROW("JUMPI", FRONTIER, 20, 9, 0x60, 1, 0x60, 6, 0x57, 0xfe, 0x5b, 0x60,
	    9),
	ROW("PC", FRONTIER, 3, 1, 0x5b, 0x58),
	ROW("GAS", FRONTIER, 2, GAS - 2, 0x5a),
	ROW("DUP2", FRONTIER, 9, 7, 0x60, 7, 0x60, 8, 0x81),
	ROW("SWAP1", FRONTIER, 9, 7, 0x60, 7, 0x60, 8, 0x90),
	ROW("PUSH3", FRONTIER, 3, 0x010203, 0x62, 1, 2, 3),
	ROW("LOG1", FRONTIER, 778, 9, 0x60, 5, 0x60, 2, 0x60, 0, 0xa1, 0x60, 9),
#undef ROW
};

static void check_row(const struct row *row)
{
	struct machine m = {0};
	uint8_t code[40];
	struct u256 value;

	memcpy(code, row->code, row->len);
	memcpy(code + row->len, show, sizeof(show));
	machine_init(&m, row->fork);
	if (run(&m, code, row->len + sizeof(show), GAS) != EVM_SUCCESS)
		fail_msg("%s: %s", row->what, evm_status_text(m.result.status));
	assert_int_equal(m.result.output_len, 32);
	value = u256_load(m.result.output);
	if (!u256_equal(&value, &row->value))
		fail_msg("%s: %lx", row->what, value.w[0]);
	if (GAS - m.result.gas_left != row->gas + SHOW_GAS)
		fail_msg("%s: cost %ld", row->what,
			 GAS - m.result.gas_left - SHOW_GAS);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_what_instructions_leave_and_cost(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static const struct need {
	bool is;
	int in, out, gas;
} needs[EVM_FORK_COUNT][256] = {
#define NEED(F, value, name, in, out, gas, since) \
	[value] = {(F) >= EVM_##since, in, out, gas},
#define NEEDS(name, text) [EVM_##name] = {EVM_OPCODES(NEED, EVM_##name)},
	EVM_FORKS(NEEDS)
#undef NEEDS
#undef NEED
};

/* The instruction behind `pushes` zeros. */
static enum evm_status behind(enum evm_fork fork, int opcode, int pushes,
			      int64_t gas)
{
	static uint8_t code[2 * 1024 + 1];
	struct machine m = {0};
	enum evm_status status;

	for (int i = 0; i < pushes; i++) {
		code[2 * i] = 0x60;
		code[2 * i + 1] = 0;
	}
	code[2 * pushes] = (uint8_t)opcode;
	machine_init(&m, fork);
	status = run(&m, code, (size_t)pushes * 2 + 1, gas);
	machine_fini(&m);
	return status;
}

static void check_needs(enum evm_fork fork, int opcode)
{
	const struct need *n = &needs[fork][opcode];

	if (!n->is) {
		assert_int_equal(behind(fork, opcode, 7, GAS),
				 EVM_UNDEFINED_OPCODE);
		assert_int_equal(behind(fork, opcode, 0, GAS),
				 EVM_UNDEFINED_OPCODE);
		return;
	}
	if (n->in > 0)
		assert_int_equal(behind(fork, opcode, n->in - 1, GAS),
				 EVM_STACK_UNDERFLOW);
	assert_int_not_equal(behind(fork, opcode, n->in, GAS),
			     EVM_STACK_UNDERFLOW);
	if (n->out > n->in) {
		assert_int_equal(behind(fork, opcode, 1024, GAS),
				 EVM_STACK_OVERFLOW);
		assert_int_equal(behind(fork, opcode, 1023, GAS), EVM_SUCCESS);
	}
	if (n->gas > 0)
		assert_int_equal(
			behind(fork, opcode, n->in, 3 * n->in + n->gas - 1),
			EVM_OUT_OF_GAS);
	assert_int_not_equal(behind(fork, opcode, n->in, GAS), EVM_OUT_OF_GAS);
}

static void test_checks_before_every_byte_in_every_fork(void **state)
{
	for (int fork = 0; fork < EVM_FORK_COUNT; fork++)
		for (int opcode = 0; opcode < 256; opcode++)
			check_needs(fork, opcode);
}

static void expect_status(const uint8_t *code, size_t len, int64_t gas,
			  enum evm_status status)
{
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	assert_int_equal(run(&m, code, len, gas), status);
	if (status > EVM_REVERT) {
		assert_int_equal(m.result.gas_left, 0);
		assert_int_equal(m.result.output_len, 0);
	}
	machine_fini(&m);
}

static void test_jumps_go_to_jumpdests_only(void **state)
{
	/* into a PUSH's data; to a byte that is none; behind the code */
	expect_status(CODE(0x60, 4, 0x56, 0x60, 0x5b), GAS, EVM_BAD_JUMP);
	expect_status(CODE(0x60, 0, 0x56, 0x5b), GAS, EVM_BAD_JUMP);
	expect_status(CODE(0x60, 3, 0x56, 0x5b), GAS, EVM_SUCCESS);
	expect_status(CODE(0x60, 4, 0x56, 0x5b), GAS, EVM_BAD_JUMP);
	/* 2^64 + 5 is not 5 */
	expect_status(CODE(0x68, 1, 0, 0, 0, 0, 0, 0, 0, 11, 0x56, 0x5b), GAS,
		      EVM_BAD_JUMP);
	/* the data of the last PUSH lies behind the code */
	expect_status(CODE(0x7f, 0x5b), GAS, EVM_SUCCESS);
	expect_status(CODE(0x60), GAS, EVM_SUCCESS);
}

/*
 * What is a JUMPDEST does not depend on the order of asking, though the map
 * is made as far as is asked for; also where a PUSH's data end behind the code.
 */
static void test_jumpdests_are_found_in_any_order(void **state)
{
	static const uint8_t bytes[] = {0x5b, 0x60, 0x5b, 0x5b, 0x61, 0x5b,
					0x5b, 0x5b, 0x80, 0x7f, 0x5b, 0x5b};
	static const uint64_t dests[] = {0, 3, 7};
	struct machine m = {0};
	struct evm_code *code;

	assert_int_equal(machine_init(&m, EVM_OSAKA), 0);
	for (uint64_t first = 0; first < 64; first++) {
		code = evm_code_create(&m.evm.alloc, bytes, sizeof(bytes));
		assert_non_null(code);
		for (uint64_t i = 0; i < 128; i++) {
			uint64_t pc = (first + i * 37) % 64;
			bool is = pc == dests[0] || pc == dests[1] ||
				  pc == dests[2];

			assert_int_equal(evm_code_is_jumpdest(code, pc), is);
		}
		assert_false(evm_code_is_jumpdest(code, UINT64_MAX));
		evm_code_unref(&m.evm.alloc, code);
	}
	machine_fini(&m);
}

/*
 * Bytes that are often 5bh and PUSHes, long and short, so that what is data
 * can be told from near or only from the beginning; asked for in any order.
 */
static void test_jumpdests_are_those_of_a_scan(void **state)
{
	struct machine m = {0};
	uint32_t seed = 1;

	assert_int_equal(machine_init(&m, EVM_OSAKA), 0);
	for (unsigned round = 0; round < 400; round++) {
		uint8_t bytes[700];
		bool is[700] = {false};
		size_t len = round % 2 ? sizeof(bytes) : 1 + round;
		struct evm_code *code;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (seed >> 24) % (1 + round % 7) == 0
					   ? 0x5b
					   : (uint8_t)(0x55 +
						       (seed >>
							16) % (48 - round % 5));
		}
		for (size_t i = 0; i < len; i++) {
			is[i] = bytes[i] == 0x5b;
			if (bytes[i] >= 0x60 && bytes[i] < 0x80)
				i += bytes[i] - 0x5fu;
		}
		code = evm_code_create(&m.evm.alloc, bytes, len);
		assert_non_null(code);
		for (size_t i = 0; i < 2 * len; i++) {
			size_t pc = (i * 367 + round) % len;

			assert_int_equal(evm_code_is_jumpdest(code, pc),
					 is[pc]);
		}
		evm_code_unref(&m.evm.alloc, code);
	}
	machine_fini(&m);
}

static void test_gas_of_memory_at_the_edge(void **state)
{
	/* MLOAD at 704: 23 words, 69 gas and 1 (529 / 512) */
	expect_status(CODE(0x61, 2, 0xc0, 0x51), 6 + 70, EVM_SUCCESS);
	expect_status(CODE(0x61, 2, 0xc0, 0x51), 6 + 69, EVM_OUT_OF_GAS);
	/* beyond all gas, and around 2^64 */
	expect_status(CODE(0x67, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0,
			   0x51),
		      INT64_MAX, EVM_OUT_OF_GAS);
	expect_status(CODE(0x60, 1, 0x19, 0x51), INT64_MAX, EVM_OUT_OF_GAS);
	/* no bytes at a place out of reach cost nothing */
	expect_status(CODE(0x60, 0, 0x60, 1, 0x19, 0xf3), 12, EVM_SUCCESS);
}

static void test_too_little_memory_is_no_out_of_gas(void **state)
{
	struct evm_message msg = {.gas = INT64_MAX};
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	/* MLOAD at 2^40: payable, but a terabyte */
	m.meter.fail_at = 4;
	assert_int_equal(evm_run_code(&m.evm, &msg,
				      CODE(0x65, 1, 0, 0, 0, 0, 0, 0x51),
				      &m.result),
			 EVM_ERR_NO_MEMORY);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_copies_read_zeros_behind_the_end(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_FRONTIER);
	/* CALLDATACOPY(0, 2, 6); RETURN(0, 6) */
	run(&m, CODE(0x60, 6, 0x60, 2, 0x60, 0, 0x37, 0x60, 6, 0x60, 0, 0xf3),
	    GAS);
	assert_int_equal(m.result.output_len, 6);
	assert_memory_equal(m.result.output, "\xbe\xef\0\0\0\0", 6);
	/* 5 pushes, 3 + 3 for a word copied, 3 for a word of memory */
	assert_int_equal(GAS - m.result.gas_left, 15 + 6 + 3);
	machine_fini(&m);
}

static void test_return_data_may_not_be_overrun(void **state)
{
	/* RETURNDATACOPY(0, 0, 0), then of one byte */
	expect_status(CODE(0x60, 0, 0x60, 0, 0x60, 0, 0x3e), GAS, EVM_SUCCESS);
	expect_status(CODE(0x60, 1, 0x60, 0, 0x60, 0, 0x3e), GAS,
		      EVM_RETURN_DATA_OVERRUN);
	expect_status(CODE(0x60, 0, 0x60, 1, 0x60, 0, 0x3e), GAS,
		      EVM_RETURN_DATA_OVERRUN);
}

static void test_revert_keeps_gas_and_output(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	/* SSTORE(0, 1); REVERT(0, 3) */
	assert_int_equal(
		run(&m, CODE(0x60, 1, 0x60, 0, 0x55, 0x60, 3, 0x60, 0, 0xfd),
		    GAS),
		EVM_REVERT);
	assert_int_equal(m.result.output_len, 3);
	assert_int_equal(GAS - m.result.gas_left, 20000 + 12 + 3);
	assert_true(stored(&m, &addr_a, 0).w[0] == 0);
	machine_fini(&m);
}

static int hash_of_number(void *ctx, uint64_t number, struct evm_hash *hash)
{
	*hash = (struct evm_hash){.bytes = {[31] = (uint8_t)number}};
	return 0;
}

static uint64_t block_hash(uint16_t number)
{
	const uint8_t code[] = {0x61, number >> 8, number & 0xff, 0x40, 0x60,
				0,    0x52,	   0x60,	  0x20, 0x60,
				0,    0xf3};
	struct machine m = {0};
	uint64_t low;

	machine_init(&m, EVM_FRONTIER);
	m.evm.block.hash = hash_of_number;
	assert_int_equal(run(&m, code, sizeof(code), GAS), EVM_SUCCESS);
	low = u256_load(m.result.output).w[0];
	machine_fini(&m);
	return low;
}

static void test_block_hashes_reach_back_256(void **state)
{
	assert_int_equal(block_hash(300), 0); /* the block itself */
	assert_int_equal(block_hash(299), 299 & 0xff);
	assert_int_equal(block_hash(44), 44);
	assert_int_equal(block_hash(43), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_instructions_leave_and_cost),
		cmocka_unit_test(test_checks_before_every_byte_in_every_fork),
		cmocka_unit_test(test_jumps_go_to_jumpdests_only),
		cmocka_unit_test(test_jumpdests_are_found_in_any_order),
		cmocka_unit_test(test_jumpdests_are_those_of_a_scan),
		cmocka_unit_test(test_gas_of_memory_at_the_edge),
		cmocka_unit_test(test_too_little_memory_is_no_out_of_gas),
		cmocka_unit_test(test_copies_read_zeros_behind_the_end),
		cmocka_unit_test(test_return_data_may_not_be_overrun),
		cmocka_unit_test(test_revert_keeps_gas_and_output),
		cmocka_unit_test(test_block_hashes_reach_back_256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
