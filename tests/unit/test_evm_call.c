/*
 * Calls between contracts: how deep, with how much gas, what a failure takes
 * back, what a static call forbids, creation; and every request for memory
 * refused once.
 */
#include "tests/unit/evm_unit.h"

#define GAS 1000000

static void expect_stored(struct machine *m, const struct evm_address *addr,
			  uint64_t slot, uint64_t want)
{
	struct u256 value = stored(m, addr, slot);

	assert_true(u256_fits_u64(&value));
	assert_int_equal(value.w[0], want);
}

static void expect_balance(struct machine *m, const struct evm_address *addr,
			   uint64_t want)
{
	const struct evm_account *a = evm_state_find(m->evm.state, addr);

	assert_int_equal(a ? a->balance.w[0] : 0, want);
}

#define PUSH_B \
	0x73, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define PUSH_C \
	0x73, 0xcc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define NO_DATA	       0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0
#define STORE_AT(slot) 0x60, slot, 0x55

/* `op` on B with all gas and this value; the outcome goes to slot 0. */
#define CALL_B(value)  NO_DATA, 0x60, value, PUSH_B, 0x5a, 0xf1, STORE_AT(0)

static void test_value_moves_and_the_callee_runs(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_a, 10, CODE(CALL_B(4)));
	put(&m, &addr_b, 1, CODE(0x34, STORE_AT(7), 0x33, STORE_AT(8)));
	call(&m, &addr_a, GAS);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	expect_stored(&m, &addr_a, 0, 1);
	expect_stored(&m, &addr_b, 7, 4);
	expect_balance(&m, &addr_a, 6);
	expect_balance(&m, &addr_b, 5);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_a_failed_call_takes_everything_back(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_a, 10, CODE(CALL_B(4), 0x60, 5, STORE_AT(1)));
	/* stores, logs, gives to C, then fails */
	put(&m, &addr_b, 1,
	    CODE(0x60, 9, STORE_AT(7), 0x60, 0, 0x60, 0, 0xa0, NO_DATA, 0x60, 2,
		 PUSH_C, 0x5a, 0xf1, 0xfe));
	call(&m, &addr_a, 4 * GAS);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	expect_stored(&m, &addr_a, 0, 0);
	expect_stored(&m, &addr_a, 1, 5); /* a 64th of the gas was left */
	expect_stored(&m, &addr_b, 7, 0);
	expect_balance(&m, &addr_a, 10);
	expect_balance(&m, &addr_b, 1);
	assert_null(evm_state_find(m.evm.state, &addr_c));
	assert_int_equal(evm_state_log_count(m.evm.state), 0);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_a_call_beyond_the_balance_costs_nothing_more(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_HOMESTEAD);
	put(&m, &addr_a, 3,
	    CODE(NO_DATA, 0x60, 4, PUSH_B, 0x60, 99, 0xf1, 0x15, STORE_AT(0)));
	put(&m, &addr_b, 1, CODE(0xfe));
	call(&m, &addr_a, GAS);
	expect_stored(&m, &addr_a, 0, 1);
	/* 7 pushes, CALL 40 + 9000, the stipend comes back, ISZERO, SSTORE */
	assert_int_equal(GAS - m.result.gas_left,
			 21 + 40 + 9000 - 2300 + 3 + 3 + 20000);
	machine_fini(&m);
}

/* What B sees as GAS when A asks for `asked` (two bytes) with `gas` in all. */
static int64_t gas_seen(enum evm_fork fork, uint16_t asked, int64_t gas)
{
	struct machine m = {0};
	int64_t seen;

	machine_init(&m, fork);
	put(&m, &addr_a, 0,
	    CODE(NO_DATA, 0x60, 0, PUSH_B, 0x61, asked >> 8, asked & 0xff,
		 0xf1));
	put(&m, &addr_b, 0, CODE(0x5a, STORE_AT(0)));
	call(&m, &addr_a, gas);
	seen = (int64_t)stored(&m, &addr_b, 0).w[0];
	machine_fini(&m);
	return seen;
}

static void test_a_64th_of_the_gas_stays_behind(void **state)
{
	/* 7 pushes and CALL: 21 + 700; GAS itself costs 2 */
	assert_int_equal(gas_seen(EVM_BYZANTIUM, 30000, 721 + 64000),
			 30000 - 2);
	assert_int_equal(gas_seen(EVM_BYZANTIUM, 63000, 721 + 64000),
			 63000 - 2);
	assert_int_equal(gas_seen(EVM_BYZANTIUM, 63001, 721 + 64000),
			 63000 - 2);
	/* before, one gas too many was the end of the caller */
	assert_int_equal(gas_seen(EVM_HOMESTEAD, 30000, 61 + 30000), 30000 - 2);
	assert_int_equal(gas_seen(EVM_HOMESTEAD, 30001, 61 + 30000), 0);
}

