/*
 * Transactions: what they cost before they run, when they are refused, who
 * pays whom, refunds, and what is left of accounts afterwards.
 */
#include "tests/unit/evm_unit.h"

#define FUNDS 10000000

static uint64_t balance(struct machine *m, const struct evm_address *addr)
{
	const struct evm_account *a = evm_state_find(m->evm.state, addr);

	return a ? a->balance.w[0] : 0;
}

static bool exists(struct machine *m, const struct evm_address *addr)
{
	return evm_state_find(m->evm.state, addr);
}

static struct evm_transaction transfer(uint64_t value)
{
	return (struct evm_transaction){.sender = addr_from,
					.to = addr_a,
					.gas_limit = 100000,
					.gas_price = u256_from(2),
					.value = u256_from(value)};
}

static struct evm_receipt transact(struct machine *m,
				   const struct evm_transaction *tx)
{
	struct evm_receipt receipt;

	assert_int_equal(evm_transact(&m->evm, tx, &receipt), 0);
	return receipt;
}

static void test_intrinsic_gas(void **state)
{
	static const uint8_t data[] = {0, 1, 0, 2, 3};
	struct evm_transaction tx = {0};

	assert_int_equal(evm_intrinsic_gas(EVM_FRONTIER, &tx), 21000);
	tx.input = data;
	tx.input_len = sizeof(data);
	assert_int_equal(evm_intrinsic_gas(EVM_BYZANTIUM, &tx),
			 21000 + 2 * 4 + 3 * 68);
	tx.is_creation = true;
	tx.input_len = 0;
	assert_int_equal(evm_intrinsic_gas(EVM_FRONTIER, &tx), 21000);
	assert_int_equal(evm_intrinsic_gas(EVM_HOMESTEAD, &tx), 53000);
}

static void test_value_and_gas_change_hands(void **state)
{
	struct evm_transaction tx = transfer(1000);
	struct machine m = {0};
	struct evm_receipt r;

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_from, FUNDS, NULL, 0);
	r = transact(&m, &tx);
	assert_int_equal(r.result.status, EVM_SUCCESS);
	assert_int_equal(r.gas_used, 21000);
	assert_int_equal(balance(&m, &addr_a), 1000);
	assert_int_equal(balance(&m, &addr_miner), 42000);
	assert_int_equal(balance(&m, &addr_from), FUNDS - 1000 - 42000);
	assert_int_equal(evm_state_find(m.evm.state, &addr_from)->nonce, 1);
	/* the same again has the wrong nonce */
	r = transact(&m, &tx);
	assert_int_equal(r.result.status, EVM_TX_NONCE);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

static enum evm_status refused(const struct evm_transaction *tx, uint64_t funds)
{
	struct machine m = {0};
	enum evm_status status;

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_from, funds, NULL, 0);
	status = transact(&m, tx).result.status;
	if (status != EVM_SUCCESS) {
		assert_int_equal(balance(&m, &addr_from), funds);
		assert_int_equal(evm_state_find(m.evm.state, &addr_from)->nonce,
				 0);
		assert_false(exists(&m, &addr_a));
	}
	machine_fini(&m);
	return status;
}

static void test_what_is_refused_at_the_edge(void **state)
{
	struct evm_transaction tx = transfer(1000);
	uint64_t cost = 100000 * 2 + 1000;

	assert_int_equal(refused(&tx, cost), EVM_SUCCESS);
	assert_int_equal(refused(&tx, cost - 1), EVM_TX_BALANCE);
	tx.gas_limit = 21000;
	assert_int_equal(refused(&tx, FUNDS), EVM_SUCCESS);
	tx.gas_limit = 20999;
	assert_int_equal(refused(&tx, FUNDS), EVM_TX_INTRINSIC_GAS);
	tx.gas_limit = 10000000;
	assert_int_equal(refused(&tx, UINT64_MAX), EVM_SUCCESS);
	tx.gas_limit = 10000001;
	assert_int_equal(refused(&tx, UINT64_MAX), EVM_TX_BLOCK_GAS);
	tx.gas_limit = 21000;
	tx.nonce = 1;
	assert_int_equal(refused(&tx, FUNDS), EVM_TX_NONCE);
}

