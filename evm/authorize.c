/*
 * authorize.c: EIP-7702: accounts whose owners sign that their code shall be
 * that of another. An authorization that does not hold is passed over; it
 * does not make the transaction fail.
 */
#include <string.h>

#include "evm/authorize.h"
#include "evm/hash.h"
#include "evm/rlp.h"
#include "evm/secp256k1.h"
#include "evm/state.h"

#define GAS_BACK 12500 /* for one whose account was there already */

/* The tail of a number, from its first byte that is not zero. */
static size_t number(uint8_t *out, const struct u256 *value)
{
	size_t len = (u256_bits(value) + 7) / 8;
	uint8_t bytes[32];

	if (len == 1 && value->w[0] < 0x80) {
		out[0] = (uint8_t)value->w[0];
		return 1;
	}
	u256_store(bytes, value);
	out[0] = 0x80 + (uint8_t)len;
	memcpy(out + 1, bytes + 32 - len, len);
	return 1 + len;
}

/* keccak(5, rlp([chain id, address, nonce])): the list is a short one or has
 * a length of one byte. */
static struct u256 signed_hash(const struct evm_authorization *auth)
{
	struct u256 nonce = u256_from(auth->nonce);
	uint8_t list[33 + 21 + 9], bytes[sizeof(list) + 3], hash[32];
	size_t len, head = 0;

	len = number(list, &auth->chain_id);
	list[len++] = 0x80 + 20;
	memcpy(list + len, auth->address.bytes, 20);
	len += 20;
	len += number(list + len, &nonce);
	bytes[head++] = 5;
	if (len < 56) {
		bytes[head++] = 0xc0 + (uint8_t)len;
	} else {
		bytes[head++] = 0xf8;
		bytes[head++] = (uint8_t)len;
	}
	memcpy(bytes + head, list, len);
	evm_keccak256(bytes, head + len, hash);
	return u256_load(hash);
}

bool evm_signer(const struct u256 *hash, bool odd, const struct u256 *r,
		const struct u256 *s, struct evm_address *signer)
{
	uint8_t key[64], digest[32];
	struct u256 x, y;

	if (!secp256k1_recover(hash, odd, r, s, &x, &y))
		return false;
	u256_store(key, &x);
	u256_store(key + 32, &y);
	evm_keccak256(key, sizeof(key), digest);
	memcpy(signer->bytes, digest + 12, sizeof(signer->bytes));
	return true;
}

/* Half the group's order: EIP-2 takes only the lower of a signature's two s. */
bool evm_signature_low(const struct u256 *s)
{
	static const struct u256 half = {{UINT64_C(0xdfe92f46681b20a0),
					  UINT64_C(0x5d576e7357a4501d),
					  ~UINT64_C(0), ~UINT64_C(0) >> 1}};

	return !u256_less(&half, s);
}

bool evm_authority(const struct evm_authorization *auth,
		   struct evm_address *signer)
{
	struct u256 hash = signed_hash(auth);

	return u256_fits_u64(&auth->y_parity) && auth->y_parity.w[0] <= 1 &&
	       evm_signature_low(&auth->s) &&
	       evm_signer(&hash, auth->y_parity.w[0], &auth->r, &auth->s,
			  signer);
}

static bool for_this_chain(const struct evm *evm,
			   const struct evm_authorization *auth)
{
	struct u256 id = u256_from(evm->chain_id);

	return u256_is_zero(&auth->chain_id) ||
	       u256_equal(&auth->chain_id, &id);
}

static int delegate(struct evm *evm, const struct evm_authorization *auth,
		    const struct evm_address *authority)
{
	static const struct evm_address nobody;
	uint8_t bytes[23] = {0xef, 0x01, 0x00};
	struct evm_code *code = NULL;
	int err;

	memcpy(bytes + 3, auth->address.bytes, 20);
	if (memcmp(&auth->address, &nobody, sizeof(nobody)) != 0) {
		code = evm_code_create(&evm->alloc, bytes, sizeof(bytes));
		if (!code)
			return EVM_ERR_NO_MEMORY;
	}
	err = evm_state_set_code(evm->state, authority, code);
	if (err < 0)
		return err;
	return evm_state_set_nonce(evm->state, authority, auth->nonce + 1);
}

static int authorize_one(struct evm *evm, const struct evm_authorization *auth)
{
	const struct evm_account *account;
	struct evm_address authority;
	bool cold;
	int err;

	if (!for_this_chain(evm, auth) || auth->nonce == UINT64_MAX ||
	    !evm_authority(auth, &authority))
		return 0;
	err = evm_state_host.use_account(evm->state, &authority, &cold);
	if (err < 0)
		return err;
	account = evm_state_find(evm->state, &authority);
	if (account && account->code && !evm_code_delegate(account->code))
		return 0;
	if (auth->nonce != (account ? account->nonce : 0))
		return 0;
	if (account)
		err = evm_state_host.refund(evm->state, GAS_BACK);
	return err < 0 ? err : delegate(evm, auth, &authority);
}

int evm_authorize(struct evm *evm, const struct evm_transaction *tx)
{
	int err = 0;

	for (size_t i = 0; i < tx->authorization_count && err == 0; i++)
		err = authorize_one(evm, &tx->authorizations[i]);
	return err;
}
