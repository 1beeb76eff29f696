/*
 * call.c: drives frames. A call begins with a snapshot of the state and ends
 * with a result for its caller; what is open in between is the row of frames
 * evm->frames[0..depth], not the C stack.
 *
 * Each call is one of two: done at once (a precompile, no code, a refusal),
 * with its result there; or a new frame, whose result comes when it has run.
 */
#include "evm/alloc.h"
#include "evm/frame.h"
#include "evm/hash.h"
#include "evm/precompile.h"
#include "evm/run.h"
#include "evm/state.h"

#define GAS_CODE_BYTE	200
#define CODE_MAX	24576
#define BUFFER_KEPT_MAX 65536 /* of an idle frame */

static bool is_creation(const struct evm_message *msg)
{
	return msg->kind == EVM_CREATE || msg->kind == EVM_CREATE2;
}

static void free_buffer(const struct evm *evm, struct evm_buffer *b)
{
	evm_free(&evm->alloc, b->bytes, b->size);
	*b = (struct evm_buffer){0};
}

static void frame_leave(struct evm *evm, struct evm_frame *f)
{
	evm_code_unref(&evm->alloc, f->code);
	f->code = NULL;
	if (f->memory.size > BUFFER_KEPT_MAX)
		free_buffer(evm, &f->memory);
	if (f->memory.len > 0) /* the next one finds zeros */
		memset(f->memory.bytes, 0, f->memory.len);
	f->memory.len = f->return_data.len = 0;
	if (f->return_data.size > BUFFER_KEPT_MAX)
		free_buffer(evm, &f->return_data);
}

void evm_fini(struct evm *evm)
{
	/* none is made before those above it */
	for (unsigned i = 0; i <= EVM_DEPTH_MAX && evm->frames[i]; i++) {
		struct evm_frame *f = evm->frames[i];

		free_buffer(evm, &f->memory);
		free_buffer(evm, &f->return_data);
		evm_free(&evm->alloc, f, sizeof(*f));
		evm->frames[i] = NULL;
	}
	evm_free(&evm->alloc, evm->output, evm->output_size);
	evm->output = NULL;
	evm->output_size = 0;
}

/* Takes over the reference to the code, also when it fails. */
static int frame_enter(struct evm *evm, unsigned depth,
		       const struct evm_message *msg, struct evm_code *code,
		       size_t snapshot)
{
	struct evm_frame *f = evm->frames[depth];

	if (!code)
		return EVM_ERR_NO_MEMORY;
	if (!f) {
		f = evm_alloc(&evm->alloc, sizeof(*f));
		if (!f) {
			evm_code_unref(&evm->alloc, code);
			return EVM_ERR_NO_MEMORY;
		}
		f->memory = f->return_data = (struct evm_buffer){0};
		evm->frames[depth] = f;
	}
	f->evm = evm;
	f->host = &evm_state_host;
	f->host_ctx = evm->state;
	f->msg = *msg;
	f->code = code;
	f->snapshot = snapshot;
	f->pc = 0;
	f->gas = msg->gas;
	f->height = 0;
	f->memory.len = f->return_data.len = 0;
	f->calling = false;
	f->status = EVM_SUCCESS;
	f->output = f->output_len = 0;
	return 0;
}

/* keccak(rlp([sender, nonce])): a list of 20 bytes and a short number. */
void evm_create_address(const struct evm_address *sender, uint64_t nonce,
			struct evm_address *created)
{
	uint8_t rlp[31] = {0, 0x80 + 20}, hash[32];
	size_t len = 22, bytes = 0;

	memcpy(rlp + 2, sender->bytes, 20);
	while (bytes < 8 && nonce >> (8 * bytes))
		bytes++;
	if (nonce == 0 || nonce >= 0x80)
		rlp[len++] = 0x80 + (uint8_t)bytes;
	for (size_t i = bytes; i-- > 0;)
		rlp[len++] = (uint8_t)(nonce >> (8 * i));
	rlp[0] = 0xc0 + (uint8_t)(len - 1);
	evm_keccak256(rlp, len, hash);
	memcpy(created->bytes, hash + 12, 20);
}

/* EIP-1014: keccak(ff, sender, salt, keccak(init code)) */
void evm_create2_address(const struct evm_message *msg,
			 struct evm_address *created)
{
	uint8_t bytes[1 + 20 + 32 + 32] = {0xff}, hash[32];

	memcpy(bytes + 1, msg->sender.bytes, 20);
	u256_store(bytes + 21, &msg->salt);
	evm_keccak256(msg->input, msg->input_len, bytes + 53);
	evm_keccak256(bytes, sizeof(bytes), hash);
	memcpy(created->bytes, hash + 12, 20);
}

static void done_at_once(const struct evm_message *msg, enum evm_status status,
			 struct evm_result *result)
{
	*result = (struct evm_result){
		.status = status,
		.gas_left = status == EVM_SUCCESS ? msg->gas : 0,
	};
}

