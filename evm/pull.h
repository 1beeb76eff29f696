/*
 * pull.h: a transaction whose world is brought piece by piece, for homes that
 * cannot be called back while it runs: SputnikVM's model.
 *
 *	evm_pull_init(&p, &evm, &tx);
 *	while ((need = evm_pull_run(&p)) > 0)
 *		look at p.need, and answer with one evm_pull_give_*()
 *	p.receipt says how it ended, evm.state what has changed
 *
 * A transaction is a function of what it reads. So a run that lacks something
 * is undone and begun anew when it is there: nothing of the machine must be
 * kept in between. With n things asked for that is n + 1 runs, each of which
 * ends where the next thing is missing; those named in the transaction can be
 * given beforehand. An account is asked for with its code. That an account
 * without code and nonce has storage (EIP-7610) is not asked.
 */
#ifndef EVM_PULL_H
#define EVM_PULL_H

#include "evm/state.h"

struct evm_pull {
	struct evm *evm; /* its state belongs to the pull */
	const struct evm_transaction *tx;
	struct evm_need need;
	struct evm_receipt receipt;
	struct {
		uint64_t number;
		struct evm_hash hash;
		bool known;
	} blocks[256]; /* by number modulo 256 */
};

/* evm has all set but its state, which is made here; fini gives it back. */
int evm_pull_init(struct evm_pull *p, struct evm *evm,
		  const struct evm_transaction *tx);
void evm_pull_fini(struct evm_pull *p);

/* 0: it has ended; an enum evm_need_kind: it needs that; or an error number. */
int evm_pull_run(struct evm_pull *p);

int evm_pull_give_account(struct evm_pull *p, const struct evm_address *addr,
			  uint64_t nonce, const struct u256 *balance,
			  const uint8_t *code, size_t len);
int evm_pull_give_no_account(struct evm_pull *p,
			     const struct evm_address *addr);
int evm_pull_give_storage(struct evm_pull *p, const struct evm_address *addr,
			  const struct u256 *key, const struct u256 *value);
void evm_pull_give_block_hash(struct evm_pull *p, uint64_t number,
			      const struct evm_hash *hash);

#endif
