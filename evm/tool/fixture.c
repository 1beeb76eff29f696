/* fixture.c: JSON fixtures; see fixture.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"
#include "evm/tool/fixture.h"

/* What geth takes for a block of London whose base fee is not given. */
#define BASE_FEE_DEFAULT 10

json_t *read_json(const char *path, size_t flags, char problem[JSON_PROBLEM])
{
	json_error_t error;
	size_t len;
	char *text = read_file(path, &len);
	json_t *json;

	if (!text) {
		snprintf(problem, JSON_PROBLEM, "cannot be read: %s",
			 strerror(errno));
		return NULL;
	}
	json = json_loadb(text, len, flags, &error);
	if (!json)
		snprintf(problem, JSON_PROBLEM, "line %d, column %d: %s",
			 error.line, error.column, error.text);
	free(text);
	return json;
}

bool reader_fail(struct reader *r, const char *format, ...)
{
	size_t len = 0;
	va_list args;

	if (r->problem[0])
		return false;
	if (r->where)
		len = (size_t)snprintf(r->problem, sizeof(r->problem),
				       "%s: ", r->where);
	va_start(args, format);
	vsnprintf(r->problem + len, sizeof(r->problem) - len, format, args);
	va_end(args);
	return false;
}

bool has(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value && !json_is_null(value);
}

/* NULL, and the reason is noted, if it is no string. */
static const char *text_of(struct reader *r, json_t *value, const char *name)
{
	if (!value)
		reader_fail(r, "%s: missing", name);
	else if (!json_is_string(value))
		reader_fail(r, "%s: not a string", name);
	return json_string_value(value);
}

/* Digits alone: hex behind 0x, or decimal. */
static bool has_digits(const char *text)
{
	bool is_hex = strncmp(text, "0x", 2) == 0;
	const char *digits = is_hex ? text + 2 : text;

	return digits[strspn(digits, is_hex ? "0123456789abcdefABCDEF"
					    : "0123456789")] == 0;
}

static bool too_wide(struct reader *r, const char *text, struct u256 *number)
{
	if (!r->takes_wide || !has_digits(text))
		return false;
	r->wide = true;
	*number = u256_from(0);
	return true;
}

bool number_of(struct reader *r, json_t *value, const char *name,
	       struct u256 *number)
{
	static const char big[] = "0x:bigint ";
	const char *text;

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*number = u256_from((uint64_t)json_integer_value(value));
		return true;
	}
	text = text_of(r, value, name);
	if (!text)
		return false;
	if (strncmp(text, big, strlen(big)) == 0)
		text += strlen(big);
	if (!*text || strcmp(text, "0x") == 0) {
		*number = u256_from(0);
		return true;
	}
	return (strncmp(text, "0x", 2) ? parse_decimal(text, number)
				       : parse_number(text, number)) ||
	       too_wide(r, text, number) ||
	       reader_fail(r, "%s: \"%.70s\" is no number of 256 bits", name,
			   text);
}

bool address_of(struct reader *r, json_t *value, const char *name,
		struct evm_address *addr)
{
	const char *text = text_of(r, value, name);

	if (!text)
		return false;
	return parse_address(text, addr) ||
	       reader_fail(r, "%s: \"%.70s\" is no address", name, text);
}

static bool bytes_of(struct reader *r, json_t *value, const char *name,
		     uint8_t **bytes, size_t *len)
{
	const char *text = text_of(r, value, name);

	*bytes = NULL;
	if (!text)
		return false;
	return parse_bytes(text, bytes, len) ||
	       reader_fail(r, "%s: \"%.60s\" is not hex", name, text);
}

bool hash_of(struct reader *r, json_t *value, const char *name,
	     struct evm_hash *hash)
{
	uint8_t *bytes;
	size_t len;

	if (!bytes_of(r, value, name, &bytes, &len))
		return false;
	if (len == sizeof(hash->bytes))
		memcpy(hash->bytes, bytes, len);
	free(bytes);
	return len == sizeof(hash->bytes) ||
	       reader_fail(r, "%s: %zu bytes, not 32", name, len);
}

bool read_number(struct reader *r, json_t *object, const char *key,
		 struct u256 *value)
{
	return number_of(r, json_object_get(object, key), key, value);
}

bool u64_of(struct reader *r, json_t *value, const char *name, uint64_t *number)
{
	struct u256 wide;

	if (!number_of(r, value, name, &wide))
		return false;
	*number = wide.w[0];
	if (u256_fits_u64(&wide))
		return true;
	r->wide = r->takes_wide;
	return r->wide || reader_fail(r, "%s: more than 64 bits", name);
}

bool read_u64(struct reader *r, json_t *object, const char *key,
	      uint64_t *value)
{
	return u64_of(r, json_object_get(object, key), key, value);
}

bool read_address(struct reader *r, json_t *object, const char *key,
		  struct evm_address *addr)
{
	return address_of(r, json_object_get(object, key), key, addr);
}

bool read_bytes(struct reader *r, json_t *object, const char *key,
		uint8_t **bytes, size_t *len)
{
	return bytes_of(r, json_object_get(object, key), key, bytes, len);
}

bool read_hash(struct reader *r, json_t *object, const char *key,
	       struct evm_hash *hash)
{
	return hash_of(r, json_object_get(object, key), key, hash);
}

