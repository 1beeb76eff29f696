/*
 * state.h: accounts, storage and logs in memory, with a journal.
 *
 * Every change is noted in the journal first, so that a failed call goes back
 * to where it began (evm_state_rollback) and a transaction's end finds what
 * it touched (evm_state_commit). Accounts and slots, once made, stay where
 * they are until the state is destroyed: one that does not exist any more is
 * marked so and all zero.
 */
#ifndef EVM_STATE_H
#define EVM_STATE_H

#include "evm/map.h"

struct evm_slot {
	struct evm_map_node node;
	struct u256 key, value;
	struct u256 original;  /* at the transaction's start */
	struct u256 transient; /* EIP-1153 */
	bool used;	       /* by this transaction: EIP-2929 */
	bool known;	       /* the value is; see evm_state_ask() */
};

struct evm_account {
	struct evm_map_node node;
	struct evm_address address;
	bool exists;
	bool touched; /* by this transaction: EIP-161 may clear it */
	bool destructed;
	bool created; /* by this transaction */
	bool used;    /* likewise: EIP-2929 */
	bool known;   /* see evm_state_ask() */
	bool all_slots_known;
	uint64_t nonce;
	struct u256 balance;
	struct evm_code *code; /* NULL for none */
	struct evm_map slots;
};

struct evm_state;

/* What a state that asks lacked first. */
enum evm_need_kind {
	EVM_NEED_NOTHING,
	EVM_NEED_ACCOUNT,
	EVM_NEED_STORAGE,
	EVM_NEED_BLOCK_HASH
};

struct evm_need {
	enum evm_need_kind kind;
	struct evm_address address;
	struct u256 key;
	uint64_t number; /* of the block */
};

/* The state as the host of frames; the host pointer is the state. */
extern const struct evm_host_ops evm_state_host;

struct evm_state *evm_state_create(const struct evm_allocator *alloc);
void evm_state_destroy(struct evm_state *state);

/*
 * From now on what was not put is not taken for empty: it is noted in `need`,
 * once, and the run ends with EVM_ERR_MISSING. This is what evm/pull.h is
 * made of. NULL: what was not put is empty again.
 */
void evm_state_ask(struct evm_state *state, struct evm_need *need);
/* 0, or EVM_ERR_MISSING if something was needed. */
int evm_state_missing(const struct evm_state *state);
/* There is no such account. */
int evm_state_put_none(struct evm_state *state, const struct evm_address *addr);

/* For setting up: the account exists afterwards. Not noted in the journal. */
int evm_state_put(struct evm_state *state, const struct evm_address *addr,
		  uint64_t nonce, const struct u256 *balance,
		  const uint8_t *code, size_t code_len);
int evm_state_put_storage(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *key, const struct u256 *value);

/* NULL if it does not exist. */
const struct evm_account *evm_state_find(const struct evm_state *state,
					 const struct evm_address *addr);
/* Those that exist, in the order they were first seen; NULL begins and ends. */
const struct evm_account *evm_state_next(const struct evm_state *state,
					 const struct evm_account *account);
/* Slots that are not zero, likewise. */
const struct evm_slot *evm_account_next_slot(const struct evm_account *account,
					     const struct evm_slot *slot);
struct u256 evm_account_storage(const struct evm_account *account,
				const struct u256 *key);
void evm_account_code(const struct evm_account *account, const uint8_t **code,
		      size_t *len);

/* The logs since the last commit or rollback to the start, oldest first. */
size_t evm_state_log_count(const struct evm_state *state);
const struct evm_log *evm_state_log(const struct evm_state *state, size_t i);
uint64_t evm_state_refund(const struct evm_state *state);

/*
 * The end of a transaction: destructed accounts go, from Spurious Dragon on
 * touched ones that are empty too, and what is now becomes the original. The
 * logs stay until evm_state_begin(). Cannot fail.
 */
void evm_state_commit(struct evm_state *state, enum evm_fork fork);
/* The start of one: no logs, no refund. The journal must be empty. */
void evm_state_begin(struct evm_state *state);

/* What the machine (call.c, tx.c) does beside what frames ask for. */
size_t evm_state_snapshot(const struct evm_state *state);
void evm_state_rollback(struct evm_state *state, size_t snapshot);
int evm_state_touch(struct evm_state *state, const struct evm_address *addr);
/* The sender must have the value; the recipient comes to exist. */
int evm_state_transfer(struct evm_state *state, const struct evm_address *from,
		       const struct evm_address *to, const struct u256 *value);
int evm_state_add_balance(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *value);
int evm_state_sub_balance(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *value);
int evm_state_set_nonce(struct evm_state *state, const struct evm_address *addr,
			uint64_t nonce);
/* A contract that this transaction makes. */
int evm_state_set_created(struct evm_state *state,
			  const struct evm_address *addr);
/* Takes over the reference, also when it fails. */
int evm_state_set_code(struct evm_state *state, const struct evm_address *addr,
		       struct evm_code *code);

#endif
