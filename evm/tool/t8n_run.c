/*
 * t8n_run.c: the transactions of a block in turn, and what the chain does by
 * itself before and after them: EIP-4788, EIP-2935, rewards, withdrawals and
 * the requests of EIP-7685.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"
#include "evm/tool/dump.h"
#include "evm/tool/sign.h"
#include "evm/tool/t8n.h"
#include "evm/tx.h"

static const struct evm_address beacon_roots = {
	{0x00, 0x0f, 0x3d, 0xf6, 0xd7, 0x32, 0x80, 0x7e, 0xf1, 0x31,
	 0x9f, 0xb7, 0xb8, 0xbb, 0x85, 0x22, 0xd0, 0xbe, 0xac, 0x02}};
static const struct evm_address history = {
	{0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5, 0x3a, 0x10, 0xcb,
	 0x7a, 0x02, 0x33, 0x5b, 0x17, 0x53, 0x20, 0x00, 0x29, 0x35}};
static const struct evm_address withdrawal_queue = {
	{0x00, 0x00, 0x09, 0x61, 0xef, 0x48, 0x0e, 0xb5, 0x5e, 0x80,
	 0xd1, 0x9a, 0xd8, 0x35, 0x79, 0xa6, 0x4c, 0x00, 0x70, 0x02}};
static const struct evm_address consolidation_queue = {
	{0x00, 0x00, 0xbb, 0xdd, 0xc7, 0xce, 0x48, 0x86, 0x42, 0xfb,
	 0x57, 0x9f, 0x8b, 0x00, 0xf3, 0xa5, 0x90, 0x00, 0x72, 0x51}};

bool t8n_fail(struct t8n *t, enum t8n_status status, const char *reason)
{
	t->status = status;
	return reader_fail(&t->reader, "%s", reason);
}

static bool failed(struct t8n *t, int err)
{
	if (err == T8N_NO_BLOCK_HASH)
		return t8n_fail(t, T8N_BLOCK_HASH,
				"blockHashes: BLOCKHASH asks for one that is "
				"missing");
	return t8n_fail(t, T8N_EVM, strerror(-err));
}

static bool call_with_word(struct t8n *t, const struct evm_address *to,
			   const struct evm_hash *word)
{
	struct evm_result result;
	int err = evm_system_call(&t->evm, to, word->bytes, sizeof(word->bytes),
				  &result);

	return err == 0 || failed(t, err);
}

static bool begin_block(struct t8n *t)
{
	const struct evm_block *b = &t->evm.block;
	struct evm_hash hash = {{0}};

	t->reader.where = "env";
	if (t->evm.fork >= EVM_CANCUN) {
		if (!has(t->env, "parentBeaconBlockRoot"))
			return t8n_fail(t, T8N_CONFIG,
					"parentBeaconBlockRoot: missing");
		if (!read_hash(&t->reader, t->env, "parentBeaconBlockRoot",
			       &hash) ||
		    !call_with_word(t, &beacon_roots, &hash))
			return false;
	}
	if (t->evm.fork < EVM_PRAGUE || b->number == 0)
		return true;
	hash = (struct evm_hash){{0}};
	b->hash(b->ctx, b->number - 1, &hash);
	return call_with_word(t, &history, &hash);
}

/* "v" of a legacy transaction holds its chain id; of the others only y. */
static bool read_signature(struct t8n *t, json_t *json, struct evm_signed_tx *s)
{
	struct u256 v, base = u256_from(35), one = u256_from(1);

	if (!read_number(&t->reader, json, "v", &v) ||
	    !read_number(&t->reader, json, "r", &s->r) ||
	    !read_number(&t->reader, json, "s", &s->s))
		return false;
	s->odd = v.w[0] & 1;
	s->replay_protected = true;
	if (s->tx.type != EVM_TX_LEGACY)
		return true;
	s->replay_protected = !u256_less(&v, &base);
	s->odd = !s->odd; /* 27 and 35 are even */
	if (s->replay_protected) {
		v = u256_sub(&v, &base);
		s->chain_id = u256_shr(&one, &v);
	}
	return true;
}

