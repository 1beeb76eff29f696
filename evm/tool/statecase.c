/* statecase.c: reading a case of a state test; see statecase.h. */
#include <string.h>

#include "evm/tool/statecase.h"

/* The case's choice among the values of data, gas limit or value. */
static json_t *indexed(json_t *tx, const char *key, json_t *indexes,
		       const char *index)
{
	json_t *i = json_object_get(indexes, index);

	return json_array_get(json_object_get(tx, key),
			      (size_t)json_integer_value(i));
}

/*
 * Some fixtures have numbers that no transaction can have and expect them to
 * be refused; those are no mistake of the file.
 */
static bool wide_number(struct statecase *t, json_t *value, const char *key,
			struct u256 *number)
{
	const char *text = json_string_value(value);

	if (t->refused && text &&
	    (strncmp(text, "0x:bigint", 9) == 0 || strlen(text) > 66)) {
		t->unrepresentable = true;
		*number = u256_from(0);
		return true;
	}
	return number_of(&t->reader, value, key, number);
}

static bool wide_u64(struct statecase *t, json_t *value, const char *key,
		     uint64_t *number)
{
	struct u256 wide;

	if (!wide_number(t, value, key, &wide))
		return false;
	if (!u256_fits_u64(&wide))
		t->unrepresentable = true;
	*number = wide.w[0];
	return true;
}

static bool load_tx(struct statecase *t, json_t *tx, json_t *indexes)
{
	json_t *access = indexed(tx, "accessLists", indexes, "data");
	json_t *to = json_object_get(tx, "to");
	struct evm_transaction *e = &t->tx.tx;
	struct reader *r = &t->reader;
	const char *data =
		json_string_value(indexed(tx, "data", indexes, "data"));

	r->where = "transaction";
	if (!tx)
		return reader_fail(r, "missing");
	e->is_creation = !to || json_is_null(to) || !*json_string_value(to);
	if (!e->is_creation && !read_address(r, tx, "to", &e->to))
		return false;
	if (!data || !parse_bytes(data, &t->tx.input, &e->input_len))
		return reader_fail(r, "data: %s", data ? "not hex" : "missing");
	e->input = t->tx.input;
	return wide_u64(t, indexed(tx, "gasLimit", indexes, "gas"), "gasLimit",
			&e->gas_limit) &&
	       wide_number(t, indexed(tx, "value", indexes, "value"), "value",
			   &e->value) &&
	       wide_u64(t, json_object_get(tx, "nonce"), "nonce", &e->nonce) &&
	       read_address(r, tx, "sender", &e->sender) &&
	       json_tx_common(r, tx, access, &t->tx);
}

static bool load_config(struct statecase *t, json_t *config, const char *fork,
			struct evm_blob_schedule *blobs)
{
	json_t *schedule =
		json_object_get(json_object_get(config, "blobSchedule"), fork);
	uint64_t max = blobs->max;

	t->reader.where = "config";
	t->evm.chain_id = 1;
	if (!maybe_u64(&t->reader, config, "chainid", &t->evm.chain_id) ||
	    !maybe_u64(&t->reader, schedule, "max", &max) ||
	    !maybe_u64(&t->reader, schedule, "baseFeeUpdateFraction",
		       &blobs->fraction))
		return false;
	blobs->max = (unsigned)max;
	if (blobs->fraction == 0 && t->evm.fork >= EVM_CANCUN)
		return reader_fail(&t->reader, "baseFeeUpdateFraction: zero");
	return true;
}

bool statecase_load(struct statecase *t, json_t *test, const char *fork,
		    json_t *post)
{
	struct evm_blob_schedule blobs = evm_blob_schedule(t->evm.fork);
	struct reader *r = &t->reader;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->refused = has(post, "expectException");
	if (!t->evm.state)
		return reader_fail(r, "no memory");
	if (!load_config(t, json_object_get(test, "config"), fork, &blobs) ||
	    !read_env(r, json_object_get(test, "env"), t->evm.fork,
		      blobs.fraction, &t->evm.block) ||
	    !read_accounts(r, json_object_get(test, "pre"), t->evm.state))
		return false;
	t->evm.block.blob_max = blobs.max;
	r->where = "post";
	return read_hash(r, post, "hash", &t->root) &&
	       read_hash(r, post, "logs", &t->logs) &&
	       load_tx(t, json_object_get(test, "transaction"),
		       json_object_get(post, "indexes"));
}

void statecase_unload(struct statecase *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	json_tx_fini(&t->tx);
}
