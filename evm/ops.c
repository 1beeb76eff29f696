/*
 * ops.c: the instructions that the loop in interp.c does not do itself: those
 * that need memory, the frame's surroundings, state or calls, with what each
 * costs beyond its row of the table.
 *
 * Each takes `sp`, the place above the top of the stack: its first operand is
 * sp[-1]. The loop moves the stack pointer afterwards.
 */
#include "evm/alloc.h"
#include "evm/frame.h"
#include "evm/hash.h"
#include "evm/opcodes.h"

#define GAS_COPY_WORD	 3
#define GAS_SHA3_WORD	 6
#define GAS_LOG_BYTE	 8
#define GAS_CALL_VALUE	 9000
#define GAS_CALL_STIPEND 2300
#define GAS_NEW_ACCOUNT	 25000
#define REFUND_SUICIDE	 24000

static int charge(struct evm_frame *f, uint64_t gas)
{
	if (gas > INT64_MAX) {
		f->gas = -1;
		return EVM_OUT_OF_GAS;
	}
	f->gas -= (int64_t)gas;
	return f->gas < 0 ? EVM_OUT_OF_GAS : 0;
}

static uint64_t words(uint64_t bytes)
{
	return bytes / 32 + (bytes % 32 != 0);
}

/* 3 for each word and a quadratic part: the square through 512 */
static u256_wide memory_cost(uint64_t count)
{
	return (u256_wide)count * 3 + (u256_wide)count * count / 512;
}

static int memory_grow(struct evm_frame *f, uint64_t len)
{
	struct evm_buffer *m = &f->memory;
	void *bytes = m->bytes;
	int err;

	err = evm_reserve(&f->evm->alloc, &bytes, &m->size,
			  len < 1024 ? 1024 : len, 1);
	if (err < 0)
		return err;
	m->bytes = bytes;
	memset(m->bytes + m->len, 0, len - m->len);
	m->len = len;
	return 0;
}

int evm_memory_expand(struct evm_frame *f, const struct u256 *offset,
		      const struct u256 *len)
{
	u256_wide end = (u256_wide)offset->w[0] + len->w[0], cost;
	uint64_t count;

	if (u256_is_zero(len))
		return 0;
	if (!u256_fits_u64(offset) || !u256_fits_u64(len) || end > INT64_MAX)
		return EVM_OUT_OF_GAS; /* beyond what any gas can pay */
	if (end <= f->memory.len)
		return 0;
	count = words((uint64_t)end);
	cost = memory_cost(count) - memory_cost(f->memory.len / 32);
	if (cost > (u256_wide)f->gas)
		return EVM_OUT_OF_GAS;
	f->gas -= (int64_t)cost;
	return memory_grow(f, count * 32);
}

static int op_mload(struct evm_frame *f, struct u256 *sp)
{
	struct u256 len = u256_from(32);
	int r = evm_memory_expand(f, &sp[-1], &len);

	if (r == 0)
		sp[-1] = u256_load(f->memory.bytes + sp[-1].w[0]);
	return r;
}

static int op_mstore(struct evm_frame *f, struct u256 *sp)
{
	struct u256 len = u256_from(32);
	int r = evm_memory_expand(f, &sp[-1], &len);

	if (r == 0)
		u256_store(f->memory.bytes + sp[-1].w[0], &sp[-2]);
	return r;
}

static int op_mstore8(struct evm_frame *f, struct u256 *sp)
{
	struct u256 len = u256_from(1);
	int r = evm_memory_expand(f, &sp[-1], &len);

	if (r == 0)
		f->memory.bytes[sp[-1].w[0]] = (uint8_t)sp[-2].w[0];
	return r;
}

static int op_sha3(struct evm_frame *f, struct u256 *sp)
{
	uint64_t len = sp[-2].w[0];
	uint8_t hash[32];
	int r = evm_memory_expand(f, &sp[-1], &sp[-2]);

	if (r == 0)
		r = charge(f, GAS_SHA3_WORD * words(len));
	if (r != 0)
		return r;
	if (len > 0)
		evm_keccak256(f->memory.bytes + sp[-1].w[0], len, hash);
	else
		evm_keccak256(NULL, 0, hash);
	sp[-2] = u256_load(hash);
	return 0;
}

static struct u256 calldata_word(const struct evm_message *msg,
				 const struct u256 *offset)
{
	uint8_t word[32] = {0};
	size_t left;

	if (!u256_fits_u64(offset) || offset->w[0] >= msg->input_len)
		return u256_from(0);
	left = msg->input_len - offset->w[0];
	memcpy(word, msg->input + offset->w[0], left < 32 ? left : 32);
	return u256_load(word);
}

/*
 * The copying instructions: at arg[0] the place in memory, arg[-1] the place
 * in the source, arg[-2] the length. Behind the source's end there are zeros.
 */
