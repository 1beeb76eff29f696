/*
 * chaintest.c: the fixtures of what surrounds the machine: RLPTests,
 * TrieTests and TransactionTests.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/mpt.h"
#include "evm/tool/fixture.h"
#include "evm/tx.h"
#include "evm/tx_decode.h"

static void verdict(struct batch *batch, const char *name, const char *error)
{
	struct verdict v = {.name = name, .index = -1, .error = error};

	batch_verdict(batch, &v);
}

#define DECIMAL_BYTES 128

/* value = value * 10 + digit, most significant byte first */
static void push_digit(uint8_t value[DECIMAL_BYTES], unsigned digit)
{
	for (size_t i = DECIMAL_BYTES; i-- > 0; digit >>= 8) {
		digit += value[i] * 10u;
		value[i] = (uint8_t)digit;
	}
}

/* Strings are bytes, but those that begin with # are numbers in decimal. */
static void write_string(struct evm_rlp *r, json_t *string)
{
	const char *text = json_string_value(string);
	uint8_t value[DECIMAL_BYTES] = {0};
	size_t zeros = 0;

	if (*text != '#') {
		evm_rlp_string(r, (const uint8_t *)text,
			       json_string_length(string));
		return;
	}
	while (*++text)
		push_digit(value, (unsigned)(*text - '0'));
	while (zeros < sizeof(value) && value[zeros] == 0)
		zeros++;
	evm_rlp_string(r, value + zeros, sizeof(value) - zeros);
}

/* The JSON's own depth bounds this: jansson takes 2048 at most. */
static void write_json(struct evm_rlp *r, json_t *json)
{
	struct u256 number;
	json_t *item;
	size_t i, list;

	if (json_is_array(json)) {
		list = evm_rlp_begin(r);
		json_array_foreach(json, i, item) write_json(r, item);
		evm_rlp_end(r, list);
	} else if (json_is_string(json)) {
		write_string(r, json);
	} else {
		number = u256_from((uint64_t)json_integer_value(json));
		evm_rlp_number(r, &number);
	}
}

static const char *check_rlp(json_t *in, const uint8_t *out, size_t len)
{
	struct evm_rlp r = {.alloc = &host_allocator};
	const char *text = json_string_value(in);
	bool valid = evm_rlp_valid(out, len), same;

	if (text && strcmp(text, "INVALID") == 0)
		return valid ? "it was not refused" : NULL;
	if (!valid)
		return "it was refused";
	if (text && strcmp(text, "VALID") == 0)
		return NULL;
	write_json(&r, in);
	same = !r.failed && r.len == len && memcmp(r.bytes, out, len) == 0;
	evm_rlp_fini(&r);
	return same ? NULL : "it is written differently";
}

static void run_rlp(struct batch *batch, const char *name, json_t *test)
{
	json_t *in = json_object_get(test, "in");
	struct reader r = {0};
	uint8_t *out = NULL;
	size_t len = 0;

	if (!in || !read_bytes(&r, test, "out", &out, &len))
		verdict(batch, name, in ? r.problem : "in: missing");
	else
		verdict(batch, name, check_rlp(in, out, len));
	free(out);
}

/* A key or value: bytes as text, or hex with 0x. */
static uint8_t *bytes_of_text(const char *text, size_t *len)
{
	uint8_t *bytes;

	if (strncmp(text, "0x", 2) == 0)
		return parse_bytes(text, &bytes, len) ? bytes : NULL;
	*len = strlen(text);
	return (uint8_t *)strdup(text);
}

static const char *add_pair(struct evm_trie *t, const char *key,
			    const char *value, bool secure)
{
	size_t key_len, len, start = t->values.len;
	uint8_t *k = bytes_of_text(key, &key_len);
	uint8_t *v = bytes_of_text(value, &len);
	const char *error = k && v ? NULL : "bad hex";

	if (!error) {
		evm_rlp_raw(&t->values, v, len);
		if (secure)
			evm_trie_add_hashed(t, k, key_len, start);
		else
			evm_trie_add(t, k, key_len, start);
	}
	free(k);
	free(v);
	return error;
}

/* Pairs in order: a later value takes a key's place, null takes it away. */
static json_t *last_values(json_t *in)
{
	json_t *values = json_object(), *pair;
	size_t i;

	if (json_is_object(in)) {
		json_object_update(values, in);
		return values;
	}
	json_array_foreach(in, i, pair)
	{
		const char *key = json_string_value(json_array_get(pair, 0));
		json_t *value = json_array_get(pair, 1);

		if (key && json_is_string(value))
			json_object_set(values, key, value);
		else if (key)
			json_object_del(values, key);
	}
	return values;
}

static const char *check_trie(const struct batch *batch, json_t *test)
{
	bool secure = strcasestr(batch->file, "secure");
	json_t *values = last_values(json_object_get(test, "in")), *value;
	struct evm_hash root, expected;
	const char *key, *error = NULL;
	struct reader r = {0};
	struct evm_trie t;

	evm_trie_init(&t, &host_allocator);
	json_object_foreach(values, key, value)
	{
		if (!error && json_is_string(value))
			error = add_pair(&t, key, json_string_value(value),
					 secure);
	}
	if (evm_trie_finish(&t, &root) < 0)
		error = "no memory";
	if (!error && !read_hash(&r, test, "root", &expected))
		error = "root: missing or no hash";
	if (!error && memcmp(&root, &expected, sizeof(root)) != 0)
		error = "different root";
	json_decref(values);
	return error;
}