/* One of zeros is none: such a transaction is to be signed. */
static bool has_signature(json_t *json)
{
	struct reader unused = {0};
	struct u256 r;

	return has(json, "r") && read_number(&unused, json, "r", &r) &&
	       !u256_is_zero(&r);
}

static bool sign(struct t8n *t, json_t *json, struct evm_signed_tx *s)
{
	json_t *protected = json_object_get(json, "protected");
	struct u256 key;

	if (!read_number(&t->reader, json, "secretKey", &key))
		return false;
	s->replay_protected = s->tx.type != EVM_TX_LEGACY ||
			      (t->evm.fork >= EVM_SPURIOUS_DRAGON &&
			       !json_is_false(protected));
	s->chain_id = u256_from(t->evm.chain_id);
	if (evm_tx_signing_hash(&host_allocator, s) < 0)
		return reader_fail(&t->reader, "no memory");
	return sign_tx(s, &key) ||
	       reader_fail(&t->reader, "secretKey: not a key");
}

static bool read_tx(struct t8n *t, json_t *json, struct json_tx *jt,
		    struct evm_signed_tx *s)
{
	const char *input = has(json, "input") ? "input" : "data";
	json_t *to = json_object_get(json, "to");
	struct evm_transaction *tx = &jt->tx;
	struct reader *r = &t->reader;

	*s = (struct evm_signed_tx){0};
	tx->is_creation = !to || json_is_null(to) ||
			  (json_is_string(to) && !*json_string_value(to));
	if (!tx->is_creation && !read_address(r, json, "to", &tx->to))
		return false;
	if ((has(json, input) &&
	     !read_bytes(r, json, input, &jt->input, &tx->input_len)) ||
	    !read_u64(r, json, "nonce", &tx->nonce) ||
	    !read_u64(r, json, "gas", &tx->gas_limit) ||
	    !maybe_number(r, json, "value", &tx->value) ||
	    !maybe_number(r, json, "chainId", &s->chain_id) ||
	    !json_tx_common(r, json, json_object_get(json, "accessList"), jt))
		return false;
	tx->input = jt->input;
	s->tx = *tx;
	if (!has_signature(json) && has(json, "secretKey"))
		return sign(t, json, s);
	return read_signature(t, json, s);
}

static bool add_to_block(struct t8n *t, struct evm_signed_tx *s, size_t index)
{
	struct evm_rlp key = {.alloc = &host_allocator};
	struct u256 number = u256_from(index);
	size_t start = t->tx_trie.values.len, len;
	const uint8_t *bytes;

	evm_tx_encode(&t->tx_trie.values, s, true);
	bytes = t->tx_trie.values.bytes + start;
	len = t->tx_trie.values.len - start;
	evm_rlp_number(&key, &number);
	evm_trie_add(&t->tx_trie, key.bytes, key.len, start);
	if (s->tx.type == EVM_TX_LEGACY)
		evm_rlp_raw(&t->body, bytes, len);
	else
		evm_rlp_string(&t->body, bytes, len);
	evm_rlp_fini(&key);
	return !t->tx_trie.values.failed ||
	       reader_fail(&t->reader, "no memory");
}

static void reject(struct t8n *t, size_t index, const char *why)
{
	json_t *json = json_object();

	json_object_set_new(json, "index", json_integer((json_int_t)index));
	json_object_set_new(json, "error", json_string(why));
	json_array_append_new(t->rejected, json);
}

static void refuse(struct t8n *t, const struct evm_signed_tx *s, size_t index,
		   enum evm_status status)
{
	char why[T8N_REASON];

	t8n_refusal(t, s, status, why, sizeof(why));
	reject(t, index, why);
}

