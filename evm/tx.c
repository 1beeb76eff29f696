/*
 * tx.c: a transaction: what it costs before it runs, what the sender pays and
 * gets back, and what the miner gets. Whether it may run is tx_check.c's.
 */
#include <string.h>

#include "evm/authorize.h"
#include "evm/run.h"
#include "evm/state.h"
#include "evm/tx.h"

#define GAS_TX			21000
#define GAS_TX_CREATION		53000 /* since Homestead */
#define GAS_TX_ZERO		4     /* a byte of input */
#define GAS_TX_NONZERO		68
#define GAS_TX_NONZERO_ISTANBUL 16 /* EIP-2028 */
#define GAS_TX_FLOOR_TOKEN	10 /* EIP-7623 */
#define GAS_TX_ACCESS		2400
#define GAS_TX_ACCESS_KEY	1900
#define GAS_TX_AUTHORIZATION	25000

static uint64_t zeros_of(const struct evm_transaction *tx)
{
	uint64_t zeros = 0;

	for (size_t i = 0; i < tx->input_len; i++)
		zeros += tx->input[i] == 0;
	return zeros;
}

uint64_t evm_intrinsic_gas(enum evm_fork fork, const struct evm_transaction *tx)
{
	uint64_t zeros = zeros_of(tx), gas = GAS_TX;

	if (tx->is_creation && fork >= EVM_HOMESTEAD)
		gas = GAS_TX_CREATION;
	if (tx->is_creation && fork >= EVM_SHANGHAI)
		gas += EVM_GAS_INITCODE_WORD *
		       (tx->input_len / 32 + (tx->input_len % 32 != 0));
	gas += GAS_TX_ZERO * zeros;
	gas += (tx->input_len - zeros) * (fork >= EVM_ISTANBUL
						  ? GAS_TX_NONZERO_ISTANBUL
						  : GAS_TX_NONZERO);
	for (size_t i = 0; i < tx->access_count; i++)
		gas += GAS_TX_ACCESS +
		       GAS_TX_ACCESS_KEY * tx->access[i].key_count;
	return gas + GAS_TX_AUTHORIZATION * tx->authorization_count;
}

/* A token is a zero byte, or a quarter of another. */
uint64_t evm_floor_gas(enum evm_fork fork, const struct evm_transaction *tx)
{
	uint64_t zeros = zeros_of(tx);

	if (fork < EVM_PRAGUE)
		return 0;
	return GAS_TX +
	       GAS_TX_FLOOR_TOKEN * (zeros + 4 * (tx->input_len - zeros));
}

/* What a unit of gas costs: the base fee is burnt, the rest is the miner's. */
static struct u256 effective_price(const struct evm *evm,
				   const struct evm_transaction *tx)
{
	const struct u256 *base = &evm->block.base_fee;
	struct u256 room;

	if (tx->type < EVM_TX_DYNAMIC_FEE)
		return tx->gas_price;
	room = u256_sub(&tx->gas_price, base);
	if (u256_less(&tx->priority_price, &room))
		room = tx->priority_price;
	return u256_add(base, &room);
}

static struct u256 price_of(const struct u256 *price, uint64_t gas)
{
	struct u256 count = u256_from(gas);

	return u256_mul(&count, price);
}

static int use(struct evm *evm, const struct evm_address *addr)
{
	bool cold;

	return evm_state_host.use_account(evm->state, addr, &cold);
}

/* What is warm from the start: EIP-2929, 2930, 3651. */
static int use_what_is_named(struct evm *evm, const struct evm_transaction *tx)
{
	int err = 0;
	bool cold;

	if (evm->fork < EVM_BERLIN)
		return 0;
	err = use(evm, &tx->sender);
	if (err == 0 && !tx->is_creation)
		err = use(evm, &tx->to);
	if (err == 0 && evm->fork >= EVM_SHANGHAI)
		err = use(evm, &evm->block.coinbase);
	for (size_t i = 0; err == 0 && i < tx->access_count; i++) {
		const struct evm_access *a = &tx->access[i];

		err = use(evm, &a->address);
		for (size_t k = 0; err == 0 && k < a->key_count; k++)
			err = evm_state_host.use_slot(evm->state, &a->address,
						      &a->keys[k], &cold);
	}
	return err;
}

/* The code may be elsewhere (EIP-7702); then that account is warm too. */
static int find_code(struct evm *evm, struct evm_message *msg)
{
	const struct evm_account *to =
		evm_state_find(evm->state, &msg->code_from);
	const struct evm_address *delegate;

	delegate = to ? evm_code_delegate(to->code) : NULL;
	if (!delegate || evm->fork < EVM_PRAGUE)
		return 0;
	msg->code_from = *delegate;
	msg->is_delegated = true;
	return use(evm, delegate);
}

static int make_message(struct evm *evm, const struct evm_transaction *tx,
			struct evm_message *msg)
{
	uint64_t intrinsic = evm_intrinsic_gas(evm->fork, tx);
	int err = use_what_is_named(evm, tx);

