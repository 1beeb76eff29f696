/*
 * The EVMC modules, by a client made of our own state: what a program does
 * through EVMC must be what it does in the machine itself. Built once for
 * each version of the interface.
 */
#include "tests/unit/evm_unit.h"

#include "evm/evmc/evmc.h"
#include "evm/frame.h"
#include "evm/rlp.h"

#define GAS_GIVEN 1000000

#if EVMC_ABI < 18
struct evmc_vm *evmc_create_vmmevm(void);
#define CREATE_VM evmc_create_vmmevm
#define REVISION  ((int)EVM_BERLIN)
#else
struct evmc_vm *evmc_create_vmmevm18(void);
#define CREATE_VM evmc_create_vmmevm18
#define REVISION  ((int)EVM_BERLIN - 1)
#endif

struct evmc_host_context {
	struct machine m;
	struct evmc_vm *vm;
	int calls, balances; /* that were asked for */
};

static const struct evm_address *ours(const evmc_address *a)
{
	return (const struct evm_address *)a;
}

static struct u256 load(const evmc_bytes32 *w)
{
	return u256_load(w->bytes);
}

static evmc_bytes32 word(const struct u256 *value)
{
	evmc_bytes32 w;

	u256_store(w.bytes, value);
	return w;
}

static bool account_exists(struct evmc_host_context *c, const evmc_address *a)
{
	bool empty;

	evm_state_host.is_empty(c->m.evm.state, ours(a), &empty);
	return !empty;
}

static evmc_bytes32 get_storage(struct evmc_host_context *c,
				const evmc_address *a, const evmc_bytes32 *key)
{
	struct u256 k = load(key), value;

	evm_state_host.get_storage(c->m.evm.state, ours(a), &k, &value);
	return word(&value);
}

static enum evmc_storage_status set_storage(struct evmc_host_context *c,
					    const evmc_address *a,
					    const evmc_bytes32 *key,
					    const evmc_bytes32 *value)
{
	struct u256 k = load(key), v = load(value);
	enum evm_storage_change change;

	evm_state_host.set_storage(c->m.evm.state, ours(a), &k, &v, &change);
	return (enum evmc_storage_status)change;
}

static evmc_bytes32 get_balance(struct evmc_host_context *c,
				const evmc_address *a)
{
	struct u256 value;

	c->balances++;
	evm_state_host.balance(c->m.evm.state, ours(a), &value);
	return word(&value);
}

static uint64_t get_nonce(struct evmc_host_context *c, const evmc_address *a)
{
	const struct evm_account *account =
		evm_state_find(c->m.evm.state, ours(a));

	return account ? account->nonce : 0;
}

static const struct evm_code *code_of(struct evmc_host_context *c,
				      const evmc_address *a)
{
	const struct evm_code *code;

	evm_state_host.code(c->m.evm.state, ours(a), &code);
	return code;
}

static size_t get_code_size(struct evmc_host_context *c, const evmc_address *a)
{
	const struct evm_code *code = code_of(c, a);

	return code ? code->len : 0;
}

static evmc_bytes32 get_code_hash(struct evmc_host_context *c,
				  const evmc_address *a)
{
	struct evm_hash hash;
	evmc_bytes32 w;

	evm_state_host.code_hash(c->m.evm.state, ours(a), &hash);
	memcpy(w.bytes, hash.bytes, 32);
	return w;
}

static size_t copy_code(struct evmc_host_context *c, const evmc_address *a,
			size_t offset, uint8_t *buffer, size_t size)
{
	const struct evm_code *code = code_of(c, a);

	if (!code || offset >= code->len)
		return 0;
	if (size > code->len - offset)
		size = code->len - offset;
	memcpy(buffer, code->bytes + offset, size);
	return size;
}

