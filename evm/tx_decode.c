/*
 * tx_decode.c: signed transactions; see tx_decode.h. The fields of each type
 * stand in one order; those of a type before are mostly those of the next.
 */
#include "evm/alloc.h"
#include "evm/authorize.h"
#include "evm/hash.h"
#include "evm/tx_decode.h"

static void *array(const struct evm_allocator *alloc, size_t count, size_t each)
{
	void *p = count ? evm_alloc(alloc, count * each) : NULL;

	if (p)
		memset(p, 0, count * each);
	return p;
}

static size_t count_items(struct evm_rlp_reader list)
{
	struct evm_rlp_item item;
	size_t count = 0;

	while (evm_rlp_next(&list, &item))
		count++;
	return count;
}

/* Empty, or an address. */
static void read_to(struct evm_rlp_reader *r, struct evm_transaction *tx)
{
	struct evm_rlp_item item = evm_rlp_next_string(r);

	tx->is_creation = item.len == 0;
	if (item.len == sizeof(tx->to.bytes))
		memcpy(tx->to.bytes, item.bytes, item.len);
	else if (item.len != 0)
		r->bad = true;
}

static void read_call(struct evm_rlp_reader *r, struct evm_transaction *tx)
{
	struct evm_rlp_item input;

	tx->gas_limit = evm_rlp_next_u64(r);
	read_to(r, tx);
	tx->value = evm_rlp_next_number(r);
	input = evm_rlp_next_string(r);
	tx->input = input.bytes;
	tx->input_len = input.len;
}

/* [[address, [key, ...]], ...]: counted first, then read. */
static size_t count_keys(struct evm_rlp_reader list)
{
	size_t keys = 0;

	while (list.len > 0) {
		struct evm_rlp_reader pair = evm_rlp_next_list(&list);

		evm_rlp_next_string(&pair);
		keys += count_items(evm_rlp_next_list(&pair));
	}
	return keys;
}

static int read_access(struct evm_rlp_reader *r,
		       const struct evm_allocator *alloc,
		       struct evm_signed_tx *s)
{
	struct evm_rlp_reader list = evm_rlp_next_list(r), pair, keys;
	size_t count = count_items(list);
	struct u256 *key;
	uint8_t word[32];

	s->key_count = count_keys(list);
	s->tx.access = s->access = array(alloc, count, sizeof(*s->access));
	s->keys = key = array(alloc, s->key_count, sizeof(*s->keys));
	s->tx.access_count = count;
	if ((count && !s->access) || (s->key_count && !s->keys))
		return EVM_ERR_NO_MEMORY;
	for (size_t i = 0; i < count && !r->bad; i++) {
		pair = evm_rlp_next_list(&list);
		evm_rlp_next_bytes(&pair, s->access[i].address.bytes, 20);
		keys = evm_rlp_next_list(&pair);
		s->access[i].keys = key;
		for (; keys.len > 0 && !pair.bad; s->access[i].key_count++) {
			evm_rlp_next_bytes(&keys, word, sizeof(word));
			if (!keys.bad)
				*key++ = u256_load(word);
		}
		r->bad |= list.bad || pair.bad || keys.bad || pair.len > 0;
	}
	r->bad |= list.len > 0; /* what was no item was not counted */
	return 0;
}

static int read_blobs(struct evm_rlp_reader *r,
		      const struct evm_allocator *alloc,
		      struct evm_signed_tx *s)
{
	struct evm_rlp_reader list;
	size_t count;

	s->tx.blob_price = evm_rlp_next_number(r);
	list = evm_rlp_next_list(r);
	count = count_items(list);
	s->tx.blob_hashes = s->blob_hashes =
		array(alloc, count, sizeof(*s->blob_hashes));
	if (count && !s->blob_hashes)
		return EVM_ERR_NO_MEMORY;
	s->tx.blob_count = count;
	for (size_t i = 0; i < count; i++)
		evm_rlp_next_bytes(&list, s->blob_hashes[i].bytes, 32);
	r->bad |= list.bad || list.len > 0;
	return 0;
}

static int read_authorizations(struct evm_rlp_reader *r,
			       const struct evm_allocator *alloc,
			       struct evm_signed_tx *s)
{
	struct evm_rlp_reader list = evm_rlp_next_list(r), tuple;
	size_t count = count_items(list);

	s->tx.authorizations = s->authorizations =
		array(alloc, count, sizeof(*s->authorizations));
	if (count && !s->authorizations)
		return EVM_ERR_NO_MEMORY;
	s->tx.authorization_count = count;
	for (size_t i = 0; i < count; i++) {
		struct evm_authorization *a = &s->authorizations[i];

		tuple = evm_rlp_next_list(&list);
		a->chain_id = evm_rlp_next_number(&tuple);
		evm_rlp_next_bytes(&tuple, a->address.bytes, 20);
		a->nonce = evm_rlp_next_u64(&tuple);
		a->y_parity = evm_rlp_next_number(&tuple);
		a->r = evm_rlp_next_number(&tuple);
		a->s = evm_rlp_next_number(&tuple);
		r->bad |= list.bad || tuple.bad || tuple.len > 0;
	}
	r->bad |= list.len > 0;
	return 0;
}

