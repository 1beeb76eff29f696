/*
 * Transactions since Berlin: their types and what refuses them, at both sides
 * of every edge; access lists, base and blob fees, the floor of EIP-7623, and
 * accounts that point elsewhere (EIP-7702).
 */
#include "tests/unit/evm_unit.h"

#include "evm/frame.h"
#include "evm/tx.h"
#include "evm/tx_decode.h"

#define FUNDS UINT64_C(100000000000)

static const struct evm_hash blob_ok = {{1}}, blob_bad = {{2}};
static const struct evm_authorization authorization;

static struct evm_transaction base_tx(enum evm_tx_type type)
{
	struct evm_transaction tx = {.type = type,
				     .sender = addr_from,
				     .to = addr_a,
				     .gas_limit = 100000,
				     .gas_price = u256_from(20),
				     .priority_price = u256_from(2)};

	if (type == EVM_TX_BLOB) {
		tx.blob_hashes = &blob_ok;
		tx.blob_count = 1;
		tx.blob_price = u256_from(1);
	}
	if (type == EVM_TX_SET_CODE) {
		tx.authorizations = &authorization;
		tx.authorization_count = 1;
	}
	return tx;
}

static void begin(struct machine *m, enum evm_fork fork)
{
	machine_init(m, fork);
	m->evm.chain_id = 1;
	m->evm.block.gas_limit = 100000000;
	m->evm.block.base_fee = u256_from(7);
	m->evm.block.blob_base_fee = u256_from(1);
	put(m, &addr_from, FUNDS, NULL, 0);
}

static enum evm_status check(enum evm_fork fork,
			     const struct evm_transaction *tx)
{
	struct machine m = {0};
	enum evm_status status;

	begin(&m, fork);
	status = evm_tx_check(&m.evm, tx);
	machine_fini(&m);
	return status;
}

static void test_types_come_with_their_forks(void **state)
{
	static const enum evm_fork since[] = {
		EVM_FRONTIER, EVM_BERLIN, EVM_LONDON, EVM_CANCUN, EVM_PRAGUE};

	for (enum evm_tx_type type = 0; type < EVM_TX_TYPES; type++) {
		struct evm_transaction tx = base_tx(type);

		for (enum evm_fork fork = 0; fork < EVM_FORK_COUNT; fork++)
			assert_int_equal(check(fork, &tx),
					 fork >= since[type] ? EVM_SUCCESS
							     : EVM_TX_TYPE);
	}
}

static void test_gas_limits(void **state)
{
	struct evm_transaction tx = base_tx(EVM_TX_LEGACY);

	tx.gas_limit = (1 << 24) + 1;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_SUCCESS);
	assert_int_equal(check(EVM_OSAKA, &tx), EVM_TX_GAS_MAX);
	tx.gas_limit = 1 << 24;
	assert_int_equal(check(EVM_OSAKA, &tx), EVM_SUCCESS);
	tx.gas_limit = 100000001;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_TX_BLOCK_GAS);
	tx.gas_limit = 20999;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_TX_INTRINSIC_GAS);
	tx.gas_limit = 21000;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_SUCCESS);
}

static void test_fees(void **state)
{
	struct evm_transaction tx = base_tx(EVM_TX_DYNAMIC_FEE);

	tx.gas_price = u256_from(6);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_TX_FEE);
	tx.gas_price = u256_from(7);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_SUCCESS);
	tx.priority_price = u256_from(8);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_TX_PRIORITY_FEE);
	tx.priority_price = u256_from(7);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_SUCCESS);
	tx = base_tx(EVM_TX_LEGACY);
	tx.gas_price = u256_from(6);
	assert_int_equal(check(EVM_BERLIN, &tx), EVM_SUCCESS);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_TX_FEE);
	tx.gas_price = u256_from(FUNDS / tx.gas_limit + 1);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_TX_BALANCE);
	tx.gas_price = u256_from(FUNDS / tx.gas_limit);
	assert_int_equal(check(EVM_LONDON, &tx), EVM_SUCCESS);
}

static void test_blobs(void **state)
{
	struct evm_hash many[10];
	struct evm_transaction tx = base_tx(EVM_TX_BLOB);

	for (int i = 0; i < 10; i++)
		many[i] = blob_ok;
	tx.blob_hashes = many;
	for (tx.blob_count = 0; tx.blob_count <= 10; tx.blob_count++) {
		size_t n = tx.blob_count;

		assert_int_equal(check(EVM_CANCUN, &tx) == EVM_SUCCESS,
				 n >= 1 && n <= 6);
		assert_int_equal(check(EVM_PRAGUE, &tx) == EVM_SUCCESS,
				 n >= 1 && n <= 9);
		assert_int_equal(check(EVM_OSAKA, &tx) == EVM_SUCCESS,
				 n >= 1 && n <= 6);
	}
	tx = base_tx(EVM_TX_BLOB);
	tx.blob_hashes = &blob_bad;
	assert_int_equal(check(EVM_CANCUN, &tx), EVM_TX_BLOB_HASH);
	tx = base_tx(EVM_TX_BLOB);
	tx.blob_price = u256_from(0);
	assert_int_equal(check(EVM_CANCUN, &tx), EVM_TX_BLOB_FEE);
	tx = base_tx(EVM_TX_BLOB);
	tx.is_creation = true;
	assert_int_equal(check(EVM_CANCUN, &tx), EVM_TX_CREATION);
	tx = base_tx(EVM_TX_SET_CODE);
	tx.authorization_count = 0;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_TX_AUTHORIZATIONS);
}

