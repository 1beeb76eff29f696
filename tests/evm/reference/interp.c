/*
 * interp.c: the reference interpreter: pops, computes, pushes; see
 * reference.h. `fail` in a frame's work ends it; nothing is fast.
 */
#include <string.h>

#include "evm/alloc.h"
#include "evm/hash.h"
#include "evm/precompile.h"
#include "evm/state.h"
#include "tests/evm/reference/rules.h"
#include "tests/evm/reference/work.h"

struct u256 ref_pop(struct work *w)
{
	return w->f->stack[--w->f->height];
}

void ref_push(struct work *w, struct u256 value)
{
	w->f->stack[w->f->height++] = value;
}

void ref_push_number(struct work *w, uint64_t value)
{
	ref_push(w, (struct u256){{value}});
}

void ref_push_bytes(struct work *w, const uint8_t *bytes, size_t len)
{
	struct u256 value = {{0}};

	for (size_t i = 0; i < len; i++) {
		size_t place = len - 1 - i;

		value.w[place / 8] |= (uint64_t)bytes[i] << (place % 8 * 8);
	}
	ref_push(w, value);
}

void ref_fail(struct work *w, enum evm_status status)
{
	if (w->end < 0)
		w->end = (int)status;
}

void ref_check(struct work *w, int err)
{
	if (err < 0) {
		w->error = err;
		ref_fail(w, EVM_SUCCESS);
	}
}

void ref_pay(struct work *w, u256_wide gas)
{
	if (w->end >= 0)
		return;
	if (gas > (u256_wide)w->f->gas)
		ref_fail(w, EVM_OUT_OF_GAS);
	else
		w->f->gas -= (int64_t)gas;
}

static u256_wide words(struct u256 len)
{
	return ((u256_wide)len.w[0] + 31) / 32;
}

/* A length that no gas can pay for ends the frame before it is used. */
void ref_pay_by_word(struct work *w, struct u256 len, unsigned each)
{
	if (ref_bits(len) > 62)
		ref_fail(w, EVM_OUT_OF_GAS);
	ref_pay(w, words(len) * each);
}

void ref_expand(struct work *w, struct u256 offset, struct u256 len)
{
	struct evm_buffer *m = &w->f->memory;
	void *bytes = m->bytes;
	u256_wide end, before = m->len / 32, after;

	if (ref_zero(len) || w->end >= 0)
		return;
	if (ref_bits(offset) > 62 || ref_bits(len) > 62) {
		ref_fail(w, EVM_OUT_OF_GAS);
		return;
	}
	end = (u256_wide)offset.w[0] + len.w[0];
	after = (end + 31) / 32;
	if (after <= before)
		return;
	ref_pay(w, 3 * after + after * after / 512 -
			   (3 * before + before * before / 512));
	if (w->end >= 0)
		return;
	ref_check(w, evm_reserve(&w->f->evm->alloc, &bytes, &m->size,
				 (size_t)after * 32, 1));
	if (w->error)
		return;
	m->bytes = bytes;
	while (m->len < after * 32)
		m->bytes[m->len++] = 0;
}

struct evm_address ref_address_of(struct u256 word)
{
	return evm_word_address(&word);
}

/* EIP-2929, on top of what the rule says for a warm one. */
void ref_pay_cold(struct work *w, const struct evm_address *addr, int gas)
{
	bool cold = false;

	if (w->fork < EVM_BERLIN || w->end >= 0 ||
	    evm_precompile_number(w->fork, addr))
		return;
	ref_check(w, w->f->host->use_account(w->f->host_ctx, addr, &cold));
	if (cold)
		ref_pay(w, (u256_wide)gas);
}

struct u256 ref_balance_of(struct work *w, const struct evm_address *addr)
{
	struct u256 balance = {{0}};

	ref_check(w, w->f->host->balance(w->f->host_ctx, addr, &balance));
	return balance;
}

const struct evm_code *ref_code_of(struct work *w,
				   const struct evm_address *addr)
{
	const struct evm_code *code = NULL;

	ref_check(w, w->f->host->code(w->f->host_ctx, addr, &code));
	return code;
}

