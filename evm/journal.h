/*
 * journal.h: the inside of struct evm_state, for state.c and state_host.c.
 *
 * A change is noted first and made then, so that what is in the journal can
 * always be undone, and what a transaction changed can be found at its end.
 */
#ifndef EVM_JOURNAL_H
#define EVM_JOURNAL_H

#include "evm/frame.h"
#include "evm/state.h"

enum change {
	CHANGE_EXISTS, /* it did not before */
	CHANGE_TOUCHED,
	CHANGE_DESTRUCTED,
	CHANGE_CREATED, /* by this transaction */
	CHANGE_BALANCE,
	CHANGE_NONCE,
	CHANGE_CODE,
	CHANGE_STORAGE,
	CHANGE_TRANSIENT,
	CHANGE_USED, /* EIP-2929: the account was */
	CHANGE_SLOT_USED,
	CHANGE_REFUND,
	CHANGE_LOG,
};

/* How it was before. */
struct entry {
	enum change change;
	struct evm_account *account;
	struct evm_slot *slot;
	union {
		struct u256 value;
		struct evm_code *code;
		uint64_t number;
	} old;
};

struct evm_state {
	struct evm_allocator alloc;
	struct evm_map accounts;
	struct entry *journal;
	size_t entries, journal_size;
	struct evm_log *logs;
	size_t log_count, log_size;
	uint64_t refund;
	struct evm_need *need; /* NULL: what was not put is empty */
	/*
	 * That this transaction touched RIPEMD-160's account outlives a
	 * rollback: so it was on the chain in block 2675119, and is since.
	 */
	bool ripemd160_touched;
};

/* The account, existing and touched; NULL: no memory. */
struct evm_account *evm_journal_touch(struct evm_state *state,
				      const struct evm_address *addr);
/* The account's place, made if need be; it may not exist. NULL: no memory. */
struct evm_account *evm_journal_place(struct evm_state *state,
				      const struct evm_address *addr);
struct evm_slot *evm_journal_slot(struct evm_state *state,
				  struct evm_account *account,
				  const struct u256 *key);
/* Whether its value can be told; if not it is noted. */
bool evm_journal_slot_known(const struct evm_state *state,
			    const struct evm_account *account,
			    const struct evm_slot *slot,
			    const struct u256 *key);
/* The slot's place if there is one. */
struct evm_slot *evm_journal_find_slot(const struct evm_account *account,
				       const struct u256 *key);
/* A new entry, to be filled in before the change; NULL: no memory. */
struct entry *evm_journal_note(struct evm_state *state, enum change change,
			       struct evm_account *account);
int evm_journal_set_balance(struct evm_state *state,
			    struct evm_account *account,
			    const struct u256 *value);
/* EIP-161: no nonce, no balance, no code */
bool evm_account_empty(const struct evm_account *account);

#endif