static void test_prices_beyond_256_bits_cannot_be_paid(void **state)
{
	struct evm_transaction tx = transfer(0);

	tx.gas_price = (struct u256){{0, 0, 0, UINT64_C(1) << 63}};
	tx.gas_limit = 65536; /* the product is 0 modulo 2^256 */
	assert_int_equal(refused(&tx, FUNDS), EVM_TX_BALANCE);
	tx = transfer(0);
	tx.value = (struct u256){
		{~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}};
	assert_int_equal(refused(&tx, FUNDS), EVM_TX_BALANCE);
}

/* Runs code at A that clears this many slots. */
static struct evm_receipt clear_slots(int slots, bool fail)
{
	struct evm_transaction tx = transfer(0);
	struct u256 one = u256_from(1), key;
	struct machine m = {0};
	struct evm_receipt r;
	uint8_t code[64], *p = code;

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_from, FUNDS, NULL, 0);
	for (int i = 0; i < slots; i++) {
		memcpy(p, (const uint8_t[]){0x60, 0, 0x60, (uint8_t)i, 0x55},
		       5);
		p += 5;
	}
	*p++ = fail ? 0xfe : 0x00;
	put(&m, &addr_a, 0, code, (size_t)(p - code));
	for (int i = 0; i < slots; i++) {
		key = u256_from((uint64_t)i);
		evm_state_put_storage(m.evm.state, &addr_a, &key, &one);
	}
	r = transact(&m, &tx);
	assert_int_equal(balance(&m, &addr_from), FUNDS - 2 * r.gas_used);
	assert_int_equal(balance(&m, &addr_miner), 2 * r.gas_used);
	machine_fini(&m);
	return r;
}

static void test_refunds_are_at_most_half(void **state)
{
	struct evm_receipt r = clear_slots(1, false);

	assert_int_equal(r.refund, 26006 / 2);
	assert_int_equal(r.gas_used, 26006 - 13003);
	r = clear_slots(5, false);
	assert_int_equal(r.refund, (21000 + 5 * 5006) / 2);
	r = clear_slots(5, true); /* what failed gives nothing back */
	assert_int_equal(r.refund, 0);
	assert_int_equal(r.gas_used, 100000);
}

/* A gives all to C and is gone. */
static struct evm_receipt self_destruct(struct machine *m, enum evm_fork fork)
{
	static const uint8_t code[] = {0x73, 0xcc, 0, 0, 0, 0,	 0, 0,
				       0,    0,	   0, 0, 0, 0,	 0, 0,
				       0,    0,	   0, 0, 0, 0xff};
	struct evm_transaction tx = transfer(7);

	machine_init(m, fork);
	put(m, &addr_from, FUNDS, NULL, 0);
	put(m, &addr_a, 100, code, sizeof(code));
	return transact(m, &tx);
}

static void test_selfdestruct(void **state)
{
	struct machine m = {0};
	struct evm_receipt r = self_destruct(&m, EVM_FRONTIER);

	assert_false(exists(&m, &addr_a));
	assert_int_equal(balance(&m, &addr_c), 107);
	assert_int_equal(r.refund, 21003 / 2); /* half of it, not 24000 */
	machine_fini(&m);
	r = self_destruct(&m, EVM_TANGERINE_WHISTLE);
	assert_int_equal(r.gas_used + r.refund, 21003 + 5000 + 25000);
	assert_int_equal(r.refund, 24000);
	machine_fini(&m);
}

static void test_empty_accounts_are_cleared_since_eip161(void **state)
{
	struct evm_transaction tx = transfer(0);
	struct machine m = {0};

	machine_init(&m, EVM_TANGERINE_WHISTLE);
	put(&m, &addr_from, FUNDS, NULL, 0);
	transact(&m, &tx);
	assert_true(exists(&m, &addr_a));
	/* that one stays until it is touched again */
	m.evm.fork = EVM_SPURIOUS_DRAGON;
	tx.nonce = 1;
	tx.to = addr_b;
	transact(&m, &tx);
	assert_true(exists(&m, &addr_a));
	assert_false(exists(&m, &addr_b));
	tx.nonce = 2;
	tx.to = addr_a;
	transact(&m, &tx);
	assert_false(exists(&m, &addr_a));
	machine_fini(&m);
}

