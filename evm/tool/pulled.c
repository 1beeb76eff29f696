/* pulled.c: a world given piece by piece; see pulled.h. */
#include <stdlib.h>

#include "evm/pull.h"
#include "evm/tool/pulled.h"

struct pulled {
	struct evm_pull pull;
	struct evm_state *world;
	/* as evm had it */
	int (*hash)(void *ctx, uint64_t number, struct evm_hash *hash);
	void *ctx;
};

static int give_account(struct evm_pull *p, const struct evm_state *world,
			const struct evm_address *addr)
{
	const struct evm_account *a = evm_state_find(world, addr);
	const struct evm_slot *slot;
	const uint8_t *code;
	size_t len;
	int err;

	if (!a)
		return evm_pull_give_no_account(p, addr);
	evm_account_code(a, &code, &len);
	err = evm_pull_give_account(p, addr, a->nonce, &a->balance, code, len);
	slot = evm_account_next_slot(a, NULL);
	if (err < 0 || len > 0 || a->nonce != 0 || !slot)
		return err;
	return evm_pull_give_storage(p, addr, &slot->key, &slot->value);
}

static int give_storage(struct evm_pull *p, const struct evm_state *world,
			const struct evm_address *addr, const struct u256 *key)
{
	const struct evm_account *a = evm_state_find(world, addr);
	struct u256 value = a ? evm_account_storage(a, key) : u256_from(0);

	return evm_pull_give_storage(p, addr, key, &value);
}

static int answer(struct pulled *t)
{
	struct evm_need need = t->pull.need;
	struct evm_hash hash = {{0}};
	int err = 0;

	switch (need.kind) {
	case EVM_NEED_ACCOUNT:
		return give_account(&t->pull, t->world, &need.address);
	case EVM_NEED_STORAGE:
		return give_storage(&t->pull, t->world, &need.address,
				    &need.key);
	default:
		if (t->hash)
			err = t->hash(t->ctx, need.number, &hash);
		evm_pull_give_block_hash(&t->pull, need.number, &hash);
		return err;
	}
}

/* Whether the state would ask for it. */
static bool unknown(struct evm_pull *p, const struct evm_address *addr,
		    const struct u256 *key)
{
	struct u256 value;

	p->need.kind = EVM_NEED_NOTHING;
	if (key)
		evm_state_host.get_storage(p->evm->state, addr, key, &value);
	else
		evm_state_find(p->evm->state, addr);
	return p->need.kind != EVM_NEED_NOTHING;
}

/* What was never asked for is as it was. */
static int give_rest(struct pulled *t)
{
	const struct evm_account *a = NULL;
	const struct evm_slot *slot;
	int err = 0;

	while (err == 0 && (a = evm_state_next(t->world, a))) {
		if (unknown(&t->pull, &a->address, NULL))
			err = give_account(&t->pull, t->world, &a->address);
		slot = NULL;
		while (err == 0 && (slot = evm_account_next_slot(a, slot)))
			if (unknown(&t->pull, &a->address, &slot->key))
				err = evm_pull_give_storage(
					&t->pull, &a->address, &slot->key,
					&slot->value);
	}
	return err;
}

int pulled_transact(struct evm *evm, const struct evm_transaction *tx,
		    struct evm_receipt *receipt)
{
	struct pulled *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return EVM_ERR_NO_MEMORY;
	t->world = evm->state;
	t->hash = evm->block.hash;
	t->ctx = evm->block.ctx;
	err = evm_pull_init(&t->pull, evm, tx);
	while (err == 0 && (err = evm_pull_run(&t->pull)) > 0)
		err = answer(t);
	if (err == 0)
		err = give_rest(t);
	*receipt = t->pull.receipt;
	evm_pull_release(&t->pull);
	evm_state_destroy(t->world);
	free(t);
	return err;
}
