/*
 * ops_call.c: calls, creations and SELFDESTRUCT: what they cost, who is who,
 * and what goes along. Each fills in f->call and asks for it to be made.
 */
#include "evm/opcodes.h"
#include "evm/ops.h"

#define GAS_CALL_VALUE	   9000
#define GAS_CALL_STIPEND   2300
#define GAS_NEW_ACCOUNT	   25000
#define GAS_KECCAK256_WORD 6
#define REFUND_SUICIDE	   24000

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

/* EIP-150 made an heir who is new cost something. */
static int charge_heir(struct evm_frame *f, const struct evm_address *heir)
{
	struct u256 balance = u256_from(0);
	bool makes;
	int r = 0;

	if (f->evm->fork < EVM_TANGERINE_WHISTLE)
		return 0;
	if (f->evm->fork >= EVM_SPURIOUS_DRAGON)
		r = f->host->balance(f->host_ctx, &f->msg.recipient, &balance);
	if (r == 0)
		r = makes_account(f, heir, !u256_is_zero(&balance), &makes);
	return r != 0 || !makes ? r : evm_charge(f, GAS_NEW_ACCOUNT);
}

int evm_op_selfdestruct(struct evm_frame *f, struct u256 *sp)
{
	struct evm_address heir = evm_word_address(&sp[-1]);
	bool first;
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	/* its price has no warm part: a cold heir costs all of it */
	r = evm_charge_account(f, &heir, 0, EVM_GAS_COLD_ACCOUNT);
	if (r == 0)
		r = charge_heir(f, &heir);
	if (r == 0)
		r = f->host->selfdestruct(f->host_ctx, &f->msg.recipient, &heir,
					  f->evm->fork, &first);
	if (r == 0 && first && f->evm->fork < EVM_LONDON)
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
	struct u256 balance = f->call.value; /* enough, if nothing is paid */
	int err = 0;

	f->return_data.len = 0;
	if (f->call.kind != EVM_DELEGATECALL && !u256_is_zero(&balance))
		err = f->host->balance(f->host_ctx, &f->msg.recipient,
				       &balance);
	if (err < 0)
		return err;
	if (f->msg.depth < EVM_DEPTH_MAX &&
	    !u256_less(&balance, &f->call.value))
		return EVM_WANTS_CALL;
	f->gas += f->call.gas;
	return 0;
}

/* What init code costs by its length: EIP-1014 hashes it, EIP-3860 bounds it. */
static int charge_initcode(struct evm_frame *f, uint8_t opcode, uint64_t len)
{
	uint64_t word = opcode == OP_CREATE2 ? GAS_KECCAK256_WORD : 0;

	if (f->evm->fork >= EVM_SHANGHAI) {
		if (len > EVM_INITCODE_MAX)
			return EVM_INITCODE_TOO_LARGE;
		word += EVM_GAS_INITCODE_WORD;
	}
	return evm_charge(f, word * evm_words(len));
}

int evm_op_create(struct evm_frame *f, uint8_t opcode, struct u256 *sp)
{
	bool salted = opcode == OP_CREATE2;
	struct u256 *result = &sp[salted ? -4 : -3];
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	r = evm_memory_expand(f, &sp[-2], &sp[-3]);
	if (r == 0)
		r = charge_initcode(f, opcode, sp[-3].w[0]);
	if (r != 0)
		return r;
	f->call = (struct evm_message){
		.kind = salted ? EVM_CREATE2 : EVM_CREATE,
		.depth = f->msg.depth + 1,
		.gas = all_but_a_64th(f),
		.sender = f->msg.recipient,
		.value = sp[-1],
		.salt = salted ? sp[-4] : u256_from(0),
		.input_len = sp[-3].w[0],
	};
	if (f->call.input_len > 0)
		f->call.input = f->memory.bytes + sp[-2].w[0];
	f->call_out_len = 0;
	f->gas -= f->call.gas;
	*result = u256_from(0);
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

/*
 * The account that is called, and where it points to if it does: each may be
 * cold (EIP-7702).
 */
static int charge_callee(struct evm_frame *f)
{
	const struct evm_address *delegate;
	const struct evm_code *code;
	int r;

	r = evm_charge_account(f, &f->call.code_from, EVM_GAS_WARM,
			       EVM_GAS_COLD_ACCOUNT);
	if (r != 0 || f->evm->fork < EVM_PRAGUE)
		return r;
	r = f->host->code(f->host_ctx, &f->call.code_from, &code);
	delegate = r == 0 ? evm_code_delegate(code) : NULL;
	if (!delegate)
		return r;
	f->call.code_from = *delegate;
	f->call.is_delegated = true;
	r = evm_charge(f, EVM_GAS_WARM);
	if (r == 0)
		r = evm_charge_account(f, &f->call.code_from, EVM_GAS_WARM,
				       EVM_GAS_COLD_ACCOUNT);
	return r;
}

int evm_op_call(struct evm_frame *f, uint8_t opcode, struct u256 *sp)
{
	bool takes_value = opcode == OP_CALL || opcode == OP_CALLCODE;
	bool pays = takes_value && !u256_is_zero(&sp[-3]), makes = false;
	int r;

	if (opcode == OP_CALL && pays && f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	call_parties(f, opcode, sp);
	r = call_memory(f, takes_value ? &sp[-4] : &sp[-3]);
	if (r == 0)
		r = charge_callee(f);
	if (r == 0 && pays)
		r = evm_charge(f, GAS_CALL_VALUE);
	if (r == 0 && opcode == OP_CALL)
		r = makes_account(f, &f->call.recipient, pays, &makes);
	if (r == 0 && makes)
		r = evm_charge(f, GAS_NEW_ACCOUNT);
	if (r == 0)
		r = forward_gas(f, &sp[-1]);
	if (r != 0)
		return r;
	if (pays)
		f->call.gas += GAS_CALL_STIPEND;
	sp[takes_value ? -7 : -6] = u256_from(0);
	return start_call(f);
}
