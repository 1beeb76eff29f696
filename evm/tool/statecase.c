/* statecase.c: reading a case of a state test; see statecase.h. */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/forkname.h"
#include "evm/tool/sign.h"
#include "evm/tool/statecase.h"

enum evm_fork statecase_fork(json_t *test, const char *name)
{
	char active[FORK_NAME];

	return fork_active(json_object_get(test, "env"), name, active)
		       ? evm_fork_find(active)
		       : EVM_FORK_COUNT;
}

/* The case's choice among the values of data, gas limit or value. */
static json_t *indexed(json_t *tx, const char *key, json_t *indexes,
		       const char *index)
{
	json_t *i = json_object_get(indexes, index);

	return json_array_get(json_object_get(tx, key),
			      (size_t)json_integer_value(i));
}

/* Old fixtures have the key alone. */
static bool read_sender(struct reader *r, json_t *tx, struct evm_address *addr)
{
	struct u256 key;

	if (has(tx, "sender") || !has(tx, "secretKey"))
		return read_address(r, tx, "sender", addr);
	return read_number(r, tx, "secretKey", &key) &&
	       (key_address(&key, addr) ||
		reader_fail(r, "secretKey: not a key"));
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
	e->is_creation = !to || json_is_null(to) ||
			 (json_is_string(to) && !json_string_length(to));
	if (!e->is_creation && !read_address(r, tx, "to", &e->to))
		return false;
	if (!data || !parse_bytes(data, &t->tx.input, &e->input_len))
		return reader_fail(r, "data: %s", data ? "not hex" : "missing");
	e->input = t->tx.input;
	return u64_of(r, indexed(tx, "gasLimit", indexes, "gas"), "gasLimit",
		      &e->gas_limit) &&
	       number_of(r, indexed(tx, "value", indexes, "value"), "value",
			 &e->value) &&
	       read_u64(r, tx, "nonce", &e->nonce) &&
	       read_sender(r, tx, &e->sender) &&
	       json_tx_common(r, tx, access, &t->tx);
}

/* The schedule may stand under the fork's name or under that of a pair. */
static bool load_config(struct statecase *t, json_t *test, const char *fork,
			struct evm_blob_schedule *blobs)
{
	json_t *config = json_object_get(test, "config");
	json_t *schedules = json_object_get(config, "blobSchedule");
	json_t *schedule = json_object_get(schedules, fork);
	char active[FORK_NAME] = "";
	uint64_t max;

	t->reader.where = "config";
	fork_active(json_object_get(test, "env"), fork, active);
	*blobs = fork_blobs(active);
	max = blobs->max;
	if (!schedule)
		schedule = json_object_get(schedules, active);
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
	struct evm_blob_schedule blobs;
	struct reader *r = &t->reader;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->refused = has(post, "expectException");
	if (!t->evm.state)
		return reader_fail(r, "no memory");
	if (!load_config(t, test, fork, &blobs) ||
	    !read_env(r, json_object_get(test, "env"), t->evm.fork,
		      blobs.fraction, &t->evm.block) ||
	    !read_accounts(r, json_object_get(test, "pre"), t->evm.state))
		return false;
	t->evm.block.blob_max = blobs.max;
	r->where = "post";
	if (!read_hash(r, post, "hash", &t->root) ||
	    !read_hash(r, post, "logs", &t->logs))
		return false;
	/*
	 * Some fixtures have numbers that no transaction can have and expect
	 * them to be refused; those are no mistake of the file.
	 */
	r->takes_wide = t->refused;
	if (!load_tx(t, json_object_get(test, "transaction"),
		     json_object_get(post, "indexes")))
		return false;
	t->unrepresentable = r->wide;
	return true;
}

void statecase_unload(struct statecase *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	json_tx_fini(&t->tx);
}
