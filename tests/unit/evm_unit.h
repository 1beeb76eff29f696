/*
 * evm_unit.h: a machine for tests. Programs are written as bytes; memory is
 * counted, so that a test can fail the n-th request and see that nothing is
 * kept.
 */
#ifndef TESTS_UNIT_EVM_UNIT_H
#define TESTS_UNIT_EVM_UNIT_H

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "evm/evm.h"
#include "evm/opcodes.h"
#include "evm/state.h"

struct meter {
	size_t bytes; /* in use */
	long requests;
	long fail_at; /* the request to refuse, counted from 1; 0: none */
};

static void *metered(void *ctx, void *old, size_t old_size, size_t size)
{
	struct meter *m = ctx;
	void *p;

	if (size == 0) {
		m->bytes -= old_size;
		free(old);
		return NULL;
	}
	if (++m->requests == m->fail_at)
		return NULL;
	p = realloc(old, size);
	if (p && size > old_size) /* nobody may count on zeros */
		memset((uint8_t *)p + old_size, 0xa5, size - old_size);
	if (p)
		m->bytes += size - old_size;
	return p;
}

static const struct evm_address addr_a = {{0xaa}}, addr_b = {{0xbb}},
				addr_c = {{0xcc}}, addr_from = {{0xf0}},
				addr_miner = {{0x99}};

struct machine {
	struct meter meter;
	struct evm evm;
	struct evm_result result;
};

static inline int machine_init(struct machine *m, enum evm_fork fork)
{
	m->evm = (struct evm){
		.alloc = {metered, &m->meter},
		.fork = fork,
		.origin = addr_from,
		.block = {.coinbase = addr_miner,
			  .number = 300,
			  .timestamp = 1234,
			  .gas_limit = 10000000},
	};
	m->evm.state = evm_state_create(&m->evm.alloc);
	return m->evm.state ? 0 : EVM_ERR_NO_MEMORY;
}

static inline void machine_fini(struct machine *m)
{
	evm_fini(&m->evm);
	evm_state_destroy(m->evm.state);
	m->evm.state = NULL;
}

static inline int put(struct machine *m, const struct evm_address *addr,
		      uint64_t balance, const uint8_t *code, size_t len)
{
	struct u256 wei = u256_from(balance);

	return evm_state_put(m->evm.state, addr, 0, &wei, code, len);
}

/* Call `to` with some gas; the state stays open. */
static inline int call(struct machine *m, const struct evm_address *to,
		       int64_t gas)
{
	struct evm_message msg = {.kind = EVM_CALL,
				  .gas = gas,
				  .sender = addr_from,
				  .recipient = *to,
				  .code_from = *to};

	return evm_call(&m->evm, &msg, &m->result);
}

static inline struct u256 stored(struct machine *m,
				 const struct evm_address *addr, uint64_t slot)
{
	const struct evm_account *account = evm_state_find(m->evm.state, addr);
	struct u256 key = u256_from(slot);

	return account ? evm_account_storage(account, &key) : u256_from(0);
}

#define CODE(...) \
	((const uint8_t[]){__VA_ARGS__}), sizeof((uint8_t[]){__VA_ARGS__})

#endif
