/*
 * t8n_reject.c: why a transaction was rejected, in geth's words and in the
 * order in which geth looks for reasons: fillers read them.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "evm/frame.h"
#include "evm/hash.h"
#include "evm/tool/t8n.h"
#include "evm/tx.h"

#define GAS_MAX	  16777216 /* EIP-7825 */
#define BLOBS_MAX 6	   /* EIP-7594 */
#define HEX	  43	   /* of an address */
#define DECIMAL	  79	   /* of 256 bits */

/* With capitals where the hash of the text has 8 and more (EIP-55). */
static const char *address_text(const struct evm_address *addr, char text[HEX])
{
	uint8_t hash[32];

	memcpy(text, "0x", 3);
	for (int i = 0; i < 20; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", addr->bytes[i]);
	evm_keccak256((const uint8_t *)text + 2, 40, hash);
	for (int i = 0; i < 40; i++)
		if (text[2 + i] >= 'a' &&
		    (hash[i / 2] >> (i % 2 ? 0 : 4) & 15) >= 8)
			text[2 + i] -= 'a' - 'A';
	return text;
}

static const char *decimal(const struct u256 *number, char text[DECIMAL])
{
	struct u256 rest = *number, ten = u256_from(10), digit;
	size_t at = DECIMAL - 1;

	text[at] = 0;
	do {
		digit = u256_mod(&rest, &ten);
		text[--at] = (char)('0' + digit.w[0]);
		rest = u256_div(&rest, &ten);
	} while (!u256_is_zero(&rest));
	return text + at;
}

struct refusal {
	const struct t8n *t;
	const struct evm_transaction *tx;
	char *text;
	size_t size;
	char from[HEX];
};

/* True: a reason was found. */
__attribute__((format(printf, 2, 3))) static bool say(struct refusal *r,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->text, r->size, format, args);
	va_end(args);
	return true;
}

static bool wrong_nonce(struct refusal *r, const struct evm_account *sender)
{
	uint64_t is = sender ? sender->nonce : 0, nonce = r->tx->nonce;

	if (nonce == is && nonce < UINT64_MAX)
		return false;
	if (nonce == is)
		return say(r,
			   "nonce has max value: address %s, nonce: %" PRIu64,
			   r->from, nonce);
	return say(r,
		   "nonce too %s: address %s, tx: %" PRIu64 " state: %" PRIu64,
		   nonce > is ? "high" : "low", r->from, nonce, is);
}

static bool wrong_sender(struct refusal *r, const struct evm_account *sender)
{
	enum evm_fork fork = r->t->evm.fork;
	const uint8_t *code;
	size_t len = 0;

	if (fork >= EVM_OSAKA && r->tx->gas_limit > GAS_MAX)
		return say(r,
			   "transaction gas limit too high (cap: %d, tx: "
			   "%" PRIu64 ")",
			   GAS_MAX, r->tx->gas_limit);
	if (sender && sender->code &&
	    !(fork >= EVM_PRAGUE && evm_code_delegate(sender->code)))
		evm_account_code(sender, &code, &len);
	return len > 0 &&
	       say(r, "sender not an eoa: address %s, len(code): %zu", r->from,
		   len);
}

static bool wrong_fees(struct refusal *r)
{
	const struct u256 *base = &r->t->evm.block.base_fee;
	char fee[DECIMAL], other[DECIMAL];

	if (r->t->evm.fork < EVM_LONDON)
		return false;
	if (r->tx->type >= EVM_TX_DYNAMIC_FEE &&
	    u256_less(&r->tx->gas_price, &r->tx->priority_price))
		return say(r,
			   "max priority fee per gas higher than max fee per "
			   "gas: address %s, maxPriorityFeePerGas: %s, "
			   "maxFeePerGas: %s",
			   r->from, decimal(&r->tx->priority_price, other),
			   decimal(&r->tx->gas_price, fee));
	return u256_less(&r->tx->gas_price, base) &&
	       say(r,
		   "max fee per gas less than block base fee: address %s, "
		   "maxFeePerGas: %s, baseFee: %s",
		   r->from, decimal(&r->tx->gas_price, fee),
		   decimal(base, other));
}

static bool wrong_blobs(struct refusal *r)
{
	const struct evm_transaction *tx = r->tx;
	const struct u256 *price = &r->t->evm.block.blob_base_fee;
	char fee[DECIMAL], other[DECIMAL];

	if (tx->type != EVM_TX_BLOB)
		return false;
	if (tx->is_creation)
		return say(r, "blob transaction of type create");
	if (tx->blob_count == 0)
		return say(r, "blob transaction missing blob hashes");
	if (r->t->evm.fork >= EVM_OSAKA && tx->blob_count > BLOBS_MAX)
		return say(r, "blob transaction has too many blobs");
	for (size_t i = 0; i < tx->blob_count; i++)
		if (tx->blob_hashes[i].bytes[0] != 1)
			return say(r, "blob %zu has invalid hash version", i);
	return u256_less(&tx->blob_price, price) &&
	       say(r,
		   "max fee per blob gas less than block blob gas fee: "
		   "address %s blobGasFeeCap: %s, blobBaseFee: %s",
		   r->from, decimal(&tx->blob_price, fee),
		   decimal(price, other));
}

