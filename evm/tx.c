/*
 * tx.c: a transaction: what it costs before it runs, whether it may, what the
 * sender pays and gets back, and what the miner gets.
 */
#include "evm/frame.h"
#include "evm/state.h"

#define GAS_TX		21000
#define GAS_TX_CREATION 53000 /* since Homestead */
#define GAS_TX_ZERO	4     /* a byte of input */
#define GAS_TX_NONZERO	68

uint64_t evm_intrinsic_gas(enum evm_fork fork, const struct evm_transaction *tx)
{
	uint64_t gas = GAS_TX;

	if (tx->is_creation && fork >= EVM_HOMESTEAD)
		gas = GAS_TX_CREATION;
	for (size_t i = 0; i < tx->input_len; i++)
		gas += tx->input[i] ? GAS_TX_NONZERO : GAS_TX_ZERO;
	return gas;
}

/* gas * price + value, if that fits 256 bits: nobody has more. */
static bool most_to_pay(const struct evm_transaction *tx, struct u256 *most)
{
	struct u256 gas = u256_from(tx->gas_limit), back;

	*most = u256_mul(&gas, &tx->gas_price);
	back = u256_div(most, &gas);
	if (tx->gas_limit != 0 && !u256_equal(&back, &tx->gas_price))
		return false;
	*most = u256_add(most, &tx->value);
	return !u256_less(most, &tx->value);
}

static enum evm_status check(const struct evm *evm,
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
	if (tx->gas_limit > evm->block.gas_limit || tx->gas_limit > INT64_MAX)
		return EVM_TX_BLOCK_GAS;
	if (tx->nonce != nonce || nonce == UINT64_MAX)
		return EVM_TX_NONCE;
	if (evm_intrinsic_gas(evm->fork, tx) > tx->gas_limit)
		return EVM_TX_INTRINSIC_GAS;
	if (!most_to_pay(tx, &most) || u256_less(&balance, &most))
		return EVM_TX_BALANCE;
	return EVM_SUCCESS;
}

static struct u256 price_of(const struct evm_transaction *tx, uint64_t gas)
{
	struct u256 count = u256_from(gas);

	return u256_mul(&count, &tx->gas_price);
}

static int run_message(struct evm *evm, const struct evm_transaction *tx,
		       struct evm_result *result)
{
	uint64_t intrinsic = evm_intrinsic_gas(evm->fork, tx);
	struct evm_message msg = {
		.kind = tx->is_creation ? EVM_CREATE : EVM_CALL,
		.gas = (int64_t)(tx->gas_limit - intrinsic),
		.sender = tx->sender,
		.recipient = tx->to,
		.code_from = tx->to,
		.value = tx->value,
		.input = tx->input,
		.input_len = tx->input_len,
	};
	int err = 0;

	evm->origin = tx->sender;
	evm->gas_price = tx->gas_price;
	if (!tx->is_creation) /* a creation counts the nonce itself */
		err = evm_state_set_nonce(evm->state, &tx->sender,
					  tx->nonce + 1);
	return err < 0 ? err : evm_call(evm, &msg, result);
}

/* What is left goes back to the sender, what was used to the miner. */
static int settle(struct evm *evm, const struct evm_transaction *tx,
		  struct evm_receipt *receipt)
{
	uint64_t left = (uint64_t)receipt->result.gas_left;
	uint64_t used = tx->gas_limit - left;
	uint64_t refund = evm_state_refund(evm->state);
	struct u256 price;
	int err;

	receipt->refund = refund < used / 2 ? refund : used / 2;
	receipt->gas_used = used - receipt->refund;
	price = price_of(tx, tx->gas_limit - receipt->gas_used);
	err = evm_state_add_balance(evm->state, &tx->sender, &price);
	if (err < 0)
		return err;
	price = price_of(tx, receipt->gas_used);
	return evm_state_add_balance(evm->state, &evm->block.coinbase, &price);
}

int evm_transact(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt)
{
	size_t snapshot = evm_state_snapshot(evm->state);
	struct u256 price = price_of(tx, tx->gas_limit);
	int err;

	*receipt = (struct evm_receipt){.result.status = check(evm, tx)};
	if (receipt->result.status != EVM_SUCCESS)
		return 0;
	evm_state_begin(evm->state);
	err = evm_state_sub_balance(evm->state, &tx->sender, &price);
	if (err == 0)
		err = run_message(evm, tx, &receipt->result);
	if (err == 0)
		err = settle(evm, tx, receipt);
	if (err < 0)
		evm_state_rollback(evm->state, snapshot);
	else
		evm_state_commit(evm->state, evm->fork);
	return err;
}
