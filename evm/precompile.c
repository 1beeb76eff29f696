/*
 * precompile.c: the four contracts of Frontier, and the way to Byzantium's.
 * Those on bn254 are not built in: they end a run with EVM_ERR_UNSUPPORTED.
 */
#include "evm/alloc.h"
#include "evm/hash.h"
#include "evm/precompile.h"
#include "evm/secp256k1.h"

enum { ECRECOVER = 1, SHA256, RIPEMD160, IDENTITY, MODEXP };

#define LAST_FRONTIER  4
#define LAST_BYZANTIUM 8

unsigned evm_precompile_number(enum evm_fork fork,
			       const struct evm_address *addr)
{
	unsigned last = fork >= EVM_BYZANTIUM ? LAST_BYZANTIUM : LAST_FRONTIER;

	for (size_t i = 0; i < sizeof(addr->bytes) - 1; i++)
		if (addr->bytes[i] != 0)
			return 0;
	return addr->bytes[19] <= last ? addr->bytes[19] : 0;
}

int evm_output_reserve(struct evm *evm, size_t len)
{
	void *output = evm->output;
	int err = evm_reserve(&evm->alloc, &output, &evm->output_size, len, 1);

	evm->output = output;
	return err;
}

/*
 * Input: hash, v, r, s, a word each, zeros behind its end. v is 27, or 28 for
 * an odd y. The address of the key that signed, or nothing at all.
 */
static size_t ecrecover(const uint8_t *data, size_t len, uint8_t out[32])
{
	uint8_t input[128] = {0}, key[64];
	struct u256 hash, v, r, s, x, y;

	if (len > 0)
		memcpy(input, data, len < sizeof(input) ? len : sizeof(input));
	hash = u256_load(input);
	v = u256_load(input + 32);
	r = u256_load(input + 64);
	s = u256_load(input + 96);
	if (!u256_fits_u64(&v) || (v.w[0] != 27 && v.w[0] != 28) ||
	    !secp256k1_recover(&hash, v.w[0] == 28, &r, &s, &x, &y))
		return 0;
	u256_store(key, &x);
	u256_store(key + 32, &y);
	evm_keccak256(key, sizeof(key), out);
	memset(out, 0, 12);
	return 32;
}

static void ripemd160_word(const uint8_t *data, size_t len, uint8_t out[32])
{
	memset(out, 0, 12);
	evm_ripemd160(data, len, out + 12);
}

static uint64_t cost(unsigned n, uint64_t len)
{
	uint64_t words = len / 32 + (len % 32 != 0);

	switch (n) {
	case ECRECOVER:
		return 3000;
	case SHA256:
		return 60 + 12 * words;
	case RIPEMD160:
		return 600 + 120 * words;
	default: /* IDENTITY */
		return 15 + 3 * words;
	}
}

int evm_precompile_run(struct evm *evm, unsigned n,
		       const struct evm_message *msg, struct evm_result *result)
{
	uint64_t gas;
	int err;

	*result = (struct evm_result){.status = EVM_OUT_OF_GAS};
	if (n == MODEXP)
		return evm_modexp(evm, msg, result);
	if (n > MODEXP)
		return EVM_ERR_UNSUPPORTED;
	gas = cost(n, msg->input_len);
	if (gas > (uint64_t)msg->gas)
		return 0;
	err = evm_output_reserve(evm, 32);
	if (err < 0)
		return err;
	result->status = EVM_SUCCESS;
	result->gas_left = msg->gas - (int64_t)gas;
	result->output = evm->output;
	result->output_len = 32;
	switch (n) {
	case ECRECOVER:
		result->output_len =
			ecrecover(msg->input, msg->input_len, evm->output);
		break;
	case SHA256:
		evm_sha256(msg->input, msg->input_len, evm->output);
		break;
	case RIPEMD160:
		ripemd160_word(msg->input, msg->input_len, evm->output);
		break;
	default: /* IDENTITY */
		result->output = msg->input;
		result->output_len = msg->input_len;
	}
	return 0;
}
