/*
 * pack.c: reading and running packed tests; see pack.h. A reader that
 * has come to the end of its bytes gives zeros and remembers it.
 */
#include "evm/alloc.h"
#include "evm/hash.h"
#include "evm/pack.h"
#include "evm/rlp.h"
#include "evm/state.h"

/* What a case needs beside the state; lists are from the allocator. */
struct packed {
	struct evm_pack in;
	bool bad;
	int err;
	struct evm evm;
	struct evm_transaction tx;
	unsigned flags;
	struct evm_hash root, logs;

	struct evm_message msg; /* of a frame, its code and what it leaves */
	const uint8_t *code, *output;
	size_t code_len, output_len;
	uint64_t gas_left;

	struct evm_access *access;
	struct evm_hash *blobs;
	struct evm_authorization *authorizations;
	struct u256 *keys; /* of all of the access list */
	size_t access_count, blob_count, authorization_count, key_count;
};

/* ---- fields ---- */

static const uint8_t *take(struct packed *p, size_t len)
{
	static const uint8_t zeros[32];
	const uint8_t *at = p->in.at;

	if (p->bad || len > (size_t)(p->in.end - at)) {
		p->bad = true;
		return len <= sizeof(zeros) ? zeros : NULL;
	}
	p->in.at += len;
	return at;
}

static uint64_t take_number(struct packed *p, unsigned bytes)
{
	const uint8_t *at = take(p, bytes);
	uint64_t number = 0;

	for (unsigned i = bytes; i-- > 0;)
		number = number << 8 | at[i];
	return number;
}

/* How many elements of at least `each` bytes follow. */
static size_t take_count(struct packed *p, size_t each)
{
	uint64_t count = take_number(p, 4);

	if (count > (size_t)(p->in.end - p->in.at) / each)
		p->bad = true;
	return p->bad ? 0 : (size_t)count;
}

static const uint8_t *take_bytes(struct packed *p, size_t *len)
{
	*len = take_count(p, 1);
	return take(p, *len);
}

static struct u256 take_word(struct packed *p)
{
	return u256_load(take(p, 32));
}

static struct evm_hash take_hash(struct packed *p)
{
	struct evm_hash hash;

	memcpy(hash.bytes, take(p, 32), 32);
	return hash;
}

static struct evm_address take_address(struct packed *p)
{
	struct evm_address a;

	memcpy(a.bytes, take(p, 20), 20);
	return a;
}

/* Room for a list; NULL for none, or if p->err says so. */
static void *make_list(struct packed *p, size_t count, size_t each)
{
	void *list = count > 0 ? evm_alloc(&p->evm.alloc, count * each) : NULL;

	if (count > 0 && !list)
		p->err = EVM_ERR_NO_MEMORY;
	return list;
}

/* ---- parts of a case ---- */

/* The fixtures' rule: keccak of the number in decimal. */
static int block_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	uint8_t text[20];
	size_t at = sizeof(text);

	do
		text[--at] = (uint8_t)('0' + number % 10);
	while (number /= 10);
	evm_keccak256(text + at, sizeof(text) - at, hash->bytes);
	return 0;
}

static void read_block(struct packed *p)
{
	struct evm_block *b = &p->evm.block;

	b->coinbase = take_address(p);
	b->number = take_number(p, 8);
	b->timestamp = take_number(p, 8);
	b->gas_limit = take_number(p, 8);
	b->difficulty = take_word(p);
	b->prev_randao = take_word(p);
	b->base_fee = take_word(p);
	b->blob_base_fee = take_word(p);
	b->blob_max = (unsigned)take_number(p, 4);
	b->hash = block_hash;
}

/*
 * Keys are counted first, so that all are one list: its elements must not
 * move once an entry points to them.
 */
static void read_access(struct packed *p)
{
	struct evm_pack start;
	size_t key = 0;

	p->access_count = take_count(p, 24);
	start = p->in;
	for (size_t i = 0; i < p->access_count && !p->bad; i++) {
		size_t n;

		take(p, 20);
		n = take_count(p, 32);
		take(p, n * 32);
		p->key_count += n;
	}
	if (p->bad) {
		p->access_count = p->key_count = 0;
		return;
	}
	p->access = make_list(p, p->access_count, sizeof(*p->access));
	p->keys = make_list(p, p->key_count, sizeof(*p->keys));
	if (p->err < 0)
		return;
	p->in = start;
	for (size_t i = 0; i < p->access_count; i++) {
		p->access[i].address = take_address(p);
		p->access[i].key_count = take_count(p, 32);
		p->access[i].keys = p->keys ? p->keys + key : NULL;
		for (size_t j = 0; j < p->access[i].key_count; j++)
			p->keys[key++] = take_word(p);
	}
}

