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
#include "evm/ops.h"
#include "evm/precompile.h"

#define GAS_COPY_WORD	   3
#define GAS_KECCAK256_WORD 6
#define GAS_LOG_BYTE	   8

int evm_charge(struct evm_frame *f, uint64_t gas)
{
	if (gas > INT64_MAX) {
		f->gas = -1;
		return EVM_OUT_OF_GAS;
	}
	f->gas -= (int64_t)gas;
	return f->gas < 0 ? EVM_OUT_OF_GAS : 0;
}

/* The precompiles are warm from the start, without being marked so. */
int evm_charge_account(struct evm_frame *f, const struct evm_address *addr,
		       unsigned warm, unsigned cold)
{
	bool is_cold;
	int err;

	if (f->evm->fork < EVM_BERLIN ||
	    evm_precompile_number(f->evm->fork, addr))
		return 0;
	err = f->host->use_account(f->host_ctx, addr, &is_cold);
	if (err < 0)
		return err;
	return is_cold ? evm_charge(f, cold - warm) : 0;
}

/* 3 for each word and a quadratic part: the square through 512 */
static uint64_t memory_cost(uint64_t count)
{
	return count * 3 + count * count / 512;
}

/* What is behind the end is zero already. */
static int memory_grow(struct evm_frame *f, uint64_t len)
{
	struct evm_buffer *m = &f->memory;
	size_t size = m->size;
	void *bytes = m->bytes;
	int err;

	if (len > size) {
		err = evm_reserve(&f->evm->alloc, &bytes, &m->size,
				  len < 1024 ? 1024 : len, 1);
		if (err < 0)
			return err;
		m->bytes = bytes;
		memset(m->bytes + size, 0, m->size - size);
	}
	m->len = len;
	return 0;
}

/* The most bytes that INT64_MAX of gas could pay, and more */
#define MEMORY_MAX (UINT64_C(1) << 42)