static int start_call(struct evm *evm, const struct evm_message *msg,
		      unsigned depth, bool *done, struct evm_result *result)
{
	size_t snapshot = evm_state_snapshot(evm->state);
	const struct evm_code *code;
	unsigned precompile;
	int err = 0;

	if (msg->kind == EVM_CALL)
		err = evm_state_transfer(evm->state, &msg->sender,
					 &msg->recipient, &msg->value);
	if (err == 0)
		err = evm_state_missing(evm->state);
	if (err < 0)
		return err;

	precompile = msg->is_delegated ? 0
				       : evm_precompile_number(evm->fork,
							       &msg->code_from);
	*done = true;
	if (precompile) {
		err = evm_precompile_run(evm, precompile, msg, result);
		if (result->status != EVM_SUCCESS)
			evm_state_rollback(evm->state, snapshot);
		return err;
	}
	err = evm_state_host.code(evm->state, &msg->code_from, &code);
	if (err < 0)
		return err;
	if (!code) {
		done_at_once(msg, EVM_SUCCESS, result);
		return 0;
	}
	*done = false;
	return frame_enter(evm, depth, msg, evm_code_ref(code), snapshot);
}

/* EIP-684; with EIP-7610, which was made to hold from the beginning. */
static bool address_taken(const struct evm_account *account)
{
	return account && (account->nonce != 0 || account->code ||
			   evm_account_next_slot(account, NULL));
}

/* The creator's nonce counts up even if the creation then fails. */
static int start_create(struct evm *evm, const struct evm_message *msg,
			unsigned depth, bool *done, struct evm_result *result)
{
	const struct evm_account *sender, *taken;
	struct evm_message m = *msg;
	bool cold;
	uint64_t nonce;
	size_t snapshot;
	int err;

	sender = evm_state_find(evm->state, &msg->sender);
	nonce = sender ? sender->nonce : 0;
	*done = true;
	if (nonce == UINT64_MAX) { /* EIP-2681: fails, but costs nothing */
		done_at_once(msg, EVM_SUCCESS, result);
		result->status = EVM_REVERT;
		return 0;
	}
	err = evm_state_set_nonce(evm->state, &msg->sender, nonce + 1);
	if (err < 0)
		return err;
	if (msg->kind == EVM_CREATE2)
		evm_create2_address(msg, &m.recipient);
	else
		evm_create_address(&msg->sender, nonce, &m.recipient);
	if (evm->fork >= EVM_BERLIN) /* warm, even if the creation fails */
		err = evm_state_host.use_account(evm->state, &m.recipient,
						 &cold);
	if (err < 0)
		return err;
	snapshot = evm_state_snapshot(evm->state);
	taken = evm_state_find(evm->state, &m.recipient);
	err = evm_state_missing(evm->state);
	if (err < 0)
		return err;
	if (address_taken(taken)) {
		done_at_once(msg, EVM_ADDRESS_TAKEN, result);
		return 0;
	}
	err = evm_state_transfer(evm->state, &m.sender, &m.recipient, &m.value);
	if (err == 0)
		err = evm_state_set_created(evm->state, &m.recipient);
	if (err == 0 && evm->fork >= EVM_SPURIOUS_DRAGON)
		err = evm_state_set_nonce(evm->state, &m.recipient, 1);
	if (err < 0)
		return err;
	*done = false;
	m.input = NULL;
	m.input_len = 0;
	return frame_enter(
		evm, depth, &m,
		evm_code_create(&evm->alloc, msg->input, msg->input_len),
		snapshot);
}

/* If it cannot be started now, the state is as it was. */
static int start(struct evm *evm, const struct evm_message *msg, unsigned depth,
		 bool *done, struct evm_result *result)
{
	size_t snapshot = evm_state_snapshot(evm->state);
	int err = is_creation(msg) ? start_create(evm, msg, depth, done, result)
				   : start_call(evm, msg, depth, done, result);

	if (err < 0)
		evm_state_rollback(evm->state, snapshot);
	return err;
}

/* The output of init code becomes the contract's code, if that can be paid. */
static int deposit(struct evm *evm, struct evm_frame *f,
		   struct evm_result *result)
{
	int64_t cost = (int64_t)(f->output_len * GAS_CODE_BYTE);
	struct evm_code *code;

	result->output_len = 0;
	if (evm->fork >= EVM_SPURIOUS_DRAGON && f->output_len > CODE_MAX) {
		result->status = EVM_CODE_TOO_LARGE;
		return 0;
	}
	if (evm->fork >= EVM_LONDON && f->output_len > 0 &&
	    f->memory.bytes[f->output] == 0xef) { /* EIP-3541 */
		result->status = EVM_CODE_INVALID;
		return 0;
	}
	if (cost > result->gas_left) {
		/* Frontier left the contract there, without code. */
		if (evm->fork >= EVM_HOMESTEAD)
			result->status = EVM_OUT_OF_GAS;
		return 0;
	}
	result->gas_left -= cost;
	if (f->output_len == 0)
		return 0;
	code = evm_code_create(&evm->alloc, f->memory.bytes + f->output,
			       f->output_len);
	if (!code)
		return EVM_ERR_NO_MEMORY;
	return evm_state_set_code(evm->state, &f->msg.recipient, code);
}