/* Calls account 3, then another, and fails: both touches are taken back. */
static void test_the_touch_of_ripemd160_outlives_a_failure(void **state)
{
	static const struct evm_address three = {{[19] = 3}},
					nine = {{[19] = 9}};
	static const uint8_t code[] = {0x60, 0, 0x60, 0, 0x60, 0,    0x60, 0,
				       0x60, 0, 0x60, 3, 0x61, 0x10, 0x00, 0xf1,
				       0x60, 0, 0x60, 0, 0x60, 0,    0x60, 0,
				       0x60, 0, 0x60, 9, 0x5a, 0xf1, 0xfe};
	struct evm_transaction tx = transfer(0);
	struct machine m = {0};

	machine_init(&m, EVM_SPURIOUS_DRAGON);
	put(&m, &addr_from, FUNDS, NULL, 0);
	put(&m, &addr_a, 0, code, sizeof(code));
	put(&m, &three, 0, NULL, 0);
	put(&m, &nine, 0, NULL, 0);
	assert_int_equal(transact(&m, &tx).result.status, EVM_UNDEFINED_OPCODE);
	assert_true(exists(&m, &nine));
	assert_false(exists(&m, &three));
	machine_fini(&m);
}

static void test_a_creation_gets_the_nonces_address(void **state)
{
	/* returns one byte of code: STOP */
	static const uint8_t init[] = {0x60, 1, 0x60, 0, 0xf3};
	struct evm_transaction tx = transfer(5);
	const struct evm_account *account;
	struct evm_address expected;
	struct machine m = {0};
	struct evm_receipt r;

	machine_init(&m, EVM_BYZANTIUM);
	put(&m, &addr_from, FUNDS, NULL, 0);
	tx.is_creation = true;
	tx.input = init;
	tx.input_len = sizeof(init);
	r = transact(&m, &tx);
	assert_int_equal(r.result.status, EVM_SUCCESS);
	assert_int_equal(r.gas_used, 53000 + 4 * 68 + 4 + 9 + 200);
	evm_create_address(&addr_from, 0, &expected);
	assert_memory_equal(&r.result.created, &expected, sizeof(expected));
	account = evm_state_find(m.evm.state, &expected);
	assert_non_null(account);
	assert_int_equal(account->nonce, 1);
	assert_int_equal(account->balance.w[0], 5);
	assert_int_equal(evm_state_find(m.evm.state, &addr_from)->nonce, 1);
	machine_fini(&m);
}

static int scenario(struct machine *m, struct evm_receipt *receipt)
{
	struct evm_transaction tx = transfer(9);
	int err = machine_init(m, EVM_BYZANTIUM);

	if (err == 0)
		err = put(m, &addr_from, FUNDS, NULL, 0);
	if (err == 0)
		err = put(m, &addr_a, 0, CODE(0x60, 1, 0x60, 0, 0x55));
	return err ? err : evm_transact(&m->evm, &tx, receipt);
}

static void test_no_memory_leaves_the_state_as_it_was(void **state)
{
	struct evm_receipt receipt;
	struct machine m;
	int err = EVM_ERR_NO_MEMORY;

	for (long n = 1; err != 0; n++) {
		m = (struct machine){.meter.fail_at = n};
		err = scenario(&m, &receipt);
		if (err < 0 && m.evm.state && exists(&m, &addr_from)) {
			assert_int_equal(balance(&m, &addr_from), FUNDS);
			assert_int_equal(balance(&m, &addr_a), 0);
		}
		machine_fini(&m);
		assert_int_equal(m.meter.bytes, 0);
	}
	assert_int_equal(receipt.gas_used, 21000 + 20006);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intrinsic_gas),
		cmocka_unit_test(test_value_and_gas_change_hands),
		cmocka_unit_test(test_what_is_refused_at_the_edge),
		cmocka_unit_test(test_prices_beyond_256_bits_cannot_be_paid),
		cmocka_unit_test(test_refunds_are_at_most_half),
		cmocka_unit_test(test_selfdestruct),
		cmocka_unit_test(test_empty_accounts_are_cleared_since_eip161),
		cmocka_unit_test(
			test_the_touch_of_ripemd160_outlives_a_failure),
		cmocka_unit_test(test_a_creation_gets_the_nonces_address),
		cmocka_unit_test(test_no_memory_leaves_the_state_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