int evm_memory_expand(struct evm_frame *f, const struct u256 *offset,
		      const struct u256 *len)
{
	uint64_t end, count, cost;

	if (u256_is_zero(len))
		return 0;
	if (!u256_fits_u64(offset) || !u256_fits_u64(len) ||
	    offset->w[0] > MEMORY_MAX || len->w[0] > MEMORY_MAX)
		return EVM_OUT_OF_GAS;
	end = offset->w[0] + len->w[0];
	if (end <= f->memory.len)
		return 0;
	count = evm_words(end);
	cost = memory_cost(count) - memory_cost(f->memory.len / 32);
	if (cost > (uint64_t)f->gas)
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

static int op_keccak256(struct evm_frame *f, struct u256 *sp)
{
	uint64_t len = sp[-2].w[0];
	uint8_t hash[32];
	int r = evm_memory_expand(f, &sp[-1], &sp[-2]);

	if (r == 0)
		r = evm_charge(f, GAS_KECCAK256_WORD * evm_words(len));
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
		r = evm_charge(f, GAS_COPY_WORD * evm_words(len));
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

/* EIP-5656: both places may overlap, and both are expanded to. */
static int op_mcopy(struct evm_frame *f, struct u256 *sp)
{
	const struct u256 *end =
		u256_less(&sp[-1], &sp[-2]) ? &sp[-2] : &sp[-1];
	uint64_t len = sp[-3].w[0];
	int r = evm_memory_expand(f, end, &sp[-3]);

	if (r == 0)
		r = evm_charge(f, GAS_COPY_WORD * evm_words(len));
	if (r == 0 && len > 0)
		memmove(f->memory.bytes + sp[-1].w[0],
			f->memory.bytes + sp[-2].w[0], len);
	return r;
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

static int charge_cold(struct evm_frame *f, const struct evm_address *addr)
{
	return evm_charge_account(f, addr, EVM_GAS_WARM, EVM_GAS_COLD_ACCOUNT);
}

static int op_extcodesize(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	const struct evm_code *code;
	int r = charge_cold(f, &addr);

	if (r == 0)
		r = f->host->code(f->host_ctx, &addr, &code);
	if (r == 0)
		sp[-1] = u256_from(code ? code->len : 0);
	return r;
}

static int op_extcodecopy(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	const struct evm_code *code;
	int r = charge_cold(f, &addr);

	if (r == 0)
		r = f->host->code(f->host_ctx, &addr, &code);
	if (r != 0)
		return r;
	return copy(f, &sp[-2], code ? code->bytes : NULL,
		    code ? code->len : 0);
}

/* EIP-1052: an account that is empty has no hash, not that of no code. */
static int op_extcodehash(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	struct evm_hash hash = {{0}};
	bool empty = true;
	int r = charge_cold(f, &addr);

	if (r == 0)
		r = f->host->is_empty(f->host_ctx, &addr, &empty);
	if (r == 0 && !empty)
		r = f->host->code_hash(f->host_ctx, &addr, &hash);
	if (r == 0)
		sp[-1] = u256_load(hash.bytes);
	return r;
}

static int op_balance(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address addr = evm_word_address(&sp[-1]);
	int r = charge_cold(f, &addr);

	return r ? r : f->host->balance(f->host_ctx, &addr, &sp[-1]);
}

static void op_blobhash(struct evm_frame *f, struct u256 *sp)
{
	const struct evm *evm = f->evm;

	if (u256_fits_u64(&sp[-1]) && sp[-1].w[0] < evm->blob_count)
		sp[-1] = u256_load(evm->blob_hashes[sp[-1].w[0]].bytes);
	else
		sp[-1] = u256_from(0);
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
		r = evm_charge(f, GAS_LOG_BYTE * log.len);
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
	f->output_len = sp[-2].w[0];
	f->output = f->output_len ? sp[-1].w[0] : 0; /* else it may be far */
	return status;
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
		return f->evm->fork >= EVM_PARIS ? block->prev_randao
						 : block->difficulty;
	case OP_CHAINID:
		return u256_from(f->evm->chain_id);
	case OP_BASEFEE:
		return block->base_fee;
	case OP_BLOBBASEFEE:
		return block->blob_base_fee;
	case OP_GASLIMIT:
		return u256_from(block->gas_limit);
	default: /* MSIZE */
		return u256_from(f->memory.len);
	}
}

int evm_op_other(struct evm_frame *f, uint8_t opcode, struct u256 *sp)
{
	switch (opcode) {
	case OP_KECCAK256:
		return op_keccak256(f, sp);
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
	case OP_EXTCODEHASH:
		return op_extcodehash(f, sp);
	case OP_RETURNDATACOPY:
		return op_returndatacopy(f, sp);
	case OP_BLOCKHASH:
		return op_blockhash(f, sp);
	case OP_SELFBALANCE:
		return f->host->balance(f->host_ctx, &f->msg.recipient, sp);
	case OP_BLOBHASH:
		op_blobhash(f, sp);
		return 0;
	case OP_MLOAD:
		return op_mload(f, sp);
	case OP_MSTORE:
		return op_mstore(f, sp);
	case OP_MSTORE8:
		return op_mstore8(f, sp);
	case OP_MCOPY:
		return op_mcopy(f, sp);
	case OP_SLOAD:
		return evm_op_sload(f, sp);
	case OP_SSTORE:
		return evm_op_sstore(f, sp);
	case OP_TLOAD:
		return evm_op_tload(f, sp);
	case OP_TSTORE:
		return evm_op_tstore(f, sp);
	case OP_LOG0 ... OP_LOG4:
		return op_log(f, opcode - OP_LOG0, sp);
	case OP_CREATE:
	case OP_CREATE2:
		return evm_op_create(f, opcode, sp);
	case OP_CALL:
	case OP_CALLCODE:
	case OP_DELEGATECALL:
	case OP_STATICCALL:
		return evm_op_call(f, opcode, sp);
	case OP_RETURN:
		return op_return(f, sp, EVM_SUCCESS);
	case OP_REVERT:
		return op_return(f, sp, EVM_REVERT);
	case OP_SELFDESTRUCT:
		return evm_op_selfdestruct(f, sp);
	default:
		*sp = surroundings(f, opcode);
		return 0;
	}
}
