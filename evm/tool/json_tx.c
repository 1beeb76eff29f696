/* json_tx.c: transactions as JSON; see json_tx.h. */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/json_tx.h"

static bool count_keys(struct reader *r, json_t *list, size_t *count)
{
	json_t *item;
	size_t i;

	*count = 0;
	json_array_foreach(list, i, item)
	{
		json_t *keys = json_object_get(item, "storageKeys");

		if (keys && !json_is_array(keys))
			return reader_fail(r, "storageKeys: not an array");
		*count += json_array_size(keys);
	}
	return true;
}

static bool read_access(struct reader *r, json_t *list, struct json_tx *tx)
{
	struct u256 *next;
	json_t *item, *key;
	size_t i, k, keys;

	if (!json_is_array(list))
		return reader_fail(r, "accessList: not an array");
	if (!count_keys(r, list, &keys))
		return false;
	tx->access = calloc(json_array_size(list) + 1, sizeof(*tx->access));
	tx->keys = next = calloc(keys + 1, sizeof(*tx->keys));
	if (!tx->access || !tx->keys)
		return reader_fail(r, "no memory");
	json_array_foreach(list, i, item)
	{
		json_t *array = json_object_get(item, "storageKeys");

		if (!read_address(r, item, "address", &tx->access[i].address))
			return false;
		tx->access[i].keys = next;
		tx->access[i].key_count = json_array_size(array);
		json_array_foreach(array, k, key)
		{
			if (!number_of(r, key, "storageKeys", next++))
				return false;
		}
	}
	tx->tx.access = tx->access;
	tx->tx.access_count = json_array_size(list);
	return true;
}

static bool read_blobs(struct reader *r, json_t *list, struct json_tx *tx)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return reader_fail(r, "blobVersionedHashes: not an array");
	tx->blob_hashes =
		calloc(json_array_size(list) + 1, sizeof(*tx->blob_hashes));
	if (!tx->blob_hashes)
		return reader_fail(r, "no memory");
	json_array_foreach(list, i, item)
	{
		if (!hash_of(r, item, "blobVersionedHashes",
			     &tx->blob_hashes[i]))
			return false;
	}
	tx->tx.blob_hashes = tx->blob_hashes;
	tx->tx.blob_count = json_array_size(list);
	return true;
}

static bool read_authorization(struct reader *r, json_t *item,
			       struct evm_authorization *auth)
{
	return read_number(r, item, "chainId", &auth->chain_id) &&
	       read_address(r, item, "address", &auth->address) &&
	       read_u64(r, item, "nonce", &auth->nonce) &&
	       read_number(r, item, has(item, "yParity") ? "yParity" : "v",
			   &auth->y_parity) &&
	       read_number(r, item, "r", &auth->r) &&
	       read_number(r, item, "s", &auth->s);
}

static bool read_authorizations(struct reader *r, json_t *list,
				struct json_tx *tx)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return reader_fail(r, "authorizationList: not an array");
	tx->authorizations =
		calloc(json_array_size(list) + 1, sizeof(*tx->authorizations));
	if (!tx->authorizations)
		return reader_fail(r, "no memory");
	json_array_foreach(list, i, item)
	{
		if (!read_authorization(r, item, &tx->authorizations[i]))
			return false;
	}
	tx->tx.authorizations = tx->authorizations;
	tx->tx.authorization_count = json_array_size(list);
	return true;
}

static bool read_fees(struct reader *r, json_t *object,
		      struct evm_transaction *t)
{
	if (!has(object, "maxFeePerGas"))
		return read_number(r, object, "gasPrice", &t->gas_price);
	return read_number(r, object, "maxFeePerGas", &t->gas_price) &&
	       maybe_number(r, object, "maxPriorityFeePerGas",
			    &t->priority_price);
}

static enum evm_tx_type type_of(json_t *object, json_t *access)
{
	if (has(object, "authorizationList"))
		return EVM_TX_SET_CODE;
	if (has(object, "blobVersionedHashes") ||
	    has(object, "maxFeePerBlobGas"))
		return EVM_TX_BLOB;
	if (has(object, "maxFeePerGas"))
		return EVM_TX_DYNAMIC_FEE;
	return access ? EVM_TX_ACCESS_LIST : EVM_TX_LEGACY;
}

bool json_tx_common(struct reader *r, json_t *object, json_t *access,
		    struct json_tx *tx)
{
	json_t *blobs = json_object_get(object, "blobVersionedHashes");
	json_t *auths = json_object_get(object, "authorizationList");

	/* one filler wrote {} for none */
	if (json_is_null(access) ||
	    (json_is_object(access) && json_object_size(access) == 0))
		access = NULL;
	tx->tx.type = type_of(object, access);
	return read_fees(r, object, &tx->tx) &&
	       maybe_number(r, object, "maxFeePerBlobGas",
			    &tx->tx.blob_price) &&
	       (!access || read_access(r, access, tx)) &&
	       (!blobs || json_is_null(blobs) || read_blobs(r, blobs, tx)) &&
	       (!auths || json_is_null(auths) ||
		read_authorizations(r, auths, tx));
}

void json_tx_fini(struct json_tx *tx)
{
	free(tx->input);
	free(tx->access);
	free(tx->keys);
	free(tx->blob_hashes);
	free(tx->authorizations);
	*tx = (struct json_tx){0};
}
