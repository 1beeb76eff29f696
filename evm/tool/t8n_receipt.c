/*
 * t8n_receipt.c: what is kept of a transaction that was taken: its receipt
 * and its logs, with the deposits among them (EIP-6110).
 */
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"
#include "evm/tool/dump.h"
#include "evm/tool/t8n.h"
#include "evm/tx.h"

static const struct evm_address deposit_contract = {
	{0x00, 0x00, 0x00, 0x00, 0x21, 0x9a, 0xb5, 0x40, 0x35, 0x6c,
	 0xbb, 0x83, 0x9c, 0xbe, 0x05, 0x30, 0x3d, 0x77, 0x05, 0xfa}};
/* geth's; the block has none yet. */
static const uint8_t block_hash[32] = {0x13, 0x37};

/* Three bits of 2048, from the pairs of bytes at the hash's beginning. */
static void bloom_add(uint8_t bloom[T8N_BLOOM], const uint8_t *bytes,
		      size_t len)
{
	uint8_t hash[32];

	evm_keccak256(bytes, len, hash);
	for (unsigned i = 0; i < 6; i += 2) {
		unsigned bit = (hash[i] << 8 | hash[i + 1]) & 2047;

		bloom[T8N_BLOOM - 1 - bit / 8] |= 1u << (bit % 8);
	}
}

static void bloom_of_logs(const struct evm_state *state,
			  uint8_t bloom[T8N_BLOOM])
{
	uint8_t topic[32];

	for (size_t i = 0; i < evm_state_log_count(state); i++) {
		const struct evm_log *log = evm_state_log(state, i);

		bloom_add(bloom, log->address.bytes, 20);
		for (unsigned k = 0; k < log->topic_count; k++) {
			u256_store(topic, &log->topic[k]);
			bloom_add(bloom, topic, sizeof(topic));
		}
	}
}

static json_t *log_json(struct t8n *t, const struct evm_log *log,
			const struct evm_hash *tx_hash, size_t tx_index)
{
	json_t *json = json_object(), *topics = json_array();
	uint8_t topic[32];

	for (unsigned k = 0; k < log->topic_count; k++) {
		u256_store(topic, &log->topic[k]);
		json_array_append_new(topics, json_hex(topic, sizeof(topic)));
	}
	json_object_set_new(json, "address", json_hex(log->address.bytes, 20));
	json_object_set_new(json, "topics", topics);
	json_object_set_new(json, "data", json_hex(log->data, log->len));
	json_object_set_new(json, "blockNumber", json_u64(t->evm.block.number));
	json_object_set_new(json, "transactionHash",
			    json_hex(tx_hash->bytes, 32));
	json_object_set_new(json, "transactionIndex", json_u64(tx_index));
	json_object_set_new(json, "blockHash", json_hex(block_hash, 32));
	json_object_set_new(json, "logIndex", json_u64(t->log_count++));
	json_object_set_new(json, "removed", json_false());
	return json;
}

static bool receipt_trie_add(struct t8n *t, const struct evm_signed_tx *s,
			     size_t index, bool success,
			     const struct evm_hash *root,
			     const uint8_t bloom[T8N_BLOOM])
{
	struct evm_rlp *w = &t->receipt_trie.values;
	struct evm_rlp key = {.alloc = &host_allocator};
	struct u256 number = u256_from(index), status = u256_from(success);
	struct u256 used = u256_from(t->gas_used);
	uint8_t type = (uint8_t)s->tx.type;
	size_t start = w->len, list;

	if (type != EVM_TX_LEGACY)
		evm_rlp_raw(w, &type, 1);
	list = evm_rlp_begin(w);
	if (t->evm.fork >= EVM_BYZANTIUM)
		evm_rlp_number(w, &status);
	else
		evm_rlp_string(w, root->bytes, sizeof(root->bytes));
	evm_rlp_number(w, &used);
	evm_rlp_string(w, bloom, T8N_BLOOM);
	evm_rlp_logs(w, t->evm.state);
	evm_rlp_end(w, list);
	evm_rlp_number(&key, &number);
	evm_trie_add(&t->receipt_trie, key.bytes, key.len, start);
	evm_rlp_fini(&key);
	return !w->failed || reader_fail(&t->reader, "no memory");
}

/* The state as it is between two transactions; before Byzantium only. */
static bool root_between(struct t8n *t, struct evm_hash *root)
{
	if (t->evm.fork >= EVM_BYZANTIUM)
		return true;
	return evm_state_root(t->evm.state, &host_allocator, root) == 0 ||
	       reader_fail(&t->reader, "no memory");
}