/* A counts its calls of itself in slot 0 and calls again. */
static void test_calls_are_1024_deep(void **state)
{
	static const uint8_t code[] = {
		0x60, 1,    0x60, 0,	0x54, 0x01, STORE_AT(0), NO_DATA, 0x60,
		0,    0x30, 0x61, 0x75, 0x30, 0x5a, 0x03,	 0xf1,	  0x50,
	};
	struct machine m = {0};

	machine_init(&m, EVM_HOMESTEAD);
	put(&m, &addr_a, 0, code, sizeof(code));
	call(&m, &addr_a, 100000000);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	expect_stored(&m, &addr_a, 0, 1025);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

/* A makes a STATICCALL of B; returns whether it succeeded. */
static bool static_call(const uint8_t *code, size_t len)
{
	struct machine m = {0};
	bool ok;

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_a, 5,
	    CODE(NO_DATA, PUSH_B, 0x62, 1, 0x86, 0xa0, 0xfa, STORE_AT(0)));
	put(&m, &addr_b, 5, code, len);
	call(&m, &addr_a, GAS);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	ok = stored(&m, &addr_a, 0).w[0];
	machine_fini(&m);
	return ok;
}

static void test_a_static_call_changes_nothing(void **state)
{
	assert_true(static_call(CODE(0x60, 0, 0x54)));
	assert_false(static_call(CODE(0x60, 1, STORE_AT(0))));
	assert_false(static_call(CODE(0x60, 0, 0x60, 0, 0xa0)));
	assert_false(static_call(CODE(0x60, 0, 0xff)));
	assert_false(static_call(CODE(0x60, 0, 0x60, 0, 0x60, 0, 0xf0)));
	assert_true(
		static_call(CODE(NO_DATA, 0x60, 0, PUSH_C, 0x60, 99, 0xf1)));
	assert_false(
		static_call(CODE(NO_DATA, 0x60, 1, PUSH_C, 0x60, 99, 0xf1)));
}

static void test_delegatecall_keeps_whose_and_from_whom(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_HOMESTEAD);
	put(&m, &addr_a, 5,
	    CODE(NO_DATA, PUSH_B, 0x62, 1, 0x86, 0xa0, 0xf4, STORE_AT(0)));
	put(&m, &addr_b, 5, CODE(0x33, 0x32, 0x14, STORE_AT(1)));
	call(&m, &addr_a, GAS);
	expect_stored(&m, &addr_a, 0, 1);
	expect_stored(&m, &addr_a, 1, 1); /* CALLER is still the origin */
	machine_fini(&m);
}

static void test_return_data_is_the_last_calls(void **state)
{
	struct machine m = {0};

	machine_init(&m, EVM_BYZANTIUM);
	/* B reverts with 3 bytes; A gives room for 2, asks for the size */
	put(&m, &addr_a, 0,
	    CODE(0x60, 2, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, PUSH_B, 0x5a,
		 0xf1, STORE_AT(0), 0x3d, STORE_AT(1), 0x60, 0, 0x51,
		 STORE_AT(2)));
	put(&m, &addr_b, 0,
	    CODE(0x62, 1, 2, 3, 0x60, 0, 0x52, 0x60, 3, 0x60, 29, 0xfd));
	call(&m, &addr_a, GAS);
	assert_int_equal(m.result.status, EVM_SUCCESS);
	expect_stored(&m, &addr_a, 0, 0);
	expect_stored(&m, &addr_a, 1, 3);
	assert_true(stored(&m, &addr_a, 2).w[3] ==
		    UINT64_C(0x0102000000000000));
	machine_fini(&m);
}

/* A creates with init code that returns `len` zero bytes: STOPs. */
static enum evm_status create(struct machine *m, enum evm_fork fork,
			      uint16_t len, int64_t gas)
{
	const uint8_t init[] = {0x61, len >> 8, len & 0xff, 0x60, 0, 0xf3};
	struct evm_message msg = {.kind = EVM_CREATE,
				  .gas = gas,
				  .sender = addr_from,
				  .input = init,
				  .input_len = sizeof(init)};

	machine_init(m, fork);
	assert_int_equal(evm_call(&m->evm, &msg, &m->result), 0);
	return m->result.status;
}

static size_t created_len(struct machine *m)
{
	const struct evm_account *a;
	const uint8_t *code;
	size_t len = 0;

	a = evm_state_find(m->evm.state, &m->result.created);
	if (a)
		evm_account_code(a, &code, &len);
	return len;
}

