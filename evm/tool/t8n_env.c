/*
 * t8n_env.c: the block's environment. What is not given is computed from the
 * parent's: base fee (EIP-1559), blob gas (EIP-4844, EIP-7918), difficulty.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/difficulty.h"
#include "evm/tool/t8n.h"

#define BLOB_GAS       131072
#define BLOB_BASE_COST 8192 /* EIP-7918 */

/* u256 arithmetic with small numbers */
static struct u256 times(struct u256 a, uint64_t b)
{
	struct u256 wide = u256_from(b);

	return u256_mul(&a, &wide);
}

static struct u256 over(struct u256 a, uint64_t b)
{
	struct u256 wide = u256_from(b);

	return u256_div(&a, &wide);
}

static bool compute_base_fee(struct t8n *t, struct u256 *fee)
{
	uint64_t used = 0, limit = 0, target, distance;
	struct u256 parent, change, one = u256_from(1);
	struct reader *r = &t->reader;

	if (!has(t->env, "parentBaseFee"))
		return t8n_fail(t, T8N_CONFIG,
				"currentBaseFee: missing; give it or "
				"parentBaseFee");
	if (!read_number(r, t->env, "parentBaseFee", &parent) ||
	    !read_u64(r, t->env, "parentGasUsed", &used) ||
	    !read_u64(r, t->env, "parentGasLimit", &limit))
		return false;
	target = limit / 2;
	distance = used > target ? used - target : target - used;
	if (target == 0)
		return t8n_fail(t, T8N_CONFIG, "parentGasLimit: too small");
	change = over(over(times(parent, distance), target), 8);
	if (used > target && u256_is_zero(&change))
		change = one;
	*fee = used > target ? u256_add(&parent, &change)
			     : u256_sub(&parent, &change);
	return true;
}

static bool compute_excess(struct t8n *t, uint64_t *result)
{
	uint64_t target = (uint64_t)t->blobs.target * BLOB_GAS;
	uint64_t excess = 0, used = 0;
	struct u256 base_fee = u256_from(0), blob_fee, floor;
	struct reader *r = &t->reader;

	if (!maybe_u64(r, t->env, "parentExcessBlobGas", &excess) ||
	    !maybe_u64(r, t->env, "parentBlobGasUsed", &used) ||
	    !maybe_number(r, t->env, "parentBaseFee", &base_fee))
		return false;
	*result = 0;
	if (excess + used < target)
		return true;
	*result = excess + used - target;
	if (t->evm.fork < EVM_OSAKA)
		return true;
	blob_fee =
		times(evm_blob_base_fee(excess, t->blobs.fraction), BLOB_GAS);
	floor = times(base_fee, BLOB_BASE_COST);
	if (u256_less(&blob_fee, &floor))
		*result = excess + used * (t->blobs.max - t->blobs.target) /
					   t->blobs.max;
	return true;
}

static bool compute_difficulty(struct t8n *t, struct u256 *difficulty)
{
	static const uint8_t no_uncles[4] = {0x1d, 0xcc, 0x4d, 0xe8};
	struct evm_hash uncles = {{0x1d, 0xcc, 0x4d, 0xe8}};
	struct parent_block parent = {0};
	enum evm_fork fork = t->evm.fork;
	struct reader *r = &t->reader;

	if (!has(t->env, "parentDifficulty"))
		return t8n_fail(t, T8N_CONFIG,
				"currentDifficulty: missing; give it or "
				"parentDifficulty");
	if (!read_number(r, t->env, "parentDifficulty", &parent.difficulty) ||
	    !read_u64(r, t->env, "parentTimestamp", &parent.timestamp) ||
	    (has(t->env, "parentUncleHash") &&
	     !read_hash(r, t->env, "parentUncleHash", &uncles)))
		return false;
	if (t->evm.block.timestamp <= parent.timestamp)
		return t8n_fail(t, T8N_CONFIG,
				"currentTimestamp: not after the parent");
	parent.has_uncles = memcmp(uncles.bytes, no_uncles, 4) != 0;
	*difficulty = difficulty_next(
		fork,
		t->bomb_delay ? t->bomb_delay : difficulty_bomb_delay(fork),
		t->evm.block.number, t->evm.block.timestamp, &parent);
	return true;
}

/* One that is not given cannot be made up: then nothing can be said. */
static int block_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	const struct t8n *t = ctx;
	struct u256 named;
	json_t *value;
	const char *key;

	json_object_foreach(t->block_hashes, key, value)
	{
		uint8_t *bytes;
		size_t len;

		if (!(strncmp(key, "0x", 2) ? parse_decimal(key, &named)
					    : parse_number(key, &named)) ||
		    !u256_fits_u64(&named) || named.w[0] != number ||
		    !json_is_string(value) ||
		    !parse_bytes(json_string_value(value), &bytes, &len))
			continue;
		if (len == sizeof(hash->bytes))
			memcpy(hash->bytes, bytes, len);
		free(bytes);
		return 0;
	}
	return T8N_NO_BLOCK_HASH;
}

static bool fill_in(struct t8n *t)
{
	struct evm_block *b = &t->evm.block;
	enum evm_fork fork = t->evm.fork;
	bool ok = true;

	if (fork >= EVM_PARIS && !has(t->env, "currentRandom"))
		return t8n_fail(t, T8N_CONFIG, "currentRandom: missing");
	if (fork < EVM_PARIS && !has(t->env, "currentDifficulty"))
		ok = compute_difficulty(t, &b->difficulty);
	if (ok && fork >= EVM_LONDON && !has(t->env, "currentBaseFee"))
		ok = compute_base_fee(t, &b->base_fee);
	t->has_excess =
		fork >= EVM_CANCUN && (has(t->env, "currentExcessBlobGas") ||
				       has(t->env, "parentExcessBlobGas"));
	if (ok && fork >= EVM_CANCUN && !has(t->env, "currentExcessBlobGas"))
		ok = compute_excess(t, &t->excess_blob_gas);
	return ok;
}

bool t8n_read_env(struct t8n *t)
{
	struct evm_block *b = &t->evm.block;

	if (!read_env(&t->reader, t->env, t->evm.fork,
		      t->blobs.fraction ? t->blobs.fraction : 1, b) ||
	    !maybe_u64(&t->reader, t->env, "currentExcessBlobGas",
		       &t->excess_blob_gas) ||
	    !fill_in(t))
		return false;
	if (t->evm.fork >= EVM_CANCUN)
		b->blob_base_fee = evm_blob_base_fee(t->excess_blob_gas,
						     t->blobs.fraction);
	b->blob_max = t->blobs.max;
	t->block_hashes = json_object_get(t->env, "blockHashes");
	b->hash = block_hash;
	b->ctx = t;
	return true;
}