	*msg = (struct evm_message){
		.kind = tx->is_creation ? EVM_CREATE : EVM_CALL,
		.gas = (int64_t)(tx->gas_limit - intrinsic),
		.sender = tx->sender,
		.recipient = tx->to,
		.code_from = tx->to,
		.value = tx->value,
		.input = tx->input,
		.input_len = tx->input_len,
	};
	evm->origin = tx->sender;
	evm->blob_hashes = tx->blob_hashes;
	evm->blob_count = tx->blob_count;
	if (err == 0 && !tx->is_creation) /* which counts the nonce itself */
		err = evm_state_set_nonce(evm->state, &tx->sender,
					  tx->nonce + 1);
	if (err == 0)
		err = evm_authorize(evm, tx);
	if (err == 0 && !tx->is_creation)
		err = find_code(evm, msg);
	return err;
}

/* All the gas there may be, and the blobs, which are burnt. */
static int pay(struct evm *evm, const struct evm_transaction *tx)
{
	struct u256 price = price_of(&evm->gas_price, tx->gas_limit), blobs;

	blobs = price_of(&evm->block.blob_base_fee,
			 EVM_GAS_BLOB * tx->blob_count);
	price = u256_add(&price, &blobs);
	return evm_state_sub_balance(evm->state, &tx->sender, &price);
}

int evm_tx_begin(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt, struct evm_message *msg)
{
	int err;

	*receipt = (struct evm_receipt){.result.status = evm_tx_check(evm, tx)};
	if (evm_state_missing(evm->state) < 0)
		return EVM_ERR_MISSING;
	if (receipt->result.status == EVM_SUCCESS && tx->gas_limit > INT64_MAX)
		receipt->result.status = EVM_TX_BLOCK_GAS;
	if (receipt->result.status != EVM_SUCCESS)
		return 0;
	evm_state_begin(evm->state);
	evm->gas_price = effective_price(evm, tx);
	err = pay(evm, tx);
	return err < 0 ? err : make_message(evm, tx, msg);
}

/* What is left goes back to the sender, what was used to the miner. */
int evm_tx_settle(struct evm *evm, const struct evm_transaction *tx,
		  struct evm_receipt *receipt)
{
	uint64_t left = (uint64_t)receipt->result.gas_left;
	uint64_t used = tx->gas_limit - left, floor;
	uint64_t refund = evm_state_refund(evm->state);
	uint64_t most = used / (evm->fork >= EVM_LONDON ? 5 : 2); /* EIP-3529 */
	struct u256 price;
	int err;

	receipt->refund = refund < most ? refund : most;
	receipt->gas_used = used - receipt->refund;
	floor = evm_floor_gas(evm->fork, tx);
	if (receipt->gas_used < floor)
		receipt->gas_used = floor;
	price = price_of(&evm->gas_price, tx->gas_limit - receipt->gas_used);
	err = evm_state_add_balance(evm->state, &tx->sender, &price);
	if (err < 0)
		return err;
	price = evm->gas_price;
	if (evm->fork >= EVM_LONDON)
		price = u256_sub(&price, &evm->block.base_fee);
	price = price_of(&price, receipt->gas_used);
	err = evm_state_add_balance(evm->state, &evm->block.coinbase, &price);
	return err < 0 ? err : evm_state_missing(evm->state);
}

int evm_transact(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt)
{
	size_t snapshot = evm_state_snapshot(evm->state);
	struct evm_message msg;
	int err = evm_tx_begin(evm, tx, receipt, &msg);

	if (err == 0 && receipt->result.status != EVM_SUCCESS)
		return 0;
	if (err == 0)
		err = evm_call(evm, &msg, &receipt->result);
	if (err == 0)
		err = evm_tx_settle(evm, tx, receipt);
	if (err < 0)
		evm_state_rollback(evm->state, snapshot);
	else
		evm_state_commit(evm->state, evm->fork);
	return err;
}

int evm_system_call(struct evm *evm, const struct evm_address *to,
		    const uint8_t *input, size_t len, struct evm_result *result)
{
	struct evm_message msg = {
		.kind = EVM_CALL,
		.gas = 30000000,
		.recipient = *to,
		.code_from = *to,
		.input = input,
		.input_len = len,
	};
	const struct evm_account *account = evm_state_find(evm->state, to);
	int err;

	memset(msg.sender.bytes, 0xff, sizeof(msg.sender.bytes) - 1);
	msg.sender.bytes[19] = 0xfe;
	*result = (struct evm_result){.status = EVM_SUCCESS};
	if (!account || !account->code)
		return 0;
	evm->origin = msg.sender;
	evm->gas_price = u256_from(0);
	evm->blob_count = 0;
	evm_state_begin(evm->state);
	err = evm_call(evm, &msg, result);
	if (err == 0)
		evm_state_commit(evm->state, evm->fork);
	return err;
}