static void test_created_code_is_paid_by_the_byte(void **state)
{
	struct machine m = {0};

	/* 2 pushes, a word of memory, 10 bytes at 200 */
	assert_int_equal(create(&m, EVM_HOMESTEAD, 10, 9 + 2000), EVM_SUCCESS);
	assert_int_equal(created_len(&m), 10);
	assert_int_equal(m.result.gas_left, 0);
	machine_fini(&m);
	assert_int_equal(create(&m, EVM_HOMESTEAD, 10, 9 + 1999),
			 EVM_OUT_OF_GAS);
	machine_fini(&m);
	/* Frontier left an account without code, and the gas */
	assert_int_equal(create(&m, EVM_FRONTIER, 10, 9 + 1999), EVM_SUCCESS);
	assert_int_equal(created_len(&m), 0);
	assert_int_equal(m.result.gas_left, 1999);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_created_code_has_at_most_24576_bytes(void **state)
{
	struct machine m = {0};

	assert_int_equal(create(&m, EVM_HOMESTEAD, 24577, 9000000),
			 EVM_SUCCESS);
	machine_fini(&m);
	assert_int_equal(create(&m, EVM_SPURIOUS_DRAGON, 24576, 9000000),
			 EVM_SUCCESS);
	machine_fini(&m);
	assert_int_equal(create(&m, EVM_SPURIOUS_DRAGON, 24577, 9000000),
			 EVM_CODE_TOO_LARGE);
	machine_fini(&m);
}

static void test_created_addresses(void **state)
{
	/* from the chain: the first contracts of 6ac7ea33...b4a3 */
	static const struct evm_address sender = {
		{0x6a, 0xc7, 0xea, 0x33, 0xf8, 0x83, 0x1e, 0xa9, 0xdc, 0xc5,
		 0x33, 0x93, 0xaa, 0xa8, 0x8b, 0x25, 0xa7, 0x85, 0xdb, 0xf0}};
	static const uint8_t first[] = {0xcd, 0x23, 0x4a, 0x47, 0x1b,
					0x72, 0xba, 0x2f, 0x1c, 0xcf};
	static const uint8_t second[] = {0x34, 0x3c, 0x43, 0xa3, 0x7d,
					 0x37, 0xdf, 0xf0, 0x8a, 0xe8};
	struct evm_address created;

	evm_create_address(&sender, 0, &created);
	assert_memory_equal(created.bytes, first, sizeof(first));
	evm_create_address(&sender, 1, &created);
	assert_memory_equal(created.bytes, second, sizeof(second));
}

/* Sets up A, which calls B and creates; B logs. All of it or an error. */
static int scenario(struct machine *m)
{
	int err = machine_init(m, EVM_BYZANTIUM);

	if (err == 0)
		err = put(m, &addr_a, 10,
			  CODE(CALL_B(4), 0x60, 1, STORE_AT(1), 0x60, 0, 0x60,
			       0, 0x60, 0, 0xf0, STORE_AT(2), 0x61, 8, 0, 0x60,
			       0, 0xf3));
	if (err == 0)
		err = put(m, &addr_b, 1,
			  CODE(0x60, 9, STORE_AT(7), 0x60, 9, 0x60, 0, 0xa0,
			       0x60, 9, 0x60, 0, 0xf3));
	return err ? err : call(m, &addr_a, GAS);
}

/* That for a translation may be refused without anyone's noticing. */
static void test_every_request_for_memory_may_fail(void **state)
{
	struct machine m = {0};
	long n;
	int err;

	for (n = 1; m.meter.requests >= n - 1; n++) {
		m = (struct machine){.meter.fail_at = n};
		err = scenario(&m);
		if (err < 0) {
			assert_int_equal(err, EVM_ERR_NO_MEMORY);
			if (m.evm.state)
				expect_stored(&m, &addr_b, 7, 0);
		} else {
			assert_int_equal(m.result.output_len, 2048);
			expect_stored(&m, &addr_b, 7, 9);
		}
		machine_fini(&m);
		assert_int_equal(m.meter.bytes, 0);
	}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_moves_and_the_callee_runs),
		cmocka_unit_test(test_a_failed_call_takes_everything_back),
		cmocka_unit_test(
			test_a_call_beyond_the_balance_costs_nothing_more),
		cmocka_unit_test(test_a_64th_of_the_gas_stays_behind),
		cmocka_unit_test(test_calls_are_1024_deep),
		cmocka_unit_test(test_a_static_call_changes_nothing),
		cmocka_unit_test(test_delegatecall_keeps_whose_and_from_whom),
		cmocka_unit_test(test_return_data_is_the_last_calls),
		cmocka_unit_test(test_created_code_is_paid_by_the_byte),
		cmocka_unit_test(test_created_code_has_at_most_24576_bytes),
		cmocka_unit_test(test_created_addresses),
		cmocka_unit_test(test_every_request_for_memory_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