/* EIP-4844's own function: 1 until the first step, then e to the power. */
static void test_blob_base_fee(void **state)
{
	static const struct {
		uint64_t excess, fraction, fee;
	} rows[] = {
		{0, 3338477, 1},	{2314057, 3338477, 1},
		{2314058, 3338477, 2},	{10 * 1024 * 1024, 3338477, 23},
		{10485760, 5007716, 8},
	};
	struct u256 all = u256_not(&(struct u256){{0}}), fee;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fee = evm_blob_base_fee(rows[i].excess, rows[i].fraction);
		assert_true(u256_fits_u64(&fee));
		assert_int_equal(fee.w[0], rows[i].fee);
	}
	fee = evm_blob_base_fee(UINT64_MAX, 3338477);
	assert_true(u256_equal(&fee, &all));
}

static void test_senders_with_code(void **state)
{
	struct evm_transaction tx = base_tx(EVM_TX_LEGACY);
	uint8_t delegation[23] = {0xef, 0x01, 0x00, 0xbb};
	struct machine m = {0};

	begin(&m, EVM_CANCUN);
	put(&m, &addr_from, FUNDS, CODE(0x00));
	assert_int_equal(evm_tx_check(&m.evm, &tx), EVM_TX_SENDER_CODE);
	put(&m, &addr_from, FUNDS, delegation, sizeof(delegation));
	assert_int_equal(evm_tx_check(&m.evm, &tx), EVM_TX_SENDER_CODE);
	m.evm.fork = EVM_PRAGUE;
	assert_int_equal(evm_tx_check(&m.evm, &tx), EVM_SUCCESS);
	put(&m, &addr_from, FUNDS, delegation, 22);
	assert_int_equal(evm_tx_check(&m.evm, &tx), EVM_TX_SENDER_CODE);
	machine_fini(&m);
}

static uint64_t gas_of(enum evm_fork fork, const struct evm_transaction *tx,
		       const uint8_t *code, size_t len)
{
	struct evm_receipt receipt;
	struct machine m = {0};

	begin(&m, fork);
	put(&m, &addr_a, 0, code, len);
	assert_int_equal(evm_transact(&m.evm, tx, &receipt), 0);
	assert_int_equal(receipt.result.status, EVM_SUCCESS);
	machine_fini(&m);
	return receipt.gas_used;
}

/* SLOAD(5) and BALANCE(B), each cold, or in the access list. */
static void test_access_lists(void **state)
{
	static const uint8_t code[] = {0x60, 5, 0x54, 0x73, 0xbb, 0, 0,	  0, 0,
				       0,    0, 0,    0,    0,	  0, 0,	  0, 0,
				       0,    0, 0,    0,    0,	  0, 0x31};
	static const struct u256 five = {{5}};
	static const struct evm_access list[] = {
		{.address = {{0xaa}}, .keys = &five, .key_count = 1},
		{.address = {{0xbb}}},
	};
	struct evm_transaction tx = base_tx(EVM_TX_ACCESS_LIST);

	assert_int_equal(gas_of(EVM_BERLIN, &tx, code, sizeof(code)),
			 21000 + 3 + 2100 + 3 + 2600);
	tx.access = list;
	tx.access_count = 2;
	assert_int_equal(gas_of(EVM_BERLIN, &tx, code, sizeof(code)),
			 21000 + 2 * 2400 + 1900 + 3 + 100 + 3 + 100);
}

static void test_the_floor_of_call_data(void **state)
{
	static const uint8_t data[100] = {[99] = 1}; /* 103 tokens */
	struct evm_transaction tx = base_tx(EVM_TX_LEGACY);

	tx.input = data;
	tx.input_len = sizeof(data);
	assert_int_equal(gas_of(EVM_CANCUN, &tx, CODE(0x00)),
			 21000 + 99 * 4 + 16);
	assert_int_equal(gas_of(EVM_PRAGUE, &tx, CODE(0x00)), 21000 + 1030);
	tx.gas_limit = 21000 + 1029;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_TX_INTRINSIC_GAS);
	tx.gas_limit++;
	assert_int_equal(check(EVM_PRAGUE, &tx), EVM_SUCCESS);
}

/* The base fee is burnt; the miner has the priority fee alone. */
static void test_who_gets_the_fees(void **state)
{
	struct evm_transaction tx = base_tx(EVM_TX_DYNAMIC_FEE);
	struct evm_receipt receipt;
	struct machine m = {0};

	begin(&m, EVM_LONDON);
	assert_int_equal(evm_transact(&m.evm, &tx, &receipt), 0);
	assert_int_equal(m.evm.gas_price.w[0], 9);
	assert_int_equal(evm_state_find(m.evm.state, &addr_from)->balance.w[0],
			 FUNDS - 21000 * 9);
	assert_int_equal(evm_state_find(m.evm.state, &addr_miner)->balance.w[0],
			 21000 * 2);
	machine_fini(&m);
}

