/* json_tx.h: transactions as JSON, in state tests and in t8n's input. */
#ifndef EVM_TOOL_JSON_TX_H
#define EVM_TOOL_JSON_TX_H

#include "evm/tool/fixture.h"

/* A transaction and what it points to. All zero at first. */
struct json_tx {
	struct evm_transaction tx;
	uint8_t *input;
	struct evm_access *access;
	struct u256 *keys; /* of all the access list */
	struct evm_hash *blob_hashes;
	struct evm_authorization *authorizations;
};

/*
 * The members that the two forms share: fees, access list, blobs,
 * authorizations; and from them the type. `access` may be NULL.
 */
bool json_tx_common(struct reader *r, json_t *object, json_t *access,
		    struct json_tx *tx);
void json_tx_fini(struct json_tx *tx);

#endif