static void run_trie(struct batch *batch, const char *name, json_t *test)
{
	if (json_is_object(test) && !has(test, "root") && has(test, "tests"))
		batch->counts.skipped++; /* of iterators, which it has not */
	else
		verdict(batch, name, check_trie(batch, test));
}

/* A state in which nothing stands against it but the transaction itself. */
static enum evm_status check_tx(struct evm_signed_tx *s, enum evm_fork fork)
{
	struct evm_transaction tx;
	struct evm evm = {.alloc = host_allocator,
			  .fork = fork,
			  .chain_id = 1,
			  .block.gas_limit = UINT64_MAX};
	struct u256 all = u256_not(&(struct u256){{0}});
	enum evm_status status = evm_tx_recover(s, fork, 1);

	if (status != EVM_SUCCESS)
		return status;
	tx = s->tx;
	tx.value = u256_from(0); /* whatever it is, somebody may have it */
	evm.state = evm_state_create(&host_allocator);
	if (!evm.state ||
	    evm_state_put(evm.state, &tx.sender, tx.nonce, &all, NULL, 0) < 0)
		status = EVM_TX_BALANCE;
	else
		status = evm_tx_check(&evm, &tx);
	evm_state_destroy(evm.state);
	return status;
}

static const char *compare_tx(json_t *expected, const struct evm_signed_tx *s,
			      enum evm_fork fork, struct reader *r)
{
	struct evm_address sender;
	struct evm_hash hash;
	uint64_t is_gas = evm_intrinsic_gas(fork, &s->tx), gas = is_gas;

	if (!read_address(r, expected, "sender", &sender) ||
	    !read_hash(r, expected, "hash", &hash) ||
	    !maybe_u64(r, expected, "intrinsicGas", &gas))
		return r->problem;
	if (memcmp(&sender, &s->tx.sender, sizeof(sender)) != 0)
		return "different sender";
	if (memcmp(&hash, &s->hash, sizeof(hash)) != 0)
		return "different hash";
	return gas == is_gas ? NULL : "different gas";
}

static const char *check_result(json_t *expected, enum evm_fork fork,
				const uint8_t *bytes, size_t len,
				struct reader *r)
{
	struct evm_signed_tx s;
	int status = evm_tx_decode(&host_allocator, bytes, len, &s);
	bool decoded = status == 0;
	const char *error = NULL;

	if (decoded)
		status = check_tx(&s, fork);
	if (status < 0)
		error = "no memory";
	else if (has(expected, "exception") || !has(expected, "sender"))
		error = status == EVM_SUCCESS ? "it was not refused" : NULL;
	else if (status != EVM_SUCCESS)
		error = evm_status_text((enum evm_status)status);
	else
		error = compare_tx(expected, &s, fork, r);
	if (decoded)
		evm_tx_decode_fini(&host_allocator, &s);
	return error;
}

static void run_tx_fork(struct batch *batch, const char *name, json_t *test,
			const char *fork_name, json_t *expected)
{
	enum evm_fork fork = evm_fork_find(fork_name);
	struct verdict v = {.name = name, .fork = fork_name, .index = -1};
	bool old = !has(test, "txbytes");
	struct reader r = {0};
	uint8_t *bytes = NULL;
	size_t len;

	if (batch->fork != EVM_FORK_COUNT && batch->fork != fork)
		return;
	if (fork == EVM_FORK_COUNT)
		v.error = "unknown fork";
	else if (!read_bytes(&r, test, old ? "rlp" : "txbytes", &bytes, &len))
		v.error = old && !has(expected, "sender") ? NULL : r.problem;
	else
		v.error = check_result(expected, fork, bytes, len, &r);
	batch_verdict(batch, &v);
	free(bytes);
}

/*
 * Until 2021 `rlp` was the transaction, some without being hex, and the forks
 * stood beside it.
 */
static void run_tx(struct batch *batch, const char *name, json_t *test)
{
	json_t *results = json_object_get(test, "result"), *expected;
	const char *fork_name;

	if (!has(test, "txbytes") && !has(test, "rlp")) {
		verdict(batch, name, "txbytes: missing");
		return;
	}
	json_object_foreach(results ? results : test, fork_name, expected)
	{
		if (json_is_object(expected) && *fork_name != '_')
			run_tx_fork(batch, name, test, fork_name, expected);
	}
}

#define HELP(name, what)                                            \
	"usage: evm " name " [OPTION...] [FILE|FOLDER...]\n"        \
	"Run " what " fixtures. Options and results are those of\n" \
	"evm statetest; see evm statetest --help.\n"

int cmd_rlptest(int argc, char **argv)
{
	struct batch batch = {.command = "rlptest",
			      .help = HELP("rlptest", "RLPTests"),
			      .json_flags = JSON_ALLOW_NUL,
			      .run = run_rlp};

	return batch_main(&batch, argc, argv);
}

int cmd_trietest(int argc, char **argv)
{
	struct batch batch = {.command = "trietest",
			      .help = HELP("trietest", "TrieTests"),
			      .run = run_trie};

	return batch_main(&batch, argc, argv);
}

int cmd_txtest(int argc, char **argv)
{
	struct batch batch = {.command = "txtest",
			      .help = HELP("txtest", "TransactionTests"),
			      .run = run_tx};

	return batch_main(&batch, argc, argv);
}
