/* pull.c: transactions that ask for their world; see pull.h. */
#include "evm/pull.h"

static int block_hash(void *ctx, uint64_t number, struct evm_hash *hash)
{
	struct evm_pull *p = ctx;

	if (p->blocks[number % 256].known &&
	    p->blocks[number % 256].number == number) {
		*hash = p->blocks[number % 256].hash;
		return 0;
	}
	p->need = (struct evm_need){.kind = EVM_NEED_BLOCK_HASH,
				    .number = number};
	return EVM_ERR_MISSING;
}

int evm_pull_init(struct evm_pull *p, struct evm *evm,
		  const struct evm_transaction *tx)
{
	*p = (struct evm_pull){.evm = evm, .tx = tx};
	evm->state = evm_state_create(&evm->alloc);
	if (!evm->state)
		return EVM_ERR_NO_MEMORY;
	evm->block.hash = block_hash;
	evm->block.ctx = p;
	evm_state_ask(evm->state, &p->need);
	return 0;
}

void evm_pull_fini(struct evm_pull *p)
{
	evm_fini(p->evm);
	evm_state_destroy(p->evm->state);
	p->evm->state = NULL;
}

int evm_pull_run(struct evm_pull *p)
{
	int err;

	p->need.kind = EVM_NEED_NOTHING;
	err = evm_transact(p->evm, p->tx, &p->receipt);
	return err == EVM_ERR_MISSING ? (int)p->need.kind : err;
}

int evm_pull_give_account(struct evm_pull *p, const struct evm_address *addr,
			  uint64_t nonce, const struct u256 *balance,
			  const uint8_t *code, size_t len)
{
	return evm_state_put(p->evm->state, addr, nonce, balance, code, len);
}

int evm_pull_give_no_account(struct evm_pull *p, const struct evm_address *addr)
{
	return evm_state_put_none(p->evm->state, addr);
}

int evm_pull_give_storage(struct evm_pull *p, const struct evm_address *addr,
			  const struct u256 *key, const struct u256 *value)
{
	return evm_state_put_storage(p->evm->state, addr, key, value);
}

void evm_pull_give_block_hash(struct evm_pull *p, uint64_t number,
			      const struct evm_hash *hash)
{
	p->blocks[number % 256].number = number;
	p->blocks[number % 256].hash = *hash;
	p->blocks[number % 256].known = true;
}
