/*
 * tx_encode.c: transactions as bytes, with their signature or as what is
 * signed; see tx_decode.h.
 */
#include "evm/hash.h"
#include "evm/tx_decode.h"

static void write_access(struct evm_rlp *w, const struct evm_transaction *tx)
{
	size_t list = evm_rlp_begin(w), pair, keys;
	uint8_t word[32];

	for (size_t i = 0; i < tx->access_count; i++) {
		pair = evm_rlp_begin(w);
		evm_rlp_string(w, tx->access[i].address.bytes, 20);
		keys = evm_rlp_begin(w);
		for (size_t k = 0; k < tx->access[i].key_count; k++) {
			u256_store(word, &tx->access[i].keys[k]);
			evm_rlp_string(w, word, sizeof(word));
		}
		evm_rlp_end(w, keys);
		evm_rlp_end(w, pair);
	}
	evm_rlp_end(w, list);
}

static void write_blobs(struct evm_rlp *w, const struct evm_transaction *tx)
{
	size_t list;

	evm_rlp_number(w, &tx->blob_price);
	list = evm_rlp_begin(w);
	for (size_t i = 0; i < tx->blob_count; i++)
		evm_rlp_string(w, tx->blob_hashes[i].bytes, 32);
	evm_rlp_end(w, list);
}

static void write_u64(struct evm_rlp *w, uint64_t value)
{
	struct u256 wide = u256_from(value);

	evm_rlp_number(w, &wide);
}

static void write_authorizations(struct evm_rlp *w,
				 const struct evm_transaction *tx)
{
	size_t list = evm_rlp_begin(w), tuple;

	for (size_t i = 0; i < tx->authorization_count; i++) {
		const struct evm_authorization *a = &tx->authorizations[i];

		tuple = evm_rlp_begin(w);
		evm_rlp_number(w, &a->chain_id);
		evm_rlp_string(w, a->address.bytes, 20);
		write_u64(w, a->nonce);
		evm_rlp_number(w, &a->y_parity);
		evm_rlp_number(w, &a->r);
		evm_rlp_number(w, &a->s);
		evm_rlp_end(w, tuple);
	}
	evm_rlp_end(w, list);
}

static void write_fields(struct evm_rlp *w, const struct evm_signed_tx *s)
{
	const struct evm_transaction *tx = &s->tx;

	if (tx->type != EVM_TX_LEGACY)
		evm_rlp_number(w, &s->chain_id);
	write_u64(w, tx->nonce);
	if (tx->type >= EVM_TX_DYNAMIC_FEE)
		evm_rlp_number(w, &tx->priority_price);
	evm_rlp_number(w, &tx->gas_price);
	write_u64(w, tx->gas_limit);
	evm_rlp_string(w, tx->to.bytes, tx->is_creation ? 0 : 20);
	evm_rlp_number(w, &tx->value);
	evm_rlp_string(w, tx->input, tx->input_len);
	if (tx->type != EVM_TX_LEGACY)
		write_access(w, tx);
	if (tx->type == EVM_TX_BLOB)
		write_blobs(w, tx);
	if (tx->type == EVM_TX_SET_CODE)
		write_authorizations(w, tx);
}

static void write_signature(struct evm_rlp *w, const struct evm_signed_tx *s)
{
	struct u256 v = u256_from(s->odd), base = u256_from(35);

	if (s->tx.type == EVM_TX_LEGACY && s->replay_protected) {
		v = u256_add(&v, &base);
		v = u256_add(&v, &s->chain_id);
		v = u256_add(&v, &s->chain_id);
	} else if (s->tx.type == EVM_TX_LEGACY) {
		v = u256_from(27 + s->odd);
	}
	evm_rlp_number(w, &v);
	evm_rlp_number(w, &s->r);
	evm_rlp_number(w, &s->s);
}

void evm_tx_encode(struct evm_rlp *w, const struct evm_signed_tx *s,
		   bool with_signature)
{
	uint8_t type = (uint8_t)s->tx.type;
	size_t list;

	if (type != EVM_TX_LEGACY)
		evm_rlp_raw(w, &type, 1);
	list = evm_rlp_begin(w);
	write_fields(w, s);
	if (with_signature) {
		write_signature(w, s);
	} else if (type == EVM_TX_LEGACY && s->replay_protected) {
		evm_rlp_number(w, &s->chain_id);
		evm_rlp_string(w, NULL, 0);
		evm_rlp_string(w, NULL, 0);
	}
	evm_rlp_end(w, list);
}

int evm_tx_signing_hash(const struct evm_allocator *alloc,
			struct evm_signed_tx *s)
{
	struct evm_rlp w = {.alloc = alloc};

	evm_tx_encode(&w, s, false);
	if (!w.failed)
		evm_keccak256(w.bytes, w.len, s->signing_hash.bytes);
	evm_rlp_fini(&w);
	return w.failed ? EVM_ERR_NO_MEMORY : 0;
}