static bool selfdestruct(struct evmc_host_context *c, const evmc_address *a,
			 const evmc_address *heir)
{
	bool first;

	evm_state_host.selfdestruct(c->m.evm.state, ours(a), ours(heir),
				    c->m.evm.fork, &first);
	return first;
}

static struct evmc_tx_context get_tx_context(struct evmc_host_context *c)
{
	struct evmc_tx_context tx = {
		.block_number = (int64_t)c->m.evm.block.number,
		.block_timestamp = (int64_t)c->m.evm.block.timestamp,
		.block_gas_limit = (int64_t)c->m.evm.block.gas_limit,
	};

	memcpy(tx.tx_origin.bytes, c->m.evm.origin.bytes, 20);
	memcpy(tx.block_coinbase.bytes, c->m.evm.block.coinbase.bytes, 20);
	return tx;
}

static evmc_bytes32 get_block_hash(struct evmc_host_context *c, int64_t number)
{
	return (evmc_bytes32){{(uint8_t)number}};
}

static void emit_log(struct evmc_host_context *c, const evmc_address *a,
		     const uint8_t *data, size_t len,
		     const evmc_bytes32 topics[], size_t count)
{
	struct evm_log log = {.address = *ours(a),
			      .topic_count = (unsigned)count,
			      .data = (uint8_t *)data,
			      .len = len};

	for (size_t i = 0; i < count; i++)
		log.topic[i] = load(&topics[i]);
	evm_state_host.log(c->m.evm.state, &log);
}

static evmc_warm access_account(struct evmc_host_context *c,
				const evmc_address *a)
{
	bool cold;

	evm_state_host.use_account(c->m.evm.state, ours(a), &cold);
	return !cold;
}

static evmc_warm access_storage(struct evmc_host_context *c,
				const evmc_address *a, const evmc_bytes32 *key)
{
	struct u256 k = load(key);
	bool cold;

	evm_state_host.use_slot(c->m.evm.state, ours(a), &k, &cold);
	return !cold;
}

static evmc_bytes32 get_transient(struct evmc_host_context *c,
				  const evmc_address *a,
				  const evmc_bytes32 *key)
{
	struct u256 k = load(key), value;

	evm_state_host.get_transient(c->m.evm.state, ours(a), &k, &value);
	return word(&value);
}

static void set_transient(struct evmc_host_context *c, const evmc_address *a,
			  const evmc_bytes32 *key, const evmc_bytes32 *value)
{
	struct u256 k = load(key), v = load(value);

	evm_state_host.set_transient(c->m.evm.state, ours(a), &k, &v);
}

static struct evmc_result call_host(struct evmc_host_context *c,
				    const struct evmc_message *msg);

static const struct evmc_host_interface host = {
	.account_exists = account_exists,
	.get_storage = get_storage,
	.set_storage = set_storage,
	.get_balance = get_balance,
#if EVMC_ABI >= 18
	.get_nonce = get_nonce,
#endif
	.get_code_size = get_code_size,
	.get_code_hash = get_code_hash,
	.copy_code = copy_code,
	.selfdestruct = selfdestruct,
	.call = call_host,
	.get_tx_context = get_tx_context,
	.get_block_hash = get_block_hash,
	.emit_log = emit_log,
	.access_account = access_account,
	.access_storage = access_storage,
	.get_transient_storage = get_transient,
	.set_transient_storage = set_transient,
};

static struct evmc_result execute(struct evmc_host_context *c,
				  const struct evmc_message *msg,
				  const uint8_t *code, size_t len)
{
	return c->vm->execute(c->vm, &host, c, REVISION, msg, code, len);
}

/* The address as the interface's version has it. */
static evmc_address created_by(struct evmc_host_context *c,
			       const struct evmc_message *msg)
{
	struct evm_address created;
	evmc_address a;

#if EVMC_ABI >= 18
	return msg->recipient;
#endif
	evm_create_address(ours(&msg->sender), get_nonce(c, &msg->sender),
			   &created);
	memcpy(a.bytes, created.bytes, 20);
	return a;
}

