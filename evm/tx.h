/* tx.h: between tx.c and tx_check.c. */
#ifndef EVM_TX_H
#define EVM_TX_H

#include "evm/frame.h"

#define EVM_GAS_BLOB 131072

/* EVM_SUCCESS, or why the transaction cannot be in the block. */
enum evm_status evm_tx_check(const struct evm *evm,
			     const struct evm_transaction *tx);

#endif
