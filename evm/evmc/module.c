/*
 * module.c: the EVM as an EVMC module. The interpreter runs one frame; what
 * it asks of its world goes to the client, and so do the calls it wants: the
 * client makes them, by whatever machine it likes, and the frame goes on.
 * There is no state here and nothing that outlives an execution.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/evmc/module.h"

static void *resize(void *ctx, void *old, size_t old_size, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static const struct evm_allocator module_allocator = {.resize = resize};

static evmc_bytes32 to_word(const struct u256 *value)
{
	evmc_bytes32 word;

	u256_store(word.bytes, value);
	return word;
}

static struct u256 from_word(const evmc_bytes32 *word)
{
	return u256_load(word->bytes);
}

/* The two types of an address are the same twenty bytes. */
static const evmc_address *to_address(const struct evm_address *addr)
{
	return (const evmc_address *)addr;
}

static struct evm_address from_address(const evmc_address *addr)
{
	struct evm_address a;

	memcpy(a.bytes, addr->bytes, sizeof(a.bytes));
	return a;
}

static int host_exists(void *host, const struct evm_address *addr, bool *is)
{
	struct execution *x = host;

	*is = x->host->account_exists(x->context, to_address(addr));
	return 0;
}

static int host_is_empty(void *host, const struct evm_address *addr, bool *is)
{
	int err = host_exists(host, addr, is);

	*is = !*is;
	return err;
}

static int host_balance(void *host, const struct evm_address *addr,
			struct u256 *value)
{
	struct execution *x = host;
	evmc_bytes32 word = x->host->get_balance(x->context, to_address(addr));

	*value = from_word(&word);
	return 0;
}

static void forget_codes(struct execution *x)
{
	struct known_code *k;

	while ((k = x->codes)) {
		x->codes = k->next;
		evm_code_unref(&module_allocator, k->code);
		free(k);
	}
}

/* NULL and no error for an account without code. */
static int fetch_code(struct execution *x, const evmc_address *addr,
		      struct evm_code **code)
{
	size_t size = x->host->get_code_size(x->context, addr);
	uint8_t *bytes;

	*code = NULL;
	if (size == 0)
		return 0;
	bytes = malloc(size);
	if (!bytes)
		return EVM_ERR_NO_MEMORY;
	size = x->host->copy_code(x->context, addr, 0, bytes, size);
	*code = evm_code_create(&module_allocator, bytes, size);
	free(bytes);
	return *code ? 0 : EVM_ERR_NO_MEMORY;
}

static int host_code(void *host, const struct evm_address *addr,
		     const struct evm_code **code)
{
	struct execution *x = host;
	struct known_code *k = x->codes;
	int err;

	while (k && memcmp(&k->address, addr, sizeof(*addr)) != 0)
		k = k->next;
	if (!k) {
		k = malloc(sizeof(*k));
		if (!k)
			return EVM_ERR_NO_MEMORY;
		k->address = *to_address(addr);
		err = fetch_code(x, &k->address, &k->code);
		if (err < 0) {
			free(k);
			return err;
		}
		k->next = x->codes;
		x->codes = k;
	}
	*code = k->code;
	return 0;
}

static int host_code_hash(void *host, const struct evm_address *addr,
			  struct evm_hash *hash)
{
	struct execution *x = host;
	evmc_bytes32 word =
		x->host->get_code_hash(x->context, to_address(addr));

	memcpy(hash->bytes, word.bytes, sizeof(hash->bytes));
	return 0;
}

static int host_get_storage(void *host, const struct evm_address *addr,
			    const struct u256 *key, struct u256 *value)
{
	struct execution *x = host;
	evmc_bytes32 k = to_word(key);

	k = x->host->get_storage(x->context, to_address(addr), &k);
	*value = from_word(&k);
	return 0;
}

/* The nine changes have the same names and numbers on both sides. */
static int host_set_storage(void *host, const struct evm_address *addr,
			    const struct u256 *key, const struct u256 *value,
			    enum evm_storage_change *change)
{
	struct execution *x = host;
	evmc_bytes32 k = to_word(key), v = to_word(value);

	*change = (enum evm_storage_change)x->host->set_storage(
		x->context, to_address(addr), &k, &v);
	return *change < EVM_STORAGE_CHANGES ? 0 : EVM_ERR_UNSUPPORTED;
}

static int host_use_account(void *host, const struct evm_address *addr,
			    bool *cold)
{
	struct execution *x = host;

	*cold = !x->host->access_account(x->context, to_address(addr));
	return 0;
}

static int host_use_slot(void *host, const struct evm_address *addr,
			 const struct u256 *key, bool *cold)
{
	struct execution *x = host;
	evmc_bytes32 k = to_word(key);

	*cold = !x->host->access_storage(x->context, to_address(addr), &k);
	return 0;
}

static int host_get_transient(void *host, const struct evm_address *addr,
			      const struct u256 *key, struct u256 *value)
{
	struct execution *x = host;
	evmc_bytes32 k = to_word(key);

	k = x->host->get_transient_storage(x->context, to_address(addr), &k);
	*value = from_word(&k);
	return 0;
}

