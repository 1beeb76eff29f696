/* dump.c: accounts as JSON; see dump.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evm/tool/dump.h"

static void put_hex(char *text, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	*text++ = '0';
	*text++ = 'x';
	for (size_t i = 0; i < len; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = 0;
}

json_t *json_hex(const uint8_t *bytes, size_t len)
{
	char *text = malloc(2 * len + 3);
	json_t *json = NULL;

	if (text) {
		put_hex(text, bytes, len);
		json = json_string(text);
	}
	free(text);
	return json;
}

static void put_number(char text[67], const struct u256 *value)
{
	uint8_t bytes[32];
	char all[67];
	size_t zeros = 0;

	u256_store(bytes, value);
	put_hex(all, bytes, sizeof(bytes));
	while (zeros < 63 && all[2 + zeros] == '0')
		zeros++;
	memcpy(text, "0x", 2);
	memcpy(text + 2, all + 2 + zeros, 65 - zeros);
}

json_t *json_number(const struct u256 *value)
{
	char text[67];

	put_number(text, value);
	return json_string(text);
}

json_t *json_u64(uint64_t value)
{
	struct u256 wide = u256_from(value);

	return json_number(&wide);
}

static json_t *word(const struct u256 *value)
{
	uint8_t bytes[32];

	u256_store(bytes, value);
	return json_hex(bytes, sizeof(bytes));
}

static json_t *dump_storage(const struct evm_account *account)
{
	const struct evm_slot *slot = NULL;
	json_t *storage = json_object();
	uint8_t bytes[32];
	char key[67];

	while ((slot = evm_account_next_slot(account, slot))) {
		u256_store(bytes, &slot->key);
		put_hex(key, bytes, sizeof(bytes));
		json_object_set_new(storage, key, word(&slot->value));
	}
	return storage;
}

static json_t *dump_account(const struct evm_account *account)
{
	json_t *json = json_object(), *storage = dump_storage(account);
	const uint8_t *code;
	size_t len;

	evm_account_code(account, &code, &len);
	if (len > 0)
		json_object_set_new(json, "code", json_hex(code, len));
	if (json_object_size(storage) > 0)
		json_object_set(json, "storage", storage);
	json_object_set_new(json, "balance", json_number(&account->balance));
	if (account->nonce > 0)
		json_object_set_new(json, "nonce", json_u64(account->nonce));
	json_decref(storage);
	return json;
}

json_t *dump_accounts(const struct evm_state *state)
{
	const struct evm_account *account = NULL;
	json_t *json = json_object();
	char key[43];

	while ((account = evm_state_next(state, account))) {
		put_hex(key, account->address.bytes, 20);
		json_object_set_new(json, key, dump_account(account));
	}
	return json;
}
