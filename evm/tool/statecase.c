/* statecase.c: reading a case of a state test; see statecase.h. */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/sign.h"
#include "evm/tool/statecase.h"

/* "15k" is 15000. */
static bool parse_when(const char *text, uint64_t *when)
{
	char *end;

	*when = strtoull(text, &end, 10);
	if (*end == 'k') {
		*when *= 1000;
		end++;
	}
	return end != text && !*end;
}

static enum evm_fork fork_called(const char *name, size_t len)
{
	char text[32];

	if (len >= sizeof(text))
		return EVM_FORK_COUNT;
	memcpy(text, name, len);
	text[len] = 0;
	return evm_fork_find(text);
}

enum evm_fork statecase_fork(json_t *test, const char *name)
{
	json_t *env = json_object_get(test, "env");
	const char *to = strstr(name, "To"), *at = to ? strstr(to, "At") : NULL;
	enum evm_fork before, after;
	struct reader r = {0};
	uint64_t when, now = 0;
	bool by_time;

	if (!at)
		return evm_fork_find(name);
	by_time = strncmp(at, "AtTime", 6) == 0;
	before = fork_called(name, (size_t)(to - name));
	after = fork_called(to + 2, (size_t)(at - to - 2));
	if (before == EVM_FORK_COUNT || after == EVM_FORK_COUNT ||
	    !parse_when(at + (by_time ? 6 : 2), &when) ||
	    !read_u64(&r, env, by_time ? "currentTimestamp" : "currentNumber",
		      &now))
		return EVM_FORK_COUNT;
	return now >= when ? after : before;
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