static int copy(struct evm_frame *f, const struct u256 *arg,
		const uint8_t *source, size_t size)
{
	uint64_t len = arg[-2].w[0], from = size, n;
	uint8_t *to;
	int r;

	r = evm_memory_expand(f, &arg[0], &arg[-2]);
	if (r == 0)
		r = charge(f, GAS_COPY_WORD * words(len));
	if (r != 0 || len == 0)
		return r;
	if (u256_fits_u64(&arg[-1]) && arg[-1].w[0] < size)
		from = arg[-1].w[0];
	n = size - from < len ? size - from : len;
	to = f->memory.bytes + arg[0].w[0];
	if (n > 0)
		memcpy(to, source + from, n);
	memset(to + n, 0, len - n);
	return 0;
}

/* Return data, unlike the others, may not be read beyond its end. */
static int op_returndatacopy(struct evm_frame *f, struct u256 *sp)
{
	uint64_t size = f->return_data.len;

	if (!u256_fits_u64(&sp[-2]) || !u256_fits_u64(&sp[-3]) ||
	    sp[-2].w[0] > size || sp[-3].w[0] > size - sp[-2].w[0])
		return EVM_RETURN_DATA_OVERRUN;
	return copy(f, &sp[-1], f->return_data.bytes, size);
}

static int op_extcodesize(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	const struct evm_code *code;
	int err = f->host->code(f->host_ctx, &addr, &code);

	if (err == 0)
		sp[-1] = u256_from(code ? code->len : 0);
	return err;
}

static int op_extcodecopy(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	const struct evm_code *code;
	int err = f->host->code(f->host_ctx, &addr, &code);

	if (err < 0)
		return err;
	return copy(f, &sp[-2], code ? code->bytes : NULL,
		    code ? code->len : 0);
}

static int op_balance(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);

	return f->host->balance(f->host_ctx, &addr, &sp[-1]);
}

static int op_blockhash(struct evm_frame *f, struct u256 *sp)
{
	const struct evm_block *block = &f->evm->block;
	uint64_t number = sp[-1].w[0];
	struct evm_hash hash = {{0}};
	int err = 0;

	if (block->hash && u256_fits_u64(&sp[-1]) && number < block->number &&
	    block->number - number <= 256)
		err = block->hash(block->ctx, number, &hash);
	sp[-1] = u256_load(hash.bytes);
	return err;
}

static int op_sload(struct evm_frame *f, struct u256 *sp)
{
	struct u256 key = sp[-1];

	return f->host->get_storage(f->host_ctx, &f->msg.recipient, &key,
				    &sp[-1]);
}

static int op_sstore(struct evm_frame *f, struct u256 *sp)
{
	/* Only the last step counts: from zero, to zero, or neither. */
	static const struct {
		uint16_t gas, refund;
	} costs[EVM_STORAGE_CHANGES] = {
		[EVM_STORAGE_ASSIGNED] = {5000, 0},
		[EVM_STORAGE_ADDED] = {20000, 0},
		[EVM_STORAGE_DELETED] = {5000, 15000},
		[EVM_STORAGE_MODIFIED] = {5000, 0},
		[EVM_STORAGE_DELETED_ADDED] = {20000, 0},
		[EVM_STORAGE_MODIFIED_DELETED] = {5000, 15000},
		[EVM_STORAGE_DELETED_RESTORED] = {20000, 0},
		[EVM_STORAGE_ADDED_DELETED] = {5000, 15000},
		[EVM_STORAGE_MODIFIED_RESTORED] = {5000, 0},
	};
	enum evm_storage_change change;
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	r = f->host->set_storage(f->host_ctx, &f->msg.recipient, &sp[-1],
				 &sp[-2], &change);
	if (r < 0)
		return r;
	r = charge(f, costs[change].gas);
	if (r == 0 && costs[change].refund)
		r = f->host->refund(f->host_ctx, costs[change].refund);
	return r;
}

static int op_log(struct evm_frame *f, unsigned topics, struct u256 *sp)
{
	struct evm_log log = {.address = f->msg.recipient,
			      .topic_count = topics,
			      .len = sp[-2].w[0]};
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	r = evm_memory_expand(f, &sp[-1], &sp[-2]);
	if (r == 0)
		r = charge(f, GAS_LOG_BYTE * log.len);
	if (r != 0)
		return r;
	if (log.len > 0)
		log.data = f->memory.bytes + sp[-1].w[0];
	for (unsigned i = 0; i < topics; i++)
		log.topic[i] = sp[-3 - (int)i];
	return f->host->log(f->host_ctx, &log);
}

static int op_return(struct evm_frame *f, struct u256 *sp,
		     enum evm_status status)
{
	int r = evm_memory_expand(f, &sp[-1], &sp[-2]);