static int host_set_transient(void *host, const struct evm_address *addr,
			      const struct u256 *key, const struct u256 *value)
{
	struct execution *x = host;
	evmc_bytes32 k = to_word(key), v = to_word(value);

	x->host->set_transient_storage(x->context, to_address(addr), &k, &v);
	return 0;
}

static int host_log(void *host, const struct evm_log *log)
{
	struct execution *x = host;
	evmc_bytes32 topics[4];

	for (unsigned i = 0; i < log->topic_count; i++)
		topics[i] = to_word(&log->topic[i]);
	x->host->emit_log(x->context, to_address(&log->address), log->data,
			  log->len, topics, log->topic_count);
	return 0;
}

static int host_selfdestruct(void *host, const struct evm_address *addr,
			     const struct evm_address *heir, enum evm_fork fork,
			     bool *first)
{
	struct execution *x = host;

	*first = x->host->selfdestruct(x->context, to_address(addr),
				       to_address(heir));
	return 0;
}

static int host_refund(void *host, int64_t gas)
{
	struct execution *x = host;

	x->refund += gas;
	return 0;
}

static const struct evm_host_ops host_ops = {
	.exists = host_exists,
	.is_empty = host_is_empty,
	.balance = host_balance,
	.code = host_code,
	.code_hash = host_code_hash,
	.get_storage = host_get_storage,
	.set_storage = host_set_storage,
	.use_account = host_use_account,
	.use_slot = host_use_slot,
	.get_transient = host_get_transient,
	.set_transient = host_set_transient,
	.log = host_log,
	.selfdestruct = host_selfdestruct,
	.refund = host_refund,
};

static int block_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	struct execution *x = ctx;
	evmc_bytes32 word =
		x->host->get_block_hash(x->context, (int64_t)number);

	memcpy(hash->bytes, word.bytes, sizeof(hash->bytes));
	return 0;
}

/* Its block hashes are the client's: the same bytes, in its array. */
static void set_context(struct execution *x, enum evm_fork fork)
{
	const struct evmc_tx_context *tx = &x->tx;
	struct evm *evm = &x->evm;

	x->tx = x->host->get_tx_context(x->context);
	evm->alloc = module_allocator;
	evm->fork = fork;
	evm->origin = from_address(&tx->tx_origin);
	evm->gas_price = from_word(&tx->tx_gas_price);
	evm->chain_id = from_word(&tx->chain_id).w[0];
	evm->blob_hashes = (const struct evm_hash *)tx->blob_hashes;
	evm->blob_count = tx->blob_hashes_count;
	evm->block = (struct evm_block){
		.coinbase = from_address(&tx->block_coinbase),
		.number = (uint64_t)tx->block_number,
		.timestamp = (uint64_t)tx->block_timestamp,
		.gas_limit = (uint64_t)tx->block_gas_limit,
		.difficulty = from_word(&tx->block_prev_randao),
		.prev_randao = from_word(&tx->block_prev_randao),
		.base_fee = from_word(&tx->block_base_fee),
		.blob_base_fee = from_word(&tx->blob_base_fee),
		.hash = block_hash,
		.ctx = x,
	};
}

static enum evmc_call_kind to_kind(enum evm_call_kind kind)
{
	static const enum evmc_call_kind kinds[] = {
		[EVM_CALL] = EVMC_CALL,
		[EVM_CALLCODE] = EVMC_CALLCODE,
		[EVM_DELEGATECALL] = EVMC_DELEGATECALL,
		[EVM_CREATE] = EVMC_CREATE,
		[EVM_CREATE2] = EVMC_CREATE2,
	};

	return kinds[kind];
}

static struct evmc_message to_message(const struct evm_message *m)
{
	return (struct evmc_message){
		.kind = to_kind(m->kind),
		.flags = (m->is_static ? EVMC_STATIC : 0u) |
			 (m->is_delegated ? EVMC_DELEGATED : 0u),
		.depth = (int32_t)m->depth,
		.gas = m->gas,
		.recipient = *to_address(&m->recipient),
		.sender = *to_address(&m->sender),
		.input_data = m->input,
		.input_size = m->input_len,
		.value = to_word(&m->value),
		.code_address = *to_address(&m->code_from),
	};
}

/* The client makes the call that the frame wants. */
static int make_call(struct execution *x)
{
	struct evmc_message msg = to_message(&x->frame.call);
	struct evmc_result theirs = {.gas_left = msg.gas,
				     .status_code = EVMC_FAILURE};
	struct evm_result ours;
	evmc_address created;
	int err;

	if (msg.kind < EVMC_CREATE || abi_creation(x, &msg))
		theirs = x->host->call(x->context, &msg);
	created = abi_created(&msg, &theirs);
	ours = (struct evm_result){
		.status = theirs.status_code == EVMC_SUCCESS ? EVM_SUCCESS
							     : EVM_REVERT,
		.gas_left = theirs.gas_left,
		.created = from_address(&created),
		.output = theirs.output_data,
		.output_len = theirs.output_size,
	};
	x->refund += theirs.gas_refund;
	err = evm_frame_resume(&x->evm, &x->frame, &ours);
	if (theirs.release)
		theirs.release(&theirs);
	forget_codes(x);
	return err;
}

