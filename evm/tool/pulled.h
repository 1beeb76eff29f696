/* pulled.h: a transaction by the pull model, its world another's answers. */
#ifndef EVM_TOOL_PULLED_H
#define EVM_TOOL_PULLED_H

#include "evm/evm.h"

/*
 * As evm_transact(), but evm->state is taken away and given back piece by
 * piece, as it is asked for; all else of it is there again at the end.
 */
int pulled_transact(struct evm *evm, const struct evm_transaction *tx,
		    struct evm_receipt *receipt);

#endif
