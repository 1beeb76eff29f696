/*
 * precompile.h: the contracts at the first addresses, which are part of the
 * machine.
 */
#ifndef EVM_PRECOMPILE_H
#define EVM_PRECOMPILE_H

#include <string.h>

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

/* Room for `len` bytes in evm->output. */
int evm_output_reserve(struct evm *evm, size_t len);

/*
 * What one of them computes: the length of its output, EVM_ERR_INPUT for an
 * input that makes the call fail, or EVM_ERR_NO_MEMORY. `out` has the room
 * that the table in precompile.c says.
 */
#define EVM_ERR_INPUT (-22) /* EINVAL */

typedef ptrdiff_t evm_precompile_fn(const struct evm_allocator *alloc,
				    const uint8_t *input, size_t len,
				    uint8_t *out);

/* What it costs; UINT64_MAX if that is beyond any gas limit. */
typedef uint64_t evm_precompile_gas_fn(enum evm_fork fork, const uint8_t *input,
				       size_t len);

/*
 * The first `size` bytes of the input, with zeros behind its end; what is
 * beyond them is ignored.
 */
static inline void evm_precompile_input(uint8_t *to, size_t size,
					const uint8_t *input, size_t len)
{
	memset(to, 0, size);
	if (len > 0)
		memcpy(to, input, len < size ? len : size);
}

evm_precompile_fn evm_modexp;
evm_precompile_gas_fn evm_modexp_gas;
/* The length of the output. */
size_t evm_modexp_size(const uint8_t *input, size_t len);

evm_precompile_fn evm_blake2f, evm_p256verify;
evm_precompile_gas_fn evm_blake2f_gas;
evm_precompile_fn evm_kzg, evm_bls_g1_add, evm_bls_g1_msm, evm_bls_g2_add,
	evm_bls_g2_msm, evm_bls_pairing, evm_bls_map_g1, evm_bls_map_g2;
evm_precompile_gas_fn evm_bls_g1_add_gas, evm_bls_g1_msm_gas,
	evm_bls_g2_add_gas, evm_bls_g2_msm_gas, evm_bls_pairing_gas,
	evm_bls_map_g1_gas, evm_bls_map_g2_gas;
evm_precompile_fn evm_bn254_add, evm_bn254_mul, evm_bn254_pairing;

#endif