bool maybe_number(struct reader *r, json_t *object, const char *key,
		  struct u256 *value)
{
	return !has(object, key) || read_number(r, object, key, value);
}

bool maybe_u64(struct reader *r, json_t *object, const char *key,
	       uint64_t *value)
{
	return !has(object, key) || read_u64(r, object, key, value);
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

bool read_env(struct reader *r, json_t *env, enum evm_fork fork,
	      uint64_t blob_fraction, struct evm_block *block)
{
	uint64_t excess = 0;

	r->where = "env";
	*block = (struct evm_block){.hash = fixture_block_hash};
	if (!json_is_object(env))
		return reader_fail(r, "missing");
	if (fork >= EVM_LONDON)
		block->base_fee = u256_from(BASE_FEE_DEFAULT);
	if (!read_address(r, env, "currentCoinbase", &block->coinbase) ||
	    !maybe_number(r, env, "currentDifficulty", &block->difficulty) ||
	    !maybe_number(r, env, "currentRandom", &block->prev_randao) ||
	    !maybe_number(r, env, "currentBaseFee", &block->base_fee) ||
	    !maybe_u64(r, env, "currentExcessBlobGas", &excess) ||
	    !read_u64(r, env, "currentGasLimit", &block->gas_limit) ||
	    !read_u64(r, env, "currentNumber", &block->number) ||
	    !read_u64(r, env, "currentTimestamp", &block->timestamp))
		return false;
	if (!has(env, "currentRandom"))
		block->prev_randao = block->difficulty;
	if (fork >= EVM_CANCUN)
		block->blob_base_fee = evm_blob_base_fee(excess, blob_fraction);
	return true;
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
		if (!parse_number(key, &slot))
			return reader_fail(r, "storage: \"%.70s\" is no number",
					   key);
		if (!number_of(r, value, "storage", &word))
			return false;
		if (evm_state_put_storage(state, addr, &slot, &word) < 0)
			return reader_fail(r, "storage: no memory");
	}
	return true;
}

static bool read_account(struct reader *r, const char *address, json_t *account,
			 struct evm_state *state)
{
	struct u256 balance = u256_from(0);
	struct evm_address addr;
	uint8_t *code = NULL;
	uint64_t nonce = 0;
	size_t len = 0;
	int err;

	if (!parse_address(address, &addr))
		return reader_fail(r, "\"%.60s\" is no address", address);
	if (!maybe_u64(r, account, "nonce", &nonce) ||
	    !maybe_number(r, account, "balance", &balance) ||
	    (has(account, "code") &&
	     !read_bytes(r, account, "code", &code, &len)))
		return false;
	err = evm_state_put(state, &addr, nonce, &balance, code, len);
	free(code);
	if (err < 0)
		return reader_fail(r, "no memory");
	return read_storage(r, json_object_get(account, "storage"), state,
			    &addr);
}

bool read_accounts(struct reader *r, json_t *accounts, struct evm_state *state)
{
	const char *key;
	json_t *value;

	r->where = "accounts";
	if (!json_is_object(accounts))
		return reader_fail(r, accounts ? "not an object" : "missing");
	json_object_foreach(accounts, key, value)
	{
		if (!read_account(r, key, value, state))
			return false;
	}
	return true;
}

static bool same_code(const struct evm_account *a, const struct evm_account *b)
{
	const uint8_t *code_a, *code_b;
	size_t len_a, len_b;

	evm_account_code(a, &code_a, &len_a);
	evm_account_code(b, &code_b, &len_b);
	return len_a == len_b &&
	       (len_a == 0 || memcmp(code_a, code_b, len_a) == 0);
}

/* Whether all of a's storage is in b. */
static bool storage_in(const struct evm_account *a, const struct evm_account *b)
{
	const struct evm_slot *s = NULL;
	struct u256 other;

	while ((s = evm_account_next_slot(a, s))) {
		other = evm_account_storage(b, &s->key);
		if (!u256_equal(&other, &s->value))
			return false;
	}
	return true;
}

static const char *account_difference(const struct evm_account *x,
				      const struct evm_account *y)
{
	if (!y)
		return "existence";
	if (x->nonce != y->nonce)
		return "nonce";
	if (!u256_equal(&x->balance, &y->balance))
		return "balance";
	if (!same_code(x, y))
		return "code";
	return storage_in(x, y) && storage_in(y, x) ? NULL : "storage";
}

static const char *one_way(const struct evm_state *a, const struct evm_state *b,
			   char *text, size_t size)
{
	const struct evm_account *x = NULL;
	const char *what;
	size_t len;

	while ((x = evm_state_next(a, x))) {
		what = account_difference(x, evm_state_find(b, &x->address));
		if (!what)
			continue;
		len = (size_t)snprintf(text, size, "different %s of 0x", what);
		for (size_t i = 0; i < 20 && len + 2 < size; i++, len += 2)
			snprintf(text + len, size - len, "%02x",
				 x->address.bytes[i]);
		return text;
	}
	return NULL;
}

const char *accounts_difference(const struct evm_state *is,
				const struct evm_state *expected, char *text,
				size_t size)
{
	const char *what = one_way(is, expected, text, size);

	return what ? what : one_way(expected, is, text, size);
}
