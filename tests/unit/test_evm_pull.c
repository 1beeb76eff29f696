/*
 * The pull model: a world that is given piece by piece leads to the same end
 * as one that is there from the start, each piece is asked for once, and no
 * instruction is run twice.
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

/* Instructions, as a tracer sees them. */
struct count {
	unsigned begun, ended;
};

static void count_begun(void *ctx, const struct evm_frame *f, uint8_t opcode)
{
	((struct count *)ctx)->begun++;
}

static void count_ended(void *ctx, const struct evm_frame *f,
			enum evm_status status)
{
	((struct count *)ctx)->ended++;
}

static struct evm_tracer counting(struct count *count)
{
	return (struct evm_tracer){count_begun, count_ended, count};
}

static struct evm_hash whole_run(struct evm_receipt *receipt,
				 struct count *count)
{
	struct evm_tracer tracer = counting(count);
	struct evm_transaction tx = transaction();
	struct u256 funds = u256_from(1000000), key = u256_from(2);
	struct machine m = {0};
	struct evm_hash root;

	machine_init(&m, EVM_OSAKA);
	m.evm.tracer = &tracer;
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
	struct count once = {0}, count = {0};
	struct evm_tracer tracer = counting(&count);
	struct evm_transaction tx = transaction();
	struct evm_receipt whole;
	struct evm_hash expected = whole_run(&whole, &once), root;
	struct machine m = {0};
	unsigned asked[4] = {0};
	struct evm_pull p;
	int need;

	machine_init(&m, EVM_OSAKA);
	evm_state_destroy(m.evm.state);
	m.evm.tracer = &tracer;
	assert_int_equal(evm_pull_init(&p, &m.evm, &tx), 0);
	while ((need = evm_pull_run(&p)) > 0) {
		assert_true(asked[need]++ < 6);
		give(&p);
	}
	assert_int_equal(need, 0);
	assert_int_equal(asked[EVM_NEED_ACCOUNT], 5); /* sender A B C miner */
	assert_int_equal(asked[EVM_NEED_STORAGE], 3);
	assert_int_equal(asked[EVM_NEED_BLOCK_HASH], 1);
	assert_int_equal(p.receipt.result.status, EVM_SUCCESS);
	assert_int_equal(p.receipt.gas_used, whole.gas_used);
	assert_int_equal(count.begun, once.begun);
	assert_int_equal(count.ended, once.ended);
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

/* Given up at each question, with calls open: all memory comes back. */
static void test_given_up_in_the_middle(void **state)
{
	struct evm_transaction tx = transaction();

	for (unsigned answers = 0; answers < 9; answers++) {
		struct machine m = {0};
		struct evm_pull p;

		machine_init(&m, EVM_FRONTIER);
		evm_state_destroy(m.evm.state);
		evm_pull_init(&p, &m.evm, &tx);
		for (unsigned i = 0; i < answers; i++) {
			if (evm_pull_run(&p) > 0)
				give(&p);
		}
		evm_pull_run(&p);
		evm_pull_fini(&p);
		assert_int_equal(m.meter.bytes, 0);
		assert_null(m.evm.tracer);
		assert_null(m.evm.interpret);
		assert_null(m.evm.block.hash);
	}
}

/* The n-th request for memory fails: it begins anew, and ends the same. */
static void test_no_memory_at_any_point(void **state)
{
	struct count count = {0};
	struct evm_transaction tx = transaction();
	struct evm_receipt whole;
	struct evm_hash expected = whole_run(&whole, &count), root;
	bool failed = true;

	for (long at = 1; failed; at++) {
		struct machine m = {0};
		struct evm_pull p;
		int need;

		failed = false;
		machine_init(&m, EVM_OSAKA);
		evm_state_destroy(m.evm.state);
		assert_int_equal(evm_pull_init(&p, &m.evm, &tx), 0);
		m.meter.fail_at = m.meter.requests + at;
		while ((need = evm_pull_run(&p)) != 0) {
			if (need > 0) {
				give(&p);
				continue;
			}
			assert_int_equal(need, EVM_ERR_NO_MEMORY);
			assert_int_equal(evm_state_snapshot(m.evm.state), 0);
			failed = true;
		}
		failed |= m.meter.requests >= m.meter.fail_at;
		assert_int_equal(p.receipt.gas_used, whole.gas_used);
		m.meter.fail_at = 0;
		evm_state_root(m.evm.state, &m.evm.alloc, &root);
		assert_memory_equal(&root, &expected, sizeof(root));
		evm_pull_fini(&p);
		assert_int_equal(m.meter.bytes, 0);
	}
}

/* That a call's first instruction asks does not end who called. */
static void test_a_precompile_and_a_creation_between_questions(void **state)
{
	/* CREATE(init code of nothing), then CALL it, then SELFDESTRUCT(C) */
	static const uint8_t code[] = {
		0x60, 0,    0x60, 0,	0x60, 1,    0xf0, 0x60, 0,
		0x80, 0x80, 0x80, 0x80, 0x94, 0x5a, 0xf1, 0x60, 2,
		0x54, 0x60, 9,	  0x55, 0x73, 0xcc, 0,	  0,	0,
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,
		0,    0,    0,	  0,	0,    0,    0,	  0xff};
	struct u256 funds = u256_from(1000000), ten = u256_from(10);
	struct evm_transaction tx = transaction();
	struct machine m = {0};
	unsigned asked = 0;
	struct evm_pull p;
	int need;

	machine_init(&m, EVM_LONDON);
	evm_state_destroy(m.evm.state);
	evm_pull_init(&p, &m.evm, &tx);
	while ((need = evm_pull_run(&p)) > 0) {
		asked++;
		assert_true(asked < 10);
		if (need == EVM_NEED_STORAGE)
			evm_pull_give_storage(&p, &p.need.address, &p.need.key,
					      &ten);
		else if (is(&p.need.address, &addr_a))
			evm_pull_give_account(&p, &addr_a, 1, &ten, code,
					      sizeof(code));
		else if (is(&p.need.address, &addr_from))
			evm_pull_give_account(&p, &addr_from, 0, &funds, NULL,
					      0);
		else
			evm_pull_give_no_account(&p, &p.need.address);
	}
	assert_int_equal(need, 0);
	assert_int_equal(asked, 7); /* sender A new C miner, slots 2 and 9 */
	assert_int_equal(p.receipt.result.status, EVM_SUCCESS);
	assert_null(evm_state_find(m.evm.state, &addr_a));
	assert_int_equal(evm_state_find(m.evm.state, &addr_c)->balance.w[0], 9);
	evm_pull_fini(&p);
	assert_int_equal(m.meter.bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_world_in_pieces),
		cmocka_unit_test(test_a_refused_transaction_needs_little),
		cmocka_unit_test(test_given_up_in_the_middle),
		cmocka_unit_test(test_no_memory_at_any_point),
		cmocka_unit_test(
			test_a_precompile_and_a_creation_between_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