/* A call of A runs B's code with A's storage; a precompile's is empty. */
static void test_accounts_that_point_elsewhere(void **state)
{
	uint8_t to_b[23] = {0xef, 0x01, 0x00, 0xbb};
	uint8_t to_sha256[23] = {0xef, 0x01, 0x00, [22] = 2};
	struct evm_transaction tx = base_tx(EVM_TX_LEGACY);
	struct evm_receipt receipt;
	struct machine m = {0};

	begin(&m, EVM_PRAGUE);
	put(&m, &addr_a, 0, to_b, sizeof(to_b));
	put(&m, &addr_b, 0, CODE(0x60, 9, 0x60, 1, 0x55));
	assert_int_equal(evm_transact(&m.evm, &tx, &receipt), 0);
	assert_int_equal(stored(&m, &addr_a, 1).w[0], 9);
	assert_int_equal(stored(&m, &addr_b, 1).w[0], 0);
	machine_fini(&m);

	begin(&m, EVM_PRAGUE);
	put(&m, &addr_a, 0, to_sha256, sizeof(to_sha256));
	assert_int_equal(evm_transact(&m.evm, &tx, &receipt), 0);
	assert_int_equal(receipt.result.output_len, 0);
	assert_int_equal(receipt.gas_used, 21000);
	machine_fini(&m);
}

/* Cut anywhere, a signed transaction is refused and gives its memory back. */
static void test_cut_transactions_are_refused(void **state)
{
	struct evm_access access = {.address = addr_b};
	struct evm_signed_tx s = {.tx = base_tx(EVM_TX_SET_CODE),
				  .replay_protected = true,
				  .chain_id = u256_from(1),
				  .r = u256_from(3),
				  .s = u256_from(4)},
			     back;
	struct machine m = {0};
	struct evm_rlp w = {.alloc = &m.evm.alloc};

	begin(&m, EVM_PRAGUE);
	s.tx.access = &access;
	s.tx.access_count = 1;
	evm_tx_encode(&w, &s, true);
	assert_false(w.failed);
	for (size_t len = 0; len < w.len; len++)
		assert_int_equal(
			evm_tx_decode(&m.evm.alloc, w.bytes, len, &back),
			EVM_TX_MALFORMED);
	assert_int_equal(evm_tx_decode(&m.evm.alloc, w.bytes, w.len, &back), 0);
	assert_int_equal(back.tx.gas_limit, 100000);
	assert_int_equal(back.tx.access_count, 1);
	assert_int_equal(back.tx.authorization_count, 1);
	evm_tx_decode_fini(&m.evm.alloc, &back);
	evm_rlp_fini(&w);
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

/* With any bit flipped it is refused, or is what it would be written as. */
static void test_flipped_bits_are_seen(void **state)
{
	static const struct u256 key = {{5}};
	static const struct evm_access access = {
		.address = {{0xbb}}, .keys = &key, .key_count = 1};
	struct machine m = {0};

	begin(&m, EVM_PRAGUE);
	for (enum evm_tx_type type = 0; type < EVM_TX_TYPES; type++) {
		struct evm_signed_tx s = {.tx = base_tx(type),
					  .replay_protected = true,
					  .chain_id = u256_from(1),
					  .r = u256_from(300),
					  .s = u256_from(4)},
				     back;
		struct evm_rlp w = {.alloc = &m.evm.alloc};

		if (type != EVM_TX_LEGACY) {
			s.tx.access = &access;
			s.tx.access_count = 1;
		}
		evm_tx_encode(&w, &s, true);
		for (size_t bit = 0; bit < 8 * w.len; bit++) {
			struct evm_rlp again = {.alloc = &m.evm.alloc};

			w.bytes[bit / 8] ^= 1u << (bit % 8);
			if (evm_tx_decode(&m.evm.alloc, w.bytes, w.len,
					  &back) == 0) {
				evm_tx_encode(&again, &back, true);
				assert_int_equal(again.len, w.len);
				assert_memory_equal(again.bytes, w.bytes,
						    w.len);
				evm_tx_decode_fini(&m.evm.alloc, &back);
			}
			evm_rlp_fini(&again);
			w.bytes[bit / 8] ^= 1u << (bit % 8);
		}
		evm_rlp_fini(&w);
	}
	machine_fini(&m);
	assert_int_equal(m.meter.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_come_with_their_forks),
		cmocka_unit_test(test_gas_limits),
		cmocka_unit_test(test_fees),
		cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_blob_base_fee),
		cmocka_unit_test(test_senders_with_code),
		cmocka_unit_test(test_access_lists),
		cmocka_unit_test(test_the_floor_of_call_data),
		cmocka_unit_test(test_who_gets_the_fees),
		cmocka_unit_test(test_accounts_that_point_elsewhere),
		cmocka_unit_test(test_cut_transactions_are_refused),
		cmocka_unit_test(test_flipped_bits_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