/* Byte by byte: what is behind the source's end is zero. */
static void copy(struct work *w, const uint8_t *source, size_t size)
{
	struct u256 to = ref_pop(w), from = ref_pop(w), len = ref_pop(w);

	ref_expand(w, to, len);
	ref_pay_by_word(w, len, 3);
	for (uint64_t i = 0; w->end < 0 && i < len.w[0]; i++) {
		struct u256 at = ref_add(from, (struct u256){{i}});
		bool in = !ref_less(at, from) && ref_bits(at) <= 64 &&
			  at.w[0] < size;

		w->f->memory.bytes[to.w[0] + i] = in ? source[at.w[0]] : 0;
	}
}

static void return_data_copy(struct work *w)
{
	struct u256 *top = &w->f->stack[w->f->height];
	u256_wide end = (u256_wide)top[-2].w[0] + top[-3].w[0];

	if (ref_bits(top[-2]) > 63 || ref_bits(top[-3]) > 63 ||
	    end > w->f->return_data.len)
		ref_fail(w, EVM_RETURN_DATA_OVERRUN);
	else
		copy(w, w->f->return_data.bytes, w->f->return_data.len);
}

static void memory_copy(struct work *w)
{
	struct u256 to = ref_pop(w), from = ref_pop(w), len = ref_pop(w);
	uint8_t *m;

	ref_expand(w, ref_less(to, from) ? from : to, len);
	ref_pay_by_word(w, len, 3);
	m = w->f->memory.bytes;
	for (uint64_t i = 0; w->end < 0 && i < len.w[0]; i++) {
		/* upwards or downwards, so that nothing is overwritten */
		uint64_t k = ref_less(to, from) ? i : len.w[0] - 1 - i;

		m[to.w[0] + k] = m[from.w[0] + k];
	}
}

static void load_call_data(struct work *w)
{
	struct u256 from = ref_pop(w);
	uint8_t word[32];

	for (unsigned i = 0; i < 32; i++) {
		struct u256 at = ref_add(from, (struct u256){{i}});
		bool in = !ref_less(at, from) && ref_bits(at) <= 64 &&
			  at.w[0] < w->f->msg.input_len;

		word[i] = in ? w->f->msg.input[at.w[0]] : 0;
	}
	ref_push_bytes(w, word, 32);
}

static void keccak(struct work *w)
{
	struct u256 from = ref_pop(w), len = ref_pop(w);
	uint8_t hash[32];

	ref_expand(w, from, len);
	ref_pay_by_word(w, len, 6);
	if (w->end >= 0)
		return;
	evm_keccak256(ref_zero(len) ? NULL : w->f->memory.bytes + from.w[0],
		      len.w[0], hash);
	ref_push_bytes(w, hash, 32);
}

static void block_hash(struct work *w)
{
	const struct evm_block *b = &w->f->evm->block;
	struct evm_hash hash = {{0}};
	struct u256 n = ref_pop(w);

	if (b->hash && ref_less(n, (struct u256){{b->number}}) &&
	    n.w[0] + 256 >= b->number)
		ref_check(w, b->hash(b->ctx, n.w[0], &hash));
	ref_push_bytes(w, hash.bytes, 32);
}

static void code_hash(struct work *w)
{
	struct evm_address addr = ref_address_of(ref_pop(w));
	struct evm_hash hash = {{0}};
	bool empty = true;

	ref_pay_cold(w, &addr, 2500);
	if (w->end >= 0)
		return;
	ref_check(w, w->f->host->is_empty(w->f->host_ctx, &addr, &empty));
	if (!empty)
		ref_check(w,
			  w->f->host->code_hash(w->f->host_ctx, &addr, &hash));
	ref_push_bytes(w, hash.bytes, 32);
}

static void ext_code(struct work *w, bool copies)
{
	struct evm_address addr = ref_address_of(ref_pop(w));
	const struct evm_code *code;

	ref_pay_cold(w, &addr, 2500);
	if (w->end >= 0)
		return;
	code = ref_code_of(w, &addr);
	if (copies)
		copy(w, code ? code->bytes : NULL, code ? code->len : 0);
	else
		ref_push_number(w, code ? code->len : 0);
}

