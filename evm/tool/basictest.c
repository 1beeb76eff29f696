/*
 * basictest.c: BasicTests and DifficultyTests: difficulties of blocks, keys
 * with their addresses, and signed transactions. What is in those files of
 * other parts of a client (its own ciphers, the steps of a trie) is passed
 * over.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/difficulty.h"
#include "evm/tool/fixture.h"
#include "evm/tool/sign.h"

/* Since which block each fork that changed the difficulty holds. */
static const struct chain {
	const char *file; /* a part of the file's name; the first one counts */
	uint64_t homestead, byzantium, constantinople, muir_glacier;
} chains[] = {{"Ropsten", 0, 1700000, 4230000, UINT64_MAX},
	      {"Frontier", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
	      {"Homestead", 0, UINT64_MAX, UINT64_MAX, UINT64_MAX},
	      {"Byzantium", 0, 0, UINT64_MAX, UINT64_MAX},
	      {"Constantinople", 0, 0, 0, UINT64_MAX},
	      {"EIP2384", 0, 0, 0, 0},
	      /* the main network, when these files were made */
	      {"", 1150000, 4370000, 7280000, UINT64_MAX}};

static enum evm_fork fork_at(const char *file, uint64_t number)
{
	const char *slash = strrchr(file, '/');
	const struct chain *c = chains;

	while (!strstr(slash ? slash : file, c->file))
		c++;
	if (number >= c->muir_glacier)
		return EVM_BERLIN; /* the same bomb */
	if (number >= c->constantinople)
		return EVM_CONSTANTINOPLE;
	if (number >= c->byzantium)
		return EVM_BYZANTIUM;
	return number >= c->homestead ? EVM_HOMESTEAD : EVM_FRONTIER;
}

/* A hash, or in some files whether there are any: 0x00 or 0x01. */
static bool read_uncles(struct reader *r, json_t *test, bool *any)
{
	static const char none[] = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b"
				   "948a7413f0a142fd40d49347";
	struct u256 value, no_uncles = u256_from(0);

	*any = false;
	if (!has(test, "parentUncles"))
		return true;
	if (!read_number(r, test, "parentUncles", &value))
		return false;
	parse_number(none, &no_uncles);
	*any = !u256_is_zero(&value) && !u256_equal(&value, &no_uncles);
	return true;
}

/* By a fork's name, or without one by the file's name and the block's number. */
static const char *check_difficulty(const char *file, const char *fork_name,
				    json_t *test, struct reader *r)
{
	struct parent_block parent = {0};
	struct u256 expected, is;
	uint64_t number, timestamp, delay;
	enum evm_fork fork;

	if (!read_u64(r, test, "parentTimestamp", &parent.timestamp) ||
	    !read_number(r, test, "parentDifficulty", &parent.difficulty) ||
	    !read_uncles(r, test, &parent.has_uncles) ||
	    !read_u64(r, test, "currentTimestamp", &timestamp) ||
	    !read_u64(r, test, "currentBlockNumber", &number) ||
	    !read_number(r, test, "currentDifficulty", &expected))
		return r->problem;
	fork = fork_name ? evm_fork_find(fork_name) : fork_at(file, number);
	if (fork == EVM_FORK_COUNT)
		return "unknown fork";
	delay = fork_name ? difficulty_named_delay(fork_name)
			  : difficulty_bomb_delay(fork);
	is = difficulty_next(fork, delay, number, timestamp, &parent);
	return u256_equal(&is, &expected) ? NULL : "different difficulty";
}

/* Hex without 0x. */
static bool read_key(struct reader *r, json_t *test, struct evm_address *addr)
{
	const char *text = json_string_value(json_object_get(test, "key"));
	struct u256 key;

	return (text && parse_number(text, &key) && key_address(&key, addr)) ||
	       reader_fail(r, "key: missing, or not a key");
}

/* The signatures beside them are none: an s is above 256 bits. */
static const char *check_key(json_t *test, struct reader *r)
{
	struct evm_address expected, is;

	if (!read_key(r, test, &is) ||
	    !read_address(r, test, "addr", &expected))
		return r->problem;
	return memcmp(&is, &expected, sizeof(is)) ? "different address" : NULL;
}

/* All integers are read as doubles here, as some are above 64 bits. */
static bool is_number(json_t *test, const char *key, const struct u256 *is)
{
	double number = json_number_value(json_object_get(test, key));

	return u256_fits_u64(is) && number == (double)is->w[0];
}

static bool is_u64(json_t *test, const char *key, uint64_t is)
{
	struct u256 wide = u256_from(is);

	return is_number(test, key, &wide);
}

static const char *compare_tx(json_t *test, struct reader *r,
			      struct evm_signed_tx *s)
{
	struct evm_address sender;

	if (!read_key(r, test, &sender))
		return r->problem;
	if (evm_tx_recover(s, EVM_FRONTIER, 1) != EVM_SUCCESS ||
	    memcmp(&s->tx.sender, &sender, sizeof(sender)) != 0)
		return "different sender";
	return is_u64(test, "nonce", s->tx.nonce) &&
			       is_u64(test, "startgas", s->tx.gas_limit) &&
			       is_number(test, "gasprice", &s->tx.gas_price) &&
			       is_number(test, "value", &s->tx.value)
		       ? NULL
		       : "different transaction";
}

static const char *check_tx(json_t *test, struct reader *r)
{
	struct evm_signed_tx s;
	const char *error;
	uint8_t *bytes;
	size_t len;

	if (!read_bytes(r, test, "signed", &bytes, &len))
		return r->problem;
	if (evm_tx_decode(&host_allocator, bytes, len, &s) != 0) {
		free(bytes);
		return "signed: not a transaction";
	}
	error = compare_tx(test, r, &s);
	evm_tx_decode_fini(&host_allocator, &s);
	free(bytes);
	return error;
}

/* No chain has such a parent, and clients do not agree what follows it. */
static bool below_minimum(json_t *test)
{
	struct u256 minimum = u256_from(DIFFICULTY_MINIMUM), difficulty;
	struct reader r = {0};

	return read_number(&r, test, "parentDifficulty", &difficulty) &&
	       u256_less(&difficulty, &minimum);
}

static bool is_difficulty(json_t *test)
{
	return has(test, "parentDifficulty") && !below_minimum(test);
}

/* DifficultyTests: tests by name, under the name of a fork. */
static bool run_difficulties(struct batch *batch, json_t *file)
{
	const char *fork_name, *name;
	json_t *tests, *test;
	bool any = false;

	json_object_foreach(file, fork_name, tests)
	{
		json_object_foreach(tests, name, test)
		{
			struct verdict v = {
				.name = name, .fork = fork_name, .index = -1};
			struct reader r = {0};

			if (!is_difficulty(test))
				continue;
			any = true;
			if (batch->fork != EVM_FORK_COUNT &&
			    batch->fork != evm_fork_find(fork_name))
				continue;
			v.error = check_difficulty(batch->file, fork_name, test,
						   &r);
			batch_verdict(batch, &v);
		}
	}
	return any;
}

static void run_basic(struct batch *batch, const char *name, json_t *test)
{
	struct reader r = {0};
	struct verdict v = {.name = name, .index = -1};

	if (run_difficulties(batch, test))
		return;
	if (is_difficulty(test)) {
		v.error = check_difficulty(batch->file, NULL, test, &r);
	} else if (has(test, "sig_of_emptystring")) {
		v.error = check_key(test, &r);
	} else if (has(test, "signed")) {
		v.error = check_tx(test, &r);
	} else {
		batch->counts.skipped++;
		return;
	}
	batch_verdict(batch, &v);
}

int cmd_basictest(int argc, char **argv)
{
	struct batch batch = {
		.command = "basictest",
		.help = "usage: evm basictest [OPTION...] [FILE|FOLDER...]\n"
			"Run BasicTests and DifficultyTests fixtures, as far "
			"as\n"
			"they are of the machine's business. Options and "
			"results are those of\n"
			"evm statetest; see evm statetest --help.\n",
		.json_flags = JSON_DECODE_INT_AS_REAL,
		.takes_lists = true,
		.run = run_basic};

	return batch_main(&batch, argc, argv);
}
