/* pull.c: transactions that ask for their world; see pull.h. */
#include <string.h>

#include "evm/frame.h"
#include "evm/opcodes.h"
#include "evm/pull.h"

#define OPERANDS (sizeof(((struct evm_pull_mark *)NULL)->operands) / 32)

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

/* ---- instructions that may ask ---- */

static bool may_ask(uint8_t opcode)
{
	switch (opcode) {
	case OP_BALANCE:
	case OP_EXTCODESIZE:
	case OP_EXTCODECOPY:
	case OP_EXTCODEHASH:
	case OP_BLOCKHASH:
	case OP_SLOAD:
	case OP_SSTORE:
	case OP_CREATE:
	case OP_CALL:
	case OP_CALLCODE:
	case OP_DELEGATECALL:
	case OP_CREATE2:
	case OP_STATICCALL:
	case OP_SELFDESTRUCT:
		return true;
	default:
		return false;
	}
}

static size_t operands(size_t height)
{
	return height < OPERANDS ? height : OPERANDS;
}

static void before(void *ctx, const struct evm_frame *f, uint8_t opcode)
{
	struct evm_pull *p = ctx;
	size_t n = operands(f->height);

	if (p->outer && !p->again)
		p->outer->before(p->outer->ctx, f, opcode);
	p->again = false;
	if (!may_ask(opcode))
		return;
	p->mark = (struct evm_pull_mark){
		.pc = f->pc,
		.height = f->height,
		.memory = f->memory.len,
		.return_data = f->return_data.len,
		.snapshot = evm_state_snapshot(p->evm->state),
		.gas = f->gas,
	};
	memcpy(p->mark.operands, &f->stack[f->height - n], n * 32);
}

static void after(void *ctx, const struct evm_frame *f, enum evm_status status)
{
	const struct evm_tracer *outer = ((struct evm_pull *)ctx)->outer;

	if (outer)
		outer->after(outer->ctx, f, status);
}

/*
 * Nothing is written to memory before all is there that is asked for: what
 * the instruction made it longer by is zero still.
 */
static void put_back(struct evm_pull *p, struct evm_frame *f)
{
	const struct evm_pull_mark *m = &p->mark;
	size_t n = operands(m->height);

	evm_state_rollback(p->evm->state, m->snapshot);
	f->pc = m->pc;
	f->height = m->height;
	f->memory.len = m->memory;
	f->return_data.len = m->return_data;
	f->gas = m->gas;
	memcpy(&f->stack[m->height - n], m->operands, n * 32);
	p->again = true;
}

static int interpret(struct evm_frame *f)
{
	struct evm_pull *p = f->evm->tracer->ctx;
	int err = p->interpret ? p->interpret(f) : evm_interpret(f);

	if (err == EVM_ERR_MISSING)
		put_back(p, f);
	return err;
}

/* ---- steps: each is tried until nothing is missing ---- */

static int begin(struct evm_pull *p)
{
	return evm_tx_begin(p->evm, p->tx, &p->receipt, &p->msg);
}

static int call(struct evm_pull *p)
{
	return evm_run_begin(p->evm, &p->msg, &p->run, &p->receipt.result);
}

static int go_on(struct evm_pull *p)
{
	int err = evm_run_go_on(p->evm, &p->run, &p->receipt.result);

	if (err != EVM_ERR_MISSING)
		evm_run_end(p->evm, &p->run, err);
	return err;
}

static int settle(struct evm_pull *p)
{
	return evm_tx_settle(p->evm, p->tx, &p->receipt);
}

static int (*const steps[])(struct evm_pull *) = {begin, call, go_on, settle};

enum { BEGIN, CALL, GO_ON, SETTLE, DONE };

/* go_on puts back what it must, and leaves the rest as it is. */
static int try_step(struct evm_pull *p)
{
	size_t snapshot = evm_state_snapshot(p->evm->state);
	int err = steps[p->step](p);

	if (err < 0 && p->step != GO_ON)
		evm_state_rollback(p->evm->state, snapshot);
	return err;
}

int evm_pull_run(struct evm_pull *p)
{
	int err = 0;

	p->need.kind = EVM_NEED_NOTHING;
	while (p->step != DONE && (err = try_step(p)) == 0) {
		if (p->step == SETTLE)
			evm_state_commit(p->evm->state, p->evm->fork);
		p->step++;
		if (p->step == CALL && p->receipt.result.status != EVM_SUCCESS)
			p->step = DONE; /* it was refused */
	}
	if (err == EVM_ERR_MISSING)
		return (int)p->need.kind;
	if (err < 0) {
		evm_state_rollback(p->evm->state, 0);
		p->step = BEGIN;
	}
	return err;
}

int evm_pull_init(struct evm_pull *p, struct evm *evm,
		  const struct evm_transaction *tx)
{
	*p = (struct evm_pull){.evm = evm,
			       .tx = tx,
			       .outer = evm->tracer,
			       .interpret = evm->interpret,
			       .block_hash = evm->block.hash,
			       .block_ctx = evm->block.ctx,
			       .tracer = {before, after, p}};
	evm->block.hash = block_hash;
	evm->block.ctx = p;
	evm->tracer = &p->tracer;
	evm->interpret = interpret;
	evm->state = evm_state_create(&evm->alloc);
	if (!evm->state)
		return EVM_ERR_NO_MEMORY;
	evm_state_ask(evm->state, &p->need);
	return 0;
}

void evm_pull_release(struct evm_pull *p)
{
	struct evm *evm = p->evm;

	if (p->step == GO_ON)
		evm_run_end(evm, &p->run, EVM_ERR_MISSING);
	if (evm->state && p->step != DONE)
		evm_state_rollback(evm->state, 0);
	if (evm->state)
		evm_state_ask(evm->state, NULL);
	evm->tracer = p->outer;
	evm->interpret = p->interpret;
	evm->block.hash = p->block_hash;
	evm->block.ctx = p->block_ctx;
}

void evm_pull_fini(struct evm_pull *p)
{
	evm_pull_release(p);
	evm_fini(p->evm);
	evm_state_destroy(p->evm->state);
	p->evm->state = NULL;
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