static struct evmc_result create_here(struct evmc_host_context *c,
				      const struct evmc_message *msg)
{
	struct evm_state *state = c->m.evm.state;
	struct evmc_message inner = *msg;
	evmc_address a = created_by(c, msg);
	struct u256 value = load(&msg->value);
	struct evmc_result r;
	size_t snapshot;
	bool cold;

	evm_state_set_nonce(state, ours(&msg->sender),
			    get_nonce(c, &msg->sender) + 1);
	evm_state_host.use_account(state, ours(&a), &cold);
	snapshot = evm_state_snapshot(state);
	evm_state_transfer(state, ours(&msg->sender), ours(&a), &value);
	evm_state_set_created(state, ours(&a));
	evm_state_set_nonce(state, ours(&a), 1);
	inner.recipient = a;
	inner.input_size = 0;
	r = execute(c, &inner, msg->input_data, msg->input_size);
	if (r.status_code == EVMC_SUCCESS) {
		r.gas_left -= 200 * (int64_t)r.output_size;
		evm_state_set_code(state, ours(&a),
				   r.output_size
					   ? evm_code_create(&c->m.evm.alloc,
							     r.output_data,
							     r.output_size)
					   : NULL);
		r.output_size = 0;
	} else {
		evm_state_rollback(state, snapshot);
	}
#if EVMC_ABI < 18
	r.create_address = a;
#endif
	return r;
}

static struct evmc_result call_host(struct evmc_host_context *c,
				    const struct evmc_message *msg)
{
	size_t snapshot = evm_state_snapshot(c->m.evm.state);
	const struct evm_code *code = code_of(c, &msg->code_address);
	struct u256 value = load(&msg->value);
	struct evmc_result r = {.gas_left = msg->gas};

	c->calls++;
	if (msg->kind == EVMC_CREATE || msg->kind == EVMC_CREATE2)
		return create_here(c, msg);
	if (msg->kind == EVMC_CALL)
		evm_state_transfer(c->m.evm.state, ours(&msg->sender),
				   ours(&msg->recipient), &value);
	if (code)
		r = execute(c, msg, code->bytes, code->len);
	if (r.status_code != EVMC_SUCCESS)
		evm_state_rollback(c->m.evm.state, snapshot);
	return r;
}

#define STORE(slot) 0x60, (slot), 0x55

static const struct program {
	const char *name;
	size_t a_len, b_len;
	uint8_t a[80], b[40];
} programs[] = {
	{"arithmetic and return",
	 10,
	 0,
	 {0x60, 6, 0x60, 7, 0x02, 0x5f + 1, 0, 0x52, 0x60, 32},
	 {0}},
	{"surroundings",
	 18,
	 0,
	 {0x43, STORE(0), 0x42, STORE(1), 0x41, STORE(2), 0x32, STORE(3), 0x3a,
	  0x50},
	 {0}},
	{"store and clear",
	 15,
	 0,
	 {0x60, 5, STORE(1), 0x60, 0, STORE(1), 0x60, 7, STORE(2)},
	 {0}},
	{"a log",
	 12,
	 0,
	 {0x60, 9, 0x60, 0, 0x52, 0x60, 1, 0x60, 32, 0x60, 0, 0xa1},
	 {0}},
	{"undefined", 1, 0, {0x0c}, {0}},
	{"out of gas", 5, 0, {0x5b, 0x60, 0, 0x56, 0}, {0}},
	{"jump into data", 5, 0, {0x60, 4, 0x56, 0x60, 0x5b}, {0}},
	{"revert", 5, 0, {0x60, 3, 0x60, 1, 0xfd}, {0}},
	{"self-destruction", 3, 0, {0x60, 0x77, 0xff}, {0}},
	{"foreign code",
	 8,
	 4,
	 {0x30, 0x3b, STORE(1), 0x30, 0x3f},
	 {1, 2, 3, 4}},
	{"creation",
	 24,
	 0,
	 {/* init code: MSTORE8(0, 42), RETURN(0, 1) */
	  0x69, 0x60, 0x2a, 0x60, 0,  0x53, 0x60, 1,	0x60, 0,    0xf3,
	  0x60, 0,    0x52, 0x60, 10, 0x60, 22,	  0x60, 1,    0xf0, STORE(3)},
	 {0}},
};