static struct trace *open_trace(struct t8n *t, const struct evm_signed_tx *s,
				size_t index)
{
	char path[PATH_MAX];
	struct trace *trace;
	FILE *out;
	int len;

	if (!t->trace_dir)
		return NULL;
	len = snprintf(path, sizeof(path) - 80, "%s/trace-%zu-0x", t->trace_dir,
		       index);
	for (size_t i = 0; i < 32 && len > 0; i++)
		len += snprintf(path + len, 3, "%02x", s->hash.bytes[i]);
	snprintf(path + len, 8, ".jsonl");
	out = fopen(path, "we");
	trace = out ? trace_create(out) : NULL;
	if (!trace) {
		complain(EXIT_BAD, "t8n: %s: %s; no trace is written", path,
			 strerror(errno));
		if (out)
			fclose(out);
		return NULL;
	}
	trace->with_memory = t->trace_memory;
	trace->with_return_data = t->trace_return_data;
	trace->without_stack = t->trace_no_stack;
	t->evm.tracer = &trace->tracer;
	return trace;
}

static void close_trace(struct t8n *t, struct trace *trace,
			const struct evm_receipt *receipt)
{
	if (!trace)
		return;
	trace_result(trace->out, &receipt->result, receipt->gas_used, 0);
	fclose(trace->out);
	trace_destroy(trace);
	t->evm.tracer = NULL;
}

static bool transact(struct t8n *t, struct evm_signed_tx *s, size_t index)
{
	size_t included = json_array_size(t->receipts);
	struct evm_receipt receipt;
	struct trace *trace;
	int err;

	trace = open_trace(t, s, included);
	err = evm_transact(&t->evm, &s->tx, &receipt);
	close_trace(t, trace, &receipt);
	if (err < 0)
		return failed(t, err);
	if (receipt.result.status >= EVM_TX_NONCE) {
		refuse(t, s, index, receipt.result.status);
		return true;
	}
	t->gas_used += receipt.gas_used;
	t->blob_gas_used += s->tx.blob_count * EVM_GAS_BLOB;
	for (size_t i = 0; i < evm_state_log_count(t->evm.state); i++)
		evm_rlp_log(&t->logs, evm_state_log(t->evm.state, i));
	return add_to_block(t, s, included) &&
	       t8n_add_receipt(t, s, &receipt, included) &&
	       t8n_collect_deposits(t);
}

static bool run_signed(struct t8n *t, struct evm_signed_tx *s, size_t index)
{
	enum evm_status status;
	char why[T8N_REASON];

	status = evm_tx_recover(s, t->evm.fork, t->evm.chain_id);
	if (status == EVM_SUCCESS &&
	    t8n_refuses_blobs(t, &s->tx, why, sizeof(why))) {
		reject(t, index, why);
		return true;
	}
	/* what the block has left */
	if (status == EVM_SUCCESS &&
	    s->tx.gas_limit > t->evm.block.gas_limit - t->gas_used)
		status = EVM_TX_BLOCK_GAS;
	if (status == EVM_SUCCESS)
		return transact(t, s, index);
	refuse(t, s, index, status);
	return true;
}

static bool hash_tx(struct t8n *t, struct evm_signed_tx *s)
{
	struct evm_rlp w = {.alloc = &host_allocator};

	evm_tx_encode(&w, s, true);
	if (!w.failed)
		evm_keccak256(w.bytes, w.len, s->hash.bytes);
	evm_rlp_fini(&w);
	return (!w.failed && evm_tx_signing_hash(&host_allocator, s) == 0) ||
	       reader_fail(&t->reader, "no memory");
}

static bool run_json(struct t8n *t, json_t *json, size_t index)
{
	struct json_tx jt = {0};
	struct evm_signed_tx s;
	bool ok;

	t->reader.where = "txs";
	ok = read_tx(t, json, &jt, &s) && hash_tx(t, &s) &&
	     run_signed(t, &s, index);
	json_tx_fini(&jt);
	return ok;
}

