/* calls.c: calls, creations and SELFDESTRUCT of the reference interpreter. */
#include <string.h>

#include "tests/evm/reference/work.h"

/* Whether the account comes to exist when it gets value (EIP-161) or a call. */
static bool is_new(struct work *w, const struct evm_address *addr, bool value)
{
	bool exists = true, empty = false;

	if (w->end >= 0)
		return false;
	if (w->fork >= EVM_SPURIOUS_DRAGON) {
		ref_check(w,
			  w->f->host->is_empty(w->f->host_ctx, addr, &empty));
		return value && empty;
	}
	ref_check(w, w->f->host->exists(w->f->host_ctx, addr, &exists));
	return !exists;
}

void ref_self_destruct(struct work *w)
{
	struct evm_address heir = ref_address_of(ref_pop(w));
	bool first = false;

	if (w->f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	ref_pay_cold(w, &heir, 2600);
	if (w->fork >= EVM_TANGERINE_WHISTLE &&
	    is_new(w, &heir,
		   !ref_zero(ref_balance_of(w, &w->f->msg.recipient))))
		ref_pay(w, 25000);
	if (w->end >= 0)
		return;
	ref_check(w,
		  w->f->host->selfdestruct(w->f->host_ctx, &w->f->msg.recipient,
					   &heir, w->fork, &first));
	if (first && w->fork < EVM_LONDON)
		ref_check(w, w->f->host->refund(w->f->host_ctx, 24000));
	w->f->output_len = 0;
	ref_fail(w, EVM_SUCCESS);
}

/* The result of a call that does not start is there already: zero. */
static void start(struct work *w)
{
	struct evm_frame *f = w->f;
	struct u256 balance;

	ref_push_number(w, 0);
	f->return_data.len = 0;
	balance = ref_balance_of(w, &f->msg.recipient);
	if (w->end >= 0)
		return;
	if (f->msg.depth + 1 > 1024 || (f->call.kind != EVM_DELEGATECALL &&
					ref_less(balance, f->call.value)))
		f->gas += f->call.gas;
	else
		ref_fail(w, (enum evm_status)EVM_WANTS_CALL);
}

void ref_create(struct work *w, bool salted)
{
	struct u256 value = ref_pop(w), from = ref_pop(w), len = ref_pop(w),
		    salt = {{0}};
	struct evm_frame *f = w->f;

	if (salted)
		salt = ref_pop(w);
	if (f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	ref_expand(w, from, len);
	if (w->fork >= EVM_SHANGHAI) {
		if (ref_less((struct u256){{49152}}, len))
			ref_fail(w, EVM_INITCODE_TOO_LARGE);
		ref_pay_by_word(w, len, 2);
	}
	if (salted)
		ref_pay_by_word(w, len, 6);
	if (w->end >= 0)
		return;
	f->call = (struct evm_message){
		.kind = salted ? EVM_CREATE2 : EVM_CREATE,
		.depth = f->msg.depth + 1,
		.gas = w->fork >= EVM_TANGERINE_WHISTLE ? f->gas - f->gas / 64
							: f->gas,
		.sender = f->msg.recipient,
		.value = value,
		.salt = salt,
		.input = ref_zero(len) ? NULL : f->memory.bytes + from.w[0],
		.input_len = len.w[0],
	};
	f->call_out = f->call_out_len = 0;
	f->gas -= f->call.gas;
	start(w);
}

static void follow_delegation(struct work *w)
{
	struct evm_message *call = &w->f->call;
	const struct evm_code *code;

	if (w->fork < EVM_PRAGUE || w->end >= 0)
		return;
	code = ref_code_of(w, &call->code_from);
	if (!code || code->len != 23 || code->bytes[0] != 0xef ||
	    code->bytes[1] != 1 || code->bytes[2] != 0)
		return;
	memcpy(call->code_from.bytes, code->bytes + 3, 20);
	call->is_delegated = true;
	ref_pay(w, 100);
	ref_pay_cold(w, &call->code_from, 2500);
}

static void call_roles(struct work *w, uint8_t op, struct u256 value)
{
	struct evm_frame *f = w->f;
	struct evm_message *call = &f->call;

	call->recipient =
		op == 0xf1 || op == 0xfa ? call->code_from : f->msg.recipient;
	call->sender = op == 0xf4 ? f->msg.sender : f->msg.recipient;
	call->value = op == 0xf4 ? f->msg.value : value;
	call->kind = op == 0xf2	  ? EVM_CALLCODE
		     : op == 0xf4 ? EVM_DELEGATECALL
				  : EVM_CALL;
	call->is_static = f->msg.is_static || op == 0xfa;
	call->depth = f->msg.depth + 1;
}

static void give_gas(struct work *w, struct u256 asked, bool stipend)
{
	struct evm_frame *f = w->f;
	struct u256 most = {{(uint64_t)f->gas}};

	if (w->end >= 0)
		return;
	if (w->fork >= EVM_TANGERINE_WHISTLE)
		most.w[0] -= most.w[0] / 64;
	else if (ref_less(most, asked))
		ref_fail(w, EVM_OUT_OF_GAS);
	if (ref_less(most, asked))
		asked = most;
	f->call.gas = (int64_t)asked.w[0];
	ref_pay(w, asked.w[0]);
	if (stipend)
		f->call.gas += 2300;
}

void ref_call(struct work *w, uint8_t op)
{
	bool has_value = op == 0xf1 || op == 0xf2, pays;
	struct u256 gas = ref_pop(w), to = ref_pop(w), value = {{0}};
	struct u256 in, in_len, out, out_len;
	struct evm_frame *f = w->f;

	if (has_value)
		value = ref_pop(w);
	in = ref_pop(w);
	in_len = ref_pop(w);
	out = ref_pop(w);
	out_len = ref_pop(w);
	pays = !ref_zero(value);
	if (op == 0xf1 && pays && f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	ref_expand(w, in, in_len);
	ref_expand(w, out, out_len);
	f->call = (struct evm_message){.code_from = ref_address_of(to)};
	call_roles(w, op, value);
	ref_pay_cold(w, &f->call.code_from, 2500);
	follow_delegation(w);
	if (pays)
		ref_pay(w, 9000);
	if (op == 0xf1 && is_new(w, &f->call.recipient, pays))
		ref_pay(w, 25000);
	give_gas(w, gas, pays);
	if (w->end >= 0)
		return;
	f->call.input_len = in_len.w[0];
	f->call.input = ref_zero(in_len) ? NULL : f->memory.bytes + in.w[0];
	f->call_out = out.w[0];
	f->call_out_len = out_len.w[0];
	start(w);
}