static void log_event(struct work *w, unsigned topics)
{
	struct u256 from = ref_pop(w), len = ref_pop(w);
	struct evm_log log = {.address = w->f->msg.recipient,
			      .topic_count = topics};

	if (w->f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	ref_expand(w, from, len);
	ref_pay(w, (u256_wide)8 * len.w[0]);
	for (unsigned i = 0; i < topics; i++)
		log.topic[i] = ref_pop(w);
	if (w->end >= 0)
		return;
	log.len = len.w[0];
	log.data = log.len ? w->f->memory.bytes + from.w[0] : NULL;
	ref_check(w, w->f->host->log(w->f->host_ctx, &log));
}

static void leave(struct work *w, enum evm_status status)
{
	struct u256 from = ref_pop(w), len = ref_pop(w);

	ref_expand(w, from, len);
	w->f->output_len = len.w[0];
	w->f->output = ref_zero(len) ? 0 : from.w[0];
	ref_fail(w, status);
}

/* All the code before a place tells whether it is data. */
static bool is_jump_dest(const struct evm_code *code, struct u256 to)
{
	size_t at = 0;

	if (!ref_less(to, (struct u256){{code->len}}))
		return false;
	while (at < to.w[0]) {
		uint8_t op = code->bytes[at++];

		if (op >= 0x60 && op <= 0x7f)
			at += op - 0x5fu;
	}
	return at == to.w[0] && code->bytes[at] == 0x5b;
}

static void jump(struct work *w, bool conditional)
{
	struct u256 to = ref_pop(w), condition = {{1}};

	if (conditional)
		condition = ref_pop(w);
	if (ref_zero(condition))
		return;
	if (is_jump_dest(w->f->code, to))
		w->f->pc = to.w[0];
	else
		ref_fail(w, EVM_BAD_JUMP);
}

static void push_data(struct work *w, unsigned n)
{
	uint8_t bytes[32] = {0};

	for (unsigned i = 0; i < n; i++, w->f->pc++)
		if (w->f->pc < w->f->code->len)
			bytes[i] = w->f->code->bytes[w->f->pc];
	ref_push_bytes(w, bytes, n);
}

static struct u256 truth(bool is)
{
	return (struct u256){{is}};
}

static struct u256 bits_of(uint8_t op, struct u256 a, struct u256 b)
{
	struct u256 r = {{0}};

	for (int i = 0; i < 4; i++)
		r.w[i] = op == 0x16   ? a.w[i] & b.w[i]
			 : op == 0x17 ? a.w[i] | b.w[i]
				      : a.w[i] ^ b.w[i];
	return r;
}

static struct u256 binary(uint8_t op, struct u256 a, struct u256 b)
{
	switch (op) {
	case 0x01:
		return ref_add(a, b);
	case 0x02:
		return ref_mul(a, b);
	case 0x03:
		return ref_sub(a, b);
	case 0x04:
		return ref_div(a, b);
	case 0x05:
		return ref_sdiv(a, b);
	case 0x06:
		return ref_mod(a, b);
	case 0x07:
		return ref_smod(a, b);
	case 0x0a:
		return ref_exp(a, b);
	case 0x0b:
		return ref_signextend(a, b);
	case 0x10:
		return truth(ref_less(a, b));
	case 0x11:
		return truth(ref_less(b, a));
	case 0x12:
		return truth(ref_sless(a, b));
	case 0x13:
		return truth(ref_sless(b, a));
	case 0x14:
		return truth(ref_zero(ref_sub(a, b)));
	case 0x1a:
		return ref_byte(a, b);
	case 0x1b:
		return ref_shl(a, b);
	case 0x1c:
		return ref_shr(a, b);
	case 0x1d:
		return ref_sar(a, b);
	default:
		return bits_of(op, a, b);
	}
}

static void compute(struct work *w, uint8_t op)
{
	struct u256 a = ref_pop(w), b;

	switch (op) {
	case 0x15:
		ref_push(w, truth(ref_zero(a)));
		return;
	case 0x19:
		ref_push(w,
			 ref_sub(ref_sub((struct u256){{0}}, a), truth(true)));
		return;
	case 0x1e:
		ref_push_number(w, 256 - ref_bits(a));
		return;
	case 0x08:
	case 0x09:
		b = ref_pop(w);
		ref_push(w, op == 0x08 ? ref_addmod(a, b, ref_pop(w))
				       : ref_mulmod(a, b, ref_pop(w)));
		return;
	case 0x0a:
		b = ref_pop(w);
		ref_pay(w, (u256_wide)((ref_bits(b) + 7) / 8) *
				   (w->fork >= EVM_SPURIOUS_DRAGON ? 50 : 10));
		if (w->end < 0)
			ref_push(w, ref_exp(a, b));
		return;
	default:
		b = ref_pop(w);
		ref_push(w, binary(op, a, b));
	}
}

static void of_block(struct work *w, uint8_t op)
{
	const struct evm *evm = w->f->evm;
	const struct evm_block *b = &evm->block;
	struct u256 index;

	switch (op) {
	case 0x40:
		block_hash(w);
		break;
	case 0x41:
		ref_push_bytes(w, b->coinbase.bytes, 20);
		break;
	case 0x42:
		ref_push_number(w, b->timestamp);
		break;
	case 0x43:
		ref_push_number(w, b->number);
		break;
	case 0x44:
		ref_push(w,
			 w->fork >= EVM_PARIS ? b->prev_randao : b->difficulty);
		break;
	case 0x45:
		ref_push_number(w, b->gas_limit);
		break;
	case 0x46:
		ref_push_number(w, evm->chain_id);
		break;
	case 0x47:
		ref_push(w, ref_balance_of(w, &w->f->msg.recipient));
		break;
	case 0x48:
		ref_push(w, b->base_fee);
		break;
	case 0x49:
		index = ref_pop(w);
		if (ref_less(index, (struct u256){{evm->blob_count}}))
			ref_push_bytes(w, evm->blob_hashes[index.w[0]].bytes,
				       32);
		else
			ref_push_number(w, 0);
		break;
	default:
		ref_push(w, b->blob_base_fee);
	}
}

static void of_call(struct work *w, uint8_t op)
{
	struct evm_frame *f = w->f;
	struct evm_address addr;

	switch (op) {
	case 0x30:
		ref_push_bytes(w, f->msg.recipient.bytes, 20);
		break;
	case 0x31:
		addr = ref_address_of(ref_pop(w));
		ref_pay_cold(w, &addr, 2500);
		ref_push(w, ref_balance_of(w, &addr));
		break;
	case 0x32:
		ref_push_bytes(w, f->evm->origin.bytes, 20);
		break;
	case 0x33:
		ref_push_bytes(w, f->msg.sender.bytes, 20);
		break;
	case 0x34:
		ref_push(w, f->msg.value);
		break;
	case 0x35:
		load_call_data(w);
		break;
	case 0x36:
		ref_push_number(w, f->msg.input_len);
		break;
	case 0x37:
		copy(w, f->msg.input, f->msg.input_len);
		break;
	case 0x38:
		ref_push_number(w, f->code->len);
		break;
	case 0x39:
		copy(w, f->code->bytes, f->code->len);
		break;
	case 0x3a:
		ref_push(w, f->evm->gas_price);
		break;
	case 0x3b:
	case 0x3c:
		ext_code(w, op == 0x3c);
		break;
	case 0x3d:
		ref_push_number(w, f->return_data.len);
		break;
	case 0x3e:
		return_data_copy(w);
		break;
	default:
		code_hash(w);
	}
}

static void of_memory(struct work *w, uint8_t op)
{
	struct u256 at = ref_pop(w), value, length = {{op == 0x53 ? 1 : 32}};

	ref_expand(w, at, length);
	if (op == 0x51) {
		if (w->end < 0)
			ref_push_bytes(w, w->f->memory.bytes + at.w[0], 32);
		return;
	}
	value = ref_pop(w);
	for (unsigned i = 0; w->end < 0 && i < length.w[0]; i++) {
		struct u256 index = {{op == 0x53 ? 31 : i}};

		w->f->memory.bytes[at.w[0] + i] =
			(uint8_t)ref_byte(index, value).w[0];
	}
}

static void of_storage_and_flow(struct work *w, uint8_t op)
{
	struct u256 key, value = {{0}};

	switch (op) {
	case 0x50:
		ref_pop(w);
		break;
	case 0x51 ... 0x53:
		of_memory(w, op);
		break;
	case 0x54:
		key = ref_pop(w);
		ref_pay_cold_slot(w, key, 2000);
		ref_check(w, w->f->host->get_storage(w->f->host_ctx,
						     &w->f->msg.recipient, &key,
						     &value));
		ref_push(w, value);
		break;
	case 0x55:
		ref_store(w);
		break;
	case 0x56:
	case 0x57:
		jump(w, op == 0x57);
		break;
	case 0x58:
		ref_push_number(w, w->f->pc - 1);
		break;
	case 0x59:
		ref_push_number(w, w->f->memory.len);
		break;
	case 0x5a:
		ref_push_number(w, (uint64_t)w->f->gas);
		break;
	case 0x5c:
	case 0x5d:
		ref_transient(w, op == 0x5d);
		break;
	case 0x5e:
		memory_copy(w);
		break;
	case 0x5f ... 0x7f:
		push_data(w, op - 0x5fu);
		break;
	default: /* JUMPDEST */
		break;
	}
}

static void of_system(struct work *w, uint8_t op)
{
	switch (op) {
	case 0xa0 ... 0xa4:
		log_event(w, op - 0xa0u);
		break;
	case 0xf0:
	case 0xf5:
		ref_create(w, op == 0xf5);
		break;
	case 0xf3:
		leave(w, EVM_SUCCESS);
		break;
	case 0xfd:
		leave(w, EVM_REVERT);
		break;
	case 0xff:
		ref_self_destruct(w);
		break;
	default:
		ref_call(w, op);
	}
}

static void execute(struct work *w, uint8_t op)
{
	struct u256 *top = &w->f->stack[w->f->height], word;

	if (op == 0x00) {
		w->f->output_len = 0;
		ref_fail(w, EVM_SUCCESS);
	} else if (op < 0x20) {
		compute(w, op);
	} else if (op == 0x20) {
		keccak(w);
	} else if (op < 0x40) {
		of_call(w, op);
	} else if (op < 0x50) {
		of_block(w, op);
	} else if (op < 0x80) {
		of_storage_and_flow(w, op);
	} else if (op < 0x90) {
		ref_push(w, *(top - (op - 0x7f)));
	} else if (op < 0xa0) {
		word = top[-1];
		top[-1] = *(top - (op - 0x8f) - 1);
		*(top - (op - 0x8f) - 1) = word;
	} else {
		of_system(w, op);
	}
}

static void step(struct work *w)
{
	struct evm_frame *f = w->f;
	const struct evm_tracer *tracer = f->evm->tracer;
	uint8_t op = f->pc < f->code->len ? f->code->bytes[f->pc] : 0;
	struct ref_rule rule = ref_rule_of(w->fork, op);

	if (tracer)
		tracer->before(tracer->ctx, f, op);
	if (!rule.defined)
		ref_fail(w, EVM_UNDEFINED_OPCODE);
	else if (f->height < rule.in)
		ref_fail(w, EVM_STACK_UNDERFLOW);
	else if (f->height - rule.in + rule.out > 1024)
		ref_fail(w, EVM_STACK_OVERFLOW);
	ref_pay(w, (u256_wide)rule.gas);
	if (w->end < 0) {
		f->pc++;
		execute(w, op);
	}
	if (tracer && w->error == 0)
		tracer->after(tracer->ctx, f,
			      w->end < 0 || w->end == EVM_WANTS_CALL
				      ? EVM_SUCCESS
				      : (enum evm_status)w->end);
}

int reference_interpret(struct evm_frame *f)
{
	struct work w = {.f = f, .fork = f->evm->fork, .end = -1};

	while (w.end < 0)
		step(&w);
	f->calling = w.end == EVM_WANTS_CALL;
	if (!f->calling)
		f->status = (enum evm_status)w.end;
	return w.error;
}