static bool wrong_authorizations(struct refusal *r)
{
	if (r->tx->type != EVM_TX_SET_CODE)
		return false;
	if (r->tx->is_creation)
		return say(r,
			   "EIP-7702 transaction cannot be used to create "
			   "contract (sender %s)",
			   r->from);
	return r->tx->authorization_count == 0 &&
	       say(r, "EIP-7702 transaction with empty auth list (sender %s)",
		   r->from);
}

/* sum += a * b; false if that passes 256 bits */
static bool add_product(struct u256 *sum, const struct u256 *a, uint64_t b)
{
	struct u256 wide = u256_from(b), product;
	uint64_t all[8];

	u256_mul_full(all, a, &wide);
	product = (struct u256){{all[0], all[1], all[2], all[3]}};
	*sum = u256_add(sum, &product);
	return !all[4] && !u256_less(sum, &product);
}

static bool wrong_balance(struct refusal *r, const struct evm_account *sender)
{
	struct u256 most = r->tx->value, none = u256_from(0);
	const struct u256 *have = sender ? &sender->balance : &none;
	char has[DECIMAL], want[DECIMAL];

	if (!add_product(&most, &r->tx->gas_price, r->tx->gas_limit) ||
	    !add_product(&most, &r->tx->blob_price,
			 r->tx->blob_count * EVM_GAS_BLOB))
		return say(r,
			   "insufficient funds for gas * price + value: "
			   "address %s required balance exceeds 256 bits",
			   r->from);
	return u256_less(have, &most) &&
	       say(r,
		   "insufficient funds for gas * price + value: address %s "
		   "have %s want %s",
		   r->from, decimal(have, has), decimal(&most, want));
}

static bool wrong_gas(struct refusal *r)
{
	const struct evm_transaction *tx = r->tx;
	enum evm_fork fork = r->t->evm.fork;
	uint64_t least = evm_intrinsic_gas(fork, tx);

	if (tx->gas_limit > r->t->evm.block.gas_limit - r->t->gas_used)
		return say(r, "gas limit reached");
	if (tx->gas_limit < least)
		return say(r,
			   "intrinsic gas too low: have %" PRIu64
			   ", want %" PRIu64,
			   tx->gas_limit, least);
	least = evm_floor_gas(fork, tx);
	if (tx->gas_limit < least)
		return say(r,
			   "insufficient gas for floor data gas cost: have "
			   "%" PRIu64 ", want %" PRIu64,
			   tx->gas_limit, least);
	return fork >= EVM_SHANGHAI && tx->is_creation &&
	       tx->input_len > EVM_INITCODE_MAX &&
	       say(r, "max initcode size exceeded: code size %zu limit %d",
		   tx->input_len, EVM_INITCODE_MAX);
}

static bool wrong_state(struct refusal *r)
{
	const struct evm_account *sender =
		evm_state_find(r->t->evm.state, &r->tx->sender);

	return wrong_nonce(r, sender) || wrong_sender(r, sender) ||
	       wrong_fees(r) || wrong_blobs(r) || wrong_authorizations(r) ||
	       wrong_balance(r, sender) || wrong_gas(r);
}

bool t8n_refuses_blobs(const struct t8n *t, const struct evm_transaction *tx,
		       char *text, size_t size)
{
	uint64_t max = (uint64_t)t->blobs.max * EVM_GAS_BLOB;
	uint64_t used = t->blob_gas_used + tx->blob_count * EVM_GAS_BLOB;

	if (tx->type != EVM_TX_BLOB || used <= max)
		return false;
	snprintf(text, size,
		 "blob gas (%" PRIu64 ") would exceed maximum allowance "
		 "%" PRIu64,
		 used, max);
	return true;
}

void t8n_refusal(const struct t8n *t, const struct evm_signed_tx *s,
		 enum evm_status status, char *text, size_t size)
{
	struct u256 chain = u256_from(t->evm.chain_id);
	char has[DECIMAL], want[DECIMAL];
	struct refusal r = {t, &s->tx, text, size, ""};

	address_text(&s->tx.sender, r.from);
	if (status == EVM_TX_TYPE)
		say(&r, "transaction type not supported");
	else if (status == EVM_TX_CHAIN_ID)
		say(&r, "invalid chain id for signer: have %s want %s",
		    decimal(&s->chain_id, has), decimal(&chain, want));
	else if (status == EVM_TX_SIGNATURE)
		say(&r, "invalid transaction v, r, s values");
	else if (!wrong_state(&r))
		say(&r, "%s", evm_status_text(status));
}