/* What a frame that has ended says to its caller. */
static int finish(struct evm *evm, struct evm_frame *f,
		  struct evm_result *result)
{
	int err = 0;

	*result = (struct evm_result){
		.status = f->status,
		.gas_left = f->gas,
		.created = f->msg.recipient,
		.output = f->memory.bytes ? f->memory.bytes + f->output : NULL,
		.output_len = f->output_len,
	};
	if (is_creation(&f->msg) && f->status == EVM_SUCCESS)
		err = deposit(evm, f, result);
	if (result->status != EVM_SUCCESS)
		evm_state_rollback(evm->state, f->snapshot);
	if (result->status > EVM_REVERT) {
		result->gas_left = 0;
		result->output_len = 0;
	}
	return err;
}

int evm_frame_resume(struct evm *evm, struct evm_frame *f,
		     const struct evm_result *result)
{
	size_t n = result->output_len;
	void *bytes = f->return_data.bytes;
	int err;

	err = evm_reserve(&evm->alloc, &bytes, &f->return_data.size, n, 1);
	if (err < 0)
		return err;
	f->return_data.bytes = bytes;
	f->return_data.len = n;
	if (n > 0)
		memcpy(f->return_data.bytes, result->output, n);
	if (n > f->call_out_len)
		n = f->call_out_len;
	if (n > 0)
		memcpy(f->memory.bytes + f->call_out, f->return_data.bytes, n);

	f->gas += result->gas_left;
	f->calling = false;
	if (result->status != EVM_SUCCESS)
		return 0; /* a zero is there already */
	if (is_creation(&f->call))
		f->stack[f->height - 1] = evm_address_word(&result->created);
	else
		f->stack[f->height - 1] = u256_from(1);
	return 0;
}

/*
 * Runs the frame at depth 0 and all that it calls. Who waits for a call that
 * is yet to be started has `calling` set, also where this begins anew.
 */
static int drive(struct evm *evm, unsigned *depth, struct evm_result *result)
{
	for (;;) {
		struct evm_frame *f = evm->frames[*depth];
		bool done = true;
		int err = 0;

		if (!f->calling)
			err = evm->interpret ? evm->interpret(f)
					     : evm_interpret(f);
		if (err == 0 && f->calling) {
			err = start(evm, &f->call, *depth + 1, &done, result);
			if (err == 0 && !done) {
				++*depth;
				continue;
			}
			if (err == 0)
				err = evm_frame_resume(evm, f, result);
		} else if (err == 0) {
			err = finish(evm, f, result);
			if (err == 0 && *depth == 0)
				return 0;
			if (err == 0)
				err = evm_frame_resume(
					evm, evm->frames[*depth - 1], result);
			if (err == 0)
				frame_leave(evm, evm->frames[(*depth)--]);
		}
		if (err < 0)
			return err;
	}
}

/* The output outlives its frame. */
static int keep_output(struct evm *evm, struct evm_result *result)
{
	int err;

	if (result->output_len == 0 || result->output == evm->output)
		return 0;
	err = evm_output_reserve(evm, result->output_len);
	if (err < 0)
		return err;
	memcpy(evm->output, result->output, result->output_len);
	result->output = evm->output;
	return 0;
}

int evm_run_begin(struct evm *evm, const struct evm_message *msg,
		  struct evm_run *run, struct evm_result *result)
{
	*run = (struct evm_run){.snapshot = evm_state_snapshot(evm->state)};
	return start(evm, msg, 0, &run->done, result);
}

int evm_run_go_on(struct evm *evm, struct evm_run *run,
		  struct evm_result *result)
{
	int err = 0;

	if (!run->done)
		err = drive(evm, &run->depth, result);
	return err < 0 ? err : keep_output(evm, result);
}

void evm_run_end(struct evm *evm, const struct evm_run *run, int err)
{
	for (unsigned i = 0; !run->done && i <= run->depth; i++)
		frame_leave(evm, evm->frames[i]);
	if (err < 0)
		evm_state_rollback(evm->state, run->snapshot);
}

static int run_all(struct evm *evm, struct evm_run *run,
		   struct evm_result *result)
{
	int err = evm_run_go_on(evm, run, result);

	evm_run_end(evm, run, err);
	return err;
}

int evm_call(struct evm *evm, const struct evm_message *msg,
	     struct evm_result *result)
{
	struct evm_run run;
	int err = evm_run_begin(evm, msg, &run, result);

	return err < 0 ? err : run_all(evm, &run, result);
}

int evm_run_code(struct evm *evm, const struct evm_message *msg,
		 const uint8_t *code, size_t len, struct evm_result *result)
{
	struct evm_run run = {.snapshot = evm_state_snapshot(evm->state)};
	int err;

	err = frame_enter(evm, 0, msg, evm_code_create(&evm->alloc, code, len),
			  run.snapshot);
	return err < 0 ? err : run_all(evm, &run, result);
}
