/*
 * precompile.c: the table of the contracts that are part of the machine, and
 * those of them that need no file of their own.
 */
#include "evm/hash.h"
#include "evm/precompile.h"
#include "evm/alloc.h"
#include "evm/secp256k1.h"

int evm_output_reserve(struct evm *evm, size_t len)
{
	void *output = evm->output;
	int err = evm_reserve(&evm->alloc, &output, &evm->output_size, len, 1);

	evm->output = output;
	return err;
}

/*
 * Input: hash, v, r, s, a word each. v is 27, or 28 for an odd y. The address
 * of the key that signed, or nothing at all.
 */
static ptrdiff_t ecrecover(const struct evm_allocator *alloc,
			   const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t input[128], key[64];
	struct u256 hash, v, r, s, x, y;

	evm_precompile_input(input, sizeof(input), data, len);
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

static ptrdiff_t sha256(const struct evm_allocator *alloc, const uint8_t *data,
			size_t len, uint8_t *out)
{
	evm_sha256(data, len, out);
	return 32;
}

static ptrdiff_t ripemd160(const struct evm_allocator *alloc,
			   const uint8_t *data, size_t len, uint8_t *out)
{
	memset(out, 0, 12);
	evm_ripemd160(data, len, out + 12);
	return 32;
}

static ptrdiff_t identity(const struct evm_allocator *alloc,
			  const uint8_t *data, size_t len, uint8_t *out)
{
	if (len > 0)
		memcpy(out, data, len);
	return (ptrdiff_t)len;
}

static uint64_t words(size_t len)
{
	return len / 32 + (len % 32 != 0);
}

static uint64_t ecrecover_gas(enum evm_fork fork, const uint8_t *input,
			      size_t len)
{
	return 3000;
}

static uint64_t sha256_gas(enum evm_fork fork, const uint8_t *input, size_t len)
{
	return 60 + 12 * words(len);
}

static uint64_t ripemd160_gas(enum evm_fork fork, const uint8_t *input,
			      size_t len)
{
	return 600 + 120 * words(len);
}

static uint64_t identity_gas(enum evm_fork fork, const uint8_t *input,
			     size_t len)
{
	return 15 + 3 * words(len);
}

static size_t identity_size(const uint8_t *input, size_t len)
{
	return len;
}

/* EIP-196, EIP-197, and the prices of EIP-1108 */
static uint64_t bn254_add_gas(enum evm_fork fork, const uint8_t *input,
			      size_t len)
{
	return fork >= EVM_ISTANBUL ? 150 : 500;
}

static uint64_t bn254_mul_gas(enum evm_fork fork, const uint8_t *input,
			      size_t len)
{
	return fork >= EVM_ISTANBUL ? 6000 : 40000;
}

static uint64_t bn254_pairing_gas(enum evm_fork fork, const uint8_t *input,
				  size_t len)
{
	uint64_t pairs = len / 192;

	return fork >= EVM_ISTANBUL ? 45000 + 34000 * pairs
				    : 100000 + 80000 * pairs;
}

static uint64_t kzg_gas(enum evm_fork fork, const uint8_t *input, size_t len)
{
	return 50000;
}

static uint64_t p256verify_gas(enum evm_fork fork, const uint8_t *input,
			       size_t len)
{
	return 6900;
}

/* Those with a function for the size of their output have it, not `room`. */
static const struct precompile {
	unsigned number;
	enum evm_fork since;
	size_t room;
	size_t (*size)(const uint8_t *input, size_t len);
	evm_precompile_gas_fn *gas;
	evm_precompile_fn *run;
} precompiles[] = {
	{1, EVM_FRONTIER, 32, NULL, ecrecover_gas, ecrecover},
	{2, EVM_FRONTIER, 32, NULL, sha256_gas, sha256},
	{3, EVM_FRONTIER, 32, NULL, ripemd160_gas, ripemd160},
	{4, EVM_FRONTIER, 0, identity_size, identity_gas, identity},
	{5, EVM_BYZANTIUM, 0, evm_modexp_size, evm_modexp_gas, evm_modexp},
	{6, EVM_BYZANTIUM, 64, NULL, bn254_add_gas, evm_bn254_add},
	{7, EVM_BYZANTIUM, 64, NULL, bn254_mul_gas, evm_bn254_mul},
	{8, EVM_BYZANTIUM, 32, NULL, bn254_pairing_gas, evm_bn254_pairing},
	{9, EVM_ISTANBUL, 64, NULL, evm_blake2f_gas, evm_blake2f},
	{10, EVM_CANCUN, 64, NULL, kzg_gas, evm_kzg},
	{11, EVM_PRAGUE, 128, NULL, evm_bls_g1_add_gas, evm_bls_g1_add},
	{12, EVM_PRAGUE, 128, NULL, evm_bls_g1_msm_gas, evm_bls_g1_msm},
	{13, EVM_PRAGUE, 256, NULL, evm_bls_g2_add_gas, evm_bls_g2_add},
	{14, EVM_PRAGUE, 256, NULL, evm_bls_g2_msm_gas, evm_bls_g2_msm},
	{15, EVM_PRAGUE, 32, NULL, evm_bls_pairing_gas, evm_bls_pairing},
	{16, EVM_PRAGUE, 128, NULL, evm_bls_map_g1_gas, evm_bls_map_g1},
	{17, EVM_PRAGUE, 256, NULL, evm_bls_map_g2_gas, evm_bls_map_g2},
	{0x100, EVM_OSAKA, 32, NULL, p256verify_gas, evm_p256verify},
};

static const struct precompile *find(unsigned number)
{
	for (size_t i = 0; i < sizeof(precompiles) / sizeof(*precompiles); i++)
		if (precompiles[i].number == number)
			return &precompiles[i];
	return NULL;
}

unsigned evm_precompile_number(enum evm_fork fork,
			       const struct evm_address *addr)
{
	const struct precompile *p;
	unsigned number = (unsigned)addr->bytes[18] << 8 | addr->bytes[19];

	for (size_t i = 0; i < sizeof(addr->bytes) - 2; i++)
		if (addr->bytes[i] != 0)
			return 0;
	p = find(number);
	return p && fork >= p->since ? number : 0;
}

int evm_precompile_run(struct evm *evm, unsigned n,
		       const struct evm_message *msg, struct evm_result *result)
{
	const struct precompile *p = find(n);
	uint64_t gas;
	ptrdiff_t len;

	*result = (struct evm_result){.status = EVM_OUT_OF_GAS};
	if (!p)
		return EVM_ERR_UNSUPPORTED;
	gas = p->gas(evm->fork, msg->input, msg->input_len);
	if (gas > (uint64_t)msg->gas)
		return 0;
	len = evm_output_reserve(
		evm, p->size ? p->size(msg->input, msg->input_len) : p->room);
	if (len < 0)
		return (int)len;
	len = p->run(&evm->alloc, msg->input, msg->input_len, evm->output);
	if (len == EVM_ERR_INPUT) {
		result->status = EVM_PRECOMPILE_FAILURE;
		return 0;
	}
	if (len < 0)
		return (int)len;
	result->status = EVM_SUCCESS;
	result->gas_left = msg->gas - (int64_t)gas;
	result->output = evm->output;
	result->output_len = (size_t)len;
	return 0;
}