static struct evm_hash root_of(struct machine *m)
{
	struct evm_hash root;

	evm_state_commit(m->evm.state, m->evm.fork);
	evm_state_root(m->evm.state, &m->evm.alloc, &root);
	return root;
}

static void put_program(struct machine *m, const struct program *p)
{
	machine_init(m, EVM_BERLIN);
	m->evm.gas_price = u256_from(0);
	put(m, &addr_a, 1000, p->a, p->a_len);
	put(m, &addr_b, 5, p->b, p->b_len);
}

static struct evmc_message message_to_a(void)
{
	struct evmc_message msg = {.kind = EVMC_CALL, .gas = GAS_GIVEN};

	memcpy(msg.recipient.bytes, addr_a.bytes, 20);
	memcpy(msg.code_address.bytes, addr_a.bytes, 20);
	memcpy(msg.sender.bytes, addr_from.bytes, 20);
	return msg;
}

static void check_program(const struct program *p)
{
	struct evmc_host_context c = {.vm = CREATE_VM()};
	struct evmc_message msg = message_to_a();
	struct machine own = {0};
	struct evm_hash a, b;
	struct evmc_result r;

	put_program(&own, p);
	call(&own, &addr_a, GAS_GIVEN);
	put_program(&c.m, p);
	r = call_host(&c, &msg);
	if (own.result.status <= EVM_REVERT)
		assert_int_equal((int)r.status_code, own.result.status
							     ? EVMC_REVERT
							     : EVMC_SUCCESS);
	else
		assert_true(r.status_code > EVMC_REVERT);
	assert_int_equal(r.gas_left, own.result.gas_left);
	assert_int_equal(r.output_size, own.result.output_len);
	if (r.output_size)
		assert_memory_equal(r.output_data, own.result.output,
				    r.output_size);
	assert_int_equal(evm_state_log_count(c.m.evm.state),
			 evm_state_log_count(own.evm.state));
	assert_int_equal(r.status_code == EVMC_SUCCESS ? r.gas_refund : 0,
			 (int64_t)evm_state_refund(own.evm.state));
	a = root_of(&own);
	b = root_of(&c.m);
	assert_memory_equal(&a, &b, sizeof(a));
	if (r.release)
		r.release(&r);
	machine_fini(&own);
	machine_fini(&c.m);
}

static void test_programs_do_the_same_through_evmc(void **state)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		check_program(&programs[i]);
}

/* All kinds of call to B, which stores, logs and returns. */
static void test_calls_go_to_the_client(void **state)
{
	static const uint8_t ops[] = {0xf1, 0xf2, 0xf4, 0xfa};
	struct program p = {"calls",
			    0,
			    16,
			    {0},
			    {0x60, 9, STORE(7), 0x60, 9, 0x60, 0, 0x52, 0x60,
			     32, 0x60, 0, 0xf3}};

	for (size_t i = 0; i < sizeof(ops); i++) {
		bool valued = ops[i] == 0xf1 || ops[i] == 0xf2;
		uint8_t *at = p.a;

		p.b_len = 15;
		for (int k = 0; k < (valued ? 5 : 4); k++) {
			*at++ = 0x60;
			*at++ = k == 0 ? 32 : 0;
		}
		*at++ = 0x73;
		memcpy(at, addr_b.bytes, 20);
		at += 20;
		*at++ = 0x5a;
		*at++ = ops[i];
		*at++ = 0x60;
		*at++ = 1;
		*at++ = 0x55;
		*at++ = 0x3d;
		*at++ = 0x60;
		*at++ = 2;
		*at++ = 0x55;
		p.a_len = (size_t)(at - p.a);
		check_program(&p);
	}
}

