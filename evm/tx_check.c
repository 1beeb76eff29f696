/*
 * tx_check.c: whether a transaction may be in a block. Each rule looks at one
 * thing and names it; the first that does not hold refuses the transaction.
 */
#include "evm/state.h"
#include "evm/tx.h"

#define TX_GAS_MAX   (UINT64_C(1) << 24) /* EIP-7825 */
#define TX_BLOBS_MAX 6			 /* EIP-7594 */

/* sum += count * price; false if that does not fit: nobody has more */
static bool add_product(struct u256 *sum, uint64_t count,
			const struct u256 *price)
{
	struct u256 wide = u256_from(count), product;
	uint64_t full[8];

	u256_mul_full(full, &wide, price);
	product = (struct u256){{full[0], full[1], full[2], full[3]}};
	*sum = u256_add(sum, &product);
	return full[4] == 0 && !u256_less(sum, &product);
}

static bool most_to_pay(const struct evm_transaction *tx, struct u256 *most)
{
	*most = tx->value;
	return add_product(most, tx->gas_limit, &tx->gas_price) &&
	       add_product(most, tx->blob_count * EVM_GAS_BLOB,
			   &tx->blob_price);
}

static enum evm_status check_type(const struct evm *evm,
				  const struct evm_transaction *tx)
{
	static const enum evm_fork since[EVM_TX_TYPES] = {
		[EVM_TX_ACCESS_LIST] = EVM_BERLIN,
		[EVM_TX_DYNAMIC_FEE] = EVM_LONDON,
		[EVM_TX_BLOB] = EVM_CANCUN,
		[EVM_TX_SET_CODE] = EVM_PRAGUE,
	};

	if (tx->type >= EVM_TX_TYPES || evm->fork < since[tx->type])
		return EVM_TX_TYPE;
	if (tx->type >= EVM_TX_BLOB && tx->is_creation)
		return EVM_TX_CREATION;
	if (tx->type == EVM_TX_SET_CODE && tx->authorization_count == 0)
		return EVM_TX_AUTHORIZATIONS;
	return EVM_SUCCESS;
}

static enum evm_status check_gas(const struct evm *evm,
				 const struct evm_transaction *tx)
{
	if (tx->gas_limit > evm->block.gas_limit)
		return EVM_TX_BLOCK_GAS;
	if (evm->fork >= EVM_OSAKA && tx->gas_limit > TX_GAS_MAX)
		return EVM_TX_GAS_MAX;
	if (evm_intrinsic_gas(evm->fork, tx) > tx->gas_limit ||
	    evm_floor_gas(evm->fork, tx) > tx->gas_limit)
		return EVM_TX_INTRINSIC_GAS;
	if (evm->fork >= EVM_SHANGHAI && tx->is_creation &&
	    tx->input_len > EVM_INITCODE_MAX)
		return EVM_TX_INITCODE;
	return EVM_SUCCESS;
}

static enum evm_status check_fees(const struct evm *evm,
				  const struct evm_transaction *tx)
{
	if (evm->fork >= EVM_LONDON &&
	    u256_less(&tx->gas_price, &evm->block.base_fee))
		return EVM_TX_FEE;
	if (tx->type >= EVM_TX_DYNAMIC_FEE &&
	    u256_less(&tx->gas_price, &tx->priority_price))
		return EVM_TX_PRIORITY_FEE;
	return EVM_SUCCESS;
}

static enum evm_status check_blobs(const struct evm *evm,
				   const struct evm_transaction *tx)
{
	unsigned max = evm->block.blob_max;

	if (tx->type != EVM_TX_BLOB)
		return EVM_SUCCESS;
	if (max == 0)
		max = evm_blob_schedule(evm->fork).max;
	if (evm->fork >= EVM_OSAKA && max > TX_BLOBS_MAX)
		max = TX_BLOBS_MAX;
	if (tx->blob_count == 0 || tx->blob_count > max)
		return EVM_TX_BLOB_COUNT;
	for (size_t i = 0; i < tx->blob_count; i++)
		if (tx->blob_hashes[i].bytes[0] != 0x01)
			return EVM_TX_BLOB_HASH;
	if (u256_less(&tx->blob_price, &evm->block.blob_base_fee))
		return EVM_TX_BLOB_FEE;
	return EVM_SUCCESS;
}

static enum evm_status check_sender(const struct evm *evm,
				    const struct evm_transaction *tx)
{
	const struct evm_account *sender;
	struct u256 most, balance = {{0}};
	uint64_t nonce = 0;

	sender = evm_state_find(evm->state, &tx->sender);
	if (sender) {
		nonce = sender->nonce;
		balance = sender->balance;
	}
	if (tx->nonce != nonce || nonce == UINT64_MAX)
		return EVM_TX_NONCE;
	if (sender && sender->code &&
	    (evm->fork < EVM_PRAGUE || !evm_code_delegate(sender->code)))
		return EVM_TX_SENDER_CODE; /* EIP-3607, for all forks */
	if (!most_to_pay(tx, &most) || u256_less(&balance, &most))
		return EVM_TX_BALANCE;
	return EVM_SUCCESS;
}

enum evm_status evm_tx_check(const struct evm *evm,
			     const struct evm_transaction *tx)
{
	static enum evm_status (*const rules[])(
		const struct evm *, const struct evm_transaction *) = {
		check_type, check_gas, check_fees, check_blobs, check_sender,
	};
	enum evm_status status = EVM_SUCCESS;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		status = rules[i](evm, tx);
		if (status != EVM_SUCCESS)
			break;
	}
	return status;
}
