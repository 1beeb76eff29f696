/*
 * run.h: a call, and a transaction, in steps: for who cannot answer at once
 * all that it asks (pull.c). Each step either is done or fails; one that
 * fails with EVM_ERR_MISSING has changed nothing that the next attempt does
 * not find as it was.
 */
#ifndef EVM_RUN_H
#define EVM_RUN_H

#include "evm/evm.h"

/* A call that is open: what is in evm->frames, and where it began. */
struct evm_run {
	size_t snapshot;
	unsigned depth;
	bool done; /* without a frame */
};

int evm_run_begin(struct evm *evm, const struct evm_message *msg,
		  struct evm_run *run, struct evm_result *result);
/* To its end; again, after EVM_ERR_MISSING. */
int evm_run_go_on(struct evm *evm, struct evm_run *run,
		  struct evm_result *result);
/* `err` is what go_on has returned; if negative, the state is as before. */
void evm_run_end(struct evm *evm, const struct evm_run *run, int err);

/*
 * All that comes before the first call, into msg; a transaction that may not
 * be in the block has another status than EVM_SUCCESS, and no more steps.
 */
int evm_tx_begin(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt, struct evm_message *msg);
/* What is left goes back; the state may be committed then. */
int evm_tx_settle(struct evm *evm, const struct evm_transaction *tx,
		  struct evm_receipt *receipt);

#endif
