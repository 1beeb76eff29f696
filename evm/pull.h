/*
 * pull.h: a transaction whose world is brought piece by piece, for homes that
 * cannot be called back while it runs: SputnikVM's model.
 *
 *	evm_pull_init(&p, &evm, &tx);
 *	while ((need = evm_pull_run(&p)) > 0)
 *		look at p.need, and answer with one evm_pull_give_*()
 *	p.receipt says how it ended, evm.state what has changed
 *
 * It runs on where it stopped: the calls that are open stay open, as they are
 * a row of frames and not the C stack. Before an instruction that may ask,
 * what that may change is kept; if it asks, this is put back, so that the
 * instruction begins anew when it is run again. What was named in the
 * transaction can be given beforehand; each piece is given once. An account
 * is asked for with its code. One without code and nonce that has storage
 * (EIP-7610) is given with a slot of it, too: that is not asked.
 *
 * Code runs in the plain loop, with a tracer.
 */
#ifndef EVM_PULL_H
#define EVM_PULL_H

#include "evm/run.h"
#include "evm/state.h"

/* The frame's and the journal's, before an instruction. */
struct evm_pull_mark {
	size_t pc, height, memory, return_data, snapshot;
	int64_t gas;
	struct u256 operands[7]; /* the most that one takes */
};

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

	/* The step that comes next, and what the steps leave each other. */
	unsigned step;
	struct evm_message msg;
	struct evm_run run;
	struct evm_pull_mark mark;
	bool again; /* the instruction at the mark was begun before */

	/* As the caller had them in evm. */
	const struct evm_tracer *outer;
	int (*interpret)(struct evm_frame *frame);
	int (*block_hash)(void *ctx, uint64_t number, struct evm_hash *hash);
	void *block_ctx;
	struct evm_tracer tracer;
};

/*
 * evm has all set but its state, which is made here; fini gives it back. Or
 * release leaves evm, with its state, to the caller, as evm_transact() does.
 */
int evm_pull_init(struct evm_pull *p, struct evm *evm,
		  const struct evm_transaction *tx);
void evm_pull_fini(struct evm_pull *p);
void evm_pull_release(struct evm_pull *p);

/*
 * 0: it has ended; an enum evm_need_kind: it needs that; or an error number:
 * then the state is as before, and the next run begins anew.
 */
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
