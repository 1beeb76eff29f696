/* fixture.c: JSON fixtures; see fixture.h. */
#include <errno.h>
#include <fts.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"
#include "evm/tool/fixture.h"

void batch_fail(struct batch *batch, const char *name, const char *format, ...)
{
	va_list args;

	batch->failed++;
	if (batch->summary)
		return;
	printf("FAIL %s: %s: ", batch->file, name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static bool bad(struct reader *r, const char *key)
{
	if (!r->problem)
		r->problem = key;
	return false;
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

bool read_number(struct reader *r, json_t *object, const char *key,
		 struct u256 *value)
{
	return parse_number(text_of(object, key), value) || bad(r, key);
}

bool read_u64(struct reader *r, json_t *object, const char *key,
	      uint64_t *value)
{
	struct u256 wide;

	if (!read_number(r, object, key, &wide) || !u256_fits_u64(&wide))
		return bad(r, key);
	*value = wide.w[0];
	return true;
}

bool read_address(struct reader *r, json_t *object, const char *key,
		  struct evm_address *addr)
{
	return parse_address(text_of(object, key), addr) || bad(r, key);
}

bool read_bytes(struct reader *r, json_t *object, const char *key,
		uint8_t **bytes, size_t *len)
{
	return parse_bytes(text_of(object, key), bytes, len) || bad(r, key);
}

bool read_hash(struct reader *r, json_t *object, const char *key,
	       struct evm_hash *hash)
{
	uint8_t *bytes;
	size_t len;

	if (!read_bytes(r, object, key, &bytes, &len))
		return false;
	if (len == sizeof(hash->bytes))
		memcpy(hash->bytes, bytes, len);
	free(bytes);
	return len == sizeof(hash->bytes) || bad(r, key);
}

/* Fixtures: the hash of a block is that of its number in decimal. */
static int fixture_block_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu",
			   (unsigned long long)number);

	evm_keccak256((const uint8_t *)text, (size_t)len, hash->bytes);
	return 0;
}

bool read_env(struct reader *r, json_t *env, struct evm_block *block)
{
	*block = (struct evm_block){.hash = fixture_block_hash};
	return read_address(r, env, "currentCoinbase", &block->coinbase) &&
	       read_number(r, env, "currentDifficulty", &block->difficulty) &&
	       read_u64(r, env, "currentGasLimit", &block->gas_limit) &&
	       read_u64(r, env, "currentNumber", &block->number) &&
	       read_u64(r, env, "currentTimestamp", &block->timestamp);
}

static bool read_storage(struct reader *r, json_t *storage,
			 struct evm_state *state,
			 const struct evm_address *addr)
{
	struct u256 slot, word;
	const char *key;
	json_t *value;

	json_object_foreach(storage, key, value)
	{
		if (!parse_number(key, &slot) ||
		    !read_number(r, storage, key, &word))
			return bad(r, "storage");
		if (evm_state_put_storage(state, addr, &slot, &word) < 0)
			return bad(r, "storage: no memory");
	}
	return true;
}

static bool read_account(struct reader *r, const char *address, json_t *account,
			 struct evm_state *state)
{
	struct evm_address addr;
	struct u256 balance;
	uint8_t *code;
	uint64_t nonce;
	size_t len;
	int err;

	if (!parse_address(address, &addr))
		return bad(r, "address");
	if (!read_u64(r, account, "nonce", &nonce) ||
	    !read_number(r, account, "balance", &balance) ||
	    !read_bytes(r, account, "code", &code, &len))
		return false;
	err = evm_state_put(state, &addr, nonce, &balance, code, len);
	free(code);
	if (err < 0)
		return bad(r, "account: no memory");
	return read_storage(r, json_object_get(account, "storage"), state,
			    &addr);
}

bool read_accounts(struct reader *r, json_t *accounts, struct evm_state *state)
{
	const char *key;
	json_t *value;

	if (!json_is_object(accounts))
		return bad(r, "accounts");
	json_object_foreach(accounts, key, value)
	{
		if (!read_account(r, key, value, state))
			return false;
	}
	return true;
}

static void run_file(struct batch *batch, const char *path)
{
	json_error_t error;
	const char *name;
	json_t *tests, *test;

	batch->file = path;
	tests = json_load_file(path, 0, &error);
	if (!tests || !json_is_object(tests)) {
		batch_fail(batch, "file", "line %d: %s", error.line,
			   tests ? "not an object" : error.text);
		json_decref(tests);
		return;
	}
	json_object_foreach(tests, name, test)
	{
		if (!batch->filter || strstr(name, batch->filter))
			batch->run(batch, name, test);
	}
	json_decref(tests);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_json(const FTSENT *e)
{
	return e->fts_namelen > 5 &&
	       strcmp(e->fts_name + e->fts_namelen - 5, ".json") == 0;
}

/* A file named by hand is read whatever its name is. */
static int walk(struct batch *batch, char *path)
{
	char *paths[] = {path, NULL};
	FTS *fts = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;
	int err = 0;

	while (fts && (e = fts_read(fts))) {
		if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR ||
		    e->fts_info == FTS_DNR)
			err = complain(EXIT_USAGE,
				       "%s: %s; name a file or folder of "
				       "JSON fixtures",
				       e->fts_path, strerror(e->fts_errno));
		if (e->fts_info == FTS_F && (is_json(e) || e->fts_level == 0))
			run_file(batch, e->fts_path);
	}
	if (fts)
		fts_close(fts);
	return err;
}

static int option(struct batch *batch, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : "";

	if (strcmp(arg, "--summary") == 0) {
		batch->summary = true;
	} else if (strcmp(arg, "--trace") == 0) {
		batch->trace = true;
	} else if (strcmp(arg, "--run") == 0 && *value) {
		batch->filter = value;
		++*i;
	} else if (strcmp(arg, "--fork") == 0 &&
		   evm_fork_find(value) < EVM_FORK_COUNT) {
		batch->fork = evm_fork_find(value);
		++*i;
	} else {
		return complain(EXIT_USAGE,
				"%s %s: no such option or value; see evm %s "
				"--help",
				argv[0], arg, argv[0]);
	}
	return 0;
}

int batch_main(struct batch *batch, int argc, char **argv, const char *help)
{
	int err = 0, paths = 0;

	batch->fork = EVM_FORK_COUNT;
	for (int i = 1; i < argc && err == 0; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return 0;
		}
		if (argv[i][0] == '-') {
			err = option(batch, argc, argv, &i);
		} else {
			paths++;
			err = walk(batch, argv[i]);
		}
	}
	if (err)
		return err;
	if (paths == 0)
		return complain(EXIT_USAGE,
				"%s: no file was named; see evm %s --help",
				argv[0], argv[0]);
	printf("%lu passed, %lu failed, %lu skipped\n", batch->passed,
	       batch->failed, batch->skipped);
	if (batch->passed + batch->failed + batch->skipped == 0)
		return complain(EXIT_BAD, "%s: no test was found", argv[0]);
	return batch->failed ? EXIT_BAD : EXIT_DONE;
}