/* v: 27 or 28, or with the chain id 35 + 2 * id and one more for an odd y. */
static bool split_v(struct evm_signed_tx *s, const struct u256 *v)
{
	struct u256 base = u256_from(35), one = u256_from(1), id;

	if (u256_fits_u64(v) && (v->w[0] == 27 || v->w[0] == 28)) {
		s->odd = v->w[0] == 28;
		return true;
	}
	if (u256_less(v, &base))
		return false;
	s->replay_protected = true;
	id = u256_sub(v, &base);
	s->odd = id.w[0] & 1;
	s->chain_id = u256_shr(&one, &id);
	return true;
}

static int read_fields(struct evm_rlp_reader *r,
		       const struct evm_allocator *alloc,
		       struct evm_signed_tx *s)
{
	struct evm_transaction *tx = &s->tx;
	int err = 0;

	if (tx->type != EVM_TX_LEGACY)
		s->chain_id = evm_rlp_next_number(r);
	tx->nonce = evm_rlp_next_u64(r);
	if (tx->type >= EVM_TX_DYNAMIC_FEE)
		tx->priority_price = evm_rlp_next_number(r);
	tx->gas_price = evm_rlp_next_number(r);
	read_call(r, tx);
	if (tx->type != EVM_TX_LEGACY)
		err = read_access(r, alloc, s);
	if (err == 0 && tx->type == EVM_TX_BLOB)
		err = read_blobs(r, alloc, s);
	if (err == 0 && tx->type == EVM_TX_SET_CODE)
		err = read_authorizations(r, alloc, s);
	return err;
}

static int read_signed(struct evm_rlp_reader *r,
		       const struct evm_allocator *alloc,
		       struct evm_signed_tx *s)
{
	struct u256 v;
	int err = read_fields(r, alloc, s);

	if (err < 0)
		return err;
	v = evm_rlp_next_number(r);
	s->r = evm_rlp_next_number(r);
	s->s = evm_rlp_next_number(r);
	if (r->bad || r->len > 0)
		return EVM_TX_MALFORMED;
	if (s->tx.type == EVM_TX_LEGACY) {
		if (!split_v(s, &v))
			return EVM_TX_SIGNATURE;
	} else {
		s->replay_protected = true;
		s->odd = v.w[0];
		if (!u256_fits_u64(&v) || v.w[0] > 1)
			return EVM_TX_SIGNATURE;
	}
	return evm_tx_signing_hash(alloc, s);
}

int evm_tx_decode(const struct evm_allocator *alloc, const uint8_t *bytes,
		  size_t len, struct evm_signed_tx *s)
{
	struct evm_rlp_reader all = {bytes, len, false}, list;
	int err;

	*s = (struct evm_signed_tx){0};
	if (len == 0)
		return EVM_TX_MALFORMED;
	if (bytes[0] < 0x80) {
		if (bytes[0] == 0 || bytes[0] >= EVM_TX_TYPES)
			return EVM_TX_TYPE;
		s->tx.type = (enum evm_tx_type)bytes[0];
		all.bytes++;
		all.len--;
	}
	list = evm_rlp_next_list(&all);
	if (all.bad || all.len > 0)
		return EVM_TX_MALFORMED;
	evm_keccak256(bytes, len, s->hash.bytes);
	err = read_signed(&list, alloc, s);
	if (err != 0)
		evm_tx_decode_fini(alloc, s);
	return err;
}

void evm_tx_decode_fini(const struct evm_allocator *alloc,
			struct evm_signed_tx *s)
{
	evm_free(alloc, s->access, s->tx.access_count * sizeof(*s->access));
	evm_free(alloc, s->keys, s->key_count * sizeof(*s->keys));
	evm_free(alloc, s->blob_hashes,
		 s->tx.blob_count * sizeof(*s->blob_hashes));
	evm_free(alloc, s->authorizations,
		 s->tx.authorization_count * sizeof(*s->authorizations));
	*s = (struct evm_signed_tx){0};
}

enum evm_status evm_tx_recover(struct evm_signed_tx *s, enum evm_fork fork,
			       uint64_t chain_id)
{
	struct u256 id = u256_from(chain_id);
	struct u256 hash = u256_load(s->signing_hash.bytes);

	if (s->replay_protected && fork < EVM_SPURIOUS_DRAGON)
		return EVM_TX_SIGNATURE;
	if (s->replay_protected && !u256_equal(&s->chain_id, &id))
		return EVM_TX_CHAIN_ID;
	if (fork >= EVM_HOMESTEAD && !evm_signature_low(&s->s))
		return EVM_TX_SIGNATURE;
	if (!evm_signer(&hash, s->odd, &s->r, &s->s, &s->tx.sender))
		return EVM_TX_SIGNATURE;
	return EVM_SUCCESS;
}