/* EIP-141's INVALID is one that is meant. */
static bool is_invalid(const struct evm_frame *f)
{
	return f->status == EVM_UNDEFINED_OPCODE &&
	       f->code->bytes[f->pc] == 0xfe;
}

static enum evmc_status_code to_status(const struct evm_frame *f)
{
	static const enum evmc_status_code codes[EVM_STATUS_COUNT] = {
		[EVM_SUCCESS] = EVMC_SUCCESS,
		[EVM_REVERT] = EVMC_REVERT,
		[EVM_OUT_OF_GAS] = EVMC_OUT_OF_GAS,
		[EVM_UNDEFINED_OPCODE] = EVMC_UNDEFINED_INSTRUCTION,
		[EVM_STACK_UNDERFLOW] = EVMC_STACK_UNDERFLOW,
		[EVM_STACK_OVERFLOW] = EVMC_STACK_OVERFLOW,
		[EVM_BAD_JUMP] = EVMC_BAD_JUMP_DESTINATION,
		[EVM_RETURN_DATA_OVERRUN] = EVMC_INVALID_MEMORY_ACCESS,
		[EVM_STATIC_VIOLATION] = EVMC_STATIC_MODE_VIOLATION,
		[EVM_INITCODE_TOO_LARGE] = EVMC_OUT_OF_GAS,
	};

	if (f->status == EVM_SUCCESS)
		return EVMC_SUCCESS;
	if (is_invalid(f))
		return EVMC_INVALID_INSTRUCTION;
	return codes[f->status] != EVMC_SUCCESS ? codes[f->status]
						: EVMC_FAILURE;
}

static void release_output(const struct evmc_result *result)
{
	free((void *)result->output_data);
}

static struct evmc_result finish(struct execution *x, int err)
{
	const struct evm_frame *f = &x->frame;
	struct evmc_result r = {.status_code = err == EVM_ERR_NO_MEMORY
						       ? EVMC_OUT_OF_MEMORY
						       : EVMC_INTERNAL_ERROR};
	uint8_t *output;

	if (err < 0)
		return r;
	r.status_code = to_status(f);
	if (f->status > EVM_REVERT)
		return r;
	r.gas_left = f->gas;
	if (f->status == EVM_SUCCESS)
		r.gas_refund = x->refund;
	if (f->output_len == 0)
		return r;
	output = malloc(f->output_len);
	if (!output)
		return (struct evmc_result){.status_code = EVMC_OUT_OF_MEMORY};
	memcpy(output, f->memory.bytes + f->output, f->output_len);
	r.output_data = output;
	r.output_size = f->output_len;
	r.release = release_output;
	return r;
}

static void set_frame(struct execution *x, const struct evmc_message *msg)
{
	struct evm_frame *f = &x->frame;

	f->evm = &x->evm;
	f->host = &host_ops;
	f->host_ctx = x;
	f->gas = msg->gas;
	f->msg = (struct evm_message){
		.is_static = msg->flags & EVMC_STATIC,
		.depth = (unsigned)msg->depth,
		.gas = msg->gas,
		.sender = from_address(&msg->sender),
		.recipient = from_address(&msg->recipient),
		.code_from = from_address(&msg->code_address),
		.value = from_word(&msg->value),
		.input = msg->input_data,
		.input_len = msg->input_size,
	};
}

static int run(struct execution *x)
{
	int err = x->frame.code ? 0 : EVM_ERR_NO_MEMORY;

	while (err == 0) {
		err = evm_interpret(&x->frame);
		if (err < 0 || !x->frame.calling)
			break;
		err = make_call(x);
	}
	return err;
}

struct evmc_result module_execute(struct evmc_vm *vm,
				  const struct evmc_host_interface *host,
				  struct evmc_host_context *context,
				  int revision, const struct evmc_message *msg,
				  const uint8_t *code, size_t code_size)
{
	enum evm_fork fork = abi_fork(revision);
	struct evmc_result result;
	struct execution *x;

	if (fork == EVM_FORK_COUNT)
		return (struct evmc_result){.status_code = EVMC_REJECTED};
	x = malloc(sizeof(*x));
	if (!x)
		return (struct evmc_result){.status_code = EVMC_OUT_OF_MEMORY};
	/* all but the stack, which need not be anything */
	memset(x, 0, offsetof(struct execution, frame.stack));
	x->refund = 0;
	x->codes = NULL;
	x->host = host;
	x->context = context;
	set_context(x, fork);
	set_frame(x, msg);
	x->frame.code = evm_code_create(&module_allocator, code, code_size);
	result = finish(x, run(x));
	forget_codes(x);
	evm_code_unref(&module_allocator, x->frame.code);
	free(x->frame.memory.bytes);
	free(x->frame.return_data.bytes);
	free(x);
	return result;
}

/* A module is a constant table: there is nothing to give back. */
void module_destroy(struct evmc_vm *vm)
{
}

enum evmc_set_option_result module_set_option(struct evmc_vm *vm,
					      const char *name,
					      const char *value)
{
	return EVMC_SET_OPTION_INVALID_NAME;
}
