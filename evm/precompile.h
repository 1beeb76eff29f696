/*
 * precompile.h: the contracts at the first addresses, which are part of the
 * machine.
 */
#ifndef EVM_PRECOMPILE_H
#define EVM_PRECOMPILE_H

#include "evm/evm.h"

/* Its number; 0 for an address that is none in this fork. */
unsigned evm_precompile_number(enum evm_fork fork,
			       const struct evm_address *addr);

/*
 * Runs number `n` on the message. The output is in evm->output or is the
 * input itself. EVM_ERR_UNSUPPORTED for one that is not built in: what it
 * would have said is unknown, so the run must not go on.
 */
int evm_precompile_run(struct evm *evm, unsigned n,
		       const struct evm_message *msg,
		       struct evm_result *result);

/* Number 5, as evm_precompile_run(); `result` says out of gas at first. */
int evm_modexp(struct evm *evm, const struct evm_message *msg,
	       struct evm_result *result);

/* Room for `len` bytes in evm->output. */
int evm_output_reserve(struct evm *evm, size_t len);

#endif