bool t8n_add_receipt(struct t8n *t, const struct evm_signed_tx *s,
		     const struct evm_receipt *receipt, size_t index)
{
	static const struct evm_address none;
	const struct evm_address *created =
		s->tx.is_creation ? &receipt->result.created : &none;
	bool success = receipt->result.status == EVM_SUCCESS;
	json_t *json = json_object(), *logs = json_array();
	uint8_t bloom[T8N_BLOOM] = {0};
	struct evm_hash root = {{0}};

	if (!root_between(t, &root))
		return false;
	bloom_of_logs(t->evm.state, bloom);
	for (size_t i = 0; i < T8N_BLOOM; i++)
		t->bloom[i] |= bloom[i];
	for (size_t i = 0; i < evm_state_log_count(t->evm.state); i++) {
		const struct evm_log *log = evm_state_log(t->evm.state, i);

		json_array_append_new(logs, log_json(t, log, &s->hash, index));
	}
	if (s->tx.type != EVM_TX_LEGACY)
		json_object_set_new(json, "type",
				    json_u64((uint64_t)s->tx.type));
	json_object_set_new(json, "root",
			    t->evm.fork >= EVM_BYZANTIUM
				    ? json_string("0x")
				    : json_hex(root.bytes, 32));
	json_object_set_new(json, "status", json_u64(success));
	json_object_set_new(json, "cumulativeGasUsed", json_u64(t->gas_used));
	json_object_set_new(json, "logsBloom", json_hex(bloom, T8N_BLOOM));
	json_object_set_new(json, "logs", logs);
	json_object_set_new(json, "transactionHash",
			    json_hex(s->hash.bytes, 32));
	json_object_set_new(json, "contractAddress",
			    json_hex(created->bytes, 20));
	json_object_set_new(json, "gasUsed", json_u64(receipt->gas_used));
	json_object_set_new(json, "effectiveGasPrice", json_null());
	if (s->tx.type == EVM_TX_BLOB) {
		json_object_set_new(json, "blobGasUsed",
				    json_u64(s->tx.blob_count * EVM_GAS_BLOB));
		json_object_set_new(json, "blobGasPrice",
				    json_number(&t->evm.block.blob_base_fee));
	}
	json_object_set_new(json, "blockNumber", json_u64(t->evm.block.number));
	json_object_set_new(json, "blockHash", json_hex(block_hash, 32));
	json_object_set_new(json, "transactionIndex", json_u64(index));
	json_array_append_new(t->receipts, json);
	return receipt_trie_add(t, s, index, success, &root, bloom);
}

/* Five byte strings as Solidity lays them out, of just these sizes. */
static bool add_deposit(struct t8n *t, const struct evm_log *log)
{
	static const struct {
		size_t offset, size;
	} parts[] = {{192, 48}, {288, 32}, {352, 8}, {416, 96}, {544, 8}};
	uint8_t *more = realloc(t->deposits, t->deposits_len + 192);

	if (log->len != 576)
		return reader_fail(&t->reader, "a deposit's log is malformed");
	if (!more)
		return reader_fail(&t->reader, "no memory");
	t->deposits = more;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		memcpy(t->deposits + t->deposits_len,
		       log->data + parts[i].offset, parts[i].size);
		t->deposits_len += parts[i].size;
	}
	return true;
}

bool t8n_collect_deposits(struct t8n *t)
{
	static const uint8_t topic[32] = {
		0x64, 0x9b, 0xbc, 0x62, 0xd0, 0xe3, 0x13, 0x42,
		0xaf, 0xea, 0x4e, 0x5c, 0xd8, 0x2d, 0x40, 0x49,
		0xe7, 0xe1, 0xee, 0x91, 0x2f, 0xc0, 0x88, 0x9a,
		0xa7, 0x90, 0x80, 0x3b, 0xe3, 0x90, 0x38, 0xc5};
	struct u256 deposit = u256_load(topic);

	for (size_t i = 0; i < evm_state_log_count(t->evm.state); i++) {
		const struct evm_log *log = evm_state_log(t->evm.state, i);

		if (memcmp(&log->address, &deposit_contract, 20) == 0 &&
		    log->topic_count > 0 &&
		    u256_equal(&log->topic[0], &deposit) &&
		    !add_deposit(t, log))
			return false;
	}
	return true;
}
