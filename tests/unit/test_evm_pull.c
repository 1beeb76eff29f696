/*
 * The pull model: a world that is given piece by piece leads to the same end
 * as one that is there from the start, and each piece is asked for once.
 */
#include "tests/unit/evm_unit.h"

#include "evm/pull.h"
#include "evm/rlp.h"

/* A: SSTORE(1, BLOCKHASH(299) + SLOAD(2)); CALL(B); BALANCE(C) */
static const uint8_t code_a[] = {
	0x60, 2,    0x54, 0x61, 1, 43,	 0x40, 0x01, 0x60, 1,	 0x55, 0x60,
	0,    0x60, 0,	  0x60, 0, 0x60, 0,    0x60, 5,	   0x73, 0xbb, 0,
	0,    0,    0,	  0,	0, 0,	 0,    0,    0,	   0,	 0,    0,
	0,    0,    0,	  0,	0, 0,	 0x5a, 0xf1, 0x50, 0x73, 0xcc, 0,
	0,    0,    0,	  0,	0, 0,	 0,    0,    0,	   0,	 0,    0,
	0,    0,    0,	  0,	0, 0,	 0x31};
/* B: SSTORE(3, 7) */
static const uint8_t code_b[] = {0x60, 7, 0x60, 3, 0x55};

static const struct evm_hash block_299 = {{9, 8, 7}};

static int whole_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	assert_int_equal(number, 299);
	*hash = block_299;
	return 0;
}

static struct evm_transaction transaction(void)
{
	return (struct evm_transaction){.sender = addr_from,
					.to = addr_a,
					.gas_limit = 200000,
					.gas_price = u256_from(1)};
}

static struct evm_hash whole_run(struct evm_receipt *receipt)
{
	struct evm_transaction tx = transaction();
	struct u256 funds = u256_from(1000000), key = u256_from(2);
	struct machine m = {0};
	struct evm_hash root;

	machine_init(&m, EVM_OSAKA);
	m.evm.block.hash = whole_hash;
	put(&m, &addr_a, 10, code_a, sizeof(code_a));
	put(&m, &addr_b, 0, code_b, sizeof(code_b));
	put(&m, &addr_from, 0, NULL, 0);
	evm_state_put(m.evm.state, &addr_from, 0, &funds, NULL, 0);
	evm_state_put_storage(m.evm.state, &addr_a, &key, &key);
	assert_int_equal(evm_transact(&m.evm, &tx, receipt), 0);
	evm_state_root(m.evm.state, &m.evm.alloc, &root);
	machine_fini(&m);
	return root;
}

static bool is(const struct evm_address *a, const struct evm_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void give_account(struct evm_pull *p)
{
	const struct evm_address *addr = &p->need.address;
	struct u256 funds = u256_from(1000000), ten = u256_from(10);
	struct u256 none = u256_from(0);

	if (is(addr, &addr_a))
		evm_pull_give_account(p, addr, 0, &ten, code_a, sizeof(code_a));
	else if (is(addr, &addr_b))
		evm_pull_give_account(p, addr, 0, &none, code_b,
				      sizeof(code_b));
	else if (is(addr, &addr_from))
		evm_pull_give_account(p, addr, 0, &funds, NULL, 0);
	else
		evm_pull_give_no_account(p, addr);
}

static void give(struct evm_pull *p)
{
	struct u256 two = u256_from(2), none = u256_from(0);

	switch (p->need.kind) {
	case EVM_NEED_ACCOUNT:
		give_account(p);
		break;
	case EVM_NEED_STORAGE:
		evm_pull_give_storage(p, &p->need.address, &p->need.key,
				      u256_equal(&p->need.key, &two) ? &two
								     : &none);
		break;
	default:
		assert_int_equal(p->need.number, 299);
		evm_pull_give_block_hash(p, 299, &block_299);
	}
}

static void test_a_world_in_pieces(void **state)
{
	struct evm_transaction tx = transaction();
	struct evm_receipt whole;
	struct evm_hash expected = whole_run(&whole), root;
	struct machine m = {0};
	unsigned asked[4] = {0};
	struct evm_pull p;
	int need;

	machine_init(&m, EVM_OSAKA);
	evm_state_destroy(m.evm.state);
	assert_int_equal(evm_pull_init(&p, &m.evm, &tx), 0);
	while ((need = evm_pull_run(&p)) > 0) {
		assert_true(asked[need]++ < 6);
		assert_int_equal(evm_state_snapshot(m.evm.state), 0);
		give(&p);
	}
	assert_int_equal(need, 0);
	assert_int_equal(asked[EVM_NEED_ACCOUNT], 5); /* sender A B C miner */
	assert_int_equal(asked[EVM_NEED_STORAGE], 3);
	assert_int_equal(asked[EVM_NEED_BLOCK_HASH], 1);
	assert_int_equal(p.receipt.result.status, EVM_SUCCESS);
	assert_int_equal(p.receipt.gas_used, whole.gas_used);
	evm_state_root(m.evm.state, &m.evm.alloc, &root);
	assert_memory_equal(&root, &expected, sizeof(root));
	evm_pull_fini(&p);
	assert_int_equal(m.meter.bytes, 0);
}

static void test_a_refused_transaction_needs_little(void **state)
{
	struct evm_transaction tx = transaction();
	struct machine m = {0};
	struct evm_pull p;

	machine_init(&m, EVM_OSAKA);
	evm_state_destroy(m.evm.state);
	evm_pull_init(&p, &m.evm, &tx);
	assert_int_equal(evm_pull_run(&p), EVM_NEED_ACCOUNT);
	assert_memory_equal(&p.need.address, &addr_from, sizeof(addr_from));
	evm_pull_give_no_account(&p, &addr_from);
	assert_int_equal(evm_pull_run(&p), 0);
	assert_int_equal(p.receipt.result.status, EVM_TX_BALANCE);
	evm_pull_fini(&p);
	assert_int_equal(m.meter.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_world_in_pieces),
		cmocka_unit_test(test_a_refused_transaction_needs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
