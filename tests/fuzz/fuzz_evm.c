/*
 * fuzz_evm.c: any bytes as code. Half of the bytes become pushes, so that
 * programs get somewhere. Whatever they do, gas never grows, an error leaves
 * the state as it was, and all memory comes back.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. \
 *		tests/fuzz/fuzz_evm.c $(ls evm/?*.c) -o fuzz_evm
 */
#include <stdlib.h>
#include <string.h>

#include "evm/evm.h"
#include "evm/state.h"
#include "tests/fuzz/memory.h"

#define GAS 200000

/* data[0]: the fork; then pairs of what to do and a byte to do it with. */
static size_t make_code(const uint8_t *data, size_t size, uint8_t *code)
{
	size_t len = 0;

	for (size_t i = 1; i + 1 < size; i += 2) {
		if (data[i] & 1)
			code[len++] = 0x60; /* PUSH1 */
		code[len++] = data[i + 1];
	}
	return len;
}

static void run(const uint8_t *data, size_t size, struct evm *evm,
		uint8_t *code)
{
	static const struct evm_address self = {{[19] = 0x42}}, caller = {{1}};
	struct evm_transaction tx = {.sender = caller,
				     .to = self,
				     .gas_limit = GAS + 100000,
				     .gas_price = u256_from(1),
				     .input = data,
				     .input_len = size < 64 ? size : 64};
	struct u256 funds = u256_from(UINT64_C(1) << 40);
	struct evm_receipt receipt;
	size_t len = make_code(data, size, code);

	if (evm_state_put(evm->state, &self, 1, &funds, code, len) < 0 ||
	    evm_state_put(evm->state, &caller, 0, &funds, NULL, 0) < 0)
		return;
	if (evm_transact(evm, &tx, &receipt) == 0 &&
	    receipt.gas_used > tx.gas_limit)
		abort();
	if (evm_state_snapshot(evm->state) != 0)
		abort(); /* the journal is empty after every transaction */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evm evm = {.alloc = alloc, .block.gas_limit = 10000000};
	uint8_t *code = malloc(size + 1);

	if (size > 0 && code) {
		evm.fork = data[0] % EVM_FORK_COUNT;
		evm.state = evm_state_create(&alloc);
		if (evm.state)
			run(data, size, &evm, code);
		evm_fini(&evm);
		evm_state_destroy(evm.state);
	}
	free(code);
	if (in_use != 0)
		abort();
	return 0;
}