static void read_blobs(struct packed *p)
{
	p->blob_count = take_count(p, 32);
	p->blobs = make_list(p, p->blob_count, sizeof(*p->blobs));
	for (size_t i = 0; p->err == 0 && i < p->blob_count; i++)
		p->blobs[i] = take_hash(p);
}

static void read_authorizations(struct packed *p)
{
	struct evm_authorization *a;

	p->authorization_count = take_count(p, 156);
	p->authorizations = make_list(p, p->authorization_count, sizeof(*a));
	for (size_t i = 0; p->err == 0 && i < p->authorization_count; i++) {
		a = &p->authorizations[i];
		a->chain_id = take_word(p);
		a->address = take_address(p);
		a->nonce = take_number(p, 8);
		a->y_parity = take_word(p);
		a->r = take_word(p);
		a->s = take_word(p);
	}
}

static void read_tx(struct packed *p)
{
	struct evm_transaction *tx = &p->tx;

	tx->type = (enum evm_tx_type)take_number(p, 1);
	tx->sender = take_address(p);
	tx->to = take_address(p);
	tx->is_creation = p->flags & EVM_PACK_CREATION;
	tx->nonce = take_number(p, 8);
	tx->gas_limit = take_number(p, 8);
	tx->gas_price = take_word(p);
	tx->priority_price = take_word(p);
	tx->blob_price = take_word(p);
	tx->value = take_word(p);
	tx->input = take_bytes(p, &tx->input_len);
	read_access(p);
	if (p->err == 0)
		read_blobs(p);
	if (p->err == 0)
		read_authorizations(p);
	tx->access = p->access;
	tx->access_count = p->access_count;
	tx->blob_hashes = p->blobs;
	tx->blob_count = p->blob_count;
	tx->authorizations = p->authorizations;
	tx->authorization_count = p->authorization_count;
}

static void read_frame(struct packed *p)
{
	struct evm_message *msg = &p->msg;
	uint64_t gas;

	msg->recipient = msg->code_from = take_address(p);
	msg->sender = take_address(p);
	p->evm.origin = take_address(p);
	p->evm.gas_price = take_word(p);
	msg->value = take_word(p);
	gas = take_number(p, 8);
	p->bad |= gas > INT64_MAX;
	msg->gas = (int64_t)gas;
	p->code = take_bytes(p, &p->code_len);
	msg->input = take_bytes(p, &msg->input_len);
	p->gas_left = take_number(p, 8);
	p->output = take_bytes(p, &p->output_len);
}

static void read_account(struct packed *p)
{
	struct evm_address addr = take_address(p);
	uint64_t nonce = take_number(p, 8);
	struct u256 balance = take_word(p), key, value;
	size_t len, slots;
	const uint8_t *code = take_bytes(p, &len);

	slots = take_count(p, 64);
	if (!p->bad)
		p->err = evm_state_put(p->evm.state, &addr, nonce, &balance,
				       code, len);
	for (size_t i = 0; p->err == 0 && i < slots; i++) {
		key = take_word(p);
		value = take_word(p);
		p->err = evm_state_put_storage(p->evm.state, &addr, &key,
					       &value);
	}
}

static void read_case(struct packed *p, struct evm_pack_result *result)
{
	unsigned fork = (unsigned)take_number(p, 1);
	size_t accounts;

	p->flags = (unsigned)take_number(p, 1);
	result->name = (const char *)take_bytes(p, &result->name_len);
	if (fork >= EVM_FORK_COUNT || p->flags & ~(unsigned)EVM_PACK_FLAGS) {
		p->bad = true;
		return;
	}
	p->evm.fork = result->fork = (enum evm_fork)fork;
	p->root = take_hash(p);
	p->logs = take_hash(p);
	p->evm.chain_id = take_number(p, 8);
	read_block(p);
	if (p->flags & EVM_PACK_FRAME)
		read_frame(p);
	else
		read_tx(p);
	accounts = take_count(p, 68);
	for (size_t i = 0; p->err == 0 && !p->bad && i < accounts; i++)
		read_account(p);
}

/* ---- running ---- */

/* The state and the logs, at the end. */
static const char *compare(struct packed *p, struct evm_pack_result *result)
{
	struct evm_state *state = p->evm.state;
	struct evm_hash logs;

	p->err = evm_logs_hash(state, &p->evm.alloc, &logs);
	if (p->err == 0)
		p->err = evm_state_root(state, &p->evm.alloc, &result->root);
	if (p->err < 0)
		return "no memory";
	if (memcmp(&result->root, &p->root, sizeof(p->root)) != 0)
		return "different state root";
	if (memcmp(&logs, &p->logs, sizeof(logs)) != 0)
		return "different logs";
	return NULL;
}

