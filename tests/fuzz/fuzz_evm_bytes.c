/*
 * fuzz_evm_bytes.c: any bytes as RLP and as a signed transaction. What is
 * taken is canonical: written again it is the same bytes; and a transaction
 * that is taken is valid RLP.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. \
 *		tests/fuzz/fuzz_evm_bytes.c $(ls evm/?*.c) -o fuzz_evm_bytes
 */
#include <stdlib.h>
#include <string.h>

#include "evm/tx_decode.h"
#include "tests/fuzz/memory.h"

/* Lists one in another, as far as the first of them goes. */
static void walk(const uint8_t *data, size_t size)
{
	struct evm_rlp_reader r = {data, size, false};
	struct evm_rlp_item item;
	size_t seen = 0;

	while (evm_rlp_next(&r, &item)) {
		if (item.len > size || ++seen > size)
			abort();
		if (item.is_list)
			r = (struct evm_rlp_reader){item.bytes, item.len,
						    false};
	}
}

static void decode(const uint8_t *data, size_t size)
{
	struct evm_rlp w = {.alloc = &alloc};
	struct evm_signed_tx s;
	int r = evm_tx_decode(&alloc, data, size, &s);
	size_t head;

	if (r != 0)
		return;
	head = s.tx.type != EVM_TX_LEGACY;
	if (!evm_rlp_valid(data + head, size - head))
		abort();
	evm_tx_encode(&w, &s, true);
	if (w.failed || w.len != size || memcmp(w.bytes, data, size) != 0)
		abort();
	evm_rlp_fini(&w);
	for (enum evm_fork fork = 0; fork < EVM_FORK_COUNT; fork += 7)
		evm_tx_recover(&s, fork, 1);
	evm_tx_decode_fini(&alloc, &s);
}

/* A transaction of each type made of the input, to be near to valid ones. */
static void mutate(const uint8_t *data, size_t size)
{
	struct u256 key = u256_from(7);
	struct evm_access access = {.keys = &key, .key_count = 1};
	struct evm_hash blob = {{1}};
	struct evm_authorization auth = {.nonce = 300};
	struct evm_signed_tx s = {
		.replay_protected = true,
		.chain_id = u256_from(1),
		.r = u256_load_bytes(data, size < 32 ? size : 32),
		.s = u256_from(5),
		.tx = {.type = (enum evm_tx_type)(data[0] % EVM_TX_TYPES),
		       .gas_limit = 21000,
		       .input = data,
		       .input_len = size % 90,
		       .access = &access,
		       .access_count = 1,
		       .blob_hashes = &blob,
		       .blob_count = 1,
		       .authorizations = &auth,
		       .authorization_count = 1}};
	struct evm_rlp w = {.alloc = &alloc};

	evm_tx_encode(&w, &s, true);
	if (w.failed)
		abort();
	decode(w.bytes, w.len);
	for (size_t i = 1; i + 1 < size && i < 7; i += 2)
		w.bytes[data[i] % w.len] ^= data[i + 1];
	decode(w.bytes, w.len);
	decode(w.bytes, w.len - data[0] % w.len);
	evm_rlp_fini(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	evm_rlp_valid(data, size);
	walk(data, size);
	decode(data, size);
	if (size > 1)
		mutate(data, size);
	if (in_use != 0)
		abort();
	return 0;
}