	if (r != 0)
		return r;
	f->output = sp[-1].w[0];
	f->output_len = sp[-2].w[0];
	return status;
}

/*
 * Whether value that arrives at `addr` makes an account. Before EIP-161 any
 * call did, even one without value, where there was none; since then an
 * account that is empty is the same as none, and value alone counts.
 */
static int makes_account(struct evm_frame *f, const struct evm_address *addr,
			 bool has_value, bool *makes)
{
	bool is = true;
	int err = 0;

	if (f->evm->fork < EVM_SPURIOUS_DRAGON) {
		err = f->host->exists(f->host_ctx, addr, &is);
		*makes = !is;
	} else {
		if (has_value)
			err = f->host->is_empty(f->host_ctx, addr, &is);
		*makes = has_value && is;
	}
	return err;
}

static int op_selfdestruct(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address heir = evm_word_address(&sp[-1]);
	struct u256 balance;
	bool makes, first;
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	r = f->host->balance(f->host_ctx, &f->msg.recipient, &balance);
	if (r == 0)
		r = makes_account(f, &heir, !u256_is_zero(&balance), &makes);
	if (r == 0 && makes && f->evm->fork >= EVM_TANGERINE_WHISTLE)
		r = charge(f, GAS_NEW_ACCOUNT);
	if (r == 0)
		r = f->host->selfdestruct(f->host_ctx, &f->msg.recipient, &heir,
					  &first);
	if (r == 0 && first)
		r = f->host->refund(f->host_ctx, REFUND_SUICIDE);
	f->output_len = 0;
	return r;
}

/* Since EIP-150 a 64th of the gas stays behind (rounded down to all of it). */
static int64_t all_but_a_64th(const struct evm_frame *f)
{
	if (f->evm->fork < EVM_TANGERINE_WHISTLE)
		return f->gas;
	return f->gas - f->gas / 64;
}

/* The gas that goes along, into f->call.gas: what is asked for, at most. */
static int forward_gas(struct evm_frame *f, const struct u256 *asked)
{
	int64_t most = all_but_a_64th(f);

	f->call.gas = most;
	if (u256_fits_u64(asked) && asked->w[0] <= (uint64_t)most)
		f->call.gas = (int64_t)asked->w[0];
	else if (f->evm->fork < EVM_TANGERINE_WHISTLE)
		return EVM_OUT_OF_GAS;
	f->gas -= f->call.gas;
	return 0;
}

/*
 * A call that cannot start (too deep, too poor) fails without having cost the
 * gas that would have gone along.
 */
static int start_call(struct evm_frame *f)
{
	struct u256 balance;
	int err;

	f->return_data.len = 0;
	err = f->host->balance(f->host_ctx, &f->msg.recipient, &balance);
	if (err < 0)
		return err;
	if (f->msg.depth < EVM_DEPTH_MAX &&
	    (f->call.kind == EVM_DELEGATECALL ||
	     !u256_less(&balance, &f->call.value)))
		return EVM_WANTS_CALL;
	f->gas += f->call.gas;
	return 0;
}

static int op_create(struct evm_frame *f, struct u256 *sp)
{
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	r = evm_memory_expand(f, &sp[-2], &sp[-3]);
	if (r != 0)
		return r;
	f->call = (struct evm_message){
		.kind = EVM_CREATE,
		.depth = f->msg.depth + 1,
		.gas = all_but_a_64th(f),
		.sender = f->msg.recipient,
		.value = sp[-1],
		.input_len = sp[-3].w[0],
	};
	if (f->call.input_len > 0)
		f->call.input = f->memory.bytes + sp[-2].w[0];
	f->call_out_len = 0;
	f->gas -= f->call.gas;
	sp[-3] = u256_from(0);
	return start_call(f);
}

/* Who calls whom, with what value, by the kind of call. */
static void call_parties(struct evm_frame *f, uint8_t opcode,
			 const struct u256 *sp)
{
	struct evm_message *call = &f->call;

	*call = (struct evm_message){
		.kind = EVM_CALL,
		.is_static = f->msg.is_static || opcode == OP_STATICCALL,
		.depth = f->msg.depth + 1,
		.sender = f->msg.recipient,
		.recipient = f->msg.recipient,
		.code_from = evm_word_address(&sp[-2]),
	};
	switch (opcode) {
	case OP_CALL:
		call->value = sp[-3];
		call->recipient = call->code_from;
		break;
	case OP_CALLCODE:
		call->kind = EVM_CALLCODE;
		call->value = sp[-3];
		break;
	case OP_DELEGATECALL:
		call->kind = EVM_DELEGATECALL;
		call->sender = f->msg.sender;
		call->value = f->msg.value;
		break;
	default:
		call->recipient = call->code_from;
	}
}