static const char *judge(struct packed *p, const struct evm_receipt *receipt,
			 struct evm_pack_result *result)
{
	bool refused = receipt->result.status >= EVM_TX_NONCE;
	struct evm_state *state = p->evm.state;
	const char *different;

	if (!refused || p->flags & EVM_PACK_TOUCH)
		p->err = evm_state_touch(state, &p->evm.block.coinbase);
	if (p->err < 0)
		return "no memory";
	evm_state_commit(state, p->evm.fork);
	different = compare(p, result);
	if (p->err == 0 && refused != ((p->flags & EVM_PACK_REFUSED) != 0))
		return refused ? evm_status_text(receipt->result.status)
			       : "the transaction was not refused";
	return different;
}

static const char *judge_frame(struct packed *p, const struct evm_result *is,
			       struct evm_pack_result *result)
{
	evm_state_commit(p->evm.state, p->evm.fork);
	if (p->flags & EVM_PACK_FAILS)
		return is->status == EVM_SUCCESS ? "it did not fail" : NULL;
	if (is->status != EVM_SUCCESS)
		return evm_status_text(is->status);
	if (is->output_len != p->output_len ||
	    (p->output_len > 0 &&
	     memcmp(is->output, p->output, p->output_len) != 0))
		return "different output";
	if ((uint64_t)is->gas_left != p->gas_left)
		return "different gas";
	return compare(p, result);
}

static void free_case(struct packed *p)
{
	const struct evm_allocator *a = &p->evm.alloc;

	evm_fini(&p->evm);
	evm_state_destroy(p->evm.state);
	evm_free(a, p->access, p->access_count * sizeof(*p->access));
	evm_free(a, p->keys, p->key_count * sizeof(*p->keys));
	evm_free(a, p->blobs, p->blob_count * sizeof(*p->blobs));
	evm_free(a, p->authorizations,
		 p->authorization_count * sizeof(*p->authorizations));
}

static void run_frame(struct packed *p, struct evm_pack_result *result)
{
	struct evm_result is;

	p->err = evm_run_code(&p->evm, &p->msg, p->code, p->code_len, &is);
	if (p->err < 0)
		return;
	result->gas_used = (uint64_t)(p->msg.gas - is.gas_left);
	result->wrong = judge_frame(p, &is, result);
}

static void run_tx(struct packed *p, struct evm_pack_result *result)
{
	struct evm_receipt receipt;

	p->err = evm_transact(&p->evm, &p->tx, &receipt);
	if (p->err < 0)
		return;
	result->gas_used = receipt.gas_used;
	result->wrong = judge(p, &receipt, result);
}

static void run_case(struct packed *p, struct evm_pack_result *result)
{
	p->evm.state = evm_state_create(&p->evm.alloc);
	if (!p->evm.state) {
		p->err = EVM_ERR_NO_MEMORY;
		return;
	}
	read_case(p, result);
	if (p->bad || p->err < 0)
		return;
	if (p->flags & EVM_PACK_FRAME)
		run_frame(p, result);
	else
		run_tx(p, result);
}

bool evm_pack_open(struct evm_pack *pack, const uint8_t *bytes, size_t len)
{
	*pack = (struct evm_pack){bytes, bytes + len};
	if (len < EVM_PACK_MAGIC_LEN ||
	    memcmp(bytes, EVM_PACK_MAGIC, EVM_PACK_MAGIC_LEN) != 0)
		return false;
	pack->at += EVM_PACK_MAGIC_LEN;
	return true;
}

int evm_pack_run(struct evm_pack *pack, const struct evm_allocator *alloc,
		 struct evm_pack_result *result)
{
	struct packed *p;
	size_t len;
	int err;

	*result = (struct evm_pack_result){0};
	if (pack->at == pack->end)
		return 0;
	p = evm_alloc(alloc, sizeof(*p)); /* too large for small stacks */
	if (!p)
		return EVM_ERR_NO_MEMORY;
	*p = (struct packed){.in = *pack, .evm.alloc = *alloc};
	len = take_count(p, 1);
	p->in.end = p->in.at + len;
	pack->at = p->in.end;
	if (!p->bad)
		run_case(p, result);
	err = p->bad ? EVM_ERR_PACK : p->err;
	free_case(p);
	evm_free(alloc, p, sizeof(*p));
	return err < 0 ? err : 1;
}