static const struct failure {
	uint8_t code[6];
	size_t len;
	enum evmc_status_code status;
} failures[] = {
	{{0x0c}, 1, EVMC_UNDEFINED_INSTRUCTION},
	{{0xfe}, 1, EVMC_INVALID_INSTRUCTION},
	{{0x5b, 0xfe}, 2, EVMC_INVALID_INSTRUCTION},
	{{0x60, 0xfe, 0x0c}, 3, EVMC_UNDEFINED_INSTRUCTION},
	{{0x50}, 1, EVMC_STACK_UNDERFLOW},
	{{0x60, 1, 0x56}, 3, EVMC_BAD_JUMP_DESTINATION},
	{{0x5b, 0x60, 0, 0x56}, 4, EVMC_OUT_OF_GAS},
	{{0x5b, 0x58, 0x60, 0, 0x56}, 5, EVMC_STACK_OVERFLOW},
	{{0x60, 1, 0x60, 0, 0x60, 0}, 6, EVMC_SUCCESS},
};

static void test_failures_have_names_of_their_own(void **state)
{
	struct evmc_message msg = message_to_a();
	struct program nothing = {.name = "nothing"};

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct evmc_host_context c = {.vm = CREATE_VM()};
		struct evmc_result r;

		put_program(&c.m, &nothing);
		r = execute(&c, &msg, failures[i].code, failures[i].len);
		assert_int_equal(r.status_code, failures[i].status);
		machine_fini(&c.m);
	}
}

/* A call without value, and an old SELFDESTRUCT, ask for no balance. */
static void test_no_balance_is_asked_for_in_vain(void **state)
{
	static const uint8_t call_b[] = {0x60, 0, 0x80, 0x80, 0x80, 0x80,
					 0x60, 5, 0x5a, 0xf1, 0x50, 0x00};
	struct evmc_message msg = message_to_a();
	struct evmc_host_context c = {.vm = CREATE_VM()};
	struct program nothing = {.name = "nothing"};
	static const uint8_t destruct[] = {0x60, 5, 0xff};
	struct evmc_result r;

	put_program(&c.m, &nothing);
	r = execute(&c, &msg, call_b, sizeof(call_b));
	assert_int_equal(r.status_code, EVMC_SUCCESS);
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.balances, 0);
	r = c.vm->execute(c.vm, &host, &c, (int)EVM_HOMESTEAD, &msg, destruct,
			  sizeof(destruct));
	assert_int_equal(r.status_code, EVMC_SUCCESS);
	assert_int_equal(c.balances, 0);
	machine_fini(&c.m);
}

static void test_the_module_says_what_it_is(void **state)
{
	struct evmc_vm *vm = CREATE_VM();
	struct evmc_message msg = {.gas = 7};

	assert_int_equal(vm->abi_version, EVMC_ABI);
	assert_string_equal(vm->name, "vmmevm");
	assert_int_equal(vm->set_option(vm, "no-such", "1"),
			 EVMC_SET_OPTION_INVALID_NAME);
	assert_int_equal(
		vm->execute(vm, &host, NULL, 99, &msg, NULL, 0).status_code,
		EVMC_REJECTED);
	assert_int_equal(
		vm->execute(vm, &host, NULL, -1, &msg, NULL, 0).status_code,
		EVMC_REJECTED);
	vm->destroy(vm);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_do_the_same_through_evmc),
		cmocka_unit_test(test_calls_go_to_the_client),
		cmocka_unit_test(test_failures_have_names_of_their_own),
		cmocka_unit_test(test_no_balance_is_asked_for_in_vain),
		cmocka_unit_test(test_the_module_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