/* An item of a block's list: the first kind is a list, others are strings. */
static bool run_item(struct t8n *t, const struct evm_rlp_item *item,
		     const uint8_t *start, size_t index)
{
	size_t head = item->is_list ? (size_t)(item->bytes - start) : 0;
	struct evm_signed_tx s;
	bool ok;
	int err = evm_tx_decode(&host_allocator, item->bytes - head,
				item->len + head, &s);

	if (err < 0)
		return failed(t, err);
	if (err > 0) {
		reject(t, index, evm_status_text((enum evm_status)err));
		return true;
	}
	ok = run_signed(t, &s, index);
	evm_tx_decode_fini(&host_allocator, &s);
	return ok;
}

static bool run_list(struct t8n *t, const char *text)
{
	struct evm_rlp_reader all, list;
	struct evm_rlp_item item;
	const uint8_t *start;
	uint8_t *bytes;
	size_t len, index = 0;
	bool ok = true;

	t->reader.where = "txs";
	if (!parse_bytes(text, &bytes, &len))
		return reader_fail(&t->reader, "RLP: not hex");
	all = (struct evm_rlp_reader){bytes, len, false};
	list = evm_rlp_next_list(&all);
	start = list.bytes;
	while (ok && evm_rlp_next(&list, &item)) {
		ok = run_item(t, &item, start, index++);
		start = list.bytes;
	}
	if (ok && (all.bad || all.len > 0 || list.bad))
		ok = reader_fail(&t->reader, "RLP: malformed at byte %zu",
				 all.bad || !list.bytes
					 ? (size_t)0
					 : (size_t)(list.bytes - bytes));
	free(bytes);
	return ok;
}

static bool run_txs(struct t8n *t)
{
	json_t *json;
	size_t i;

	if (json_is_string(t->txs))
		return run_list(t, json_string_value(t->txs));
	json_array_foreach(t->txs, i, json)
	{
		if (!run_json(t, json, i))
			return false;
	}
	return true;
}

static bool pay(struct t8n *t, const struct evm_address *to, struct u256 amount)
{
	return evm_state_add_balance(t->evm.state, to, &amount) == 0 ||
	       reader_fail(&t->reader, "no memory");
}

/* The miner has a 32nd more for each ommer; theirs is less by their age. */
static bool pay_rewards(struct t8n *t)
{
	json_t *ommers = json_object_get(t->env, "ommers"), *ommer;
	struct u256 reward, part, eight = u256_from(8), of32 = u256_from(32);
	struct evm_address miner;
	uint64_t delta = 0;
	size_t i;

	if (t->reward < 0)
		return true;
	reward = u256_from((uint64_t)t->reward);
	json_array_foreach(ommers, i, ommer)
	{
		if (!read_address(&t->reader, ommer, "address", &miner) ||
		    !read_u64(&t->reader, ommer, "delta", &delta))
			return false;
		if (delta > 8)
			return reader_fail(&t->reader, "delta: above 8");
		part = u256_from(8 - delta);
		part = u256_mul(&part, &reward);
		if (!pay(t, &miner, u256_div(&part, &eight)))
			return false;
	}
	part = u256_div(&reward, &of32);
	of32 = u256_from(json_array_size(ommers));
	part = u256_mul(&part, &of32);
	return pay(t, &t->evm.block.coinbase, u256_add(&reward, &part));
}

static bool write_withdrawal(struct t8n *t, json_t *json, struct evm_trie *trie,
			     size_t index)
{
	struct evm_rlp key = {.alloc = &host_allocator};
	struct u256 number, gwei = u256_from(1000000000), amount;
	struct evm_rlp *w = &trie->values;
	size_t start = w->len, list = evm_rlp_begin(w);
	struct evm_address to;
	struct reader *r = &t->reader;

	if (!read_number(r, json, "index", &number))
		return false;
	evm_rlp_number(w, &number);
	if (!read_number(r, json, "validatorIndex", &number) ||
	    !read_address(r, json, "address", &to) ||
	    !read_number(r, json, "amount", &amount))
		return false;
	evm_rlp_number(w, &number);
	evm_rlp_string(w, to.bytes, sizeof(to.bytes));
	evm_rlp_number(w, &amount);
	evm_rlp_end(w, list);
	number = u256_from(index);
	evm_rlp_number(&key, &number);
	evm_trie_add(trie, key.bytes, key.len, start);
	evm_rlp_fini(&key);
	return pay(t, &to, u256_mul(&amount, &gwei));
}

