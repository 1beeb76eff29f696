/*
 * t8n.h: `evm t8n`, a block without its header: accounts, an environment and
 * transactions in; accounts and what a header would say out.
 */
#ifndef EVM_TOOL_T8N_H
#define EVM_TOOL_T8N_H

#include "evm/mpt.h"
#include "evm/tool/json_tx.h"
#include "evm/tx_decode.h"

#define T8N_BLOOM	  256
#define T8N_NO_BLOCK_HASH (-22) /* EINVAL: the environment lacks it */

/* Why nothing came of it: exit statuses, geth's. */
enum t8n_status {
	T8N_EVM = 2,
	T8N_CONFIG = 3,
	T8N_BLOCK_HASH = 4,
	T8N_JSON = 10,
	T8N_IO = 11,
};

struct t8n {
	struct evm evm;
	struct reader reader;
	enum t8n_status status;	   /* of a failure; T8N_JSON unless set */
	json_t *alloc, *env, *txs; /* borrowed */
	uint64_t bomb_delay;	   /* 0: the fork's own */
	int64_t reward;		   /* -1: none, nor its touch */
	struct evm_blob_schedule blobs;
	const char *trace_dir; /* NULL: no traces */
	bool trace_memory, trace_no_stack, trace_return_data;

	/* the environment, as far as the machine does not have it */
	json_t *block_hashes; /* by number; borrowed */
	uint64_t excess_blob_gas;
	bool has_excess; /* it was given, or what it follows from */

	/* what came of it */
	uint64_t gas_used, blob_gas_used, log_count;
	struct evm_trie tx_trie, receipt_trie;
	struct evm_rlp logs, body;
	size_t logs_list, body_list; /* where the open lists begin */
	uint8_t bloom[T8N_BLOOM];
	json_t *receipts, *rejected, *requests;
	struct evm_hash withdrawals_root;
	uint8_t request_hash[3][32];
	size_t request_count;
	uint8_t *deposits;
	size_t deposits_len;
};

/* Notes the reason; false. */
bool t8n_fail(struct t8n *t, enum t8n_status status, const char *reason);

/* t8n_env.c */
bool t8n_read_env(struct t8n *t);

/* t8n_receipt.c: of the transaction that has just run */
bool t8n_add_receipt(struct t8n *t, const struct evm_signed_tx *s,
		     const struct evm_receipt *receipt, size_t index);
bool t8n_collect_deposits(struct t8n *t);

/*
 * t8n_reject.c: why a transaction is rejected, as geth says it; the second is
 * of one whose blobs the block has no room for.
 */
#define T8N_REASON 320
void t8n_refusal(const struct t8n *t, const struct evm_signed_tx *s,
		 enum evm_status status, char *text, size_t size);
bool t8n_refuses_blobs(const struct t8n *t, const struct evm_transaction *tx,
		       char *text, size_t size);

/* t8n_run.c: the transactions and all around them; false: see the reader. */
bool t8n_run(struct t8n *t);
void t8n_fini(struct t8n *t);

#endif