/* arg: place and length of the input, then of the output, downwards */
static int call_memory(struct evm_frame *f, const struct u256 *arg)
{
	int r = evm_memory_expand(f, &arg[0], &arg[-1]);

	if (r == 0)
		r = evm_memory_expand(f, &arg[-2], &arg[-3]);
	if (r != 0)
		return r;
	f->call.input_len = arg[-1].w[0];
	if (f->call.input_len > 0)
		f->call.input = f->memory.bytes + arg[0].w[0];
	f->call_out = arg[-2].w[0];
	f->call_out_len = arg[-3].w[0];
	return 0;
}

static int op_call(struct evm_frame *f, uint8_t opcode, struct u256 *sp)
{
	bool takes_value = opcode == OP_CALL || opcode == OP_CALLCODE;
	bool pays = takes_value && !u256_is_zero(&sp[-3]), makes = false;
	int r;

	if (opcode == OP_CALL && pays && f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	call_parties(f, opcode, sp);
	r = call_memory(f, takes_value ? &sp[-4] : &sp[-3]);
	if (r == 0 && pays)
		r = charge(f, GAS_CALL_VALUE);
	if (r == 0 && opcode == OP_CALL)
		r = makes_account(f, &f->call.recipient, pays, &makes);
	if (r == 0 && makes)
		r = charge(f, GAS_NEW_ACCOUNT);
	if (r == 0)
		r = forward_gas(f, &sp[-1]);
	if (r != 0)
		return r;
	if (pays)
		f->call.gas += GAS_CALL_STIPEND;
	sp[takes_value ? -7 : -6] = u256_from(0);
	return start_call(f);
}

/* Instructions that read what surrounds the frame. */
static struct u256 surroundings(const struct evm_frame *f, uint8_t opcode)
{
	const struct evm_block *block = &f->evm->block;

	switch (opcode) {
	case OP_ADDRESS:
		return evm_address_word(&f->msg.recipient);
	case OP_ORIGIN:
		return evm_address_word(&f->evm->origin);
	case OP_CALLER:
		return evm_address_word(&f->msg.sender);
	case OP_CALLVALUE:
		return f->msg.value;
	case OP_CALLDATASIZE:
		return u256_from(f->msg.input_len);
	case OP_CODESIZE:
		return u256_from(f->code->len);
	case OP_GASPRICE:
		return f->evm->gas_price;
	case OP_RETURNDATASIZE:
		return u256_from(f->return_data.len);
	case OP_COINBASE:
		return evm_address_word(&block->coinbase);
	case OP_TIMESTAMP:
		return u256_from(block->timestamp);
	case OP_NUMBER:
		return u256_from(block->number);
	case OP_DIFFICULTY:
		return block->difficulty;
	case OP_GASLIMIT:
		return u256_from(block->gas_limit);
	default: /* MSIZE */
		return u256_from(f->memory.len);
	}
}

int evm_op_other(struct evm_frame *f, uint8_t opcode, struct u256 *sp)
{
	switch (opcode) {
	case OP_SHA3:
		return op_sha3(f, sp);
	case OP_BALANCE:
		return op_balance(f, sp);
	case OP_CALLDATALOAD:
		sp[-1] = calldata_word(&f->msg, &sp[-1]);
		return 0;
	case OP_CALLDATACOPY:
		return copy(f, &sp[-1], f->msg.input, f->msg.input_len);
	case OP_CODECOPY:
		return copy(f, &sp[-1], f->code->bytes, f->code->len);
	case OP_EXTCODESIZE:
		return op_extcodesize(f, sp);
	case OP_EXTCODECOPY:
		return op_extcodecopy(f, sp);
	case OP_RETURNDATACOPY:
		return op_returndatacopy(f, sp);
	case OP_BLOCKHASH:
		return op_blockhash(f, sp);
	case OP_MLOAD:
		return op_mload(f, sp);
	case OP_MSTORE:
		return op_mstore(f, sp);
	case OP_MSTORE8:
		return op_mstore8(f, sp);
	case OP_SLOAD:
		return op_sload(f, sp);
	case OP_SSTORE:
		return op_sstore(f, sp);
	case OP_LOG0 ... OP_LOG4:
		return op_log(f, opcode - OP_LOG0, sp);
	case OP_CREATE:
		return op_create(f, sp);
	case OP_CALL:
	case OP_CALLCODE:
	case OP_DELEGATECALL:
	case OP_STATICCALL:
		return op_call(f, opcode, sp);
	case OP_RETURN:
		return op_return(f, sp, EVM_SUCCESS);
	case OP_REVERT:
		return op_return(f, sp, EVM_REVERT);
	case OP_SELFDESTRUCT:
		return op_selfdestruct(f, sp);
	default:
		*sp = surroundings(f, opcode);
		return 0;
	}
}