static bool pay_withdrawals(struct t8n *t)
{
	json_t *list = json_object_get(t->env, "withdrawals"), *item;
	struct evm_trie trie;
	bool ok = true;
	size_t i;

	if (t->evm.fork < EVM_SHANGHAI)
		return true;
	t->reader.where = "withdrawals";
	evm_trie_init(&trie, &host_allocator);
	json_array_foreach(list, i, item)
	{
		ok = ok && write_withdrawal(t, item, &trie, i);
	}
	if (evm_trie_finish(&trie, &t->withdrawals_root) < 0)
		ok = reader_fail(&t->reader, "no memory");
	return ok;
}

/* Type and bytes; those without any are left out. */
static bool add_request(struct t8n *t, uint8_t type, const uint8_t *bytes,
			size_t len)
{
	uint8_t *request;

	if (len == 0)
		return true;
	request = malloc(len + 1);
	if (!request)
		return reader_fail(&t->reader, "no memory");
	request[0] = type;
	memcpy(request + 1, bytes, len);
	evm_sha256(request, len + 1, t->request_hash[t->request_count++]);
	json_array_append_new(t->requests, json_hex(request, len + 1));
	free(request);
	return true;
}

static bool ask_queue(struct t8n *t, uint8_t type,
		      const struct evm_address *queue)
{
	struct evm_result result;
	int err;

	t->status = T8N_EVM;
	if (!evm_state_find(t->evm.state, queue))
		return reader_fail(&t->reader,
				   "system contract of requests %u: missing",
				   type);
	err = evm_system_call(&t->evm, queue, NULL, 0, &result);
	if (err < 0)
		return failed(t, err);
	if (result.status != EVM_SUCCESS)
		return reader_fail(&t->reader, "system contract: %s",
				   evm_status_text(result.status));
	return add_request(t, type, result.output, result.output_len);
}

static bool collect_requests(struct t8n *t)
{
	t->reader.where = NULL;
	return t->evm.fork < EVM_PRAGUE ||
	       (add_request(t, 0, t->deposits, t->deposits_len) &&
		ask_queue(t, 1, &withdrawal_queue) &&
		ask_queue(t, 2, &consolidation_queue));
}

bool t8n_run(struct t8n *t)
{
	evm_trie_init(&t->tx_trie, &host_allocator);
	evm_trie_init(&t->receipt_trie, &host_allocator);
	t->logs.alloc = t->body.alloc = &host_allocator;
	t->logs_list = evm_rlp_begin(&t->logs);
	t->body_list = evm_rlp_begin(&t->body);
	t->receipts = json_array();
	t->rejected = json_array();
	t->requests = json_array();
	if (!begin_block(t) || !run_txs(t))
		return false;
	t->reader.where = "env";
	if (!pay_rewards(t) || !pay_withdrawals(t))
		return false;
	evm_state_commit(t->evm.state, t->evm.fork);
	evm_rlp_end(&t->logs, t->logs_list);
	evm_rlp_end(&t->body, t->body_list);
	return collect_requests(t);
}

void t8n_fini(struct t8n *t)
{
	struct evm_hash unused;

	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	if (t->tx_trie.values.alloc) {
		evm_trie_finish(&t->tx_trie, &unused);
		evm_trie_finish(&t->receipt_trie, &unused);
		evm_rlp_fini(&t->logs);
		evm_rlp_fini(&t->body);
	}
	json_decref(t->receipts);
	json_decref(t->rejected);
	json_decref(t->requests);
	free(t->deposits);
}
